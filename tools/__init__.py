"""Programs that look after this repository; nothing in src imports them."""

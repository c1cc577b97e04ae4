"""The payment centre: orders taken, waves that move the money, channels' messages."""

"""The kernel: pure words every room speaks. No I/O, no database, no web."""

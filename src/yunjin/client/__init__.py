"""The typed Python client; it knows the kernel only."""

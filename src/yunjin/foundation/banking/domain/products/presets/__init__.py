"""The products that are shipped: examples to read, and terms to start from."""

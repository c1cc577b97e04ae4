"""ISO 20022 payment messages: bytes in, columns out; columns in, bytes out. Errors are values."""

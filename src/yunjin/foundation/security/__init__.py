"""Security: who may do what, with which keys, and the record of it."""

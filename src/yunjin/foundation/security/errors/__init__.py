"""What security refuses, by what it is about."""

"""What security tells, by what it is about."""

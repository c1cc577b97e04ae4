"""What the outside world sends: ISO 20022 messages and CSV, read into neutral lines."""

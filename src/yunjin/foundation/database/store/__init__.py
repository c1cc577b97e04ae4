"""The database room's tables."""

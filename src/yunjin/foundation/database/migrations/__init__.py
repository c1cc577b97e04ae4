"""The forms of the database room's tables, in order."""

"""The database room over HTTP."""

"""The doors of the security room."""

"""The work of the banking room."""

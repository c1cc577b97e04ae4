"""Forms of the banking room's tables, one after the other."""

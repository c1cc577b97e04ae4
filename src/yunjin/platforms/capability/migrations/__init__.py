"""Forms of the capability centre's tables, one after the other."""

"""The tables of the capability centre."""

"""Scenarios and costs that are shipped, as files."""

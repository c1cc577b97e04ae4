"""Replacing an old core."""

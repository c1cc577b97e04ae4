"""Replacing an old core: its files read by a mapping, checked, and held beside ours. Pure."""

"""Histories of a cell over a real set while nodes, processes, networks and clocks fail."""

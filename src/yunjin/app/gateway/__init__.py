"""One address for all cells: requests go to whoever writes the cell of their account."""

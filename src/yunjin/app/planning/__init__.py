"""What it costs here: real processes of a cell, measured, for the planning of a fleet."""

"""The doors of the centres, one file each; `centres` is how a centre describes itself."""

"""The traditional way, made as fast as it fairly can be, on the same machine in the same run."""

"""The addresses of the centres."""

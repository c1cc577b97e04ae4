"""The lending centre: applications, decisions, money out and back, collection."""

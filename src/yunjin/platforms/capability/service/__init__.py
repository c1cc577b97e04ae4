"""What stands behind the doors of the centres."""

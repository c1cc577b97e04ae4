"""The chassis: what every room is mounted on."""

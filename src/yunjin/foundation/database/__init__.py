"""The database room: the engine behind every room's tables, its health and its copies."""

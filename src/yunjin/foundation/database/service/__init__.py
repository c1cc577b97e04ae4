"""What the database room does: a tenant's tables, the fleet of sets, databases as a service."""

"""What the banking room keeps in SQL."""

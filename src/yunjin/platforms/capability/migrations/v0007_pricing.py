"""Prices and fees; points; reports."""

import sqlalchemy as sa


def upgrade(connection: sa.Connection) -> None:
    """Create the tables."""

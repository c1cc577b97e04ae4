"""Lending: applications, loans in the desk, collection."""

import sqlalchemy as sa


def upgrade(connection: sa.Connection) -> None:
    """Create the tables."""

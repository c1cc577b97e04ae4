"""People and machines, what they sign in with, and their sessions."""

import sqlalchemy as sa


def upgrade(connection: sa.Connection) -> None:
    """Create the tables in their first form."""

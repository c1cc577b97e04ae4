"""The audit's chain, policies and approvals."""

import sqlalchemy as sa


def upgrade(connection: sa.Connection) -> None:
    """Create the tables in their first form."""

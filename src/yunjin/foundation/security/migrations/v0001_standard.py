"""What every room has."""

import sqlalchemy as sa

from yunjin.chassis.persistence import create_standard_1


def upgrade(connection: sa.Connection) -> None:
    """Create the standard tables."""
    create_standard_1(connection, "security")

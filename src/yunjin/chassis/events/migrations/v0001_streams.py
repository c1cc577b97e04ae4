"""Form 1: streams told, places heard, arrivals."""

import sqlalchemy as sa

from yunjin.chassis.events.tables import create_events_1


def upgrade(connection: sa.Connection) -> None:
    """Create the tables."""
    create_events_1(connection)

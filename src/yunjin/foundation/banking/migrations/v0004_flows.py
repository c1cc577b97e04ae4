"""What form 2 of flows adds: failed items of fan-outs, deeds of people."""

import sqlalchemy as sa

from yunjin.chassis.flow import create_flows_2


def upgrade(connection: sa.Connection) -> None:
    """Create the tables that form 2 of flows adds."""
    create_flows_2(connection, "banking")

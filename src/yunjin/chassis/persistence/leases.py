"""Leases: of several processes, one does a room's background work at a time."""

import sqlalchemy as sa

from yunjin.chassis.persistence.columns import instant_us
from yunjin.chassis.persistence.work import RoomDatabase, SqlUnitOfWork


class Lease:
    """A named right to work that ends by itself unless it is renewed.

    It rests on the machines' clocks and so spares work, it does not protect data: a stalled
    holder may wake up late. What must be done once is behind an inbox or a command id.
    """

    def __init__(self, room: RoomDatabase, *, name: str, holder: str, seconds: int) -> None:
        self._room, self._name, self._holder = room, name, holder
        self._us = seconds * 1_000_000

    def hold(self) -> bool:
        """Take or renew the lease; return whether this holder has it now."""
        return self._room.run(self._hold)

    def release(self) -> None:
        """Give the lease back, so that another need not wait for its end."""
        leases = self._room.tables.leases

        def released(work: SqlUnitOfWork) -> None:
            work.connection.execute(
                sa.update(leases)
                .where(leases.c.name == self._name, leases.c.holder == self._holder)
                .values(until_us=0)
            )

        self._room.run(released)

    def _hold(self, work: SqlUnitOfWork) -> bool:
        leases, now_us = self._room.tables.leases, instant_us(self._room.clock.now_ns())
        ours = {"holder": self._holder, "until_us": now_us + self._us}
        row = work.connection.execute(
            sa.select(leases.c.holder, leases.c.until_us)
            .where(leases.c.name == self._name)
            .with_for_update()
        ).one_or_none()
        if row is None:
            work.connection.execute(sa.insert(leases).values(name=self._name, **ours))
            return True
        if row.holder != self._holder and row.until_us > now_us:
            return False
        work.connection.execute(sa.update(leases).where(leases.c.name == self._name).values(**ours))
        return True

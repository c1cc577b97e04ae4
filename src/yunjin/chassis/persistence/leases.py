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
        self._until_us = 0  # of what we hold, as far as we know

    def hold(self) -> bool:
        """Take or renew the lease; return whether this holder has it now.

        One that lasts for another half of its time is not renewed: that costs a commit.
        """
        now_us = instant_us(self._room.clock.now_ns())
        if self._until_us - now_us > self._us // 2:
            return True
        is_ours = self._room.run(lambda work: self._take(work, now_us))
        self._until_us = now_us + self._us if is_ours else 0
        return is_ours

    def release(self) -> None:
        """Give the lease back where we hold it, so that another need not wait for its end."""
        if not self._until_us:
            return
        leases = self._room.tables.leases

        def released(work: SqlUnitOfWork) -> None:
            work.connection.execute(
                sa.update(leases)
                .where(leases.c.name == self._name, leases.c.holder == self._holder)
                .values(until_us=0)
            )

        self._until_us = 0
        self._room.run(released)

    def _take(self, work: SqlUnitOfWork, now_us: int) -> bool:
        leases = self._room.tables.leases
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

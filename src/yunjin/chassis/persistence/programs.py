"""Programs at work on a database: who has which room's tables open, and knows which form of them.

While a release replaces another both run. A migration that the older one could not live with asks
here whether one still runs.
"""

import threading
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
import structlog

from yunjin.chassis.persistence.columns import Ascii, Micros, Small, instant_us
from yunjin.chassis.persistence.database import Database
from yunjin.chassis.persistence.tables import column, key, metadata, table
from yunjin.kernel.clock import Clock
from yunjin.kernel.errors import Problem

EVERY_S: Final = 5.0
LIVING_US: Final = 30_000_000  # so long after its last word a program is taken to run
_KEPT_US: Final = 86_400_000_000
_log: Final = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A process that has a room's tables open."""

    holder: str  # its name in leases
    version: str  # its release
    form: int  # the newest form of the room's tables that it knows
    seen_us: int  # when it was last heard of


class Programs:
    """What this process tells of itself, and what others do. Safe for threads.

    Parameters
    ----------
    holder : this process's name in leases.
    version : its release.
    """

    def __init__(self, database: Database, clock: Clock, *, holder: str, version: str) -> None:
        self._database, self._clock = database, clock
        self._holder, self._version = holder, version
        self._table = table(
            metadata("database"),
            "programs",
            key("holder", Ascii(64)),
            key("room", Ascii(16)),
            column("version", Ascii(32)),
            column("form", Small),
            column("seen_us", Micros),
        )
        self._forms: dict[str, int] = {}  # of the rooms that this process has open
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="programs", daemon=True)
        if not database.read(lambda c: sa.inspect(c).has_table(self._table.name)):
            create = sa.schema.CreateTable(self._table, if_not_exists=True)
            database.run(lambda connection: connection.execute(create))

    def start(self) -> None:
        """Say from now on that this process lives, until `close`."""
        self._thread.start()

    def tell(self, room: str, form: int) -> None:
        """Say that this process opens a room's tables, and the newest form of them it knows."""
        self._forms[room] = form
        self._database.run(self._say)

    def _say(self, connection: sa.Connection) -> None:
        mine, now_us = self._table.c, instant_us(self._clock.now_ns())
        connection.execute(sa.delete(self._table).where(mine.seen_us < now_us - _KEPT_US))
        for room, form in sorted(self._forms.items()):
            values = {"version": self._version, "form": form, "seen_us": now_us}
            changed = connection.execute(
                sa.update(self._table)
                .where(mine.holder == self._holder, mine.room == room)
                .values(**values)
            )
            if not changed.rowcount:
                row = {"holder": self._holder, "room": room, **values}
                connection.execute(sa.insert(self._table).values(**row))

    def older(self, room: str, form: int) -> list[Program]:
        """Return the living programs, this one apart, that know fewer forms of a room than that.

        Releases before 0.1 told nothing, and are not known here: see that none runs any more.
        """
        c, now_us = self._table.c, instant_us(self._clock.now_ns())
        asked = sa.select(c.holder, c.version, c.form, c.seen_us).where(
            c.room == room,
            c.form < form,
            c.holder != self._holder,
            c.seen_us > now_us - LIVING_US,
        )
        rows = self._database.read(
            lambda connection: connection.execute(asked.order_by(c.holder)).mappings().all()
        )
        return [Program(**row) for row in rows]

    def close(self) -> None:
        """Say good-bye; where the database does not answer, we are forgotten by ourselves."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()
        mine = self._table.c.holder == self._holder
        try:
            with self._database.transaction() as connection:  # once: nobody is to wait for it
                connection.execute(sa.delete(self._table).where(mine))
        except Problem as problem:
            _log.info("programs.left_unsaid", code=problem.code)

    def _run(self) -> None:
        while not self._over.wait(EVERY_S):
            try:
                self._database.run(self._say)
            except Problem as problem:
                _log.info("programs.unsaid", code=problem.code)

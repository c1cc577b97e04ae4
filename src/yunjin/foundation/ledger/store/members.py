"""Which processes serve a cell, and where each is reached.

A member announces itself every second or so: the one that writes and those that stand by. Who of
them writes is said by the lease alone (`ledger_cell`); the two together are the map from a cell to
an address, and its epoch is the fencing epoch.
"""

from typing import Final

from yunjin.foundation.ledger.api.members import Member
from yunjin.foundation.ledger.store.engine import Engine, typed
from yunjin.foundation.ledger.store.journal import HeadRow
from yunjin.kernel.errors import Outage

_TABLE: Final = """create table if not exists ledger_member (
  cell INTEGER NOT NULL, holder VARCHAR(200) NOT NULL, http VARCHAR(200) NOT NULL,
  flight VARCHAR(200) NOT NULL, sequence BIGINT NOT NULL, seen_at BIGINT NOT NULL,
  PRIMARY KEY (cell, holder))"""


class Members:
    """The processes of all cells on one set, told by one of a cell."""

    def __init__(self, engine: Engine, cell: int) -> None:
        self._engine, self._cell = engine, cell
        if not engine.has("ledger_member"):
            engine.execute(typed(_TABLE, engine.kind))

    def announce(self, holder: str, *, http: str, flight: str, sequence: int, now_ns: int) -> None:
        """Say that a member is alive, and where it is reached."""
        with self._engine.transaction():
            self._engine.execute(
                "update ledger_member set http=?, flight=?, sequence=?, seen_at=?"
                " where cell=? and holder=?",
                (http, flight, sequence, now_ns, self._cell, holder),
            )
            if not self._engine.changed():
                self._engine.execute(
                    "insert into ledger_member values (?, ?, ?, ?, ?, ?)",
                    (self._cell, holder, http, flight, sequence, now_ns),
                )

    def leave(self, holder: str) -> None:
        """Forget a member."""
        with self._engine.transaction():
            self._engine.execute(
                "delete from ledger_member where cell=? and holder=?", (self._cell, holder)
            )

    def forget(self, before_ns: int) -> None:
        """Forget the members that were not heard of since."""
        with self._engine.transaction():
            self._engine.execute("delete from ledger_member where seen_at<?", (before_ns,))

    def all(self) -> list[Member]:
        """Return the members of all cells; the one that writes a cell comes first."""
        rows = self._engine.execute(
            "select m.cell, m.holder, m.http, m.flight, m.sequence, m.seen_at, c.epoch, c.holder"
            " from ledger_member m left join ledger_cell c on c.cell = m.cell"
            " order by m.cell, m.holder"
        )
        found = [
            Member(
                cell=cell,
                holder=holder,
                http=http,
                flight=flight,
                sequence=sequence,
                seen_at_ns=seen_at,
                epoch=epoch if holder == leader else 0,
            )
            for cell, holder, http, flight, sequence, seen_at, epoch, leader in rows
        ]
        return sorted(found, key=lambda one: (one.cell, -one.epoch, one.holder))

    def where(self, head: HeadRow | None) -> dict[str, str]:
        """Return where the holder of a lease is reached, as facts; none where nobody knows."""
        if head is None:
            return {}
        try:
            rows = self._engine.execute(
                "select http, flight from ledger_member where cell=? and holder=?",
                (self._cell, head.holder),
            )
        except Outage:
            return {}
        return {"http": rows[0][0], "flight": rows[0][1]} if rows else {}

    def close(self) -> None:
        """Let go of the engine."""
        self._engine.close()

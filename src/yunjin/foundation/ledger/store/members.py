"""Which processes serve a cell, and where each is reached.

A member announces itself every second or so: the one that writes and those that stand by. Who of
them writes is said by the lease alone (`ledger_cell`); the two together are the map from a cell to
an address, and its epoch is the fencing epoch.

What program a member is has a table of its own: a release that knows nothing of it writes rows of
six values into the other one, and works beside newer ones while it is replaced.
"""

from typing import Any, Final

from yunjin.foundation.ledger.api.members import Member
from yunjin.foundation.ledger.store.engine import Engine, typed
from yunjin.foundation.ledger.store.journal import HeadRow
from yunjin.foundation.ledger.store.rows import TABLES
from yunjin.kernel.errors import Outage
from yunjin.kernel.shares import Share

_TABLES: Final = {
    "ledger_member": """create table if not exists ledger_member (
      cell INTEGER NOT NULL, holder VARCHAR(200) NOT NULL, http VARCHAR(200) NOT NULL,
      flight VARCHAR(200) NOT NULL, sequence BIGINT NOT NULL, seen_at BIGINT NOT NULL,
      PRIMARY KEY (cell, holder))""",
    "ledger_program": """create table if not exists ledger_program (
      cell INTEGER NOT NULL, holder VARCHAR(200) NOT NULL, version VARCHAR(32) NOT NULL,
      form INTEGER NOT NULL, PRIMARY KEY (cell, holder))""",
    **{name: TABLES[name] for name in ("ledger_share", "ledger_bound")},
}


class Members:
    """The processes of all cells on one set, told by one of a cell."""

    def __init__(self, engine: Engine, cell: int) -> None:
        self._engine, self._cell = engine, cell
        for name, table in _TABLES.items():
            if not engine.has(name):
                engine.execute(typed(table, engine.kind))

    def announce(
        self,
        holder: str,
        *,
        http: str,
        flight: str,
        sequence: int,
        now_ns: int,
        version: str = "",
        form: int = 0,
    ) -> None:
        """Say that a member is alive, where it is reached, and what program it is."""
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
                if form:
                    self._forget_program(holder)
                    self._engine.execute(
                        "insert into ledger_program values (?, ?, ?, ?)",
                        (self._cell, holder, version, form),
                    )

    def bind(self, why: str) -> None:
        """Say for good why the cell is not to be split, whoever writes it."""
        with self._engine.transaction():
            self._engine.execute("replace into ledger_bound values (?, ?)", (self._cell, why))

    def leave(self, holder: str) -> None:
        """Forget a member."""
        with self._engine.transaction():
            self._engine.execute(
                "delete from ledger_member where cell=? and holder=?", (self._cell, holder)
            )
            self._forget_program(holder)

    def _forget_program(self, holder: str) -> None:
        self._engine.execute(
            "delete from ledger_program where cell=? and holder=?", (self._cell, holder)
        )

    def forget(self, before_ns: int) -> None:
        """Forget the members that were not heard of since."""
        with self._engine.transaction():
            self._engine.execute("delete from ledger_member where seen_at<?", (before_ns,))
            self._engine.execute(
                "delete from ledger_program where holder not in (select holder from ledger_member)"
            )

    def all(self) -> list[Member]:
        """Return the members of all cells; the one that writes a cell comes first."""
        rows = self._engine.execute(
            "select m.cell, m.holder, m.http, m.flight, m.sequence, m.seen_at, c.epoch, c.holder,"
            " p.version, p.form, s.home, s.depth, s.residue"
            " from ledger_member m left join ledger_cell c on c.cell = m.cell"
            " left join ledger_program p on p.cell = m.cell and p.holder = m.holder"
            " left join ledger_share s on s.cell = m.cell"
            " order by m.cell, m.holder"
        )
        found = [_member(row) for row in rows]
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


def _member(row: tuple[Any, ...]) -> Member:
    cell, holder, http, flight, sequence, seen_at, epoch, leader, version, form, *share = row
    return Member(
        cell=cell,
        holder=holder,
        http=http,
        flight=flight,
        sequence=sequence,
        seen_at_ns=seen_at,
        epoch=epoch if holder == leader else 0,
        version=version or "",
        form=form or 0,
        share=Share(cell) if share[0] is None else Share(*share),
    )

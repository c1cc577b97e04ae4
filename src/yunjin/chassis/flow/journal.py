"""The SQL of flows: read rows and journals in sets, write them by the thousand."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from yunjin.chassis.flow.problems import Fenced
from yunjin.chassis.flow.run import Entry
from yunjin.chassis.flow.tables import TAKEN_BACK, FlowTables, Outcome, State
from yunjin.kernel import check

EPOCH: Final = "engine"
_OUTCOMES: Final = {each.value: each for each in Outcome}
_IN_MAX: Final = 500  # ids of one IN; engines bound the number of parameters
_IDS: Final = "<ids>"  # where a look-up's ids go


class Statement:
    """A statement for many rows, compiled once: no work per row but the driver's.

    The rows are tuples in the order of the statement's parameters, values as the driver takes them
    (bytes for ids). Four times as fast as through the column types, measured in ADR 0016.
    """

    def __init__(self, statement: Any, dialect: sa.Dialect, order: Sequence[str]) -> None:
        compiled = statement.compile(dialect=dialect)
        self._sql, self._order = str(compiled), list(order)
        self._is_named = not compiled.positional  # PyMySQL takes rows as dictionaries
        found = sorted(compiled.params) if self._is_named else list(compiled.positiontup or ())
        expected = sorted(order) if self._is_named else self._order
        check.that(found == expected, f"expected parameters {expected}, was {found}")

    def run(self, connection: sa.Connection, rows: list[tuple[Any, ...]]) -> None:
        """Run it for each row."""
        if not rows:
            return
        if self._is_named:
            named = [dict(zip(self._order, row, strict=True)) for row in rows]
            connection.exec_driver_sql(self._sql, named)
        else:
            connection.exec_driver_sql(self._sql, rows)


class Lookup:
    """A query for rows by many ids, compiled once; ids are bytes, in what it answers too.

    Twice as fast as an IN through the column types, which makes its text and its parameters anew.
    """

    def __init__(self, query: sa.Select[Any], by: sa.Column[UUID], dialect: sa.Dialect) -> None:
        name = dialect.identifier_preparer.format_column(by, use_table=True)
        among = query.where(sa.literal_column(f"{name} IN ({_IDS})"))
        self._sql = str(among.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
        self._mark = "?" if dialect.positional else "%s"

    def rows(self, connection: sa.Connection, flow_ids: Sequence[UUID]) -> list[Any]:
        """Return the rows of all these ids, a part of them at a time."""
        found: list[Any] = []
        for start in range(0, len(flow_ids), _IN_MAX):
            keys = tuple([flow_id.bytes for flow_id in flow_ids[start : start + _IN_MAX]])
            marks = ",".join([self._mark] * len(keys))
            found += connection.exec_driver_sql(self._sql.replace(_IDS, marks), keys).all()
        return found


class FlowRow(NamedTuple):
    """A flow's row as the engine reads it."""

    flow_id: UUID
    name: str
    version: int
    state: int
    due_us: int
    is_cancelled: int
    parent_id: UUID | None
    waits_for: str
    args: str | None


class Waiting(NamedTuple):
    """A signal that nobody was sent yet."""

    signal_id: bytes
    name: str
    payload: str | None


@dataclass(slots=True)
class Writes:
    """What one transaction will write, in the order of the statements' parameters."""

    flows: list[tuple[Any, ...]] = field(default_factory=list)  # children: whole rows
    steps: list[tuple[Any, ...]] = field(default_factory=list)
    settled: list[tuple[Any, ...]] = field(default_factory=list)  # changes of journal rows
    changes: list[tuple[Any, ...]] = field(default_factory=list)  # of flows' rows
    ends: list[tuple[Any, ...]] = field(default_factory=list)  # of flows' rows, with an outcome
    wakes: list[tuple[Any, ...]] = field(default_factory=list)  # parents of what has ended
    cancels: list[tuple[Any, ...]] = field(default_factory=list)  # children of what was cancelled
    taken: list[tuple[Any, ...]] = field(default_factory=list)  # signals
    failed: list[tuple[Any, ...]] = field(default_factory=list)  # items of fan-outs: whole rows
    gone: list[bytes] = field(default_factory=list)  # ids of children that are of no use any more


class Journal:
    """Reads and writes of one room's flows."""

    def __init__(self, tables: FlowTables, dialect: sa.Dialect) -> None:
        self._tables = tables
        flows, steps, signals = tables.flows, tables.steps, tables.signals
        self.insert_flows = Statement(sa.insert(flows), dialect, flows.c.keys())
        self._insert_steps = Statement(sa.insert(steps), dialect, steps.c.keys())
        items = tables.items
        self._insert_items = Statement(sa.insert(items), dialect, items.c.keys())
        param = sa.bindparam
        self._settle = Statement(
            sa.update(steps)
            .where(steps.c.flow_id == param("f"), steps.c.number == param("n"))
            .values(outcome=param("o"), at_us=param("t"), answer=param("a")),
            dialect,
            "otafn",
        )
        mine = flows.c.flow_id == param("f")
        values: dict[str, Any] = {
            "state": param("s"),
            "due_us": param("d"),
            "waits_for": param("w"),
        }
        self._change = Statement(sa.update(flows).where(mine).values(values), dialect, "sdwf")
        ended = values | {"outcome": param("o")}
        self._end = Statement(sa.update(flows).where(mine).values(ended), dialect, "sdwof")
        running: Any = sa.literal_column(str(State.RUNNING.value))
        waits = flows.c.state == sa.literal_column(str(State.WAITING.value))
        woken = {"state": running, "due_us": param("d")}
        self._wake = Statement(sa.update(flows).where(mine, waits).values(woken), dialect, "df")
        is_open = flows.c.state < sa.literal_column(str(State.FAILED.value))
        is_new = flows.c.is_cancelled == sa.literal_column("0")
        stopped: dict[str, Any] = {**woken, "is_cancelled": sa.literal_column("1")}
        self._cancel = Statement(
            sa.update(flows).where(mine, is_open, is_new).values(stopped), dialect, "df"
        )
        self._take = Statement(
            sa.update(signals)
            .where(signals.c.flow_id == param("f"), signals.c.signal_id == param("s"))
            .values(taken_by=param("n")),
            dialect,
            "nfs",
        )

        self._mark = "?" if dialect.positional else "%s"
        of = (tables.progress, tables.signals, tables.items, tables.deeds, steps, flows)
        among: sa.ColumnClause[bool] = sa.literal_column(f"flow_id IN ({_IDS})")
        self._deletes = [str(sa.delete(each).where(among).compile(dialect=dialect)) for each in of]
        self._lookups(dialect)

    def _lookups(self, dialect: sa.Dialect) -> None:
        flow, step, told = self._tables.flows.c, self._tables.steps.c, self._tables.signals.c
        row: list[sa.Column[Any]] = [flow[name] for name in FlowRow._fields]
        self._locked = Lookup(
            sa.select(*row).order_by(flow.flow_id).with_for_update(), flow.flow_id, dialect
        )
        self._entries = Lookup(
            sa.select(step.flow_id, step.number, step.name, step.outcome, step.answer),
            step.flow_id,
            dialect,
        )
        self._signals = Lookup(
            sa.select(told.flow_id, told.signal_id, told.name, told.payload)
            .where(told.taken_by == 0)
            .order_by(told.at_us, told.signal_id),
            told.flow_id,
            dialect,
        )
        self._ends = Lookup(
            sa.select(flow.flow_id, flow.state, flow.outcome).where(flow.state >= State.FAILED),
            flow.flow_id,
            dialect,
        )

    def save(self, connection: sa.Connection, writes: Writes) -> None:
        """Write all of it. The flows' own rows come before the wakes, which look at them."""
        self.insert_flows.run(connection, writes.flows)
        self._insert_steps.run(connection, writes.steps)
        self._settle.run(connection, writes.settled)
        self._take.run(connection, writes.taken)
        self._change.run(connection, writes.changes)
        self._end.run(connection, writes.ends)
        self._wake.run(connection, writes.wakes)
        self._cancel.run(connection, writes.cancels)
        self._insert_items.run(connection, writes.failed)
        self._forget(connection, writes.gone)

    def forget(self, connection: sa.Connection, flow_ids: Sequence[UUID]) -> None:
        """Delete flows, with all that is kept of them."""
        self._forget(connection, [flow_id.bytes for flow_id in flow_ids])

    def _forget(self, connection: sa.Connection, keys: list[bytes]) -> None:
        for start in range(0, len(keys), _IN_MAX):
            part = tuple(keys[start : start + _IN_MAX])
            marks = ",".join([self._mark] * len(part))
            for sql in self._deletes:
                connection.exec_driver_sql(sql.replace(_IDS, marks), part)

    def take_back(self, connection: sa.Connection, flow_id: UUID, now_us: int) -> bool:
        """Let a flow that is done undo what it did; return whether there is one."""
        flows = self._tables.flows
        query = sa.update(flows).where(flows.c.flow_id == flow_id, flows.c.state == State.DONE)
        values = {"state": State.RUNNING, "due_us": now_us, "is_cancelled": TAKEN_BACK}
        return bool(connection.execute(query.values(outcome=None, **values)).rowcount)

    def failed_places(
        self, connection: sa.Connection, flow_id: UUID, number: int, first: int, end: int
    ) -> frozenset[int]:
        """Return which items of a fan-out failed among those of places [first, end)."""
        c = self._tables.items.c
        query = sa.select(c.place).where(
            c.flow_id == flow_id, c.number == number, c.place >= first, c.place < end
        )
        return frozenset(connection.execute(query).scalars())

    def due(
        self,
        connection: sa.Connection,
        state: State,
        now_us: int,
        *,
        limit: int,
        after: tuple[int, UUID] | None = None,
    ) -> list[tuple[int, UUID]]:
        """Return (due_us, flow_id) of the flows to look at, the longest due first."""
        c = self._tables.flows.c
        query = (
            sa.select(c.due_us, c.flow_id)
            .where(c.state == state, c.due_us <= now_us)
            .order_by(c.due_us, c.flow_id)
            .limit(limit)
        )
        if after is not None:
            due_us, flow_id = after
            later = sa.or_(c.due_us > due_us, c.flow_id > flow_id)
            query = query.where(c.due_us >= due_us, later)
        return [(row.due_us, row.flow_id) for row in connection.execute(query)]

    def locked(self, connection: sa.Connection, flow_ids: Sequence[UUID]) -> list[FlowRow]:
        """Return the rows of flows, held until the commit, by key so that none wait in a ring."""
        ids = {flow_id.bytes: flow_id for flow_id in sorted(flow_ids)}
        rows = self._locked.rows(connection, list(ids.values()))
        return [
            FlowRow(
                ids[key],
                name,
                version,
                state,
                due_us,
                is_cancelled,
                None if parent is None else UUID(bytes=parent),
                waits_for,
                args,
            )
            for key, name, version, state, due_us, is_cancelled, parent, waits_for, args in rows
        ]

    def entries(
        self, connection: sa.Connection, flow_ids: Sequence[UUID]
    ) -> dict[UUID, dict[int, Entry]]:
        """Return the journals of flows."""
        found: dict[UUID, dict[int, Entry]] = {flow_id: {} for flow_id in flow_ids}
        by_key = {flow_id.bytes: entries for flow_id, entries in found.items()}
        for flow, number, *entry in self._entries.rows(connection, flow_ids):
            name, outcome, answer = entry
            by_key[flow][number] = Entry(name, _OUTCOMES[outcome], answer)
        return found

    def signals(
        self, connection: sa.Connection, flow_ids: Sequence[UUID]
    ) -> dict[UUID, list[Waiting]]:
        """Return the signals of flows that nobody was sent yet, in the order they came."""
        found: dict[UUID, list[Waiting]] = {}
        for flow, *rest in self._signals.rows(connection, flow_ids):
            found.setdefault(UUID(bytes=flow), []).append(Waiting(*rest))
        return found

    def ends(
        self, connection: sa.Connection, flow_ids: Sequence[UUID]
    ) -> dict[UUID, tuple[int, str | None]]:
        """Return state and outcome of those flows that have ended."""
        rows = self._ends.rows(connection, flow_ids)
        return {UUID(bytes=flow): (state, outcome) for flow, state, outcome in rows}

    def take_over(self, connection: sa.Connection) -> int:
        """Count the epoch up and return it: from this commit on no other engine can save."""
        epoch = self._epoch(connection)
        epochs = self._tables.epochs
        if epoch is None:
            connection.execute(sa.insert(epochs).values(name=EPOCH, epoch=1))
            return 1
        connection.execute(sa.update(epochs).where(epochs.c.name == EPOCH).values(epoch=epoch + 1))
        return epoch + 1

    def check_epoch(self, connection: sa.Connection, epoch: int) -> None:
        """Hold the epoch until the commit. Raises: Fenced where it is another one's."""
        if self._epoch(connection) != epoch:
            raise Fenced

    def _epoch(self, connection: sa.Connection) -> int | None:
        c = self._tables.epochs.c
        query = sa.select(c.epoch).where(c.name == EPOCH).with_for_update()
        return connection.execute(query).scalar_one_or_none()

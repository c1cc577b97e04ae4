"""What the parts of the service stand on: the tables, the bank, and how a cell turns."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import numpy as np
import pyarrow as pa

from yunjin.chassis.persistence import RoomDatabase, SqlUnitOfWork, instant_us, request_hash
from yunjin.foundation.banking.api.bringing import BringingApi
from yunjin.foundation.banking.api.days import DaysApi
from yunjin.platforms.capability.api.parties import PartiesApi
from yunjin.platforms.capability.api.takeover import CellLine, CellState
from yunjin.platforms.capability.domain.takeover.mapping import Mapping as Plan
from yunjin.platforms.capability.domain.takeover.mapping import read_mapping
from yunjin.platforms.capability.errors.takeover import TakeoverNotFound, TakeoverRefused
from yunjin.platforms.capability.events.takeover import TakeoverCellTurned
from yunjin.platforms.capability.service.takeover.packed import (
    column_of_ids,
    ids_of,
    unpacked,
)
from yunjin.platforms.capability.service.values import check_text
from yunjin.platforms.capability.store import takeover as store

BY_MAX: Final = 100


@dataclass(frozen=True, slots=True)
class Doors:
    """What is asked of the bank, and of the party centre."""

    bringing: BringingApi
    days: DaysApi
    parties: PartiesApi


class Places:
    """The tables, and what every part of the service does with them."""

    def __init__(self, room: RoomDatabase, doors: Doors, today: Callable[[], dt.date]) -> None:
        self.room, self.doors, self.today = room, doors, today

    def now_us(self) -> int:
        """Return the time, µs."""
        return instant_us(self.room.clock.now_ns())

    def cell(self, run_id: UUID, name: str) -> CellLine:
        """Return a cell. Raises: TakeoverNotFound."""
        found = self.room.read(lambda connection: store.cell(connection, run_id, name))
        if found is None:
            raise TakeoverNotFound("There is no such cell of a run.", run_id=str(run_id))
        return found

    def plan(self, run_id: UUID) -> Plan:
        """Return the mapping of a run that there is."""
        text = self.room.read(lambda connection: store.mapping_of(connection, run_id))
        return read_mapping(text)

    def parts(self, run_id: UUID, cell: str, kind: str) -> list[tuple[int, int, dict[str, Any]]]:
        """Return a cell's parts of a kind: (part, rows, facts)."""
        return self.room.read(lambda connection: store.parts_of(connection, run_id, cell, kind))

    def part(self, run_id: UUID, cell: str, kind: str, part: int) -> pa.RecordBatch:
        """Return a part of one piece."""
        [body] = self.pieces(run_id, cell, kind, part)
        return unpacked(body)

    def pieces(self, run_id: UUID, cell: str, kind: str, part: int) -> list[bytes]:
        """Return the pieces of a part."""
        return self.room.read(lambda connection: store.bodies(connection, run_id, cell, kind, part))

    def piece(self, run_id: UUID, cell: str, kind: str, part: int, piece: int) -> pa.RecordBatch:
        """Return a piece of a part."""
        body = self.room.read(
            lambda connection: store.body(connection, run_id, cell, kind, (part, piece))
        )
        return unpacked(body)

    def loads(self, line: CellLine) -> list[Any]:
        """Return what came over of a cell in its newest load, by part."""
        return self.room.read(
            lambda connection: store.loads_of(connection, line.run_id, line.cell, line.loads)
        )

    def order(self, row: Any) -> Any:
        """Return which lines of its part came over (int64[k]), in the order of their ids."""
        if row.load == 1:
            return np.arange(row.row_count)
        back = self.piece(row.run_id, row.cell, "back", row.part, row.load - 1)
        return back["place"].to_numpy()

    def moved(self, rows: Sequence[Any]) -> list[pa.RecordBatch]:
        """Return what moved on the agreements of each load since it came over, until it went back.

        The waves are read once for all of them.
        """
        if not rows:
            return []
        ids = np.concatenate([ids_of(row.first_id, row.step, row.row_count) for row in rows])
        after, is_all, found = min(row.wave for row in rows), False, list[pa.RecordBatch]()
        while not is_all:
            some = self.doors.bringing.moved(column_of_ids(ids), after=after)
            after, is_all = some.until, some.is_all
            found.append(some.rows)
        whole = pa.concat_batches(found)
        owner, wave = whole["agreement_id"].to_numpy(), whole["wave"].to_numpy()
        parts = []
        for row in rows:
            last = row.first_id + row.step * row.row_count
            mine = (owner >= row.first_id) & (owner < last) & (wave > row.wave)
            if row.back:
                mine &= wave < row.back["wave"]
            parts.append(whole.filter(pa.array(mine)))
        return parts

    def command(
        self,
        command_id: UUID,
        request: list[Any],
        line: CellLine,
        state: CellState,
        by: str,
        *,
        of: tuple[CellState, ...],
        more: Callable[[SqlUnitOfWork], Mapping[str, Any]] = lambda _: {},
    ) -> CellLine:
        """Bring a cell to another state, once. of: the states it may come from.

        more : what else belongs to the transaction; returns columns of the cell.
        """
        check_text("name of who does it", by, most=BY_MAX)

        def body(work: SqlUnitOfWork) -> Any:
            found = store.cell(work.connection, line.run_id, line.cell, locked=True)
            if found is None:
                raise TakeoverNotFound("There is no such cell of a run.")
            check_state(found, *of)
            columns = dict(more(work))
            store.turn(work.connection, found, state, self.now_us(), by, **columns)
            work.outbox.add(
                TakeoverCellTurned(
                    run_id=str(line.run_id),
                    cell=line.cell,
                    state=state.value,
                    agreements=line.agreements,
                    by=by,
                )
            )
            return state.value

        self.room.command(command_id, [*request, str(line.run_id), line.cell], body)
        return self.cell(line.run_id, line.cell)

    def is_done(self, command_id: UUID, request: list[Any], line: CellLine) -> bool:
        """Tell whether a command was done before."""
        hashed = request_hash([*request, str(line.run_id), line.cell])
        with self.room.work() as work:
            return work.answers.find(command_id, hashed) is not None


def check_state(line: CellLine, *of: CellState) -> None:
    """Raises: TakeoverRefused."""
    if line.state not in of:
        wanted = " or ".join(one.value for one in of)
        raise TakeoverRefused(
            f"expected the cell to be {wanted}, was {line.state.value}",
            why=f"it is {line.state.value}",
            state=line.state.value,
        )


def by_account(rows: pa.RecordBatch, row: Any) -> dict[str, Any]:
    """Return what moved on each account of a load's agreements (int64[k]), by its name."""
    names = np.array(rows["account"].to_pylist(), object)
    at = (rows["agreement_id"].to_numpy() - row.first_id) // row.step
    amounts = rows["amount_minor"].to_numpy()
    found: dict[str, Any] = {}
    for name in sorted(set(names.tolist())):
        mine = names == name
        found[name] = np.zeros(row.row_count, np.int64)
        np.add.at(found[name], at[mine], amounts[mine])
    return found

"""Giving a cell back: all that happened since goes to the old core, in its own form."""

from typing import Any, Final
from uuid import UUID

import numpy as np
import pyarrow as pa

from yunjin.chassis.persistence import SqlUnitOfWork
from yunjin.platforms.capability.api.takeover import CellLine, CellState, Delta
from yunjin.platforms.capability.domain.takeover.mapping import Mapping
from yunjin.platforms.capability.domain.takeover.writing import Closing, Happened, written
from yunjin.platforms.capability.errors.takeover import TakeoverRefused
from yunjin.platforms.capability.service.takeover.packed import (
    column_of_ids,
    command_of,
    ids_of,
    packed,
)
from yunjin.platforms.capability.service.takeover.places import Places, by_account, check_state
from yunjin.platforms.capability.store import takeover as store

_BACK: Final = (CellState.LOADED, CellState.PROVEN, CellState.LIVE)
_KEPT: Final = ("balance.", "accrued.", "field.", "date.", "due.", "term.")


class Returning:
    """Gives cells back."""

    def __init__(self, places: Places) -> None:
        self._places = places

    def fall_back(self, command_id: UUID, run_id: UUID, cell: str, by: str, why: str) -> CellLine:
        """See TakeoverApi.fall_back."""
        places, line = self._places, self._places.cell(run_id, cell)
        if places.is_done(command_id, ["fall_back", why], line):
            return line
        check_state(line, *_BACK)
        for row in places.loads(line):
            if row.back is None:
                self._give_back(row)
        delta = self.delta(line)
        if delta.wrong:
            raise TakeoverRefused(
                "expected every balance to be what was brought over and what moved since",
                why="the delta does not prove",
                keys=list(delta.wrong[:20]),
            )
        return places.command(
            command_id, ["fall_back", why], line, CellState.FALLEN_BACK, by, of=_BACK
        )

    def _give_back(self, row: Any) -> None:
        """End a part's agreements and keep how each stood."""
        places = self._places
        ids = ids_of(row.first_id, row.step, row.row_count)
        command = command_of("takeover back", row.run_id, row.cell, row.part, row.load)
        given = places.doors.bringing.give_back(command, column_of_ids(ids))
        before = np.isin(ids, np.array(given.ended_before, np.int64))
        snapshot = self._snapshot(row, ids, ~before, given.wave)
        back = {"wave": given.wave, "count": given.count}

        def kept(work: SqlUnitOfWork) -> None:
            store.put_part(
                work.connection,
                row.run_id,
                row.cell,
                "back",
                (row.part, row.load),
                snapshot.num_rows,
                {},
                packed(snapshot),
            )
            store.put_back(work.connection, row.first_id, back)

        places.room.run(kept)

    def _snapshot(self, row: Any, ids: Any, alive: Any, wave: int) -> pa.RecordBatch:
        """Return agreements as they were right before, in the columns that bring them again."""
        places = self._places
        [standing] = places.doors.bringing.standing(column_of_ids(ids))
        ended = places.doors.bringing.moved(column_of_ids(ids), after=wave - 1, waves=1).rows
        balances = by_account(ended, row)
        columns: dict[str, Any] = {"place": pa.array(places.order(row))}
        for name in standing.schema.names:
            if name.startswith("balance."):
                own = name.removeprefix("balance.")
                columns[name] = pa.array(-balances.get(own, np.zeros(len(ids), np.int64)))
            elif name.startswith(_KEPT) or name in ("opened", "branch", "overdue_since"):
                columns[name] = standing[name]
        whole = pa.RecordBatch.from_pydict(columns)
        return whole.filter(pa.array(alive))

    # what happened ------------------------------------------------------------------------------

    def delta(self, line: CellLine) -> Delta:
        """See TakeoverApi.delta."""
        if not line.loads:
            raise TakeoverRefused("expected a cell that was brought over", why="it never was")
        mapping, closings, happened = self._places.plan(line.run_id), [], []
        rows = self._places.loads(line)
        for row, since in zip(rows, self._places.moved(rows), strict=True):
            closing, moved = self._of_part(row, mapping, since)
            closings.append(closing)
            happened.append(moved)
        files = written(mapping, closings, happened)
        return Delta(
            run_id=line.run_id,
            cell=line.cell,
            movements=sum(len(one.amounts) for one in happened),
            agreements=sum(len(one.keys) for one in closings),
            files=files,
            wrong=tuple(key for one in closings for key in one.wrong()),
        )

    def _of_part(
        self, row: Any, mapping: Mapping, moved: pa.RecordBatch
    ) -> tuple[Closing, Happened]:
        places = self._places
        ids = ids_of(row.first_id, row.step, row.row_count)
        order = pa.array(places.order(row))
        staged = places.part(row.run_id, row.cell, "agreements", row.part)
        facts = {part: one for part, _, one in places.parts(row.run_id, row.cell, "agreements")}
        keys = staged["key"].take(order)
        opening = (
            staged
            if row.load == 1
            else places.piece(row.run_id, row.cell, "back", row.part, row.load - 1)
        )
        [standing] = places.doors.bringing.standing(column_of_ids(ids))
        closing: dict[str, Any] = {}
        if row.back:
            ended = places.doors.bringing.moved(
                column_of_ids(ids), after=row.back["wave"] - 1, waves=1
            ).rows
            closing = {name: -each for name, each in by_account(ended, row).items()}
        else:
            for name in standing.schema.names:
                if name.startswith("balance."):
                    closing[name.removeprefix("balance.")] = standing[name].to_numpy()
        product = mapping.products[facts[row.part]["old_product"]]
        currency = facts[row.part]["currency"]
        ended_at = Closing(product, currency, keys, opening, standing, closing, {})
        ended_at.moved.update(by_account(moved, row))
        at = (moved["agreement_id"].to_numpy() - row.first_id) // row.step
        return ended_at, Happened.of(product, currency, keys, at, moved)

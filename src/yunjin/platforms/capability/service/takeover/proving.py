"""Holding a cell against the old core's balances: in sum, and agreement by agreement."""

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

import msgspec
import numpy as np
import pyarrow as pa

from yunjin.chassis.persistence import SqlUnitOfWork
from yunjin.platforms.capability.api.takeover import CellLine, CellState, Proof, Total
from yunjin.platforms.capability.errors.takeover import TakeoverRefused
from yunjin.platforms.capability.service.takeover.packed import column_of_ids, ids_of
from yunjin.platforms.capability.service.takeover.places import Places, by_account, check_state
from yunjin.platforms.capability.store import takeover as store

WRONG_TOLD: Final = 100
_E8: Final = 10**8
_LOADED: Final = (CellState.LOADED, CellState.PROVEN, CellState.LIVE)
_Line = tuple[str, str, str]  # currency, product, line


class Proving:
    """Proves cells."""

    def __init__(self, places: Places) -> None:
        self._places = places

    def prove(self, command_id: UUID, run_id: UUID, cell: str, by: str) -> Proof:
        """See TakeoverApi.prove."""
        line = self._places.cell(run_id, cell)
        check_state(line, *_LOADED)
        proof = self.proof_of(line)
        body = msgspec.json.encode(proof)

        def more(_: SqlUnitOfWork) -> Mapping[str, Any]:
            return {"proof": body}

        proven = CellState.PROVEN if proof.holds else CellState.LOADED
        state = line.state if line.state is CellState.LIVE else proven
        self._places.command(command_id, ["prove"], line, state, by, of=_LOADED, more=more)
        return proof

    def kept(self, run_id: UUID, cell: str) -> Proof | None:
        """Return a cell's newest proof."""
        self._places.cell(run_id, cell)
        body, _ = self._places.room.read(
            lambda connection: store.facts_of_cell(connection, run_id, cell)
        )
        return None if body is None else msgspec.json.decode(body, type=Proof)

    def go_live(self, command_id: UUID, run_id: UUID, cell: str, by: str) -> CellLine:
        """See TakeoverApi.go_live."""
        places, line = self._places, self._places.cell(run_id, cell)
        if places.is_done(command_id, ["live"], line):
            return line
        check_state(line, CellState.PROVEN)
        proof = self.kept(run_id, cell)
        if proof is None or not proof.holds:
            raise TakeoverRefused("expected a proof that holds", why="no proof holds")
        return places.command(
            command_id, ["live"], line, CellState.LIVE, by, of=(CellState.PROVEN,)
        )

    def proof_of(self, line: CellLine) -> Proof:
        """Return how a cell stands beside what was delivered, or given back."""
        places = self._places
        _, loaded_on = places.room.read(
            lambda connection: store.facts_of_cell(connection, line.run_id, line.cell)
        )
        with_accrued = loaded_on == places.today()  # else another day has grown on it
        sums = _Sums()
        facts = {part: one for part, _, one in places.parts(line.run_id, line.cell, "agreements")}
        rows = places.loads(line)
        for row, moved in zip(rows, places.moved(rows), strict=True):
            ids = ids_of(row.first_id, row.step, row.row_count)
            theirs = self._delivered(row)
            keys = places.part(row.run_id, row.cell, "agreements", row.part)["key"]
            keys = keys.take(pa.array(places.order(row)))
            [ours] = places.doors.bringing.standing(column_of_ids(ids))
            product = facts[row.part]["product"]
            slots = places.doors.bringing.declared(product).accounts
            of = (facts[row.part]["currency"], product)
            sums.add(
                of, slots, keys, theirs, ours, by_account(moved, row), with_accrued=with_accrued
            )
        return Proof(
            run_id=line.run_id,
            cell=line.cell,
            totals=tuple(sums.totals()),
            wrong=tuple(sums.wrong[:WRONG_TOLD]),
            trial_minor=places.doors.bringing.difference_minor(),
        )

    def _delivered(self, row: Any) -> pa.RecordBatch:
        """Return what came over, as it was before."""
        if row.load == 1:
            return self._places.part(row.run_id, row.cell, "agreements", row.part)
        return self._places.piece(row.run_id, row.cell, "back", row.part, row.load - 1)


class _Sums:
    """Totals by currency, product and line, and the agreements that differ."""

    def __init__(self) -> None:
        self._theirs, self._ours = Counter[_Line](), Counter[_Line]()
        self._counts = Counter[_Line]()
        self.wrong: list[str] = []

    def add(
        self,
        of: tuple[str, str],
        slots: Mapping[str, str],
        keys: pa.Array,
        theirs: pa.RecordBatch,
        ours: pa.RecordBatch,
        moved: Mapping[str, Any],
        *,
        with_accrued: bool,
    ) -> None:
        """Take in a part: as it was delivered, as it stands, what moved since."""
        differs = np.zeros(ours.num_rows, np.bool_)
        for name in ours.schema.names:
            kind, _, own = name.partition(".")
            if kind not in ("balance", "accrued") or (kind == "accrued" and not with_accrued):
                continue
            now = ours[name].to_numpy() - moved.get(own, 0) * (kind == "balance")
            then = (
                theirs[name].to_numpy()
                if name in theirs.schema.names
                else np.zeros(len(now), np.int64)
            )
            if kind == "balance":
                line = (*of, slots[own])
            else:
                line, differs = (*of, f"accrued {own}"), differs | (now != then)
                now, then = (now + _E8 // 2) // _E8, (then + _E8 // 2) // _E8
            if not (now.any() or then.any()):
                continue
            differs |= now != then
            self._counts[line] += int(np.count_nonzero(now))
            self._ours[line] += int(now.sum())
            self._theirs[line] += int(then.sum())
        self.wrong += keys.filter(pa.array(differs)).to_pylist()

    def totals(self) -> list[Total]:
        """Return the totals, in order."""
        return [
            Total(
                currency=line[0],
                product=line[1],
                line=line[2],
                agreements=self._counts[line],
                theirs_minor=self._theirs[line],
                ours_minor=self._ours[line],
            )
            for line in sorted(self._ours)
        ]

"""TakeoverApi: replacing an old core, cell by cell."""

import datetime as dt
from collections.abc import Callable
from typing import Any
from uuid import UUID

import numpy as np

from yunjin.chassis.persistence import RoomDatabase
from yunjin.kernel.errors import Malformed
from yunjin.kernel.page import LIMIT_MAX, Page, seal, unseal
from yunjin.platforms.capability.api.takeover import (
    CellLine,
    CellState,
    Compared,
    Delta,
    Difference,
    Finding,
    FindingKind,
    OldMovement,
    Origin,
    Proof,
    Run,
)
from yunjin.platforms.capability.domain.takeover.differing import CAUSES
from yunjin.platforms.capability.domain.takeover.finding import each
from yunjin.platforms.capability.errors.takeover import TakeoverNotFound
from yunjin.platforms.capability.service.paging import page_of, position
from yunjin.platforms.capability.service.takeover.checks import Checks
from yunjin.platforms.capability.service.takeover.comparing import Comparing
from yunjin.platforms.capability.service.takeover.delivery import Deliveries
from yunjin.platforms.capability.service.takeover.loading import Loading
from yunjin.platforms.capability.service.takeover.packed import unpacked
from yunjin.platforms.capability.service.takeover.places import Doors, Places
from yunjin.platforms.capability.service.takeover.proving import Proving
from yunjin.platforms.capability.service.takeover.returning import Returning
from yunjin.platforms.capability.store import takeover as store


class TakeoverService:
    """Runs and their cells over a room's tables and a bank. Safe for threads."""

    def __init__(
        self,
        room: RoomDatabase,
        doors: Doors,
        *,
        today: Callable[[], dt.date],
        folder: str,
        cursor_key: bytes,
    ) -> None:
        self._room, self._key = room, cursor_key
        self._places, deliveries = Places(room, doors, today), Deliveries(folder)
        self._checks = Checks(self._places, deliveries)
        self._loading, self._proving = Loading(self._places), Proving(self._places)
        self._returning = Returning(self._places)
        self._comparing = Comparing(self._places, deliveries)

    # commands -----------------------------------------------------------------------------------

    def check(self, command_id: UUID, source: str, *, by: str = "") -> Run:
        """See TakeoverApi."""
        return self._checks.check(command_id, source, by)

    def freeze(self, command_id: UUID, run_id: UUID, cell: str, *, by: str = "") -> CellLine:
        """See TakeoverApi."""
        line = self._places.cell(run_id, cell)
        return self._places.command(
            command_id, ["freeze"], line, CellState.FROZEN, by, of=(CellState.PREPARED,)
        )

    def thaw(self, command_id: UUID, run_id: UUID, cell: str, *, by: str = "") -> CellLine:
        """See TakeoverApi."""
        line = self._places.cell(run_id, cell)
        return self._places.command(
            command_id, ["thaw"], line, CellState.PREPARED, by, of=(CellState.FROZEN,)
        )

    def load(self, command_id: UUID, run_id: UUID, cell: str, *, by: str = "") -> CellLine:
        """See TakeoverApi."""
        return self._loading.load(command_id, run_id, cell, by)

    def prove(self, command_id: UUID, run_id: UUID, cell: str, *, by: str = "") -> Proof:
        """See TakeoverApi."""
        return self._proving.prove(command_id, run_id, cell, by)

    def go_live(self, command_id: UUID, run_id: UUID, cell: str, *, by: str = "") -> CellLine:
        """See TakeoverApi."""
        return self._proving.go_live(command_id, run_id, cell, by)

    def fall_back(
        self, command_id: UUID, run_id: UUID, cell: str, *, by: str = "", why: str = ""
    ) -> CellLine:
        """See TakeoverApi."""
        return self._returning.fall_back(command_id, run_id, cell, by, why)

    def forward(self, command_id: UUID, run_id: UUID, cell: str, *, by: str = "") -> CellLine:
        """See TakeoverApi."""
        return self._loading.forward(command_id, run_id, cell, by)

    def compare(
        self, command_id: UUID, run_id: UUID, source: str, date: dt.date, *, by: str = ""
    ) -> Compared:
        """See TakeoverApi."""
        return self._comparing.compare(command_id, run_id, source, date, by)

    # queries ------------------------------------------------------------------------------------

    def run(self, run_id: UUID) -> Run:
        """See TakeoverApi."""
        found = self._room.read(lambda connection: store.run(connection, run_id))
        if found is None:
            raise TakeoverNotFound("There is no such run.", run_id=str(run_id))
        return found

    def runs(self, *, limit: int = 50, cursor: str | None = None) -> Page[Run]:
        """See TakeoverApi."""
        before, limit = position(cursor, self._key), min(limit, LIMIT_MAX)
        found = self._room.read(lambda connection: store.some_runs(connection, before, limit + 1))
        return page_of(found, limit, self._key, lambda one: one.run_id)

    def findings(
        self, run_id: UUID, *, kind: str = "", limit: int = 50, cursor: str | None = None
    ) -> Page[Finding]:
        """See TakeoverApi."""
        self.run(run_id)
        if kind and kind not in list(FindingKind):
            raise Malformed(f"expected a kind of finding, was {kind[:40]!r}")
        limit, (part, row) = min(limit, LIMIT_MAX), self._place(cursor)
        items: list[Finding] = []
        while (body := self._found(run_id, part)) is not None:
            batch = unpacked(body)
            for at, one in enumerate(each(batch.slice(row)), row):
                if kind and one.kind != kind:
                    continue
                if len(items) == limit:
                    return Page(tuple(items), seal([part, at], self._key))
                items.append(one)
            part, row = part + 1, 0
        return Page(tuple(items))

    def _found(self, run_id: UUID, part: int) -> bytes | None:
        return self._room.read(lambda connection: store.found_of(connection, run_id, part))

    def _place(self, cursor: str | None) -> tuple[int, int]:
        if cursor is None:
            return 0, 0
        match unseal(cursor, self._key):
            case [int(part), int(row)]:
                return part, row
        raise Malformed("expected a cursor of this list, was another list's")

    def cells(self, run_id: UUID) -> list[CellLine]:
        """See TakeoverApi."""
        self.run(run_id)
        return self._room.read(lambda connection: store.cells_of(connection, run_id))

    def proof(self, run_id: UUID, cell: str) -> Proof | None:
        """See TakeoverApi."""
        return self._proving.kept(run_id, cell)

    def compared(self, run_id: UUID) -> list[Compared]:
        """See TakeoverApi."""
        self.run(run_id)
        return self._room.read(lambda connection: store.days_compared(connection, run_id))

    def differences(
        self, run_id: UUID, date: dt.date, *, limit: int = 50, cursor: str | None = None
    ) -> Page[Difference]:
        """See TakeoverApi."""
        body = self._room.read(lambda connection: store.differences(connection, run_id, date))
        if body is None:
            raise TakeoverNotFound(f"{date} was not compared.", run_id=str(run_id))
        limit, (_, row) = min(limit, LIMIT_MAX), self._place(cursor)
        batch = unpacked(body)
        items = tuple(
            Difference(**{**one, "cause": CAUSES[one["cause"]]})
            for one in batch.slice(row, limit).to_pylist()
        )
        more = row + limit < batch.num_rows
        return Page(items, seal([0, row + limit], self._key) if more else None)

    def delta(self, run_id: UUID, cell: str) -> Delta:
        """See TakeoverApi."""
        return self._returning.delta(self._places.cell(run_id, cell))

    def origin(self, agreement_id: int) -> Origin:
        """See TakeoverApi."""
        row, place = self._came(agreement_id)
        keys = self._places.part(row.run_id, row.cell, "agreements", row.part)["key"]
        return Origin(
            agreement_id=agreement_id, run_id=row.run_id, cell=row.cell, key=keys[place].as_py()
        )

    def history(self, agreement_id: int) -> list[OldMovement]:
        """See TakeoverApi."""
        row, place = self._came(agreement_id)
        found: list[OldMovement] = []
        for body in self._places.pieces(row.run_id, row.cell, "movements", row.part):
            batch = unpacked(body)
            first, last = np.searchsorted(batch["place"].to_numpy(), [place, place + 1])
            for one in batch.slice(first, last - first).to_pylist():
                del one["place"]
                found.append(OldMovement(**one))
        return found

    def _came(self, agreement_id: int) -> tuple[Any, int]:
        """Return what came over with an agreement, and its line there. Raises: TakeoverNotFound."""
        row = self._room.read(lambda connection: store.load_with(connection, agreement_id))
        at, rest = divmod(agreement_id - row.first_id, row.step) if row is not None else (0, 1)
        if row is None or rest or at >= row.row_count:
            raise TakeoverNotFound(
                "The agreement did not come over.", agreement_id=str(agreement_id)
            )
        return row, int(self._places.order(row)[at])

"""The ledger's transfers behind a line of the general ledger.

A close books what the day's waves moved, so the waves know a line's transfers, one by one; what
a manual entry moved has ids that follow from its command. Amounts are read from the ledger.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import numpy as np

from yunjin.foundation.banking.api import dates
from yunjin.foundation.banking.api.general_ledger import LINES_MAX, EntryKind, GlLine
from yunjin.foundation.banking.api.gl_transfers import LineTransfer
from yunjin.foundation.banking.domain import derived_ids
from yunjin.foundation.banking.domain.packing import unpack
from yunjin.foundation.banking.domain.products.slots import Slot
from yunjin.foundation.banking.service.core import Core
from yunjin.foundation.banking.service.drafting import counted_of
from yunjin.foundation.banking.store import keeping

WAVES_A_PAGE: Final = 256  # looked at for one page before it says "go on from here"
_WAVES_AT_ONCE: Final = 16
_SOURCE: Final = "manual/"
Position = tuple[int, int]  # a wave's sequence, a row of it
Sides = tuple[bool, bool]  # whether the line counts a transfer as a debit, as a credit


@dataclass(frozen=True, slots=True)
class _Place:
    """What a line is of, as waves tell it."""

    books: list[int]
    branch: int
    slot: int

    def sides(self, columns: dict[str, Any], outcome: bytes | None) -> tuple[Any, Any]:
        """Tell which transfers of a wave are debits here, and which credits (bool[k] each)."""
        is_done = (
            np.ones(int(columns["chain_count"][0]), np.bool_)  # the ledger knows which are
            if outcome is None
            else unpack(outcome)["is_done"]
        )
        counted = counted_of(columns, is_done) & (columns["branch"] == self.branch)
        debit, credit = (
            counted
            & (columns[f"{side}_slot"] == self.slot)
            & np.isin(columns[f"{side}_book"], self.books)
            for side in ("debit", "credit")
        )
        return debit, credit


class LineTransfers:
    """Finds them. Safe for threads."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def __call__(
        self, line: GlLine, position: Position, limit: int
    ) -> tuple[list[LineTransfer], Position | None]:
        """Return transfers behind a line from a position on, and where to go on, None at the end.

        Raises: Outage.
        """
        if line.kind is EntryKind.MOVEMENTS:
            return self._of_day(line, position, limit)
        found = self._of_command(line)
        start, end = position[1], position[1] + limit
        return found[start:end], (0, end) if end < len(found) else None

    def _of_day(
        self, line: GlLine, position: Position, limit: int
    ) -> tuple[list[LineTransfer], Position | None]:
        place = self._place(line)
        picked: dict[UUID, Sides] = {}
        last = position[0] - 1
        for seen, wave in enumerate(self._waves(line, last)):
            if seen == WAVES_A_PAGE:
                return self._told(picked), (last + 1, 0)
            columns = unpack(wave.body)
            debit, credit = place.sides(columns, wave.outcome)
            rows = np.flatnonzero(debit | credit)
            if wave.sequence == position[0]:
                rows = rows[rows >= position[1]]
            for row in rows.tolist():
                if len(picked) == limit:
                    return self._told(picked), (wave.sequence, row)
                picked[_id_of(columns, row)] = (bool(debit[row]), bool(credit[row]))
            last = wave.sequence
        return self._told(picked), None

    def _place(self, line: GlLine) -> _Place:
        core = self._core
        with core.lock.looking():
            books = [n for n, kept in core.books.kept.items() if kept.code == line.product]
            branch = core.books.branches.index(line.branch)
        return _Place(books, branch, int(Slot[line.slot.upper()]))

    def _waves(self, line: GlLine, after: int) -> Iterator[Any]:
        days = (line.date - dates.FIRST_DATE).days
        while some := self._some_waves(days, after):
            yield from some
            after = some[-1].sequence

    def _some_waves(self, days: int, after: int) -> Any:
        return self._core.room.read(
            lambda connection: keeping.waves_of(connection, days, after, _WAVES_AT_ONCE)
        )

    def _of_command(self, line: GlLine) -> list[LineTransfer]:
        """Return what a manual entry moved on the account of the line's slot."""
        core, command = self._core, UUID(line.source.removeprefix(_SOURCE))
        with core.lock.looking():
            key = (int(Slot[line.slot.upper()]), line.branch, line.currency)
            account = core.slot_ids.get(key)
        high = np.full(LINES_MAX, command.int >> 64, np.uint64)
        low = np.full(LINES_MAX, command.int & (2**64 - 1), np.uint64)
        made = derived_ids.followers(high, low, np.arange(LINES_MAX) + 1)
        ids = [UUID(int=int(one) << 64 | int(two)) for one, two in zip(*made, strict=True)]
        return [
            _transfer(
                row, (row["debit_account_id"] == account, row["credit_account_id"] == account)
            )
            for row in core.ledger.transfers(ids).to_pylist()
            if account in (row["debit_account_id"], row["credit_account_id"])
        ]

    def _told(self, picked: dict[UUID, Sides]) -> list[LineTransfer]:
        """Return what the ledger says of transfers; what it refused it does not know."""
        rows: Iterable[dict[str, Any]] = self._core.ledger.transfers(list(picked)).to_pylist()
        return [_transfer(row, picked[_id(row)]) for row in rows]


def _id_of(columns: dict[str, Any], row: int) -> UUID:
    return UUID(int=int(columns["id_hi"][row]) << 64 | int(columns["id_lo"][row]))


def _id(row: dict[str, Any]) -> UUID:
    return UUID(int=row["id_hi"] << 64 | row["id_lo"])


def _transfer(row: dict[str, Any], sides: Sides) -> LineTransfer:
    is_debit, is_credit = sides
    return LineTransfer(
        transfer_id=_id(row),
        agreement_id=row["user_data_64"],
        debit_account_id=row["debit_account_id"],
        credit_account_id=row["credit_account_id"],
        debit_minor=row["amount_minor"] if is_debit else 0,
        credit_minor=row["amount_minor"] if is_credit else 0,
        code=row["code"],
        value_date=dates.value_date(row["user_data_32"]),
        timestamp=row["timestamp"],
    )

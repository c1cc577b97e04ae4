"""What comes of a wave in the tables: kept with it, done where the ledger did not refuse it.

A wave is committed before the ledger is asked, so nothing that can be seen may be in the same
transaction: a notice that is in the outbox cannot be taken back. What follows is in the wave as
data instead, and becomes rows and events in the transaction that keeps the ledger's answer.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import msgspec
import numpy as np

from yunjin.chassis.persistence import SqlUnitOfWork
from yunjin.foundation.banking.domain.products.book import CLOSED
from yunjin.foundation.banking.events import AgreementsOpened, CustomersNoticed, EntriesBooked
from yunjin.foundation.banking.service.books import AGREEMENT, Books
from yunjin.foundation.banking.service.drafting import done_of
from yunjin.foundation.banking.service.terms import without
from yunjin.foundation.banking.store import keeping, notices, terms

IN_BODY: Final = "follows"  # its name among a wave's columns
TOLD_AT_ONCE: Final = 1_000  # agreements in one event


@dataclass(slots=True)
class Follows:
    """What follows for each agreement; ids are whole numbers of Python."""

    days: int  # the business date, since 1970
    tasks: list[dict[str, Any]] = field(default_factory=list)  # what products ask a person
    notices: list[tuple[int, str]] = field(default_factory=list)  # (agreement id, code)
    terms: list[dict[str, Any]] = field(default_factory=list)  # what is recorded of changed terms
    opened: list[dict[str, Any]] = field(default_factory=list)  # rows of new agreements
    moved: list[tuple[int, int, int]] = field(default_factory=list)  # (agreement id, book, row)
    closed: list[int] = field(default_factory=list)
    entries: int = 0  # of customers
    transfers: int = 0  # that the entries came to

    def __bool__(self) -> bool:
        some = (self.tasks, self.notices, self.terms, self.opened, self.moved, self.closed)
        return bool(self.entries or any(some))

    def column(self) -> Any:
        """Return all of it as a wave's column (uint8[k])."""
        return np.frombuffer(msgspec.msgpack.encode(self), np.uint8)

    @classmethod
    def of_column(cls, column: Any) -> "Follows":
        """Return what `column` was given."""
        found = msgspec.msgpack.decode(column.tobytes(), type=cls)
        for one in found.terms:
            one["command_id"] = UUID(one["command_id"])
        return found

    def of_done(self, columns: Mapping[str, Any], is_done: Any, books: Books) -> "Follows":
        """Return what is left of it once the ledger has answered (bool[chains])."""
        if is_done.all():
            return self
        lost = _refused(columns, is_done, books)
        return Follows(
            self.days,
            [one for one in self.tasks if one["agreement_id"] not in lost],
            [one for one in self.notices if one[0] not in lost],
            list(without(self.terms, lost)),
            [one for one in self.opened if one["agreement_id"] not in lost],
            [one for one in self.moved if one[0] not in lost],
            [one for one in self.closed if one not in lost],
            int(np.count_nonzero(is_done)) if self.entries else 0,
            int(np.count_nonzero(is_done[columns["chain"]])) if self.entries else 0,
        )

    def keep(self, work: SqlUnitOfWork, sequence: int, at_us: int) -> None:
        """Make rows and events of it."""
        connection = work.connection
        keeping.put_tasks(connection, self.tasks)
        terms.put(connection, sequence, self.days, at_us, self.terms)
        notices.keep(connection, sequence, self.days, at_us, self.notices)
        keeping.put_agreements(connection, self.opened)
        keeping.move_agreements(connection, self.moved)
        keeping.set_status(connection, self.closed, CLOSED)
        for event in self._events(sequence):
            work.outbox.add(event)

    def _events(
        self, sequence: int
    ) -> Iterator[AgreementsOpened | CustomersNoticed | EntriesBooked]:
        date = str(np.datetime64(self.days, "D"))
        if self.opened:
            first = tuple(str(one["agreement_id"]) for one in self.opened[:TOLD_AT_ONCE])
            yield AgreementsOpened(
                wave=sequence, date=date, agreement_ids=first, count=len(self.opened)
            )
        if self.entries:
            yield EntriesBooked(
                wave=sequence, date=date, entries=self.entries, transfers=self.transfers
            )
        by_code: dict[str, list[str]] = {}
        for agreement_id, code in self.notices:
            by_code.setdefault(code, []).append(str(agreement_id))
        for code, ids in by_code.items():
            for start in range(0, len(ids), TOLD_AT_ONCE):
                some = tuple(ids[start : start + TOLD_AT_ONCE])
                yield CustomersNoticed(wave=sequence, date=date, code=code, agreement_ids=some)


def _refused(columns: Mapping[str, Any], is_done: Any, books: Books) -> Collection[int]:
    """Return the agreements whose rows, or transfers, are of a chain that the ledger refused."""
    lost = set(columns["user_data_64"][~is_done[columns["chain"]]].tolist())
    for name in columns:
        if name.startswith("rows/"):
            number = int(name.removeprefix("rows/"))
            place = books.kept[number].columns_kept().index(AGREEMENT)
            is_lost = ~done_of(columns[f"chains/{number}"], is_done)
            lost |= set(columns[f"image/{number}"][place, is_lost].tolist())
    return lost - {0}

"""What a bank has in memory of its tables: the books' pages, and the waves since, in order.

All of it follows from the tables, so that any process can read it while another one writes; what
came since is read on from where it ended.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np

from yunjin.chassis.persistence import RoomDatabase
from yunjin.foundation.banking.domain.packing import unpack
from yunjin.foundation.banking.domain.products.declarations import Product
from yunjin.foundation.banking.service.books import PAGE_ROWS, Books
from yunjin.foundation.banking.service.drafting import Moved, done_of, moved_of
from yunjin.foundation.banking.service.waves import page_of
from yunjin.foundation.banking.store import keeping
from yunjin.foundation.ledger.api import LedgerApi
from yunjin.kernel.errors import Outage, Unknown

_READ_AT_ONCE: Final = 64
Told = Callable[[Any, dict[str, Any]], Any]  # (row of a wave, its columns) → bool[chains]


class Memory:
    """The books without their balances, which are the ledger's, and what the open day moved."""

    def __init__(
        self, room: RoomDatabase, ledger: LedgerApi, product_of: Callable[[str, int], Product]
    ) -> None:
        self.room, self.ledger, self._product_of = room, ledger, product_of
        self.forget()

    def forget(self) -> None:
        """Have all of it read again."""
        self.books = Books(self.ledger, self._product_of)
        self.sequence = 0  # of the last wave that is in the books
        self._is_begun = False
        self._as_of: dict[tuple[int, int], int] = {}  # (book, page) → the wave it holds
        self.dirty: set[tuple[int, int]] = set()  # pages that waves changed since they were kept
        self._count_anew(None)

    def _count_anew(self, days: int | None) -> None:
        """Begin to count what a business date (days since 1970) moves."""
        self._days, self.transfers_today = days, 0
        self.debits: Moved = Counter()
        self.credits: Moved = Counter()

    def read_on(self, told: Told) -> None:
        """Read what is not in the books yet, as far as it is known what the ledger made of it.

        told : returns None where that is not known: the reading ends before that wave.

        Raises: Outage, Unknown: what was read stays. Bug (pages or waves that do not fit).
        """
        try:
            if not self._is_begun:
                self._begin()
            while some := self._some_waves():
                for row in some:
                    body = unpack(row.body)
                    is_done = told(row, body)
                    if is_done is None:
                        return
                    self._take(row, body, is_done)
        except (Outage, Unknown):
            raise
        except BaseException:
            self.forget()  # a wave may be in the books in part
            raise

    def _begin(self) -> None:
        """Read the pages, and find out from which wave on to read."""
        day = self.room.read(keeping.newest_day)
        date = None if day is None else day.date
        self._count_anew(date)
        first = self.room.read(lambda connection: keeping.first_wave(connection, date))
        self.sequence = min(self.room.read(self._read_books), first - 1)
        self._is_begun = True

    def _read_books(self, connection: Any) -> int:
        """Read the pages; return the wave that the oldest of them holds.

        A book without pages came to be after the last close, which keeps all there are.
        """
        self.books = Books(self.ledger, self._product_of)
        oldest: list[int] = []
        for row in keeping.all_books(connection):
            self.books.add_book(row.book_id, row.product, row.version)
            for page in keeping.pages_of(connection, row.book_id):
                self._read_column(row.book_id, page)
                oldest += [page.wave] if page.name == "" else []
        return min(oldest, default=0)

    def _read_column(self, number: int, page: Any) -> None:
        """Read a column of a page, or as of which wave the page is."""
        if page.name == "":
            self._as_of[number, page.page] = page.wave
            return
        book, values = self.books.kept[number].book, unpack(page.body)["values"]
        end = page.page * PAGE_ROWS + len(values)
        if end > len(book):
            book.add(end - len(book))
        column = book.columns.get(page.name)
        if column is not None:  # else a declaration the product no longer has
            column[end - len(values) : end] = values.view(column.dtype)

    def read_new_books(self) -> None:
        """Take in the books that were begun since."""
        for row in self.room.read(keeping.all_books):
            if row.book_id not in self.books.kept:
                self.books.add_book(row.book_id, row.product, row.version)

    def _some_waves(self) -> Sequence[Any]:
        return self.room.read(
            lambda connection: keeping.waves_after(connection, self.sequence, _READ_AT_ONCE)
        )

    def _take(self, row: Any, body: dict[str, Any], is_done: Any) -> None:
        """Bring a wave into the books; what has to be read for it is read before anything else."""
        page = page_of(row.part)
        numbers = [int(name.removeprefix("rows/")) for name in body if name.startswith("rows/")]
        if not self.books.kept.keys() >= {*numbers, *page[:1]}:
            self.read_new_books()
        if page and self._as_of.get(page, 0) < row.sequence:  # its wave has no images of it
            self._read_page(*page)
        for number in numbers:
            self._restore(row.sequence, number, body, is_done)
        if self._days is None or row.date > self._days:
            self._count_anew(row.date)
        if row.date == self._days:
            self._count(body, is_done)
        self.sequence = row.sequence

    def _read_page(self, number: int, page: int) -> None:
        after = self._as_of.get((number, page), 0)
        columns = self.room.read(
            lambda connection: keeping.page_since(connection, number, page, after)
        )
        for column in columns:
            self._read_column(number, column)
        self.dirty.discard((number, page))

    def _restore(self, sequence: int, number: int, body: dict[str, Any], is_done: Any) -> None:
        kept, rows = self.books.kept[number], body[f"rows/{number}"]
        most = int(rows.max(initial=-1))
        if most >= len(kept.book):
            kept.book.add(most + 1 - len(kept.book))
        good = done_of(body[f"chains/{number}"], is_done)
        for page in np.unique(rows // PAGE_ROWS).tolist():
            if sequence <= self._as_of.get((number, page), 0):
                good &= rows // PAGE_ROWS != page
            else:
                self.dirty.add((number, page))
        kept.restore(rows[good], body[f"image/{number}"][:, good])

    def _count(self, body: dict[str, Any], is_done: Any) -> None:
        debits, credits = moved_of(body, is_done)
        self.debits.update(debits)
        self.credits.update(credits)
        self.transfers_today += int(np.count_nonzero(is_done[body["chain"]]))

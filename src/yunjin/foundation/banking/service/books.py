"""The books in memory: every agreement's row, found by its id, with its balances of the ledger.

The truth is in pages (columns as of a day's close), the waves since, and the ledger's accounts.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from yunjin.foundation.banking.domain.products.book import (
    HELD,
    Book,
)
from yunjin.foundation.banking.domain.products.declarations import Product
from yunjin.foundation.banking.errors import AgreementNotFound
from yunjin.foundation.banking.service.evenings import Evenings
from yunjin.foundation.ledger.api import LedgerApi
from yunjin.kernel import check

AGREEMENT, BRANCH = ".agreement", ".branch"
OVERDUE, RISK, PROVISION = ".overdue", ".risk", ".provision"
GIVEN: Final = ".given"  # bits: which parameters were given for the agreement itself
TEMPLATE: Final = ".template"  # number_of its name; 0: none
OVER: Final = ".over"  # of what ends when repaid: the evening that left nothing, days; 0: not yet
OWN: Final = (AGREEMENT, BRANCH, OVERDUE, RISK, PROVISION, GIVEN, TEMPLATE)
PAGE_ROWS: Final = 32_768
_NOT_KEPT: Final = HELD  # the ledger knows it


def account_column(name: str) -> str:
    """Return the name of the column that holds the ledger's account ids of an account."""
    return f".id.{name}"


@dataclass(slots=True)
class Kept:
    """A book with its number, and which of its columns changed since they were last kept."""

    number: int
    version: int
    book: Book

    @property
    def code(self) -> str:
        """The product's code."""
        return self.book.product.code

    def columns_kept(self) -> list[str]:
        """Return the columns that pages hold: all but what the ledger knows."""
        gone = {*self.book.accounts, _NOT_KEPT}
        return [name for name in self.book.columns if name not in gone]

    def image(self, rows: Any) -> Any:
        """Return rows of the kept columns as int64[columns, k]."""
        names = self.columns_kept()
        out = np.empty((len(names), len(rows)), np.int64)
        for place, name in enumerate(names):
            out[place] = self.book.columns[name][rows].view(np.int64)
        return out

    def restore(self, rows: Any, image: Any) -> None:
        """Set rows to an image; one of an older program lacks the last columns."""
        for name, values in zip(self.columns_kept(), image, strict=False):
            column = self.book.columns[name]
            column[rows] = values.view(column.dtype)


class Books:
    """All books of a bank, by number and by product."""

    def __init__(self, ledger: LedgerApi, product_of: Callable[[str, int], Product]) -> None:
        self._ledger, self._product_of = ledger, product_of
        self.kept: dict[int, Kept] = {}
        self._by_product: dict[tuple[str, int], Kept] = {}
        self._ids = np.zeros(0, np.int64)  # ascending
        self._places = np.zeros((0, 2), np.int64)  # book, row
        self.branches: list[str] = []

    def add_book(self, number: int, code: str, version: int) -> Kept:
        """Add the book of a product version."""
        book = Book(self._product_of(code, version))
        for name in (*OWN, *map(account_column, book.accounts)):
            book.hold_column(name)
        if book.product.ends_when_repaid:
            book.hold_column(OVER)
        if book.product.needs is not None:
            book.past = Evenings(self._ledger, book, account_column("{}"))
        kept = Kept(number, version, book)
        self.kept[number] = self._by_product[code, version] = kept
        return kept

    def of_product(self, code: str, version: int) -> Kept | None:
        """Return the book of a product version, None before its first agreement."""
        return self._by_product.get((code, version))

    def place(self, kept: Kept, rows: Any) -> None:
        """Let agreements be found where they are now; new ids come after all old ones."""
        ids = kept.book.columns[AGREEMENT][rows]
        places = np.stack([np.full(len(rows), kept.number), rows], axis=1)
        known = self._at(ids)
        is_known = known >= 0
        self._places[known[is_known]] = places[is_known]
        if not is_known.all():
            self._ids = np.concatenate([self._ids, ids[~is_known]])
            self._places = np.concatenate([self._places, places[~is_known]])
            if (np.diff(self._ids[-len(ids) - 1 :]) <= 0).any():
                order = np.argsort(self._ids, kind="stable")
                self._ids, self._places = self._ids[order], self._places[order]

    def _at(self, ids: Any) -> Any:
        if not len(self._ids):
            return np.full(len(ids), -1)
        at = np.minimum(np.searchsorted(self._ids, ids), len(self._ids) - 1)
        return np.where(self._ids[at] == ids, at, -1)

    def find(self, ids: Any) -> tuple[Any, Any]:
        """Return (book numbers, rows) of agreement ids (int64[n]); −1 where there is none."""
        at = self._at(ids)
        places = self._places[at] if len(self._ids) else np.full((len(ids), 2), -1)
        places = np.where((at >= 0)[:, np.newaxis], places, -1)
        return places[:, 0], places[:, 1]

    def at(self, agreement_id: int) -> tuple[Book | None, int]:
        """Return the book and the row of an agreement; None where there is none."""
        numbers, rows = self.find(np.array([agreement_id], np.int64))
        number = int(numbers[0])
        return (self.kept[number].book if number >= 0 else None), int(rows[0])

    def found(self, agreement_id: int) -> tuple[Kept, Any]:
        """Return where an agreement is: its book and row (int64[1]). Raises: AgreementNotFound."""
        number = -1
        if 0 < agreement_id < 2**63:
            numbers, rows = self.find(np.array([agreement_id]))
            number = int(numbers[0])
        if number < 0:
            raise AgreementNotFound(
                f"There is no agreement {agreement_id}.", agreement_id=str(agreement_id)
            )
        return self.kept[number], rows

    def account_ids(self, agreement_id: int) -> set[int]:
        """Return the ledger's accounts of an agreement, none where there is no such."""
        book, row = self.at(agreement_id)
        if book is None:
            return set()
        return {int(book.columns[account_column(name)][row]) for name in book.accounts}

    def owner_of(self, account_id: int) -> int:
        """Return the agreement that an account was opened with; 0 where it is the bank's own."""
        place = int(np.searchsorted(self._ids, account_id, "right")) - 1
        agreement_id = int(self._ids[place]) if place >= 0 else 0
        return agreement_id if account_id in self.account_ids(agreement_id) else 0

    def count(self) -> int:
        """Return how many agreements there are, closed ones too."""
        return len(self._ids)

    def branch_number(self, code: str) -> int:
        """Return the number of a branch; the caller keeps new ones."""
        if code not in self.branches:
            self.branches.append(code)
        return self.branches.index(code)

    def refresh(self, kept: Kept, rows: Any) -> None:
        """Take the balances of rows from the ledger."""
        book, inbox = kept.book, kept.book.product.inbox.name
        is_there = book.columns[AGREEMENT][rows] > 0
        for name in (*book.accounts, HELD) if not is_there.all() else ():
            book.columns[name][rows[~is_there]] = 0  # nobody's row
        rows = rows[is_there]
        for name in book.accounts:
            ids = book.columns[account_column(name)][rows]
            for start in range(0, len(rows), 1 << 18):
                part = slice(start, start + (1 << 18))
                found = self._ledger.accounts(ids[part])
                check.that(
                    found.num_rows == len(ids[part]),
                    f"expected {len(ids[part])} accounts in the ledger, was {found.num_rows}",
                )
                debits = found["debits_posted"].to_numpy()
                some = rows[part]
                book.columns[name][some] = debits - found["credits_posted"].to_numpy()
                if name == inbox:
                    book.columns[HELD][some] = found["debits_pending"].to_numpy()

    def balances(self) -> Iterable[tuple[tuple[int, str, str], int]]:
        """Yield debits less credits of agreements' accounts by (slot, branch, currency)."""
        for kept in self.kept.values():
            book = kept.book
            branches = book.columns[BRANCH]
            for branch in np.unique(branches).tolist():
                mine = branches == branch
                code = self.branches[branch] if self.branches else ""
                for name, account in book.accounts.items():
                    total = int(book.columns[name][mine].sum())
                    yield (int(account.slot), code, book.product.currency), total

    def pages(self, kept: Kept, names: Iterable[str], page: int) -> Mapping[str, Any]:
        """Return a page of columns by name."""
        part = slice(page * PAGE_ROWS, (page + 1) * PAGE_ROWS)
        return {name: kept.book.columns[name][part] for name in names}


def images(parts: Iterable[tuple[Kept, Any, Any]]) -> dict[str, Any]:
    """Return rows and their chains (int64[k], int32[k]) by book, as a wave keeps them."""
    by_book: dict[int, list[tuple[Kept, Any, Any]]] = {}
    for part in parts:
        by_book.setdefault(part[0].number, []).append(part)
    found: dict[str, Any] = {}
    for number, mine in by_book.items():
        rows = np.concatenate([rows for _, rows, _ in mine])
        found[f"rows/{number}"] = rows
        found[f"chains/{number}"] = np.concatenate([chains for _, _, chains in mine])
        found[f"image/{number}"] = mine[0][0].image(rows)
    return found

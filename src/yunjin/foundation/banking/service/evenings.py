"""Closing balances of the evenings before a day, read from the ledger's histories.

For products that say `needs = History(days=…)`: only rows whose hook asks are read.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from yunjin.foundation.banking.domain.products.book import OPENED, Book
from yunjin.foundation.banking.domain.products.slots import grows_by_credit
from yunjin.foundation.ledger.api import LedgerApi

_PAGE = 200


class Evenings:
    """Reads what `at.history[account]` is made of."""

    def __init__(self, ledger: LedgerApi, book: Book, column_of: str) -> None:
        self._ledger, self._book, self._column_of = ledger, book, column_of

    def __call__(self, name: str, rows: Any, date: Any) -> Any:
        """Return closing balances (int64[k, days]), the evening before `date` (one day) last."""
        needs = self._book.product.needs
        days = needs.days if needs is not None else 0
        found = np.zeros((len(rows), days), np.int64)
        ids = self._book.columns[self._column_of.format(name)][rows]
        sign = 1 if grows_by_credit(self._book.accounts[name].slot) else -1
        today = int(np.datetime64(date, "D").astype(np.int64))
        opened = self._book.columns[OPENED][rows].astype("datetime64[D]").astype(np.int64)
        for place, account in enumerate(ids.tolist()):
            first = max(today - days, int(opened[place]))
            self._fill(found[place], account, sign, today, first)
        return found

    def _fill(self, evenings: Any, account: int, sign: int, today: int, first: int) -> None:
        """Go back from the evening before today to the first one that is asked for."""
        last = len(evenings)
        evening = today - 1
        for day, balance in self._lines(account):
            while evening >= first and day <= evening:
                evenings[last - (today - evening)] = sign * balance
                evening -= 1
            if evening < first:
                return

    def _lines(self, account: int) -> Iterator[tuple[int, int]]:
        """Yield (business date in days, credits − debits after it) of postings, newest first."""
        cursor = None
        while True:
            lines, cursor = self._ledger.history(account, cursor=cursor, limit=_PAGE)
            days = (lines["user_data_32"].to_numpy() & 0xFFFF).tolist()  # above: days it lies back
            credits, debits = (
                lines["credits_posted"].to_pylist(),
                lines["debits_posted"].to_pylist(),
            )
            for day, credit, debit in zip(days, credits, debits, strict=True):
                yield day, credit - debit
            if cursor is None:
                return

"""Closing balances of the evenings before a day, by value date, from the ledger's histories.

For products that say `needs = History(days=…)`: only rows whose hook asks are read.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from yunjin.foundation.banking.api.dates import business_days, value_days
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
        """Go back from today to the first evening that is asked for.

        What was back-dated counts on the evenings from its value date on, too.
        """
        last, evening = len(evenings) - today, today - 1
        late: list[tuple[int, int, int]] = []  # first evening, the one after the last, minor
        for numbers, balance, moved in self._lines(account):
            day = int(business_days(numbers))
            while evening >= first and day <= evening:
                evenings[last + evening] = sign * balance
                evening -= 1
            if evening < first:
                break
            late.append((max(int(value_days(numbers)), first), day, sign * moved))
        for since, until, moved in late:
            evenings[last + since : last + until] += moved

    def _lines(self, account: int) -> Iterator[tuple[int, int, int]]:
        """Yield (dates, credits − debits after it, what it moved) of postings, newest first.

        A hold that ran out moves nothing, and carries the date it was made on.
        """
        cursor = None
        newer: tuple[int, int] | None = None
        while True:
            lines, cursor = self._ledger.history(account, cursor=cursor, limit=_PAGE)
            debits, credits = lines["debits_posted"].to_numpy(), lines["credits_posted"].to_numpy()
            balances = (credits.astype(np.int64) - debits.astype(np.int64)).tolist()
            for dates, balance in zip(lines["user_data_32"].to_pylist(), balances, strict=True):
                if newer is not None and newer[1] != balance:
                    yield *newer, newer[1] - balance
                newer = dates, balance
            if cursor is None:
                break
        if newer is not None:
            yield *newer, newer[1]

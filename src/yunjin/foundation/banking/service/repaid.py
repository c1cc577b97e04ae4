"""Loans that are paid back: the close of a day ends them, some days after nothing was left."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from yunjin.chassis.persistence import SqlUnitOfWork
from yunjin.foundation.banking.domain.products.book import CLOSED, HELD, SINCE, STATUS
from yunjin.foundation.banking.service.books import AGREEMENT, OVER, Kept
from yunjin.foundation.banking.store import keeping, ordering

_HALF_E8: Final = 5 * 10**7  # half a minor unit: less of an accrual is never booked


def ended(kept: Kept, rows: Any, date: Any, open_days: int) -> list[int]:
    """Close what is over among rows (int64[k]) in their book; return ids, for `keep_ended`.

    Over is on which nothing is owed, held or left, nor will fall due. Until it has been so for
    `open_days`, more may be paid out or the term made longer. Nothing of a product that goes on
    after its debt, as a card does.
    """
    if not kept.book.product.ends_when_repaid or not len(rows):
        return []
    columns, today = kept.book.columns, int(date.astype(np.int64))
    since = columns[OVER]
    since[rows] = np.where(_is_over(kept, rows), np.where(since[rows], since[rows], today), 0)
    ends = rows[(since[rows] > 0) & (since[rows] <= today - open_days)]
    columns[STATUS][ends], columns[SINCE][ends] = CLOSED, date
    ids: list[int] = columns[AGREEMENT][ends].tolist()
    return ids


def _is_over(kept: Kept, rows: Any) -> Any:
    book, columns = kept.book, kept.book.columns
    is_over = columns[HELD][rows] == 0
    for name in book.events:
        is_over &= np.isnat(columns[name][rows])
    for name in book.accounts:
        is_over &= columns[name][rows] == 0
    for name in book.accruals:
        is_over &= np.abs(columns[name][rows]) < _HALF_E8
    return is_over


def keep_ended(work: SqlUnitOfWork, ids: Sequence[int]) -> None:
    """Keep that agreements are closed, and with them the standing orders that paid them."""
    keeping.set_status(work.connection, ids, CLOSED)
    ordering.end_with(work.connection, ids)

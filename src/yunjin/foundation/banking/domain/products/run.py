"""How a book goes through its days: opening, entries, events, the close.

What `simulate` does without a ledger and day close does with one is the same, and is here. Every
function changes the book and returns what came of it; which rows, is the caller's choice.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from yunjin.foundation.banking.domain.products.book import OPEN, SINCE, STATUS, Applied, Book
from yunjin.foundation.banking.domain.products.effects import Effect, Post
from yunjin.foundation.banking.domain.products.slots import Slot

ROUNDS_MAX: Final = 64  # of events that schedule events for the same day
Ask = Callable[[Any], Iterator[Effect]]  # rows → a hook's effects


@dataclass(slots=True)
class Failed:
    """Agreements whose product failed on them, one by one."""

    rows: list[int] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)


def apply(book: Book, rows: Any, ask: Ask, failed: Failed | None = None) -> Iterator[Applied]:
    """Ask a hook about rows and do what it says.

    failed : takes the rows on which the hook raises, found by halving; without it, it is raised.
    """
    if not len(rows):
        return
    try:
        applied = book.apply(ask(rows), rows)
    except Exception as error:
        if failed is None:
            raise
        if len(rows) == 1:
            failed.rows.append(int(rows[0]))
            failed.reasons.append(f"{type(error).__name__}: {error}"[:400])
            return
        half = len(rows) // 2
        yield from apply(book, rows[:half], ask, failed)
        yield from apply(book, rows[half:], ask, failed)
    else:
        yield applied


def begin(book: Book, rows: Any, date: Any, failed: Failed | None = None) -> Iterator[Applied]:
    """Open rows on a date."""
    book.columns[STATUS][rows], book.columns[SINCE][rows] = OPEN, date
    yield from apply(
        book, rows, lambda some: book.product.on_open(book.context(some, date)), failed
    )


def enter(
    book: Book, rows: Any, amounts: Any, against: Slot, *, date: Any, value_date: Any = None
) -> Iterator[Applied]:
    """Book an entry a row (int64[k], minor; > 0 comes in), and what the product makes of them."""
    inbox = book.product.inbox
    inwards, outwards = np.maximum(amounts, 0), np.maximum(-amounts, 0)
    yield book.apply([Post(against, inbox, inwards), Post(inbox, against, outwards)], rows)
    yield from follow(book, rows, amounts, date=date, value_date=value_date, against=against)


def follow(
    book: Book,
    rows: Any,
    amounts: Any,
    *,
    date: Any,
    value_date: Any = None,
    against: Any = Slot.CLEARING,
) -> Iterator[Applied]:
    """Let the product act on entries that were just booked, and on what it schedules for today."""
    after = book.context(rows, date, amount=amounts, value_date=value_date, against=against)
    yield from apply(book, rows, lambda some: book.product.after_post(after))
    yield from fall_due(book, rows, date)


def fall_due(book: Book, rows: Any, date: Any, failed: Failed | None = None) -> Iterator[Applied]:
    """Call the hooks of the events that are due among rows, and of those they schedule for today.

    Raises: Bug for events without an end, where nobody takes them as failed.
    """
    for turn in range(ROUNDS_MAX + 1):
        called = False
        for name, event in book.events.items():
            column = book.columns[name]
            due = rows[(column[rows] <= date) & (book.columns[STATUS][rows] == OPEN)]
            if failed is not None and failed.rows:
                due = due[~np.isin(due, failed.rows)]
            if not len(due):
                continue
            called = True
            if turn == ROUNDS_MAX:
                endless = f"expected the events of {date} to come to an end"
                if failed is None:
                    raise RecursionError(endless)
                failed.rows += due.tolist()
                failed.reasons += [endless] * len(due)
                continue
            when = column[due]
            column[due] = np.datetime64("NaT")

            def ask(some: Any, hook: Any = event.hook) -> Iterator[Effect]:
                effects: Iterator[Effect] = hook(book.product, book.context(some, date))
                return effects

            yield from apply(book, due, ask, failed)
            if failed is not None:  # it is still to come, once a person has looked
                lost = np.isin(due, failed.rows)
                column[due[lost]] = when[lost]
        if not called:
            return


def close_day(book: Book, rows: Any, date: Any, failed: Failed | None = None) -> Iterator[Applied]:
    """Close a day for rows."""
    day = np.array([date])
    yield from apply(book, rows, lambda some: book.product.on_day(book.nights(some, day)), failed)
    good = rows if failed is None or not failed.rows else rows[~np.isin(rows, failed.rows)]
    book.columns[SINCE][good] = date + np.timedelta64(1, "D")
    book.age(good, date)


def derived(book: Book, rows: Any, date: Any) -> dict[str, Any]:
    """Return what a product derives of its rows on a date (int64[k] each), and days overdue."""
    if not len(rows):
        return {}
    found = {"days_overdue": book.days_overdue(rows, date)}
    found |= book.product.derived(book.context(rows, date))
    return {name: np.broadcast_to(np.asarray(column), len(rows)) for name, column in found.items()}

"""How a book goes through its days: opening, entries, events, the close.

What `simulate` does without a ledger and day close does with one is the same, and is here. Every
function changes the book and returns what came of it; which rows, is the caller's choice.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from yunjin.foundation.banking.domain.products.book import (
    OPEN,
    SINCE,
    STATUS,
    Applied,
    Book,
    ready_for,
)
from yunjin.foundation.banking.domain.products.context import HISTORY
from yunjin.foundation.banking.domain.products.effects import Accrue, Add, Effect, Post, listed
from yunjin.foundation.banking.domain.products.slots import Slot

ROUNDS_MAX: Final = 64  # of events that schedule events for the same day
Ask = Callable[[Any], Iterator[Effect]]  # rows → a hook's effects


@dataclass(slots=True)
class Failed:
    """Agreements whose product failed on them, one by one."""

    rows: list[int] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)


def apply(
    book: Book,
    rows: Any,
    ask: Ask,
    failed: Failed | None = None,
    *,
    may_refuse: bool = True,
) -> Iterator[Applied]:
    """Ask a hook about rows and do what it says.

    failed : takes the rows on which the hook raises, found by halving; without it, it is raised.
    """
    if not len(rows):
        return
    try:
        applied = book.apply(ask(rows), rows, may_refuse=may_refuse)
    except Exception as error:
        if failed is None:
            raise
        if len(rows) == 1:
            failed.rows.append(int(rows[0]))
            failed.reasons.append(f"{type(error).__name__}: {error}"[:400])
            return
        half = len(rows) // 2
        for part in (rows[:half], rows[half:]):
            yield from apply(book, part, ask, failed, may_refuse=may_refuse)
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
    yield from apply(book, rows, lambda some: book.product.after_post(after), may_refuse=False)
    yield from fall_due(book, rows, date)


def fall_due(book: Book, rows: Any, date: Any, failed: Failed | None = None) -> Iterator[Applied]:
    """Call the hooks of the events that are due among rows, and of those they schedule for today.

    date : datetime64[D], or [k] where rows are on days of their own, and nobody takes them failed.

    Raises: Bug for events without an end, where nobody takes them as failed.
    """
    status = book.columns[STATUS]
    for turn in range(ROUNDS_MAX + 1):
        called = False
        for name, event in book.events.items():
            column = book.columns[name]
            is_due = (column[rows] <= date) & (status[rows] == OPEN)
            if failed is not None and failed.rows:
                is_due &= ~np.isin(rows, failed.rows)
            due, on = rows[is_due], date[is_due] if np.ndim(date) else date
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

            def ask(some: Any, hook: Any = event.hook, on: Any = on) -> Iterator[Effect]:
                effects: Iterator[Effect] = hook(book.product, book.context(some, on))
                return effects

            yield from apply(book, due, ask, failed, may_refuse=False)
            if failed is not None:  # it is still to come, once a person has looked
                lost = np.isin(due, failed.rows)
                column[due[lost]] = when[lost]
        if not called:
            return


def judge_and_enter(
    book: Book, rows: Any, amounts: Any, against: Any, *, date: Any, value_date: Any
) -> tuple[list[Applied], list[tuple[str, Any]]]:
    """Ask whether entries are let in (int64[k] each), and book those that are.

    date, value_date : datetime64[D], or [k].

    Returns what came of them, and (reason, rows) of the refused; a row counts by its first reason.
    """
    is_open = book.columns[STATUS][rows] == OPEN
    refused = [("the agreement is not open", rows[~is_open])] if not is_open.all() else []
    asked = book.context(rows, date, amount=amounts, against=against, value_date=value_date)
    refused += book.judge(asked, rows)
    kept, told = np.ones(len(rows), np.bool_), []
    for reason, some in refused:
        told.append((reason, some[np.isin(some, rows[kept])]))
        kept &= ~np.isin(rows, some)
    applied: list[Applied] = []
    for slot in np.unique(against).tolist():
        mine = kept & (against == slot)
        on, counts_from = (one[mine] if np.ndim(one) else one for one in (date, value_date))
        applied += enter(
            book, rows[mine], amounts[mine], Slot(slot), date=on, value_date=counts_from
        )
    return applied, told


def close_quiet(book: Book, rows: Any, begins: Any, counts: Any) -> dict[str, Any] | None:
    """Close days on which nothing but the evening happens, all of them in one call.

    begins: datetime64[D], or [k]: the first day.  counts: int64[k], days.

    Returns what grew as it was each evening (int64[Σ counts], by row, then by day) by name; None,
    and nothing is done, where `on_day` does more than add up what it does not look at.
    """
    context = book.nights(rows, begins, counts)
    effects = listed(book.product.on_day(context), lambda one: ready_for(one, len(context)))
    if HISTORY in context.seen:
        return None
    last = np.cumsum(counts) - 1
    grown: dict[str, Any] = {}
    for effect in effects:
        match effect:
            case Accrue(accrual, amount):
                name = accrual.name
            case Add(memory, amount):
                name = memory.name
            case _:
                return None
        if name in context.seen:
            return None
        grown[name] = grown.get(name, 0) + amount
    ends = {}
    for name, amount in grown.items():
        total = np.cumsum(amount)
        before = total[last] - np.add.reduceat(amount, last + 1 - counts)
        ends[name] = total + np.repeat(book.columns[name][rows] - before, counts)
        book.columns[name][rows] = ends[name][last]
    book.columns[SINCE][rows] = begins + counts
    book.age(rows, begins)
    return ends


def close_day(book: Book, rows: Any, date: Any, failed: Failed | None = None) -> Iterator[Applied]:
    """Close a day for rows."""

    def ask(some: Any) -> Iterator[Effect]:
        return book.product.on_day(book.nights(some, date))

    yield from apply(book, rows, ask, failed, may_refuse=False)
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

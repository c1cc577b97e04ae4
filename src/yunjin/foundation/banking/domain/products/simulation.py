"""What would happen: a product run over any dates and events, without a ledger or a store.

The same hooks, context and effects as in day close; deterministic, and quick enough to draw a
chart while somebody moves a slider.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from yunjin.foundation.banking.domain.products import leaping, run
from yunjin.foundation.banking.domain.products.book import Applied, Book
from yunjin.foundation.banking.domain.products.declarations import Account, Product
from yunjin.foundation.banking.domain.products.slots import Slot, grows_by_credit
from yunjin.kernel import check
from yunjin.kernel.errors import Malformed

DAYS_MAX: Final = 366 * 100
LEAPS_AFTER: Final = 2  # stops that are gone one by one before all others are guessed
LEAP_DAYS_MIN: Final = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Money that comes in (> 0) or goes out (< 0) on a date, through a slot of the bank.

    value_date : the day it counts from where that is another; None: the date.
    """

    date: Any  # datetime64[D]
    amount_minor: int
    value_date: Any = None
    against: Slot = Slot.CLEARING
    row: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Another value of a parameter from a date on."""

    date: Any  # datetime64[D]
    parameter: str
    value: int
    row: int = 0


@dataclass(slots=True)
class Simulated:
    """What happened: end-of-day balances, transfers by date, refusals."""

    dates: Any  # datetime64[D][days]
    balances: dict[str, Any]  # int64[days, n], on the side each account grows on
    accrued_e8: dict[str, Any]  # int64[days, n]
    book: Book  # as it is after the last day
    transfers: list[tuple[Any, str, str, int, int]] = field(default_factory=list)
    refusals: list[tuple[Any, int, str]] = field(default_factory=list)
    notices: list[tuple[Any, int, str]] = field(default_factory=list)
    tasks: list[tuple[Any, int, str]] = field(default_factory=list)


class Run:
    """One book on its way through the days."""

    def __init__(self, product: Product, terms: Sequence[Mapping[str, int]], opened: Any) -> None:
        self.book = Book(product, len(terms))
        self._terms = terms
        self.book.opened[:] = np.broadcast_to(np.asarray(opened, "datetime64[D]"), len(terms))
        for given in terms:
            for name in given.keys() - self.book.parameters.keys():
                names = ", ".join(self.book.parameters)
                raise Malformed(f"expected a parameter, one of {names}; was {name[:40]}")
        for name, parameter in self.book.parameters.items():
            for row, given in enumerate(terms):
                value = given.get(name, parameter.default)
                if value is None:
                    raise Malformed(f"expected a value of {name}, was none")
                wrong = parameter.complaint(value)
                if wrong:
                    raise Malformed(wrong, parameter=name)
                self.book.columns[name][row] = value
        self.said: list[tuple[Any, Applied]] = []
        self.is_quiet = True  # days of the product can be closed many at once

    def _say(self, date: Any, applied: Iterable[Applied]) -> None:
        self.said += [(date, one) for one in applied]

    def open(self, date: Any) -> None:
        """Open what is to be opened on a date."""
        rows = np.flatnonzero((self.book.opened == date) & ~self.book.is_open)
        self._say(date, run.begin(self.book, rows, date))

    def enter(self, date: Any, entries: Sequence[Entry]) -> list[tuple[int, str]]:
        """Book entries of different agreements together, and what the product makes of them.

        Returns (row, reason) of the refused ones.
        """
        rows = np.array([one.row for one in entries])
        amounts = np.array([one.amount_minor for one in entries])
        slots = np.array([one.against for one in entries])
        dates = [date if one.value_date is None else one.value_date for one in entries]
        when = np.array(dates, "datetime64[D]")
        applied, refused = run.judge_and_enter(
            self.book, rows, amounts, slots, date=date, value_date=when
        )
        self._say(date, applied)
        return [(row, reason) for reason, some in refused for row in some.tolist()]

    def change(self, change: Change) -> None:
        """Give a parameter another value."""
        parameter = self.book.parameters.get(change.parameter)
        names = ", ".join(self.book.parameters)
        wrong = f"expected a parameter, one of {names}; was {change.parameter[:40]}"
        if parameter is not None:
            wrong = parameter.complaint(change.value)
        if wrong:
            raise Malformed(wrong, parameter=change.parameter)
        book, rows = self.book, np.array([change.row])
        book.columns[change.parameter][rows] = change.value
        effects = book.product.on_parameter_change(
            book.context(rows, change.date, changed=[change.parameter])
        )
        self._say(change.date, run.apply(book, rows, lambda _: effects))

    def fall_due(self, date: Any) -> None:
        """Call the hooks of the events that are due."""
        self._say(date, run.fall_due(self.book, np.arange(len(self.book)), date))

    def close_days(self, dates: Any) -> dict[str, Any]:
        """Close days on which nothing else happens; return accruals (10⁻⁸ minor) and accounts
        (debits − credits, minor) at their ends, int64[days, n].

        All of them are one call, days as rows, where `on_day` only accrues and does not look at
        what it accrues; else they are a call each.
        """
        book, rows = self.book, np.flatnonzero(self.book.is_open)
        names = (*book.accruals, *book.accounts)
        ends = {name: np.empty((len(dates), len(book)), np.int64) for name in names}
        for name, end in ends.items():
            end[:] = book.columns[name]
        grown = None
        if self.is_quiet and len(rows):
            grown = run.close_quiet(book, rows, dates[0], np.full(len(rows), len(dates)))
            self.is_quiet = grown is not None
        if grown is not None:
            for name in grown.keys() & ends.keys():
                ends[name][:, rows] = grown[name].reshape(len(rows), -1).T
        else:
            for day, date in enumerate(dates):
                self._say(date, run.close_day(book, rows, date))
                for name, end in ends.items():
                    end[day] = book.columns[name]
        book.book_accruals(rows)
        return ends

    def next_event(self, after: Any, end: Any) -> Any:
        """Return the next date that an event is scheduled for, at most `end`."""
        due = [self.book.columns[name][self.book.is_open] for name in self.book.events]
        dates = [column[~np.isnat(column)] for column in due]
        return min([max(column.min(), after) for column in dates if len(column)], default=end)


def simulate(
    product: Product,
    terms: Sequence[Mapping[str, int]],
    *,
    start: Any,
    end: Any,
    events: Sequence[Entry | Change] = (),
) -> Simulated:
    """Run agreements on given terms from `start` up to and without `end`.

    Raises: Malformed for terms out of bounds or dates out of order.
    """
    first, last = np.datetime64(start, "D"), np.datetime64(end, "D")
    days = int((last - first) // np.timedelta64(1, "D"))
    if not 1 <= days <= DAYS_MAX:
        raise Malformed(f"expected 1 to {DAYS_MAX} days, was {days}")
    run = Run(product, terms, first)
    waiting = sorted(events, key=lambda one: one.date)
    dates = np.arange(first, last)
    book = run.book
    balances = {name: np.zeros((days, len(terms)), np.int64) for name in book.accounts}
    accrued = {name: np.zeros((days, len(terms)), np.int64) for name in book.accruals}
    found = Simulated(dates, balances, accrued, book)
    late = np.zeros((days, len(terms)), np.int64)  # what was back-dated, evenings before its date
    if product.needs is not None:
        run.book.past = _past(found, late, product.needs.days)
    may_leap = len(terms) == 1 and product.needs is None and days >= LEAP_DAYS_MIN
    at, date, stops = 0, first, 0
    while date < last:
        stops += 1
        run.open(date)
        run.fall_due(date)
        while at < len(waiting) and waiting[at].date <= date:
            one = waiting[at]
            if isinstance(one, Change):
                run.change(one)
                at, stops = at + 1, 1
                continue
            wave = _wave(waiting, at)
            refused = run.enter(date, wave)
            found.refusals += [(date, row, reason) for row, reason in refused]
            _count_late(late, dates, wave, dict(refused))
            at += len(wave)
        run.fall_due(date)  # what entries and changes scheduled for the same day
        if stops == LEAPS_AFTER and may_leap and run.is_quiet:
            _tell(run, found)
            went = _leap(book, date, last, waiting[at:], found)
            if went > date:
                at += sum(one.date < went for one in waiting[at:])
                date, stops = went, 0
                continue
        until = min(run.next_event(date + 1, last), last)
        if at < len(waiting):
            until = min(until, waiting[at].date)
        span = slice(*np.searchsorted(dates, [date, until]))
        _note(found, span, run.close_days(dates[span]))
        date = until
    _tell(run, found)
    check.that(book.difference() == 0, "expected debits to equal credits")
    return found


def _leap(book: Book, start: Any, last: Any, waiting: Sequence[Any], found: Simulated) -> Any:
    """Go on from a stop as far as all stops can be run at once; return the date it comes to."""
    change = next((one.date for one in waiting if isinstance(one, Change)), last)
    entries = [one for one in waiting if one.date < change]
    money = leaping.Money(
        date=np.array([one.date for one in entries], "datetime64[D]"),
        amount=np.array([one.amount_minor for one in entries], np.int64),
        against=np.array([one.against for one in entries], np.int64),
        value_date=np.array(
            [one.date if one.value_date is None else one.value_date for one in entries],
            "datetime64[D]",
        ),
    )
    went = leaping.leap(book, start, min(change, last), money)
    if went is None:
        return start
    dates = went.until
    ends = {name: column[:, np.newaxis] for name, column in went.ends.items()}
    _note(found, slice(*np.searchsorted(found.dates, [start, went.until[-1]])), ends)
    moves = [
        (row, dates[row], _place(moved.debit), _place(moved.credit), 0, amount)
        for applied in went.applied
        for moved in applied.transfers
        for row, amount in zip(moved.rows.tolist(), moved.amount.tolist(), strict=True)
    ]
    found.transfers += [move[1:] for move in sorted(moves, key=lambda one: one[0])]
    for said, kept in (
        (went.refused, found.refusals),
        ([each for one in went.applied for each in one.notices], found.notices),
        ([each for one in went.applied for each in one.tasks], found.tasks),
    ):
        told = [(row, text) for text, rows in said for row in rows.tolist()]
        kept += [(dates[row], 0, text) for row, text in sorted(told, key=lambda one: one[0])]
    return went.until[-1]


def _note(found: Simulated, span: slice, ends: Mapping[str, Any]) -> None:
    """Keep evenings (int64[days, n] by name)."""
    for name in found.accrued_e8:
        found.accrued_e8[name][span] = ends[name]
    for name, column in found.balances.items():
        sign = -1 if grows_by_credit(found.book.accounts[name].slot) else 1
        column[span] = sign * ends[name]


def _count_late(late: Any, dates: Any, wave: Sequence[Entry], refused: Mapping[int, str]) -> None:
    """Count back-dated entries on the evenings from their value date on."""
    for one in wave:
        if one.value_date is not None and one.row not in refused:
            ends = np.array([one.value_date, one.date], "datetime64[D]")
            late[slice(*np.searchsorted(dates, ends)), one.row] += one.amount_minor


def _past(found: Simulated, late: Any, days: int) -> Callable[[str, Any, Any], Any]:
    """Return what gives the evenings before a date, from what was found so far."""
    inbox = found.book.product.inbox
    sign = 1 if grows_by_credit(inbox.slot) else -1

    def past(name: str, rows: Any, date: Any) -> Any:
        end = int(np.searchsorted(found.dates, np.min(date)))
        span = slice(max(end - days, 0), end)
        evenings = found.balances[name][span, rows].T
        if name == inbox.name:
            evenings = evenings + sign * late[span, rows].T
        return np.pad(evenings, ((0, 0), (days - evenings.shape[1], 0)))

    return past


def _wave(waiting: Sequence[Entry | Change], start: int) -> list[Entry]:
    """Return the entries from `start` on that are of one date and of different agreements."""
    wave: list[Entry] = []
    rows: set[int] = set()
    for one in waiting[start:]:
        same = isinstance(one, Entry) and (not wave or one.date == wave[0].date)
        if not same or not isinstance(one, Entry) or one.row in rows:
            break
        wave.append(one)
        rows.add(one.row)
    return wave


def _tell(run: Run, found: Simulated) -> None:
    steps, run.said = run.said, []
    for date, applied in steps:
        for moved in applied.transfers:
            places = _place(moved.debit), _place(moved.credit)
            for row, amount in zip(moved.rows.tolist(), moved.amount.tolist(), strict=True):
                found.transfers.append((date, *places, row, amount))
        for said, kept in ((applied.notices, found.notices), (applied.tasks, found.tasks)):
            kept += [(date, row, code) for code, rows in said for row in rows.tolist()]


def _place(place: Account | Slot) -> str:
    return place.name

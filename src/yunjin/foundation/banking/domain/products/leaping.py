"""All that one agreement comes by, at once: its stops guessed, tried as rows, guessed better.

A stop is a day on which something falls due or money moves; between stops only evenings pass. What
an agreement is like at a stop follows from the stop before and from nothing else. So all stops are
rows of one book: each is taken to the next, and where every row comes to what was guessed for the
one after it, the guess is what going day by day comes to: the first row is known, and each row
proves the one after it. One more row is right after every pass, and mostly all are after a dozen.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from yunjin.foundation.banking.domain.periods import add_months
from yunjin.foundation.banking.domain.products import run
from yunjin.foundation.banking.domain.products.book import BOOKED, Applied, Book, ready_for
from yunjin.foundation.banking.domain.products.effects import Effect, Put, Settle, listed

STOPS_MAX: Final = 512
PASSES_MAX: Final = 40
PATIENCE: Final = 6  # turns, and after them as many stops a turn must have been proven
PROVEN_A_TURN: Final = 8
BESIDE_MAX: Final = 0.01  # of what is added: lies beside a line that may still be called one
SHARE_MAX: Final = 0.05


@dataclass(frozen=True, slots=True)
class Money:
    """Entries of one agreement in order of their dates, a row each."""

    date: Any  # datetime64[D][m]
    amount: Any  # int64[m], minor, > 0 comes in
    against: Any  # int64[m], Slot
    value_date: Any  # datetime64[D][m]


@dataclass(slots=True)
class Leap:
    """What happened at the stops, and up to when.

    ends : accruals and accounts each evening (int64[days]) by name.
    applied, refused : of rows that are stops.
    """

    until: Any  # datetime64[D][stops]: the stop after each, when what happened did
    ends: dict[str, Any]
    applied: list[Applied]
    refused: list[tuple[str, Any]]


class _Stops(Book):
    """An agreement at many dates, a row each, kept as one table."""

    def __init__(self, agreement: Book, count: int) -> None:
        super().__init__(agreement.product, is_cash=agreement.is_cash)
        kinds = {name: column.dtype for name, column in self.columns.items()}
        self.table = np.zeros((len(kinds), count), np.int64)
        self.columns = {
            name: row.view(kind)
            for row, (name, kind) in zip(self.table, kinds.items(), strict=True)
        }
        self._place = {name: place for place, name in enumerate(kinds)}
        self.is_date = np.array([kind.kind == "M" for kind in kinds.values()])
        self._renewed = np.array([name.endswith(BOOKED) for name in kinds]) | self.is_date
        self._was_put = np.zeros(self.table.shape, np.bool_)
        self._before: tuple[Any, Any] | None = None  # the turn before: guess and what it added

    def image_of(self, agreement: Book) -> Any:
        """Return an agreement's columns (int64[columns]) as the table has them."""
        return np.array([agreement.columns[name].view(np.int64)[0] for name in self.columns])

    def apply(self, effects: Iterable[Effect], rows: Any, *, may_refuse: bool = True) -> Applied:
        ready = listed(effects, lambda one: ready_for(one, len(rows)))
        for one in ready:
            if isinstance(one, Put | Settle):
                name = one.field.name if isinstance(one, Put) else one.accrual.name
                self._was_put[self._place[name], rows[one.where]] = True
        return super().apply(ready, rows, may_refuse=may_refuse)

    def go(self, guess: Any, dates: Any, last: Any, money: Money) -> Leap | None:
        """Take each guess (int64[columns, k]) from its date to its next stop and through it.

        Returns None where an evening does more than add up.
        """
        count = len(dates)
        self.table[:, :count] = guess
        self._was_put[:], self.sums = False, Counter()
        rows = np.arange(count)
        first = np.searchsorted(money.date, dates, "right")
        until = np.append(money.date, last)[first]
        for name in self.events:
            due = self.columns[name][:count]
            until = np.where(due < until, np.maximum(due, dates + 1), until)
        counts = (until - dates).astype(np.int64)
        grown = run.close_quiet(self, rows, dates, counts)
        if grown is None:
            return None
        ends = {
            name: grown.get(name, np.repeat(self.columns[name][:count], counts))
            for name in (*self.accruals, *self.accounts)
        }
        self.book_accruals(rows)
        found = Leap(until, ends, [], [])
        going = rows[until < last]
        found.applied += run.fall_due(self, going, until[going])
        end = np.searchsorted(money.date, until, "right")
        for turn in range(int((end - first)[going].max(initial=0))):
            some = going[first[going] + turn < end[going]]
            which = first[some] + turn
            applied, refused = run.judge_and_enter(
                self,
                some,
                money.amount[which],
                money.against[which],
                date=until[some],
                value_date=money.value_date[which],
            )
            found.applied += applied
            found.refused += refused
        if len(money.date):
            found.applied += run.fall_due(self, going, until[going])
        return found

    def better(self, guess: Any) -> Any:
        """Return what the stops after those guessed are like, as far as the last turn tells.

        What was put anew, and dates, are as they came; what was added to, or left, is what the
        better guess of the stop before has, and what the turn added.
        """
        came = self.table[:, : guess.shape[1]]
        moved = came - guess
        is_new = (self._was_put[:, : guess.shape[1]] | self._renewed[:, np.newaxis]) & (moved != 0)
        grown = np.cumsum(moved, axis=1)
        newest = np.maximum.accumulate(np.where(is_new, np.arange(guess.shape[1]), -1), axis=1)
        base = np.take_along_axis(came - grown, np.maximum(newest, 0), axis=1)
        found = np.where(newest >= 0, base, guess[:, :1]) + grown
        found[:, :-1] += self._bent(guess, moved, ~is_new.any(axis=1))
        return found

    def _bent(self, guess: Any, moved: Any, may_bend: Any) -> Any:
        """Return what the better guess is wrong by, where what is added depends on what there is.

        Interest, and so the principal paid, is a share of the principal: between two turns what a
        stop adds changed in one proportion to what it begins with, and goes on doing so.
        """
        before, self._before = self._before, (guess.copy(), moved)
        wrong = np.zeros((len(guess), guess.shape[1] - 1), np.int64)
        if before is None:
            return wrong
        both = min(guess.shape[1], before[0].shape[1])
        start, more = (
            (now[:, :both] - then[:, :both]).astype(np.float64)
            for now, then in zip((guess, moved), before, strict=True)
        )
        share = np.median(more / np.where(start, start, np.inf), axis=1)  # the last stop is apart
        beside = np.median(np.abs(more - share[:, np.newaxis] * start), axis=1)
        is_line = may_bend & (share != 0) & (beside <= BESIDE_MAX * np.median(abs(more), axis=1))
        steps = np.arange(guess.shape[1] - 1)
        for place in np.flatnonzero(is_line & (np.abs(share) < SHARE_MAX)).tolist():
            off = guess[place, :-1] + moved[place, :-1] - guess[place, 1:]
            power = (1 + share[place]) ** steps
            whole = power * np.cumsum(off / power) - np.cumsum(off)
            wrong[place] = np.where(np.abs(whole) < 2.0**53, np.rint(whole), 0)
        return wrong


def leap(book: Book, start: Any, last: Any, money: Money) -> Leap | None:
    """Take the only agreement of a book from `start`, through with it, to where it is at `last`.

    last: datetime64[D]: what falls due then is not done any more. A long way is cut short.

    Returns None, and nothing is done, where guesses cannot be run, or do not come true soon.
    """
    count = int(min((last - start).astype(np.int64), STOPS_MAX))
    stops = _Stops(book, count)
    guess = np.repeat(stops.image_of(book)[:, np.newaxis], count, axis=1)
    dates, known, steps = np.full(count, start), 1, np.arange(1, count)
    for turn in range(PASSES_MAX):
        try:
            found = stops.go(guess[:, :known], dates[:known], last, money)
        except Exception:  # a guess may be anything: day by day shows what is true
            return None
        if found is None:
            return None
        came, until = stops.table[:, :known], found.until
        is_true = (came[:, :-1] == guess[:, 1:known]).all(axis=0) & (until[:-1] == dates[1:known])
        proven = known if is_true.all() else int(np.argmin(is_true)) + 1
        if turn and proven == known and until[-1] == last:
            for name, column in stops.columns.items():
                book.columns[name][:] = column[known - 1]
            book.sums.update(stops.sums)
            return found
        if proven < min(known, PROVEN_A_TURN * (turn - PATIENCE)):
            return None
        if turn == 0:  # all later stops as if each came by what the first one did
            guess[:, 1:] += (came - guess[:, :1]) * steps
            dates[1:] = _onward(start, until[0], steps)
            for place in np.flatnonzero(stops.is_date).tolist():
                first, second = (one[place, :1].view("M8[D]")[0] for one in (guess, came))
                guess[place, 1:] = _onward(first, second, steps).view(np.int64)
        else:
            guess[:, 1 : known + 1] = stops.better(guess[:, :known])[:, : count - 1]
            drift = until[-1] - dates[known] if known < count else 0
            dates[1 : known + 1] = until[: count - 1]
            dates[known + 1 :] += drift
            last = last if known < count else until[-1]
        ended = np.flatnonzero(dates >= last)
        known = int(ended[0]) if len(ended) else count
    return None


def _onward(first: Any, second: Any, steps: Any) -> Any:
    """Return dates that go on as the second follows the first: by months, or else by days."""
    if np.isnat(first) or np.isnat(second) or first == second:
        return np.full(len(steps), second)
    days = int((second - first).astype(np.int64))
    months = round(days / 30.44)
    if months < 1 or abs(days - 30.44 * months) > 5:
        return first + days * steps
    return add_months(first, months * steps, is_end_of_month=False)

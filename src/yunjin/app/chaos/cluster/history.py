"""What customers did and saw, and whether it can have been so: the judge of a history.

The ledger gives every transfer a timestamp, strictly rising over a cell's whole life whoever writes
it. That is the order in which things happened; the judge asks whether what was seen agrees:

- every acknowledged transfer is there as it was sent, every refused one is not, no id twice;
- a transfer that was answered before another was sent has the smaller timestamp;
- every reading of all balances is the state after some prefix of that order, which has in it all
  that was answered before the reading began, and nothing that was sent after it ended;
- readings by themselves do not go back;
- the balances at the end are those that the transfers which are there come to.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

SAID_MAX: Final = 20


@dataclass(frozen=True, slots=True)
class Sent:
    """A transfer that a customer sent."""

    id: UUID
    debit: int  # places of the accounts
    credit: int
    amount_minor: int


@dataclass(slots=True)
class Post:
    """A batch on its way; `answered_at` is infinite where the customer never heard."""

    rows: list[Sent]
    sent_at: float
    answered_at: float = math.inf
    created: list[bool] | None = None  # what the answer said, row by row; None: unknown


@dataclass(slots=True)
class Reading:
    """All balances (credits less debits), read at once by somebody."""

    balances: tuple[int, ...]
    asked_at: float
    answered_at: float


@dataclass(slots=True)
class History:
    """Everything that happened, as the customers saw it."""

    posts: list[Post] = field(default_factory=list)
    readings: list[Reading] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Kept:
    """A transfer that is there at the end."""

    id: UUID
    debit: int
    credit: int
    amount_minor: int
    timestamp: int


@dataclass(slots=True)
class Verdict:
    """What cannot have been so."""

    said: list[str] = field(default_factory=list)

    def add(self, what: str) -> None:
        """Note something wrong."""
        if len(self.said) < SAID_MAX:
            self.said.append(what)


def judge(history: History, kept: Sequence[Kept], end: tuple[int, ...], accounts: int) -> list[str]:
    """Return what is wrong, in sentences; none where all can have been so.

    kept : every transfer that is there, in any order.  end : the balances at the end.
    """
    verdict = Verdict()
    order = sorted(kept, key=lambda one: one.timestamp)
    places = {one.id: place for place, one in enumerate(order)}
    if len(places) != len(order) or len({one.timestamp for one in order}) != len(order):
        verdict.add("an id or a timestamp is there twice")
    _judge_answers(history.posts, places, order, verdict)
    _judge_order(history.posts, places, verdict)
    states = _states(order, accounts)
    if states[-1] != end:
        verdict.add(f"the transfers come to {states[-1]}, the balances are {end}")
    _judge_readings(history, places, states, verdict)
    return verdict.said


def _judge_answers(
    posts: Iterable[Post], places: dict[UUID, int], order: list[Kept], verdict: Verdict
) -> None:
    for post in posts:
        unknown: list[bool | None] = [None] * len(post.rows)
        for row, is_created in zip(post.rows, post.created or unknown, strict=True):
            place = places.get(row.id)
            if is_created is True and place is None:
                verdict.add(f"{row.id} was acknowledged and is not there")
            if is_created is False and place is not None:
                verdict.add(f"{row.id} was refused and is there")
            if place is not None:
                seen = order[place]
                if (seen.debit, seen.credit, seen.amount_minor) != (
                    row.debit,
                    row.credit,
                    row.amount_minor,
                ):
                    verdict.add(f"{row.id} is there as {seen}, was sent as {row}")


def _judge_order(posts: list[Post], places: dict[UUID, int], verdict: Verdict) -> None:
    """What was answered before another was sent comes before it."""
    answered = sorted((p for p in posts if p.created is not None), key=lambda p: p.answered_at)
    by_sending = sorted(posts, key=lambda p: p.sent_at)
    highest, at = -1, 0
    for post in by_sending:
        while at < len(answered) and answered[at].answered_at < post.sent_at:
            highest = max([highest, *(places.get(row.id, -1) for row in answered[at].rows)])
            at += 1
        for row in post.rows:
            place = places.get(row.id)
            if place is not None and place < highest:
                verdict.add(f"{row.id} came before what was answered before it was sent")


def _states(order: list[Kept], accounts: int) -> list[tuple[int, ...]]:
    balances = [0] * accounts
    states = [tuple(balances)]
    for one in order:
        balances[one.debit] -= one.amount_minor
        balances[one.credit] += one.amount_minor
        states.append(tuple(balances))
    return states


def _judge_readings(
    history: History, places: dict[UUID, int], states: list[tuple[int, ...]], verdict: Verdict
) -> None:
    prefixes: dict[tuple[int, ...], list[int]] = {}
    for count, state in enumerate(states):
        prefixes.setdefault(state, []).append(count)
    floor, seen = 0, sorted(history.readings, key=lambda one: one.asked_at)
    done: list[tuple[float, int]] = []  # (answered at, the smallest prefix it can have seen)
    for reading in seen:
        low, high = _bounds(history.posts, places, reading, len(states) - 1)
        floor = max([floor, *(count for at, count in done if at < reading.asked_at)])
        fits = [n for n in prefixes.get(reading.balances, []) if max(low, floor) <= n <= high]
        if not fits:
            verdict.add(
                f"{reading.balances}, read from {reading.asked_at:.3f} to "
                f"{reading.answered_at:.3f}, is no state between {max(low, floor)} and {high}"
            )
            continue
        done.append((reading.answered_at, fits[0]))


def _bounds(
    posts: list[Post], places: dict[UUID, int], reading: Reading, most: int
) -> tuple[int, int]:
    """Return how many transfers a reading must and may have seen."""
    low, high = 0, most
    for post in posts:
        found = [places[row.id] for row in post.rows if row.id in places]
        if not found:
            continue
        if post.created is not None and post.answered_at < reading.asked_at:
            low = max(low, max(found) + 1)
        if post.sent_at > reading.answered_at:
            high = min(high, min(found))
    return low, high

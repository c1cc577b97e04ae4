"""Limits: what may be reserved, and what that does to every limit above. Pure, in minor units.

A reservation counts at its limit and at each one above it, so that a child can never use more than
its parent has left, however much the children's ceilings come to together.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from yunjin.platforms.capability.api.limits import (
    LimitState,
    LimitStatus,
    Period,
    Reservation,
    Reserved,
)


@dataclass(slots=True)
class Node:
    """A limit that is worked on. began: the day its running period began; None: it has none."""

    limit_id: UUID
    path: tuple[UUID, ...]
    ceiling_minor: int
    held_minor: int
    used_minor: int
    state: LimitState
    period: Period
    began: dt.date | None
    since: dt.date | None
    until: dt.date | None

    @property
    def left_minor(self) -> int:
        """What may still be reserved, as far as this limit itself goes."""
        return self.ceiling_minor - self.held_minor - self.used_minor

    def turn(self, today: dt.date) -> None:
        """Begin the period that `today` is in; what the one before used no longer counts."""
        began = period_of(self.period, today)
        if began != self.began:
            self.began, self.held_minor, self.used_minor = began, 0, 0

    def is_open(self, today: dt.date) -> bool:
        """Whether anything may be reserved on a business date."""
        has_begun = self.since is None or self.since <= today
        return (
            self.state is LimitState.OPEN and has_begun and not (self.until and self.until <= today)
        )


def period_of(period: Period, today: dt.date) -> dt.date | None:
    """Return the day on which the period that a date is in began."""
    if period is Period.ALL:
        return None
    return today if period is Period.DAY else today.replace(day=1)


def reserve(
    nodes: Mapping[UUID, Node], wanted: Sequence[Reservation], today: dt.date
) -> list[Reserved]:
    """Reserve in order, each by itself; the nodes are changed.

    nodes : every limit asked for that there is, and all above them.
    """
    return [_reserve(nodes, one, today) for one in wanted]


def _reserve(nodes: Mapping[UUID, Node], one: Reservation, today: dt.date) -> Reserved:
    leaf = nodes.get(one.limit_id)
    if leaf is None:
        return Reserved(hold_id=one.hold_id, status=LimitStatus.LIMIT_NOT_FOUND)
    path = [nodes[limit_id] for limit_id in leaf.path]
    for node in path:
        node.turn(today)
    shut = next((node for node in path if not node.is_open(today)), None)
    if shut is not None:
        status = LimitStatus.LIMIT_NOT_OPEN
        return Reserved(hold_id=one.hold_id, status=status, limit_id=shut.limit_id)
    least = min(reversed(path), key=lambda node: node.left_minor)  # of equals, the lowest
    if least.left_minor < one.amount_minor:
        return Reserved(
            hold_id=one.hold_id,
            status=LimitStatus.EXCEEDED,
            limit_id=least.limit_id,
            left_minor=max(least.left_minor, 0),
        )
    for node in path:
        node.held_minor += one.amount_minor
    return Reserved(hold_id=one.hold_id, status=LimitStatus.RESERVED, limit_id=one.limit_id)


def move(
    path: Sequence[Node],
    *,
    held_minor: int,
    used_minor: int,
    since: Sequence[dt.date | None],
    today: dt.date,
) -> None:
    """Change what is held and used along a path; the nodes are changed.

    since : the period of each node in which the hold was made: what is no longer counted there is
        not taken off again.
    """
    for node, began in zip(path, since, strict=True):
        node.turn(today)
        if node.began == began:
            node.held_minor += held_minor
            node.used_minor += used_minor

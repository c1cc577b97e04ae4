"""Parties: ids, what is shown of a value, who may follow whom, who owns whom. Pure."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from yunjin.platforms.capability.api.party_facts import (
    OWNING,
    PPM,
    ROLE_OF_END,
    SHARED,
    ContactKind,
    Kyc,
    PartyKind,
    RelationKind,
)

_SIGNS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's: no I, L, O, U; sorted as ASCII
_LETTERS: Final = 26
SHOWN_MAX: Final = 80
FOLLOWS: Final[Mapping[Kyc, frozenset[Kyc]]] = {
    Kyc.NONE: frozenset({Kyc.PENDING}),
    Kyc.PENDING: frozenset({Kyc.VERIFIED, Kyc.REFUSED}),
    Kyc.VERIFIED: frozenset({Kyc.PENDING}),
    Kyc.REFUSED: frozenset({Kyc.PENDING}),
    Kyc.EXPIRED: frozenset({Kyc.PENDING}),
}


def party_id_of(command_id: UUID) -> str:
    """Return the id of the party that a command opens: it sorts as the command's id does."""
    number = command_id.int
    return "P" + "".join(_SIGNS[number >> 5 * at & 31] for at in reversed(range(_LETTERS)))


def kyc_on(state: Kyc, review: dt.date | None, today: dt.date) -> Kyc:
    """Return where knowing a customer stands on a day: a verification ends on its review date."""
    is_over = state is Kyc.VERIFIED and review is not None and review <= today
    return Kyc.EXPIRED if is_over else state


def shown_number(number: str) -> str:
    """Return a document's number with all but its ends hidden."""
    head, tail = (2, 4) if len(number) >= 12 else (1, 2) if len(number) >= 6 else (0, 1)
    return f"{number[:head]}{'*' * (len(number) - head - tail)}{number[len(number) - tail :]}"


def shown_contact(kind: ContactKind, value: str) -> str:
    """Return a contact with what would reach it hidden."""
    match kind:
        case ContactKind.PHONE:
            head, tail = (3, 4) if len(value) >= 9 else (0, 2)
            hidden = "*" * (len(value) - head - tail)
            return f"{value[:head]}{hidden}{value[-tail:]}"
        case ContactKind.EMAIL:
            name, _, host = value.partition("@")
            return f"{name[0]}***@{host}"[:SHOWN_MAX]
    return f"{value[:6].rstrip()}***" if len(value) > 8 else "***"


@dataclass(frozen=True, slots=True)
class Edge:
    """A relation as ownership is judged by: ids are those that aliases mean."""

    kind: RelationKind
    from_id: str
    to_id: str
    share_ppm: int = 0
    since: dt.date | None = None
    until: dt.date | None = None


def fits(kind: RelationKind, from_kind: PartyKind, to_kind: PartyKind) -> bool:
    """Whether a relation may stand between parties of these kinds."""
    wanted = ROLE_OF_END[kind]
    return all(
        one is None or one is there for one, there in zip(wanted, (from_kind, to_kind), strict=True)
    )


def is_share(kind: RelationKind, share_ppm: int) -> bool:
    """Whether a relation may have this share: some where it is about owning, else none."""
    return 0 < share_ppm <= PPM if kind in SHARED else share_ppm == 0


def is_again(one: Edge, other: Edge) -> bool:
    """Whether two relations say the same of some day; a marriage has no first and second."""
    ends = [(other.from_id, other.to_id)]
    if one.kind is RelationKind.SPOUSE:
        ends.append((other.to_id, other.from_id))
    first, last = dt.date.min, dt.date.max
    meet = (one.since or first) < (other.until or last) and (other.since or first) < (
        one.until or last
    )
    return one.kind is other.kind and (one.from_id, one.to_id) in ends and meet


def closes_circle(edge: Edge, edges: Sequence[Edge]) -> bool:
    """Whether somebody would own, or head, itself by way of others, on any day of `edge`."""
    if edge.kind not in OWNING:
        return False
    same = [one for one in edges if one.kind is edge.kind]
    return any(
        _reaches(edge.to_id, edge.from_id, [one for one in same if _holds(one, day)])
        for day in _days(edge, same)
    )


def has_circle(edges: Sequence[Edge]) -> bool:
    """Whether any of these edges closes a circle with the others."""
    return any(closes_circle(one, edges) for one in edges)


def owned_ppm(edges: Sequence[Edge], of: Edge) -> int:
    """Return how much of `of.to_id` is owned at most on any day on which `of` holds.

    edges : of its kind, those that end at the same party; `of` itself is counted if it is there.
    """
    return max(sum(one.share_ppm for one in edges if _holds(one, day)) for day in _days(of, edges))


def _reaches(start: str, goal: str, edges: Sequence[Edge]) -> bool:
    below: dict[str, list[str]] = {}
    for one in edges:
        below.setdefault(one.from_id, []).append(one.to_id)
    seen, waiting = {start}, [start]
    while waiting:
        fresh = [one for one in below.get(waiting.pop(), ()) if one not in seen]
        seen.update(fresh)
        waiting += fresh
    return goal in seen


def _days(of: Edge, edges: Sequence[Edge]) -> set[dt.date]:
    """Return the days of an edge on which what else holds may be otherwise than the day before."""
    first, end = of.since or dt.date.min, of.until or dt.date.max
    return {first, *(one.since for one in edges if one.since and first <= one.since < end)}


def _holds(one: Edge, day: dt.date) -> bool:
    return (one.since or dt.date.min) <= day and (one.until is None or day < one.until)

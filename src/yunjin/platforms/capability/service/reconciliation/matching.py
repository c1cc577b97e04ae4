"""A day of a channel, matched: both sides in columns, what is left explained, totals proven."""

import datetime as dt
import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final
from uuid import UUID

import pyarrow as pa
import pyarrow.compute as pc

from yunjin.chassis.persistence import RoomDatabase
from yunjin.kernel.errors import Bug
from yunjin.kernel.ids import uuid7_of
from yunjin.platforms.capability.api.payments import PaymentState
from yunjin.platforms.capability.api.reconciliation import DifferenceKind, Total
from yunjin.platforms.capability.domain.reconciliation.facts import Elsewhere, Found, Side
from yunjin.platforms.capability.domain.reconciliation.matching import agree, named, sums
from yunjin.platforms.capability.domain.reconciliation.naming import Explainer
from yunjin.platforms.capability.service.reconciliation.ours import Ours, known_of
from yunjin.platforms.capability.service.reconciliation.reading import (
    booked_rows,
    days,
    line_rows,
    lines_of_parts,
)
from yunjin.platforms.capability.store import reconciliation as store

_SPACE: Final = b"yunjin/diff/1"  # a new rule for ids would need a new number
_DAY_MS: Final = 86_400_000
_AROUND: Final = 31  # days: a line comes so long after its payment at most
_BOOKED: Final = (PaymentState.SETTLED, PaymentState.RETURNED)
_TOLD: Final = (
    DifferenceKind.DATE.value,
    DifferenceKind.STATE.value,
    DifferenceKind.RETURNED.value,
)


@dataclass(frozen=True, slots=True)
class Matched:
    """A day as it was matched. late: payments whose line came with another day's file."""

    matched: int
    found: dict[UUID, Found]
    totals: tuple[Total, ...]
    late: tuple[UUID, ...]


def match(
    room: RoomDatabase,
    ours: Ours,
    channel: str,
    day: dt.date,
    lines: pa.RecordBatch,
    *,
    cost_minor: int,
) -> Matched:
    """Match a day's lines against our books. Raises: Outage, Bug (totals that are not explained).

    lines : LINES of all the day's files.
    """
    own = ours.of(channel, day)
    if _has_nameless(lines):
        lines = named(lines, ours.references(channel, day))
    agreed = agree(lines, own, days(day))
    left = line_rows(lines.take(pa.array(agreed.left_lines)))
    own_left = own.take(pa.array(agreed.left_ours))
    ids = {one.payment_id for one in left if one.payment_id is not None}
    ids |= {
        UUID(int=high << 64 | low)
        for high, low in zip(
            own_left["payment_hi"].to_pylist(), own_left["payment_lo"].to_pylist(), strict=True
        )
    }
    payments = ours.payments(ids)
    facts = {one.payment_id: (one.wave_id.hex, one.other_account) for one in payments.values()}
    booked = booked_rows(own_left, facts)
    own_ids = {one.payment_id for one in booked}
    suspects = {
        one.payment_id
        for one in payments.values()
        if one.state in _BOOKED and one.payment_id not in own_ids
    }
    explainer = Explainer(
        channel=channel,
        day=days(day),
        known={each: known_of(one) for each, one in payments.items()},
        elsewhere=_elsewhere(room, channel, days(day), [*ids], suspects),
        cost_minor=cost_minor,
    )
    found = explainer.explain(left, booked)
    totals = _totals(lines, own, found, agreed.matched + explainer.matched)
    late = tuple(
        one.payment_id
        for one in found
        if one.kind is DifferenceKind.DATE and one.payment_id is not None
    )
    return Matched(agreed.matched + explainer.matched, _numbered(channel, day, found), totals, late)


def _has_nameless(lines: pa.RecordBatch) -> bool:
    nameless = (lines["payment_hi"].to_numpy() | lines["payment_lo"].to_numpy()) == 0
    return bool(nameless.any())


def _elsewhere(
    room: RoomDatabase, channel: str, day: int, ids: Sequence[UUID], suspects: set[UUID]
) -> Elsewhere:
    """Return what other days say of payments.

    suspects : those that are booked, and not on this day: has another day's file named them?
    """
    rows = room.read(lambda connection: store.of_payments(connection, channel, day, ids))
    told = {
        (row.payment_id, bool(row.is_return))
        for row in rows
        if row.theirs_minor and row.kind in _TOLD
    }
    seen: set[Side] = set()
    if suspects:
        runs = room.read(lambda connection: store.runs_around(connection, channel, day, _AROUND))
        for run_id in runs:
            for lines in lines_of_parts(_parts(room, run_id)):
                seen |= _named(lines, suspects)
    return Elsewhere(seen=frozenset(seen), told=frozenset(told))


def _parts(room: RoomDatabase, run_id: UUID) -> list[bytes]:
    return room.read(lambda connection: store.parts(connection, [run_id]))


def _named(lines: pa.RecordBatch, suspects: set[UUID]) -> set[Side]:
    """Return the payments, among some, that lines name, and which side of them."""
    low = pa.array([one.int & 2**64 - 1 for one in suspects], pa.uint64())
    mine = lines.filter(pc.is_in(lines["payment_lo"], value_set=low))
    return {(one.payment_id, one.side) for one in line_rows(mine) if one.payment_id in suspects}


def _totals(
    lines: pa.RecordBatch, own: pa.RecordBatch, found: Sequence[Found], matched: int
) -> tuple[Total, ...]:
    """Return both sides by currency, and hold what is explained against their difference."""
    theirs, ours = sums(lines, only_money=True), sums(own, only_money=False)
    explained: Counter[str] = Counter()
    for one in found:
        explained[one.currency] += one.theirs_minor - one.ours_minor
    totals = []
    for currency in sorted({*theirs, *ours, *explained}):
        made = Total(
            currency=currency,
            theirs_count=theirs.get(currency, (0, 0))[0],
            theirs_minor=theirs.get(currency, (0, 0))[1],
            ours_count=ours.get(currency, (0, 0))[0],
            ours_minor=ours.get(currency, (0, 0))[1],
            matched_count=matched,
            explained_minor=explained[currency],
        )
        if made.gap_minor:
            raise Bug("expected every unit to be explained, was a gap", **asdict(made))
        totals.append(made)
    return tuple(totals)


def _numbered(channel: str, day: dt.date, found: Sequence[Found]) -> dict[UUID, Found]:
    """Return differences under ids that follow from what they are, whichever run finds them."""
    times: Counter[tuple[Any, ...]] = Counter()
    made: dict[UUID, Found] = {}
    for one in found:
        what = (one.kind.value, one.currency, str(one.payment_id), one.reference, one.is_return)
        which = (*what, one.theirs_minor, one.ours_minor)
        times[which] += 1
        text = "|".join(str(each) for each in (channel, day, *which, times[which]))
        digest = hashlib.blake2b(text.encode(), digest_size=10, person=_SPACE).digest()
        made[uuid7_of(days(day) * _DAY_MS, int.from_bytes(digest) & (1 << 74) - 1)] = one
    return made

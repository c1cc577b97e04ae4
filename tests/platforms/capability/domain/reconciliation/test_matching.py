"""Goal: whatever differences are planted in a file, all of them are found and nothing else.

Method: Hypothesis plants differences of each kind, in any number and order, among payments that
agree; the totals of every run are explained to the unit.
"""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from yunjin.platforms.capability.api.payments import PaymentState
from yunjin.platforms.capability.api.reconciliation import DifferenceKind
from yunjin.platforms.capability.domain.reconciliation.columns import (
    LINES,
    OURS,
    REJECTED,
    RETURNED,
    SETTLED,
    halves_of,
    number_of,
)
from yunjin.platforms.capability.domain.reconciliation.facts import (
    Booked,
    Elsewhere,
    Found,
    Known,
    Line,
    Side,
)
from yunjin.platforms.capability.domain.reconciliation.matching import agree, named, sums
from yunjin.platforms.capability.domain.reconciliation.naming import Explainer

K, S = DifferenceKind, PaymentState
DAY, COST = 20_458, 7


@dataclass
class Day:
    """A day of a channel: what both sides have, and what is planted in it."""

    lines: list[dict[str, Any]] = field(default_factory=list)
    ours: list[dict[str, Any]] = field(default_factory=list)
    facts: dict[UUID, tuple[str, str]] = field(default_factory=dict)
    known: dict[UUID, Known] = field(default_factory=dict)
    told: set[Side] = field(default_factory=set)
    seen: set[Side] = field(default_factory=set)
    planted: list[tuple[str, UUID | None]] = field(default_factory=list)

    def payment(self, number: int, amount: int, state: PaymentState, batch: str = "") -> UUID:
        """Make a payment of ours that the channel may name."""
        made = UUID(int=number << 64 | number)
        self.facts[made] = (batch, f"62{number}")
        self.known[made] = Known(
            payment_id=made,
            channel="beps",
            state=state,
            currency="CNY",
            stated_minor=amount,
        )
        return made

    def book(self, payment: UUID, amount: int, *, is_return: bool = False) -> None:
        """Book it on our side."""
        self.ours.append(
            {
                "payment_hi": payment.int >> 64,
                "payment_lo": payment.int & 2**64 - 1,
                "is_return": is_return,
                "currency": "CNY",
                "amount_minor": amount,
            }
        )

    def line(self, payment: UUID | None, amount: int, **more: Any) -> None:
        """Put a line into the channel's file."""
        number = payment.int if payment else 0
        row = dict.fromkeys(LINES.names) | {
            "payment_hi": number >> 64,
            "payment_lo": number & 2**64 - 1,
            "line_id": f"L{len(self.lines)}",
            "currency": "CNY",
            "amount_minor": amount,
            "fee_minor": 0,
            "day": DAY,
            "outcome": SETTLED,
        }
        self.lines.append(row | more)

    def match(self) -> list[Found]:
        """Match the day, and hold the differences against both totals."""
        lines = pa.RecordBatch.from_pylist(self.lines, schema=LINES)
        ours = pa.RecordBatch.from_pylist(self.ours, schema=OURS)
        agreed = agree(lines, ours, DAY)
        explainer = Explainer(
            channel="beps",
            day=DAY,
            known=self.known,
            elsewhere=Elsewhere(seen=frozenset(self.seen), told=frozenset(self.told)),
            cost_minor=COST,
        )
        left = [_line(row) for row in lines.take(pa.array(agreed.left_lines)).to_pylist()]
        own = [self._booked(row) for row in ours.take(pa.array(agreed.left_ours)).to_pylist()]
        found = explainer.explain(left, own)
        theirs = sums(lines, only_money=True).get("CNY", (0, 0))[1]
        mine = sums(ours, only_money=False).get("CNY", (0, 0))[1]
        assert theirs - mine == sum(one.theirs_minor - one.ours_minor for one in found)
        return found

    def _booked(self, row: dict[str, Any]) -> Booked:
        payment = UUID(int=row["payment_hi"] << 64 | row["payment_lo"])
        batch, account = self.facts[payment]
        return Booked(
            payment_id=payment,
            is_return=row["is_return"],
            currency=row["currency"],
            amount_minor=row["amount_minor"],
            batch=batch,
            account=account,
        )


def _line(row: dict[str, Any]) -> Line:
    facts = {name: row[name] for name in ("currency", "amount_minor", "fee_minor", "day")}
    texts = {name: row[name] or "" for name in ("end_to_end_id", "batch", "line_id", "account")}
    return Line(
        payment_id=number_of(row["payment_hi"], row["payment_lo"]),
        outcome=row["outcome"],
        **facts,
        **texts,
    )


def plant(day: Day, kind: str, number: int, amount: int) -> None:
    """Plant one thing: "same" is none."""
    sign = -1 if number % 3 else 1
    amount = sign * (amount + 100_000 + 20 * number)
    here = {"missing_ours": None}
    payment = None if kind in here else day.payment(number, amount, S.SETTLED)
    match kind:
        case "same":
            day.book(payment, amount)
            day.line(payment, amount)
            return
        case "split":
            day.book(payment, amount)
            day.line(payment, amount - 3)
            day.line(payment, 3)
            return
        case "rejected":
            day.known[payment] = _in(day.known[payment], S.REJECTED)
            day.line(payment, amount, outcome=REJECTED)
            return
        case "missing_ours":
            payment = UUID(int=2**127 | number)
            day.line(payment, amount)
            payment = None
        case "missing_theirs":
            day.book(payment, amount)
        case "amount":
            day.book(payment, amount)
            day.line(payment, amount + 11)
        case "duplicate":
            day.book(payment, amount)
            day.line(payment, amount)
            day.line(payment, amount)
        case "state":
            day.known[payment] = _in(day.known[payment], S.SENT)
            day.line(payment, amount)
        case "date":
            day.line(payment, amount)
        case "fee":
            day.book(payment, amount)
            day.line(payment, amount - COST)
        case "returned":
            day.book(payment, amount)
            day.line(payment, amount)
            day.line(payment, -amount, outcome=RETURNED)
        case "ledger":
            day.book(payment, amount + 5)
            day.line(payment, amount)
    day.planted.append((kind, payment))


def _in(known: Known, state: PaymentState) -> Known:
    return Known(
        payment_id=known.payment_id,
        channel=known.channel,
        state=state,
        currency=known.currency,
        stated_minor=known.stated_minor,
    )


KINDS = ["same", "split", "rejected", *(one.value for one in K)]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(KINDS), st.integers(1, 10**9)), max_size=40),
    st.randoms(use_true_random=False),
)
def test_all_that_is_planted_is_found_and_nothing_else(
    plan: list[tuple[str, int]], chance: Any
) -> None:
    day = Day()
    for number, (kind, amount) in enumerate(plan, 1):
        plant(day, kind, number, amount)
    chance.shuffle(day.lines)
    chance.shuffle(day.ours)
    found = [(one.kind.value, one.payment_id) for one in day.match()]
    assert sorted(found, key=str) == sorted(day.planted, key=str)


def test_one_line_of_a_batch_is_the_sum_of_its_payments() -> None:
    day = Day()
    for number in range(1, 4):
        day.book(day.payment(number, -number, S.SETTLED, "abc"), -number)
    day.line(None, -6, batch="abc")
    assert day.match() == []
    day.lines[0]["amount_minor"] = -6 - 3 * COST
    assert [one.kind for one in day.match()] == [K.FEE]
    day.lines[0]["amount_minor"] = -5
    [found] = day.match()
    assert (found.kind, found.theirs_minor, found.ours_minor) == (K.AMOUNT, -5, -6)


def test_lines_without_references_match_by_account_amount_and_net() -> None:
    day = Day()
    for number, amount in ((1, -100), (2, -100), (3, -7), (4, -8)):
        day.book(day.payment(number, amount, S.SETTLED), amount)
    day.line(None, -100, account="622")
    day.line(None, -100)
    day.line(None, -15)
    assert day.match() == []
    day.line(None, -15, line_id="strange")
    assert {one.kind for one in day.match()} == {K.MISSING_OURS, K.MISSING_THEIRS}


def test_another_currency_is_missing_on_both_sides() -> None:
    day = Day()
    day.book(day.payment(1, -100, S.SETTLED), -100)
    day.line(UUID(int=1 << 64 | 1), -100, currency="USD")
    lines = pa.RecordBatch.from_pylist(day.lines, schema=LINES)
    ours = pa.RecordBatch.from_pylist(day.ours, schema=OURS)
    assert agree(lines, ours, DAY).matched == 0


def test_a_line_of_a_payment_that_another_day_s_file_has_is_a_duplicate() -> None:
    day = Day()
    payment = day.payment(1, -100, S.SETTLED)
    day.seen.add((payment, False))
    day.line(payment, -100)
    assert [one.kind for one in day.match()] == [K.DUPLICATE]


def test_what_was_there_before_we_booked_it_is_another_day_s() -> None:
    day = Day()
    payment = day.payment(1, -100, S.SETTLED)
    day.told.add((payment, False))
    day.book(payment, -100)
    assert [one.kind for one in day.match()] == [K.DATE]


def test_end_to_end_ids_name_a_payment_only_where_one_has_them() -> None:
    day = Day()
    day.line(None, -1, end_to_end_id="A")
    day.line(None, -1, end_to_end_id="B")
    references = pa.record_batch(
        {
            "payment_hi": pa.array([1, 2, 3], pa.uint64()),
            "payment_lo": pa.array([1, 2, 3], pa.uint64()),
            "end_to_end_id": pa.array(["A", "B", "B"]),
        }
    )
    lines = named(pa.RecordBatch.from_pylist(day.lines, schema=LINES), references)
    assert lines["payment_lo"].to_pylist() == [1, 0]


def test_ids_are_read_with_and_without_dashes_and_others_are_none() -> None:
    one = UUID("01234567-89ab-7cde-8f01-23456789abcd")
    high, low = halves_of(pa.array([one.hex, str(one).upper(), "x" * 32, "short", None, ""]))
    ids = [number_of(int(a), int(b)) for a, b in zip(high, low, strict=True)]
    assert ids == [one, one, None, None, None, None]

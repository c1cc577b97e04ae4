"""Lending: terms of a product, what is owed and due, the stage of a debt. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from yunjin.foundation.banking.api.agreements import Agreement
from yunjin.kernel.errors import Malformed
from yunjin.kernel.money import MINOR_MAX
from yunjin.platforms.capability.api.collection import STAGES, Stage
from yunjin.platforms.capability.api.decisions import Decision, Outcome, Reason
from yunjin.platforms.capability.api.lending import VALUES_MAX, Offer, RepayKind

E8: Final = 100_000_000
PPM: Final = 1_000_000
TEXT_MAX: Final = 1_000  # of a value of a form
_AMOUNTS: Final = ("amount", "limit")  # the parameter that says how much, by kind of product
_TERMS: Final = ("term", "months")
_HASH: Final = re.compile(r"[0-9a-f]{64}")
# What the surplus of an instalment loan is for: 0 waits, 1 shortens, 2 lowers.
SURPLUS: Final = {
    RepayKind.DUE: 0,
    RepayKind.SHORTEN: 1,
    RepayKind.LOWER: 2,
    RepayKind.SETTLE: 1,
}
SHORTENS: Final = {"surplus": 1}
UNSOUND: Final = Reason(
    code="decision-unsound",
    zh="决策引擎的答复自相矛盾，转人工",
    en="The answer of the decision contradicts itself",
)


@dataclass(frozen=True, slots=True)
class Shape:
    """What a loan product is like. parameters: those an agreement may set, by name.

    is_paid_out : the agreement pays out as it is opened; else it is drawn from.
    """

    amount: str
    term: str
    parameters: frozenset[str]
    currency: str

    @property
    def is_paid_out(self) -> bool:
        """Whether opening it pays the money out."""
        return self.amount == "amount"

    @property
    def is_revolving(self) -> bool:
        """Whether it goes on once nothing is owed."""
        return not self.is_paid_out


def shape_of(parameters: Iterable[str], currency: str) -> Shape | None:
    """Return the shape of a product by the terms an agreement may set; None: it lends nothing."""
    names = frozenset(parameters)
    amount = next((one for one in _AMOUNTS if one in names), "")
    term = next((one for one in _TERMS if one in names), "")
    return Shape(amount, term, names, currency) if amount and term else None


def terms_of(shape: Shape, offer: Offer, more: Mapping[str, int]) -> dict[str, int]:
    """Return the terms that a loan is opened with: the offer's, and what else was agreed."""
    terms = {**more, shape.amount: offer.amount_minor, shape.term: offer.term}
    if offer.rate_ppm and "rate" in shape.parameters:
        terms["rate"] = offer.rate_ppm
    return terms


def owed_minor(loan: Agreement) -> int:
    """Return what settles a loan now: balances, what has accrued, less what was paid in."""
    paid_in = loan.balances.get("paid_in", 0)
    accrued = sum(_half_even(one) for one in loan.accrued_e8.values())
    return max(sum(loan.balances.values()) - 2 * paid_in + accrued, 0)


def due_minor(loan: Agreement) -> int:
    """Return what should have been paid by now, less what was paid in."""
    due = sum(minor for name, minor in loan.balances.items() if name.startswith("due_"))
    return max(due - loan.balances.get("paid_in", 0), 0)


def is_loan(loan: Agreement) -> bool:
    """Whether something can fall due on an agreement."""
    return any(name.startswith("due_") for name in loan.balances)


def principal_minor(loan: Agreement) -> int:
    """Return the principal that is owed, what is due of it too."""
    return loan.balance_minor + loan.balances.get("due_principal", 0)


def is_repaid(loan: Agreement) -> bool:
    """Whether nothing is owed and nothing will be; what was paid in beyond it may be left."""
    owed = any(minor for name, minor in loan.balances.items() if name != "paid_in")
    accrued = any(abs(one) * 2 >= E8 for one in loan.accrued_e8.values())
    return loan.status == "closed" or not (owed or accrued)


def stage_of(days_overdue: int, stages: Sequence[tuple[int, Stage]] = STAGES) -> Stage:
    """Return the stage of so many days overdue; the first for fewer than all say."""
    return next((one for least, one in reversed(stages) if days_overdue >= least), stages[0][1])


def stages_of(text: str) -> tuple[tuple[int, Stage], ...]:
    """Read stages as a parameter has them: "1 reminder, 4 call, 31 visit". Raises: Malformed."""
    try:
        pairs = [one.split() for one in text.split(",")]
        read = tuple((int(least), Stage(name)) for least, name in pairs)
    except ValueError:
        raise Malformed('expected stages like "1 reminder, 4 call", was another') from None
    if [least for least, _ in read] != sorted({max(least, 1) for least, _ in read}):
        raise Malformed("expected days overdue that ascend from 1, was another order")
    return read


def checked_values(values: Mapping[str, Any]) -> None:
    """Raises: Malformed where a form's values are not text, integers, yes or no by plain names."""
    if len(values) > VALUES_MAX:
        raise Malformed(f"expected at most {VALUES_MAX} values of a form, was {len(values)}")
    for name, value in values.items():
        if not (name.isascii() and 0 < len(name) <= 40):
            raise Malformed(f"expected a value's name of 1 to 40 ASCII characters: {name[:40]!r}")
        is_plain = value is None or isinstance(value, str | int | bool)
        is_short = not isinstance(value, str) or len(value) <= TEXT_MAX
        is_small = not isinstance(value, int) or abs(value) <= MINOR_MAX
        if not (is_plain and is_short and is_small):
            raise Malformed(f"expected text, a whole number, yes or no as {name!r}, was another")


def check_hash(text_hash: str) -> None:
    """Raises: Malformed."""
    if _HASH.fullmatch(text_hash) is None:
        raise Malformed("expected SHA-256 as 64 small hex digits, was another")


def sound(decision: Decision, *, amount_minor: int) -> Decision:
    """Return an answer that can be acted on: what contradicts itself is left to a person.

    Nothing is approved that was not asked for: a limit above the amount is the amount. A refusal
    without a reason, or an approval of nothing, of less than nothing or at no possible rate, is
    referred.
    """
    is_rate = 0 <= decision.rate_ppm <= PPM
    if decision.outcome is Outcome.APPROVE and not (is_rate and decision.limit_minor > 0):
        return _referred(decision)
    if decision.outcome is Outcome.DECLINE and not decision.reasons:
        return _referred(decision)
    limit = min(max(decision.limit_minor, 0), amount_minor)
    return Decision(
        outcome=decision.outcome,
        limit_minor=limit,
        rate_ppm=decision.rate_ppm if is_rate else 0,
        reasons=decision.reasons[:50],
        decided_by=decision.decided_by[:100],
        reference=decision.reference[:100],
    )


def _referred(decision: Decision) -> Decision:
    return Decision(
        outcome=Outcome.REFER,
        reasons=(*decision.reasons[:49], UNSOUND),
        decided_by=decision.decided_by[:100],
    )


def _half_even(amount_e8: int) -> int:
    """Return whole minor units, halves to the even one."""
    whole, rest = divmod(amount_e8, E8)
    if rest * 2 == E8:
        return whole + whole % 2
    return whole + (rest * 2 > E8)

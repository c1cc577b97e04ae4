"""Goal: whatever fails, a fee is taken or not, and given back or not: never in between.

Method: Hypothesis plans charges and refunds, and lets the core fail before or after it has acted;
callers send again, or never, and the centre's own round finishes what they left. At rest, what the
payer lacks is the sum of what stands as charged, and free uses are those of what stands.
"""

from typing import Any

import pyarrow as pa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.platforms.capability.pricing.conftest import STANDARD, Desk
from yunjin.kernel.errors import Outage, Refusal, Unknown
from yunjin.platforms.capability.api.pricing import ChargeState

acts = st.lists(
    st.tuples(
        st.sampled_from(["transfer", "loan", "too much", "refund"]),
        st.booleans(),  # whether the caller sends again
        st.booleans(),  # by a quote
    ),
    min_size=1,
    max_size=8,
)
faults = st.lists(st.sampled_from(["before", "after", ""]), max_size=8)


class Failing:
    """The core, whose `post` fails as planned."""

    def __init__(self, door: Any, plan: list[str]) -> None:
        self._door, self._plan = door, plan

    def post(self, entries: pa.RecordBatch) -> pa.RecordBatch:
        word = self._plan.pop() if self._plan else ""
        if word == "before":
            raise Outage("The core is down.")
        answers = self._door.post(entries)
        if word == "after":
            raise Unknown("The core's answer was lost.")
        return answers

    def __getattr__(self, name: str) -> Any:
        return getattr(self._door, name)


@given(acts, faults)
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_fails_a_fee_is_taken_or_not(
    desk: Desk, plan: list[tuple[str, bool, bool]], failing: list[str]
) -> None:
    desk.pricing.publish(desk.id(), STANDARD)
    before = desk.balance
    used = desk.pricing.price(desk.basis(agreement_id=desk.bank.payer)).lines[0]
    free_before = next(one.minor for one in used.tried if one.kind == "free")
    charges: list[Any] = []
    door = desk.pricing._agreements
    desk.pricing._agreements = Failing(door, failing)
    for what, again, by_quote in plan:
        act(desk, what, by_quote=by_quote, again=again, charges=charges)
    desk.pricing._agreements = door
    desk.bank.clock.skip(seconds=60)
    while desk.pricing.finish_left():
        pass
    ended = [desk.pricing.charged(one) for one in charges]
    moving = (ChargeState.POSTING, ChargeState.REFUNDING)
    assert not [one for one in ended if one.state in moving]
    taken = [one for one in ended if one.state is ChargeState.CHARGED]
    assert desk.balance == before - sum(one.priced.total_minor for one in taken)
    free = sum(line.is_free for one in taken for line in one.priced.lines)
    now = desk.pricing.price(desk.basis(agreement_id=desk.bank.payer)).lines[0]
    left = next(one.minor for one in now.tried if one.kind == "free")
    assert left == free_before - free


def act(desk: Desk, what: str, *, by_quote: bool, again: bool, charges: list[Any]) -> None:
    """Charge or refund once, or until an answer is there."""
    command, quote_id = desk.id(), None
    fee = "transfer.out" if what == "transfer" else "loan.service"
    basis = desk.basis(fee, amount_minor=10**13 if what == "too much" else 100_000)
    if what == "refund":
        if not charges:
            return
    elif by_quote:
        quote_id = desk.pricing.quote(desk.id(), basis, valid_s=3_600).quote_id
        desk_basis = None
        charges.append(command)
    else:
        desk_basis = basis
        charges.append(command)
    for _ in range(3):
        try:
            if what == "refund":
                desk.pricing.refund(command, charges[0])
            else:
                desk.pricing.charge(command, desk.bank.payer, quote_id=quote_id, basis=desk_basis)
        except (Outage, Unknown):
            if not again:
                return
        except Refusal:
            return
        else:
            return

"""Goal: whatever fails, every payment ends done or undone, and money is conserved.

Method: Hypothesis plans orders, what the channel says to each, and faults: the core or the channel
fails before or after it has acted, the process dies between any two acts. At rest every payment
has ended, and what left the payer is with the payee or with the channel, to the unit.
"""

from collections.abc import Callable
from typing import Any

import pyarrow as pa
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from tests.platforms.capability.payments.conftest import Payer
from yunjin.foundation.banking.api.agreements import AgreementsApi
from yunjin.kernel.errors import Outage, Unknown
from yunjin.platforms.capability.api.limits import NewLimit
from yunjin.platforms.capability.api.payments import ENDS, PaymentState

S = PaymentState
orders = st.tuples(
    st.integers(1, 600_000),  # amount
    st.sampled_from(["within", "ACSC", "ACSC", "AC04", "back"]),  # what becomes of it
    st.booleans(),  # whether under the limit
)
faults = st.lists(
    st.sampled_from(["core before", "core after", "channel", "answer lost", "death", ""]),
    max_size=8,
)


class Failing:
    """A door whose `post` fails as planned: before it acts or after."""

    def __init__(self, door: Any, plan: list[str]) -> None:
        self._door, self._plan = door, plan

    def post(self, entries: pa.RecordBatch) -> pa.RecordBatch:
        word = next((one for one in self._plan if one.startswith("core")), "")
        if word:
            self._plan.remove(word)
        if word == "core before":
            raise Outage("The core is down.")
        answers = self._door.post(entries)
        if word == "core after":
            raise Unknown("The core's answer was lost.")
        return answers

    def __getattr__(self, name: str) -> Any:
        return getattr(self._door, name)


def dying(act: Callable[..., Any], plan: list[str]) -> Callable[..., Any]:
    """Let an act be the last thing a process does, as often as planned."""

    def acted(*args: Any, **more: Any) -> Any:
        answer = act(*args, **more)
        if "death" in plan:
            plan.remove("death")
            raise Outage("The process died.")
        return answer

    return acted


@given(st.lists(orders, min_size=1, max_size=6), faults)
@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_fails_every_payment_ends_and_money_is_conserved(
    bank: Payer, wanted: list[tuple[int, str, bool]], plan: list[str]
) -> None:
    limit = bank.limits.open(
        bank.id(), NewLimit(name="限额", kind="payment", currency="CNY", ceiling_minor=700_000)
    )
    before = bank.balances()
    fates: dict[int, str] = {}
    made = []
    for at, (amount, fate, is_limited) in enumerate(wanted):
        more: dict[str, Any] = {"creditor_account": f"62{at}"}
        if fate == "within":
            more = {"counter_agreement_id": bank.payee}
        made.append(
            bank.order(
                amount,
                end_to_end_id=f"e{at}",
                limit_id=limit.limit_id if is_limited else None,
                **more,
            )
        )
        fates[at] = fate
    bank.channel.choose = lambda account, _: "AC04" if fates[int(account[2:])] == "AC04" else "ACSC"
    bank.channel.is_down = "channel" in plan
    bank.channel.loses_answers = plan.count("answer lost")
    event(f"faults {sum(map(bool, plan))}")
    assert bank.parts is not None
    with bank.failing(lambda door: Failing(door, plan)), bank.dying(lambda act: dying(act, plan)):
        bank.payments.pay_all(bank.id(), made)
        bank.rest()
    bank.channel.is_down, bank.channel.loses_answers = False, 0
    bank.settle()
    states = {one.payment_id: bank.payments.payment(one.payment_id) for one in made}
    for at, one in enumerate(made):
        now = states[one.payment_id]
        if fates[at] == "back" and now.state is S.SETTLED:
            bank.channel.give_back(now.wave_id, f"62{at}")
    bank.settle()
    ended = [bank.payments.payment(one.payment_id) for one in made]
    assert all(one.state in ENDS for one in ended), ended
    gone = sum(one.amount_minor for one in ended if one.state is S.SETTLED)
    within = sum(
        one.amount_minor for one in ended if one.state is S.SETTLED and one.channel == "within"
    )
    payer, held, payee = bank.balances()
    assert (payer, held, payee) == (before[0] - gone, 0, before[2] + within)
    used = sum(
        one.amount_minor for one in ended if one.limit_id is not None and one.state is S.SETTLED
    )
    now = bank.limits.limit(limit.limit_id)
    assert (now.held_minor, now.used_minor) == (0, used)
    for at, one in enumerate(ended):
        expected = {
            "within": (S.SETTLED, S.REFUSED),
            "ACSC": (S.SETTLED, S.REFUSED),
            "AC04": (S.REJECTED, S.REFUSED),
            "back": (S.RETURNED, S.REFUSED),
        }
        assert one.state in expected[fates[at]], one


def test_the_core_s_door_is_the_one_that_fails(bank: Payer) -> None:
    """The faults above are no shadow play: each is met where it was planned."""
    plan = ["core after", "core before"]
    failing = Failing(bank.doors[AgreementsApi], plan)
    with bank.failing(lambda _: failing):
        bank.payments.pay_all(bank.id(), [bank.order(5, counter_agreement_id=bank.payee)])
        bank.rest()
        bank.settle()
    assert plan == []
    assert bank.balances() == (999_995, 0, 5)

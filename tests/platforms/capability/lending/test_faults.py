"""Goal: whatever fails, a loan is paid out whole or undone, and money is conserved.

Method: Hypothesis plans loans, where their money goes, what the channel says, and faults: the core,
the decision engine, the registers or the channel fails before or after it has acted, the process
dies between any two acts. At rest every application has ended, what is owed is what the borrowers
have, limits hold what is owed, and a repayment of all of it leaves nothing.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.platforms.capability.lending.conftest import CARD, TEXT_HASH, Lender
from yunjin.chassis.flow import State
from yunjin.foundation.banking.api.agreements import Opening
from yunjin.kernel.errors import Outage, Unknown
from yunjin.platforms.capability.api.lending import Application, ApplicationState, Payout, RepayKind

S = ApplicationState
CEILING = 900_000
Wanted = tuple[int, str, str, bool]
loans = st.tuples(
    st.integers(10_000, 600_000),  # amount
    st.sampled_from(["account", "account", "ACSC", "AC04", "closed"]),  # where the money goes
    st.sampled_from(["instalment-loan", "credit-line"]),
    st.booleans(),  # whether under the limit
)
faults = st.lists(
    st.sampled_from(
        [
            "post before",
            "post after",
            "open before",
            "open after",
            "agreement before",
            "death",
            "death",
            "engine",
            "engine lost",
            "register lost",
            "channel",
        ]
    ),
    max_size=8,
)


class Failing:
    """A core whose deeds fail as planned: before they act or after."""

    def __init__(self, door: Any, plan: list[str]) -> None:
        self._door, self._plan = door, plan

    def __getattr__(self, name: str) -> Any:
        act = getattr(self._door, name)

        def acted(*args: Any, **more: Any) -> Any:
            if self._is_planned(f"{name} before"):
                raise Outage("The core is down.")
            answer = act(*args, **more)
            if self._is_planned(f"{name} after"):
                raise Unknown("The core's answer was lost.")
            return answer

        return acted

    def _is_planned(self, word: str) -> bool:
        if word not in self._plan:
            return False
        self._plan.remove(word)
        return True


def dying(act: Callable[..., Any], plan: list[str]) -> Callable[..., Any]:
    """Let an act be the last thing a process does, as often as planned."""

    def acted(*args: Any, **more: Any) -> Any:
        answer = act(*args, **more)
        if "death" in plan:
            plan.remove("death")
            raise Outage("The process died.")
        return answer

    return acted


def tried(act: Callable[..., Any], *args: Any, **more: Any) -> Any:
    """Send a command again until it is answered, as a caller does who keeps its id."""
    for _ in range(20):
        try:
            return act(*args, **more)
        except (Outage, Unknown):
            continue
    raise AssertionError("expected an answer at last")


@contextmanager
def faulty(lender: Lender, plan: list[str]) -> Iterator[None]:
    """Let the core and the process fail as planned."""
    with (
        lender.failing(lambda door: Failing(door, plan)),
        lender.dying(lambda act: dying(act, plan)),
    ):
        yield


def closed_account(lender: Lender) -> int:
    [made] = lender.agreements.open(
        lender.id(), [Opening(product="current-account", party_id="somebody")]
    )
    lender.agreements.close(lender.id(), made)
    return made


def put_in(lender: Lender, wanted: Sequence[Wanted], limit_id: UUID) -> list[UUID]:
    """Apply for loans, decide and accept them."""
    made = []
    for at, (amount, fate, product, is_limited) in enumerate(wanted):
        payout = Payout(agreement_id=lender.current)
        if fate == "closed":
            payout = Payout(agreement_id=closed_account(lender))
        elif fate != "account":
            payout = Payout(name="李四", account=f"62{at}")
        asked = lender.asked(
            amount, product=product, payout=payout, limit_id=limit_id if is_limited else None
        )
        one = tried(lender.lending.apply, lender.id(), asked).application_id
        tried(lender.lending.identify, lender.id(), one)
        tried(lender.lending.decide, lender.id(), one)
        tried(lender.lending.accept, lender.id(), one, TEXT_HASH)
        made.append(one)
    return made


@given(st.lists(loans, min_size=1, max_size=3), faults)
@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_whatever_fails_a_loan_is_whole_or_undone_and_money_is_conserved(
    lender: Lender, wanted: list[Wanted], plan: list[str]
) -> None:
    limit = lender.limit(CEILING)
    before, owed_before = lender.money(), lender.owed()
    lender.channel.choose = lambda account, _: (
        "AC04" if wanted[int(account[2:])][1] == "AC04" else "ACSC"
    )
    lender.channel.is_down = "channel" in plan
    lender.decisions.down_for = plan.count("engine")
    lender.decisions.loses_answers = plan.count("engine lost")
    lender.register.loses_answers = plan.count("register lost")
    with faulty(lender, plan):
        made = put_in(lender, wanted, limit.limit_id)
        for one in made:
            lender.lending.disburse(lender.id(), one)
            lender.rest()
    lender.channel.is_down = False
    ended = at_rest(lender, made)
    assert all(one.state in (S.ACTIVE, S.UNDONE) for one in ended), parked(lender)
    for one, (_, fate, _, is_limited) in zip(ended, wanted, strict=True):
        if fate in ("closed", "AC04"):
            assert one.state is S.UNDONE, one
        elif not is_limited:
            assert one.state is S.ACTIVE, one.detail
    out = [one for one in ended if one.state is S.ACTIVE]
    lent = sum(one.offer.amount_minor for one in out if one.offer)
    home = sum(one.offer.amount_minor for one in out if one.offer and one.asked.payout.agreement_id)
    assert lender.owed() - owed_before == lent
    assert lender.money() - before == home
    assert lender.own_account() == 0
    held = sum(one.offer.amount_minor for one in out if one.offer and one.asked.limit_id)
    assert lender.used(limit) == (0, held)
    assert held <= CEILING
    paid_back(lender, out)
    assert lender.owed() == owed_before
    assert lender.used(limit)[0] == 0


def at_rest(lender: Lender, made: Sequence[UUID]) -> list[Application]:
    """Let time pass until every loan is paid out or undone."""
    for _ in range(20):
        lender.clock.skip(seconds=120)
        lender.rest()
        ended = [lender.lending.application(one) for one in made]
        if all(one.state in (S.ACTIVE, S.UNDONE) for one in ended):
            break
    return ended


def parked(lender: Lender) -> list[Any]:
    """Return what flows that need a person say."""
    return [one.outcome for one in lender.parts.flows.page(state=State.PARKED).items]


def paid_back(lender: Lender, out: list[Any]) -> None:
    """Pay all loans back, the core failing once more, with money that comes in."""
    plan = ["post after", "post before", "change before"]
    with lender.failing(lambda door: Failing(door, plan)):
        for one in out:
            done = tried(
                lender.lending.repay, lender.id(), one.application_id, kind=RepayKind.SETTLE
            )
            assert done.owed_minor == 0


def test_the_faults_are_met_where_they_were_planned(lender: Lender) -> None:
    """The story above is no shadow play: each fault is used up by a loan that comes through."""
    plan = ["open after", "post after", "post before", "agreement before", "death", "death"]
    with (
        lender.failing(lambda door: Failing(door, plan)),
        lender.dying(lambda act: dying(act, plan)),
    ):
        one = lender.accepted(100_000)
        lender.lending.disburse(lender.id(), one.application_id)
        lender.rest()
        lender.settle()
    assert plan == ["agreement before"]
    assert lender.lending.application(one.application_id).state is S.ACTIVE
    assert (lender.money(), lender.owed()) == (100_000, 100_000)


@pytest.mark.parametrize(
    "at", ["hold_limit", "open_loan", "use_limit", "pay_out", "send", "arrived"]
)
def test_a_disbursal_that_is_cancelled_anywhere_leaves_nothing(lender: Lender, at: str) -> None:
    limit = lender.limit(CEILING)
    lender.channel.choose = lambda *_: ""
    payout = Payout(name="李四", account=CARD) if at in ("send", "arrived") else None
    more: dict[str, Any] = {} if payout is None else {"payout": payout}
    made = lender.accepted(100_000, limit_id=limit.limit_id, **more)
    gate = lender.stop_at(at)
    lender.lending.disburse(lender.id(), made.application_id)
    lender.rest()
    assert gate.met
    lender.cancel_disbursals()
    gate.is_open = True
    lender.settle()
    if at in ("send", "arrived"):  # the payment may be with the channel: only its word ends it
        assert lender.lending.application(made.application_id).state is S.PAYING
        lender.say("AC04")
    lender.settle()
    one = lender.lending.application(made.application_id)
    assert one.state is S.UNDONE, (one.state, one.detail)
    assert (lender.money(), lender.owed(), lender.own_account()) == (0, 0, 0)
    assert lender.used(limit) == (0, 0)

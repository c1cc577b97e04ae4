"""Goal: whatever fails, a case ends done or undone, never in between, and money is conserved.

Method: Hypothesis picks a business, what people answer, and faults: each command of a centre may
fail before it acts or after, so that its answer is lost. At rest the case has ended; what it did is
all there or not at all, by accounts, loans and limits.
"""

import datetime as dt
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from tests.app.businesses.test_receivable import parties
from tests.platforms.capability.people import company, person
from yunjin.app.businesses import SHIPPED
from yunjin.app.businesses.trial import Trial
from yunjin.chassis.flow import Registry
from yunjin.foundation.banking.api.agreements import AgreementQuery, AgreementsApi
from yunjin.foundation.banking.api.days import DaysApi
from yunjin.kernel.errors import Outage, Unknown
from yunjin.platforms.capability.api.businesses import BusinessesApi, CaseFacts, CaseState
from yunjin.platforms.capability.api.limits import LimitsApi
from yunjin.platforms.capability.flows.businesses import case_flow

FAULTS = st.lists(st.sampled_from(["", "", "before", "after"]), max_size=14)
ANSWERS = {
    "yes": {"is_owed": "yes", "approve": "yes", "place": "A-1"},
    "no": {"is_owed": "no", "approve": "no", "place": "A-1"},
}


class Failing:
    """The doors, of which each call fails as planned: before it acts, or after."""

    def __init__(self, doors: Any) -> None:
        self._doors, self.plan, self.met = doors, list[str](), 0

    def __getitem__(self, door: type) -> Any:
        return _FailingDoor(self, self._doors[door])


class _FailingDoor:
    def __init__(self, all_of_them: Failing, door: Any) -> None:
        self._all, self._door = all_of_them, door

    def __getattr__(self, name: str) -> Any:
        function = getattr(self._door, name)

        def called(*args: Any, **named: Any) -> Any:
            fault = self._all.plan.pop(0) if self._all.plan else ""
            self._all.met += bool(fault)
            if fault == "before":
                raise Outage("The centre is down.")
            answer = function(*args, **named)
            if fault == "after":
                raise Unknown("The centre's answer was lost.")
            return answer

        called.__name__ = name
        return called


@pytest.fixture
def failing(bank: Trial) -> Failing:
    """Put what fails between the businesses' flows and the centres."""
    doors, registry = Failing(bank.doors), bank.made.flows.registry
    service = bank.made.doors[BusinessesApi]
    steps = {name: act for one in SHIPPED for name, act in one.steps.items()}
    cases = [case_flow(service, doors, one, deed, steps) for one in SHIPPED for deed in one.deeds]
    others = [one for one in registry.definitions() if not one.name.startswith("case.")]
    bank.made.flows.registry = Registry(*others, *cases)
    return doors


def lived(bank: Trial, case: CaseFacts, answer: str) -> CaseFacts:
    """Let a case come to its end: time passes, people answer what they are asked."""
    for _ in range(12):
        bank.wait(seconds=120, times=2)
        case = bank.case(case)
        if case.state is not CaseState.RUNNING:
            break
        for task in bank.tasks():
            fields = {one.name for one in task.form}
            given = {name: v for name, v in ANSWERS[answer].items() if name in fields}
            bank.complete(**given)
    bank.wait()
    return bank.case(case)


def loans(bank: Trial, party: str) -> list[Any]:
    query = AgreementQuery(party_id=party, product="instalment-loan")
    return list(bank[AgreementsApi].find(query).items)


@pytest.mark.parametrize(("bank", "database_url"), [("near", "")], indirect=["bank"])
@given(plan=FAULTS, answer=st.sampled_from(["yes", "no"]), large=st.booleans())
@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_cash_loan_is_paid_or_nothing_is_left_of_it(
    bank: Trial, failing: Failing, plan: list[str], answer: str, large: bool
) -> None:
    who = bank.party(person())
    account, amount = bank.account(who), 8_000_000 if large else 3_000_000
    failing.plan, failing.met = list(plan), 0
    case = bank.start(
        "cash-loan", "apply", who, "branch", amount=amount, term=6, purpose="车", account=account
    )
    case = lived(bank, case, answer)
    event(f"faults {failing.met}, {case.state.value}")
    expected = CaseState.REFUSED if large and answer == "no" else CaseState.DONE
    assert case.state is expected, case
    paid = amount if expected is CaseState.DONE else 0
    assert bank.balance(account) == paid
    assert len(loans(bank, who)) == (1 if paid else 0)
    assert not bank.tasks()


@pytest.mark.parametrize(("bank", "database_url"), [("near", "")], indirect=["bank"])
@given(plan=FAULTS, answer=st.sampled_from(["yes", "no"]), enough=st.booleans())
@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
def test_an_invoice_is_financed_or_nothing_is_left_of_it(
    bank: Trial, failing: Failing, plan: list[str], answer: str, enough: bool
) -> None:
    buyer, supplier, account, limit = parties(bank, 10_000_000 if enough else 4_000_000)
    failing.plan, failing.met = list(plan), 0
    case = bank.start(
        "receivable",
        "finance",
        supplier,
        buyer=buyer,
        invoice="INV-9",
        amount=5_000_000,
        due=bank[DaysApi].business_date() + dt.timedelta(days=30),
        account=account,
    )
    case = lived(bank, case, answer)
    event(f"faults {failing.met}, {case.state.value}")
    expected = CaseState.DONE if answer == "yes" and enough else CaseState.REFUSED
    assert case.state is expected, case
    now = bank[LimitsApi].limit(limit.limit_id)
    is_done = expected is CaseState.DONE
    assert (now.held_minor, now.used_minor) == (0, 5_000_000 if is_done else 0)
    assert bank.balance(account) == (4_000_000 if is_done else 0)
    assert len(loans(bank, supplier)) == int(is_done)


@pytest.mark.parametrize(("bank", "database_url"), [("near", "")], indirect=["bank"])
@given(plan=FAULTS, known=st.booleans(), amount=st.sampled_from([10_000, 90_000]))
@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_wallet_is_opened_whole_and_a_payment_counts_once(
    bank: Trial, failing: Failing, plan: list[str], known: bool, amount: int
) -> None:
    parent, member = bank.party(company()), bank.party(company("分公司", 2))
    members = member if known else f"{member},nobody"
    failing.plan, failing.met = list(plan), 0
    case = bank.start("group-wallet", "open", parent, most=50_000, members=members)
    case = lived(bank, case, "yes")
    event(f"faults {failing.met}, {case.state.value}")
    found = bank[LimitsApi].limits(party_id=parent).items
    if not known:
        assert case.state is CaseState.REFUSED
        assert all(one.state.value == "closed" for one in found)
        return
    assert case.state is CaseState.DONE, case
    wallet, shop = int(case.outcome["wallet"]), bank.account("shop")
    bank.fund(wallet, 200_000)
    failing.plan = list(plan)
    paid = bank.start("group-wallet", "pay", member, wallet=wallet, amount=amount, payee=shop)
    paid = lived(bank, paid, "yes")
    is_paid = amount <= 50_000
    assert paid.state is (CaseState.DONE if is_paid else CaseState.REFUSED), paid
    moved = amount if is_paid else 0
    assert (bank.balance(wallet), bank.balance(shop)) == (200_000 - moved, moved)
    [root] = [one for one in bank[LimitsApi].limits(party_id=parent).items if len(one.path) == 1]
    assert (root.held_minor, root.used_minor) == (0, moved)


@pytest.mark.parametrize(("bank", "database_url"), [("near", "")], indirect=["bank"])
def test_the_faults_are_met(bank: Trial, failing: Failing) -> None:
    """They are no shadow play: each is met where it was planned."""
    failing.plan = ["before", "after", "before"]
    parent, member = bank.party(company()), bank.party(company("分公司", 2))
    case = bank.start("group-wallet", "open", parent, most=50_000, members=member)
    assert case.state is CaseState.RUNNING
    assert lived(bank, case, "yes").state is CaseState.DONE
    assert (failing.met, failing.plan) == (3, [])

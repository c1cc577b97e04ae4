"""Goal: an invoice is financed once, carried by the buyer's limit, and paid by the buyer's money.

Method: stories, near and far.
"""

import datetime as dt

from tests.platforms.capability.people import company
from yunjin.app.businesses.trial import Trial
from yunjin.foundation.banking.api.days import DaysApi
from yunjin.platforms.capability.api.businesses import CaseFacts, CaseState
from yunjin.platforms.capability.api.lending import ApplicationState, LendingApi
from yunjin.platforms.capability.api.limits import Limit, LimitsApi, NewLimit


def parties(bank: Trial, ceiling: int = 10_000_000) -> tuple[str, str, int, Limit]:
    """Return a buyer, a supplier, its account, and the buyer's limit."""
    buyer = bank.party(company("核心企业", 1))
    supplier = bank.party(company("供应商", 2))
    new = NewLimit(
        name="应收", kind="receivable", currency="CNY", ceiling_minor=ceiling, party_id=buyer
    )
    return buyer, supplier, bank.account(supplier), bank[LimitsApi].open(bank.id(), new)


def brought(
    bank: Trial, buyer: str, supplier: str, account: int, *, days: int = 90, invoice: str = "INV-1"
) -> CaseFacts:
    """Bring an invoice over 50,000.00."""
    due = bank[DaysApi].business_date() + dt.timedelta(days=days)
    return bank.start(
        "receivable",
        "finance",
        supplier,
        buyer=buyer,
        invoice=invoice,
        amount=5_000_000,
        due=due,
        account=account,
    )


def test_a_supplier_is_paid_early_and_the_buyers_money_settles_it(bank: Trial) -> None:
    buyer, supplier, account, limit = parties(bank)
    case = brought(bank, buyer, supplier, account)
    assert case.state is CaseState.RUNNING  # the buyer has to confirm
    bank.complete(is_owed="yes")
    case = bank.case(case)
    assert case.state is CaseState.DONE, case.detail
    assert bank.balance(account) == 4_000_000  # 80 %
    now = bank[LimitsApi].limit(limit.limit_id)
    assert (now.held_minor, now.used_minor) == (0, 5_000_000)
    [application] = bank[LendingApi].applications(party_id=supplier).items
    bank.fund(account, 5_000_000)  # the buyer pays its invoice
    loan = application.agreement_id
    collected = bank.start("receivable", "collect", supplier, loan=loan)
    assert collected.state is CaseState.DONE, collected.detail
    assert collected.outcome["restored_minor"] == 5_000_000
    assert bank[LimitsApi].limit(limit.limit_id).used_minor == 0
    assert bank.balance(account) == 9_000_000 - collected.outcome["amount_minor"]
    done = bank[LendingApi].application(application.application_id)
    assert done.state is ApplicationState.SETTLED


def test_an_invoice_is_financed_once(bank: Trial) -> None:
    buyer, supplier, account, limit = parties(bank)
    brought(bank, buyer, supplier, account)
    bank.complete(is_owed="yes")
    again = brought(bank, buyer, supplier, account)
    bank.complete(is_owed="yes")
    again = bank.case(again)
    assert (again.state, "twice" in again.detail) == (CaseState.REFUSED, True)
    assert bank[LimitsApi].limit(limit.limit_id).used_minor == 5_000_000
    assert bank.balance(account) == 4_000_000


def test_what_the_buyer_does_not_owe_is_not_financed_and_may_come_again(bank: Trial) -> None:
    buyer, supplier, account, limit = parties(bank)
    case = brought(bank, buyer, supplier, account)
    bank.complete(is_owed="no")
    assert bank.case(case).state is CaseState.REFUSED
    assert bank[LimitsApi].limit(limit.limit_id).left_minor == limit.ceiling_minor
    case = brought(bank, buyer, supplier, account)
    bank.complete(is_owed="yes")
    assert bank.case(case).state is CaseState.DONE, bank.case(case).detail


def test_a_buyers_full_limit_and_a_past_due_date_say_no(bank: Trial) -> None:
    buyer, supplier, account, limit = parties(bank, ceiling=4_999_999)
    past = brought(bank, buyer, supplier, account, days=0)
    assert (past.state, "due in 1" in past.detail) == (CaseState.REFUSED, True)
    full = brought(bank, buyer, supplier, account)
    bank.complete(is_owed="yes")
    full = bank.case(full)
    assert (full.state, full.reason) == (CaseState.REFUSED, "capability/limit-exceeded")
    assert bank[LimitsApi].limit(limit.limit_id).held_minor == 0
    assert bank.balance(account) == 0

"""Goal: a loan is checked, decided, signed and paid, or nothing is left of it. Method: stories.

The register and the signing service are those in memory, which misbehave on demand.
"""

from tests.platforms.capability.people import person
from yunjin.app.businesses.trial import Trial
from yunjin.foundation.banking.api.agreements import AgreementQuery, AgreementsApi
from yunjin.platforms.capability.api.businesses import CaseFacts, CaseState
from yunjin.platforms.capability.api.documents import DocumentsApi, DocumentState
from yunjin.platforms.capability.api.lending import ApplicationState, LendingApi
from yunjin.platforms.capability.api.overlays import Coordinate, Overlay, OverlaysApi
from yunjin.platforms.capability.api.tasks import Link

BRANCH = {"scenario": "branch"}


def asked(bank: Trial, amount: int, who: str = "", **more: str) -> tuple[CaseFacts, str, int]:
    """Ask for a loan in a branch; return the case, the customer and the account."""
    party = who or bank.party(person())
    account = bank.account(party)
    case = bank.start(
        "cash-loan", "apply", party, amount=amount, term=12, purpose="装修", account=account, **more
    )
    return case, party, account


def loans(bank: Trial, party: str) -> list[int]:
    """Return the loans that a party has."""
    query = AgreementQuery(party_id=party, product="instalment-loan")
    return [one.agreement_id for one in bank[AgreementsApi].find(query).items]


def test_a_loan_in_a_branch_is_signed_on_paper_and_paid(bank: Trial) -> None:
    case, party, account = asked(bank, 3_000_000, **BRANCH)
    assert case.state is CaseState.RUNNING, case.detail  # the officer has the paper before him
    assert case.laid["sign"]["overlays"] == ["cash-loan.branch-signs-on-paper"]
    bank.complete(place="档案柜 A-17")
    case = bank.case(case)
    assert case.state is CaseState.DONE, case.detail
    assert bank.balance(account) == 3_000_000
    [loan] = loans(bank, party)
    application = bank[LendingApi].of_agreement(loan)
    assert (application.state, application.asked.business) == (ApplicationState.ACTIVE, "cash-loan")
    assert application.contract is not None
    bank.fund(account, 100_000)
    settled = bank.start("cash-loan", "settle", party, loan=loan)
    assert (settled.state, settled.outcome["is_settled"]) == (CaseState.DONE, True), settled.detail
    assert bank.balance(account) == 3_100_000 - settled.outcome["amount_minor"]


def test_a_loan_in_the_app_is_signed_by_the_service_and_paid(bank: Trial) -> None:
    case, party, account = asked(bank, 3_000_000, scenario="app")
    bank.wait(seconds=30)
    case = bank.case(case)
    assert case.state is CaseState.DONE, case.detail
    assert bank.balance(account) == 3_000_000
    [loan] = loans(bank, party)
    contract = bank[LendingApi].of_agreement(loan).contract
    assert contract is not None
    [paper] = bank[DocumentsApi].documents(link=Link(kind="party", id=party)).items
    assert paper.state is DocumentState.SIGNED
    assert contract.text_hash in (paper.digest, paper.signed_digest)


def test_a_large_amount_is_a_persons_to_decide_and_a_no_leaves_nothing(bank: Trial) -> None:
    case, party, account = asked(bank, 8_000_000, **BRANCH)
    assert case.state is CaseState.RUNNING
    bank.complete(approve="no")
    case = bank.case(case)
    assert (case.state, case.reason) == (CaseState.REFUSED, "capability/case-refused")
    assert (bank.balance(account), loans(bank, party)) == (0, [])
    case, party, account = asked(bank, 8_000_000, who=party, **BRANCH)
    bank.complete(approve="yes")
    bank.complete(place="档案柜 A-18")
    assert bank.case(case).state is CaseState.DONE, bank.case(case).detail
    assert bank.balance(account) == 8_000_000


def test_more_than_the_business_lends_is_refused_unless_an_overlay_allows_it(bank: Trial) -> None:
    case, party, _ = asked(bank, 30_000_000, **BRANCH)
    assert (case.state, "amount" in case.detail) == (CaseState.REFUSED, True)
    more = Overlay(
        name="more",
        point="cash-loan/amount-most",
        value="40000000",
        at=Coordinate(business="cash-loan", scenario="branch"),
    )
    bank[OverlaysApi].put(bank.id(), more)
    case, party, account = asked(bank, 30_000_000, who=party, **BRANCH)
    bank.complete(approve="yes")
    bank.complete(place="档案柜 A-19")
    assert bank.case(case).state is CaseState.DONE
    assert bank.balance(account) == 30_000_000

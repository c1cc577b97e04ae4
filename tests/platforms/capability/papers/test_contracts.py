"""Goal: a contract is what was agreed: signed by all or by none, in force with what it opened.

Method: a loan's contract through its life, with a signing service and by hand; then every point at
which people change their mind.
"""

import dataclasses
import tempfile
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.platforms.capability.papers.conftest import Office, opened
from tests.platforms.capability.papers.forms import LOAN, filled
from tests.platforms.capability.papers.test_offers import sold
from yunjin.chassis.flow import Definition, Flow, Registry, flow, own_id, signal
from yunjin.chassis.flow import call as flow_call
from yunjin.kernel import tenant
from yunjin.platforms.capability.api.contracts import (
    Contract,
    ContractParty,
    ContractState,
    NewContract,
    PartyPart,
)
from yunjin.platforms.capability.api.documents import DocumentState, NewDocument
from yunjin.platforms.capability.api.esign import Envelope, EnvelopeEnd
from yunjin.platforms.capability.api.offers import Term
from yunjin.platforms.capability.api.tasks import Link
from yunjin.platforms.capability.errors.documents import DocumentValuesRefused
from yunjin.platforms.capability.errors.offers import (
    ContractRefused,
    NotOffered,
    OfferTermsRefused,
)

AMOUNT = (Term(name="amount", value=1_000_000),)
PAPER = NewDocument(template="loan-contract", values=filled())


def drafted(office: Office, **changes: Any) -> Contract:
    """Return a contract on a loan that is sold, between a borrower and a guarantor."""
    sold(office)
    office.documents.put_template(office.id(), LOAN)
    borrower, guarantor = office.person(), office.person("李明")
    new = NewContract(
        offer="salary-loan",
        parties=(
            ContractParty(party_id=borrower),
            ContractParty(party_id=guarantor, part=PartyPart.GUARANTOR),
        ),
        terms=AMOUNT,
        reference="application-1",
    )
    made: Contract = office.contracts.draft(
        office.id(), dataclasses.replace(new, **changes), by="li"
    )
    return made


def offered(office: Office, one: Contract, papers: int = 1) -> Contract:
    found: Contract = office.contracts.offer(
        office.id(), one.contract_id, [PAPER] * papers, office.in_days(7), by="li"
    )
    assert found.state is ContractState.OFFERED
    return found


def now(office: Office, one: Contract) -> Contract:
    found: Contract = office.contracts.contract(one.contract_id)
    return found


def papers(office: Office, one: Contract) -> list[DocumentState]:
    """Return where the papers stand that are about a contract, the oldest first."""
    link = Link(kind="contract", id=str(one.contract_id))
    return [each.state for each in office.documents.documents(link=link).items][::-1]


def what(office: Office, one: Contract) -> list[str]:
    return [each.what for each in office.contracts.history(one.contract_id)]


def test_a_contract_is_agreed_signed_fulfilled_and_ended(office: Office) -> None:
    one = drafted(office)
    assert {each.name: each.value for each in one.terms} == {
        "amount": 1_000_000,
        "rate_ppm": 98_000,
        "months": 12,
    }
    offered(office, one, papers=2)
    office.rest()
    signed = now(office, one)
    assert signed.state is ContractState.SIGNED
    assert papers(office, one) == [DocumentState.SIGNED] * 2
    assert [len(each.signers) for each in office.esign.asked.values()] == [2, 2]
    agreement_id = office.bank.open(77, one.parties[0].party_id)
    in_force = office.contracts.fulfil(office.id(), one.contract_id, [agreement_id])
    assert (in_force.state, in_force.agreement_ids) == (ContractState.IN_FORCE, (77,))
    assert in_force.since == office.today[0]
    assert office.contracts.contract_of(77) == in_force
    with pytest.raises(ContractRefused) as refused:
        office.contracts.end(office.id(), one.contract_id, "结清")
    assert refused.value.facts["why"] == "open"
    office.bank.close(77)
    ended = office.contracts.end(office.id(), one.contract_id, "结清")
    assert (ended.state, ended.until) == (ContractState.ENDED, office.today[0])
    assert what(office, one) == ["drafted", "offered", "signed", "fulfilled", "ended"]


def test_terms_are_frozen_when_the_offer_changes(office: Office) -> None:
    one = drafted(office)
    sold(office, terms=())
    office.bank.register("instalment-loan")
    assert now(office, one).terms == one.terms
    with pytest.raises(NotOffered):  # its version is closed: other terms need a new contract
        office.contracts.change(office.id(), one.contract_id, AMOUNT)


def test_a_draft_takes_other_terms_within_the_offer(office: Office) -> None:
    one = drafted(office)
    terms = (*AMOUNT, Term(name="months", value=24))
    changed = office.contracts.change(office.id(), one.contract_id, terms)
    assert Term(name="months", value=24) in changed.terms
    with pytest.raises(OfferTermsRefused):
        office.contracts.change(office.id(), one.contract_id, (Term(name="amount", value=1),))
    offered(office, one)
    with pytest.raises(ContractRefused):
        office.contracts.change(office.id(), one.contract_id, terms)


def test_a_signer_who_refuses_makes_it_a_draft_again_and_nothing_is_half_signed(
    office: Office,
) -> None:
    answers = iter([EnvelopeEnd.SIGNED, EnvelopeEnd.REFUSED])
    office.esign.choose = lambda envelope: next(answers)
    one = drafted(office)
    offered(office, one, papers=2)
    office.rest()
    after = now(office, one)
    assert (after.state, after.why) == (ContractState.DRAFT, "refused: refused")
    assert papers(office, one) == [DocumentState.VOID] * 2
    office.esign.choose = lambda envelope: EnvelopeEnd.SIGNED
    offered(office, after)
    office.rest()
    assert now(office, one).state is ContractState.SIGNED
    assert what(office, one) == ["drafted", "offered", "declined", "offered", "signed"]


def test_a_contract_that_is_recalled_calls_its_papers_back(office: Office) -> None:
    office.esign.choose = lambda envelope: None
    one = drafted(office)
    offered(office, one)
    office.rest()
    recalled = office.contracts.recall(office.id(), one.contract_id, "金额有误", by="li")
    assert recalled.state is ContractState.DRAFT
    office.rest()
    assert papers(office, one) == [DocumentState.VOID]
    assert office.esign.withdrawn == set(office.esign.asked)
    assert now(office, one).why == "金额有误"
    assert not any(office.made.flows.counts().values())


def test_a_contract_recalled_before_its_papers_are_made_has_none(office: Office) -> None:
    one = drafted(office)
    offered(office, one)
    office.contracts.recall(office.id(), one.contract_id, "过早", by="li")
    office.rest()
    assert set(papers(office, one)) <= {DocumentState.VOID}
    assert now(office, one).state is ContractState.DRAFT
    assert office.esign.asked == {}


def test_a_contract_that_is_void_takes_its_signed_papers_along(office: Office) -> None:
    one = drafted(office)
    offered(office, one)
    office.rest()
    assert office.contracts.void(office.id(), one.contract_id, "客户反悔").state == "void"
    office.rest()
    assert papers(office, one) == [DocumentState.VOID]
    with pytest.raises(ContractRefused):
        office.contracts.void(office.id(), one.contract_id, "再次")


def test_papers_that_cannot_be_made_are_refused_before_anything_is_offered(
    office: Office,
) -> None:
    one = drafted(office)
    paper = dataclasses.replace(PAPER, values=filled(amount="ten"))
    with pytest.raises(DocumentValuesRefused):
        office.contracts.offer(office.id(), one.contract_id, [paper], office.in_days(1))
    assert now(office, one).state is ContractState.DRAFT
    assert papers(office, one) == []


def test_what_a_contract_opened_is_its_own_product_party_and_nobody_elses(
    office: Office,
) -> None:
    one = drafted(office)
    office.contracts.sign(office.id(), one.contract_id, "B2026/1", by="li")
    borrower = one.parties[0].party_id
    cases = {
        "other-party": office.bank.open(1, office.person("赵六")),
        "other-product": office.bank.open(2, borrower, "current-account"),
    }
    for why, agreement_id in cases.items():
        with pytest.raises(ContractRefused) as refused:
            office.contracts.fulfil(office.id(), one.contract_id, [agreement_id])
        assert refused.value.facts["why"] == why
    office.bank.open(3, borrower)
    command_id = office.id()
    for _ in range(2):
        office.contracts.fulfil(command_id, one.contract_id, [3])
    other = office.contracts.draft(
        office.id(),
        NewContract(offer="salary-loan", parties=(ContractParty(party_id=borrower),), terms=AMOUNT),
    )
    office.contracts.sign(office.id(), other.contract_id, "B2026/2", by="li")
    with pytest.raises(ContractRefused) as refused:
        office.contracts.fulfil(office.id(), other.contract_id, [3])
    assert refused.value.facts["why"] == "other-contract"
    released = office.contracts.release(office.id(), one.contract_id, [3], "开错")
    assert (released.state, released.agreement_ids) == (ContractState.SIGNED, ())
    assert office.contracts.contract_of(3) is None
    assert office.contracts.fulfil(office.id(), other.contract_id, [3]).state == "in_force"


def test_lists_find_contracts_by_party_reference_and_state(office: Office) -> None:
    one = drafted(office)
    guarantor = one.parties[1].party_id
    assert office.contracts.contracts(party_id=guarantor).items == (one,)
    assert office.contracts.contracts(reference="application-1").items == (one,)
    assert office.contracts.contracts(state=ContractState.ENDED).items == ()
    assert office.contracts.contracts(offer="salary-loan", limit=1).next_cursor is None


def test_a_flow_that_waits_hears_how_it_ended(office: Office) -> None:
    one = drafted(office)

    def offer(command_id: UUID, flow_id: str) -> str:
        found = office.contracts.offer(
            command_id, one.contract_id, [PAPER], office.in_days(1), flow_id=UUID(flow_id)
        )
        return str(found.contract_id)

    @flow("waiting", version=1)
    def waiting() -> Flow:
        contract_id = yield flow_call(offer, (yield own_id()))
        return (yield signal(f"contract:{contract_id}"))

    assert isinstance(waiting, Definition)
    flows = office.made.flows
    flows.registry = Registry(*flows.registry.definitions(), waiting)
    flow_id = office.id()
    flows.start(flow_id, waiting)
    office.rest()
    assert flows.state(flow_id).outcome == {"state": "signed", "why": ""}


def test_without_a_signing_service_papers_are_made_and_signed_by_hand(tmp_path: Path) -> None:
    with tenant.entered("demo"):
        office = opened("", tmp_path, has_signing=False)
        one = drafted(office)
        offered(office, one)
        office.rest()
        assert papers(office, one) == [DocumentState.MADE]
        signed = office.contracts.sign(office.id(), one.contract_id, "B2026/3", by="li")
        assert signed.state is ContractState.SIGNED
        office.rest()
        [document_id] = signed.document_ids
        paper = office.documents.document(document_id)
        assert (paper.state, paper.evidence_id) == (DocumentState.SIGNED, "B2026/3")
        office.engine.close()
        office.tables.close()


@pytest.mark.slow
@settings(max_examples=15, deadline=None)
@given(
    ends=st.lists(st.sampled_from([*EnvelopeEnd, None]), min_size=2, max_size=2),
    fails=st.integers(0, 3),
    loses=st.integers(0, 2),
    lies=st.booleans(),
    deed=st.sampled_from(["", "recall", "void"]),
    after=st.integers(0, 3),
)
def test_whatever_happens_all_papers_are_signed_or_none_holds(
    ends: list[EnvelopeEnd | None], fails: int, loses: int, lies: bool, deed: str, after: int
) -> None:
    with tempfile.TemporaryDirectory() as home, tenant.entered("demo"):
        office = opened("", Path(home))
        left = list(ends)

        def choose(envelope: Envelope) -> EnvelopeEnd | None:
            return left.pop() if left else None

        office.esign.choose, office.esign.lies = choose, lies
        office.esign.fails, office.esign.loses_answers = fails, loses
        one = drafted(office)
        offered(office, one, papers=2)
        office.settle(times=after, seconds=20)
        state = now(office, one).state
        if deed == "recall" and state is ContractState.OFFERED:
            office.contracts.recall(office.id(), one.contract_id, "改", by="li")
        if deed == "void" and state is not ContractState.DRAFT:
            office.contracts.void(office.id(), one.contract_id, "撤", by="li")
        office.settle(times=10, seconds=86_400)
        found, stand = now(office, one), papers(office, one)
        if found.state is ContractState.SIGNED:
            assert stand == [DocumentState.SIGNED] * 2
        else:
            assert found.state in (ContractState.DRAFT, ContractState.VOID)
            assert set(stand) <= {DocumentState.VOID}
        assert not any(office.made.flows.counts().values())
        office.engine.close()
        office.tables.close()

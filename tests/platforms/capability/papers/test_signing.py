"""Goal: a document is signed once, by those who were asked, or it is free again: nothing between.

Method: a signing service that is down, slow, refuses, loses answers, repeats itself and lies, in
every mixture Hypothesis finds.
"""

import datetime as dt
import hashlib
import tempfile
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.platforms.capability.papers.conftest import Office, opened
from tests.platforms.capability.papers.forms import LOAN, filled
from yunjin.kernel import tenant
from yunjin.platforms.capability.api.documents import Document, DocumentState, NewDocument
from yunjin.platforms.capability.api.esign import Envelope, EnvelopeEnd, Signer
from yunjin.platforms.capability.errors.documents import DocumentRefused

WANG = Signer(party_id="P1", name="王芳", role="borrower")


def asked(office: Office, *, days: int = 7) -> Document:
    """Return a contract whose borrower is asked to sign."""
    office.documents.put_template(office.id(), LOAN)
    made = office.documents.make(
        office.id(), NewDocument(template="loan-contract", values=filled())
    )
    found: Document = office.documents.ask_signatures(
        office.id(), made.document_id, [WANG], office.in_days(days), by="li"
    )
    assert found.state is DocumentState.ASKED
    return found


def now(office: Office, one: Document) -> Document:
    found: Document = office.documents.document(one.document_id)
    return found


def steps(office: Office, one: Document) -> list[str]:
    return [each.what for each in office.documents.history(one.document_id)]


def test_a_document_is_signed_and_the_signed_file_is_kept_beside_it(office: Office) -> None:
    one = asked(office)
    office.rest()
    after = now(office, one)
    assert after.state is DocumentState.SIGNED
    assert after.evidence_id == "evidence-1"
    signed = office.documents.file(one.document_id, is_signed=True)
    assert signed.digest == after.signed_digest == hashlib.sha256(signed.content).hexdigest()
    assert office.documents.file(one.document_id).digest == one.digest
    assert steps(office, one) == ["made", "asked", "signed"]
    with pytest.raises(DocumentRefused):
        office.documents.remake(office.id(), one.document_id, filled())


def test_a_notice_counts_once_however_often_it_is_told(office: Office) -> None:
    office.esign.repeats = 3
    one = asked(office)
    office.settle(times=2)
    notice = office.esign.collect("")[0]
    for _ in range(2):
        office.documents.take(notice)
    assert steps(office, one) == ["made", "asked", "signed"]


def test_a_signature_under_another_document_is_not_believed(office: Office) -> None:
    office.esign.lies = True
    one = asked(office)
    office.rest()
    assert now(office, one).state is DocumentState.ASKED
    assert office.documents.history(one.document_id)[-1].why == "other-document"
    office.esign.lies = False
    office.esign.tell(one.envelope_id or UUID(int=0), EnvelopeEnd.SIGNED)
    office.rest()
    assert now(office, one).state is DocumentState.SIGNED


@pytest.mark.parametrize("change", [{"signed": b""}, {"signed": b"<html>"}])
def test_a_signature_without_its_file_is_not_believed(
    office: Office, change: dict[str, bytes]
) -> None:
    office.esign.choose = lambda envelope: None
    one = asked(office)
    office.rest()
    office.esign.tell(one.envelope_id or UUID(int=0), EnvelopeEnd.SIGNED)
    [notice] = office.esign.collect("")
    office.documents.take(replace(notice, **change))
    assert now(office, one).state is DocumentState.ASKED
    assert steps(office, one)[-1] == "doubted"


def test_a_signer_who_refuses_leaves_the_document_free(office: Office) -> None:
    office.esign.choose = lambda envelope: EnvelopeEnd.REFUSED
    one = asked(office)
    office.rest()
    after = now(office, one)
    assert (after.state, after.why) == (DocumentState.MADE, "refused")
    office.esign.choose = lambda envelope: EnvelopeEnd.SIGNED
    again = office.documents.ask_signatures(
        office.id(), one.document_id, [WANG], office.in_days(1), by="li"
    )
    office.rest()
    assert now(office, again).state is DocumentState.SIGNED


def test_an_envelope_that_nobody_answers_runs_out_and_is_called_back(office: Office) -> None:
    office.esign.choose = lambda envelope: None
    one = asked(office, days=2)
    office.rest()
    office.clock.advance(3 * 86_400)
    office.rest()
    after = now(office, one)
    assert (after.state, after.why) == (DocumentState.MADE, "expired")
    assert office.esign.withdrawn == {one.envelope_id}
    office.esign.tell(one.envelope_id or UUID(int=0), EnvelopeEnd.SIGNED)  # too late
    office.rest()
    assert now(office, one).state is DocumentState.MADE
    assert steps(office, one)[-2:] == ["expired", "doubted"]


def test_what_the_service_turns_away_is_free_and_says_why(office: Office) -> None:
    office.esign.turns_away = True
    one = asked(office)
    office.rest()
    after = now(office, one)
    assert (after.state, after.why) == (DocumentState.MADE, "A signer has no certificate.")


def test_withdrawing_calls_the_envelope_back(office: Office) -> None:
    office.esign.choose = lambda envelope: None
    one = asked(office)
    office.rest()
    after = office.documents.withdraw_signatures(office.id(), one.document_id, "条款有误")
    assert (after.state, after.why) == (DocumentState.MADE, "条款有误")
    office.rest()
    assert office.esign.withdrawn == {one.envelope_id}
    with pytest.raises(DocumentRefused):
        office.documents.withdraw_signatures(office.id(), one.document_id, "再次")


def test_a_void_document_is_not_signed_any_more(office: Office) -> None:
    office.esign.choose = lambda envelope: None
    one = asked(office)
    office.rest()
    office.documents.void(office.id(), one.document_id, "客户撤销")
    office.rest()
    office.esign.tell(one.envelope_id or UUID(int=0), EnvelopeEnd.SIGNED)
    office.rest()
    assert now(office, one).state is DocumentState.VOID
    assert office.esign.withdrawn == {one.envelope_id}


def test_an_end_that_has_passed_is_refused(office: Office) -> None:
    office.documents.put_template(office.id(), LOAN)
    made = office.documents.make(
        office.id(), NewDocument(template="loan-contract", values=filled())
    )
    with pytest.raises(DocumentRefused) as refused:
        office.documents.ask_signatures(
            office.id(), made.document_id, [WANG], office.in_days(0) - dt.timedelta(seconds=1)
        )
    assert refused.value.facts["why"] == "expired"


FAULTS = st.fixed_dictionaries(
    {
        "end": st.sampled_from([EnvelopeEnd.SIGNED, EnvelopeEnd.REFUSED, None]),
        "fails": st.integers(0, 4),
        "loses_answers": st.integers(0, 3),
        "repeats": st.integers(1, 3),
        "lies": st.booleans(),
        "turns_away": st.booleans(),
        "withdraws_after": st.integers(0, 4),
    }
)


@pytest.mark.slow
@settings(max_examples=15, deadline=None)
@given(faults=FAULTS)
def test_whatever_the_service_does_a_document_is_signed_or_free(faults: dict[str, int]) -> None:
    with tempfile.TemporaryDirectory() as home, tenant.entered("demo"):
        office = opened("", Path(home))
        end = faults["end"]

        def choose(envelope: Envelope) -> EnvelopeEnd | None:
            return end  # type: ignore[return-value]

        service = office.esign
        service.choose, service.repeats = choose, faults["repeats"]
        service.lies, service.turns_away = bool(faults["lies"]), bool(faults["turns_away"])
        service.fails, service.loses_answers = faults["fails"], faults["loses_answers"]
        one = asked(office, days=1)
        if faults["withdraws_after"] < 3:
            office.settle(times=faults["withdraws_after"], seconds=30)
            if now(office, one).state is DocumentState.ASKED:
                office.documents.withdraw_signatures(office.id(), one.document_id, "撤回")
        office.settle(times=12, seconds=9_000)
        after = now(office, one)
        assert after.state in (DocumentState.SIGNED, DocumentState.MADE)
        is_told = end is EnvelopeEnd.SIGNED and not faults["lies"] and not faults["turns_away"]
        if after.state is DocumentState.SIGNED:
            assert is_told
            assert office.documents.file(one.document_id, is_signed=True).content
        else:
            assert after.why
            assert not is_told or faults["withdraws_after"] < 3
        assert steps(office, one).count("signed") <= 1
        assert not any(office.made.flows.counts().values())  # nothing goes on, waits or is parked
        office.engine.close()
        office.tables.close()

"""Knowing customers 客户尽职调查, and what they consent to 授权."""

import datetime as dt
from dataclasses import replace
from typing import Final
from uuid import UUID

from yunjin.chassis.persistence import SqlUnitOfWork
from yunjin.kernel.errors import Malformed
from yunjin.platforms.capability.api.party_facts import (
    Consent,
    Kyc,
    KycStep,
    NewConsent,
    Party,
)
from yunjin.platforms.capability.domain.parties import FOLLOWS, kyc_on
from yunjin.platforms.capability.errors import ConsentNotFound, KycRefused
from yunjin.platforms.capability.events import ConsentChanged, KycChanged
from yunjin.platforms.capability.service.party_desk import PartyDesk
from yunjin.platforms.capability.service.party_papers import check_days
from yunjin.platforms.capability.service.values import check_code, plain
from yunjin.platforms.capability.store import parties
from yunjin.platforms.capability.store import party_records as store

EVIDENCE_MAX: Final = 64


class PartyKnowing(PartyDesk):
    """A part of `PartyService`."""

    def step_kyc(
        self,
        command_id: UUID,
        party_id: str,
        state: Kyc,
        *,
        by: str,
        why: str,
        evidence_id: str = "",
        review: dt.date | None = None,
    ) -> Party:
        """Go on with knowing a customer. Raises: as PartiesApi says."""
        check_code("evidence id", evidence_id, most=EVIDENCE_MAX)
        if (state is Kyc.VERIFIED) != (review is not None):
            raise Malformed("expected a review date for what is verified, and for nothing else")
        if state is Kyc.VERIFIED and not evidence_id:
            raise Malformed("expected the id of the evidence, was none")

        def body(work: SqlUnitOfWork) -> None:
            [root] = self._locked(work, party_id)
            today = self._today()
            now = kyc_on(root.kyc, root.review, today)
            if state not in FOLLOWS[now]:
                raise KycRefused(f"expected what follows on {now}, was {state}", state=now.value)
            if review is not None and review <= today:
                raise Malformed("expected a review date after today")
            step = KycStep(
                step_id=command_id,
                party_id=root.party_id,
                state=state,
                date=today,
                at=self._now(),
                review=review,
                evidence_id=evidence_id,
                by=by,
                why=why,
            )
            store.put_step(work.connection, step)
            parties.keep(work.connection, replace(root, kyc=state, review=review))
            what = f"kyc.{state}"
            self._note(
                work, root.party_id, what, by=by, why=why, subject=evidence_id, is_told=False
            )
            day = review.isoformat() if review else ""
            work.outbox.add(KycChanged(party_id=root.party_id, state=state.value, review=day))

        request = [party_id, state.value, evidence_id, review]
        self._do(command_id, "step_kyc", request, body, by=by, why=why, must_say=True)
        return self.party(party_id)

    def kyc_steps(self, party_id: str) -> list[KycStep]:
        """Return the steps of knowing it, newest first. Raises: PartyNotFound."""
        return self._room.read(
            lambda connection: store.steps_of(connection, self._family(connection, party_id))
        )

    def give_consent(
        self, command_id: UUID, party_id: str, consent: NewConsent, *, by: str = ""
    ) -> Consent:
        """Keep a consent; its id is the command's. Raises: as PartiesApi says."""
        check_code("purpose", consent.purpose, least=1, most=40)
        check_code("version", consent.version, least=1, most=20)
        check_code("channel", consent.channel, least=1, most=20)

        def body(work: SqlUnitOfWork) -> None:
            [root] = self._locked(work, party_id)
            today = self._today()
            given = consent.given or today
            if given > today:
                raise Malformed("expected a consent that was given by today")
            check_days(given, consent.until, "expected a consent that ends after it was given")
            made = Consent(
                consent_id=command_id,
                party_id=root.party_id,
                purpose=consent.purpose,
                version=consent.version,
                channel=consent.channel,
                given=given,
                until=consent.until,
                withdrawn=None,
            )
            store.put_consent(work.connection, made)
            self._tell_consent(work, root.party_id, made, "given", by=by)

        self._do(command_id, "give_consent", [party_id, *plain(consent)], body, by=by)
        return self._consent(command_id)

    def withdraw_consent(
        self, command_id: UUID, consent_id: UUID, *, by: str = "", why: str = ""
    ) -> Consent:
        """Let a consent no longer hold. Raises: as PartiesApi says."""

        def body(work: SqlUnitOfWork) -> None:
            found = store.consent(work.connection, consent_id)
            if found is None:
                raise no_consent(consent_id)
            [root] = self._locked(work, found.party_id, is_open=False)
            if store.withdraw(work.connection, consent_id, self._today()):
                self._tell_consent(work, root.party_id, found, "withdrawn", by=by, why=why)

        self._do(command_id, "withdraw_consent", [str(consent_id)], body, by=by, why=why)
        return self._consent(consent_id)

    def _tell_consent(
        self, work: SqlUnitOfWork, party_id: str, one: Consent, what: str, *, by: str, why: str = ""
    ) -> None:
        self._note(
            work, party_id, f"consent.{what}", by=by, why=why, subject=one.purpose, is_told=False
        )
        work.outbox.add(
            ConsentChanged(
                party_id=party_id,
                consent_id=str(one.consent_id),
                purpose=one.purpose,
                version=one.version,
                what=what,
            )
        )

    def _consent(self, consent_id: UUID) -> Consent:
        found = self._room.read(lambda connection: store.consent(connection, consent_id))
        if found is None:
            raise no_consent(consent_id)
        return found

    def consents(self, party_id: str) -> list[Consent]:
        """Return every consent it gave, newest first. Raises: PartyNotFound."""
        return self._consents(party_id, "")

    def consented(self, party_id: str, purpose: str, on: dt.date) -> Consent | None:
        """Return the newest consent to a purpose that holds on a date. Raises: PartyNotFound."""
        check_code("purpose", purpose, least=1, most=40)
        return next((one for one in self._consents(party_id, purpose) if one.holds_on(on)), None)

    def _consents(self, party_id: str, purpose: str) -> list[Consent]:
        return self._room.read(
            lambda connection: store.consents_of(
                connection, self._family(connection, party_id), purpose
            )
        )


def no_consent(consent_id: UUID) -> ConsentNotFound:
    """Return the refusal of a consent that is not there."""
    return ConsentNotFound("There is no such consent.", consent_id=str(consent_id))

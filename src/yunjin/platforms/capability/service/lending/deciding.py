"""Deciding on applications: registers are asked, the decision port, a person; rule sets kept."""

import datetime as dt
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

import msgspec

from yunjin.chassis.persistence import RoomDatabase, SqlUnitOfWork, instant_us
from yunjin.foundation.banking.api.agreements import AgreementsApi
from yunjin.kernel.errors import Malformed, Refusal
from yunjin.platforms.capability.api.bank_cards import BankCardCheck, CardHolder, CardVerdict
from yunjin.platforms.capability.api.decisions import (
    DEFAULT,
    FACTS_MAX,
    Decision,
    Decisions,
    Outcome,
    Question,
    Reason,
    RuleSet,
)
from yunjin.platforms.capability.api.identity import IdentityCheck, Person, Verdict
from yunjin.platforms.capability.api.lending import (
    OFFER_DAYS,
    Application,
    ApplicationState,
    Offer,
)
from yunjin.platforms.capability.api.party_facts import ContactKind, DocumentType, PartyKind
from yunjin.platforms.capability.api.tasks import Link, TasksApi
from yunjin.platforms.capability.domain.decisions import PRESET, check_rules, decided
from yunjin.platforms.capability.domain.lending import sound
from yunjin.platforms.capability.domain.payments import leg
from yunjin.platforms.capability.errors.lending import ApplicationRefused
from yunjin.platforms.capability.events.lending import LoanDecided
from yunjin.platforms.capability.service.lending.applications import Applications
from yunjin.platforms.capability.service.lending.book import expect
from yunjin.platforms.capability.service.values import NOTE_MAX, check_text
from yunjin.platforms.capability.store import lending as store

S: Final = ApplicationState
_LOANS_MAX: Final = 50  # of a party that are looked at
_PROGRAM: Final = "lending"  # who looks at numbers of documents, as the timeline has it
_BECOMES: Final = {
    Outcome.APPROVE: S.APPROVED,
    Outcome.REFER: S.REFERRED,
    Outcome.DECLINE: S.DECLINED,
}


class RuleDecisions:
    """The decision port where none is bound: the tenant's rule sets, and the preset before any."""

    def __init__(self, room: RoomDatabase) -> None:
        self._room = room

    def decide(self, command_id: UUID, asked: Question) -> Decision:
        """Answer by the rule set that is named, the business's, or the default."""
        codes = [one for one in (asked.rule_set, asked.business, DEFAULT) if one]
        found = self._room.read(lambda connection: store.newest_rules(connection, codes))
        return replace(decided(found or PRESET, asked), reference=str(command_id))


class Ports:
    """What lending asks of others."""

    def __init__(self, decisions: Decisions, identity: IdentityCheck, cards: BankCardCheck) -> None:
        self.decisions, self.identity, self.cards = decisions, identity, cards


class Deciding(Applications):
    """A part of `LendingService`: what is asked of ports and of people before the money."""

    _ports: Ports
    _agreements: AgreementsApi
    _tasks: TasksApi

    def identify(self, command_id: UUID, application_id: UUID) -> Verdict:
        """Hold the borrower against the identity port. Raises: as LendingApi says."""
        one = self._book.found(application_id)
        person = self._person(command_id, one, needs_phone=False)
        answer = self._ports.identity.check(command_id, person)
        self._keep_check(command_id, one, "identity", answer.verdict, answer.reference)
        return answer.verdict

    def check_card(
        self, command_id: UUID, application_id: UUID, card_number: str = ""
    ) -> CardVerdict:
        """Hold a card against the bank-card port. Raises: as LendingApi says."""
        one = self._book.found(application_id)
        number = card_number or one.asked.payout.account
        if not number:
            raise ApplicationRefused("expected a card, was none", why="no card to check")
        person = self._person(command_id, one, needs_phone=True)
        holder = CardHolder(
            card_number=number, name=person.name, id_number=person.id_number, phone=person.phone
        )
        answer = self._ports.cards.check(command_id, holder)
        self._keep_check(command_id, one, "card", answer.verdict, answer.reference)
        return answer.verdict

    def _person(self, command_id: UUID, one: Application, *, needs_phone: bool) -> Person:
        """Return who the borrower says to be. Raises: ApplicationRefused."""
        party_id = one.asked.party_id
        party = self._parties.party(party_id)
        why = f"identity check of application {one.application_id}"

        def seen(item_id: UUID, word: str) -> str:
            under = leg(command_id, word)
            return self._parties.reveal(under, party_id, item_id, by=_PROGRAM, why=why)

        documents = [
            each.document_id
            for each in self._parties.documents(party_id)
            if each.type is DocumentType.ID_CARD and each.ended is None
        ]
        phones = [
            each.contact_id
            for each in self._parties.contacts(party_id)
            if each.kind is ContactKind.PHONE and each.ended is None
        ]
        if party.kind is not PartyKind.PERSON or not documents:
            raise ApplicationRefused("expected an id card on record", why="no id card on record")
        if needs_phone and not phones:
            raise ApplicationRefused("expected a phone on record", why="no phone on record")
        return Person(
            name=party.name,
            id_number=seen(documents[0], "document"),
            phone=seen(phones[0], "phone") if phones else "",
        )

    def _keep_check(
        self, command_id: UUID, one: Application, check: str, verdict: str, reference: str
    ) -> None:
        def act(work: SqlUnitOfWork, now: Application) -> Application:
            self._book.note(
                work, now.application_id, f"check.{check}", text=f"{verdict} {reference}".strip()
            )
            return self._book.put(work, now, checks={**now.checks, check: str(verdict)})

        self._book.change(command_id, [f"lending.check.{check}"], one.application_id, act)

    # deciding -----------------------------------------------------------------------------------

    def decide(
        self, command_id: UUID, application_id: UUID, *, facts: Mapping[str, Any] | None = None
    ) -> Application:
        """Ask the decision port. Raises: as LendingApi says."""
        one = self._book.found(application_id)
        decision = Decision(outcome=Outcome.REFER)
        if one.state is S.APPLIED:
            question = self._question(one, facts or {})
            answer = self._ports.decisions.decide(command_id, question)
            decision = sound(answer, amount_minor=one.asked.amount_minor)

        def act(work: SqlUnitOfWork, now: Application) -> Application:
            expect(now, S.APPLIED)
            return self._decided(work, now, decision)

        return self._book.change(command_id, ["lending.decide"], application_id, act)

    def _question(self, one: Application, given: Mapping[str, Any]) -> Question:
        asked = one.asked
        facts = {**asked.values, **given, **self._known(one)}
        if len(facts) > FACTS_MAX:
            raise Malformed(f"expected at most {FACTS_MAX} facts, was {len(facts)}")
        return Question(
            subject=str(one.application_id),
            party_id=asked.party_id,
            business=asked.business,
            scenario=asked.scenario,
            product=asked.product,
            currency=asked.currency,
            amount_minor=asked.amount_minor,
            rate_ppm=asked.terms.get("rate", 0),
            rule_set=self._overlaid.parameter("rule-set", asked.business, asked.scenario),
            facts=facts,
        )

    def _known(self, one: Application) -> dict[str, Any]:
        """Return what the bank knows itself; nobody's form says otherwise."""
        asked = one.asked
        party = self._parties.party(asked.party_id)
        loans = self._book.room.read(
            lambda connection: store.some(
                connection, state=S.ACTIVE, party_id=asked.party_id, limit=_LOANS_MAX
            )
        )
        standing = [self._agreements.agreement(loan.agreement_id) for loan in loans]
        facts = {
            **one.checks,
            "term": asked.term,
            "purpose": asked.purpose,
            "party_state": party.state.value,
            "kyc": party.kyc.value,
            "loans_open": len(standing),
            "owed_minor": sum(loan.balance_minor for loan in standing),
            "overdue_days": max((loan.days_overdue for loan in standing), default=0),
        }
        if party.born is not None and party.kind is PartyKind.PERSON:
            today = self._today()
            passed = (today.month, today.day) >= (party.born.month, party.born.day)
            facts["age"] = today.year - party.born.year - (not passed)
        return facts

    def refer(self, command_id: UUID, application_id: UUID, why: str) -> Application:
        """Leave an application to a person. Raises: as LendingApi says."""
        check_text("reason", why, least=1, most=NOTE_MAX)

        def act(work: SqlUnitOfWork, one: Application) -> Application:
            expect(one, S.APPLIED)
            reasons = (Reason(code="referred", zh=why, en=why),)
            return self._decided(work, one, Decision(outcome=Outcome.REFER, reasons=reasons))

        return self._book.change(command_id, ["lending.refer", why], application_id, act)

    def judge(
        self,
        command_id: UUID,
        application_id: UUID,
        outcome: Outcome,
        *,
        by: str,
        amount_minor: int = 0,
        rate_ppm: int = 0,
        note: str = "",
    ) -> Application:
        """Decide a referred application as a person. Raises: as LendingApi says."""
        check_text("name", by, least=1, most=64)
        check_text("note", note, most=NOTE_MAX)
        if outcome is Outcome.REFER or not 0 <= rate_ppm <= 1_000_000:
            raise Malformed("expected approve or decline, and a rate of 0 to 100 %")

        def act(work: SqlUnitOfWork, one: Application) -> Application:
            expect(one, S.REFERRED)
            most = one.asked.amount_minor
            if not 0 <= amount_minor <= most:
                what = f"expected at most the {most} asked for, was {amount_minor}"
                raise ApplicationRefused(what, why="more than was asked for")
            reasons = (*one.reasons, Reason(code=f"person-{outcome}", zh=note, en=note))
            decision = Decision(
                outcome=outcome,
                limit_minor=amount_minor or most,
                rate_ppm=rate_ppm or one.asked.terms.get("rate", 0) or self._usual_rate(work, one),
                reasons=reasons,
                decided_by=by,
            )
            return self._decided(work, one, decision, by=by, text=note)

        request = ["lending.judge", outcome.value, by, amount_minor, rate_ppm, note]
        made = self._book.change(command_id, request, application_id, act)
        self._free_task(command_id, application_id)
        return made

    def _free_task(self, command_id: UUID, application_id: UUID) -> None:
        """Let nobody be asked any more for what was decided at the desk."""
        link = Link(kind="application", id=str(application_id))
        for task in self._tasks.tasks(link=link).items:
            with suppress(Refusal):  # it has ended
                self._tasks.withdraw(leg(command_id, task.task_id.hex), task.task_id, "It is done.")

    def _usual_rate(self, work: SqlUnitOfWork, one: Application) -> int:
        """Return the rate that was proposed, or that of the rules, for a person who names none."""
        if one.offer is not None and one.offer.rate_ppm:
            return one.offer.rate_ppm
        codes = [code for code in (one.asked.business, DEFAULT) if code]
        return (store.newest_rules(work.connection, codes) or PRESET).rate_ppm

    def _decided(
        self,
        work: SqlUnitOfWork,
        one: Application,
        decision: Decision,
        *,
        by: str = "",
        text: str = "",
    ) -> Application:
        state = _BECOMES[decision.outcome]
        codes = tuple(reason.code for reason in decision.reasons)
        offer = Offer(
            amount_minor=decision.limit_minor,
            rate_ppm=decision.rate_ppm,
            term=one.asked.term,
            until=self._today() + dt.timedelta(days=OFFER_DAYS),
        )
        after = self._book.move(
            work,
            one,
            state,
            by=by,
            text=text or ", ".join(codes),
            # What was referred keeps what it would be, for the person who looks at it.
            offer=None if state is S.DECLINED else offer,
            reasons=decision.reasons,
            decided_by=decision.decided_by,
        )
        work.outbox.add(
            LoanDecided(
                application_id=str(one.application_id),
                state=state.value,
                amount_minor=decision.limit_minor,
                rate_ppm=decision.rate_ppm,
                reasons=codes,
                decided_by=decision.decided_by,
            )
        )
        return after

    # rule sets ----------------------------------------------------------------------------------

    def put_rules(self, command_id: UUID, rules: RuleSet) -> RuleSet:
        """Keep a rule set as the next version of its code. Raises: as LendingApi says."""
        check_rules(rules)
        body = msgspec.to_builtins(rules)

        def kept(work: SqlUnitOfWork) -> dict[str, Any]:
            at_us = instant_us(self._book.room.clock.now_ns())
            return {"version": store.put_rules(work.connection, rules, at_us)}

        answer = self._book.room.command(command_id, ["lending.rules", body], kept)
        return replace(rules, version=int(answer["version"]))

    def rules(self, code: str = "") -> list[RuleSet]:
        """Return rule sets: of a code, or the newest of each; the preset where there is none."""
        found: Sequence[RuleSet] = self._book.room.read(
            lambda connection: store.rules_of(connection, code)
        )
        is_preset = code in ("", DEFAULT) and all(one.code != DEFAULT for one in found)
        return [*found, PRESET] if is_preset else list(found)

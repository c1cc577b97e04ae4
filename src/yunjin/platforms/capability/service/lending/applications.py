"""Applications: kept, taken on by the preset flow, accepted, withdrawn, paid out; and found."""

import datetime as dt
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

import msgspec

from yunjin.chassis.flow import FlowEnded, Flows, NoSuchFlow, Person
from yunjin.chassis.persistence import SqlUnitOfWork
from yunjin.kernel.errors import Malformed
from yunjin.kernel.page import LIMIT_MAX, Page
from yunjin.platforms.capability.api.lending import (
    DISBURSAL,
    PRESET,
    Application,
    ApplicationState,
    Contract,
    LendingEntry,
    NewApplication,
)
from yunjin.platforms.capability.api.parties import PartiesApi
from yunjin.platforms.capability.api.party_facts import PartyState
from yunjin.platforms.capability.domain.lending import check_hash, checked_values
from yunjin.platforms.capability.domain.payments import leg
from yunjin.platforms.capability.errors.lending import ApplicationRefused
from yunjin.platforms.capability.events.lending import LoanAsked
from yunjin.platforms.capability.service.lending.book import Book, expect, nothing
from yunjin.platforms.capability.service.lending.overlaid import Overlaid
from yunjin.platforms.capability.service.lending.shapes import Shapes
from yunjin.platforms.capability.service.paging import page_of, position
from yunjin.platforms.capability.service.values import (
    NOTE_MAX,
    check_amount,
    check_code,
    check_text,
)
from yunjin.platforms.capability.store import lending as store

S: Final = ApplicationState
ANSWER: Final = "answer"  # the word by which the preset flow hears what became of an offer
_TERM_MAX: Final = 480
_BEFORE_MONEY: Final = (S.APPLIED, S.REFERRED, S.APPROVED, S.ACCEPTED, S.UNDONE)


class Applications:
    """A part of `LendingService`: the deeds that move no money and ask no port."""

    def __init__(
        self,
        book: Book,
        flows: Flows,
        *,
        parties: PartiesApi,
        shapes: Shapes,
        overlaid: Overlaid,
        today: Callable[[], dt.date],
        cursor_key: bytes,
    ) -> None:
        self._book, self._flows, self._parties = book, flows, parties
        self._shapes, self._overlaid = shapes, overlaid
        self._today, self._key = today, cursor_key

    def apply(
        self, command_id: UUID, asked: NewApplication, *, by: str = "", run: bool = False
    ) -> Application:
        """Keep an application; its id is the command's. Raises: as LendingApi says."""
        _check(asked, by)

        def body(work: SqlUnitOfWork) -> dict[str, Any]:
            made = self._new(command_id, asked)
            if run:
                flow_id = leg(command_id, "run")
                self._flows.start(flow_id, PRESET, str(command_id), work=work)
                made = replace(made, flow_id=flow_id)
            store.put(work.connection, made)
            self._book.note(work, command_id, S.APPLIED.value, by=by, text=asked.purpose)
            work.outbox.add(
                LoanAsked(
                    application_id=str(command_id),
                    party_id=asked.party_id,
                    product=asked.product,
                    business=asked.business,
                    scenario=asked.scenario,
                    currency=asked.currency,
                    amount_minor=asked.amount_minor,
                )
            )
            return {"application_id": command_id}

        request = ["lending.apply", msgspec.to_builtins(asked), by, run]
        known = self._book.room.read(lambda connection: store.one(connection, command_id))
        if known is None:
            asked = self._possible(asked)
        self._book.room.command(command_id, request, body)
        self._flows.bell.set()
        return self._book.found(command_id)

    def _new(self, application_id: UUID, asked: NewApplication) -> Application:
        now = self._book.now()
        return Application(
            application_id=application_id,
            asked=asked,
            state=S.APPLIED,
            checks={},
            offer=None,
            reasons=(),
            decided_by="",
            contract=None,
            agreement_id=0,
            hold_id=None,
            payment_id=None,
            flow_id=None,
            detail="",
            day=self._today(),
            at=now,
            changed=now,
        )

    def _possible(self, asked: NewApplication) -> NewApplication:
        """Return what is asked for, with its product. Raises: ApplicationRefused, PartyNotFound."""
        at = (asked.business, asked.scenario)
        asked = replace(asked, product=asked.product or self._overlaid.parameter("product", *at))
        for field in self._overlaid.fields("application", *at):
            if field.is_required and asked.values.get(field.name) in (None, ""):
                why = f"{field.zh} {field.en}"
                raise ApplicationRefused(f"expected a value of {field.name}, was none", why=why)
        party = self._parties.party(asked.party_id)
        if party.state is not PartyState.OPEN:
            why = f"the party is {party.state}"
            raise ApplicationRefused("expected a party that is open, was another", why=why)
        shape = self._shapes.of(asked.product)
        if shape.currency != asked.currency:
            what = f"expected {shape.currency} of {asked.product}, was {asked.currency[:3]}"
            raise ApplicationRefused(what, why="the product is of another currency")
        unknown = sorted(asked.terms.keys() - shape.parameters)
        if unknown:
            what = f"expected terms of {asked.product}, was {unknown[0][:40]!r}"
            raise ApplicationRefused(what, why="the product has no such term")
        return asked

    def run(self, command_id: UUID, application_id: UUID) -> Application:
        """Let the preset flow take an application on. Raises: as LendingApi says."""

        def act(work: SqlUnitOfWork, one: Application) -> Application:
            expect(one, S.APPLIED)
            if one.flow_id is not None:
                raise ApplicationRefused("expected no flow yet, was one", why="it runs already")
            self._flows.start(command_id, PRESET, str(application_id), work=work)
            return self._book.put(work, one, flow_id=command_id)

        made = self._book.change(command_id, ["lending.run"], application_id, act)
        self._flows.bell.set()
        return made

    def accept(
        self, command_id: UUID, application_id: UUID, text_hash: str, ref: str = "", *, by: str = ""
    ) -> Application:
        """Keep that the customer agreed. Raises: as LendingApi says."""
        check_hash(text_hash)
        check_text("reference", ref, most=NOTE_MAX)
        check_text("name", by, most=64)

        def act(work: SqlUnitOfWork, one: Application) -> Application:
            expect(one, S.APPROVED)
            if one.offer is None or self._today() > one.offer.until:
                raise ApplicationRefused("expected an offer that holds", why="the offer is over")
            contract = Contract(text_hash=text_hash, ref=ref, by=by, at=self._book.now())
            after = self._book.move(work, one, S.ACCEPTED, by=by, text=ref, contract=contract)
            self._tell(work, command_id, one, "accepted")
            return after

        request = ["lending.accept", text_hash, ref, by]
        return self._book.change(command_id, request, application_id, act)

    def withdraw(
        self, command_id: UUID, application_id: UUID, note: str = "", *, by: str = ""
    ) -> Application:
        """End an application before its money goes out. Raises: as LendingApi says."""
        check_text("note", note, most=NOTE_MAX)
        check_text("name", by, most=64)

        def act(work: SqlUnitOfWork, one: Application) -> Application:
            expect(one, *_BEFORE_MONEY)
            after = self._book.move(work, one, S.WITHDRAWN, by=by, text=note, detail=note)
            if one.flow_id is not None:
                with suppress(FlowEnded, NoSuchFlow):
                    self._flows.cancel(one.flow_id, by=Person(by, note), work=work)
            return after

        request = ["lending.withdraw", note, by]
        made = self._book.change(command_id, request, application_id, act)
        self._flows.bell.set()
        return made

    def lapse(self, command_id: UUID, application_id: UUID) -> Application:
        """End an offer whose last day is over. Raises: as LendingApi says."""

        def act(work: SqlUnitOfWork, one: Application) -> Application:
            expect(one, S.APPROVED)
            if one.offer is not None and self._today() <= one.offer.until:
                raise ApplicationRefused("expected an offer that is over", why="it holds still")
            after = self._book.move(work, one, S.EXPIRED)
            self._tell(work, command_id, one, "expired")
            return after

        return self._book.change(command_id, ["lending.lapse"], application_id, act)

    def disburse(self, command_id: UUID, application_id: UUID) -> Application:
        """Begin to pay out what was accepted. Raises: as LendingApi says."""
        one = self._book.found(application_id)
        flow_id = one.flow_id if one.state is S.ACCEPTED else None
        if flow_id is not None and not self._flows.state(flow_id).state.is_end:
            why = "its flow pays it out"
            raise ApplicationRefused("expected no flow that runs, was one", why=why)

        def act(work: SqlUnitOfWork, one: Application) -> Application:
            expect(one, S.ACCEPTED, S.UNDONE)
            self._flows.start(leg(command_id, "flow"), DISBURSAL, str(application_id), work=work)
            return one

        made = self._book.change(command_id, ["lending.disburse"], application_id, act)
        self._flows.bell.set()
        return made

    def _tell(self, work: SqlUnitOfWork, signal_id: UUID, one: Application, word: str) -> None:
        """Tell the preset flow, where it waits, what became of the offer."""
        if one.flow_id is not None:
            with suppress(FlowEnded, NoSuchFlow):
                self._flows.signal(one.flow_id, ANSWER, word, signal_id=signal_id, work=work)

    # reading ------------------------------------------------------------------------------------

    def application(self, application_id: UUID) -> Application:
        """Return an application. Raises: ApplicationNotFound."""
        return self._book.found(application_id)

    def applications(
        self,
        *,
        state: ApplicationState | None = None,
        party_id: str = "",
        product: str = "",
        business: str = "",
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Application]:
        """Return applications, newest first. Raises: Malformed (cursor)."""
        before, limit = position(cursor, self._key), min(limit, LIMIT_MAX)
        found = self._book.room.read(
            lambda connection: store.some(
                connection,
                state=state,
                party_id=party_id,
                product=product,
                business=business,
                before=before,
                limit=limit + 1,
            )
        )
        return page_of(found, limit, self._key, lambda one: one.application_id)

    def of_agreement(self, agreement_id: int) -> Application:
        """Return the application that a loan came of. Raises: ApplicationNotFound."""
        one = self._book.room.read(lambda connection: store.of_agreement(connection, agreement_id))
        if one is None:
            raise nothing(UUID(int=0))
        return one

    def timeline(self, application_id: UUID) -> list[LendingEntry]:
        """Return what was done to an application. Raises: ApplicationNotFound."""
        self._book.found(application_id)
        return self._book.room.read(lambda connection: store.notes(connection, application_id))

    def counts(self) -> dict[str, int]:
        """Return how many applications are in each state that is not an end."""
        return self._book.room.read(store.counts)


def _check(asked: NewApplication, by: str) -> None:
    """Raises: Malformed."""
    check_amount(asked.amount_minor)
    if not 1 <= asked.term <= _TERM_MAX:
        raise Malformed(f"expected a term of 1 to {_TERM_MAX}, was {asked.term}")
    for what, text, least, most in (
        ("party", asked.party_id, 1, 64),
        ("product", asked.product, 0, 40),
        ("business", asked.business, 0, 40),
        ("scenario", asked.scenario, 0, 40),
        ("template", asked.template, 0, 40),
        ("payee's account", asked.payout.account, 0, 64),
        ("payee's bank", asked.payout.agent, 0, 35),
        ("channel", asked.payout.channel, 0, 40),
    ):
        check_code(what, text, least=least, most=most)
    check_text("purpose", asked.purpose, most=NOTE_MAX)
    check_text("payee's name", asked.payout.name, most=140)
    check_text("name", by, most=64)
    checked_values(asked.values)
    is_elsewhere = bool(asked.payout.name and asked.payout.account)
    if bool(asked.payout.agreement_id) == is_elsewhere:
        raise Malformed("expected an agreement, or a name and an account, to pay out to")

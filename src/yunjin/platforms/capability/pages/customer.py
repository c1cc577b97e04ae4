"""One customer, all round: who it is, what it has, how well it is known, what happened."""

import asyncio
import datetime as dt
from dataclasses import dataclass
from typing import Any

from nicegui import ui

from yunjin.chassis.console import (
    Figure,
    Markup,
    ask,
    box,
    button,
    console,
    figures,
    formats,
    html,
    laid,
    markup,
    menu_button,
    page,
    panel,
    t,
    title_row,
)
from yunjin.foundation.banking.api.agreements import Agreement, AgreementQuery
from yunjin.kernel.clock import nanoseconds
from yunjin.platforms.capability.api.limits import Limit
from yunjin.platforms.capability.api.party_facts import (
    Consent,
    Contact,
    Document,
    Kyc,
    KycStep,
    Likeness,
    Party,
    PartyState,
    Relation,
)
from yunjin.platforms.capability.pages.customer_dealings import Dealings
from yunjin.platforms.capability.pages.customer_deeds import Deeds
from yunjin.platforms.capability.pages.customer_desk import (
    Desk,
    born_label,
    day,
    ident,
    kyc_chip,
    role_words,
    state_chip,
)
from yunjin.platforms.capability.pages.customer_sections import Sections
from yunjin.platforms.capability.pages.customer_timeline import Timeline

AGREEMENTS_MAX = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """All that the page shows of a party. agreements: None where there is no bank to ask."""

    one: Party
    documents: list[Document]
    contacts: list[Contact]
    relations: list[Relation]
    steps: list[KycStep]
    consents: list[Consent]
    alike: list[Likeness]
    limits: list[Limit]
    agreements: list[Agreement] | None
    today: dt.date


class CustomerPage:
    """One officer's view of a customer."""

    def __init__(self, desk: Desk, party_id: str) -> None:
        self._desk, self._id = desk, party_id

    async def first(self) -> None:
        """Lay the page for the first time. Raises: PartyNotFound."""
        with box("yj-content") as self._box:
            await self._draw()

    async def _again(self) -> None:
        self._box.clear()
        with self._box:
            await self._draw()

    async def _draw(self) -> None:
        seen = await self._ask()
        one = seen.one
        deeds = Deeds(self._desk, one, self._again)
        self._head(one, deeds)
        self._figures(seen)
        sections = Sections(one, deeds)
        with box("yj-split"):
            with box("yj-column"):
                sections.agreements(seen.agreements)
                sections.limits(seen.limits)
                sections.relations(seen.relations)
                sections.documents(seen.documents, seen.contacts)
            with box("yj-column"):
                if seen.alike or one.aliases:
                    sections.records(seen.alike)
                self._about(one)
                sections.known(seen.steps)
                sections.consents(seen.consents, seen.today)
        ids = [each.agreement_id for each in seen.agreements or ()]
        dealings = Dealings(self._desk.doors, one.party_id, ids)
        dealings.draw()
        timeline = Timeline(self._desk, one.party_id)
        timeline.draw()
        await laid()
        await dealings.fill()
        await timeline.fill()

    async def _ask(self) -> Seen:
        parties = self._desk.parties
        one = await ask(parties.party, self._id)
        own = one.party_id
        documents, contacts, relations, steps, consents, alike = await asyncio.gather(
            ask(parties.documents, own),
            ask(parties.contacts, own),
            ask(parties.relations, own),
            ask(parties.kyc_steps, own),
            ask(parties.consents, own),
            ask(parties.duplicates, own),
        )
        limits, agreements, today = await asyncio.gather(
            ask(self._limits, one),
            ask(self._agreements, one),
            ask(console().business_date),
        )
        return Seen(
            one=one,
            documents=documents,
            contacts=contacts,
            relations=relations,
            steps=steps,
            consents=consents,
            alike=alike,
            limits=limits,
            agreements=agreements,
            today=today,
        )

    def _limits(self, one: Party) -> list[Limit]:
        ids = (one.party_id, *one.aliases)
        return [
            limit
            for party_id in ids
            for limit in self._desk.limits.limits(party_id=party_id, limit=AGREEMENTS_MAX).items
        ]

    def _agreements(self, one: Party) -> list[Agreement] | None:
        if self._desk.agreements is None:
            return None
        return [
            agreement
            for party_id in (one.party_id, *one.aliases)
            for agreement in self._desk.agreements.find(
                AgreementQuery(party_id=party_id, limit=AGREEMENTS_MAX)
            ).items
        ]

    def _head(self, one: Party, deeds: Deeds) -> None:
        note = Markup("{} · {}").format(t(f"party.kind.{one.kind.value}"), ident(one.party_id))
        with title_row(one.name, note=note):
            html(state_chip(one.state) + kyc_chip(one.kyc), tag="span")
            if one.state is PartyState.CLOSED:
                return
            with box("yj-push yj-deeds"):
                if one.kyc is Kyc.PENDING:
                    button(
                        t("party.deed.kyc_verified"), deeds.verify, icon="verified", primary=True
                    )
                    button(t("party.deed.kyc_refused"), lambda: deeds.step(Kyc.REFUSED))
                elif one.kyc is not Kyc.VERIFIED:
                    button(
                        t("party.deed.kyc_pending"),
                        lambda: deeds.step(Kyc.PENDING),
                        icon="person_search",
                        primary=True,
                    )
                menu_button(t("party.more"), self._more(one, deeds))

    def _more(self, one: Party, deeds: Deeds) -> dict[str, Any]:
        is_blocked = one.state is PartyState.BLOCKED
        turn = "unblock" if is_blocked else "block"
        found: dict[str, Any] = {t("party.deed.change"): deeds.change}
        if one.kyc is Kyc.VERIFIED:
            found[t("party.deed.kyc_pending")] = lambda: deeds.step(Kyc.PENDING)
        return {
            **found,
            t("party.deed.role"): deeds.role,
            t("party.merge"): lambda: ui.navigate.to(f"/customers/{one.party_id}/merge"),
            t(f"party.deed.{turn}"): getattr(deeds, turn),
            t("party.deed.close"): deeds.close,
        }

    def _figures(self, seen: Seen) -> None:
        one = seen.one
        running = [each for each in seen.agreements or () if each.status != "closed"]
        with figures():
            Figure(
                t("party.kyc"),
                t(f"party.kyc.{one.kyc.value}"),
                t("party.review_on", day=one.review) if one.review else t("party.no_review"),
                tone="bad" if one.kyc in (Kyc.EXPIRED, Kyc.REFUSED) else "",
            )
            Figure(
                t("party.agreements"),
                "—" if seen.agreements is None else formats.number(len(running)),
                t("party.running"),
            )
            Figure(
                t("party.limits"),
                formats.number(len(seen.limits)),
                t("party.limits_of"),
            )
            held = [each for each in seen.relations if each.until is None]
            Figure(
                t("party.relations"),
                formats.number(len(held)),
                t("party.relations_now"),
            )

    def _about(self, one: Party) -> None:
        facts: list[tuple[str, Markup | str]] = [
            (t("party.name"), one.name),
        ]
        if one.other_name:
            facts.append((t("party.other_name"), one.other_name))
        facts += [
            (born_label(one.kind), day(one.born)),
            (t("party.country"), one.country),
            (t("party.roles"), role_words(one.roles)),
            (t("party.opened"), formats.moment(nanoseconds(one.opened))),
        ]
        with panel(t("party.about"), classes="yj-first"):
            html(markup.facts(facts))


def register(desk: Desk) -> None:
    """Put the page of a customer on the console."""

    @page("/customers/{party_id}", title="party.customer", active="party.customers")
    async def customer(party_id: str) -> None:
        await CustomerPage(desk, party_id).first()

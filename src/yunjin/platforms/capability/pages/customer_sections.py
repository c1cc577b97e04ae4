"""The sections of a customer's page: each says what there is, and offers the next step."""

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Final
from uuid import UUID

from nicegui.events import GenericEventArguments

from yunjin.chassis.console import (
    Column,
    Markup,
    Row,
    Tone,
    box,
    button,
    formats,
    html,
    markup,
    panel,
    quiet,
    t,
    table_html,
)
from yunjin.chassis.console.words import LEXICON
from yunjin.foundation.banking.api.agreements import Agreement
from yunjin.platforms.capability.api.limits import Limit, LimitState
from yunjin.platforms.capability.api.party_facts import (
    Consent,
    Contact,
    Document,
    KycStep,
    Likeness,
    Party,
    PartyState,
    Relation,
)
from yunjin.platforms.capability.pages.customer_deeds import Deeds, percent
from yunjin.platforms.capability.pages.customer_desk import (
    day,
    ident,
    kyc_chip,
    party_link,
    span,
)
from yunjin.platforms.capability.pages.customer_drawing import drawing

_AGREEMENTS: Final[dict[str, Tone]] = {"open": "good", "closed": "neutral", "stopped": "bad"}
_LIMITS: Final[dict[LimitState, Tone]] = {
    LimitState.OPEN: "good",
    LimitState.FROZEN: "warn",
    LimitState.CLOSED: "neutral",
}
_EMIT: Final = "(e) => emit(e.target.dataset.value)"


class Sections:
    """The sections of one customer's page."""

    def __init__(self, one: Party, deeds: Deeds) -> None:
        self._one, self._deeds = one, deeds

    @property
    def _is_open(self) -> bool:
        return self._one.state is not PartyState.CLOSED

    def agreements(self, found: Sequence[Agreement] | None) -> None:
        """Show what it has at the bank; None: there is no bank here."""
        with panel(t("party.agreements")):
            if found is None:
                html(quiet("account_balance", t("party.no_bank"), t("party.no_bank_hint")))
                return
            if not found:
                html(quiet("folder_open", t("party.no_agreements"), t("party.no_agreements_hint")))
            else:
                html(
                    table_html(
                        agreement_columns(),
                        list(map(agreement_row, found)),
                        caption=t("party.agreements"),
                    )
                )
            if self._is_open:
                path = f"/agreements/new?party={self._one.party_id}"
                html(
                    markup.button_link(t("party.open_agreement"), path, sign="add"),
                    classes="yj-ranges",
                )

    def limits(self, found: Sequence[Limit]) -> None:
        """Show its limits."""
        with panel(t("party.limits")):
            if not found:
                html(quiet("speed", t("party.no_limits"), t("party.no_limits_hint")))
                return
            html(
                table_html(limit_columns(), list(map(limit_row, found)), caption=t("party.limits"))
            )

    def relations(self, found: Sequence[Relation]) -> None:
        """Draw who is whose, and list it."""
        with panel(t("party.relations")):
            if found:
                html(drawing(self._one, found), classes="yj-table-scroll")
                rows = [relation_row(self._one, one, is_open=self._is_open) for one in found]
                shown = html(
                    table_html(relation_columns(), rows, caption=t("party.relations"))
                ).mark("relations")
                shown.on("yj-part", self._unrelate, js_handler=_EMIT)
            else:
                html(quiet("account_tree", t("party.no_relations"), t("party.no_relations_hint")))
            self._add("relate", self._deeds.relate)

    def _unrelate(self, event: GenericEventArguments) -> None:
        self._deeds.unrelate(UUID(str(event.args)))

    def documents(self, documents: Sequence[Document], contacts: Sequence[Contact]) -> None:
        """Show papers and contacts, masked."""
        names = {str(one.document_id): t(f"party.document.{one.type.value}") for one in documents}
        names |= {str(one.contact_id): t(f"party.contact.{one.kind.value}") for one in contacts}
        rows = [document_row(one, is_open=self._is_open) for one in documents]
        rows += [contact_row(one, is_open=self._is_open) for one in contacts]
        with panel(t("party.papers"), note=t("party.papers_note")):
            if rows:
                shown = html(table_html(paper_columns(), rows, caption=t("party.papers"))).mark(
                    "papers"
                )

                def look(event: GenericEventArguments) -> None:
                    self._deeds.reveal(UUID(str(event.args)), names[str(event.args)])

                def end(event: GenericEventArguments) -> None:
                    self._deeds.end_item(UUID(str(event.args)))

                shown.on("yj-look", look, js_handler=_EMIT)
                shown.on("yj-part", end, js_handler=_EMIT)
            else:
                html(quiet("badge", t("party.no_papers"), t("party.no_papers_hint")))
            if self._is_open:
                with box("yj-ranges yj-deeds"):
                    button(t("party.deed.document"), self._deeds.document, icon="add")
                    button(t("party.deed.contact"), self._deeds.contact, icon="add")

    def records(self, alike: Sequence[Likeness]) -> None:
        """Show which records are one, and which may be."""
        with panel(t("party.records"), classes="yj-first"):
            rows = [
                Markup("<div><dt>{}</dt><dd>{}</dd></div>").format(
                    t("party.alias"),
                    ident(party_id) + row_button("yj-part", party_id, t("party.deed.unmerge_now")),
                )
                for party_id in self._one.aliases
            ]
            rows += [
                Markup("<div><dt>{} {}</dt><dd>{}</dd></div>").format(
                    party_link(one.party.party_id, one.party.name),
                    Markup("<br><small>{}</small>").format(
                        t("party.plus").join(t(f"party.why.{why}") for why in one.why)
                    ),
                    markup.button_link(
                        t("party.compare"),
                        f"/customers/{one.party.party_id}/merge?with={self._one.party_id}",
                        sign="compare",
                    ),
                )
                for one in alike
            ]
            body = Markup('<dl class="yj-facts">{}</dl>').format(Markup("").join(rows))
            shown = html(body).mark("records")
            shown.on(
                "yj-part", lambda event: self._deeds.unmerge(str(event.args)), js_handler=_EMIT
            )

    def known(self, steps: Sequence[KycStep]) -> None:
        """Show how it became known."""
        with panel(t("party.knowing"), note=kyc_chip(self._one.kyc)):
            if not steps:
                html(quiet("person_search", t("party.no_steps"), t("party.no_steps_hint")))
                return
            lines = Markup("").join(
                Markup("<li><div>{}<time>{}</time></div><p>{}</p></li>").format(
                    kyc_chip(one.state), one.date, step_words(one)
                )
                for one in steps
            )
            html(Markup('<ul class="yj-deeds-done">{}</ul>').format(lines))

    def consents(self, found: Sequence[Consent], today: dt.date) -> None:
        """Show what it agreed to."""
        with panel(t("party.consents")):
            if found:
                lines = Markup("").join(
                    consent_line(one, today, is_open=self._is_open) for one in found
                )
                shown = html(Markup('<ul class="yj-deeds-done">{}</ul>').format(lines))
                shown.mark("consents").on(
                    "yj-part",
                    lambda event: self._deeds.withdraw(UUID(str(event.args))),
                    js_handler=_EMIT,
                )
            else:
                html(quiet("handshake", t("party.no_consents"), t("party.no_consents_hint")))
            self._add("consent", self._deeds.consent)

    def _add(self, name: str, act: Callable[[], None]) -> None:
        if self._is_open:
            with box("yj-ranges"):
                button(t(f"party.deed.{name}"), act, icon="add")


def row_button(event: str, value: object, text: str) -> Markup:
    """Return a small button of a row; the section around it hears the event."""
    return Markup(
        '<button type="button" class="yj-row-deed" data-emit="{}" data-value="{}">{}</button>'
    ).format(event, value, text)


def agreement_columns() -> list[Column]:
    """Return the columns of agreements."""
    return [
        Column(key="id", label=t("party.agreement"), is_whole=True, card="lead"),
        Column(key="product", label=t("party.product"), is_whole=True, card="left"),
        Column(key="opened", label=t("party.opened"), is_whole=True, card="right"),
        Column(key="balance", label=t("party.balance"), is_number=True, card="left"),
        Column(key="state", label=t("party.state"), is_whole=True, card="side"),
    ]


def agreement_row(one: Agreement) -> Row:
    """Return an agreement as a row."""
    word = f"banking.product.{one.product}"
    product = t(word) if LEXICON.knows(word) else one.product
    return {
        "id": markup.ident(
            str(one.agreement_id),
            formats.account(one.agreement_id),
            f"/agreements/{one.agreement_id}",
        ),
        "product": markup.link(product, f"/products/{one.product}"),
        "opened": day(one.opened),
        "balance": money(one.balance_minor, one.currency),
        "state": markup.chip(
            t(f"party.agreement.{one.status}"), _AGREEMENTS.get(one.status, "neutral")
        ),
    }


def money(minor: int, currency: str) -> Markup:
    """Write an amount with its currency."""
    return Markup('<span>{} <small class="yj-side">{}</small></span>').format(
        formats.money(minor, currency), currency
    )


def limit_columns() -> list[Column]:
    """Return the columns of limits."""
    return [
        Column(key="name", label=t("party.limit"), card="lead"),
        Column(key="kind", label=t("party.limit_kind"), card="left"),
        Column(key="ceiling", label=t("party.ceiling"), is_number=True, card="right"),
        Column(key="left", label=t("party.left"), is_number=True, card="left"),
        Column(key="state", label=t("party.state"), is_whole=True, card="side"),
    ]


def limit_row(one: Limit) -> Row:
    """Return a limit as a row."""
    return {
        "name": markup.link(one.name, f"/limits/{one.limit_id}"),
        "kind": one.kind,
        "ceiling": money(one.ceiling_minor, one.currency),
        "left": money(one.left_minor, one.currency),
        "state": markup.chip(t(f"party.limit_state.{one.state.value}"), _LIMITS[one.state]),
    }


def relation_columns() -> list[Column]:
    """Return the columns of relations."""
    return [
        Column(key="other", label=t("party.other"), card="lead"),
        Column(key="is", label=t("party.relation"), is_whole=True, card="left"),
        Column(key="share", label=t("party.share"), is_number=True, card="right"),
        Column(key="span", label=t("party.span"), is_whole=True, card="line"),
        Column(key="deed", label="", card="line"),
    ]


def relation_row(own: Party, one: Relation, *, is_open: bool) -> Row:
    """Return a relation as one of its ends sees it."""
    end, other, name = other_end(own, one)
    part = row_button("yj-part", one.relation_id, t("party.deed.unrelate"))
    return {
        "other": party_link(other, name),
        "is": t(f"party.relation.{one.kind.value}.{end}"),
        "share": percent(one.share_ppm) if one.share_ppm else "—",
        "span": span(one.since, one.until),
        "deed": part if is_open and one.until is None else "",
    }


def other_end(own: Party, one: Relation) -> tuple[str, str, str]:
    """Return where the other party stands, its id and its name."""
    if one.from_id == own.party_id:
        return "to", one.to_id, one.to_name
    return "from", one.from_id, one.from_name


def paper_columns() -> list[Column]:
    """Return the columns of documents and contacts."""
    return [
        Column(key="kind", label=t("party.paper"), is_whole=True, card="lead"),
        Column(key="shown", label=t("party.value"), card="line"),
        Column(key="issuer", label=t("party.issuer"), card="left"),
        Column(key="expires", label=t("party.expires"), is_whole=True, card="right"),
        Column(key="deed", label="", card="line"),
    ]


def document_row(one: Document, *, is_open: bool) -> Row:
    """Return a document as a row."""
    return {
        "kind": ended_word(t(f"party.document.{one.type.value}"), one.ended),
        "shown": Markup('<span class="num">{}</span>').format(one.shown),
        "issuer": one.issuer or "—",
        "expires": day(one.expires),
        "deed": paper_deeds(one.document_id, one.ended, is_open=is_open),
    }


def contact_row(one: Contact, *, is_open: bool) -> Row:
    """Return a contact as a row."""
    return {
        "kind": ended_word(t(f"party.contact.{one.kind.value}"), one.ended),
        "shown": Markup('<span class="num">{}</span>').format(one.shown),
        "issuer": "—",
        "expires": "—",
        "deed": paper_deeds(one.contact_id, one.ended, is_open=is_open),
    }


def paper_deeds(item_id: UUID, ended: dt.date | None, *, is_open: bool) -> Markup:
    """Offer to look at a whole value, and to let it no longer count."""
    look = row_button("yj-look", item_id, t("party.deed.reveal_now"))
    if ended is not None or not is_open:
        return look
    return look + row_button("yj-part", item_id, t("party.deed.end_item_now"))


def ended_word(name: str, ended: dt.date | None) -> Markup:
    """Name a paper, and say since when it no longer counts."""
    if ended is None:
        return Markup("<span>{}</span>").format(name)
    return Markup("<span>{}</span> {}").format(name, markup.chip(t("party.ended", day=ended)))


def step_words(one: KycStep) -> Markup:
    """Say who did a step, why, and on which evidence."""
    said = Markup("{} · {}").format(one.why, one.by)
    if one.evidence_id:
        said += Markup("<br>{} {}").format(t("party.evidence"), one.evidence_id)
    if one.review:
        said += Markup(" · {}").format(t("party.review_on", day=one.review))
    return said


def consent_line(one: Consent, today: dt.date, *, is_open: bool) -> Markup:
    """Return a consent as a line of its list."""
    is_held = one.holds_on(today)
    word = f"party.purpose.{one.purpose}"
    channel = f"party.channel.{one.channel}"
    state = "holds" if is_held else "withdrawn" if one.withdrawn else "over"
    chip = markup.chip(t(f"party.consent.{state}"), "good" if is_held else "neutral")
    part = row_button("yj-part", one.consent_id, t("party.deed.withdraw_now"))
    return Markup("<li><div><b>{}</b>{}{}</div><p>{} · {} · {}</p></li>").format(
        t(word) if LEXICON.knows(word) else one.purpose,
        chip,
        part if is_held and is_open else "",
        one.version,
        t(channel) if LEXICON.knows(channel) else one.channel,
        span(one.given, one.withdrawn or one.until),
    )

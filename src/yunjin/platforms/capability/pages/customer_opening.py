"""A new customer: who it is, what proves it, and who may be the same already."""

from functools import partial

from nicegui import ui

from yunjin.chassis.console import (
    Markup,
    ask,
    box,
    button,
    choice_field,
    day_field,
    formats,
    grid,
    html,
    markup,
    notice_of,
    page,
    panel,
    quiet,
    t,
    text_field,
    title_row,
)
from yunjin.kernel.errors import Outage, Problem, Unknown
from yunjin.kernel.ids import uuid7
from yunjin.platforms.capability.api.party_facts import (
    NAME_MAX,
    ContactKind,
    DocumentType,
    Likeness,
    NewContact,
    NewDocument,
    NewParty,
    PartyKind,
    Role,
)
from yunjin.platforms.capability.api.party_numbers import (
    born_by,
    is_contact,
    is_number,
    written_contact,
    written_number,
)
from yunjin.platforms.capability.pages.customer_desk import (
    BY,
    DOCUMENTS_OF,
    Desk,
    born_label,
    ident,
    party_link,
)

WAIT_MS = 500  # after the last key, before it is asked who is like this


class NewCustomer:
    """One officer's form."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._command = uuid7(desk.clock)
        self._fields: dict[str, ui.input | ui.select] = {}
        self._asked = 0

    async def draw(self) -> None:
        """Lay the form."""
        with title_row(t("party.open"), note=t("party.open_note")):
            pass
        with box("yj-split"):
            with box("yj-column"), ui.element("form").classes("yj-form") as form:
                form.on("submit", self._open, js_handler="(e) => { e.preventDefault(); emit(); }")
                with panel(t("party.who")), grid():
                    self._draw_who()
                with panel(t("party.document")), grid():
                    self._draw_document()
                with panel(t("party.contacts")), grid():
                    for kind in (ContactKind.PHONE, ContactKind.EMAIL, ContactKind.ADDRESS):
                        self._fields[kind.value] = text_field(
                            t(f"party.contact.{kind.value}"),
                            hint=t("party.optional"),
                            check=partial(contact_complaint, kind),
                        )
                with box("yj-actions"):
                    self._button = button(
                        t("party.open_now"), self._open, icon="person_add", primary=True
                    )
                    html(markup.button_link(t("action.cancel"), "/customers", sign="close"))
                self._words = html("").props('role="status"')
            with box("yj-column"), box(""), panel(t("party.alike"), note=t("party.alike_note")):
                self._alike = html("")
        for name, one in self._fields.items():
            if isinstance(one, ui.input):
                one.props(f"debounce={WAIT_MS} autocomplete=off")
            one.on_value_change(self._choose if name == "kind" else self._changed)
        await self._changed()

    def _draw_who(self) -> None:
        kinds = {one.value: t(f"party.kind.{one.value}") for one in PartyKind}
        self._fields["kind"] = choice_field(t("party.kind"), kinds, PartyKind.PERSON.value)
        self._fields["name"] = text_field(
            t("party.name"), hint=t("party.name_hint"), check=name_complaint
        )
        self._fields["other_name"] = text_field(t("party.other_name"), hint=t("party.optional"))
        self._fields["born"] = day_field(born_label(PartyKind.PERSON))
        self._fields["country"] = text_field(
            t("party.country"),
            value="CN",
            hint=t("party.country_hint"),
            check=country_complaint,
        )
        roles = {one.value: t(f"party.role.{one.value}") for one in Role}
        self._fields["role"] = choice_field(t("party.role"), roles, Role.CUSTOMER.value)

    def _draw_document(self) -> None:
        kinds = document_names(PartyKind.PERSON)
        self._fields["type"] = choice_field(t("party.document_type"), kinds, next(iter(kinds)))
        self._fields["number"] = text_field(
            t("party.number"),
            hint=t("party.number_hint"),
            check=lambda text: number_complaint(self._type, text),
        )
        self._fields["issuer"] = text_field(t("party.issuer"), hint=t("party.optional"))
        self._fields["expires"] = day_field(t("party.expires"), hint=t("party.expires_hint"))

    @property
    def _type(self) -> DocumentType:
        return DocumentType(str(self._fields["type"].value))

    def _text(self, name: str) -> str:
        return str(self._fields[name].value or "").strip()

    async def _choose(self) -> None:
        """Offer the documents, and name the date, of what is opened."""
        kind, shown = PartyKind(self._text("kind")), self._fields["type"]
        names = document_names(kind)
        if isinstance(shown, ui.select):
            shown.set_options(names, value=next(iter(names)))
        self._fields["born"].props(f'label="{born_label(kind)}"')
        await self._changed()

    def _made(self) -> NewParty | None:
        """Return what the form holds; None while something is missing or wrong."""
        number, born = written_number(self._text("number")), formats.parse_day(self._text("born"))
        reached = [(kind, self._text(kind.value)) for kind in ContactKind]
        complaints = [
            name_complaint(self._text("name")),
            country_complaint(self._text("country")),
            number_complaint(self._type, number),
            *(contact_complaint(kind, text) for kind, text in reached),
        ]
        if any(complaints) or (self._text("born") and born is None):
            return None
        document = NewDocument(
            type=self._type,
            number=number,
            issuer=self._text("issuer"),
            expires=formats.parse_day(self._text("expires")),
        )
        return NewParty(
            kind=PartyKind(self._text("kind")),
            name=self._text("name"),
            other_name=self._text("other_name"),
            born=born,
            country=self._text("country").upper(),
            documents=(document,) if number else (),
            contacts=tuple(NewContact(kind=kind, value=text) for kind, text in reached if text),
            roles=(Role(self._text("role")),),
        )

    async def _changed(self, _: object = None) -> None:
        self._command = uuid7(self._desk.clock)
        born = born_by(written_number(self._text("number")))
        if born is not None and self._type is DocumentType.ID_CARD and not self._text("born"):
            self._fields["born"].set_value(born.isoformat())  # it is asked for again by that
            return
        made = self._made()
        self._button.set_enabled(made is not None)
        self._asked += 1
        mine = self._asked
        found = await ask(self._desk.parties.alike, made) if made is not None else []
        if mine == self._asked:  # nothing was typed meanwhile
            self._alike.set_content(str(alike_words(found, is_asked=made is not None)))

    async def _open(self) -> None:
        made = self._made()
        if made is None or not self._button.enabled:
            return
        self._button.set_enabled(False)
        try:
            party = await ask(self._desk.parties.open, self._command, made, by=BY)
        except Problem as problem:
            self._words.set_content(str(notice_of(problem)))
            if not isinstance(problem, Outage | Unknown):
                self._command = uuid7(self._desk.clock)
            self._button.set_enabled(True)
            return
        ui.notify(t("party.done.open"), type="positive", position="top")
        ui.navigate.to(f"/customers/{party.party_id}")


def document_names(kind: PartyKind) -> dict[str, str]:
    """Return the documents that a party of a kind has."""
    return {one.value: t(f"party.document.{one.value}") for one in DOCUMENTS_OF[kind]}


def alike_words(found: list[Likeness], *, is_asked: bool) -> Markup:
    """Say who is here already."""
    if not found:
        key = "party.nobody_alike" if is_asked else "party.alike_later"
        return quiet("how_to_reg", t(key), t(f"{key}_hint"))
    return Markup("").join(
        Markup(
            '<div class="yj-notice yj-notice-warn">{}<div><b>{}</b><p>{} · {}</p></div></div>'
        ).format(
            markup.icon("content_copy"),
            party_link(one.party.party_id, one.party.name),
            t("party.plus").join(t(f"party.why.{why}") for why in one.why),
            ident(one.party.party_id),
        )
        for one in found
    )


def name_complaint(text: str) -> str:
    """Return why a name will not do; "" where it will."""
    if not text.strip():
        return t("form.needed")
    return "" if len(text.strip()) <= NAME_MAX else t("party.form.long", most=NAME_MAX)


def country_complaint(text: str) -> str:
    """Return why a country will not do."""
    text = text.strip()
    return "" if len(text) == 2 and text.isascii() and text.isalpha() else t("party.form.country")


def number_complaint(type_: DocumentType, text: str) -> str:
    """Return why a document's number will not do; none is fine."""
    number = written_number(text)
    return "" if not number or is_number(type_, number) else t("party.form.number")


def contact_complaint(kind: ContactKind, text: str) -> str:
    """Return why a contact will not do; none is fine."""
    value = written_contact(kind, text)
    return "" if not value or is_contact(kind, value) else t(f"party.form.{kind.value}")


def register(desk: Desk) -> None:
    """Put the form on the console."""

    @page("/customers/new", title="party.open", active="party.customers")
    async def new_customer() -> None:
        await NewCustomer(desk).draw()

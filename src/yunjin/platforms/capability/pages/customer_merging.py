"""Two records side by side: whether they are one, and which of the ids goes on."""

from collections.abc import Callable, Sequence
from typing import Final
from uuid import UUID

from nicegui import ui

from yunjin.chassis.console import (
    Address,
    Column,
    Deed,
    Done,
    Fields,
    Markup,
    Row,
    ask,
    box,
    button,
    html,
    markup,
    page,
    panel,
    quiet,
    switch,
    t,
    table_html,
    text_field,
    title_row,
)
from yunjin.platforms.capability.api.party_facts import Contact, Document, Party, PartyQuery
from yunjin.platforms.capability.errors import MergeRefused, PartyNotFound
from yunjin.platforms.capability.pages.customer_desk import (
    BY,
    Desk,
    born_label,
    day,
    ident,
    kyc_chip,
    party_link,
    role_words,
    state_chip,
)
from yunjin.platforms.capability.pages.customer_reasons import text, why_field
from yunjin.platforms.capability.pages.customer_search import looked_for

Side = tuple[Party, list[Document], list[Contact]]
LEFT: Final = "left"
RIGHT: Final = "right"


class MergePage:
    """One officer's look at two records."""

    def __init__(self, desk: Desk, party_id: str) -> None:
        self._desk, self._id = desk, party_id
        self._address = Address()
        self._kept = RIGHT

    async def draw(self) -> None:
        """Lay the page. Raises: PartyNotFound."""
        self._left = await ask(self._side, self._id)
        with title_row(t("party.merge"), note=t("party.merge_note")):
            pass
        with panel(t("party.merge_with")):
            self._field = text_field(
                t("party.other"),
                value=self._address.get("with"),
                hint=t("party.other_hint"),
            ).props("debounce=500 autocomplete=off")
            self._field.on_value_change(self._show)
        with box("yj-column") as self._box:
            pass
        await self._show()

    def _side(self, typed: str) -> Side:
        parties = self._desk.parties
        one = parties.party(typed)
        return one, parties.documents(one.party_id), parties.contacts(one.party_id)

    def _other(self, typed: str) -> Side | None:
        if not typed:
            return None
        found, _ = looked_for(self._desk.parties, typed, PartyQuery(limit=3))
        own = self._left[0].party_id
        others = [one.party_id for one in found if one.party_id != own]
        return self._side(others[0]) if len(others) == 1 else None

    async def _show(self, _: object = None) -> None:
        typed = str(self._field.value or "").strip()
        other = await ask(self._other, typed)
        self._box.clear()
        with self._box:
            if other is None:
                with panel():
                    key = "party.merge_nobody" if typed else "party.merge_choose"
                    html(quiet("compare", t(key), t(f"{key}_hint")))
                return
            self._compare(other)

    def _compare(self, other: Side) -> None:
        left, right = self._left[0], other[0]
        with panel(t("party.side_by_side"), note=t("party.side_by_side_note")):
            rows = rows_of(self._left, other)
            html(table_html(columns(), rows, caption=t("party.side_by_side")))
        with panel(t("party.which_goes_on")):
            names = {
                LEFT: f"{t('party.left_one')} · {left.name}",
                RIGHT: f"{t('party.right_one')} · {right.name}",
            }
            switch(names, self._kept, self._keep, name=t("party.which_goes_on"))
            html(Markup('<p class="yj-note yj-ranges">{}</p>').format(t("party.merge_exact")))
            with box("yj-actions"):
                button(
                    t("party.deed.merge"),
                    lambda: self._merge(left, right),
                    icon="merge",
                    primary=True,
                )
                html(
                    markup.button_link(
                        t("action.cancel"), f"/customers/{left.party_id}", sign="close"
                    )
                )

    def _keep(self, side: str) -> None:
        self._kept = side

    def _merge(self, left: Party, right: Party) -> None:
        one, into = (left, right) if self._kept == RIGHT else (right, left)
        shown: Fields = {}

        def build(deed: Deed) -> None:
            shown["why"] = why_field()
            shown["why"].on_value_change(deed.changed)

        def effect() -> str:
            if not text(shown, "why"):
                return ""
            return t("party.effect.merge", one=one.name, into=into.name)

        def act(command_id: UUID) -> Done:
            why = text(shown, "why")
            try:
                self._desk.parties.merge(command_id, one.party_id, into.party_id, by=BY, why=why)
            except MergeRefused as refused:
                return Done(t(f"party.refused.{refused.facts['why']}"), is_good=False)
            return Done(t("party.done.merge"))

        async def done() -> None:
            ui.navigate.to(f"/customers/{into.party_id}")

        Deed(
            clock=self._desk.clock,
            title=t("party.deed.merge"),
            action=t("party.deed.merge_now"),
            build=build,
            effect=effect,
            act=act,
            done=done,
        ).open()


def columns() -> list[Column]:
    """Return the columns: what is compared, and the two."""
    return [
        Column(key="what", label="", is_whole=True, card="lead"),
        Column(key=LEFT, label=t("party.left_one"), card="left"),
        Column(key=RIGHT, label=t("party.right_one"), card="right"),
        Column(key="same", label="", card="side"),
    ]


def rows_of(left: Side, right: Side) -> list[Row]:
    """Return what is known of the two, row by row, and whether it agrees."""
    one, other = left[0], right[0]
    plain: list[tuple[str, Callable[[Party], str]]] = [
        (t("party.other_name"), lambda it: it.other_name or "—"),
        (born_label(one.kind), lambda it: day(it.born)),
        (t("party.country"), lambda it: it.country),
        (t("party.roles"), lambda it: role_words(it.roles)),
    ]
    chips: list[tuple[str, Callable[[Party], Markup]]] = [
        (t("party.kyc"), lambda it: kyc_chip(it.kyc)),
        (t("party.state"), lambda it: state_chip(it.state)),
    ]
    rows: list[Row] = [
        {
            "what": t("party.name"),
            LEFT: named(one),
            RIGHT: named(other),
            "same": agrees(one.name == other.name),
        },
    ]
    for what, of in [*plain, *chips]:
        pair = (of(one), of(other))
        rows.append(
            {"what": what, LEFT: pair[0], RIGHT: pair[1], "same": agrees(pair[0] == pair[1])}
        )
    papers = [papers_of(side) for side in (left, right)]
    shared = bool(set(papers[0]) & set(papers[1]))
    rows.append(
        {
            "what": t("party.papers"),
            LEFT: _lines(papers[0]),
            RIGHT: _lines(papers[1]),
            "same": agrees(shared),
        }
    )
    return rows


def papers_of(side: Side) -> list[str]:
    """Return documents and contacts that count, masked."""
    _, documents, contacts = side
    found = [
        f"{t(f'party.document.{one.type.value}')} {one.shown}"
        for one in documents
        if one.ended is None
    ]
    return found + [
        f"{t(f'party.contact.{one.kind.value}')} {one.shown}"
        for one in contacts
        if one.ended is None
    ]


def named(one: Party) -> Markup:
    """Return a party's name over its id."""
    return markup.stacked(party_link(one.party_id, one.name), ident(one.party_id))


def _lines(texts: Sequence[str]) -> Markup:
    return Markup("<br>").join(texts) if texts else Markup("—")


def agrees(is_same: bool) -> Markup:
    """Say whether the two agree."""
    return markup.chip(
        t(f"party.{'same' if is_same else 'differs'}"), "good" if is_same else "warn"
    )


def register(desk: Desk) -> None:
    """Put the page on the console."""

    @page("/customers/{party_id}/merge", title="party.merge", active="party.customers")
    async def merge(party_id: str) -> None:
        if not party_id.isascii():
            raise PartyNotFound("There is no such party.", party_id="")
        await MergePage(desk, party_id).draw()

"""A party's points in a programme: what can be spent, when it ends, what moved it."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from yunjin.chassis.console import (
    Address,
    Ask,
    Column,
    Fields,
    Figure,
    Markup,
    Row,
    Table,
    ask,
    button,
    empty,
    figures,
    formats,
    html,
    markup,
    one_of,
    page,
    panel,
    t,
    table_html,
    text_field,
    title_row,
    value_deed,
)
from yunjin.kernel.clock import Clock, nanoseconds
from yunjin.platforms.capability.api.points import (
    POINTS_MAX,
    Entry,
    EntryKind,
    Lot,
    PointsApi,
    Programme,
)
from yunjin.platforms.capability.pages.points import soon_words

PAGE_ROWS: Final = 50
_TONES: Final[dict[EntryKind, Any]] = {
    EntryKind.EARNED: "good",
    EntryKind.GRANTED: "good",
    EntryKind.RETURNED: "good",
    EntryKind.RECEIVED: "good",
    EntryKind.HELD: "warn",
    EntryKind.EXPIRED: "bad",
    EntryKind.REVERSED: "bad",
}


class OneAccount:
    """One reader's view of a party's points."""

    def __init__(
        self, points: PointsApi, clock: Clock, programme: Programme, party_id: str
    ) -> None:
        self._points, self._clock = points, clock
        self._programme, self._party = programme, party_id

    async def draw(self) -> None:
        """Lay the page."""
        one = self._programme
        back = markup.link(one_of(one.zh, one.en), "/points")
        party = markup.ident(self._party, self._party, f"/customers/{self._party}")
        with title_row(t("points.account"), note=Markup("{} · {}").format(back, party)):
            button(t("points.deed.grant"), self._grant, icon="add", primary=True)
        with figures():
            self._shown = {
                name: Figure(t(f"points.{name}"), "—")
                for name in ("balance", "held", "owed", "soon")
            }
        with panel(t("points.lots"), note=t("points.lots_note")):
            self._lots = html("")
        with panel(t("points.entries")):
            self._table = Table(
                entry_columns(),
                self._load,
                caption=t("points.entries"),
                empty=lambda: empty(
                    t("points.no_entries"), hint=t("points.no_entries_hint"), icon="loyalty"
                ),
                address=Address(),
            )
        await self._show()
        await self._table.show()

    async def _show(self) -> None:
        one = await ask(self._points.account, self._programme.code, self._party)
        notes = {
            "balance": t(
                "points.came_went",
                came=formats.number(one.came),
                went=formats.number(one.went),
            ),
            "soon": soon_words(one),
        }
        for name, figure in self._shown.items():
            tone = "bad" if name == "owed" and one.owed else ""
            figure.show(formats.number(getattr(one, name)), notes.get(name, ""), tone=tone)
        lots = await ask(self._points.lots, self._programme.code, self._party)
        caption = t("points.lots")
        rows = [lot_row(each) for each in lots]
        self._lots.set_content(str(table_html(lot_columns(), rows, caption=caption)))

    async def _again(self) -> None:
        await self._show()
        await self._table.restart()

    async def _load(self, wanted: Ask) -> tuple[Sequence[Row], str | None]:
        found = await ask(
            self._points.entries,
            self._programme.code,
            self._party,
            limit=PAGE_ROWS,
            cursor=wanted.cursor,
        )
        return [entry_row(one) for one in found.items], found.next_cursor

    def _grant(self) -> None:
        def build(fields: Fields) -> None:
            fields["points"] = text_field(t("points.points")).props("inputmode=numeric autofocus")
            fields["note"] = text_field(t("points.note")).props("maxlength=200")

        def made(fields: Fields) -> tuple[int, str] | None:
            number = str(fields["points"].value or "").strip()
            note = str(fields["note"].value or "").strip()
            is_number = number.isascii() and number.isdigit() and len(number) < 14
            if not (is_number and note and 0 < int(number) <= POINTS_MAX):
                return None
            return int(number), note

        def effect(value: tuple[int, str]) -> str:
            return t("points.effect.grant", points=formats.number(value[0]), note=value[1])

        def keep(command_id: UUID, value: tuple[int, str]) -> Entry:
            return self._points.grant(
                command_id, self._programme.code, self._party, value[0], note=value[1]
            )

        value_deed(
            self._clock,
            "points",
            "grant",
            build=build,
            made=made,
            effect=effect,
            keep=keep,
            done=self._again,
        )


def lot_columns() -> list[Column]:
    """Return the columns of lots."""
    return [
        Column(key="expires", label=t("points.expires"), is_whole=True, card="lead"),
        Column(key="left", label=t("points.left"), is_number=True, card="side"),
        Column(key="came", label=t("points.came_in"), is_number=True, card="left"),
    ]


def lot_row(one: Lot) -> Row:
    """Return a lot as a row."""
    return {
        "expires": one.expires.isoformat() if one.expires else t("points.never"),
        "left": formats.number(one.left),
        "came": formats.number(one.points),
    }


def entry_columns() -> list[Column]:
    """Return the columns of entries."""
    return [
        Column(key="entry", label=t("points.entry"), card="lead"),
        Column(key="at", label=t("points.at"), is_whole=True, card="line"),
        Column(key="for", label=t("points.for"), card="line"),
        Column(key="points", label=t("points.points"), is_number=True, card="side"),
        Column(key="balance", label=t("points.after"), is_number=True, card="right"),
    ]


def entry_row(one: Entry) -> Row:
    """Return an entry as a row; what a cap kept away, or is owed, stands beside what it is."""
    aside = [", ".join(one.rules)] if one.rules else []
    if one.capped:
        aside.append(t("points.capped", points=formats.number(one.capped)))
    if one.owed > 0:
        aside.append(t("points.owed_more", points=formats.number(one.owed)))
    chip = markup.chip(t(f"points.kind.{one.kind.value}"), _TONES.get(one.kind, "neutral"))
    sign = "+" if one.points > 0 else ""
    return {
        "entry": Markup('{} <small class="yj-side">{}</small>').format(chip, " · ".join(aside)),
        "at": formats.moment(nanoseconds(one.at)),
        "for": " · ".join(each for each in (one.subject, one.note) if each) or "—",
        "points": f"{sign}{formats.number(one.points)}",
        "balance": formats.number(one.balance),
    }


def register(points: PointsApi, clock: Clock) -> None:
    """Put the page of a party's points on the console."""

    @page("/points/{code}/{party_id}", title="points.account", active="points.programmes")
    async def shown(code: str, party_id: str) -> None:
        programme = await ask(points.programme, code)
        await OneAccount(points, clock, programme, party_id[:64]).draw()

"""Drawings: the list, bringing one in, one with its picture, and flows in code as pictures."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from nicegui import ui

from yunjin.chassis.console import (
    Ask,
    Column,
    Fields,
    Markup,
    Row,
    Table,
    ask,
    box,
    button,
    empty,
    file_route,
    formats,
    grid,
    html,
    markup,
    page,
    panel,
    t,
    text_field,
    title_row,
    value_deed,
)
from yunjin.chassis.flow_pages.showing import named
from yunjin.kernel.clock import Clock, nanoseconds
from yunjin.platforms.capability.api.drawings import Drawing, DrawingsApi, Value
from yunjin.platforms.capability.pages.drawings_bringing import NewDrawing

PAGE_ROWS = 50
_NUMBER_LENGTH = 18


class Drawings:
    """One reader's list of drawings."""

    def __init__(self, drawings: DrawingsApi) -> None:
        self._drawings = drawings

    async def draw(self) -> None:
        """Lay the list."""
        with title_row(t("drawing.drawings"), note=t("drawing.note")), box("yj-push"):
            html(markup.button_link(t("drawing.bring"), "/drawings/new", sign="upload_file"))
        with panel(classes="yj-panel-table"):
            table = Table(
                _columns(), self._load, caption=t("drawing.drawings"), empty=self._nothing
            )
        await table.show()
        flows = await ask(self._drawings.flows)
        with panel(t("drawing.flows"), note=t("drawing.flows_note")):
            html(Markup("<br>").join(map(_link, flows)) or "—")

    def _nothing(self) -> None:
        empty(t("drawing.none"), hint=t("drawing.none_hint"), icon="polyline")

    async def _load(self, wanted: Ask) -> tuple[Sequence[Row], str | None]:
        found = await ask(self._drawings.drawings, limit=PAGE_ROWS, cursor=wanted.cursor)
        return [_row(one) for one in found.items], found.next_cursor


def _link(flow: str) -> Markup:
    """Return the way to a flow in code, by its name for people where it has one."""
    name, link = named("name", flow), f"/drawings/code/{flow}"
    if name == flow:
        return markup.link(flow, link)
    return Markup('{} <small class="yj-side">{}</small>').format(markup.link(name, link), flow)


def _columns() -> list[Column]:
    return [
        Column(key="name", label=t("drawing.name"), card="lead"),
        Column(key="code", label=t("drawing.code"), card="left"),
        Column(key="version", label=t("drawing.version"), is_number=True, card="right"),
        Column(key="asks", label=t("drawing.asks"), card="line"),
        Column(key="by", label=t("drawing.by"), card="left"),
        Column(key="at", label=t("drawing.at"), is_whole=True, card="right"),
        Column(key="state", label=t("drawing.state"), card="side"),
    ]


def _row(one: Drawing) -> Row:
    return {
        "name": markup.link(one.name, f"/drawings/{one.code}"),
        "code": Markup("<code>{}</code>").format(one.code),
        "version": str(one.version),
        "asks": ", ".join(one.operations) or "—",
        "by": one.by,
        "at": formats.moment(nanoseconds(one.at)),
        "state": _chip(one),
    }


def _chip(one: Drawing) -> Markup:
    if one.is_retired:
        return markup.chip(t("drawing.retired"), "neutral")
    return markup.chip(t("drawing.live"), "good")


class OneDrawing:
    """One reader's view of a drawing."""

    def __init__(self, drawings: DrawingsApi, clock: Clock, code: str) -> None:
        self._drawings, self._clock, self._code = drawings, clock, code

    async def draw(self) -> None:
        """Lay the page."""
        one = await ask(self._drawings.drawing, self._code)
        picture = await ask(self._drawings.picture, self._code)
        note = markup.link(t("drawing.drawings"), "/drawings")
        with title_row(one.name, note=note), box("yj-title-actions"):
            if not one.is_retired:
                button(
                    t("drawing.deed.start"),
                    lambda: self._start(one),
                    icon="play_arrow",
                    primary=True,
                )
                button(t("drawing.deed.retire"), lambda: self._retire(one), icon="block")
        with panel(t("drawing.picture")):
            html(scrolled(Markup(picture)))  # our own SVG: every text in it was escaped
        with panel(t("drawing.about")):
            html(markup.facts(_facts(one)))

    def _start(self, one: Drawing) -> None:
        def build(fields: Fields) -> None:
            with grid():
                for name in one.inputs:
                    fields[name] = text_field(name, hint=t("drawing.start_hint"))

        def made(fields: Fields) -> dict[str, Value] | None:
            return {name: value_of(str(one.value or "")) for name, one in fields.items()}

        def keep(command_id: UUID, inputs: dict[str, Value]) -> object:
            return self._drawings.start(command_id, one.code, inputs)

        value_deed(
            self._clock,
            "drawing",
            "start",
            build=build,
            made=made,
            effect=lambda _: t("drawing.effect.start", version=one.version),
            keep=keep,
            done=_nothing_more,
        )

    def _retire(self, one: Drawing) -> None:
        def build(fields: Fields) -> None:
            fields["by"] = text_field(t("drawing.person")).props("autofocus maxlength=64")

        def made(fields: Fields) -> str | None:
            return str(fields["by"].value or "").strip() or None

        async def done() -> None:
            ui.navigate.reload()

        value_deed(
            self._clock,
            "drawing",
            "retire",
            build=build,
            made=made,
            effect=lambda _: t("drawing.effect.retire"),
            keep=lambda command_id, by: self._drawings.retire(command_id, one.code, by=by),
            done=done,
        )


async def _nothing_more() -> None:
    """The page stands as it is."""


def value_of(text: str) -> Value:
    """Read what was typed: true, false, a whole number, nothing at all, or a text."""
    said = text.strip()
    digits = said.removeprefix("-")
    if said in ("true", "false"):
        return said == "true"
    if digits.isascii() and digits.isdigit() and len(digits) <= _NUMBER_LENGTH:
        return int(said)
    return said or None


def scrolled(picture: Markup) -> Markup:
    """Return a picture that scrolls inside its panel."""
    return Markup('<div tabindex="0" style="overflow:auto;max-height:70vh">{}</div>').format(
        picture
    )


def _facts(one: Drawing) -> list[tuple[str, Markup | str]]:
    file = f"/drawings-bpmn/{one.code}/{one.code}-{one.version}.bpmn"
    return [
        (t("drawing.code"), Markup("<code>{}</code>").format(one.code)),
        (t("drawing.version"), str(one.version)),
        (t("drawing.state"), _chip(one)),
        (t("drawing.asks"), ", ".join(one.operations) or "—"),
        (t("drawing.inputs"), ", ".join(one.inputs) or t("drawing.no_inputs")),
        (t("drawing.by"), one.by),
        (t("drawing.at"), formats.moment(nanoseconds(one.at))),
        (t("drawing.bpmn"), markup.link(f"{one.code}.bpmn", file)),
    ]


def register(drawings: DrawingsApi, clock: Clock) -> None:
    """Put the pages of drawings on the console."""

    @page("/drawings", title="drawing.drawings", active="drawing.drawings")
    async def listed() -> None:
        await Drawings(drawings).draw()

    # A form at "/…/new" comes before the page whose address would take "new" for a code.
    @page("/drawings/new", title="drawing.bring", active="drawing.drawings")
    async def new() -> None:
        NewDrawing(drawings, clock).draw()

    @page("/drawings/code/{flow}", title="drawing.flow", active="drawing.drawings")
    async def in_code(flow: str) -> None:
        picture = await ask(drawings.drawn_picture, flow)
        note = markup.link(t("drawing.drawings"), "/drawings")
        with title_row(named("name", flow), note=note):
            pass
        with panel(t("drawing.picture")):
            html(scrolled(Markup(picture)))
            file = f"/drawn-bpmn/{flow}/{flow}.bpmn"
            html(Markup('<p class="yj-more">{}</p>').format(markup.link(t("drawing.bpmn"), file)))

    @page("/drawings/{code}", title="drawing.drawing", active="drawing.drawings")
    async def shown(code: str) -> None:
        await OneDrawing(drawings, clock, code).draw()

    file_route("/drawings-bpmn/{code}/{name}", _written(drawings, "text"))
    file_route("/drawn-bpmn/{code}/{name}", _written(drawings, "drawn"))


def _written(drawings: DrawingsApi, how: str) -> Any:
    def write(facts: Mapping[str, str]) -> Iterator[bytes]:
        yield getattr(drawings, how)(str(facts["code"])).encode()

    return write

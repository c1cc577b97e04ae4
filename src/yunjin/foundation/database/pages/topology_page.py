"""The topology: what stands where, who writes, how service goes on, and what befell it."""

from collections.abc import Sequence
from typing import Final

from nicegui import ui

from yunjin.chassis.console import (
    Chart,
    Figure,
    Markup,
    Series,
    ask,
    box,
    button,
    contact_chip,
    empty,
    figures,
    formats,
    html,
    live,
    markup,
    page,
    panel,
    problem_title,
    quiet,
    t,
    title_row,
)
from yunjin.foundation.database.api.topology import (
    Beat,
    Blow,
    CellSeen,
    Centre,
    Picture,
    Role,
    Strike,
    TopologyApi,
)
from yunjin.foundation.database.pages.centres import (
    centre_card,
    first_step,
    strike_name,
    strike_word,
    writes_here,
)
from yunjin.foundation.database.pages.doctoring import (
    actions_list,
    clock_us,
    findings_list,
    seconds,
)
from yunjin.foundation.database.pages.glance import Glance
from yunjin.kernel.clock import Clock
from yunjin.kernel.errors import Problem

EVERY_S: Final = 0.5
SPAN_US: Final = 120_000_000  # of the graphs
BIN_US: Final = 400_000  # two beats
NOTICED_MS: Final = 300  # a wait below is an ordinary one
_SHOWN: Final = 8
_US: Final = 1_000  # ns
_ICONS: Final = {"off": "power_off", "pause": "bedtime"}


class Desk:
    """One set for the process: the door, and what all readers look at."""

    def __init__(self, topology: TopologyApi, clock: Clock) -> None:
        self.topology, self.clock = topology, clock
        self.picture: Glance[Picture] = Glance(topology.picture, clock, every_ms=500)
        self.blows: Glance[Sequence[Blow]] = Glance(topology.blows, clock, every_ms=400)
        self.beats: Glance[Sequence[Beat]] = Glance(self._beats, clock, every_ms=400)

    @property
    def now_us(self) -> int:
        """Now, as instants are told."""
        return self.clock.now_ns() // _US

    def _beats(self) -> Sequence[Beat]:
        return self.topology.beats(self.now_us - SPAN_US)


class TopologyPage:
    """One reader's view; `beat` pushes what changed."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._laid: tuple[str, ...] = ()
        self._cards: dict[str, ui.html] = {}

    async def draw(self) -> None:
        """Lay the page with what is known now."""
        picture = await self._desk.picture.newest()
        self._strikes = await ask(self._desk.topology.strikes)
        beats = await self._desk.beats.newest()
        with title_row(t("fleet.topology"), note=t("fleet.topology_note")):
            self._state = html("", tag="span")
            contact_chip()
        if not picture.centres:
            with panel():
                empty(t("fleet.none"), hint=t("fleet.none_hint"), icon="hub", action=first_step())
            return
        if self._strikes:
            html(_banner(), classes="yj-banner").props('role="note"')
        self._trouble = html("")
        has_cells = any(centre.cells for centre in picture.centres)
        self._lay_figures(is_counted=bool(beats or self._strikes), has_cells=has_cells)
        if self._rate is not None:
            with box("yj-halves"):
                self._rates = self._graph("fleet.rate")
                self._waits = self._graph("fleet.worst")
        self._centres = ui.element("div").classes("yj-centres")
        self._lay_strikes()
        with box("yj-halves"):
            with box("yj-column"):
                if self._strikes:
                    with panel(t("fleet.blows")):
                        self._blows = html("")
                with panel(t("fleet.wrong"), note=markup.link(t("fleet.doctor"), "/doctor")):
                    self._findings = html("")
            with panel(t("fleet.done")):
                self._actions = html("")
        await self.beat()
        live(EVERY_S, self.beat)

    def _lay_figures(self, *, is_counted: bool, has_cells: bool) -> None:
        self._rate: Figure | None = None
        self._cells: Figure | None = None
        with figures():
            if is_counted:
                self._rate = Figure(t("fleet.rate"), "0")
                self._worst = Figure(t("fleet.worst"), "0")
            self._nodes = Figure(t("fleet.nodes"), "0")
            if has_cells:
                self._cells = Figure(t("fleet.processes"), "0")

    def _graph(self, key: str) -> Chart:
        with panel():
            chart = Chart(
                title=t(f"{key}_graph"),
                x_name=t("time.at", zone=formats.zone_name()),
                height_px=128,
            )
            chart.draw()
        return chart

    def _lay_strikes(self) -> None:
        """Offer the faults that meet more than one data centre; the others are on the cards."""
        wide = [one for one in self._strikes if not one.data_centre]
        if not wide:
            return
        with box("yj-strikes"):
            html(t("fleet.strike_all"), classes="yj-note")
            for one in wide:
                self._offer(one, strike_name(one))

    def _offer(self, strike: Strike, name: str) -> None:
        icon = _ICONS.get(strike.id.partition(":")[0].rpartition("-")[2], "bolt")
        shown = button(name, lambda: self._strike(strike.id), icon=icon)
        shown.props(f'aria-label="{strike_name(strike)}" title="{strike_name(strike)}"')

    async def _strike(self, strike_id: str) -> None:
        try:
            await ask(self._desk.topology.strike, strike_id)
        except Problem as problem:
            ui.notify(f"{problem_title(problem)}: {problem.detail}", type="warning")
        await self.beat()

    # what moves ---------------------------------------------------------------------------------

    async def beat(self) -> None:
        """Push how everything is now."""
        picture = await self._desk.picture.newest()
        beats = await self._desk.beats.newest()
        blows = await self._desk.blows.newest()
        self._show_picture(picture)
        if self._rate is not None:
            self._show_beats(beats, blows)
        if self._strikes:
            _put(self._blows, blow_list(blows))

    def _show_picture(self, picture: Picture) -> None:
        tone, word = ("good", "serving") if picture.is_serving else ("bad", "not_serving")
        _put(self._state, markup.chip(t(f"fleet.{word}"), "good" if tone == "good" else "bad"))
        self._trouble.set_visibility(bool(picture.trouble))
        _put(self._trouble, _trouble(picture.trouble))
        self._show_centres(picture.centres)
        nodes = [node for centre in picture.centres for node in centre.nodes]
        cells = [cell for centre in picture.centres for cell in centre.cells]
        synced = sum(node.status.is_synced for node in nodes)
        self._nodes.show(
            f"{synced} / {len(nodes)}",
            t("fleet.nodes_note"),
            tone="" if synced == len(nodes) else "warn",
        )
        if self._cells is not None:
            self._show_cells(self._cells, cells)
        found = findings_list(picture.findings[:_SHOWN])
        if not picture.findings and synced < len(nodes):  # not yet, or no doctor runs
            found = quiet("visibility_off", t("fleet.unlooked"), t("fleet.unlooked_hint"))
        _put(self._findings, found)
        _put(self._actions, actions_list(picture.actions[:_SHOWN]))

    def _show_cells(self, figure: Figure, cells: Sequence[CellSeen]) -> None:
        standing = [cell for cell in cells if cell.role in (Role.WRITES, Role.STANDS_BY)]
        writer = next((cell for cell in cells if cell.role is Role.WRITES), None)
        figure.show(
            f"{len(standing)} / {len(cells)}",
            t("fleet.written_from", name=writer.data_centre) if writer else t("fleet.nobody"),
            tone="" if len(standing) == len(cells) and writer else "warn",
        )

    def _show_centres(self, centres: Sequence[Centre]) -> None:
        names = tuple(centre.name for centre in centres)
        if names != self._laid:  # at first, or the fleet's file was changed
            self._laid = names
            self._centres.clear()
            with self._centres:
                self._cards = {name: self._lay_card(name) for name in names}
        for centre in centres:
            card = self._cards[centre.name]
            _put(card, centre_card(centre))
            outer = card.parent_slot.parent if card.parent_slot else card
            if writes_here(centre) != ("yj-centre-writes" in outer.classes):
                outer.classes(toggle="yj-centre-writes")

    def _lay_card(self, name: str) -> ui.html:
        own = [one for one in self._strikes if one.data_centre == name]
        with box("yj-panel yj-centre", tag="section"):
            card = html("", classes="yj-centre-inside")
            if own:
                with box("yj-strikes"):
                    for one in own:
                        self._offer(one, strike_word(one))
        return card

    def _show_beats(self, beats: Sequence[Beat], blows: Sequence[Blow]) -> None:
        instants, rates, waits = binned(beats)
        now_us = self._desk.now_us
        recent = [one for one in blows if one.at_us > now_us - SPAN_US]
        numbers = {id(one): len(blows) - n for n, one in enumerate(blows)}
        marks = [(one.at_us * _US, str(numbers[id(one)])) for one in recent]
        since = (now_us - SPAN_US) * _US
        note = t("time.zone", zone=formats.zone_name())
        for chart, key, values in (
            (self._rates, "fleet.rate", rates),
            (self._waits, "fleet.worst", waits),
        ):
            series = [Series(name=t(key), values=values, unit=t(f"{key}_unit"))]
            chart.show(instants=instants, series=series, note=note, marks=marks, since=since)
        second = beats[-5:]
        answered = sum(one.answered for one in second)
        failed = sum(one.failed for one in beats)
        if self._rate is not None:
            self._rate.show(
                formats.number(answered),
                t("fleet.failed", count=formats.number(failed)) if failed else t("fleet.no_failed"),
                unit=t("fleet.rate_unit"),
                tone="" if answered else "bad",
            )
        worst = max((one.worst_ms for one in second), default=0)
        longest = max((one.worst_ms for one in beats), default=0)
        self._worst.show(
            formats.number(worst),
            t("fleet.longest", time=seconds(longest)),
            unit=t("fleet.worst_unit"),
            tone="" if worst < NOTICED_MS else "warn",
        )


def binned(beats: Sequence[Beat]) -> tuple[list[int], list[int], list[int]]:
    """Return instants (ns), transfers per second and longest waits (ms) of whole bins."""
    instants: list[int] = []
    rates: list[int] = []
    waits: list[int] = []
    bins: dict[int, list[Beat]] = {}
    for beat in beats:
        bins.setdefault(beat.at_us // BIN_US, []).append(beat)
    for number, inside in list(bins.items())[1:-1]:  # the first and the last may lack beats
        instants.append(number * BIN_US * _US)
        rates.append(sum(one.answered for one in inside) * 1_000_000 // BIN_US)
        waits.append(max(one.worst_ms for one in inside))
    return instants, rates, waits


def blow_list(blows: Sequence[Blow]) -> Markup:
    """Return the faults that were made, newest first, and how long customers waited."""
    if not blows:
        return quiet("bolt", t("fleet.no_blows"), t("fleet.no_blows_hint"))
    items = Markup("").join(
        Markup(
            '<li><span class="yj-mark num">{}</span><div><b>{}</b>'
            '<p class="yj-note num">{}</p></div>{}</li>'
        ).format(len(blows) - n, strike_name(one.strike), clock_us(one.at_us), _waited(one))
        for n, one in enumerate(blows)
    )
    return Markup('<ol class="yj-blows">{}</ol>').format(items)


def _waited(blow: Blow) -> Markup:
    if blow.waited_ms < NOTICED_MS:
        return markup.chip(t("fleet.unnoticed" if blow.is_over else "fleet.unnoticed_yet"), "good")
    key = "fleet.waited" if blow.is_over else "fleet.waits"
    return markup.chip(t(key, time=seconds(blow.waited_ms)), "info" if blow.is_over else "warn")


def _banner() -> Markup:
    return Markup("{}<div><b>{}</b> {}</div>").format(
        markup.icon("science"), t("fleet.demo"), t("fleet.demo_note")
    )


def _trouble(words: str) -> Markup:
    return Markup('<div class="yj-panel yj-notice yj-notice-bad">{}<p>{} {}</p></div>').format(
        markup.icon("visibility_off"), t("fleet.unseen"), words
    )


def _put(shown: ui.html, content: Markup) -> None:
    """Change what is shown; nothing is sent where nothing changed."""
    if shown.content != str(content):
        shown.set_content(str(content))


def register(topology: TopologyApi, clock: Clock) -> None:
    """Put the topology on the console."""
    desk = Desk(topology, clock)

    @page("/topology", title="fleet.topology", active="fleet.topology")
    async def shown() -> None:
        await TopologyPage(desk).draw()

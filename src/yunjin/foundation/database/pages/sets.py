"""The page of sets: their nodes and what may be done with them, their copies, their weaknesses."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from nicegui import ui
from nicegui.events import GenericEventArguments

from yunjin.chassis.console import (
    Column,
    Job,
    Markup,
    Progress,
    Tone,
    ask,
    box,
    button,
    confirm,
    contact_chip,
    empty,
    formats,
    html,
    live,
    markup,
    page,
    panel,
    problem_title,
    quiet,
    t,
    table_html,
    title_row,
)
from yunjin.foundation.database.api.fleet import (
    BackupRun,
    DrillReport,
    FleetApi,
    FullBackup,
    RunState,
    SetPlan,
    SetStatus,
)
from yunjin.foundation.database.errors import NoFleet
from yunjin.foundation.database.pages.centres import first_step, flow_control, node_chip
from yunjin.foundation.database.pages.doctoring import deed
from yunjin.foundation.database.pages.glance import Glance
from yunjin.foundation.database.pages.sentences import told
from yunjin.kernel.clock import Clock
from yunjin.kernel.errors import Problem

_EVERY_S: Final = 2.0
_SHOWN: Final = 10  # copies
_TONES: Final[Mapping[RunState, Tone]] = {
    RunState.RUNNING: "info",
    RunState.DONE: "good",
    RunState.FAILED: "bad",
}
Done = DrillReport | None


class Desk:
    """One set for the process: the door, what readers look at, and the one deed under way."""

    def __init__(self, fleet: FleetApi, clock: Clock) -> None:
        self.fleet, self.clock = fleet, clock
        self.statuses: dict[str, Glance[SetStatus]] = {}
        self.job: Job[Done] = Job(clock)
        self.doing = ""  # in the words of whoever began it

    def status(self, name: str) -> Glance[SetStatus]:
        """Return what readers see of a set."""
        if name not in self.statuses:
            self.statuses[name] = Glance(
                lambda: self.fleet.status(name, wait_s=2), self.clock, every_ms=1_000
            )
        return self.statuses[name]


class SetView:
    """One set on one reader's page."""

    def __init__(self, desk: Desk, plan: SetPlan) -> None:
        self._desk, self._plan, self._was_running = desk, plan, False

    async def draw(self) -> None:
        """Lay the set's panels."""
        plan = self._plan
        with panel(classes="yj-panel-table yj-set"):
            with box("yj-panel-head"):
                html(Markup("<h2>{}</h2>").format(t("fleet.set", name=plan.name)))
                self._state = html("", tag="span")
                html(Markup("{}").format(_about(plan)), tag="span", classes="yj-note")
                with box("yj-deeds"):
                    for key, icon in (
                        ("start_all", "play_arrow"),
                        ("back_up", "save"),
                        ("drill", "fact_check"),
                    ):
                        chosen = key
                        button(
                            t(f"fleet.deed.{key}"), lambda _, k=chosen: self._begin(k), icon=icon
                        )
            self._progress = Progress()
            self._said = html("", classes="yj-effect")
            self._nodes = html("")
            emit = "(e) => emit(e.target.dataset.value)"
            for key in ("start", "stop", "restart"):
                self._nodes.on(f"yj-node-{key}", self._asker(key), js_handler=emit)
            if plan.weaknesses:
                html(_weaknesses(plan.weaknesses))
        with panel(t("fleet.backups")):
            self._copies = html("")
        await self.beat()
        await self._show_copies()

    async def beat(self) -> None:
        """Push how the set is, and how far the deed under way is."""
        status = await self._desk.status(self._plan.name).newest()
        word, tone = ("set_serves", "good") if status.is_serving else ("set_down", "bad")
        chip = markup.chip(t(f"fleet.{word}"), "good" if tone == "good" else "bad")
        for shown, content in (
            (self._state, chip),
            (self._nodes, node_table(self._plan, status)),
        ):
            if shown.content != str(content):
                shown.set_content(str(content))
        await self._show_deed()

    async def _show_deed(self) -> None:
        job = self._desk.job
        is_running = job.state == "running"
        self._progress.show_only(is_running)
        if is_running:
            elapsed = formats.duration(job.elapsed_s)
            self._progress.show(t("fleet.working", what=self._desk.doing, time=elapsed))
        elif self._was_running:
            self._said.set_content(str(Markup("<p>{}</p>").format(self._outcome())))
            await self._show_copies()
        self._was_running = is_running

    def _outcome(self) -> str:
        job = self._desk.job
        if job.problem is not None:
            detail = job.problem.detail if isinstance(job.problem, Problem) else ""
            return f"{problem_title(job.problem)}: {detail}"
        if job.result is not None:
            return drill_words(job.result)
        return t("fleet.worked", what=self._desk.doing)

    async def _show_copies(self) -> None:
        try:
            found = await ask(self._desk.fleet.backups, self._plan.name)
            runs = await ask(self._desk.fleet.backup_runs, self._plan.name)
        except Problem as problem:
            self._copies.set_content(str(Markup("<p>{}</p>").format(problem_title(problem))))
            return
        said = timer_words(self._plan, runs)
        self._copies.set_content(str(said + copy_table(found[::-1][:_SHOWN])))

    # deeds --------------------------------------------------------------------------------------

    def _asker(self, key: str) -> Callable[[GenericEventArguments], None]:
        def asked(event: GenericEventArguments) -> None:
            node = str(event.args)
            if key == "start":
                self._begin(key, node)
                return
            confirm(
                title=t(f"fleet.{key}_title", node=node),
                effect=t(f"fleet.{key}_effect", node=node),
                action=t(f"fleet.deed.{key}"),
                on_confirm=lambda: self._begin(key, node),
            ).open()

        return asked

    def _begin(self, key: str, node: str = "") -> None:
        fleet, name = self._desk.fleet, self._plan.name

        def work() -> Done:
            if key == "drill":
                return fleet.drill(name)
            if key == "back_up":
                fleet.back_up(name, by=t("fleet.console"))
            elif key == "start_all":
                fleet.start(name)
            else:
                getattr(fleet, f"{key}_node")(name, node)
            return None

        if self._desk.job.state == "running":
            ui.notify(t("fleet.busy"), type="warning")
            return
        self._desk.doing = f"{t(f'fleet.deed.{key}')} {node or name}"
        self._desk.job.result = None
        self._desk.job.start(work)
        self._said.set_content("")
        self._was_running = True


def _about(plan: SetPlan) -> str:
    said = [t("fleet.profile", profile=plan.profile)]
    if plan.cells:
        said.append(t("fleet.of_cells", cells=", ".join(map(str, plan.cells))))
    if plan.speaks_tls:
        said.append("TLS")
    if plan.witness:
        said.append(t("fleet.witness", host=plan.witness))
    return " · ".join(said)


def _weaknesses(weaknesses: Sequence[str]) -> Markup:
    items = Markup("").join(Markup("<li>{}</li>").format(told(one)) for one in weaknesses)
    return Markup('<div class="yj-weak">{}<div><b>{}</b><ul>{}</ul></div></div>').format(
        markup.icon("warning_amber"), t("fleet.weak"), items
    )


def node_table(plan: SetPlan, status: SetStatus) -> Markup:
    """Return a set's nodes, and what may be done with each."""
    columns = [
        Column(key="node", label=t("fleet.node"), card="lead", is_whole=True),
        Column(key="state", label=t("fleet.node_state"), card="side"),
        Column(key="where", label=t("fleet.where")),
        Column(key="place", label=t("fleet.place"), card="right", is_whole=True),
        Column(key="seqno", label=t("fleet.seqno"), is_number=True),
        Column(key="flow", label=t("fleet.flow"), is_number=True, card="right"),
        Column(key="queue", label=t("fleet.queue"), is_number=True),
        Column(key="version", label=t("fleet.version"), card="right"),
        Column(key="deed", label="", card="line"),
    ]
    seen = {one.name: one for one in status.nodes}
    rows = []
    for place in plan.nodes:
        one = seen[place.name]
        deeds = ("stop", "restart") if one.pid else ("start",)
        rows.append(
            {
                "node": place.name,
                "state": node_chip(one),
                "where": f"{place.data_centre} · {place.city}",
                "place": f"{place.address}:{place.port}",
                "seqno": formats.number(one.seqno) if one.seqno >= 0 else "—",
                "flow": flow_control(one) if one.state else "—",
                "queue": formats.number(one.recv_queue) if one.state else "—",
                "version": one.version.partition("-")[0] or "—",
                "deed": Markup("").join(
                    deed(f"yj-node-{key}", place.name, t(f"fleet.deed.{key}")) for key in deeds
                ),
            }
        )
    return table_html(columns, rows, caption=t("fleet.set", name=plan.name))


def timer_words(plan: SetPlan, runs: Sequence[BackupRun]) -> Markup:
    """Return how a set's copies are made, and what came of the last try."""
    said = t("fleet.backups_asked")
    if plan.backup_every_h:
        every = formats.number(plan.backup_every_h)
        said = t("fleet.backups_timed", every_h=every, keep=formats.number(plan.backups_keep))
    last = Markup("")
    if runs:
        one = runs[0]
        at = formats.moment(one.began_us * 1_000)
        last = Markup(" · {} · {} · {} {}").format(
            t("fleet.backup_last", at=at),
            one.by or t("fleet.backup_by_nobody"),
            markup.chip(t(f"fleet.run.{one.state.value}"), _TONES[one.state]),
            one.outcome,
        )
    return Markup('<p class="yj-note">{}{}</p>').format(said, last)


def copy_table(found: Sequence[FullBackup]) -> Markup:
    """Return the copies of a set, newest first."""
    if not found:
        return quiet("save", t("fleet.no_backups"), t("fleet.no_backups_hint"))
    columns = [
        Column(key="taken", label=t("fleet.backup_taken"), card="lead", is_whole=True),
        Column(key="node", label=t("fleet.backup_from"), card="side"),
        Column(key="size", label=t("fleet.backup_size"), is_number=True),
        Column(key="digest", label=t("fleet.backup_digest"), card="right"),
    ]
    rows = [
        {
            "taken": formats.moment(one.taken_us * 1_000),
            "node": one.node,
            "size": formats.size(one.size_bytes),
            "digest": markup.ident(one.sha256, formats.shortened(one.sha256)),
        }
        for one in found
    ]
    return table_html(columns, rows, caption=t("fleet.backups"))


def drill_words(report: DrillReport) -> str:
    """Return what a restore drill found, in a sentence."""
    if not report.has_passed:
        count = len(report.differences)
        return t("fleet.drill_failed", backup=report.backup, count=formats.number(count))
    return t(
        "fleet.drill_passed",
        backup=report.backup,
        tables=formats.number(report.table_count),
        rows=formats.number(report.row_count),
        seconds=report.seconds,
    )


async def draw(desk: Desk) -> None:
    """Lay the page."""
    try:
        plans = await ask(desk.fleet.plans)
    except NoFleet:
        plans = []
    with title_row(t("fleet.sets"), note=t("fleet.sets_note")):
        if plans:
            contact_chip()
    if not plans:
        with panel():
            empty(t("fleet.none"), hint=t("fleet.none_hint"), icon="storage", action=first_step())
        return
    views = [SetView(desk, plan) for plan in plans]
    for view in views:
        await view.draw()

    async def beat() -> None:
        for view in views:
            await view.beat()

    live(_EVERY_S, beat)


def register(fleet: FleetApi, clock: Clock) -> None:
    """Put the page of sets on the console."""
    desk = Desk(fleet, clock)

    @page("/fleet", title="fleet.sets", active="fleet.sets")
    async def shown() -> None:
        await draw(desk)

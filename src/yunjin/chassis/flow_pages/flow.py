"""One flow: what it does or why it stands still, how far it is, its journal, and three deeds."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from uuid import UUID

from yunjin.chassis.console import (
    Markup,
    ask,
    box,
    button,
    contact_chip,
    formats,
    html,
    live,
    markup,
    page,
    panel,
    t,
    title_row,
)
from yunjin.chassis.flow import (
    Choices,
    FailedItem,
    Flows,
    FlowState,
    NoSuchFlow,
    Progress,
    State,
    StepState,
)
from yunjin.chassis.flow import Deed as Done
from yunjin.chassis.flow_pages.deeds import FlowDeeds
from yunjin.chassis.flow_pages.fan_outs import failed_table, fan_of
from yunjin.chassis.flow_pages.picture import chart_for, picture
from yunjin.chassis.flow_pages.showing import (
    due,
    moment,
    named,
    problem_words,
    situation,
    state_chip,
    step_name,
    value,
)
from yunjin.chassis.flow_pages.timeline import deeds_of, timeline
from yunjin.kernel.errors import Problem

if TYPE_CHECKING:
    from yunjin.chassis.flow_pages import FlowPages

STEPS: Final = 50  # of the journal, and as many more at a time
FAILED: Final = 20  # failed items that are shown; the CSV has them all
PUSH_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Look:
    """What is known of a flow at one moment."""

    flow: FlowState
    progress: list[Progress]
    steps: list[StepState]  # the newest first, one more than is shown where there are older ones
    deeds: list[Done]
    choices: Choices
    failed: list[FailedItem]  # of the newest fan-out that has any, the first of them
    failed_of: int = 0  # that fan-out's number


def look_at(flows: Flows, flow_id: UUID, steps: int) -> Look:
    """Look at a flow. Raises: NoSuchFlow, Outage."""
    history = flows.history(flow_id, limit=steps + 1, newest_first=True)
    of = next((step.number for step in history if fan_of(step).failed), 0)
    return Look(
        flow=flows.state(flow_id),
        progress=flows.progress(flow_id),
        steps=history,
        deeds=flows.deeds(flow_id),
        choices=flows.choices(flow_id),
        failed=flows.failed_items(flow_id, of, limit=FAILED) if of else [],
        failed_of=of,
    )


class FlowView:
    """One reader's view of a flow."""

    def __init__(self, pages: "FlowPages", first: Look) -> None:
        self._pages, self._flows, self._look = pages, pages.flows, first
        self._steps = STEPS
        self._deeds = FlowDeeds(self._flows, self._again)

    async def draw(self) -> None:
        """Lay the page."""
        flow = self._look.flow
        name = named("name", flow.name)
        title = Markup("{} <small class='yj-side'>{}</small>").format(
            name, formats.shortened(str(flow.flow_id))
        )
        with title_row(title, note=markup.link(t(self._pages.key), self._pages.path)):
            self._chip = html("", tag="span")
            contact_chip()
            with box("yj-title-actions"):
                self._retry = button(t("flow.retry"), self._ask_retry, icon="replay", primary=True)
                self._skip = button(t("flow.skip"), self._ask_skip, icon="skip_next")
                self._cancel = button(t("flow.cancel"), self._ask_cancel, icon="block")
        with panel() as self._trouble:
            self._notice = html("")
        with panel(t("flow.progress")) as self._far:
            self._bars = html("")
        with box("yj-halves"):
            with panel(t("flow.about")):
                self._about = html("")
            with box("yj-column"):
                with panel(t("flow.args")):
                    html(_args(flow))
                with panel(t("flow.answer")) as self._end:
                    self._answer = html("")
        with panel(t("flow.failed_items"), classes="yj-panel-table") as self._failed:
            self._items = html("")
        with panel(t("flow.deeds"), note=t("flow.deeds_note")) as self._done:
            self._people = html("")
        with panel(t("flow.picture"), note=t("flow.picture_note")) as self._drawn:
            self._picture = html("")
        with panel(t("flow.journal"), note=t("flow.journal_note")):
            self._journal = html("")
            with box("yj-actions") as self._older:
                button(t("flow.older"), self._show_older, icon="expand_more")
        self._chart = await ask(chart_for, self._flows, flow)
        self._show()
        live(PUSH_S, self._beat)

    async def _beat(self) -> None:
        if not self._look.flow.state.is_end:
            await self._again()

    async def _again(self) -> None:
        try:
            look = await ask(look_at, self._flows, self._look.flow.flow_id, self._steps)
        except Problem:  # the page stands as it was last read, and asks again
            return
        if look != self._look:
            self._look = look
            self._show()

    def _show(self) -> None:
        look, flow = self._look, self._look.flow
        self._chip.set_content(str(state_chip(flow)))
        self._retry.set_visibility(look.choices.can_retry)
        self._skip.set_visibility(look.choices.skip != 0)
        self._cancel.set_visibility(look.choices.can_cancel)
        notice = _notice(flow)
        self._trouble.set_visibility(bool(notice))
        self._notice.set_content(str(notice))
        self._far.set_visibility(bool(look.progress))
        self._bars.set_content(str(_bars(look.progress)))
        self._about.set_content(str(_about(flow, self._pages.path)))
        self._end.set_visibility(flow.state is State.DONE)
        answer = value(flow.outcome, is_open=True) if flow.outcome is not None else _none("answer")
        self._answer.set_content(str(answer))
        self._failed.set_visibility(bool(look.failed))
        csv = f"{self._pages.path}-failed.csv?flow={flow.flow_id}&number={look.failed_of}"
        shown_items = failed_table(look.failed, csv, is_more=len(look.failed) == FAILED)
        self._items.set_content(str(shown_items))
        self._done.set_visibility(bool(look.deeds))
        self._people.set_content(str(deeds_of(look.deeds)))
        self._drawn.set_visibility(self._chart is not None)
        if self._chart is not None:
            self._picture.set_content(str(picture(self._chart, flow, look.steps)))
        shown = timeline(look.steps[: self._steps], flow, self._pages.path)
        self._journal.set_content(str(shown))
        self._older.set_visibility(len(look.steps) > self._steps)

    async def _show_older(self) -> None:
        self._steps += STEPS
        await self._again()

    def _ask_retry(self) -> None:
        flow = self._look.flow
        parked = flow.outcome if flow.state is State.PARKED else {}
        self._deeds.retry(flow, str(parked.get("step", "")) or self._look.choices.step)

    def _ask_skip(self) -> None:
        choices = self._look.choices
        self._deeds.skip(self._look.flow, choices.skip, choices.step)

    def _ask_cancel(self) -> None:
        self._deeds.cancel(self._look.flow)


def _notice(flow: FlowState) -> Markup:
    """Say why a flow stands still or failed, and what to do; nothing where all is well."""
    facts = flow.outcome if isinstance(flow.outcome, dict) else {}
    match flow.state:
        case State.PARKED:
            step = step_name(str(facts.get("step", "")))
            key = "flow.parked_title" if step else "flow.parked_title_start"
            why = f"{facts.get('kind', '')}: {facts.get('reason', '')}"
            words = (t(key, step=step), why, t("flow.parked_hint"))
            return _said("bad", "front_hand", words)
        case State.FAILED:
            title = t("flow.failed_title", title=problem_words(facts))
            why = str(facts.get("detail", ""))
            return _said("warn", "error_outline", (title, why, t("flow.failed_hint")))
        case State.CANCELLED:
            words = (t("flow.cancelled_title"), "", t("flow.failed_hint"))
            return _said("info", "block", words)
        case _:
            return Markup("")


def _said(tone: str, icon: str, words: tuple[str, str, str]) -> Markup:
    title, why, hint = words
    reason = Markup('<div class="yj-code">{}</div>').format(why) if why else ""
    return Markup(
        '<div class="yj-notice yj-notice-{}">{}<div><b>{}</b>{}<p>{}</p></div></div>'
    ).format(tone, markup.icon(icon), title, reason, hint)


def _bars(lines: list[Progress]) -> Markup:
    return Markup("").join(_bar(line) for line in lines)


def _bar(line: Progress) -> Markup:
    """Return a line of progress: how much of what, how fast, how long still."""
    done = formats.number(line.done)
    if line.total:
        done = f"{done} / {formats.number(line.total)}"
    parts = [done]
    spent_us = line.at_us - line.began_us
    if line.done and spent_us >= 1_000_000:
        pace = line.done * 1_000_000 // spent_us
        parts += [t("flow.progress_pace", pace=formats.number(pace))] if pace else []
    if line.remaining_s is not None:
        parts.append(t("flow.progress_left", left=formats.duration(max(1, line.remaining_s))))
    mille = line.per_mille
    bar = Markup('<div class="yj-bar"><i style="width:{}%"></i></div>').format(
        f"{mille // 10}.{mille % 10}" if mille is not None else "100"
    )
    return Markup(
        '<div class="yj-progress-line"><span><b>{}</b><span class="yj-note num">{}</span></span>'
        "{}</div>"
    ).format(named("progress", line.name), " · ".join(parts), bar)


def _about(flow: FlowState, path: str) -> Markup:
    text = str(flow.flow_id)
    facts: list[tuple[str, Markup | str]] = [
        (t("flow.id"), markup.ident(text, text, is_whole=True)),
        (t("flow.version"), t("flow.version_of", name=flow.name, version=flow.version)),
        (t("flow.started"), moment(flow.started_us)),
    ]
    if flow.state.is_end:
        facts.append((t("flow.ended"), due(flow)))
        took_s = (flow.due_us - flow.started_us) // 1_000_000
        facts.append((t("flow.duration"), formats.duration(max(0, took_s))))
    elif flow.state is State.PARKED:
        facts.append((t("flow.parked_at"), due(flow)))
    else:
        facts.append((t("flow.next_look"), due(flow)))
    if flow.waits_for:
        facts.append((t("flow.now"), situation(flow)))
    if flow.parent_id is not None:
        parent = str(flow.parent_id)
        facts.append(
            (t("flow.parent"), markup.ident(parent, formats.shortened(parent), f"{path}/{parent}"))
        )
    return markup.facts(facts)


def _args(flow: FlowState) -> Markup:
    return value(flow.args, is_open=True) if flow.args else _none("args")


def _none(what: str) -> Markup:
    return Markup('<p class="yj-note">{}</p>').format(t(f"flow.no_{what}"))


def register(pages: "FlowPages") -> None:
    """Put the page of a flow on the console."""

    @page(f"{pages.path}/{{flow_id}}", title="flow.flow", active=pages.key)
    async def flow(flow_id: str) -> None:
        try:
            wanted = UUID(flow_id)
        except ValueError:
            raise NoSuchFlow(f"Expected a flow's id, was {flow_id[:60]!r}.") from None
        first = await ask(look_at, pages.flows, wanted, STEPS)
        await FlowView(pages, first).draw()

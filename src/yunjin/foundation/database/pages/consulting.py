"""The doctor's page: what is wrong, what waits for a person's word, and the record of actions."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from nicegui import ui
from nicegui.events import GenericEventArguments

from yunjin.chassis.console import (
    Column,
    Figure,
    Markup,
    ask,
    confirm,
    contact_chip,
    figures,
    formats,
    html,
    live,
    page,
    panel,
    problem_title,
    quiet,
    t,
    table_html,
    title_row,
)
from yunjin.foundation.database.api.doctor import Action, ActionState, DoctorApi, Noted
from yunjin.foundation.database.pages.doctoring import (
    deed,
    findings_list,
    reason,
    seconds,
    state_chip,
    subject,
)
from yunjin.foundation.database.pages.glance import Glance
from yunjin.foundation.database.pages.sentences import told
from yunjin.kernel.clock import Clock
from yunjin.kernel.errors import Problem

_SHOWN: Final = 50
_EVERY_S: Final = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What the doctor's record says at one moment."""

    standing: Sequence[Noted]
    past: Sequence[Noted]
    actions: Sequence[Action]


class DoctorPage:
    """One reader's view of the doctor."""

    def __init__(self, doctor: DoctorApi, record: Glance[Record]) -> None:
        self._doctor, self._record = doctor, record

    async def draw(self) -> None:
        """Lay the page with what is known now."""
        await self._record.newest()
        with title_row(t("fleet.doctor"), note=t("fleet.doctor_note")):
            contact_chip()
        with figures():
            self._standing = Figure(t("fleet.doctor.standing"), "0")
            self._pending = Figure(t("fleet.doctor.pending"), "0")
            self._repaired = Figure(t("fleet.doctor.repaired"), "0")
            self._failed = Figure(t("fleet.doctor.failed"), "0")
        with panel(t("fleet.doctor.ask")):
            self._asked = html("")
            emit = "(e) => emit(e.target.dataset.value)"
            self._asked.on("yj-approve", self._approve, js_handler=emit)
            self._asked.on("yj-reject", self._reject, js_handler=emit)
        with panel(t("fleet.wrong")):
            self._wrong = html("")
        with panel(t("fleet.doctor.record")):
            self._done = html("")
        with panel(t("fleet.doctor.past")):
            self._past = html("")
        await self.beat()
        live(_EVERY_S, self.beat)

    async def beat(self) -> None:
        """Push what changed."""
        record = await self._record.newest()
        pending = [one for one in record.actions if one.state is ActionState.PENDING]
        counts = dict.fromkeys(ActionState, 0)
        for one in record.actions:
            counts[one.state] += 1
        of_latest = t("fleet.doctor.of_latest", count=formats.number(len(record.actions)))
        self._standing.show(
            formats.number(len(record.standing)),
            t("fleet.doctor.standing_note"),
            tone="bad" if record.standing else "",
        )
        self._pending.show(
            formats.number(len(pending)),
            t("fleet.doctor.pending_note"),
            tone="warn" if pending else "",
        )
        self._repaired.show(formats.number(counts[ActionState.DONE]), of_latest)
        self._failed.show(formats.number(counts[ActionState.FAILED]), of_latest)
        for shown, content in (
            (self._asked, asked_table(pending)),
            (self._wrong, findings_list(record.standing)),
            (self._done, record_table(record.actions)),
            (self._past, past_table(record.past)),
        ):
            if shown.content != str(content):
                shown.set_content(str(content))

    async def _approve(self, event: GenericEventArguments) -> None:
        action_id = UUID(str(event.args))
        record = await self._record.newest()
        one = next((one for one in record.actions if one.action_id == action_id), None)
        if one is None or one.finding.remedy is None:
            return
        remedy = t(f"fleet.remedy.{one.finding.remedy.value}")

        async def agreed() -> None:
            await self._answer(action_id, is_yes=True)

        confirm(
            title=f"{t('fleet.doctor.approve')} · {subject(one.finding)}",
            effect=t("fleet.doctor.effect", remedy=remedy, why=reason(one.finding)),
            action=t("fleet.doctor.approve"),
            on_confirm=agreed,
        ).open()

    async def _reject(self, event: GenericEventArguments) -> None:
        await self._answer(UUID(str(event.args)), is_yes=False)

    async def _answer(self, action_id: UUID, *, is_yes: bool) -> None:
        act = self._doctor.approve if is_yes else self._doctor.reject
        try:
            await ask(act, action_id, by=t("fleet.doctor.by"))
        except Problem as problem:
            ui.notify(f"{problem_title(problem)}: {problem.detail}", type="warning")
            return
        ui.notify(t("fleet.doctor.answered"))


def asked_table(pending: Sequence[Action]) -> Markup:
    """Return the actions that wait for a person, with what answers them."""
    if not pending:
        hint = t("fleet.doctor.nothing_waits_hint")
        return quiet("task_alt", t("fleet.doctor.nothing_waits"), hint)
    columns = [
        Column(key="subject", label=t("fleet.doctor.subject"), card="lead"),
        Column(key="remedy", label=t("fleet.doctor.remedy"), card="side"),
        Column(key="reason", label=t("fleet.doctor.reason"), card="line"),
        Column(key="deed", label="", card="line"),
    ]
    rows = [
        {
            "subject": subject(one.finding),
            "remedy": remedy_name(one),
            "reason": reason(one.finding),
            "deed": deed("yj-approve", str(one.action_id), t("fleet.doctor.approve"))
            + deed("yj-reject", str(one.action_id), t("fleet.doctor.reject")),
        }
        for one in pending
    ]
    return table_html(columns, rows, caption=t("fleet.doctor.ask"))


def record_table(actions: Sequence[Action]) -> Markup:
    """Return what was proposed and done, newest first."""
    if not actions:
        return quiet("history", t("fleet.idle"), t("fleet.idle_hint"))
    columns = [
        Column(key="at", label=t("fleet.doctor.at", zone=formats.zone_name()), is_whole=True),
        Column(key="subject", label=t("fleet.doctor.subject"), card="lead", is_whole=True),
        Column(key="remedy", label=t("fleet.doctor.remedy"), card="right", is_whole=True),
        Column(key="state", label=t("fleet.doctor.state"), card="side"),
        Column(key="took", label=t("fleet.doctor.took"), is_number=True, card="right"),
        Column(key="reason", label=t("fleet.doctor.reason"), card="line"),
        Column(key="outcome", label=t("fleet.doctor.outcome"), card="line"),
    ]
    rows = [
        {
            "at": formats.moment(one.at_us * 1_000),
            "subject": subject(one.finding),
            "remedy": remedy_name(one),
            "state": state_chip(one.state),
            "took": seconds(one.took_ms) if one.took_ms else "—",
            "reason": reason(one.finding),
            "outcome": told(one.outcome),
        }
        for one in actions
    ]
    return table_html(columns, rows, caption=t("fleet.doctor.record"))


def past_table(past: Sequence[Noted]) -> Markup:
    """Return findings that are over, newest first."""
    if not past:
        return quiet("task_alt", t("fleet.doctor.past_none"), t("fleet.doctor.past_hint"))
    columns = [
        Column(key="at", label=t("fleet.doctor.at", zone=formats.zone_name()), is_whole=True),
        Column(key="until", label=t("fleet.doctor.until"), is_whole=True, card="right"),
        Column(key="subject", label=t("fleet.doctor.subject"), card="lead", is_whole=True),
        Column(key="reason", label=t("fleet.doctor.reason"), card="line"),
    ]
    rows = [
        {
            "at": formats.moment(one.opened_us * 1_000),
            "until": formats.clock_time(one.closed_us * 1_000),
            "subject": subject(one.finding),
            "reason": reason(one.finding),
        }
        for one in past
    ]
    return table_html(columns, rows, caption=t("fleet.doctor.past"))


def remedy_name(one: Action) -> str:
    """Return what an action does, in a word."""
    return t(f"fleet.remedy.{one.finding.remedy.value if one.finding.remedy else 'none'}")


def register(doctor: DoctorApi, clock: Clock) -> None:
    """Put the doctor's page on the console."""

    def read() -> Record:
        return Record(
            standing=doctor.findings(limit=_SHOWN),
            past=doctor.findings(closed=True, limit=_SHOWN),
            actions=doctor.actions(limit=_SHOWN),
        )

    record = Glance(read, clock, every_ms=1_500)

    @page("/doctor", title="fleet.doctor", active="fleet.doctor")
    async def shown() -> None:
        await DoctorPage(doctor, record).draw()

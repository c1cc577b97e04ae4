"""What waits for a person: a list, and the dialog that says it was seen to."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final
from uuid import UUID

from nicegui import ui
from nicegui.events import GenericEventArguments

from yunjin.chassis.console import (
    Column,
    Deed,
    Done,
    Markup,
    formats,
    html,
    markup,
    quiet,
    t,
    table_html,
    text_field,
)
from yunjin.foundation.banking.api.agreements import Waiting
from yunjin.foundation.banking.pages import terms
from yunjin.foundation.banking.pages.desk import Desk, agreement_ident, day_link
from yunjin.foundation.banking.pages.movements import deed_button

NOTE_MAX: Final = 200
TASKS_MAX: Final = 200


class Tasks:
    """Tasks as a table whose rows can be settled."""

    def __init__(self, desk: Desk, done: Callable[[], Awaitable[None]]) -> None:
        self._desk, self._done = desk, done

    def draw(self, found: Sequence[Waiting], *, with_agreement: bool = True) -> None:
        """Lay the tasks, or say that nothing waits."""
        if not found:
            html(quiet("task_alt", t("banking.nothing_waits"), t("banking.nothing_waits_hint")))
            return
        lead = [Column(key="agreement", label=t("banking.agreement"), card="lead")]
        columns = [
            *(lead if with_agreement else []),
            Column(key="date", label=t("banking.business_date"), card="side"),
            Column(key="what", label=t("banking.what"), card="line"),
            Column(key="deed", label="", card="line"),
        ]
        shown = html(table_html(columns, [_row(one) for one in found], caption=t("banking.tasks")))
        shown.on("yj-settle", self._asked, js_handler="(e) => emit(e.target.dataset.value)")

    def _asked(self, event: GenericEventArguments) -> None:
        self.settle(int(str(event.args)))

    def settle(self, task_id: int) -> None:
        """Ask for a note, then say that a person has seen to it."""
        fields: list[ui.input] = []

        def build(deed: Deed) -> None:
            shown = text_field(t("banking.task_note"), hint=t("banking.task_note_hint"))
            fields.append(shown.props(f"autofocus maxlength={NOTE_MAX}"))
            shown.on_value_change(deed.changed)

        def act(_: UUID) -> Done:
            self._desk.doors.agreements.settle(task_id, str(fields[0].value).strip())
            return Done(t("banking.done.settle"))

        Deed(
            clock=self._desk.clock,
            title=t("banking.deed.settle"),
            action=t("banking.deed.settle_now"),
            build=build,
            effect=lambda: t("banking.effect.settle") if str(fields[0].value or "").strip() else "",
            act=act,
            done=self._done,
        ).open()


def _row(one: Waiting) -> dict[str, Markup | str]:
    what = terms.known(f"banking.task.{one.code}", one.code)
    detail = Markup('{} <span class="yj-note">{}</span>').format(what, _detail(one))
    return {
        "agreement": agreement_ident(one.agreement_id) if one.agreement_id else "—",
        "date": day_link(one.date),
        "what": detail,
        "deed": (
            markup.chip(t("banking.task_done"), "neutral")
            if one.is_done
            else deed_button("yj-settle", str(one.task_id), t("banking.deed.settle"))
        ),
    }


def _detail(one: Waiting) -> str:
    """Return a task's own words; of a refused order the reason, its id is told by the page."""
    order, _, why = one.detail.partition(": ")
    is_order = one.code == "standing-order" and bool(why)
    return terms.said(why if is_order else one.detail) if order else ""


def count_words(count: int, most: int) -> str:
    """Write a count that stops at a bound."""
    return f"{formats.number(most)}+" if count >= most else formats.number(count)

"""A task's form, made of the fields it declares; filled in, checked as one types, sent once."""

from collections.abc import Awaitable, Callable

from nicegui import ui

from yunjin.chassis.console import (
    Markup,
    amount_field,
    amount_of,
    ask,
    box,
    button,
    choice_field,
    day_field,
    formats,
    grid,
    html,
    keep_person,
    notice_of,
    one_of,
    person_field,
    t,
    text_field,
)
from yunjin.chassis.console.formats import parse_day
from yunjin.kernel.clock import Clock
from yunjin.kernel.errors import Outage, Problem, Unknown
from yunjin.kernel.ids import uuid7
from yunjin.platforms.capability.api.tasks import (
    TEXT_MAX,
    FieldKind,
    FieldValue,
    FormField,
    Task,
    TasksApi,
)


class TaskForm:
    """The form of a task that is open. done : is told once it is completed."""

    def __init__(
        self, tasks: TasksApi, clock: Clock, task: Task, done: Callable[[], Awaitable[None]]
    ) -> None:
        self._tasks, self._clock, self._task, self._done = tasks, clock, task, done
        self._id = uuid7(clock)  # sent again after a lost answer, it acts once
        self._fields: dict[str, ui.input | ui.select] = {}

    def draw(self) -> None:
        """Lay the fields and the button."""
        if not self._task.form:
            html(t("task.no_form"), tag="p", classes="yj-note")
        with grid():
            for field in self._task.form:
                self._fields[field.name] = input_of(field)
            self._who = person_field()
        for one in (*self._fields.values(), self._who):
            one.on_value_change(self._changed)
        self._words = html("", classes="yj-effect").props('role="status"')
        with box("yj-actions"):
            self._button = button(t("task.complete"), self._send, icon="check", primary=True)
        self._changed()

    def _changed(self, _: object = None) -> None:
        who = str(self._who.value or "").strip()
        is_whole = bool(who) and self._values() is not None
        said = t("task.effect.complete", who=who) if is_whole else t("task.effect.missing")
        self._words.set_content(str(Markup("<p>{}</p>").format(said)))
        self._button.set_enabled(is_whole)

    def _values(self) -> list[FieldValue] | None:
        """Return what is filled in; None while something needed is missing or wrong."""
        found: list[FieldValue] = []
        for field in self._task.form:
            text = str(self._fields[field.name].value or "").strip()
            value = written(field, text) if text else ""
            if value is None or (not value and field.is_required):
                return None
            if value:
                found.append(FieldValue(name=field.name, value=value))
        return found

    async def _send(self) -> None:
        who, values = str(self._who.value or "").strip(), self._values()
        if not who or values is None or not self._button.enabled:
            return
        self._button.set_enabled(False)
        try:
            await ask(self._tasks.complete, self._id, self._task.task_id, values, who)
        except Problem as problem:
            if not isinstance(problem, Outage | Unknown):
                self._id = uuid7(self._clock)
            self._words.set_content(str(notice_of(problem)))
            self._button.set_enabled(True)
            return
        keep_person(who)
        ui.notify(t("task.did.completed"), type="positive", position="top")
        await self._done()


def label_of(field: FormField) -> str:
    """Return a field's label in the reader's language."""
    return one_of(field.zh, field.en)


def shown_value(field: FormField, value: str) -> str:
    """Write what was filled in as a reader knows it."""
    match field.kind:
        case FieldKind.AMOUNT:
            return f"{formats.money(int(value), field.currency)} {field.currency}"
        case FieldKind.CHOICE:
            return _choices(field).get(value, value)
        case FieldKind.YES_NO:
            return t(f"task.{value}")
        case _:
            return value


def _choices(field: FormField) -> dict[str, str]:
    return {one.code: one_of(one.zh, one.en) for one in field.choices}


def input_of(field: FormField) -> ui.input | ui.select:
    """Lay the input of a field."""
    label = label_of(field)
    hint = "" if field.is_required else t("task.optional")
    match field.kind:
        case FieldKind.AMOUNT:
            return amount_field(label, field.currency, hint=hint)
        case FieldKind.CHOICE:
            return choice_field(label, {"": "—", **_choices(field)}, "", hint=hint)
        case FieldKind.DATE:
            return day_field(label, hint=hint)
        case FieldKind.YES_NO:
            flags = {"": "—", "yes": t("task.yes"), "no": t("task.no")}
            return choice_field(label, flags, "", hint=hint)
        case FieldKind.NUMBER:
            return text_field(label, hint=hint).props("inputmode=numeric maxlength=24")
        case FieldKind.TEXT:
            return text_field(label, hint=hint).props(f"maxlength={TEXT_MAX}")


def written(field: FormField, text: str) -> str | None:
    """Return a value as it travels; None where it is none."""
    if field.kind is FieldKind.AMOUNT:
        minor = amount_of(text, field.currency)
        most = field.most_minor
        is_fit = (
            minor is not None and field.least_minor <= minor and (most is None or minor <= most)
        )
        return str(minor) if is_fit else None
    if field.kind is FieldKind.DATE:
        day = parse_day(text)
        return None if day is None else day.isoformat()
    if field.kind is FieldKind.NUMBER:
        digits = text.replace("-", "")
        return digits if digits.isascii() and digits.isdigit() and len(digits) <= 18 else None
    return text

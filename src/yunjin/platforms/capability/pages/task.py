"""One task: what it is about, its form, what was done to it, and its deeds."""

from collections.abc import Callable
from typing import Final
from uuid import UUID

from yunjin.chassis.console import (
    Fields,
    Markup,
    ask,
    box,
    button,
    choice_field,
    formats,
    html,
    keep_person,
    markup,
    menu_button,
    page,
    panel,
    person_field,
    t,
    text_field,
    title_row,
    value_deed,
)
from yunjin.kernel.clock import Clock, nanoseconds
from yunjin.platforms.capability.api.tasks import (
    BANKING,
    TEXT_MAX,
    Priority,
    Queue,
    Task,
    TaskEntry,
    TasksApi,
)
from yunjin.platforms.capability.errors import TaskNotFound
from yunjin.platforms.capability.pages.task_form import TaskForm, label_of, shown_value
from yunjin.platforms.capability.pages.tasks import (
    PATHS,
    due_of,
    links_of,
    queue_name,
    state_chips,
    title_of,
    weight_chip,
)

_ICONS: Final = {
    "opened": "add_task",
    "claimed": "person",
    "released": "undo",
    "assigned": "person_add",
    "changed": "tune",
    "escalated": "arrow_upward",
    "commented": "chat",
    "completed": "check",
    "withdrawn": "block",
}
_WITH_TEXT: Final = {"escalate": "why", "withdraw": "why", "comment": "text", "assign": "to"}


class OneTask:
    """One reader's view of a task."""

    def __init__(self, tasks: TasksApi, clock: Clock, task_id: UUID) -> None:
        self._tasks, self._clock, self._id = tasks, clock, task_id

    async def draw(self) -> None:
        """Lay the page. Raises: TaskNotFound."""
        await self._read()
        with title_row(title_of(self._task), note=markup.link(t("task.tasks"), "/tasks")):
            self._chips = html("", tag="span")
            with box("yj-push yj-deeds") as self._deeds:
                pass
        with box("yj-halves"):
            with panel(t("task.about")):
                self._about = html("")
            with box("yj-column") as self._work:
                pass
        with panel(t("task.history"), note=t("task.history_note")):
            self._past = html("")
        self._show()

    async def _read(self) -> None:
        self._task = await ask(self._tasks.task, self._id)
        self._entries = await ask(self._tasks.history, self._id)
        self._queues = {one.queue.code: one.queue for one in await ask(self._tasks.queues)}

    async def _again(self) -> None:
        await self._read()
        self._show()

    def _show(self) -> None:
        task = self._task
        self._chips.set_content(str(state_chips(task)))
        self._about.set_content(str(self._facts()))
        self._past.set_content(str(_history(self._entries)))
        self._work.clear()
        with self._work:
            if task.ended_at is None:
                note = t("task.form_note") if task.flow_id else ""
                with panel(t("task.form"), note=note):
                    TaskForm(self._tasks, self._clock, task, self._again).draw()
            else:
                with panel(t("task.values")):
                    html(_values(task))
        self._show_deeds()

    def _show_deeds(self) -> None:
        self._deeds.clear()
        task = self._task
        if task.queue == BANKING:
            return
        with self._deeds:
            button(t("task.deed.comment"), lambda: self._deed("comment"), icon="chat")
            if task.ended_at is not None:
                return
            names = ["assign", "change", "escalate", "withdraw"]
            if task.assignee:
                names.insert(0, "release")
            menu_button(
                t("task.more"),
                {t(f"task.deed.{name}"): self._opener(name) for name in names},
            )
            if not task.assignee:
                button(
                    t("task.deed.claim"), lambda: self._deed("claim"), icon="person", primary=True
                )

    def _opener(self, name: str) -> Callable[[], None]:
        return lambda: self._deed(name)

    def _facts(self) -> Markup:
        task = self._task
        queue = self._queues.get(task.queue, Queue(code=task.queue, zh=task.queue, en=task.queue))
        pairs: list[tuple[str, Markup | str]] = [
            (t("task.queue"), markup.link(queue_name(queue), f"/tasks?queue={task.queue}")),
            (t("task.priority"), weight_chip(task.priority)),
            (t("task.assignee"), task.assignee or t("task.nobody")),
            (t("task.opened"), formats.moment(nanoseconds(task.opened_at))),
        ]
        if task.ended_at is None:
            due = due_of(task) if task.due_at is not None else t("task.no_due")
            pairs.append((t("task.due"), due))
        else:
            pairs.append((t("task.ended"), due_of(task)))
            pairs.append((t("task.ended_by"), task.ended_by or "—"))
        pairs.append((t("task.links"), links_of(task.links)))
        if task.flow_id is not None:
            text = str(task.flow_id)
            is_own = task.flow_room in ("", "capability")
            path = f"{PATHS['flow']}/{text}" if is_own else ""
            pairs.append((t("task.waits"), markup.ident(text, formats.shortened(text), path)))
        note = Markup('<p class="yj-said">{}</p>').format(task.note) if task.note else Markup("")
        return note + markup.facts(pairs)

    def _deed(self, name: str) -> None:
        tasks, task = self._tasks, self._task

        def build(fields: Fields) -> None:
            if name == "change":
                self._choices(fields)
            elif name in _WITH_TEXT:
                most = 64 if name == "assign" else TEXT_MAX
                fields["text"] = text_field(t(f"task.{_WITH_TEXT[name]}"))
                fields["text"].props(f"autofocus maxlength={most}")
            fields["who"] = person_field()

        def made(fields: Fields) -> dict[str, str] | None:
            given = {key: str(one.value or "").strip() for key, one in fields.items()}
            return given if all(given.values()) else None

        def effect(given: dict[str, str]) -> str:
            facts = {"who": given["who"], "to": given.get("text", "")}
            if name == "change":
                facts["queue"] = queue_name(self._queues[given["queue"]])
                facts["priority"] = t(f"task.priority.{given['priority']}")
            return t(f"task.effect.{name}", **facts)

        def keep(command_id: UUID, given: dict[str, str]) -> object:
            by, text = given["who"], given.get("text", "")
            at = (command_id, task.task_id)
            match name:
                case "change":
                    priority = Priority(int(given["priority"]))
                    return tasks.change(*at, by=by, queue=given["queue"], priority=priority)
                case "comment":
                    return tasks.comment(*at, text, by)
                case "assign":
                    return tasks.assign(*at, text, by)
                case "escalate":
                    return tasks.escalate(*at, text, by)
                case "withdraw":
                    return tasks.withdraw(*at, text, by)
                case "release":
                    return tasks.release(*at, by)
                case _:
                    return tasks.claim(*at, by)

        kept: list[str] = []

        def keep_and_note(command_id: UUID, given: dict[str, str]) -> object:
            kept[:] = [given["who"]]
            return keep(command_id, given)

        async def done() -> None:
            keep_person(kept[0])
            await self._again()

        value_deed(
            self._clock,
            "task",
            name,
            build=build,
            made=made,
            effect=effect,
            keep=keep_and_note,
            done=done,
        )

    def _choices(self, fields: Fields) -> None:
        queues = {code: queue_name(one) for code, one in self._queues.items() if code != BANKING}
        fields["queue"] = choice_field(t("task.queue"), queues, self._task.queue)
        weights = {str(int(one)): t(f"task.priority.{int(one)}") for one in Priority}
        fields["priority"] = choice_field(
            t("task.priority"), weights, str(int(self._task.priority))
        )


def _values(task: Task) -> Markup:
    """Return what was filled in, as facts."""
    fields = {one.name: one for one in task.form}
    pairs: list[tuple[str, Markup | str]] = [
        (label_of(fields[one.name]), shown_value(fields[one.name], one.value))
        for one in task.values
        if one.name in fields
    ]
    if not pairs:
        return Markup('<p class="yj-note">{}</p>').format(t("task.nothing_given"))
    return markup.facts(pairs)


def _history(entries: list[TaskEntry]) -> Markup:
    if not entries:
        return Markup('<p class="yj-note">{}</p>').format(t("task.no_history"))
    items = Markup("").join(_entry(one) for one in reversed(entries))
    return Markup('<ol class="yj-timeline">{}</ol>').format(items)


def _entry(one: TaskEntry) -> Markup:
    tone = "good" if one.what == "completed" else "neutral"
    said = t("task.by_time") if one.text == "overdue" else one.text
    note = Markup('<div class="yj-step-note">{}</div>').format(said) if said else Markup("")
    return Markup(
        '<li><span class="yj-dot yj-{}">{}</span><div class="yj-step-name">{} '
        '<span class="yj-note">{}</span></div><span class="yj-note num">{}</span>{}</li>'
    ).format(
        tone,
        markup.icon(_ICONS.get(one.what, "circle")),
        t(f"task.did.{one.what}"),
        one.by,
        formats.moment(nanoseconds(one.at)),
        note,
    )


def register(tasks: TasksApi, clock: Clock) -> None:
    """Put the page of a task on the console."""

    @page("/tasks/{task_id}", title="task.task", active="task.tasks")
    async def shown(task_id: str) -> None:
        try:
            wanted = UUID(task_id)
        except ValueError:
            raise TaskNotFound("There is no such task.", task_id=task_id[:40]) from None
        await OneTask(tasks, clock, wanted).draw()

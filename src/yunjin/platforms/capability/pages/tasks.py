"""Tasks: the one list of what waits for people, by queue, by person, overdue or ended."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from yunjin.chassis.console import (
    Address,
    Ask,
    Column,
    Figure,
    Filters,
    Markup,
    Row,
    Table,
    ask,
    box,
    button,
    contact_chip,
    csv_link,
    csv_route,
    empty,
    figures,
    formats,
    language,
    live,
    markup,
    page,
    panel,
    person,
    t,
    title_row,
)
from yunjin.chassis.console.words import LEXICON
from yunjin.kernel.clock import nanoseconds
from yunjin.kernel.errors import Problem
from yunjin.kernel.page import Page
from yunjin.platforms.capability.api.tasks import (
    BANKING,
    Link,
    Priority,
    Queue,
    QueueState,
    Task,
    TasksApi,
    TaskState,
)

PAGE_ROWS: Final = 50
CSV_ROWS: Final = 200
PUSH_S: Final = 5.0
PATHS: Final = {
    "party": "/customers",
    "agreement": "/agreements",
    "payment": "/payments",
    "limit": "/limits",
    "flow": "/capability/flows",
    "application": "/lending/applications",
}
_TONES: Final[dict[TaskState, Any]] = {
    TaskState.OPEN: "info",
    TaskState.CLAIMED: "warn",
    TaskState.COMPLETED: "good",
    TaskState.WITHDRAWN: "neutral",
}
_WEIGHTS: Final[dict[Priority, Any]] = {
    Priority.URGENT: "bad",
    Priority.HIGH: "warn",
    Priority.NORMAL: "neutral",
    Priority.LOW: "neutral",
}
_CSV_HEAD: Final = ("task_id", "queue", "title", "priority", "state", "assignee", "opened", "due")


class Tasks:
    """One reader's list of tasks."""

    def __init__(self, tasks: TasksApi) -> None:
        self._tasks, self._address = tasks, Address()
        self._seen: list[QueueState] = []

    async def draw(self) -> None:
        """Lay the list."""
        self._seen = await ask(self._tasks.queues)
        with title_row(t("task.tasks"), note=t("task.tasks_note")):
            contact_chip()
            csv_link("/tasks.csv")
        with figures():
            self._figures = {
                name: Figure(t(f"task.fig_{name}"), "—") for name in ("open", "overdue", "fullest")
            }
        self._filters = Filters(self._address, self._restart)
        with self._filters as row:
            queues = {one.queue.code: queue_name(one.queue) for one in self._seen}
            row.choice("queue", t("task.queue"), t("task.all_queues"), queues)
            which = {name: t(f"task.which.{name}") for name in ("overdue", "ended")}
            row.choice("which", t("task.which"), t("task.which_open"), which)
            row.text("assignee", t("task.assignee"), hint=t("task.mine_hint"))
        if person():
            with box("yj-actions"):
                button(t("task.mine"), self._mine, icon="person")
        with panel(classes="yj-panel-table"):
            self._table = Table(
                columns(),
                self._load,
                caption=t("task.tasks"),
                empty=self._nothing,
                address=self._address,
            )
        await self._table.show()
        self._count()
        live(PUSH_S, self._beat)

    async def _restart(self) -> None:
        await self._table.restart()

    async def _mine(self) -> None:
        self._address.set(assignee=person(), cursor="")
        await self._table.restart()

    async def _beat(self) -> None:
        try:
            seen = await ask(self._tasks.queues)
        except Problem:  # the page stands as it was last read, and asks again
            return
        if seen != self._seen:
            self._seen = seen
            self._count()
            if not self._address.get("cursor"):
                await self._table.show()

    def _count(self) -> None:
        count = sum(one.open for one in self._seen)
        late = sum(one.overdue for one in self._seen)
        self._figures["open"].show(formats.number(count), t("task.fig_open_note"))
        key = "task.fig_overdue_note" if late else "task.fig_on_time"
        self._figures["overdue"].show(formats.number(late), t(key), tone="bad" if late else "")
        fullest = max(self._seen, key=lambda one: one.open)
        is_any = fullest.open > 0
        name = queue_name(fullest.queue) if is_any else "—"
        self._figures["fullest"].show(formats.number(fullest.open), name)

    def _nothing(self) -> None:
        if self._filters.is_filtered:
            empty(t("task.none_found"), icon="search_off")
            return
        empty(t("task.none"), hint=t("task.none_hint"), icon="task_alt")

    async def _load(self, wanted: Ask) -> tuple[Sequence[Row], str | None]:
        found = await ask(found_by, self._tasks, self._address.all(), wanted.cursor, PAGE_ROWS)
        names = {one.queue.code: queue_name(one.queue) for one in self._seen}
        return [row_of(one, names) for one in found.items], found.next_cursor


def found_by(
    tasks: TasksApi, parameters: Mapping[str, str], cursor: str | None, limit: int
) -> Page[Task]:
    """Return a page of tasks by what an address says."""
    return tasks.tasks(
        queue=parameters.get("queue", ""),
        assignee=parameters.get("assignee", ""),
        is_overdue=parameters.get("which") == "overdue",
        is_ended=parameters.get("which") == "ended",
        limit=limit,
        cursor=cursor,
    )


def columns() -> list[Column]:
    """Return the columns of tasks."""
    return [
        Column(key="task", label=t("task.task"), card="lead"),
        Column(key="queue", label=t("task.queue"), card="line"),
        Column(key="links", label=t("task.links"), card="line"),
        Column(key="assignee", label=t("task.assignee"), card="left"),
        Column(key="due", label=t("task.due"), is_whole=True, card="right"),
        Column(key="state", label=t("task.state"), card="side"),
    ]


def row_of(one: Task, queues: Mapping[str, str]) -> Row:
    """Return a task as a row."""
    weight = one.priority if one.priority < Priority.NORMAL else None
    title = markup.link(title_of(one), f"/tasks/{one.task_id}")
    return {
        "task": Markup("{} {}").format(title, weight_chip(weight)) if weight else title,
        "queue": queues.get(one.queue, one.queue),
        "links": links_of(one.links),
        "assignee": one.assignee or "—",
        "due": due_of(one),
        "state": state_chips(one),
    }


def title_of(one: Task) -> str:
    """Return a task's title; of the core's own its code in words."""
    key = f"banking.task.{one.title}"
    return t(key) if one.queue == BANKING and LEXICON.knows(key) else one.title


def queue_name(queue: Queue) -> str:
    """Return a queue's name in the reader's language."""
    return queue.en if language() == "en" else queue.zh


def weight_chip(priority: Priority) -> Markup:
    """Return how much a task matters."""
    return markup.chip(t(f"task.priority.{int(priority)}"), _WEIGHTS[priority])


def state_chips(one: Task) -> Markup:
    """Return a task's state, that it is overdue, and how often it was passed on."""
    chips = [markup.chip(t(f"task.state.{one.state.value}"), _TONES[one.state])]
    if one.is_overdue:
        chips.append(markup.chip(t("task.overdue"), "bad"))
    if one.escalations:
        chips.append(markup.chip(t("task.escalated", count=one.escalations), "warn"))
    return Markup(" ").join(chips)


def due_of(one: Task) -> str:
    """Write when a task is due, or when it ended."""
    if one.ended_at is not None:
        return formats.moment(nanoseconds(one.ended_at))
    return "—" if one.due_at is None else formats.moment(nanoseconds(one.due_at))


def links_of(links: Sequence[Link]) -> Markup | str:
    """Return what a task is about, as links."""
    if not links:
        return "—"
    return Markup(", ").join(
        markup.link(
            f"{t(f'task.link.{one.kind}')} {formats.shortened(one.id)}",
            f"{PATHS[one.kind]}/{one.id}",
        )
        if one.kind in PATHS
        else Markup("{} {}").format(one.kind, formats.shortened(one.id))
        for one in links
    )


def csv_rows(tasks: TasksApi, parameters: Mapping[str, str]) -> Iterator[Sequence[str | int]]:
    """Yield every task the filters let through."""
    yield _CSV_HEAD
    cursor: str | None = None
    while True:
        found = found_by(tasks, parameters, cursor, CSV_ROWS)
        for one in found.items:
            due = "" if one.due_at is None else one.due_at.isoformat()
            head = (str(one.task_id), one.queue, one.title, int(one.priority), one.state.value)
            yield (*head, one.assignee, one.opened_at.isoformat(), due)
        cursor = found.next_cursor
        if cursor is None:
            return


def register(tasks: TasksApi) -> None:
    """Put the list of tasks and its CSV on the console."""
    csv_route("/tasks.csv", lambda parameters: csv_rows(tasks, parameters))

    @page("/tasks", title="task.tasks", active="task.tasks")
    async def listed() -> None:
        await Tasks(tasks).draw()

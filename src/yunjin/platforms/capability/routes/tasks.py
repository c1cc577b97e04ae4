"""Tasks over HTTP: queues, one list of what waits for people, what is done to each."""

import datetime as dt
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query
from pydantic import AwareDatetime, Field

from yunjin.chassis.transport.values import Answer, Command, Exact, Form, Key, facts_of, id_of
from yunjin.kernel.money import MINOR_MAX
from yunjin.platforms.capability.api.tasks import (
    FIELDS_MAX,
    LINKS_MAX,
    TEXT_MAX,
    Choice,
    FieldKind,
    FieldValue,
    FormField,
    Link,
    NewTask,
    Priority,
    Queue,
    Task,
    TasksApi,
    TaskState,
)
from yunjin.platforms.capability.routes.values import Code, Cursor, Name
from yunjin.platforms.capability.routes.values import Limit as Count

Person = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^\S(.*\S)?$")]
QueueCode = Annotated[str, Field(min_length=1, max_length=40, pattern="^[!-~]+$")]
QueuePath = Annotated[str, Path(min_length=1, max_length=40, pattern="^[!-~]+$")]
Text = Annotated[str, Field(min_length=1, max_length=TEXT_MAX)]
Seconds = Annotated[int, Field(strict=True, ge=0, le=10 * 366 * 86_400)]
Minor = Annotated[int, Field(strict=True, ge=-MINOR_MAX, le=MINOR_MAX)]


class ChoiceForm(Form):
    """One of a choice. zh, en: its words."""

    code: QueueCode
    zh: Name
    en: Name


class FieldForm(Form):
    """A field of a task's form."""

    name: QueueCode
    kind: FieldKind
    zh: Name
    en: Name
    is_required: bool = True
    choices: Annotated[tuple[ChoiceForm, ...], Field(max_length=200)] = ()
    currency: Annotated[str, Field(pattern="^([A-Z]{3})?$")] = ""
    least_minor: Minor = 1
    most_minor: Minor | None = None


class LinkForm(Form):
    """What a task is about. kind: party, agreement, payment, limit or flow."""

    kind: Annotated[str, Field(min_length=1, max_length=16, pattern="^[!-~]+$")]
    id: Annotated[str, Field(min_length=1, max_length=64, pattern="^[!-~]+$")]


class TaskForm(Command):
    """A task to open; its id is the command's. due_at: null leaves it to the queue."""

    queue: QueueCode
    title: Annotated[str, Field(min_length=1, max_length=200)]
    note: Annotated[str, Field(max_length=TEXT_MAX)] = ""
    form: Annotated[tuple[FieldForm, ...], Field(max_length=FIELDS_MAX)] = ()
    links: Annotated[tuple[LinkForm, ...], Field(max_length=LINKS_MAX)] = ()
    priority: Priority = Priority.NORMAL
    due_at: AwareDatetime | None = None
    assignee: Annotated[str, Field(max_length=64)] = ""


class QueueForm(Command):
    """A queue's words and times; its code is in the address."""

    zh: Name
    en: Name
    sla_s: Seconds = 0
    escalate_to: Annotated[str, Field(max_length=40, pattern="^[!-~]*$")] = ""


class ByForm(Command):
    """Who does it."""

    by: Person


class AssignForm(ByForm):
    """Who gets the task."""

    to: Person


class ChangeForm(ByForm):
    """Another queue, weight or time; null: as it is."""

    queue: QueueCode | None = None
    priority: Priority | None = None
    due_at: AwareDatetime | None = None


class WhyForm(ByForm):
    """Why it is done."""

    why: Text


class CommentForm(ByForm):
    """What is said."""

    text: Text


class ValueForm(Form):
    """What was filled in, as text: minor units, 2026-01-31, yes, a choice's code."""

    name: QueueCode
    value: Annotated[str, Field(max_length=TEXT_MAX)]


class CompleteForm(ByForm):
    """The form's values."""

    values: Annotated[tuple[ValueForm, ...], Field(max_length=FIELDS_MAX)] = ()


class ChoiceOut(Answer):
    """One of a choice."""

    code: str
    zh: str
    en: str


class FieldOut(Answer):
    """A field of a task's form."""

    name: str
    kind: FieldKind
    zh: str
    en: str
    is_required: bool
    choices: list[ChoiceOut]
    currency: str
    least_minor: Exact
    most_minor: Exact | None


class LinkOut(Answer):
    """What a task is about."""

    kind: str
    id: str


class ValueOut(Answer):
    """What was filled in."""

    name: str
    value: str


class TaskOut(Answer):
    """A task as it stands now."""

    task_id: UUID
    queue: str
    title: str
    note: str
    form: list[FieldOut]
    links: list[LinkOut]
    priority: int
    state: TaskState
    assignee: str
    opened_at: dt.datetime
    due_at: dt.datetime | None
    is_overdue: bool
    escalations: int
    ended_at: dt.datetime | None
    ended_by: str
    values: list[ValueOut]
    flow_room: str
    flow_id: UUID | None


class TasksOut(Answer):
    """A page of tasks."""

    items: list[TaskOut]
    next_cursor: str | None


class EntryOut(Answer):
    """Something that was done to a task, or said."""

    at: dt.datetime
    what: str
    by: str
    text: str


class QueueOut(Answer):
    """A queue. sla_s: 0 where nothing is ever due by itself."""

    code: str
    zh: str
    en: str
    sla_s: int
    escalate_to: str


class QueueStateOut(Answer):
    """A queue and what waits in it."""

    queue: QueueOut
    open: int
    overdue: int


class TaskRoutes:
    """The addresses of tasks."""

    def __init__(self, tasks: TasksApi) -> None:
        self._tasks = tasks

    def queues(self) -> list[QueueStateOut]:
        """Return the queues and what waits in each."""
        return [QueueStateOut.model_validate(one) for one in self._tasks.queues()]

    def put_queue(self, code: QueuePath, form: QueueForm, key: Key = None) -> QueueOut:
        """Add a queue, or change one."""
        queue = Queue(code=code, **facts_of(form))
        return QueueOut.model_validate(self._tasks.put_queue(id_of(form, key), queue))

    def tasks(
        self,
        queue: Annotated[str, Query(max_length=40, pattern="^[!-~]*$")] = "",
        assignee: Annotated[str, Query(max_length=64)] = "",
        overdue: bool = False,
        ended: bool = False,
        link_kind: Code = "",
        link_id: Code = "",
        limit: Count = 50,
        cursor: Cursor = None,
    ) -> TasksOut:
        """Return tasks, the most important first; ended ones newest first."""
        found = self._tasks.tasks(
            queue=queue,
            assignee=assignee,
            is_overdue=overdue,
            is_ended=ended,
            link=Link(kind=link_kind, id=link_id) if link_kind and link_id else None,
            limit=limit,
            cursor=cursor,
        )
        return TasksOut.model_validate(found)

    def open_task(self, form: TaskForm, key: Key = None) -> TaskOut:
        """Open a task."""
        task = NewTask(
            queue=form.queue,
            title=form.title,
            note=form.note,
            form=tuple(field_of(one) for one in form.form),
            links=tuple(Link(kind=one.kind, id=one.id) for one in form.links),
            priority=form.priority,
            due_at=form.due_at,
            assignee=form.assignee,
        )
        return _out(self._tasks.open(id_of(form, key), task))

    def task(self, task_id: UUID) -> TaskOut:
        """Return a task."""
        return _out(self._tasks.task(task_id))

    def task_history(self, task_id: UUID) -> list[EntryOut]:
        """Return what was done to a task, and said, in its order."""
        return [EntryOut.model_validate(one) for one in self._tasks.history(task_id)]

    def claim(self, task_id: UUID, form: ByForm, key: Key = None) -> TaskOut:
        """Take a task."""
        return _out(self._tasks.claim(id_of(form, key), task_id, form.by))

    def release(self, task_id: UUID, form: ByForm, key: Key = None) -> TaskOut:
        """Put a task back into its queue."""
        return _out(self._tasks.release(id_of(form, key), task_id, form.by))

    def assign(self, task_id: UUID, form: AssignForm, key: Key = None) -> TaskOut:
        """Give a task to somebody."""
        return _out(self._tasks.assign(id_of(form, key), task_id, form.to, form.by))

    def change_task(self, task_id: UUID, form: ChangeForm, key: Key = None) -> TaskOut:
        """Put a task into another queue, or change its time or weight."""
        return _out(
            self._tasks.change(
                id_of(form, key),
                task_id,
                by=form.by,
                queue=form.queue or "",
                priority=form.priority,
                due_at=form.due_at,
            )
        )

    def escalate(self, task_id: UUID, form: WhyForm, key: Key = None) -> TaskOut:
        """Pass a task on, to the queue above."""
        return _out(self._tasks.escalate(id_of(form, key), task_id, form.why, form.by))

    def comment(self, task_id: UUID, form: CommentForm, key: Key = None) -> EntryOut:
        """Say something of a task."""
        said = self._tasks.comment(id_of(form, key), task_id, form.text, form.by)
        return EntryOut.model_validate(said)

    def complete(self, task_id: UUID, form: CompleteForm, key: Key = None) -> TaskOut:
        """Complete a task with its form's values."""
        values = [FieldValue(name=one.name, value=one.value) for one in form.values]
        return _out(self._tasks.complete(id_of(form, key), task_id, values, form.by))

    def withdraw(self, task_id: UUID, form: WhyForm, key: Key = None) -> TaskOut:
        """End a task that nobody needs any more."""
        return _out(self._tasks.withdraw(id_of(form, key), task_id, form.why, form.by))


def router(tasks: TasksApi) -> APIRouter:
    """Return the router of tasks."""
    made, to = APIRouter(tags=["tasks"]), TaskRoutes(tasks)
    made.get("/task_queues")(to.queues)
    made.put("/task_queues/{code}")(to.put_queue)
    made.get("/tasks")(to.tasks)
    made.post("/tasks", status_code=201)(to.open_task)
    made.get("/tasks/{task_id}")(to.task)
    made.get("/tasks/{task_id}/history")(to.task_history)
    made.post("/tasks/{task_id}/claim")(to.claim)
    made.post("/tasks/{task_id}/release")(to.release)
    made.post("/tasks/{task_id}/assign")(to.assign)
    made.post("/tasks/{task_id}/change")(to.change_task)
    made.post("/tasks/{task_id}/escalate")(to.escalate)
    made.post("/tasks/{task_id}/comments", status_code=201)(to.comment)
    made.post("/tasks/{task_id}/complete")(to.complete)
    made.post("/tasks/{task_id}/withdraw")(to.withdraw)
    return made


def field_of(form: FieldForm) -> FormField:
    """Return a form's field as the centres know it."""
    choices = tuple(Choice(**one.model_dump()) for one in form.choices)
    return FormField(**{**form.model_dump(exclude={"choices"}), "choices": choices})


def _out(one: Task) -> TaskOut:
    return TaskOut.model_validate(one)

"""Tasks 待办: what people have to do, in queues, with a form; flows wait for what they answer."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Final, Protocol
from uuid import UUID

from yunjin.kernel.page import Page
from yunjin.platforms.capability.api.centres import Centre, Slo, command, query
from yunjin.platforms.capability.events import TaskChanged, TaskEnded, TaskOpened

FIELDS_MAX: Final = 40  # of a form
LINKS_MAX: Final = 10
TEXT_MAX: Final = 1_000  # of a note, a comment, a text that is filled in
BANKING: Final = "banking"  # the queue of what the thin core leaves to a person


class FieldKind(StrEnum):
    """What a field of a form holds, and how its value is written as text."""

    TEXT = "text"
    AMOUNT = "amount"  # minor units of `currency`, digits
    NUMBER = "number"  # of an agreement, a person, a paper: 1 to 18 digits, kept as text
    CHOICE = "choice"  # a code of `choices`
    DATE = "date"  # 2026-01-31
    YES_NO = "yes_no"  # "yes" or "no"


class Priority(IntEnum):
    """How much it matters, in the order of lists."""

    URGENT = 1
    HIGH = 2
    NORMAL = 3
    LOW = 4


class TaskState(StrEnum):
    """Where a task stands."""

    OPEN = "open"
    CLAIMED = "claimed"  # 已领取: somebody is at it
    COMPLETED = "completed"
    WITHDRAWN = "withdrawn"  # 已撤回: nobody needs it any more


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One of a choice. zh, en: its words."""

    code: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FormField:
    """A field that whoever completes the task fills in.

    Parameters
    ----------
    name : what the value is called; ASCII.
    zh, en : its label.
    choices : of a choice.
    currency : of an amount.
    least_minor, most_minor : bounds of an amount.
    """

    name: str
    kind: FieldKind
    zh: str
    en: str
    is_required: bool = True
    choices: tuple[Choice, ...] = ()
    currency: str = ""
    least_minor: int = 1
    most_minor: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldValue:
    """What was filled in, as text: see FieldKind."""

    name: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """What a task is about: kind is "party", "agreement", "payment", "limit" or "flow"."""

    kind: str
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """Where tasks wait for people of one kind.

    Parameters
    ----------
    sla_s : a task is due so long after it was opened; 0: never, unless it says so itself.
    escalate_to : the queue that an overdue task goes to; "": it stays, and matters more.
    """

    code: str
    zh: str
    en: str
    sla_s: int = 0
    escalate_to: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueState:
    """A queue and what waits in it."""

    queue: Queue
    open: int
    overdue: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTask:
    """A task to be opened; its id is the command's. due_at: None leaves it to the queue."""

    queue: str
    title: str
    note: str = ""
    form: tuple[FormField, ...] = ()
    links: tuple[Link, ...] = ()
    priority: Priority = Priority.NORMAL
    due_at: dt.datetime | None = None
    assignee: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A task as it stands now.

    escalations : how often it was not done in time and passed on.
    values : what was filled in, once it is completed; by whom is `ended_by`.
    flow_room, flow_id : the flow that waits for it.
    """

    task_id: UUID
    queue: str
    title: str
    note: str
    form: tuple[FormField, ...]
    links: tuple[Link, ...]
    priority: Priority
    state: TaskState
    assignee: str
    opened_at: dt.datetime
    due_at: dt.datetime | None
    is_overdue: bool
    escalations: int
    ended_at: dt.datetime | None
    ended_by: str
    values: tuple[FieldValue, ...]
    flow_room: str
    flow_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskEntry:
    """Something that was done to a task, or said. what: "opened", "claimed", "commented", …"""

    at: dt.datetime
    what: str
    by: str
    text: str


class TasksApi(Protocol):
    """Tasks: opened in a queue, taken by a person, completed with a form's values.

    Names of people (`by`, `to`) have 1 to 64 characters. The thin core's own tasks stand in the
    queue "banking": they are completed like any other and cannot be claimed, moved or withdrawn.
    """

    @command(undone_by="put_queue")
    def put_queue(self, command_id: UUID, queue: Queue) -> Queue:
        """Add a queue, or change one. Raises: QueueNotFound (escalate_to), Malformed."""

    @command(undone_by="withdraw")
    def open(
        self,
        command_id: UUID,
        task: NewTask,
        *,
        flow_room: str = "",
        flow_id: UUID | None = None,
    ) -> Task:
        """Open a task; its id is the command's.

        Parameters
        ----------
        flow_room, flow_id : the flow that waits for it; "" is a flow of this room.

        Raises: QueueNotFound, Malformed.
        """

    @command(undone_by="release")
    def claim(self, command_id: UUID, task_id: UUID, by: str) -> Task:
        """Take a task 领取. Raises: TaskNotFound, TaskRefused (another has it, ended)."""

    @command(undone_by="claim")
    def release(self, command_id: UUID, task_id: UUID, by: str) -> Task:
        """Put a task back into its queue 退回. Raises: TaskNotFound, TaskRefused."""

    @command(undone_by="assign")
    def assign(self, command_id: UUID, task_id: UUID, to: str, by: str) -> Task:
        """Give a task to somebody 指派, whoever has it. Raises: TaskNotFound, TaskRefused."""

    @command(undone_by="change")
    def change(
        self,
        command_id: UUID,
        task_id: UUID,
        *,
        by: str,
        queue: str = "",
        priority: Priority | None = None,
        due_at: dt.datetime | None = None,
    ) -> Task:
        """Put a task into another queue, or change when it is due or how much it matters.

        Raises: TaskNotFound, TaskRefused, QueueNotFound, Malformed.
        """

    @command(lasts="it says that time was over; the task can be changed again")
    def escalate(self, command_id: UUID, task_id: UUID, why: str, by: str = "") -> Task:
        """Pass a task on 升级: to the queue that its queue names, one step more important.

        Raises: TaskNotFound, TaskRefused.
        """

    @command(lasts="what was said stays said")
    def comment(self, command_id: UUID, task_id: UUID, text: str, by: str) -> TaskEntry:
        """Say something of a task. Raises: TaskNotFound, TaskRefused, Malformed."""

    @command(lasts="the flow that waited has gone on; open another task")
    def complete(
        self, command_id: UUID, task_id: UUID, values: Sequence[FieldValue], by: str
    ) -> Task:
        """Complete a task with its form's values, and tell the flow that waits for it.

        Raises: TaskNotFound, TaskRefused (another has it, ended), TaskFormRefused.
        """

    @command(lasts="the flow that waited has been told; open another task")
    def withdraw(self, command_id: UUID, task_id: UUID, why: str, by: str = "") -> Task:
        """End a task that nobody needs any more. Raises: TaskNotFound, TaskRefused."""

    @query
    def task(self, task_id: UUID) -> Task:
        """Return a task. Raises: TaskNotFound."""

    @query
    def tasks(
        self,
        *,
        queue: str = "",
        assignee: str = "",
        is_overdue: bool = False,
        is_ended: bool = False,
        link: Link | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Task]:
        """Return tasks: by priority, then by when they are due; ended ones newest first.

        Raises: Malformed (cursor).
        """

    @query
    def history(self, task_id: UUID) -> list[TaskEntry]:
        """Return what was done to a task, and said, in its order. Raises: TaskNotFound."""

    @query
    def queues(self) -> list[QueueState]:
        """Return the queues and what waits in each."""


TASKS: Final = Centre(
    code="task",
    words=("待办中心", "Tasks"),
    purpose=(
        "人工任务：队列、领取、表单、时限与升级；一张待办表，流程等人作答。",
        "Work for people: queues, claims, forms, deadlines and escalation; one list of tasks, and "
        "flows that wait for an answer.",
    ),
    bian=("Servicing Order", "Case Management"),
    door=TasksApi,
    events=(TaskOpened, TaskChanged, TaskEnded),
    slo=Slo(p99_ms=50),
)

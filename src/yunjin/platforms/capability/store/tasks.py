"""Reading and writing tasks: what waits, in its order; what was done to each."""

import datetime as dt
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from yunjin.kernel.clock import instant
from yunjin.platforms.capability.api.tasks import (
    Choice,
    FieldKind,
    FieldValue,
    FormField,
    Link,
    Priority,
    Queue,
    Task,
    TaskEntry,
    TaskState,
)
from yunjin.platforms.capability.store.keys import fits
from yunjin.platforms.capability.store.tables import queues, task_entries, task_links, tasks

NEVER_US: Final = 2**62
Position = tuple[int, int, UUID]  # priority, due_us, task_id


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which tasks are asked for, and from where on."""

    queue: str = ""
    assignee: str = ""
    is_overdue: bool = False
    is_ended: bool = False
    link: Link | None = None


def micros(at: dt.datetime) -> int:
    """Return an instant as a column keeps it."""
    since = at - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def put(connection: sa.Connection, task: Task, watch_id: UUID | None) -> None:
    """Keep a new task."""
    row = {
        "task_id": task.task_id,
        "title": task.title,
        "note": task.note,
        "form": [_field_out(one) for one in task.form],
        "links": [[one.kind, one.id] for one in task.links],
        "opened_us": micros(task.opened_at),
        "flow_room": task.flow_room,
        "flow_id": task.flow_id,
        **_changing(task, watch_id),
    }
    connection.execute(sa.insert(tasks).values(**row))
    links = [{"kind": one.kind, "ref": one.id, "task_id": task.task_id} for one in task.links]
    if links:
        connection.execute(sa.insert(task_links), links)


def keep(connection: sa.Connection, task: Task, watch_id: UUID | None) -> None:
    """Keep what changed of a task."""
    mine = sa.update(tasks).where(tasks.c.task_id == task.task_id)
    connection.execute(mine.values(**_changing(task, watch_id)))


def _changing(task: Task, watch_id: UUID | None) -> dict[str, Any]:
    return {
        "queue": task.queue,
        "priority": int(task.priority),
        "state": task.state.value,
        "is_open": int(task.ended_at is None),
        "assignee": task.assignee,
        "due_us": NEVER_US if task.due_at is None else micros(task.due_at),
        "escalations": task.escalations,
        "ended_us": None if task.ended_at is None else micros(task.ended_at),
        "ended_by": task.ended_by,
        "given": [[one.name, one.value] for one in task.values],
        "watch_id": watch_id,
    }


def locked(
    connection: sa.Connection, task_id: UUID, now_us: int
) -> tuple[Task, UUID | None] | None:
    """Return a task and the flow that watches it, locked until the commit."""
    query = sa.select(tasks).where(tasks.c.task_id == task_id).with_for_update()
    row = connection.execute(query).one_or_none()
    return None if row is None else (_task(row, now_us), row.watch_id)


def one(connection: sa.Connection, task_id: UUID, now_us: int) -> Task | None:
    """Return a task."""
    query = sa.select(tasks).where(tasks.c.task_id == task_id)
    row = connection.execute(query).one_or_none()
    return None if row is None else _task(row, now_us)


def some(
    connection: sa.Connection,
    wanted: Wanted,
    *,
    after: Position | None,
    limit: int,
    now_us: int,
) -> list[Task]:
    """Return tasks by priority, due and id; ended ones by id, newest first."""
    c, k = tasks.c, task_links.c
    sought = [(c.queue, wanted.queue), (c.assignee, wanted.assignee)]
    if wanted.link is not None:
        sought += [(k.kind, wanted.link.kind), (k.ref, wanted.link.id)]
    if not all(fits(column, value) for column, value in sought):
        return []
    query = sa.select(tasks).where(c.is_open == int(not wanted.is_ended)).limit(limit)
    if wanted.queue:
        query = query.where(c.queue == wanted.queue)
    if wanted.assignee:
        query = query.where(c.assignee == wanted.assignee)
    if wanted.is_overdue:
        query = query.where(c.due_us < now_us)
    if wanted.link is not None:
        of = (k.kind == wanted.link.kind, k.ref == wanted.link.id)
        query = query.where(c.task_id.in_(sa.select(k.task_id).where(*of)))
    if wanted.is_ended:
        query = query.order_by(c.task_id.desc())
        if after is not None:
            query = query.where(c.task_id < after[2])
    else:
        query = query.order_by(c.priority, c.due_us, c.task_id)
        if after is not None:
            query = query.where(_beyond(after))
    return [_task(row, now_us) for row in connection.execute(query)]


def _beyond(after: Position) -> sa.ColumnElement[bool]:
    """Return what comes behind a position, in words every engine indexes."""
    c, (priority, due_us, task_id) = tasks.c, after
    same = sa.and_(c.due_us == due_us, c.task_id > task_id)
    return sa.and_(c.priority >= priority, sa.or_(c.priority > priority, c.due_us > due_us, same))


def position_of(task: Task) -> Position:
    """Return where a task stands in the list of open ones."""
    due_us = NEVER_US if task.due_at is None else micros(task.due_at)
    return int(task.priority), due_us, task.task_id


def add_entry(connection: sa.Connection, task_id: UUID, entry: TaskEntry) -> None:
    """Keep what was done to a task that is locked, or new, or said of it."""
    c = task_entries.c
    last = sa.select(sa.func.max(c.number)).where(c.task_id == task_id)
    row = {
        "task_id": task_id,
        "number": (connection.execute(last).scalar() or 0) + 1,
        "at_us": micros(entry.at),
        "what": entry.what,
        "done_by": entry.by,
        "said": entry.text,
    }
    connection.execute(sa.insert(task_entries).values(**row))


def entries(connection: sa.Connection, task_id: UUID) -> list[TaskEntry]:
    """Return what was done to a task, in its order."""
    c = task_entries.c
    query = sa.select(task_entries).where(c.task_id == task_id).order_by(c.number)
    return [
        TaskEntry(at=instant(row.at_us * 1_000), what=row.what, by=row.done_by, text=row.said)
        for row in connection.execute(query)
    ]


def put_queue(connection: sa.Connection, queue: Queue) -> None:
    """Keep a queue, a new one or changed."""
    values = {
        "zh": queue.zh,
        "en": queue.en,
        "sla_s": queue.sla_s,
        "escalate_to": queue.escalate_to,
    }
    mine = sa.update(queues).where(queues.c.code == queue.code)
    known = sa.select(queues.c.code).where(queues.c.code == queue.code).with_for_update()
    if connection.execute(known).first() is not None:
        connection.execute(mine.values(**values))
    else:
        connection.execute(sa.insert(queues).values(code=queue.code, **values))


def kept_queues(connection: sa.Connection) -> list[Queue]:
    """Return the queues that were added or changed."""
    return [
        Queue(code=row.code, zh=row.zh, en=row.en, sla_s=row.sla_s, escalate_to=row.escalate_to)
        for row in connection.execute(sa.select(queues).order_by(queues.c.code))
    ]


def counts(connection: sa.Connection, now_us: int) -> dict[str, tuple[int, int]]:
    """Return how many tasks are open and overdue, by queue."""
    c = tasks.c
    late = sa.func.sum(sa.case((c.due_us < now_us, 1), else_=0))
    query = sa.select(c.queue, sa.func.count(), late).where(c.is_open == 1).group_by(c.queue)
    return {queue: (int(count), int(over)) for queue, count, over in connection.execute(query)}


def _task(row: Any, now_us: int) -> Task:
    is_ended = row.ended_us is not None
    return Task(
        task_id=row.task_id,
        queue=row.queue,
        title=row.title,
        note=row.note,
        form=tuple(_field_in(one) for one in row.form),
        links=tuple(Link(kind=kind, id=ref) for kind, ref in row.links),
        priority=Priority(row.priority),
        state=TaskState(row.state),
        assignee=row.assignee,
        opened_at=instant(row.opened_us * 1_000),
        due_at=None if row.due_us >= NEVER_US else instant(row.due_us * 1_000),
        is_overdue=not is_ended and row.due_us < now_us,
        escalations=row.escalations,
        ended_at=instant(row.ended_us * 1_000) if is_ended else None,
        ended_by=row.ended_by,
        values=tuple(FieldValue(name=name, value=value) for name, value in row.given),
        flow_room=row.flow_room,
        flow_id=row.flow_id,
    )


def _field_out(field: FormField) -> dict[str, Any]:
    kept = {name: getattr(field, name) for name in FormField.__slots__}
    choices = [[one.code, one.zh, one.en] for one in field.choices]
    return {**kept, "kind": field.kind.value, "choices": choices}


def _field_in(kept: dict[str, Any]) -> FormField:
    choices = tuple(Choice(code=code, zh=zh, en=en) for code, zh, en in kept["choices"])
    return FormField(**{**kept, "kind": FieldKind(kept["kind"]), "choices": choices})

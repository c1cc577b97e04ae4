"""The task centre: load, decide, save and tell; the flow that waits is told in the same commit."""

import datetime as dt
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from yunjin.chassis.flow import FlowEnded, Flows, NoSuchFlow
from yunjin.chassis.persistence import RoomDatabase, SqlUnitOfWork, instant_us
from yunjin.kernel.clock import instant
from yunjin.kernel.errors import Malformed
from yunjin.platforms.capability.api.tasks import (
    BANKING,
    LINKS_MAX,
    TEXT_MAX,
    FieldValue,
    NewTask,
    Priority,
    Queue,
    Task,
    TaskEntry,
    TaskState,
)
from yunjin.platforms.capability.domain.tasks import ESCALATIONS_MAX, check_form, checked
from yunjin.platforms.capability.errors import QueueNotFound, TaskNotFound, TaskRefused
from yunjin.platforms.capability.events import TaskChanged, TaskEnded, TaskOpened
from yunjin.platforms.capability.service.bank_tasks import BankTasks
from yunjin.platforms.capability.service.task_lists import TaskLists
from yunjin.platforms.capability.service.values import check_code, check_text, plain
from yunjin.platforms.capability.store import tasks as store

WATCH: Final = "capability.task_due"
ENDED: Final = "ended"  # the word that its watch hears
_OWN: Final = ("", "capability")  # rooms whose flows are ours


class TaskService(TaskLists):
    """Tasks over a room's tables."""

    def __init__(
        self,
        room: RoomDatabase,
        flows: Flows,
        *,
        bank: BankTasks,
        cursor_key: bytes,
    ) -> None:
        super().__init__(room, bank=bank, cursor_key=cursor_key)
        self._flows = flows

    def put_queue(self, command_id: UUID, queue: Queue) -> Queue:
        """Add a queue, or change one. Raises: as TasksApi says."""
        check_code("code of a queue", queue.code, least=1, most=40)
        check_text("name", queue.zh, least=1, most=100)
        check_text("name", queue.en, least=1, most=100)
        if not 0 <= queue.sla_s <= 10 * 366 * 86_400:
            raise Malformed(f"expected 0 seconds to ten years, was {queue.sla_s}")

        def body(work: SqlUnitOfWork) -> dict[str, Any]:
            if queue.escalate_to not in ("", queue.code):
                self._queue(work, queue.escalate_to)
            store.put_queue(work.connection, queue)
            return {"code": queue.code}

        self._room.command(command_id, ["task.queue", plain(queue)], body)
        return queue

    def open(
        self,
        command_id: UUID,
        task: NewTask,
        *,
        flow_room: str = "",
        flow_id: UUID | None = None,
    ) -> Task:
        """Open a task; its id is the command's. Raises: as TasksApi says."""
        _check_new(task)

        def body(work: SqlUnitOfWork) -> dict[str, Any]:
            made = self._made(work, command_id, task, flow_room, flow_id)
            watch_id = self._watch(work, made, command_id)
            store.put(work.connection, made, watch_id)
            self._noted(work, made, "opened", "", "")
            work.outbox.add(
                TaskOpened(
                    task_id=str(command_id),
                    queue=made.queue,
                    priority=int(made.priority),
                    due_us=None if made.due_at is None else store.micros(made.due_at),
                    flow_id=str(flow_id or ""),
                )
            )
            return {"task_id": command_id}

        request = ["task.open", _request(task), flow_room, flow_id]
        self._room.command(command_id, request, body)
        self._flows.bell.set()
        return self.task(command_id)

    def _made(
        self,
        work: SqlUnitOfWork,
        task_id: UUID,
        task: NewTask,
        flow_room: str,
        flow_id: UUID | None,
    ) -> Task:
        queue, now = self._queue(work, task.queue), instant(self._room.clock.now_ns())
        if queue.code == BANKING:
            raise QueueNotFound("The queue is the thin core's own.", queue=queue.code)
        due_at = task.due_at
        if due_at is None and queue.sla_s:
            due_at = now + dt.timedelta(seconds=queue.sla_s)
        return Task(
            task_id=task_id,
            queue=queue.code,
            title=task.title,
            note=task.note,
            form=tuple(task.form),
            links=tuple(task.links),
            priority=task.priority,
            state=TaskState.CLAIMED if task.assignee else TaskState.OPEN,
            assignee=task.assignee,
            opened_at=now,
            due_at=due_at,
            is_overdue=False,
            escalations=0,
            ended_at=None,
            ended_by="",
            values=(),
            flow_room=flow_room,
            flow_id=flow_id,
        )

    def claim(self, command_id: UUID, task_id: UUID, by: str) -> Task:
        """Take a task. Raises: as TasksApi says."""

        def act(task: Task) -> Task:
            if task.assignee not in ("", by):
                raise _refused(f"{task.assignee} has it", "taken", assignee=task.assignee)
            return replace(task, state=TaskState.CLAIMED, assignee=by)

        return self._change(command_id, task_id, "claimed", by, act)

    def release(self, command_id: UUID, task_id: UUID, by: str) -> Task:
        """Put a task back into its queue. Raises: as TasksApi says."""
        return self._change(
            command_id,
            task_id,
            "released",
            by,
            lambda task: replace(task, state=TaskState.OPEN, assignee=""),
        )

    def assign(self, command_id: UUID, task_id: UUID, to: str, by: str) -> Task:
        """Give a task to somebody. Raises: as TasksApi says."""
        _check_name(to)
        return self._change(
            command_id,
            task_id,
            "assigned",
            by,
            lambda task: replace(task, state=TaskState.CLAIMED, assignee=to),
            said=to,
        )

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
        """Put a task elsewhere, or change its time or weight. Raises: as TasksApi says."""
        given = {"queue": queue or None, "priority": priority, "due_at": due_at}
        changes: dict[str, Any] = {name: one for name, one in given.items() if one is not None}
        if not changes:
            raise Malformed("expected a queue, a priority or a time, was none")
        if due_at is not None and due_at.tzinfo is None:
            raise Malformed("expected an instant with its zone as due")
        if queue == BANKING:
            raise QueueNotFound("The queue is the thin core's own.", queue=queue)
        if queue:
            self._room.read(lambda connection: self._queue_of(connection, queue))
        said = ", ".join(f"{name} {one}" for name, one in sorted(changes.items()))

        def act(task: Task) -> Task:
            return replace(task, **changes)

        return self._change(
            command_id, task_id, "changed", by, act, said=said, is_watched=due_at is not None
        )

    def escalate(self, command_id: UUID, task_id: UUID, why: str, by: str = "") -> Task:
        """Pass a task on. Raises: as TasksApi says."""
        check_text("reason", why, most=TEXT_MAX)
        found = self.task(task_id)
        queues = {one.code: one for one in self._room.read(self._every_queue)}
        above = queues.get(queues[found.queue].escalate_to) if found.queue in queues else None

        def act(task: Task) -> Task:
            task = replace(
                task,
                priority=Priority(max(1, task.priority - 1)),
                escalations=task.escalations + 1,
            )
            if above is None or above.code == task.queue:
                return task
            now = instant(self._room.clock.now_ns())
            due_at = now + dt.timedelta(seconds=above.sla_s) if above.sla_s else None
            state = TaskState.OPEN
            return replace(task, queue=above.code, assignee="", state=state, due_at=due_at)

        return self._change(
            command_id, task_id, "escalated", by, act, said=why, is_watched=above is not None
        )

    def comment(self, command_id: UUID, task_id: UUID, text: str, by: str) -> TaskEntry:
        """Say something of a task. Raises: as TasksApi says."""
        check_text("comment", text, least=1, most=TEXT_MAX)
        self._change(
            command_id, task_id, "commented", by, lambda task: task, said=text, is_told=False
        )
        return next(one for one in reversed(self.history(task_id)) if one.what == "commented")

    def complete(
        self, command_id: UUID, task_id: UUID, values: Sequence[FieldValue], by: str
    ) -> Task:
        """Complete a task with its form's values. Raises: as TasksApi says."""
        _check_name(by)
        if self._bank.is_one(task_id):
            return self._bank.complete(task_id, values, by)
        values = tuple(values)
        given: dict[str, Any] = {}

        def act(task: Task) -> Task:
            if task.assignee not in ("", by):
                raise _refused(f"{task.assignee} has it", "taken", assignee=task.assignee)
            given.clear()
            given.update(checked(task.form, values))
            kept = tuple(one for one in values if one.value.strip())
            return replace(self._over(task, TaskState.COMPLETED, by), values=kept, assignee=by)

        return self._change(
            command_id,
            task_id,
            "completed",
            by,
            act,
            facts=[plain(one) for one in values],
            given=given,
        )

    def withdraw(self, command_id: UUID, task_id: UUID, why: str, by: str = "") -> Task:
        """End a task that nobody needs any more. Raises: as TasksApi says."""
        check_text("reason", why, most=TEXT_MAX)
        return self._change(
            command_id,
            task_id,
            "withdrawn",
            by,
            lambda task: self._over(task, TaskState.WITHDRAWN, by),
            said=why,
        )

    def _over(self, task: Task, state: TaskState, by: str) -> Task:
        now = instant(self._room.clock.now_ns())
        return replace(task, state=state, ended_at=now, ended_by=by, is_overdue=False)

    def _change(
        self,
        command_id: UUID,
        task_id: UUID,
        what: str,
        by: str,
        act: Callable[[Task], Task],
        *,
        said: str = "",
        facts: Any = None,
        given: dict[str, Any] | None = None,
        is_watched: bool = False,
        is_told: bool = True,
    ) -> Task:
        if by or what not in ("escalated", "withdrawn"):
            _check_name(by)
        if self._bank.is_one(task_id):
            raise _refused("The thin core's own tasks can be completed only.", "of-banking")

        def body(work: SqlUnitOfWork) -> dict[str, Any]:
            now_us = instant_us(self._room.clock.now_ns())
            found = store.locked(work.connection, task_id, now_us)
            if found is None:
                raise TaskNotFound("There is no such task.", task_id=str(task_id))
            task, watch_id = found
            if task.ended_at is not None and what != "commented":
                raise _refused("The task has ended.", "ended", state=task.state.value)
            after = act(task)
            if after.ended_at is not None:
                self._tell_flow(work, after, given or {})
            if watch_id is not None and (is_watched or after.ended_at is not None):
                self._hush(work, watch_id)
            if is_watched and after.ended_at is None:
                watch_id = self._watch(work, after, command_id)
            if after != task or is_watched:
                store.keep(work.connection, after, watch_id)
            self._noted(work, after, what, by, said)
            if is_told and after.ended_at is None:
                changed = {"queue": after.queue, "assignee": after.assignee}
                work.outbox.add(TaskChanged(task_id=str(task_id), what=what, **changed))
            return {"task_id": task_id}

        request = [f"task.{what}", task_id, by, said, facts]
        self._room.command(command_id, request, body)
        self._flows.bell.set()
        return self.task(task_id)

    def _tell_flow(self, work: SqlUnitOfWork, task: Task, given: dict[str, Any]) -> None:
        """Tell whoever waits how the task ended: a flow of ours at once, others by the event."""
        work.outbox.add(
            TaskEnded(
                task_id=str(task.task_id),
                state=task.state.value,
                queue=task.queue,
                by=task.ended_by,
                flow_room=task.flow_room,
                flow_id=str(task.flow_id or ""),
                values=given,
            )
        )
        if task.flow_id is None or task.flow_room not in _OWN:
            return
        answer = {"state": task.state.value, "by": task.ended_by, "values": given}
        # A flow that has ended meanwhile does not need it any more.
        with suppress(FlowEnded, NoSuchFlow):
            self._flows.signal(
                task.flow_id, f"task:{task.task_id}", answer, signal_id=task.task_id, work=work
            )

    def _watch(self, work: SqlUnitOfWork, task: Task, command_id: UUID) -> UUID | None:
        """Start the flow that escalates a task once it is due."""
        if task.due_at is None or task.escalations >= ESCALATIONS_MAX:
            return None
        due_ns = store.micros(task.due_at) * 1_000
        self._flows.start(command_id, WATCH, str(task.task_id), due_ns, work=work)
        return command_id

    def _hush(self, work: SqlUnitOfWork, watch_id: UUID) -> None:
        with suppress(FlowEnded, NoSuchFlow):
            self._flows.signal(watch_id, ENDED, True, signal_id=watch_id, work=work)

    def _noted(self, work: SqlUnitOfWork, task: Task, what: str, by: str, said: str) -> None:
        now = instant(self._room.clock.now_ns())
        entry = TaskEntry(at=now, what=what, by=by, text=said)
        store.add_entry(work.connection, task.task_id, entry)

    def _queue(self, work: SqlUnitOfWork, code: str) -> Queue:
        return self._queue_of(work.connection, code)


def _request(task: NewTask) -> list[Any]:
    links, form = [plain(one) for one in task.links], [repr(one) for one in task.form]
    due_us = None if task.due_at is None else store.micros(task.due_at)
    facts = [task.queue, task.title, task.note, int(task.priority), task.assignee]
    return [*facts, due_us, links, form]


def _check_new(task: NewTask) -> None:
    check_text("title", task.title, least=1, most=200)
    check_text("note", task.note, most=TEXT_MAX)
    check_form(task.form)
    if task.assignee:
        _check_name(task.assignee)
    if task.due_at is not None and task.due_at.tzinfo is None:
        raise Malformed("expected an instant with its zone as due")
    if len(task.links) > LINKS_MAX or len(set(task.links)) < len(task.links):
        raise Malformed(f"expected at most {LINKS_MAX} links, each once")
    for one in task.links:
        check_code("kind", one.kind, least=1, most=16)
        check_code("id", one.id, least=1, most=64)


def _check_name(name: str) -> None:
    check_text("name of a person", name, least=1, most=64)
    if name != name.strip():
        raise Malformed("expected a name without blanks around it")


def _refused(said: str, why: str, **facts: Any) -> TaskRefused:
    return TaskRefused(said, why=why, **facts)

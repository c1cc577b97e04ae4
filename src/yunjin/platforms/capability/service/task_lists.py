"""Lists of tasks: the centre's own, then the thin core's, as one."""

from typing import Any
from uuid import UUID

from yunjin.chassis.persistence import RoomDatabase, instant_us
from yunjin.kernel.errors import Malformed
from yunjin.kernel.page import LIMIT_MAX, Page, seal, unseal
from yunjin.platforms.capability.api.tasks import (
    BANKING,
    Link,
    Queue,
    QueueState,
    Task,
    TaskEntry,
)
from yunjin.platforms.capability.domain.tasks import PRESETS
from yunjin.platforms.capability.errors import QueueNotFound, TaskNotFound
from yunjin.platforms.capability.service.bank_tasks import BankTasks
from yunjin.platforms.capability.store import tasks as store


class TaskLists:
    """What can be asked of tasks: a part of `TaskService`."""

    def __init__(self, room: RoomDatabase, *, bank: BankTasks, cursor_key: bytes) -> None:
        self._room, self._bank, self._key = room, bank, cursor_key

    def task(self, task_id: UUID) -> Task:
        """Return a task. Raises: TaskNotFound."""
        if self._bank.is_one(task_id):
            return self._bank.task(task_id)
        now_us = instant_us(self._room.clock.now_ns())
        found = self._room.read(lambda connection: store.one(connection, task_id, now_us))
        if found is None:
            raise TaskNotFound("There is no such task.", task_id=str(task_id))
        return found

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
        """Return tasks: by priority and due, the thin core's last. Raises: Malformed (cursor)."""
        limit = max(1, min(limit, LIMIT_MAX))
        wanted = store.Wanted(queue, assignee, is_overdue, is_ended, link)
        after, bank_after = self._position(cursor)
        found: list[Task] = []
        if bank_after is None and queue != BANKING:
            now_us = instant_us(self._room.clock.now_ns())
            found = self._room.read(
                lambda connection: store.some(
                    connection, wanted, after=after, limit=limit + 1, now_us=now_us
                )
            )
            if len(found) > limit:
                place = store.position_of(found[limit - 1])
                return Page(
                    tuple(found[:limit]), seal([place[0], place[1], str(place[2])], self._key)
                )
        if assignee or is_overdue or queue not in ("", BANKING):
            return Page(tuple(found))
        more = self._bank.tasks(is_ended=is_ended, link=link, after=bank_after)
        room = limit - len(found)
        items = (*found, *more[:room])
        if len(more) <= room:
            return Page(items)
        last = self._bank.number(more[room - 1].task_id) if room else 0
        return Page(items, seal(["bank", last], self._key))

    def _position(self, cursor: str | None) -> tuple[store.Position | None, int | None]:
        if cursor is None:
            return None, None
        match unseal(cursor, self._key):
            case ["bank", int(number)]:
                return None, number
            case [int(priority), int(due_us), str(text)]:
                return (priority, due_us, UUID(text)), None
        raise Malformed("expected a cursor of this list, was another list's")

    def history(self, task_id: UUID) -> list[TaskEntry]:
        """Return what was done to a task, and said. Raises: TaskNotFound."""
        self.task(task_id)
        return self._room.read(lambda connection: store.entries(connection, task_id))

    def queues(self) -> list[QueueState]:
        """Return the queues and what waits in each."""
        now_us = instant_us(self._room.clock.now_ns())

        def found(connection: Any) -> tuple[list[Queue], Any]:
            return self._every_queue(connection), store.counts(connection, now_us)

        every, counts = self._room.read(found)
        counts |= {BANKING: (len(self._bank.tasks()), 0)}
        return [
            QueueState(queue=one, open=count, overdue=late)
            for one in every
            for count, late in [counts.get(one.code, (0, 0))]
        ]

    def _every_queue(self, connection: Any) -> list[Queue]:
        """Return the queues there are from the start, as they were changed, and those added."""
        kept = {one.code: one for one in store.kept_queues(connection)}
        presets = [kept.pop(one.code, one) for one in PRESETS]
        return [*presets, *kept.values()]

    def _queue_of(self, connection: Any, code: str) -> Queue:
        found = next((one for one in self._every_queue(connection) if one.code == code), None)
        if found is None:
            raise QueueNotFound("There is no such queue.", queue=code[:40])
        return found

"""The thin core's own tasks, as tasks of the centre: staff work from one list."""

import datetime as dt
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from yunjin.foundation.banking.api.agreements import AgreementsApi, Waiting
from yunjin.kernel.page import LIMIT_MAX
from yunjin.platforms.capability.api.tasks import (
    BANKING,
    FieldKind,
    FieldValue,
    FormField,
    Link,
    Priority,
    Task,
    TaskState,
)
from yunjin.platforms.capability.domain.tasks import checked
from yunjin.platforms.capability.errors import TaskNotFound

_MARK: Final = 0x62616E6B_0000_8000  # before a number of the core's: what no uuid7 begins with
_FORM: Final = (FormField(name="note", kind=FieldKind.TEXT, zh="处理说明", en="What was done"),)
_SHOWN_MAX: Final = LIMIT_MAX


class BankTasks:
    """What waits for a person in the thin core. agreements : its door, None where there is none."""

    def __init__(self, agreements: AgreementsApi | None) -> None:
        self._agreements = agreements

    def is_one(self, task_id: UUID) -> bool:
        """Return whether an id is of the thin core's."""
        return task_id.int >> 64 == _MARK

    def number(self, task_id: UUID) -> int:
        """Return the core's own number of a task."""
        return task_id.int & (2**64 - 1)

    def tasks(
        self, *, is_ended: bool = False, link: Link | None = None, after: int | None = None
    ) -> list[Task]:
        """Return tasks, newest first, behind a number: the last two hundred there are."""
        if self._agreements is None or (link is not None and link.kind != "agreement"):
            return []
        found = self._agreements.waiting(is_done=is_ended, limit=_SHOWN_MAX)
        return [
            _task(one)
            for one in found
            if (not after or one.task_id < after)
            and (link is None or str(one.agreement_id) == link.id)
        ]

    def task(self, task_id: UUID) -> Task:
        """Return a task. Raises: TaskNotFound."""
        for is_ended in (False, True):
            for one in self.tasks(is_ended=is_ended):
                if one.task_id == task_id:
                    return one
        raise TaskNotFound("There is no such task of the thin core.", task_id=str(task_id))

    def complete(self, task_id: UUID, values: Sequence[FieldValue], by: str) -> Task:
        """Settle a task; again it changes nothing. Raises: TaskNotFound, TaskFormRefused."""
        self.task(task_id)
        note = checked(_FORM, values)["note"]
        if self._agreements is not None:
            self._agreements.settle(self.number(task_id), f"{by}: {note}"[:200])
        return self.task(task_id)


def _task(one: Waiting) -> Task:
    opened = dt.datetime.combine(one.date, dt.time(), dt.UTC)
    links = (Link(kind="agreement", id=str(one.agreement_id)),) if one.agreement_id else ()
    return Task(
        task_id=UUID(int=(_MARK << 64) | one.task_id),
        queue=BANKING,
        title=one.code,
        note=one.detail,
        form=_FORM,
        links=links,
        priority=Priority.NORMAL,
        state=TaskState.COMPLETED if one.is_done else TaskState.OPEN,
        assignee="",
        opened_at=opened,
        due_at=None,
        is_overdue=False,
        escalations=0,
        ended_at=opened if one.is_done else None,
        ended_by="",
        values=(),
        flow_room="",
        flow_id=None,
    )

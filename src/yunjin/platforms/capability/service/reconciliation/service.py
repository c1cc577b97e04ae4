"""The reconciliation centre's door."""

import datetime as dt
from collections.abc import Sequence
from typing import Any, Final, Protocol
from uuid import UUID

from yunjin.chassis.persistence import RoomDatabase, SqlUnitOfWork, instant_us
from yunjin.kernel.errors import Malformed, Refusal
from yunjin.kernel.page import LIMIT_MAX, Page
from yunjin.platforms.capability.api.reconciliation import (
    CsvMapping,
    Cure,
    Difference,
    DifferenceKind,
    Run,
)
from yunjin.platforms.capability.api.tasks import TasksApi
from yunjin.platforms.capability.domain.payments import leg
from yunjin.platforms.capability.errors.clearing import (
    CureRefused,
    DifferenceNotFound,
    RunNotFound,
)
from yunjin.platforms.capability.events.clearing import DifferenceSettled
from yunjin.platforms.capability.service.paging import page_of, position
from yunjin.platforms.capability.service.reconciliation.cures import Cures
from yunjin.platforms.capability.service.reconciliation.runs import Runs
from yunjin.platforms.capability.service.values import check_text, plain
from yunjin.platforms.capability.store import reconciliation as store

_SETTLED: Final = "settled"


class Mappings(Protocol):
    """What is known of channels."""

    def mapping(self, channel: str) -> CsvMapping | None:
        """Return how a channel's CSV is read. Raises: ChannelNotFound."""

    def put_mapping(self, work: SqlUnitOfWork, channel: str, mapping: CsvMapping) -> None:
        """Keep how a channel's CSV is read. Raises: ChannelNotFound."""

    def cost_minor(self, channel: str) -> int:
        """Return what a channel takes for a payment."""


class ReconciliationService:
    """Reconciliation over the room's tables."""

    def __init__(
        self,
        room: RoomDatabase,
        runs: Runs,
        cures: Cures,
        channels: Mappings,
        tasks: TasksApi,
        *,
        cursor_key: bytes,
    ) -> None:
        self._room, self._runs, self._cures = room, runs, cures
        self._channels, self._tasks, self._key = channels, tasks, cursor_key

    def reconcile(
        self,
        command_id: UUID,
        channel: str,
        content: bytes,
        *,
        day: dt.date | None = None,
        mapping: CsvMapping | None = None,
    ) -> Run:
        """Hold a file against our books. Raises: as ReconciliationApi says."""
        how = mapping or self._channels.mapping(channel)
        if how is not None:
            check_mapping(how)
        run_id, tasks = self._runs.reconcile(
            command_id,
            channel,
            content,
            day,
            how,
            cost_minor=self._channels.cost_minor(channel),
        )
        for task_id in tasks:
            self._let_go(task_id, "A later file explains it.", "")
        return self.run(run_id)

    def put_mapping(self, command_id: UUID, channel: str, mapping: CsvMapping) -> CsvMapping:
        """Keep how a channel's CSV is read. Raises: as ReconciliationApi says."""
        check_mapping(mapping)

        def body(work: SqlUnitOfWork) -> dict[str, Any]:
            self._channels.put_mapping(work, channel, mapping)
            return {"channel": channel}

        self._room.command(command_id, ["reconciliation.map", channel, plain(mapping)], body)
        return mapping

    def settle(
        self,
        command_id: UUID,
        difference_id: UUID,
        cure: Cure,
        *,
        reason: str,
        by: str,
        agreement_id: int = 0,
    ) -> Difference:
        """Settle a difference. Raises: as ReconciliationApi says."""
        check_text("reason", reason, least=1, most=200)
        check_text("name", by, least=1, most=64)
        one = self.difference(difference_id)
        if one.state == _SETTLED and (one.cure, one.reason, one.by) == (cure, reason, by):
            return one
        if one.state != store.OPEN:
            raise _ended(one)
        self._cures.act(one, cure, reason=reason, by=by, agreement_id=agreement_id)

        def body(work: SqlUnitOfWork) -> dict[str, Any]:
            now_us = instant_us(self._room.clock.now_ns())
            settled = store.settle(
                work.connection, difference_id, cure=cure, reason=reason, by=by, at_us=now_us
            )
            if not settled:
                raise _ended(one)
            work.outbox.add(
                DifferenceSettled(
                    difference_id=str(difference_id),
                    kind=one.kind.value,
                    cure=cure.value,
                    by=by,
                )
            )
            return {"difference_id": difference_id}

        request = ["reconciliation.settle", difference_id, cure.value, reason, by, agreement_id]
        self._room.command(command_id, request, body)
        _, row = self._found(difference_id)
        if row.task_id is not None:
            self._let_go(row.task_id, f"Settled: {reason}"[:200], by)
        return self.difference(difference_id)

    def _let_go(self, task_id: UUID, why: str, by: str) -> None:
        try:
            self._tasks.withdraw(leg(task_id, "withdraw"), task_id, why, by)
        except Refusal:  # it has ended
            return

    def mapping(self, channel: str) -> CsvMapping:
        """Return how a channel's CSV is read. Raises: ChannelNotFound."""
        return self._channels.mapping(channel) or CsvMapping()

    def run(self, run_id: UUID) -> Run:
        """Return a run. Raises: RunNotFound."""
        found = self._room.read(lambda connection: store.run(connection, run_id))
        if found is None:
            raise RunNotFound("There is no such reconciliation.", run_id=str(run_id))
        return found

    def runs(self, *, channel: str = "", limit: int = 50, cursor: str | None = None) -> Page[Run]:
        """Return runs, newest first. Raises: Malformed (cursor)."""
        before, limit = position(cursor, self._key), min(limit, LIMIT_MAX)
        found = self._room.read(
            lambda connection: store.some_runs(
                connection, channel=channel, before=before, limit=limit + 1
            )
        )
        return page_of(found, limit, self._key, lambda one: one.run_id)

    def difference(self, difference_id: UUID) -> Difference:
        """Return a difference. Raises: DifferenceNotFound."""
        return self._found(difference_id)[0]

    def differences(
        self,
        *,
        run_id: UUID | None = None,
        kind: DifferenceKind | None = None,
        state: str = "",
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Difference]:
        """Return differences, newest first. Raises: RunNotFound, Malformed (cursor)."""
        before, limit = position(cursor, self._key), min(limit, LIMIT_MAX)
        of = None if run_id is None else self._day_of(run_id)
        found = self._room.read(
            lambda connection: store.some(
                connection, of=of, kind=kind, state=state, before=before, limit=limit + 1
            )
        )
        return page_of(found, limit, self._key, lambda one: one.difference_id)

    def counts(self, run_id: UUID) -> Sequence[tuple[DifferenceKind, int, int]]:
        """Return (kind, how many, how many open) of a run's day. Raises: RunNotFound."""
        channel, day = self._day_of(run_id)
        found = self._room.read(lambda connection: store.counts(connection, channel, day))
        return [(DifferenceKind(kind), count, still) for kind, count, still in found]

    def _day_of(self, run_id: UUID) -> tuple[str, int]:
        one = self.run(run_id)
        return one.channel, (one.day - dt.date(1970, 1, 1)).days

    def _found(self, difference_id: UUID) -> tuple[Difference, Any]:
        found = self._room.read(lambda connection: store.difference(connection, difference_id))
        if found is None:
            what = "There is no such difference."
            raise DifferenceNotFound(what, difference_id=str(difference_id))
        return found


def check_mapping(mapping: CsvMapping) -> None:
    """Raises: Malformed."""
    for name in type(mapping).__slots__:
        value = getattr(mapping, name)
        texts = value if isinstance(value, tuple) else [value] if isinstance(value, str) else []
        if any(len(text) > 80 for text in texts) or len(texts) > 20:
            raise Malformed(f"expected {name} of at most 80 characters, was longer")
    if not mapping.amount or len(mapping.delimiter) != 1:
        raise Malformed("expected a column of amounts and a delimiter of one character")


def _ended(one: Difference) -> CureRefused:
    return CureRefused(
        f"expected a difference that is open, was one {one.state}",
        difference_id=str(one.difference_id),
        state=one.state,
    )

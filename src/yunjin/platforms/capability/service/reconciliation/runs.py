"""Files that are reconciled: each once, with all that came for its day before."""

import datetime as dt
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final
from uuid import UUID

from yunjin.chassis.flow import Flows, Start
from yunjin.chassis.persistence import RoomDatabase, SqlUnitOfWork, instant_us
from yunjin.kernel.errors import Outage
from yunjin.platforms.capability.api.reconciliation import DIFFERENCE, TASKS_MAX, CsvMapping
from yunjin.platforms.capability.domain.reconciliation.facts import Found
from yunjin.platforms.capability.errors.clearing import ReconciliationRefused
from yunjin.platforms.capability.events.clearing import ReconciliationEnded
from yunjin.platforms.capability.service.reconciliation.matching import Matched, match
from yunjin.platforms.capability.service.reconciliation.ours import Ours
from yunjin.platforms.capability.service.reconciliation.reading import (
    FileTaken,
    days,
    of_day,
    taken,
)
from yunjin.platforms.capability.store import reconciliation as store

_ROWS_MAX: Final = 1_000  # of one transaction
_TRIES: Final = 8


class Runs:
    """Takes files, matches their days, keeps what is different.

    Parameters
    ----------
    flows : the room's, with that of a difference.
    """

    def __init__(self, room: RoomDatabase, flows: Flows, ours: Ours) -> None:
        self._room, self._flows, self._ours = room, flows, ours

    def reconcile(
        self,
        run_id: UUID,
        channel: str,
        content: bytes,
        day: dt.date | None,
        mapping: CsvMapping | None,
        *,
        cost_minor: int,
    ) -> tuple[UUID, list[UUID]]:
        """Reconcile a file; return its run, and the tasks that nobody needs any more.

        Raises: ReconciliationRefused, Outage, Unknown.
        """
        start = time.perf_counter()
        one = taken(content, day, mapping)
        known = self._known(channel, one)
        if known is not None:
            return known, []
        for at, body in enumerate(one.parts()):
            self._keep_part(run_id, at, body)
        for _ in range(_TRIES):
            before, matched = self._matched(channel, one, cost_minor)
            took_us = int((time.perf_counter() - start) * 1e6)
            ended = self._end(run_id, channel, one, before, matched, took_us)
            if ended is not None:
                return ended
        raise Outage("Other files of this day are being reconciled; send it again.")

    def _keep_part(self, run_id: UUID, at: int, body: bytes) -> None:
        self._room.run(lambda work: store.put_part(work.connection, run_id, at, body))

    def _matched(self, channel: str, one: FileTaken, cost_minor: int) -> tuple[int, Matched]:
        """Match a file with those that its day had before; return how many those are too."""
        before = self._room.read(
            lambda connection: store.of_day(connection, channel, days(one.day))
        )
        kept = self._room.read(lambda connection: store.parts(connection, before))
        lines = of_day(kept, one.lines)
        found = match(self._room, self._ours, channel, one.day, lines, cost_minor=cost_minor)
        return len(before), found

    def _known(self, channel: str, one: FileTaken) -> UUID | None:
        found = self._room.read(lambda connection: store.of_file(connection, channel, one.file_id))
        if found is None:
            return None
        if found[1] != one.digest:
            what = f"expected a new file id, was {one.file_id}, which came with other content"
            raise ReconciliationRefused(what, reason="AM05")
        return found[0]

    def _keep(self, rows: Sequence[Mapping[str, Any]]) -> None:
        self._room.run(lambda work: store.put_differences(work.connection, rows))

    def _end(
        self,
        run_id: UUID,
        channel: str,
        one: FileTaken,
        before: int,
        matched: Matched,
        took_us: int,
    ) -> tuple[UUID, list[UUID]] | None:
        """Keep a run and its differences; None where another file of the day came between."""
        day = days(one.day)
        known = self._room.read(lambda connection: store.differences_of(connection, channel, day))
        fresh = [each for each in matched.found if each not in known]
        now_us = instant_us(self._room.clock.now_ns())
        rows = [_row(each, run_id, channel, day, matched.found[each], now_us) for each in fresh]
        for at in range(_ROWS_MAX, len(rows), _ROWS_MAX):  # all but the first, which commit last
            self._keep(rows[at : at + _ROWS_MAX])

        def body(work: SqlUnitOfWork) -> tuple[UUID, list[UUID]] | None:
            if not store.turn(work.connection, channel, day, before):
                return None
            store.put_differences(work.connection, rows[:_ROWS_MAX])
            back = [each for each in matched.found if known.get(each, ("",))[0] == store.CLEARED]
            store.open_again(work.connection, back, run_id)
            gone = [each for each, (state, _) in known.items() if state == store.OPEN]
            gone = [each for each in gone if each not in matched.found]
            came = store.missing_elsewhere(work.connection, channel, day, matched.late)
            why = f"explained by file {one.file_id}"
            tasks = store.clear(work.connection, [*gone, *came], why, now_us)
            store.put_run(
                work.connection, _run_row(run_id, channel, one, before, matched, took_us, now_us)
            )
            starts = [
                Start(flow_id=_task_flow(each, run_id), flow=DIFFERENCE, args=(str(each),))
                for each in [*fresh, *back][:TASKS_MAX]
            ]
            self._flows.start_all(starts, work=work)
            work.outbox.add(
                ReconciliationEnded(
                    run_id=str(run_id),
                    channel=channel,
                    day=one.day.isoformat(),
                    lines=one.lines.num_rows,
                    differences=len(matched.found),
                )
            )
            return run_id, tasks

        ended = self._room.run(body)
        self._flows.bell.set()
        return ended


def _task_flow(difference_id: UUID, run_id: UUID) -> UUID:
    """Return the id of the flow that asks a person, one for each time that it is opened."""
    return UUID(int=difference_id.int ^ (run_id.int & (1 << 62) - 1))


def _row(
    difference_id: UUID, run_id: UUID, channel: str, day: int, one: Found, now_us: int
) -> Mapping[str, Any]:
    return {
        "difference_id": difference_id,
        "run_id": run_id,
        "channel": channel,
        "day": day,
        "kind": one.kind.value,
        "currency": one.currency,
        "theirs_minor": one.theirs_minor,
        "ours_minor": one.ours_minor,
        "reference": one.reference[:80],
        "payment_id": one.payment_id,
        "is_return": int(one.is_return),
        "detail": one.detail[:200],
        "cure": one.cure.value,
        "state": store.OPEN,
        "reason": "",
        "done_by": "",
        "task_id": None,
        "at_us": now_us,
        "settled_us": None,
    }


def _run_row(
    run_id: UUID,
    channel: str,
    one: FileTaken,
    before: int,
    matched: Matched,
    took_us: int,
    now_us: int,
) -> Mapping[str, Any]:
    totals: Sequence[dict[str, Any]] = [asdict(each) for each in matched.totals]
    return {
        "run_id": run_id,
        "channel": channel,
        "day": days(one.day),
        "file_id": one.file_id,
        "digest": one.digest,
        "name": one.name,
        "lines": one.lines.num_rows,
        "files": before + 1,
        "matched": matched.matched,
        "totals": totals,
        "took_us": took_us,
        "at_us": now_us,
    }

"""The report centre: defined, run over its sources, kept, made anew, compared."""

import datetime as dt
import hashlib
import zlib
from collections.abc import Callable, Mapping
from typing import Any, Final
from uuid import UUID

import msgspec
import structlog

from yunjin.chassis.persistence import RoomDatabase, SqlUnitOfWork, instant_us
from yunjin.kernel.clock import instant, nanoseconds
from yunjin.kernel.errors import Refusal
from yunjin.kernel.ids import uuid7_of
from yunjin.kernel.page import LIMIT_MAX, Page
from yunjin.platforms.capability.api.reports import (
    ROWS_MAX,
    Definition,
    Difference,
    Form,
    Run,
    Source,
    Table,
)
from yunjin.platforms.capability.domain.report_presets import PRESETS
from yunjin.platforms.capability.domain.reports import (
    as_csv,
    as_json,
    canonical,
    check_definition,
    differing,
    fold,
    names_of,
    rows_of,
)
from yunjin.platforms.capability.errors.reports import (
    ReportNotFound,
    ReportRefused,
    RunNotFound,
)
from yunjin.platforms.capability.events.reports import ReportMade
from yunjin.platforms.capability.service.paging import page_of, position
from yunjin.platforms.capability.service.reports.sources import Reading
from yunjin.platforms.capability.service.values import check_code, check_text
from yunjin.platforms.capability.store import reports as store

_log: Final = structlog.get_logger()
SCHEDULE: Final = "schedule"  # who runs daily reports
_VALUES_MAX: Final = 200


class ReportService:
    """The report centre (ReportsApi) over a room's tables.

    Parameters
    ----------
    readings : sources by code.
    last_closed : the newest closed business day, None while none is closed.
    """

    def __init__(
        self,
        room: RoomDatabase,
        readings: Mapping[str, Reading],
        *,
        today: Callable[[], dt.date],
        last_closed: Callable[[], dt.date | None],
        cursor_key: bytes,
    ) -> None:
        self._room, self._readings, self._today = room, dict(readings), today
        self._last_closed, self._key = last_closed, cursor_key

    def define(self, command_id: UUID, definition: Definition) -> Definition:
        """Add a report, or a version of one. Raises: as ReportsApi says."""
        check_code("report's code", definition.code, least=1, most=40)
        check_text("name", definition.zh, least=1, most=100)
        check_text("name", definition.en, least=1, most=100)
        if sum(len(one.values) for one in definition.where) > _VALUES_MAX:
            raise _refused(f"expected at most {_VALUES_MAX} values to choose by")
        check_definition(definition, self._reading(definition).source)

        def body(work: SqlUnitOfWork) -> dict[str, Any]:
            found = store.definition_versions(work.connection, definition.code)
            version = max(_versions(found, definition.code), default=0) + 1
            at_us = instant_us(self._room.clock.now_ns())
            store.put_definition(work.connection, definition, version, at_us)
            return {"version": version}

        request = ["report.define", msgspec.to_builtins(definition)]
        self._room.command(command_id, request, body)
        return definition

    def run(self, command_id: UUID, code: str, day: dt.date | None = None, by: str = "") -> Run:
        """Run a report as of a business date. Raises: as ReportsApi says."""
        check_text("name of who runs it", by, most=64)
        today = self._today()
        version, definition = self._newest(code)
        source = self._reading(definition).source
        if day is not None and day > today:
            raise _refused(f"expected a day up to {today}, was {day}")
        if day not in (None, today) and not source.knows_past:
            raise _refused(f"{source.code} knows today ({today}) alone, was {day}")
        return self._ran(command_id, version, definition, day or today, by)

    def run_due(self) -> int:
        """Run the daily reports of the day that was closed last; return how many ran.

        A run's id is a function of report and day: whoever comes again finds it. Raises: Outage.
        """
        day = self._last_closed()
        if day is None:
            return 0
        due = [one for one in self.definitions() if one.is_daily and not self._has_run(one, day)]
        return sum(self._ran_daily(one, day) for one in due)

    def _has_run(self, one: Definition, day: dt.date) -> bool:
        run_id = daily_id(one.code, day)
        return self._room.read(lambda connection: store.run(connection, run_id)) is not None

    def _ran_daily(self, one: Definition, day: dt.date) -> bool:
        """Run a daily report; one that is refused does not keep the others from running."""
        version, definition = self._newest(one.code)
        try:
            self._ran(daily_id(one.code, day), version, definition, day, SCHEDULE)
        except Refusal as problem:
            _log.warning("report.refused", report=one.code, day=str(day), code=problem.code)
            return False
        return True

    def _ran(
        self, run_id: UUID, version: int, definition: Definition, day: dt.date, by: str
    ) -> Run:
        reading = self._reading(definition)
        rows = sorted(reading.read(day))
        table = fold(definition, reading.source, rows)
        if len(table.rows) > ROWS_MAX:
            raise _refused(f"expected at most {ROWS_MAX} rows, was {len(table.rows)}: group more")
        source_text = canonical(names_of(reading.source.columns), rows)
        text = canonical(names_of(table.columns), table.rows)
        made = Run(
            run_id=run_id,
            code=definition.code,
            version=version,
            day=day,
            rows=len(table.rows),
            source_rows=len(rows),
            hash=hashlib.sha256(text).hexdigest(),
            source_hash=hashlib.sha256(source_text).hexdigest(),
            by=by,
            at=instant(self._room.clock.now_ns()),
        )

        def body(work: SqlUnitOfWork) -> dict[str, Any]:
            store.put_run(
                work.connection,
                made,
                definition,
                body=zlib.compress(text),
                source=zlib.compress(source_text),
            )
            told = ReportMade(
                run_id=str(run_id),
                code=made.code,
                version=version,
                day=day.isoformat(),
                rows=made.rows,
                hash=made.hash,
            )
            work.outbox.add(told)
            return {"run_id": run_id}

        request = ["report.run", definition.code, day.isoformat(), by]
        self._room.command(run_id, request, body)
        return self.result(run_id)

    def sources(self) -> list[Source]:
        """Return what reports can be made of here."""
        return [one.source for one in self._readings.values()]

    def definition(self, code: str, version: int = 0) -> Definition:
        """Return a report's definition, 0 for the newest. Raises: ReportNotFound."""
        found = self._room.read(lambda connection: store.definition_versions(connection, code))
        versions = _versions(found, code)
        wanted = version or max(versions, default=0)
        if wanted not in versions:
            raise ReportNotFound("There is no such report.", report=code[:60])
        return versions[wanted]

    def definitions(self) -> list[Definition]:
        """Return all reports that can run here, by code."""
        found = self._room.read(store.definition_versions)
        newest = [
            versions[max(versions)]
            for code in sorted({*found, *PRESETS})
            if (versions := _versions(found, code))
        ]
        return [one for one in newest if one.source in self._readings]

    def result(self, run_id: UUID) -> Run:
        """Return a run. Raises: RunNotFound."""
        found = self._room.read(lambda connection: store.run(connection, run_id))
        if found is None:
            raise _no_run(run_id)
        return found

    def runs(
        self,
        *,
        code: str = "",
        day: dt.date | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Run]:
        """Return runs, newest first. Raises: Malformed (cursor)."""
        before, limit = position(cursor, self._key), min(limit, LIMIT_MAX)
        found = self._room.read(
            lambda connection: store.some_runs(
                connection, code=code, day=day, before=before, limit=limit + 1
            )
        )
        return page_of(found, limit, self._key, lambda one: one.run_id)

    def table(self, run_id: UUID) -> Table:
        """Return a run's rows. Raises: RunNotFound."""
        definition, body, _ = self._kept(run_id)
        columns = {one.name: one for one in self._reading(definition).source.columns}
        names = [*definition.dimensions, *(one.column for one in definition.measures)]
        rows = rows_of(zlib.decompress(body))
        return Table(columns=tuple(columns[name] for name in names), rows=tuple(rows))

    def verify(self, run_id: UUID) -> bool:
        """Make a run anew from what is kept of its source. Raises: RunNotFound."""
        run = self.result(run_id)
        definition, body, source = self._kept(run_id)
        text, source_text = zlib.decompress(body), zlib.decompress(source)
        table = fold(definition, self._reading(definition).source, rows_of(source_text))
        again = canonical(names_of(table.columns), table.rows)
        hashes = [hashlib.sha256(one).hexdigest() for one in (again, source_text)]
        return again == text and hashes == [run.hash, run.source_hash]

    def difference(self, before_id: UUID, after_id: UUID) -> Difference:
        """Return what differs between two runs. Raises: as ReportsApi says."""
        before, after = self.result(before_id), self.result(after_id)
        old, new = self.table(before_id), self.table(after_id)
        if before.code != after.code or old.columns != new.columns:
            raise _refused("expected two runs of one report with the same columns")
        keys = len(self._kept(before_id)[0].dimensions)
        same, changed = differing(old, new, keys)
        return Difference(
            before=before, after=after, columns=old.columns, same=same, changed=changed
        )

    def export(self, run_id: UUID, form: Form) -> bytes:
        """Return a run as a file. Raises: RunNotFound."""
        run, table = self.result(run_id), self.table(run_id)
        if form is Form.CSV:
            return as_csv(table)
        head = {
            "report": run.code,
            "version": run.version,
            "day": run.day.isoformat(),
            "made_at": run.at.isoformat(),
            "sha256": run.hash,
        }
        return as_json(head, table)

    def _newest(self, code: str) -> tuple[int, Definition]:
        found = self._room.read(lambda connection: store.definition_versions(connection, code))
        versions = _versions(found, code)
        if not versions:
            raise ReportNotFound("There is no such report.", report=code[:60])
        return max(versions), versions[max(versions)]

    def _reading(self, definition: Definition) -> Reading:
        found = self._readings.get(definition.source)
        if found is None:
            known = ", ".join(self._readings)
            raise _refused(f"there is no source {definition.source[:40]!r} here: {known}")
        return found

    def _kept(self, run_id: UUID) -> tuple[Definition, bytes, bytes]:
        found = self._room.read(lambda connection: store.kept(connection, run_id))
        if found is None:
            raise _no_run(run_id)
        return found


def daily_id(code: str, day: dt.date) -> UUID:
    """Return the id of a report's run by the schedule for a business day."""
    noon = dt.datetime.combine(day, dt.time(12), dt.UTC)
    digest = hashlib.sha256(f"{code} {day}".encode()).digest()
    return uuid7_of(nanoseconds(noon) // 1_000_000, int.from_bytes(digest[:9]))


def _versions(found: Mapping[str, Mapping[int, Any]], code: str) -> dict[int, Definition]:
    """Return a report's versions; one that comes with the centre is its first."""
    preset = {1: PRESETS[code]} if code in PRESETS else {}
    return {**preset, **found.get(code, {})}


def _refused(why: str) -> ReportRefused:
    return ReportRefused("The report cannot be made like this.", why=why)


def _no_run(run_id: UUID) -> RunNotFound:
    return RunNotFound("There is no such run.", run_id=str(run_id))

"""How the report centre is put together: over the doors of those before it, and the core's."""

import datetime as dt
from collections.abc import Callable
from typing import Any, Final

from yunjin.foundation.banking.api.days import DaysApi
from yunjin.kernel.room import Way
from yunjin.platforms.capability.api.centres import Centre
from yunjin.platforms.capability.api.reports import REPORTS, ReportsApi
from yunjin.platforms.capability.wiring.making import Making

CENTRES: Final[tuple[Centre, ...]] = (REPORTS,)


def add(made: Making) -> None:
    """Add the centre; daily reports run once a business day is closed."""
    from yunjin.platforms.capability.jobs.rounds import Round
    from yunjin.platforms.capability.service.reports.reports import ReportService
    from yunjin.platforms.capability.service.reports.sources import readings

    ground = made.ground
    doors: dict[type, Any] = {**ground.core, **made.doors}
    reports = ReportService(
        ground.room,
        readings(doors.get),
        today=ground.today,
        last_closed=_last_closed(ground.core.get(DaysApi)),
        cursor_key=ground.key,
    )
    made.doors[ReportsApi] = reports
    made.jobs.append(Round("reports", reports.run_due, pause_s=30, stands_by=ground.stands_by))

    def routers(way: Way) -> list[object]:
        from yunjin.platforms.capability.routes.reports import router

        return [router(way(ReportsApi))]

    def pages(way: Way) -> None:
        from yunjin.platforms.capability.pages import report
        from yunjin.platforms.capability.pages import reports as all_reports

        all_reports.register(way(ReportsApi), ground.clock)
        report.register(way(ReportsApi))

    made.routers.append(routers)
    made.pages.append(pages)


def _last_closed(days: DaysApi | None) -> Callable[[], dt.date | None]:
    return (lambda: None) if days is None else days.last_closed

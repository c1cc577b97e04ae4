"""Months: closed in their order, opened again, locked; years carried into retained earnings."""

import datetime as dt
from collections.abc import Callable
from typing import Any
from uuid import UUID

from yunjin.chassis.persistence import RoomDatabase, SqlUnitOfWork
from yunjin.foundation.banking.api.general_ledger import CLOSING, EntryKind, GlEntry, GlPeriod
from yunjin.foundation.banking.domain.general_ledger.chart import Chart
from yunjin.foundation.banking.domain.general_ledger.months import (
    CLOSED,
    LOCKED,
    OPEN,
    Month,
    Months,
)
from yunjin.foundation.banking.domain.general_ledger.movements import (
    FIRST_DAY,
    Key,
    checked_words,
    date_of,
    day_of,
    net_lines,
)
from yunjin.foundation.banking.domain.products.slots import Slot
from yunjin.foundation.banking.errors import PeriodNotReady
from yunjin.foundation.banking.service.gl.booking import Booking, year_end_head
from yunjin.foundation.banking.service.gl.reading import Reading
from yunjin.foundation.banking.store import general_ledger as store
from yunjin.foundation.banking.store import gl_settings as settings
from yunjin.kernel.errors import Malformed


class Closing:
    """Closes months and years."""

    def __init__(
        self,
        room: RoomDatabase,
        booking: Booking,
        reading: Reading,
        *,
        last_closed: Callable[[], dt.date | None],
    ) -> None:
        self._room, self._booking, self._reading = room, booking, reading
        self._last_closed = last_closed

    def periods(self) -> list[GlPeriod]:
        """Return the months from the first booked one on, newest first."""
        rows, booked = self._room.read(
            lambda connection: (settings.all_periods(connection), store.days_booked(connection))
        )
        said = {row.month: row for row in rows}
        closed = self._last_closed()
        ends = [Month.of(date_of(day)).number for day in booked or ()] + list(said)
        if closed is not None:
            ends.append(Month.of(closed + dt.timedelta(days=1)).number)
        if not ends:
            return []
        first = Month.of(date_of(booked[0])) if booked else None
        months = Months({row.month: row.state for row in rows if row.state != OPEN}, first)
        return [
            _period(Month(number), months.state(Month(number)), said.get(number))
            for number in range(max(ends), min(ends) - 1, -1)
        ]

    def close(self, command_id: UUID, month: str, *, by: str) -> GlPeriod:
        """Close a month; see GeneralLedgerApi.close_period."""
        closed = self._last_closed()

        def close(work: SqlUnitOfWork, months: Months, wanted: Month) -> dict[Month, str]:
            months.check_may_close(wanted)
            _check_days_closed(wanted.last, closed)
            self._check_books(work, wanted)
            return {wanted: CLOSED}

        return self._change("close", command_id, month, by, "", close)

    def reopen(self, command_id: UUID, month: str, *, by: str, reason: str) -> GlPeriod:
        """Open the last closed month again; see GeneralLedgerApi.reopen_period."""
        reason = checked_words(reason, "a reason", 200)

        def reopen(work: SqlUnitOfWork, months: Months, wanted: Month) -> dict[Month, str]:
            months.check_may_reopen(wanted)
            return {wanted: OPEN}

        return self._change("reopen", command_id, month, by, reason, reopen)

    def lock(self, command_id: UUID, month: str, *, by: str) -> GlPeriod:
        """Lock a month and those before it; see GeneralLedgerApi.lock_period."""

        def lock(work: SqlUnitOfWork, months: Months, wanted: Month) -> dict[Month, str]:
            return dict.fromkeys(months.lockable(wanted), LOCKED)

        return self._change("lock", command_id, month, by, "", lock)

    def _change(
        self,
        name: str,
        command_id: UUID,
        month: str,
        by: str,
        reason: str,
        judge: Callable[[SqlUnitOfWork, Months, Month], dict[Month, str]],
    ) -> GlPeriod:
        """Give months another state, in one transaction with the look at what allows it."""
        wanted, by = Month.read(month), checked_words(by, "who it was", 64)

        def change(work: SqlUnitOfWork) -> dict[str, Any]:
            self._booking.take_turn(work)
            states = judge(work, self._booking.months(work), wanted)
            now_us = self._booking.now_us()
            for each, state in states.items():
                settings.put_period(
                    work.connection, each.number, state, by=by, reason=reason, at_us=now_us
                )
            return {"status": states.get(wanted, LOCKED), "by": by, "at_us": now_us}

        request = {"command": f"gl.{name}", "month": str(wanted), "by": by, "reason": reason}
        answer = self._room.command(command_id, request, change)
        return GlPeriod(month=str(wanted), reason=reason, **answer)

    def _check_books(self, work: SqlUnitOfWork, month: Month) -> None:
        day = day_of(month.last)
        waiting = settings.all_intents(work.connection, day)
        if waiting:
            raise PeriodNotReady(
                f"expected no entry that waits for the ledger, were {len(waiting)}",
                waiting=len(waiting),
            )
        if month.is_december:
            self._check_carried(work, month.year)
        sums = store.totals(work.connection, day, ("branch", "currency"))
        wrong = [place for place, (debits, credits) in sums.items() if debits != credits]
        if wrong:
            raise PeriodNotReady(f"expected debits equal to credits, differ in {wrong[0]}")

    def year_end(self, command_id: UUID, year: int, *, by: str) -> GlEntry | None:
        """Carry a year's income and expense; see GeneralLedgerApi.year_end."""
        if not FIRST_DAY.year <= year <= 2199:
            raise Malformed(f"expected a year from 1970 to 2199, was {str(year)[:20]}")
        by, closed = checked_words(by, "who it was", 64), self._last_closed()

        def carry(work: SqlUnitOfWork) -> dict[str, Any]:
            self._booking.take_turn(work)
            end = dt.date(year, 12, 31)
            _check_days_closed(end, closed)
            if settings.all_intents(work.connection, day_of(end)):
                raise PeriodNotReady("expected no entry that waits for the ledger, was one")
            self._check_carried(work, year - 1)
            chart = self._booking.made_ready(work, end)
            lines = _carried(chart, self._left(work, chart, end), day_of(end))
            if not lines:
                return {"number": 0}
            count = store.last_of_kind(work.connection, EntryKind.YEAR_END)[0] + 1
            head = year_end_head(year, count, day_of(end), by)
            return {"number": self._booking.write(work, head, lines)}

        request = {"command": "gl.year_end", "year": year, "by": by}
        number = self._room.command(command_id, request, carry)["number"]
        return self._reading.entry(number) if number else None

    def _check_carried(self, work: SqlUnitOfWork, year: int) -> None:
        """See that a year's income and expense are carried. Raises: PeriodNotReady."""
        if year < FIRST_DAY.year:
            return
        chart = settings.chart(work.connection)
        if any(self._left(work, chart, dt.date(year, 12, 31)).values()):
            raise PeriodNotReady(
                f"expected income and expense of {year} in retained earnings first", year=year
            )

    def _left(
        self, work: SqlUnitOfWork, chart: Chart, date: dt.date
    ) -> dict[tuple[str, str, str], int]:
        """Return debits less credits of income and expense by account, branch and currency."""
        by = ("account", "branch", "currency")
        return {
            (account, branch, currency): debits - credits
            for (account, branch, currency), (debits, credits) in store.totals(
                work.connection, day_of(date), by
            ).items()
            if chart.account(account).is_profit
        }


def _check_days_closed(last: dt.date, closed: dt.date | None) -> None:
    if closed is None or closed < last:
        raise PeriodNotReady(
            f"expected all business days up to {last} to be closed, was {closed or 'none of them'}"
        )


def _carried(
    chart: Chart, left: dict[tuple[str, str, str], int], day: int
) -> list[tuple[Key, tuple[int, int]]]:
    """Return the lines that empty accounts into retained earnings."""
    retained = chart.account_of(Slot.RETAINED, "", day).code
    nets: dict[Key, int] = {}
    for (account, branch, currency), net in left.items():
        there = Key(retained, CLOSING, "", branch, currency)
        nets[Key(account, CLOSING, "", branch, currency)] = -net
        nets[there] = nets.get(there, 0) + net
    return sorted(net_lines(nets).items())


def _period(month: Month, state: str, row: Any) -> GlPeriod:
    if row is None:
        return GlPeriod(month=str(month), status=state)
    return GlPeriod(month=str(month), status=state, by=row.by, reason=row.reason, at_us=row.at_us)

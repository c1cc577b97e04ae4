"""Booking: the one way into the general ledger. Every writer takes its turn first."""

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from yunjin.chassis.persistence import SqlUnitOfWork, instant_us
from yunjin.foundation.banking.api.general_ledger import EntryKind, Movement
from yunjin.foundation.banking.domain.general_ledger.chart import Chart
from yunjin.foundation.banking.domain.general_ledger.months import OPEN, Month, Months
from yunjin.foundation.banking.domain.general_ledger.movements import (
    INT64_MAX,
    Amounts,
    Key,
    checked_source,
    date_of,
    day_of,
    digest_of,
    net_lines,
    summed,
)
from yunjin.foundation.banking.domain.products.slots import Slot
from yunjin.foundation.banking.errors import MappingRefused, OutOfRange, SourceBooked
from yunjin.foundation.banking.store import general_ledger as store
from yunjin.foundation.banking.store import gl_settings as settings
from yunjin.kernel import check
from yunjin.kernel.clock import Clock
from yunjin.kernel.errors import Malformed

OWN_SOURCES = ("manual/", "year-end/", "mapping/")
Lines = Sequence[tuple[Key, Amounts]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What an entry is, beside its lines."""

    source: str
    kind: EntryKind
    day: int
    digest: bytes
    reason: str = ""
    reference: str = ""
    by: str = ""
    reverses: int | None = None


class Booking:
    """Writes entries and keeps the balances of every day in step with them."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def now_us(self) -> int:
        """Return the time of writing."""
        return instant_us(self._clock.now_ns())

    def take_turn(self, work: SqlUnitOfWork) -> None:
        """Wait until no other transaction writes the general ledger."""
        store.raised(work.connection, "turn", 1)

    def months(self, work: SqlUnitOfWork) -> Months:
        """Return which months are closed."""
        rows = settings.all_periods(work.connection)
        booked = store.days_booked(work.connection)
        first = None if booked is None else Month.of(date_of(booked[0]))
        return Months({row.month: row.state for row in rows if row.state != OPEN}, first)

    def book(
        self, work: SqlUnitOfWork, date: dt.date, movements: Sequence[Movement], *, source: str
    ) -> int:
        """Book movements of slots in another step's transaction; see GeneralLedger.book."""
        day = day_of(date)
        if checked_source(source).startswith(OWN_SOURCES):
            raise Malformed(f"expected a source of another kind, was {source}")
        booked = summed(movements)
        if not booked:
            return 0
        self.take_turn(work)
        digest = digest_of(day, booked)
        known = store.find_entry(work.connection, source=source)
        if known is not None:
            if known.digest != digest:
                raise SourceBooked(f"{source} was booked with other movements.", source=source)
            return int(known.number)
        chart = self.made_ready(work, date)
        self._check_mapped(chart, {one.slot for one in booked}, day)
        lines = [
            (
                Key(
                    chart.account_of(one.slot, one.product, day).code,
                    int(one.slot),
                    one.product,
                    one.branch,
                    one.currency,
                ),
                (one.debit_minor, one.credit_minor),
            )
            for one in booked
        ]
        head = Head(source=source, kind=EntryKind.MOVEMENTS, day=day, digest=digest)
        return self.write(work, head, lines)

    def made_ready(self, work: SqlUnitOfWork, date: dt.date) -> Chart:
        """Return the chart for booking on a date, with balances where their slots are now.

        Raises: PeriodClosed.
        """
        self.months(work).check_open(date)
        chart = settings.chart(work.connection)
        self._follow(work, chart, day_of(date))
        return chart

    def write(self, work: SqlUnitOfWork, head: Head, lines: Lines) -> int:
        """Keep an entry and its effect on the balances; return its number.

        Raises: OutOfRange where all debits of a currency since ever pass 63 bits: as long as they
        do not, no sum of any of them does.
        """
        sides: dict[tuple[str, str], int] = {}
        turnover: dict[str, int] = {}
        for key, (debit, credit) in lines:
            place = (key.branch, key.currency)
            sides[place] = sides.get(place, 0) + debit - credit
            turnover[key.currency] = turnover.get(key.currency, 0) + debit
        check.that(not any(sides.values()), f"expected a balanced entry, was {head.source}")
        for currency, debits in sorted(turnover.items()):
            before = store.counter(work.connection, currency)
            if before + debits > INT64_MAX:
                raise OutOfRange(
                    f"expected all debits in {currency} since ever below 2^63, "
                    f"was {before} and {debits} more",
                    currency=currency,
                )
            store.raised(work.connection, currency, debits)
        number = store.raised(work.connection, "entries", 1)
        store.put_entry(
            work.connection,
            {
                "number": number,
                "source": head.source,
                "kind": int(head.kind),
                "day": head.day,
                "digest": head.digest,
                "reason": head.reason,
                "reference": head.reference,
                "by": head.by,
                "reverses": head.reverses,
                "at_us": self.now_us(),
            },
        )
        ids = store.key_ids(work.connection, dict.fromkeys(key for key, _ in lines))
        booked = [(ids[key], amounts) for key, amounts in lines]
        store.put_lines(work.connection, number, head.day, booked)
        return number

    def _check_mapped(self, chart: Chart, slots: set[int], day: int) -> None:
        for one in chart.changes:
            if one.is_applied and one.slot in slots and one.since > day:
                raise MappingRefused(
                    f"expected a date from {date_of(one.since)} on, since when slot "
                    f"{Slot(one.slot).name.lower()} is booked elsewhere, was {date_of(day)}",
                    since=str(date_of(one.since)),
                )

    def _follow(self, work: SqlUnitOfWork, chart: Chart, day: int) -> None:
        """Bring over the balances of slots whose mapping changed up to a day.

        Of income and expense only this year's: the rest is carried, or will be, from the old
        account.
        """
        due = {one.slot for one in chart.changes if not one.is_applied and one.since <= day}
        if not due:
            return
        connection = work.connection
        now = store.totals(connection, day, Key._fields, equal={"slot": due})
        last_year = day_of(dt.date(date_of(day).year, 1, 1)) - 1
        before = store.totals(connection, last_year, Key._fields, equal={"slot": due})
        nets: dict[Key, int] = {}
        for place, (debits, credits) in now.items():
            key = Key(*place)
            net = debits - credits
            if chart.account(key.account).is_profit:
                old = before.get(place, (0, 0))
                net -= old[0] - old[1]
            target = chart.account_of(key.slot, key.product, day).code
            if target != key.account and net:
                there = key._replace(account=target)
                nets[key] = nets.get(key, 0) - net
                nets[there] = nets.get(there, 0) + net
        lines = sorted(net_lines(nets).items())
        if lines:
            count, _ = store.last_of_kind(connection, EntryKind.REMAP)
            source = f"mapping/{date_of(day)}/{count + 1}"
            self.write(work, _own_head(source, EntryKind.REMAP, day), lines)
        settings.apply_mappings(connection, day)


def _own_head(source: str, kind: EntryKind, day: int, *, by: str = "", reason: str = "") -> Head:
    digest = hashlib.sha256(source.encode()).digest()
    return Head(source=source, kind=kind, day=day, digest=digest, by=by, reason=reason)


def year_end_head(year: int, count: int, day: int, by: str) -> Head:
    """Return the head of a year's end, the `count`-th one."""
    return _own_head(f"year-end/{year}/{count}", EntryKind.YEAR_END, day, by=by)

"""The chart of an account's balance: after each transfer where they are few, else day by day."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from yunjin.chassis.console import (
    Address,
    Chart,
    Series,
    ask,
    box,
    formats,
    panel,
    switch,
    t,
)
from yunjin.foundation.ledger.api import LedgerApi
from yunjin.foundation.ledger.pages.desk import Desk
from yunjin.foundation.ledger.pages.reading import AccountRow, TransferRow, Units

EXACT_MAX: Final = 200  # transfers in the period, up to which each has its point
POINTS_MAX: Final = 120
RANGES: Final = ("30", "90", "365", "all")
DAY_NS: Final = 86_400 * formats.SECOND_NS


@dataclass(frozen=True, slots=True)
class Curve:
    """Balances over time. Unit: ns and minor."""

    instants: list[int]
    balances: list[int]
    is_exact: bool


def curve(ledger: LedgerApi, row: AccountRow, since_ns: int, now_ns: int) -> Curve:
    """Read an account's balances from an instant to now.

    Up to EXACT_MAX transfers are taken one by one; more are sampled at the ends of days, at most
    POINTS_MAX of them, so that an account with a million postings costs no more than a quiet one.
    """
    start = max(since_ns, row.timestamp)
    batch, cursor = ledger.history(row.id, timestamp_from=start, limit=EXACT_MAX, oldest_first=True)
    if cursor is not None:
        return _sampled(ledger, row, start, now_ns)
    moves = [one for one in TransferRow.all_of(batch) if one.totals is not None]
    opening = _balance_at(ledger, row, start - 1) if start > row.timestamp else 0
    instants = [start, *(move.timestamp for move in moves)]
    balances = [opening, *(move.totals.net(row.side) for move in moves if move.totals)]
    if moves and moves[-1].timestamp < now_ns and since_ns > row.timestamp:
        instants.append(now_ns)
        balances.append(balances[-1])
    return Curve(instants, balances, is_exact=True)


def _sampled(ledger: LedgerApi, row: AccountRow, start: int, now_ns: int) -> Curve:
    newest, _ = ledger.history(row.id, timestamp_from=start, limit=1)
    last = TransferRow.all_of(newest)[0].timestamp
    end = min(now_ns, max(last, start))
    instants = day_ends(start, end)
    balances = [_balance_at(ledger, row, at) for at in instants]
    return Curve(instants, balances, is_exact=False)


def day_ends(start_ns: int, end_ns: int) -> list[int]:
    """Return the last instants of local days from `start_ns` to `end_ns`, at most POINTS_MAX."""
    first, last = formats.local(start_ns).date(), formats.local(end_ns).date()
    step = -(-((last - first).days + 1) // POINTS_MAX)
    days: Sequence[dt.date] = [
        last - dt.timedelta(days=back) for back in range(0, (last - first).days + 1, step)
    ]
    ends = [formats.day_start_ns(day + dt.timedelta(days=1)) - 1 for day in reversed(days)]
    return [at for at in ends if at >= start_ns]


def _balance_at(ledger: LedgerApi, row: AccountRow, at_ns: int) -> int:
    return AccountRow.all_of(ledger.balance_at(row.id, at_ns))[0].net(row.side)


class BalanceChart:
    """The panel with the chart and the choice of its period."""

    def __init__(self, desk: Desk, row: AccountRow, units: Units, address: Address) -> None:
        self._desk, self._row, self._units, self._address = desk, row, units, address
        chosen = address.get("range")
        self._range = chosen if chosen in RANGES else "all"

    async def draw(self) -> None:
        """Lay the panel."""
        first = await self._read()
        with panel():
            self._chart = Chart(
                title=t("ledger.balance_chart"),
                x_name=t("time.at", zone=formats.zone_name()),
                instants=first.instants,
                series=self._series(first),
                height_px=280,
                note=self._note(first),
            )
            self._chart.draw()
            with box("yj-ranges"):
                ranges = {one: t(f"ledger.range.{one}") for one in RANGES}
                switch(ranges, self._range, self._choose, name=t("ledger.range"))

    async def _choose(self, chosen: str) -> None:
        self._range = chosen
        self._address.set(range="" if chosen == "all" else chosen)
        found = await self._read()
        self._chart.show(
            instants=found.instants, series=self._series(found), note=self._note(found)
        )

    async def _read(self) -> Curve:
        now_ns = self._desk.clock.now_ns()
        since = 0 if self._range == "all" else now_ns - int(self._range) * DAY_NS
        return await ask(curve, self._desk.ledger, self._row, since, now_ns)

    def _series(self, found: Curve) -> list[Series]:
        ledger = self._row.ledger
        return [
            Series(
                name=t("ledger.balance"),
                values=found.balances,
                unit=self._units.currency(ledger),
                decimals=self._units.decimals(ledger),
                kind="step" if found.is_exact else "line",
            )
        ]

    def _note(self, found: Curve) -> str:
        kind = "ledger.exact_balance" if found.is_exact else "ledger.closing_balance"
        currency = self._units.currency(self._row.ledger)
        return f"{t(kind)} · {currency} · {t('time.zone', zone=formats.zone_name())}"

"""Reports: totals of two days from the store, made into trial balance, sheet and statement."""

import calendar
import datetime as dt
from collections.abc import Mapping
from typing import Any

from yunjin.chassis.persistence import RoomDatabase, SqlUnitOfWork
from yunjin.foundation.banking.api.days import ProofLine
from yunjin.foundation.banking.api.general_ledger import CLOSING, REST
from yunjin.foundation.banking.api.gl_reports import (
    IncomeStatement,
    Sheet,
    TrialBalance,
)
from yunjin.foundation.banking.domain.general_ledger import statements, trial
from yunjin.foundation.banking.domain.general_ledger.chart import Chart, slot_name
from yunjin.foundation.banking.domain.general_ledger.movements import (
    BRANCH_MAX,
    FIRST_DAY,
    checked_code,
    day_of,
)
from yunjin.foundation.banking.domain.general_ledger.trial import Spot
from yunjin.foundation.banking.store import general_ledger as store
from yunjin.foundation.banking.store import gl_settings as settings
from yunjin.kernel.errors import Malformed
from yunjin.kernel.money import checked_currency

Nets = dict[str, dict[str, tuple[int, int]]]


class Reporting:
    """Makes the reports of any day."""

    def __init__(self, room: RoomDatabase) -> None:
        self._room = room

    def trial_balance(
        self,
        start: dt.date,
        end: dt.date,
        *,
        branch: str,
        currency: str,
        by_branch: bool,
        before_closing: bool,
    ) -> TrialBalance:
        """Return the trial balance of days. Raises: Malformed."""
        first, last = _days(start, end)
        equal = _narrowed(branch, currency)
        by = ("currency", "branch", "account") if by_branch else ("currency", "account")
        without = CLOSING if before_closing else None

        def read(connection: Any) -> TrialBalance:
            def totals(day: int) -> dict[Spot, tuple[int, int]]:
                found = store.totals(connection, day, by, equal=equal, without_slot=without)
                return {
                    Spot(place[0], place[1] if by_branch else "", place[-1]): sides
                    for place, sides in found.items()
                }

            return trial.trial_balance(
                settings.chart(connection),
                totals(first - 1),
                totals(last),
                start=start,
                end=end,
                branch=branch,
                currency=currency,
            )

        return self._room.read(read)

    def balance_sheet(
        self, date: dt.date, compare: dt.date | None, *, branch: str, currency: str
    ) -> Sheet:
        """Return the balance sheet of a day. Raises: Malformed."""
        day = day_of(date)
        prior = compare or dt.date(date.year - 1, 12, 31)
        prior_day = day_of(compare) if compare else (prior - FIRST_DAY).days
        equal = _narrowed(branch, currency)

        def read(connection: Any) -> tuple[Chart, Nets]:
            def nets(at: int) -> dict[tuple[str, str], int]:
                return _nets(store.totals(connection, at, ("currency", "account"), equal=equal))

            return settings.chart(connection), _paired(nets(day), nets(prior_day))

        rows, checks = statements.balance_sheet(*self._room.read(read))
        return Sheet(
            date=date, compare=prior, branch=branch, currency=currency, rows=rows, checks=checks
        )

    def income_statement(
        self,
        start: dt.date,
        end: dt.date,
        compare: tuple[dt.date, dt.date] | None,
        *,
        branch: str,
        currency: str,
    ) -> IncomeStatement:
        """Return the income statement of days. Raises: Malformed."""
        days = _days(start, end)
        if compare:
            prior = compare
            prior_days = _days(*compare)
        else:
            prior = year_before(start), year_before(end)
            prior_days = (prior[0] - FIRST_DAY).days, (prior[1] - FIRST_DAY).days
        equal = _narrowed(branch, currency)

        def read(connection: Any) -> tuple[Chart, Nets]:
            def nets(span: tuple[int, int]) -> dict[tuple[str, str], int]:
                before, after = (
                    _nets(
                        store.totals(
                            connection,
                            at,
                            ("currency", "account"),
                            equal=equal,
                            without_slot=CLOSING,
                        )
                    )
                    for at in (span[0] - 1, span[1])
                )
                return {place: net - before.get(place, 0) for place, net in after.items()}

            return settings.chart(connection), _paired(nets(days), nets(prior_days))

        rows, checks = statements.income_statement(*self._room.read(read))
        return IncomeStatement(
            start=start,
            end=end,
            compare_start=prior[0],
            compare_end=prior[1],
            branch=branch,
            currency=currency,
            rows=rows,
            checks=checks,
        )


def prove(
    work: SqlUnitOfWork, date: dt.date, subledger: Mapping[tuple[int, str, str], int]
) -> tuple[ProofLine, ...]:
    """Return slots beside the accounts that make them up; see GeneralLedger.prove."""
    found = store.totals(work.connection, day_of(date), ("slot", "branch", "currency"))
    booked = {
        place: debits - credits for place, (debits, credits) in found.items() if place[0] != CLOSING
    }
    beside = {
        (int(slot), branch, currency): minor
        for (slot, branch, currency), minor in subledger.items()
    }
    places = {place for place, net in booked.items() if net or place[0] != REST} | set(beside)
    return tuple(
        ProofLine(
            slot=slot_name(place[0]) or "rest",
            branch=place[1],
            currency=place[2],
            subledger_minor=beside.get(place, 0),
            ledger_minor=booked.get(place, 0),
        )
        for place in sorted(places)
    )


def year_before(date: dt.date) -> dt.date:
    """Return the same day a year before; of a month's last day, that month's last day."""
    year, month = date.year - 1, date.month
    is_last = date.day == calendar.monthrange(date.year, month)[1]
    last = calendar.monthrange(year, month)[1]
    return dt.date(year, month, last if is_last else min(date.day, last))


def _days(start: dt.date, end: dt.date) -> tuple[int, int]:
    if end < start:
        raise Malformed(f"expected the last day not before the first, was {start} to {end}")
    return day_of(start), day_of(end)


def _narrowed(branch: str, currency: str) -> dict[str, str]:
    equal = {}
    if branch:
        equal["branch"] = checked_code(branch, "branch", BRANCH_MAX)
    if currency:
        equal["currency"] = checked_currency(currency)
    return equal


def _nets(totals: Mapping[tuple[Any, ...], tuple[int, int]]) -> dict[tuple[str, str], int]:
    return {
        (currency, account): debits - credits
        for (currency, account), (debits, credits) in totals.items()
    }


def _paired(now: Mapping[tuple[str, str], int], prior: Mapping[tuple[str, str], int]) -> Nets:
    """Return both figures by currency and account."""
    found: Nets = {}
    for currency, account in sorted({*now, *prior}):
        place = (currency, account)
        found.setdefault(currency, {})[account] = (now.get(place, 0), prior.get(place, 0))
    return found

"""What fell due on a loan and what was paid of it, from the ledger's lines.

A payment settles the oldest bill of its kind first; the product has chosen the kind.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from yunjin.foundation.banking.api.agreements import Agreement
from yunjin.foundation.banking.api.dates import business_date
from yunjin.foundation.banking.api.statements import Instalment
from yunjin.foundation.banking.domain.products.slots import Slot
from yunjin.foundation.banking.service.statements.projecting import BUCKETS, PRINCIPAL
from yunjin.foundation.banking.service.statements.reading import (
    Head,
    Line,
    Reading,
)
from yunjin.foundation.ledger.api import LedgerApi

_KINDS: Final = tuple(BUCKETS.values())


@dataclass(slots=True)
class _Billed:
    """A bill, minor units by kind, and what is unpaid of it."""

    amounts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_KINDS, 0))
    unpaid: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_KINDS, 0))
    paid_on: dt.date | None = None


@dataclass(slots=True)
class Past:
    """A loan's history as it matters to its schedule."""

    drawn_minor: int = 0
    bills: dict[dt.date, _Billed] = field(default_factory=dict)
    prepaid: dict[dt.date, int] = field(default_factory=dict)
    balances: dict[dt.date, int] = field(default_factory=dict)  # principal not due, at the close

    def instalments(self, today: dt.date) -> list[Instalment]:
        """Return what fell due up to a date, by date."""
        dates = sorted({*self.bills, *self.prepaid})
        found: list[Instalment] = []
        number, balance = 0, 0
        known = sorted(self.balances)
        for date in dates:
            while known and known[0] <= date:
                balance = self.balances[known.pop(0)]
            if date in self.bills:
                amounts = self.bills[date].amounts
                is_instalment = bool(amounts["principal"] or amounts["interest"])
                number += is_instalment
                found.append(self._instalment(date, number * is_instalment, balance, today))
            if date in self.prepaid:
                found.append(_prepaid(date, self.prepaid[date], balance))
        return found

    def _instalment(self, date: dt.date, number: int, balance: int, today: dt.date) -> Instalment:
        bill = self.bills[date]
        unpaid = sum(bill.unpaid.values())
        late = "due" if date == today else "overdue"
        return Instalment(
            number=number,
            due=date,
            principal_minor=bill.amounts["principal"],
            interest_minor=bill.amounts["interest"],
            penalty_minor=bill.amounts["penalty"],
            fee_minor=bill.amounts["fee"],
            paid_minor=sum(bill.amounts.values()) - unpaid,
            paid_on=None if unpaid else bill.paid_on,
            balance_minor=balance,
            status=late if unpaid else "paid",
        )


def _prepaid(date: dt.date, amount: int, balance: int) -> Instalment:
    return Instalment(
        number=0,
        due=date,
        principal_minor=amount,
        interest_minor=0,
        penalty_minor=0,
        fee_minor=0,
        paid_minor=amount,
        paid_on=date,
        balance_minor=balance,
        status="prepaid",
    )


def past_of(
    ledger: LedgerApi,
    agreement: Agreement,
    buckets: Mapping[str, str],
    end: dt.date,
    head: Head,
) -> Past:
    """Read what happened to a loan before a date. buckets: kind of bill by account."""
    past, own = Past(), set(agreement.account_ids.values())
    for name, account_id in agreement.account_ids.items():
        reading = Reading(ledger, account_id, agreement.opened, end, head)
        if name in buckets:
            _take_bills(past, reading, buckets[name])
        elif reading.slot in PRINCIPAL:
            _take_principal(past, reading, own)
    return past


def _take_bills(past: Past, reading: Reading, kind: str) -> None:
    """Take in what was billed and paid on an account of one kind."""
    for line in _lines(reading):
        date = business_date(line.row["user_data_32"])
        if line.debit_minor:
            bill = past.bills.setdefault(date, _Billed())
            bill.amounts[kind] += line.debit_minor
            bill.unpaid[kind] += line.debit_minor
        rest = line.credit_minor
        for due in sorted(past.bills) if rest else ():
            bill = past.bills[due]
            part = min(rest, bill.unpaid[kind])
            if part:
                bill.unpaid[kind] -= part
                rest -= part
                bill.paid_on = max(date, bill.paid_on or date)


def _take_principal(past: Past, reading: Reading, own: set[int]) -> None:
    """Take in what was drawn and what was paid back before its time."""
    for line in _lines(reading):
        date = business_date(line.row["user_data_32"])
        past.balances[date] = line.balance_minor
        if line.other_id not in own:
            past.drawn_minor += line.debit_minor
        elif line.other_slot == Slot.OVERPAYMENTS and line.credit_minor:
            past.prepaid[date] = past.prepaid.get(date, 0) + line.credit_minor


def _lines(reading: Reading) -> Iterable[Line]:
    for page in reading.pages():
        yield from page

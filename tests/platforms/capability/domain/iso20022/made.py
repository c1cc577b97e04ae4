"""Messages made by hand for the tests, valid unless a test changes them."""

import datetime as dt
import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa

from yunjin.platforms.capability.domain.iso20022.accounts import (
    AccountReport,
    AccountSection,
    balances_of,
    batched,
    single,
)
from yunjin.platforms.capability.domain.iso20022.orders import (
    Order,
    OrderGroup,
    OrderHeader,
    write_order,
)
from yunjin.platforms.capability.domain.iso20022.tables import Family
from yunjin.platforms.capability.domain.iso20022.transfers import TransferHeader, Transfers

NOW = dt.datetime(2026, 1, 31, 2, 0, tzinfo=dt.UTC)
DAY = dt.date(2026, 2, 1)
UETR = "8a562c67-ca16-48ba-b074-65581be6f0{:02x}"
GROUP = OrderGroup(
    payment_information_id="P-1",
    method="TRF",
    execution_date=DAY,
    is_batch_booked=True,
    category_purpose="SALA",
    debtor_name="Brocade Weaving 云锦织造",
    debtor_town="Nanjing",
    debtor_country="CN",
    debtor_lei="5493001KJTIIGC8Y1R12",
    debtor_other="6222021234567890",
    debtor_currency="CNY",
    debtor_agent_bic="ICBKCNBJXXX",
    charge_bearer="SLEV",
)


def iban(number: int) -> str:
    """Return a German IBAN whose check digits fit."""
    body = f"37040044{number:010d}"
    return f"DE{98 - int(f'{body}131400') % 97:02d}{body}"


def wages(count: int = 3, **columns: Sequence[Any]) -> pa.RecordBatch:
    """Return lines of wages, with some columns as a test wants them."""
    chance = random.Random(count)
    made: dict[str, Sequence[Any]] = {
        "group": pa.array([0] * count, pa.int32()),
        "instruction_id": [f"I-{n}" for n in range(count)],
        "end_to_end_id": [f"E-{n}" for n in range(count)],
        "amount_minor": pa.array([chance.randint(1, 10**7) for _ in range(count)], pa.int64()),
        "currency": ["CNY"] * count,
        "creditor_agent_bic": ["BKCHCNBJ110"] * count,
        "creditor_name": [f"Weaver 织工 {n}" for n in range(count)],
        "creditor_other": [f"621700{n:013}" for n in range(count)],
        "remittance": ["Wages 工资 2026-01"] * count,
    }
    return pa.record_batch({**made, **columns})


def order(lines: pa.RecordBatch | None = None, *groups: OrderGroup, **header: Any) -> Order:
    """Return a customer's order of wages."""
    head = OrderHeader(message_id="M-1", created_at=NOW, initiating_name="Brocade Weaving")
    return Order(
        header=replace(head, **header),
        groups=groups or (GROUP,),
        lines=wages() if lines is None else lines,
    )


def order_file(count: int = 3, *, version: int = 9, **columns: Sequence[Any]) -> bytes:
    """Return a pain.001."""
    return write_order(order(wages(count, **columns)), version=version)


def transfers(count: int = 2, **columns: Sequence[Any]) -> Transfers:
    """Return transfers between two banks."""
    numbers = range(count)
    made: dict[str, Sequence[Any]] = {
        "instruction_id": [f"I-{n}" for n in numbers],
        "end_to_end_id": [f"E-{n}" for n in numbers],
        "transaction_id": [f"T-{n}" for n in numbers],
        "uetr": [UETR.format(n) for n in numbers],
        "amount_minor": pa.array([10_000 + n for n in numbers], pa.int64()),
        "currency": ["CNY"] * count,
        "charge_bearer": ["SLEV"] * count,
        "debtor_name": ["Brocade & Sons <云锦>"] * count,
        "debtor_country": ["CN"] * count,
        "debtor_other": ["6222021234567890"] * count,
        "debtor_agent_bic": ["ICBKCNBJXXX"] * count,
        "creditor_agent_clearing": ["CNAPS"] * count,
        "creditor_agent_member": ["104100000004"] * count,
        "creditor_name": [f"Dyer {n}" for n in numbers],
        "creditor_iban": [iban(n) for n in numbers],
        "purpose": ["SALA"] * count,
        "remittance": ["first line\nsecond line"] * count,
    }
    header = TransferHeader(
        message_id="F-1",
        created_at=NOW,
        settlement_method="CLRG",
        settlement_date=DAY,
        clearing_system_other="CNAPS",
        instructing_agent_bic="ICBKCNBJXXX",
        instructed_agent_bic="BKCHCNBJ110",
    )
    return Transfers(header=header, lines=pa.record_batch({**made, **columns}))


def movements(count: int = 3) -> pa.RecordBatch:
    """Return what moved on one account, two credits for each debit."""
    numbers = range(count)
    return pa.record_batch(
        {
            "section": pa.array([0] * count, pa.int32()),
            "amount_minor": pa.array([1_000 + n for n in numbers], pa.int64()),
            "currency": ["CNY"] * count,
            "is_credit": [n % 3 > 0 for n in numbers],
            "status": ["BOOK"] * count,
            "booking_date": [DAY] * count,
            "value_date": [DAY] * count,
            "servicer_reference": [f"R-{n}" for n in numbers],
            "domain": ["PMNT"] * count,
            "transaction_family": ["RCDT"] * count,
            "subfamily": ["DMCT"] * count,
            "end_to_end_id": [f"E-{n}" for n in numbers],
            "debtor_name": ["Brocade Weaving 云锦织造"] * count,
            "debtor_other": ["6222021234567890"] * count,
            "creditor_agent_bic": ["BKCHCNBJ110"] * count,
            "remittance": ["Cloth & thread"] * count,
        }
    )


SECTION = AccountSection(
    section_id="2026-02-01/1",
    sequence=32,
    from_time=NOW,
    to_time=NOW + dt.timedelta(hours=14),
    account_other="6222021234567890",
    account_currency="CNY",
    owner_name="Brocade Weaving 云锦织造",
    servicer_bic="ICBKCNBJXXX",
)


def report(family: Family, *, is_batch: bool = False, count: int = 3) -> AccountReport:
    """Return a report on one account: lines one by one, or all in one entry."""
    lines = movements(count)
    entries, details = single(lines)
    if is_batch:
        facts = entries.slice(0, 1).select(["section", "status", "booking_date", "domain"])
        facts = facts.append_column("batch_message_id", pa.array(["M-1"]))
        for name, code in (("transaction_family", "ICDT"), ("subfamily", "DMCT")):
            facts = facts.append_column(name, pa.array([code]))
        entries, details = batched(lines, [0] * count, facts)
    has_balances = family.kind != "camt.054"
    return AccountReport(
        family=family,
        message_id="S-1",
        created_at=NOW,
        sections=(SECTION,),
        entries=entries,
        details=details,
        balances=balances_of(entries, [-500], ["CNY"], DAY) if has_balances else None,
    )

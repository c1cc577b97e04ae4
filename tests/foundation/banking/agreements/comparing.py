"""What two banks, or one bank twice, are compared by; a general ledger in the bank's own tables."""

from typing import Any

import numpy as np

from tests.foundation.banking.bank import Bank
from yunjin.chassis.persistence import RoomDatabase
from yunjin.foundation.banking.domain.products.book import STATUS
from yunjin.foundation.banking.service.books import AGREEMENT
from yunjin.foundation.banking.service.core import Core
from yunjin.foundation.banking.service.general_ledger import GeneralLedger


def in_tables(room: RoomDatabase) -> GeneralLedger:
    """Return the real general ledger: what it books is in the transaction of the close."""
    return GeneralLedger(room, page_key=b"k" * 16, last_closed=lambda: None)


def agreements_of(core: Core) -> dict[int, dict[str, int | str]]:
    """Return every agreement's columns by id, as they are in memory."""
    found: dict[int, dict[str, int | str]] = {}
    for kept in core.books.kept.values():
        columns = kept.book.columns
        for row in np.flatnonzero(columns[STATUS] > 0).tolist():
            values = {name: int(column[row].view(np.int64)) for name, column in columns.items()}
            found[values[AGREEMENT]] = {**values, "version": kept.version}
    return found


def whole(core: Core) -> Any:
    """Return all there is: agreements, the bank's own side, what the open day moved."""
    core.ready()
    moved = {key: minor for key, minor in core.debits.items() if minor}, dict(core.credits)
    return agreements_of(core), core.slot_balances(), core.today, moved


def by_order(bank: Bank) -> Any:
    """Return all there is without ids and times: two banks that did the same are equal by it."""
    found, slots, today, moved = whole(bank.core)
    ids = sorted(found)
    rows = [
        {
            name: value
            for name, value in found[one].items()
            if not name.startswith((".id.", AGREEMENT))
        }
        for one in ids
    ]
    tasks = sorted(
        (ids.index(one.agreement_id), one.date, one.code) for one in bank.agreements.waiting()
    )
    days = [
        (
            one.date,
            one.status,
            one.accrued_minor,
            one.provision_minor,
            bank.days.day(one.date).proof,
        )
        for one in bank.days.days()
    ]
    return rows, slots, today, moved, tasks, days


def check(bank: Bank) -> None:
    """Hold the bank against itself: memory, the ledger, and what a restart would read."""
    core = bank.core
    before = whole(core)
    assert all(not line.difference_minor for line in bank.ledger.trial_balance())
    core.refresh_all()
    assert whole(core) == before, "expected memory to be what the ledger says"
    assert whole(bank.reopened()) == before, "expected a restart to read the same"
    for values in before[0].values():
        for name in ("due_principal", "due_interest", "due_penalty", "due_fee"):
            assert int(values.get(name, 0)) >= 0
    sums: dict[tuple[int, str, str], int] = {}
    for key, minor in (*core.agreement_balances(), *core.slot_balances().items()):
        sums[key] = sums.get(key, 0) + minor
    for branch in core.books.branches:
        assert sum(minor for key, minor in sums.items() if key[1] == branch) == 0


def check_proven(bank: Bank) -> None:
    """Hold the last closed day to its proof."""
    closed = next((one for one in bank.days.days() if one.status == "closed"), None)
    if closed is not None:
        proof = bank.days.day(closed.date).proof
        assert all(line.difference_minor == 0 for line in proof)

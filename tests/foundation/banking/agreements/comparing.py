"""What two banks, or one bank twice, are compared by; a general ledger in the bank's own tables."""

import datetime as dt
from collections import Counter
from typing import Any

import numpy as np
import pyarrow as pa
import sqlalchemy as sa

from tests.foundation.banking.bank import Bank
from yunjin.chassis.persistence import RoomDatabase
from yunjin.foundation.banking.domain import derived_ids
from yunjin.foundation.banking.domain.products.book import OPEN, STATUS
from yunjin.foundation.banking.domain.products.slots import Slot, grows_by_credit
from yunjin.foundation.banking.service.books import AGREEMENT
from yunjin.foundation.banking.service.core import Core
from yunjin.foundation.banking.service.general_ledger import GeneralLedger
from yunjin.foundation.banking.store.agreements import agreements, days, orders, tasks
from yunjin.foundation.banking.store.notices import notices
from yunjin.foundation.banking.store.terms import terms
from yunjin.foundation.ledger.api import (
    TRANSFERS_OPTIONAL,
    TRANSFERS_REQUIRED,
    TransferFlag,
    TransferStatus,
)
from yunjin.kernel.ids import uuid7

FALLS_DUE = {
    "instalment-loan": ("due", ("main", "unbilled")),
    "card-instalment": ("due", ("main",)),
    "credit-line": ("bill", ("main",)),
}


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
            one.sums,
            bank.days.day(one.date).proof,
        )
        for one in bank.days.days()
    ]
    return rows, slots, today, moved, tasks, days, told_by_order(bank, ids)


def events(bank: Bank) -> list[tuple[str, dict[str, Any]]]:
    """Return what the bank told so far: (type, data)."""
    outbox = bank.room.tables.outbox.c
    newest_last = (outbox.at_us, outbox.subject, outbox.sequence)
    query = sa.select(outbox.type, outbox.data).order_by(*newest_last)
    rows = bank.room.read(lambda connection: connection.execute(query).all())
    return [(row.type.split(".", 1)[1], row.data) for row in rows]


def told_by_order(bank: Bank, ids: list[int]) -> Any:
    """Return what the bank told, however many waves told it."""
    bank.core.outcomes.keep()
    told: Counter[tuple[str, str, str | int]] = Counter()
    for kind, data in events(bank):
        for name in ("agreements", "count", "entries", "transfers"):
            told[kind, name, data["date"]] += data.get(name, 0)
        for one in data.get("agreement_ids", ()):
            told[kind, data.get("code", ""), ids.index(int(one))] += 1
    return {key: count for key, count in told.items() if count}


def left_behind(bank: Bank) -> Any:
    """Return every row that tells of agreements, and all that was told: what a refusal may not add.

    Without the waves themselves, and the answer that is kept for the command.
    """
    tables = [agreements, tasks, orders, terms, notices, days]
    rows = [
        sorted(map(repr, bank.room.read(lambda c, one=one: c.execute(sa.select(one)).all())))
        for one in tables
    ]
    found, slots, today, moved = whole(bank.core)
    balances = {key: minor for key, minor in slots.items() if minor}
    return rows, events(bank), found, balances, today, moved


def check(bank: Bank) -> None:
    """Hold the bank against itself: memory, the ledger, and what a restart would read."""
    core = bank.core
    before = whole(core)
    assert all(not line.difference_minor for line in bank.ledger.trial_balance())
    core.refresh_all()
    assert whole(core) == before, "expected memory to be what the ledger says"
    assert whole(bank.reopened()) == before, "expected a restart to read the same"
    bank.standby.follow()
    assert whole(bank.standby) == before, "expected who follows to have read the same"
    check_no_balance_is_negative(bank)
    check_all_that_is_owed_has_a_day(bank)
    sums: dict[tuple[int, str, str], int] = {}
    for key, minor in (*core.books.balances(), *core.slot_balances().items()):
        sums[key] = sums.get(key, 0) + minor
    for branch in core.books.branches:
        assert sum(minor for key, minor in sums.items() if key[1] == branch) == 0


def check_no_balance_is_negative(bank: Bank) -> None:
    """Hold every account to the side it grows on: nobody owes, or owns, less than nothing.

    A deposit with an arranged overdraft is the one that may turn, and the histories look at it.
    """
    for kept in bank.core.books.kept.values():
        for name, account in kept.book.accounts.items():
            sign = -1 if grows_by_credit(account.slot) else 1
            least = int((sign * kept.book.columns[name]).min(initial=0))
            if account.slot != Slot.DEPOSITS:
                assert least >= 0, f"expected no {name} of a {kept.code} below 0, was {least}"


def check_all_that_is_owed_has_a_day(bank: Bank) -> None:
    """Hold loans to having a day on which what is not due yet falls due."""
    for kept in bank.core.books.kept.values():
        event, accounts = FALLS_DUE.get(kept.code, ("", ()))
        columns = kept.book.columns
        for name in accounts:
            left = (columns[STATUS] == OPEN) & (columns[name] != 0)
            lost = np.flatnonzero(left & np.isnat(columns[event]))
            assert not len(lost), f"expected {name} of {kept.code} to fall due, was without a day"


def check_proven(bank: Bank) -> None:
    """Hold the last closed day to its proof."""
    closed = next((one for one in bank.days.days() if one.status == "closed"), None)
    if closed is not None:
        proof = bank.days.day(closed.date).proof
        assert all(line.difference_minor == 0 for line in proof)


def use_up_the_id(bank: Bank, date: dt.date, part: str, agreement_id: int) -> None:
    """Post something else under the id of a part's or command's first posting: it is refused."""
    ids, salt = np.array([agreement_id]), derived_ids.salt_of(part)
    high, low = derived_ids.of_day(np.datetime64(date, "D"), salt, ids, np.zeros(1, np.int64))
    one, other = bank.core.open_accounts(2, 156, [999]).tolist()
    _move_one(bank, (int(high[0]), int(low[0])), one, other)


def shut(bank: Bank, slot: Slot, branch: str) -> None:
    """Close a slot's account of a branch in the ledger: whatever is booked on it is refused."""
    number = np.array([bank.core.branch(branch)])
    account = int(bank.core.slots.of(slot, number, "CNY")[0])
    other = int(bank.core.open_accounts(1, 156, [999])[0])
    whole_id = uuid7(bank.clock).int
    flags = int(TransferFlag.PENDING | TransferFlag.CLOSING_CREDIT)
    _move_one(bank, (whole_id >> 64, whole_id & (2**64 - 1)), other, account, flags)


def _move_one(
    bank: Bank, transfer_id: tuple[int, int], debit: int, credit: int, flags: int = 0
) -> None:
    row = {
        "id_hi": transfer_id[0],
        "id_lo": transfer_id[1],
        "debit_account_id": debit,
        "credit_account_id": credit,
        "amount_minor": 1,
        "ledger": 156,
        "code": 9,
        "flags": flags,
    }
    kinds = {**TRANSFERS_REQUIRED, **TRANSFERS_OPTIONAL}
    arrays = [pa.array([value], kinds[name]) for name, value in row.items()]
    batch = pa.RecordBatch.from_arrays(arrays, names=list(row))
    assert bank.ledger.post_transfers(batch)["status"].to_pylist() == [TransferStatus.CREATED]

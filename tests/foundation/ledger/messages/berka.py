"""The standing orders of a real Czech bank (PKDD'99), replayed month by month as columns.

An order is paid on the last day of every month from its account's opening month to 2018-12, to a
nostro of the bank it names. Accounts and transfers are imported with their own timestamps.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pv

from yunjin.foundation.ledger.api import AccountFlag, TransferFlag
from yunjin.kernel.ids import account_id

CZK = 203
CURRENT, NOSTRO = 7, 1
BANKS = 100_000  # nostros are numbered from here on
LAST_MONTH = (2018, 12)
DAY_NS = 86_400 * 10**9
CODES = {"": 900, "HH": 901, "LO": 902, "IN": 903, "LE": 904}  # purposes of an order


@dataclass(frozen=True)
class Month:
    """What happens in one month: accounts are opened, then all orders are paid."""

    accounts: pa.RecordBatch
    transfers: pa.RecordBatch


def _table(path: Path, names: list[str]) -> pa.Table:
    return pv.read_csv(
        path,
        read_options=pv.ReadOptions(column_names=names),
        parse_options=pv.ParseOptions(delimiter="\t"),
        convert_options=pv.ConvertOptions(
            column_types={"amount": pa.decimal128(12, 2), "bank": pa.string()},
            strings_can_be_null=False,
        ),
    )


def _number(sequence: Any) -> Any:
    """Return the ids of accounts in cell 1."""
    return account_id(1, 0) + np.asarray(sequence, np.int64)


def bank_ids(folder: Path) -> dict[str, int]:
    """Return the nostro of every bank that is paid to."""
    orders = _table(folder / "fin_order.tsv", _ORDER)
    banks = sorted(set(orders["bank"].to_pylist()))
    return {bank: account_id(1, BANKS + place) for place, bank in enumerate(banks)}


_ORDER = ["order", "account", "bank", "to", "amount", "purpose"]
_ACCOUNT = ["account", "district", "opened", "frequency"]


def months(folder: Path) -> Iterator[Month]:
    """Yield the months from 2013-01 on."""
    accounts = _table(folder / "fin_account.tsv", _ACCOUNT).sort_by(
        [("opened", "ascending"), ("account", "ascending")]
    )
    orders = _table(folder / "fin_order.tsv", _ORDER)
    numbers = accounts["account"].to_numpy()
    opened = accounts["opened"].to_numpy().astype("datetime64[D]")
    opened_month = opened.astype("datetime64[M]")
    month_of = np.zeros(numbers.max() + 1, "datetime64[M]")
    month_of[numbers] = opened_month
    banks = bank_ids(folder)
    columns = {
        "order": orders["order"].to_numpy().astype(np.uint64),
        "account": orders["account"].to_numpy(),
        "bank": np.array([banks[bank] for bank in orders["bank"].to_pylist()], np.int64),
        "amount": np.array([int(each * 100) for each in orders["amount"].to_pylist()], np.int64),
        "code": np.array(
            [CODES[each.strip()] for each in orders["purpose"].to_pylist()], np.uint16
        ),
    }
    columns["since"] = month_of[columns["account"]]
    last = np.datetime64(f"{LAST_MONTH[0]}-{LAST_MONTH[1]:02}", "M")
    for month in np.arange(opened_month.min(), last + 1):
        new = opened_month == month
        due = columns["since"] <= month
        yield Month(
            _accounts(numbers[new], opened[new]),
            _transfers({name: column[due] for name, column in columns.items()}, month),
        )


def _accounts(numbers: Any, opened: Any) -> pa.RecordBatch:
    """Return accounts that open on their day, one nanosecond after the other."""
    count = len(numbers)
    times = opened.astype(np.int64) * DAY_NS + np.arange(count) + BANKS
    return pa.RecordBatch.from_pydict(
        {
            "id": _number(numbers),
            "ledger": np.full(count, CZK, np.uint32),
            "code": np.full(count, CURRENT, np.uint16),
            "flags": np.full(count, AccountFlag.HISTORY | AccountFlag.IMPORTED, np.uint16),
            "timestamp": times.astype(np.int64),
        }
    )


def _transfers(due: dict[str, Any], month: Any) -> pa.RecordBatch:
    """Return the orders paid at noon of the month's last day, in the file's order."""
    count = len(due["order"])
    day = int((month + 1).astype("datetime64[D]").astype(np.int64)) - 1
    number = np.uint64(month.astype(np.int64))
    return pa.RecordBatch.from_pydict(
        {
            "id_hi": due["order"] << np.uint64(16) | np.uint64(0x8000),  # as UUIDv8
            "id_lo": np.full(count, 1 << 63, np.uint64) | number,
            "debit_account_id": _number(due["account"]),
            "credit_account_id": due["bank"],
            "amount_minor": due["amount"],
            "ledger": np.full(count, CZK, np.uint32),
            "code": due["code"],
            "flags": np.full(count, TransferFlag.IMPORTED, np.uint16),
            "user_data_64": due["order"],
            "user_data_32": np.full(count, day, np.uint32),
            "timestamp": day * DAY_NS + DAY_NS // 2 + np.arange(count, dtype=np.int64),
        }
    )


def nostros(folder: Path) -> pa.RecordBatch:
    """Return the nostros, opened before everything else."""
    ids = list(bank_ids(folder).values())
    first = (dt.date(2013, 1, 1) - dt.date(1970, 1, 1)).days * DAY_NS
    return pa.RecordBatch.from_pydict(
        {
            "id": np.array(ids, np.int64),
            "ledger": np.full(len(ids), CZK, np.uint32),
            "code": np.full(len(ids), NOSTRO, np.uint16),
            "flags": np.full(len(ids), AccountFlag.IMPORTED, np.uint16),
            "timestamp": first + np.arange(len(ids), dtype=np.int64),
        }
    )

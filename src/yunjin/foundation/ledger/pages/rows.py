"""Transfers as rows of a table, the same on every page that lists some."""

from collections.abc import Mapping, Sequence

from yunjin.chassis.console import Column, Row, formats, t
from yunjin.foundation.ledger.pages.desk import named_account, transfer_id, transfer_kind
from yunjin.foundation.ledger.pages.reading import TransferRow, Units

CSV_HEAD: Sequence[str] = (
    "time", "timestamp_ns", "transfer_id", "kind", "ledger", "currency", "code",
    "debit_account_id", "credit_account_id", "amount_minor", "pending_id",
    "user_data_128", "user_data_64", "user_data_32",
)  # fmt: skip


def transfer_columns(currency: str, *, with_code: bool = True) -> list[Column]:
    """Return the columns of transfers; the currency is in the head where all rows share it."""
    code = Column(key="code", label=t("ledger.transfer_code"), is_number=True, card="left")
    amount = t("ledger.amount_in", currency=currency) if currency else t("ledger.amount")
    return [
        Column(key="at", label=t("time.at", zone=formats.zone_name()), card="line"),
        Column(key="id", label=t("ledger.transfer_id"), card="lead"),
        Column(key="debit", label=t("ledger.debit")),
        Column(key="credit", label=t("ledger.credit"), card="right"),
        Column(key="amount", label=amount, is_number=True, card="side"),
        *([code] if with_code else []),
        Column(key="kind", label=t("ledger.state"), card="right"),
    ]


def transfer_rows(
    rows: Sequence[TransferRow], units: Units, names: Mapping[int, Sequence[str]]
) -> list[Row]:
    """Return transfers as rows; `names` are the aliases of their accounts."""
    is_shared = bool(units.common({row.ledger for row in rows}))
    return [
        {
            "at": formats.moment(row.timestamp),
            "id": transfer_id(row),
            "debit": named_account(row.debit_account_id, names),
            "credit": named_account(row.credit_account_id, names),
            "amount": (units.amount if is_shared else units.money)(row.ledger, row.amount_minor),
            "code": str(row.code),
            "kind": transfer_kind(row),
        }
        for row in rows
    ]


def sides_of(rows: Sequence[TransferRow]) -> list[int]:
    """Return the accounts on both sides of transfers."""
    return sorted({one for row in rows for one in (row.debit_account_id, row.credit_account_id)})


def csv_row(row: TransferRow, units: Units) -> list[str | int]:
    """Return a transfer as a line of CSV; ids are text, spreadsheets would round them."""
    return [
        formats.local(row.timestamp).isoformat(), str(row.timestamp), str(row.id), row.kind,
        row.ledger, units.currency(row.ledger), row.code,
        str(row.debit_account_id), str(row.credit_account_id), row.amount_minor,
        str(row.pending_id or ""), str(row.user_data_128 or ""), str(row.user_data_64),
        row.user_data_32,
    ]  # fmt: skip

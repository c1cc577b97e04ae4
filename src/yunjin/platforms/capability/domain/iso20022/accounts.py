"""camt.052, 053 and 054: what happened on accounts, told within the day, after it, line by line."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from yunjin.kernel.errors import Malformed
from yunjin.platforms.capability.domain.iso20022 import checks
from yunjin.platforms.capability.domain.iso20022.account_tables import (
    ACCOUNT_FAMILIES,
    BALANCES,
    DETAILS,
    ENTRIES,
    NOTIFICATIONS,
    REPORTS,
    STATEMENTS,
)
from yunjin.platforms.capability.domain.iso20022.checks import Rules
from yunjin.platforms.capability.domain.iso20022.columns import batch_of, members, row_batch
from yunjin.platforms.capability.domain.iso20022.forms import column_type
from yunjin.platforms.capability.domain.iso20022.reading import Read, read
from yunjin.platforms.capability.domain.iso20022.reasons import ReasonCode, Refused
from yunjin.platforms.capability.domain.iso20022.tables import Family, Kind, Part
from yunjin.platforms.capability.domain.iso20022.writing import write

OPENING: Final = "OPBD"
CLOSING: Final = "CLBD"
WITHIN: Final = "ITBD"
BOOKED: Final = "BOOK"
_ACCOUNT_MISSING: Final = "expected Acct/Id/IBAN or Othr/Id, was neither"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountSection:
    """Rpt, Stmt or Ntfctn: one account, and what its entries are said to add up to."""

    section_id: str
    created_at: dt.datetime | None = None
    sequence: int | None = None
    from_time: dt.datetime | None = None
    to_time: dt.datetime | None = None
    account_iban: str | None = None
    account_other: str | None = None
    account_currency: str | None = None
    account_name: str | None = None
    owner_name: str | None = None
    servicer_bic: str | None = None
    entry_count: int | None = None  # as stated; writing counts anew, as the next five
    entry_sum: str | None = None
    credit_count: int | None = None
    credit_sum: str | None = None
    debit_count: int | None = None
    debit_sum: str | None = None
    additional_information: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountReport:
    """A camt.052, 053 or 054.

    `balances` and `entries` have `section`, an index into `sections`; `details` has `entry`, an
    index into `entries`; amounts are never negative, `is_credit` says the side. Each has `reason`
    and `detail` of rows that are refused. A notification has no balances.
    """

    family: Family
    message_id: str
    created_at: dt.datetime
    sections: tuple[AccountSection, ...]
    entries: pa.RecordBatch
    details: pa.RecordBatch
    balances: pa.RecordBatch | None = None
    version: int = 8

    @property
    def name(self) -> str:
        """Return the message's name: camt.053.001.08."""
        return self.family.name(self.version)


def read_account_report(content: bytes, rules: Rules | None = None) -> AccountReport | Refused:
    """Read a camt.052, 053 or 054; its namespace says which."""
    rules = rules or Rules()
    message = read(content, ACCOUNT_FAMILIES, rules.limits)
    if isinstance(message, Refused):
        return message
    sections, entries = message.tables["sections"], message.tables["entries"]
    sections.verdicts.refuse(
        checks.without(sections, ["account_iban", "account_other"]),
        ReasonCode.ACCOUNT_INCORRECT,
        _ACCOUNT_MISSING,
    )
    first = sections.verdicts.first()
    wrong = (
        message.refused(ReasonCode(first[0]), first[1])
        if first
        else checks.seen_before(message, rules) or _summary_refusal(message)
    )
    if wrong:
        return wrong
    checks.passed_down(entries, message.tables["details"])
    balances = message.tables.get("balances")
    return AccountReport(
        family=message.family,
        message_id=message.header["message_id"],
        created_at=message.header["created_at"],
        sections=tuple(AccountSection(**members(row, AccountSection)) for row in sections.rows()),
        entries=entries.batch("section"),
        details=message.tables["details"].batch("entry"),
        balances=balances.batch("section") if balances else None,
        version=message.version,
    )


def _summary_refusal(message: Read) -> Refused | None:
    """Hold each section's summary of entries against them; unread amounts are not compared."""
    entries = message.tables["entries"]
    if entries.columns["amount_minor"].null_count or entries.columns["is_credit"].null_count:
        return None
    sections = message.tables["sections"].rows()
    found = _summaries(entries.batch("section"), len(sections))
    for place, (stated, counted) in enumerate(zip(sections, found, strict=True)):
        for name, value in counted.items():
            said = stated[name]
            if said is not None and Decimal(said) != Decimal(value):
                is_sum = name.endswith("_sum")
                code = ReasonCode.CONTROL_SUM_WRONG if is_sum else ReasonCode.COUNT_WRONG
                where = f"section {place + 1}, TxsSummry, {name}"
                return message.refused(code, f"{where}: expected {value}, was {said}")
    return None


def _summaries(entries: pa.RecordBatch, count: int) -> list[dict[str, Any]]:
    """Return counts and sums of each section's entries, of both sides and of each."""
    credit = entries.column("is_credit").to_numpy(zero_copy_only=False).astype(bool)
    names = {"entry": np.ones(len(credit), bool), "credit": credit, "debit": ~credit}
    found: list[dict[str, Any]] = [{} for _ in range(count)]
    for name, rows in names.items():
        side = entries.filter(pa.array(rows))
        for place, (lines, total) in enumerate(checks.sums_of(side, "section", count)):
            found[place] |= {f"{name}_count": lines, f"{name}_sum": total}
    return found


def write_account_report(report: AccountReport, *, version: int | None = None) -> bytes:
    """Write a camt.052, 053 or 054; the summaries of entries are made here. Raises: Malformed."""
    version = report.version if version is None else version
    root = report.family.layout(version)
    summaries = _summaries(report.entries, len(report.sections))
    sections = [
        replace(section, created_at=section.created_at or report.created_at, **summary)
        for section, summary in zip(report.sections, summaries, strict=True)
    ]
    part = next(part for part in root.parts if part.name == "sections")
    batches = {
        "message": row_batch([report], root),
        "sections": row_batch(sections, part, parents=[0] * len(sections)),
        "entries": batch_of(report.entries, parent="section"),
        "details": batch_of(report.details, parent="entry"),
    }
    if report.balances is not None:
        batches["balances"] = batch_of(report.balances, parent="section")
    return write(report.family, version, batches)


def single(lines: pa.RecordBatch) -> tuple[pa.RecordBatch, pa.RecordBatch]:
    """Return entries and details of lines that are booked one by one.

    Parameters
    ----------
    lines : `section`, what an entry must have (amount_minor, currency, is_credit, status, a
        transaction code) and any other columns of entries and details.
    """
    entries = _of_part(lines, ENTRIES, "section")
    details = _of_part(lines, DETAILS, None)
    order = pa.array(np.arange(lines.num_rows, dtype=np.int32))
    return entries, details.add_column(0, "entry", order)


def batched(
    lines: pa.RecordBatch, groups: Sequence[int] | Any, facts: pa.RecordBatch
) -> tuple[pa.RecordBatch, pa.RecordBatch]:
    """Return entries and details of lines that are booked together, an entry a group.

    Parameters
    ----------
    lines : columns of details; amount_minor, currency and is_credit must be there.
    groups : int[lines], ascending from 0: the entry a line belongs to.
    facts : a row for each entry: `section`, status, transaction code, what else it shall say.

    Raises: Malformed for lines of several currencies in one entry.
    """
    groups = np.asarray(groups, np.int32)
    count = facts.num_rows
    signs = np.where(lines.column("is_credit").to_numpy(zero_copy_only=False), 1, -1)
    totals = np.zeros(count, np.int64)
    np.add.at(totals, groups, lines.column("amount_minor").to_numpy() * signs)
    currencies = np.array(lines.column("currency").to_pylist(), object)
    first = np.unique(groups, return_index=True)[1]
    if len(first) != count or (currencies != currencies[first][groups]).any():
        raise Malformed("expected lines of one currency in each entry, was another")
    made = {
        "amount_minor": pa.array(np.abs(totals)),
        "currency": pa.array(currencies[first], pa.string()),
        "is_credit": pa.array(totals >= 0),
        "batch_line_count": pa.array(np.bincount(groups, minlength=count)),
    }
    told = {name: facts.column(name) for name in facts.schema.names if name not in made}
    details = _of_part(lines, DETAILS, None).add_column(0, "entry", pa.array(groups))
    return pa.record_batch(told | made), details


def _of_part(lines: pa.RecordBatch, part: Part, parent: str | None) -> pa.RecordBatch:
    """Return the columns of lines that a part has."""
    names = [parent] if parent else []
    for field in part.fields:
        is_amount = field.kind is Kind.AMOUNT
        names += [f"{field.name}_minor", field.currency] if is_amount else [field.name]
    return lines.select([name for name in names if name in lines.schema.names])


def balances_of(
    entries: pa.RecordBatch,
    openings_minor: Sequence[int],
    currencies: Sequence[str],
    day: dt.date,
    *,
    closing_type: str = CLOSING,
) -> pa.RecordBatch:
    """Return the opening booked balance (OPBD) of each section and what its entries make of it.

    Parameters
    ----------
    openings_minor : int[sections], positive in credit.
    currencies : of the sections' accounts.
    closing_type : CLBD after the day, ITBD within it.
    """
    moved = _moved(entries, len(openings_minor))
    rows: list[tuple[int, str, int, str]] = []
    for place, (opening, code) in enumerate(zip(openings_minor, currencies, strict=True)):
        closing = opening + int(moved[place])
        rows += [(place, OPENING, opening, code), (place, closing_type, closing, code)]
    sections, types, minors, codes = zip(*rows, strict=True) if rows else ((), (), (), ())
    return pa.record_batch(
        {
            "section": pa.array(sections, pa.int32()),
            "balance_type": pa.array(types, pa.string()),
            "amount_minor": pa.array([abs(minor) for minor in minors], pa.int64()),
            "currency": pa.array(codes, pa.string()),
            "is_credit": pa.array([minor >= 0 for minor in minors], pa.bool_()),
            "date": pa.array([day] * len(rows), column_type(BALANCES.field("date"))),
        }
    )


def _moved(entries: pa.RecordBatch, count: int) -> Any:
    """Return what the booked entries of each section add to its balance. Unit: minor."""
    signs = np.where(entries.column("is_credit").to_numpy(zero_copy_only=False), 1, -1)
    booked = pc.equal(entries.column("status"), BOOKED).to_numpy(zero_copy_only=False)
    moved = np.zeros(count, np.int64)
    amounts = pc.fill_null(entries.column("amount_minor"), 0).to_numpy(zero_copy_only=False)
    np.add.at(moved, entries.column("section").to_numpy(), amounts * signs * booked)
    return moved


def gaps_minor(report: AccountReport) -> list[int | None]:
    """Return for each section closing − opening − booked entries; None where it cannot be told."""
    found: list[int | None] = [None] * len(report.sections)
    if report.balances is None or report.entries.column("amount_minor").null_count:
        return found
    moved = _moved(report.entries, len(report.sections))
    stated: dict[tuple[int, str], tuple[int, str]] = {}
    for row in report.balances.to_pylist():
        if row["amount_minor"] is not None and row["is_credit"] is not None:
            minor = row["amount_minor"] if row["is_credit"] else -row["amount_minor"]
            stated.setdefault((row["section"], row["balance_type"]), (minor, row["currency"]))
    for place in range(len(found)):
        opening, closing = stated.get((place, OPENING)), stated.get((place, CLOSING))
        if opening and closing and opening[1] == closing[1]:
            found[place] = closing[0] - opening[0] - int(moved[place])
    return found


def notification(
    lines: pa.RecordBatch,
    sections: Sequence[AccountSection],
    *,
    message_id: str,
    created_at: dt.datetime,
) -> AccountReport:
    """Return the camt.054 of lines that are booked one by one; `lines` as in `single`."""
    entries, details = single(lines)
    return AccountReport(
        family=NOTIFICATIONS,
        message_id=message_id,
        created_at=created_at,
        sections=tuple(sections),
        entries=entries,
        details=details,
    )


def statement(
    lines: pa.RecordBatch,
    sections: Sequence[AccountSection],
    *,
    message_id: str,
    created_at: dt.datetime,
    openings_minor: Sequence[int],
    day: dt.date,
    family: Family = STATEMENTS,
) -> AccountReport:
    """Return the camt.053 of a day, or the camt.052 within it, of lines booked one by one.

    Parameters
    ----------
    lines : as in `single`; only what is BOOK moves the balance.
    openings_minor : int[sections], positive in credit; in the accounts' currencies.

    Raises: Malformed for a section that does not tell its account's currency.
    """
    currencies = [section.account_currency or "" for section in sections]
    if "" in currencies:
        raise Malformed("expected account_currency of every section, was none of some")
    report = notification(lines, sections, message_id=message_id, created_at=created_at)
    closing_type = WITHIN if family is REPORTS else CLOSING
    balances = balances_of(
        report.entries, openings_minor, currencies, day, closing_type=closing_type
    )
    return replace(report, family=family, balances=balances)

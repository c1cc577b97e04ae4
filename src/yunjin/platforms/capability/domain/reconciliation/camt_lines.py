"""A camt.052, 053 or 054 as LINES: what is booked, by its details where it has any. Pure."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from yunjin.platforms.capability.domain.iso20022.accounts import (
    BOOKED,
    AccountReport,
    gaps_minor,
    read_account_report,
)
from yunjin.platforms.capability.domain.iso20022.reasons import Refused
from yunjin.platforms.capability.domain.reconciliation.columns import (
    RETURNED,
    SETTLED,
    halves_of,
    lines_of,
)
from yunjin.platforms.capability.errors.clearing import ReconciliationRefused


@dataclass(frozen=True, slots=True)
class Told:
    """What a file tells. file_id: the bank's or channel's own."""

    name: str
    file_id: str
    lines: pa.RecordBatch


def read_camt(content: bytes, day: dt.date | None) -> Told:
    """Read a statement or notification. Raises: ReconciliationRefused."""
    found = read_account_report(content)
    if isinstance(found, Refused):
        raise ReconciliationRefused(found.detail, reason=str(found.code))
    for section, gap in zip(found.sections, gaps_minor(found), strict=True):
        if gap:
            what = f"statement {section.section_id}: opening and entries miss closing by {gap}"
            raise ReconciliationRefused(what, reason="AM10")
    refused = found.entries.filter(pc.is_valid(found.entries["reason"])).to_pylist()
    if refused:
        raise ReconciliationRefused(refused[0]["detail"], reason=refused[0]["reason"])
    ids = "/".join(section.section_id for section in found.sections)
    return Told(found.name, f"{found.message_id}/{ids}"[:80], _lines(found, day))


def _lines(report: AccountReport, day: dt.date | None) -> pa.RecordBatch:
    """Return the lines: of an entry with details its details, else the entry itself."""
    entries, details = report.entries, report.details
    counts = np.bincount(details["entry"].to_numpy(), minlength=entries.num_rows)
    booked = pc.equal(entries["status"], BOOKED).to_numpy(zero_copy_only=False)
    of = np.concatenate([details["entry"].to_numpy(), np.flatnonzero(counts == 0)]).astype(np.int64)
    has = np.arange(len(of)) < details.num_rows
    order = np.argsort(of, kind="stable")
    order = order[booked[of[order]]]
    of, has = of[order], has[order]
    at = pa.array(np.where(has, order, 0), mask=~has)  # the detail's row, or none
    back = {name: details[name].take(at) for name in details.schema.names}
    above = {name: entries[name].take(pa.array(of)) for name in entries.schema.names}
    gross = pc.coalesce(back["amount_minor"], above["amount_minor"])
    amounts = gross.to_numpy(zero_copy_only=False).astype(np.int64)
    amounts, fees = _nets(amounts, of, above["amount_minor"].to_numpy(zero_copy_only=False))
    credit = pc.coalesce(back["is_credit"], above["is_credit"]).to_numpy(zero_copy_only=False)
    credit = credit.astype(bool)
    reversal = pc.fill_null(above["is_reversal"], False).to_numpy(zero_copy_only=False)
    returned = reversal.astype(bool) | pc.is_valid(back["return_reason"]).to_numpy(
        zero_copy_only=False
    )
    high, low = halves_of(back["transaction_id"])
    columns: dict[str, Any] = {
        "payment_hi": high,
        "payment_lo": low,
        "end_to_end_id": back["end_to_end_id"],
        "batch": pc.coalesce(back["message_id"], above["batch_message_id"]),
        "line_id": pc.coalesce(back["servicer_reference"], above["servicer_reference"]),
        "account": pc.coalesce(*(back[name] for name in ("creditor_iban", "creditor_other"))),
        "currency": pc.coalesce(back["currency"], above["currency"]),
        "amount_minor": np.where(credit, amounts, -amounts),
        "fee_minor": fees,
        "day": _days(above, day),
        "outcome": np.where(returned, RETURNED, SETTLED).astype(np.uint8),
    }
    return lines_of(columns, len(of))


def _nets(gross: Any, of: Any, booked: Any) -> tuple[Any, Any]:
    """Return what was really booked of lines, and what was kept back of them.

    Where an entry's details come to more than it, and there is one detail, the rest is a fee.
    """
    alone = np.bincount(of, minlength=int(of.max()) + 1 if len(of) else 0)[of] == 1
    booked = booked.astype(np.int64)
    kept = np.where(alone, np.abs(gross - booked), 0)
    return np.where(alone, booked, gross), kept


def _days(above: dict[str, Any], day: dt.date | None) -> Any:
    dates = pc.coalesce(above["booking_date"], above["value_date"])
    if day is not None:
        dates = pc.fill_null(dates, pa.scalar(day, pa.date32()))
    if dates.null_count:
        raise ReconciliationRefused(
            "expected a booking date of every entry, or a day", reason="DT01"
        )
    return dates.cast(pa.int32())

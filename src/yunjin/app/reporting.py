"""Import reports for people, for programs and for spreadsheets."""

import csv
import dataclasses
import datetime as dt
import json
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from yunjin.foundation.ledger.api import ImportReport, LineOutcome
from yunjin.kernel.money import MINOR_MAX, format_minor

_ALWAYS_TEXT: Final = {"batch_id", "account_id"}  # 64-bit ids are strings in JSON
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would run
_LINES_SHOWN: Final = 20


def document(report: ImportReport) -> dict[str, Any]:
    """Return a report as JSON values."""
    values: dict[str, Any] = _plain(report)
    return {**values, "is_clean": report.is_clean}


def _plain(value: Any, name: str = "") -> Any:
    if dataclasses.is_dataclass(value):
        names = (field.name for field in dataclasses.fields(value))
        return {each: _plain(getattr(value, each), each) for each in names}
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, UUID | dt.date):
        return str(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if name in _ALWAYS_TEXT or abs(value) > MINOR_MAX else value
    return value


def write(path: Path, documents: list[dict[str, Any]]) -> None:
    """Write reports to a file: every line as a row where it ends in .csv, else all as JSON."""
    if path.suffix.lower() != ".csv":
        text = json.dumps({"files": documents}, ensure_ascii=False, indent=1)
        path.write_text(text + "\n", encoding="utf-8")
        return
    with path.open("w", encoding="utf-8-sig", newline="") as target:
        rows = csv.writer(target)
        rows.writerow(["file", *_CSV_COLUMNS])
        for each in documents:
            for line in [*each.get("lines", []), *_refusals(each)]:
                cells = [each["name"], *(line.get(column) for column in _CSV_COLUMNS)]
                rows.writerow([_harmless(cell) for cell in cells])


_CSV_COLUMNS: Final = (
    "line",
    "path",
    "outcome",
    "reason",
    "detail",
    "transfer_id",
    "account",
    "side",
    "amount_minor",
    "currency",
    "value_date",
    "reference",
)


def _refusals(values: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the findings of a refused file as lines."""
    for finding in values.get("refused", {}).get("findings", []):
        yield {
            "line": finding["line"],
            "path": finding["path"],
            "outcome": LineOutcome.REFUSED.value,
            "reason": values["refused"]["code"],
            "detail": finding["what"],
        }


def _harmless(cell: Any) -> Any:
    """Keep a spreadsheet from taking a stranger's text for a formula."""
    is_formula = isinstance(cell, str) and cell.startswith(_FORMULA_STARTS)
    return f"'{cell}" if is_formula else cell


def words(report: ImportReport) -> Iterator[str]:
    """Yield a report as lines for people."""
    dry = " (dry run: nothing was posted)" if report.is_dry_run else ""
    version = f".001.{report.version:02}" if report.kind != "csv" else ""
    yield f"{report.name}: {report.kind}{version}, message {report.message_id}{dry}"
    counts = [f"{report.count(outcome):,} {outcome}" for outcome in LineOutcome]
    yield f"  {', '.join(counts)}; {len(report.opened):,} accounts opened"
    for total in report.totals:
        if total.outcome is not LineOutcome.TAKEN:
            continue
        sums = [
            f"{side} {format_minor(minor, total.currency, grouped=True)}"
            for side, minor in (("credits", total.credits_minor), ("debits", total.debits_minor))
        ]
        yield f"  taken in {total.currency}: {', '.join(sums)}"
    troubled = [line for line in report.lines if line.outcome is LineOutcome.REFUSED]
    skipped = [line for line in report.lines if line.outcome is LineOutcome.SKIPPED]
    shown = [*troubled, *skipped]
    for line in shown[:_LINES_SHOWN]:
        yield f"  {line.outcome} line {line.line} {line.path}: {line.reason}: {line.detail}"
    if len(shown) > _LINES_SHOWN:
        yield f"  … and {len(shown) - _LINES_SHOWN:,} more: see --report FILE or --json"
    for warning in report.warnings[:_LINES_SHOWN]:
        yield f"  note line {warning.line} {warning.path}: {warning.what}"
    yield from _checks(report)


def _checks(report: ImportReport) -> Iterator[str]:
    for control in report.controls:
        if not control.holds:
            place = f"line {control.line} {control.path}"
            yield f"  control sum {place}: expected {control.stated}, was {control.found}"
    for statement in report.reconciliations:
        name = f"statement {statement.statement}"
        if statement.not_compared:
            yield f"  {name}: not reconciled: {statement.not_compared}"
        elif statement.difference is None:
            yield f"  {name}: reconciled"
        else:
            gap = statement.difference
            stated, ledger = (
                "unreadable" if minor is None else format_minor(minor, statement.currency)
                for minor in (gap.stated_minor, gap.ledger_minor)
            )
            yield f"  {name}: DIFFERS from line {gap.line} {gap.path} on: {gap.what}"
            yield f"    expected {stated}, was {ledger} {statement.currency} in the ledger"

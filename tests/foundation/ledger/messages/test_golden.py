"""Goal: every kind of message is imported as docs/how-to/import.md says. Method: files made by hand
are imported into an empty ledger, twice; the report in words is compared with the one beside it.

`YUNJIN_WRITE_GOLDEN=1 pytest …` writes the reports anew; read them before you keep them.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.foundation.ledger.messages.office import GOLDEN, Office
from yunjin.app import reporting
from yunjin.foundation.ledger.api import ImportReport
from yunjin.kernel.money import format_minor

FILES = sorted([*GOLDEN.glob("iso20022/*.xml"), *GOLDEN.glob("csv/*.csv")])


def rendered(report: ImportReport) -> Iterator[str]:
    """Yield a report with all of its lines."""
    yield from reporting.words(report)
    for opened in report.opened:
        yield f"  opened {opened.kind} {opened.alias} in {opened.currency}"
    for line in report.lines:
        amount = (
            "unreadable"
            if line.amount_minor is None
            else format_minor(line.amount_minor, line.currency)
        )
        yield (
            f"  line {line.line:3} {line.outcome:8} {line.side:6} {amount:>14} {line.currency:3} "
            f"{line.value_date or '-'!s:10} {line.account} [{line.reference}] {line.reason}"
        ).rstrip()
    for each in report.reconciliations:
        yield (
            f"  {each.statement}: opening {each.opening_stated_minor} ledger "
            f"{each.opening_ledger_minor}, closing {each.closing_stated_minor} ledger "
            f"{each.closing_ledger_minor}"
        )


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_file_is_reported_as_written_beside_it(office: Office, path: Path) -> None:
    rules = path.with_suffix(".toml")
    mapping = rules.read_text(encoding="utf-8") if rules.exists() else None
    first = office.take(path.read_bytes(), mapping=mapping)
    totals = office.totals()
    again = office.take(path.read_bytes(), mapping=mapping)
    text = "\n".join([*rendered(first), "", "AGAIN", *rendered(again), ""])
    expected = path.with_suffix(".txt")
    if "YUNJIN_WRITE_GOLDEN" in os.environ:
        expected.write_text(text, encoding="utf-8")
    assert office.totals() == totals
    assert text == expected.read_text(encoding="utf-8")

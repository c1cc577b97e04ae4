"""Goal: a report on an account adds up, one entry a line or one for many. Method: reports made from
movements, read back; statements whose totals or balances do not agree with their entries.
"""

from dataclasses import replace

import pyarrow as pa
import pytest

from tests.platforms.capability.domain.iso20022 import made
from yunjin.kernel.errors import Malformed
from yunjin.platforms.capability.domain.iso20022.account_tables import (
    ACCOUNT_FAMILIES,
    NOTIFICATIONS,
    REPORTS,
    STATEMENTS,
)
from yunjin.platforms.capability.domain.iso20022.accounts import (
    AccountReport,
    batched,
    gaps_minor,
    notification,
    read_account_report,
    single,
    statement,
    write_account_report,
)
from yunjin.platforms.capability.domain.iso20022.reasons import Refused
from yunjin.platforms.capability.domain.iso20022.tables import Family


def reread(report: AccountReport, version: int = 8) -> AccountReport:
    """Return a report as its receiver reads it."""
    found = read_account_report(write_account_report(report, version=version))
    assert isinstance(found, AccountReport), found
    return found


@pytest.mark.parametrize("family", ACCOUNT_FAMILIES, ids=lambda family: family.kind)
@pytest.mark.parametrize("version", [2, 8])
def test_a_report_is_read_as_it_was_made(family: Family, version: int) -> None:
    found = reread(made.report(family), version)
    assert found.name == family.name(version)
    [section] = found.sections
    assert section.account_other == "6222021234567890"
    assert (section.entry_count, section.entry_sum) == (3, "30.03")
    assert (section.credit_count, section.credit_sum) == (2, "20.03")
    assert found.entries.column("is_credit").to_pylist() == [False, True, True]
    assert found.details.column("entry").to_pylist() == [0, 1, 2]
    assert found.details.column("end_to_end_id").to_pylist() == ["E-0", "E-1", "E-2"]
    assert found.details.column("remittance").to_pylist() == ["Cloth & thread"] * 3
    assert gaps_minor(found) == [None if family is NOTIFICATIONS else 0]


@pytest.mark.parametrize(("family", "closing"), [(STATEMENTS, "CLBD"), (REPORTS, "ITBD")])
def test_only_what_is_booked_moves_a_balance(family: Family, closing: str) -> None:
    lines = made.movements()
    place = lines.schema.get_field_index("status")
    told = {"message_id": "S-2", "created_at": made.NOW, "openings_minor": [500], "day": made.DAY}
    report = statement(
        lines.set_column(place, "status", pa.array(["BOOK", "PDNG", "BOOK"])),
        [made.SECTION],
        family=family,
        **told,  # type: ignore[arg-type]
    )
    found = reread(report)
    assert found.balances is not None
    assert found.balances.column("balance_type").to_pylist() == ["OPBD", closing]
    assert found.balances.column("amount_minor").to_pylist() == [500, 502]  # + 10.02 - 10.00


def test_lines_booked_together_are_one_entry() -> None:
    found = reread(made.report(STATEMENTS, is_batch=True))
    [entry] = found.entries.to_pylist()
    assert (entry["amount_minor"], entry["is_credit"]) == (1_003, True)  # 10.01 + 10.02 - 10.00
    assert (entry["batch_line_count"], entry["batch_message_id"]) == (3, "M-1")
    assert found.details.column("entry").to_pylist() == [0, 0, 0]
    assert gaps_minor(found) == [0]


def test_lines_of_two_currencies_are_never_one_entry() -> None:
    lines = made.movements(2)
    mixed = lines.set_column(2, "currency", pa.array(["CNY", "EUR"]))
    with pytest.raises(Malformed, match="one currency in each entry"):
        batched(mixed, [0, 0], single(lines)[0].slice(0, 1))


def test_a_balance_that_does_not_follow_is_measured() -> None:
    content = write_account_report(made.report(STATEMENTS)).replace(b">5.03<", b">5.04<")
    found = read_account_report(content)
    assert isinstance(found, AccountReport)
    assert gaps_minor(found) == [1]


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        (b"<NbOfNtries>3<", b"<NbOfNtries>2<", "AM18"),
        (b"<Sum>20.03<", b"<Sum>20.04<", "AM10"),
        (b"<Othr><Id>6222021234567890</Id></Othr>", b"", "AC01"),
    ],
)
def test_a_statement_that_is_not_what_it_says_is_refused(old: bytes, new: bytes, code: str) -> None:
    content = write_account_report(made.report(STATEMENTS)).replace(old, new, 1)
    refused = read_account_report(content)
    assert isinstance(refused, Refused)
    assert (refused.code, refused.message_id) == (code, "S-1")


def test_an_entry_that_cannot_be_read_is_marked_with_its_details() -> None:
    content = write_account_report(made.report(NOTIFICATIONS)).replace(b">BOOK<", b">GONE<", 1)
    found = read_account_report(content)
    assert isinstance(found, AccountReport)
    assert found.entries.column("reason").to_pylist() == ["CH16", None, None]
    assert found.details.column("reason").to_pylist() == ["CH16", None, None]


def test_many_lines_are_notified_one_by_one() -> None:
    report = notification(
        made.movements(1_000), [made.SECTION], message_id="N-1", created_at=made.NOW
    )
    found = reread(report)
    assert found.entries.num_rows == found.details.num_rows == 1_000
    assert found.entries.column("amount_minor").equals(report.entries.column("amount_minor"))


@pytest.mark.parametrize(
    ("column", "values", "words"),
    [
        ("amount_minor", [-1, 1, 1], "a negative amount"),
        ("currency", ["CNY", "CNX", "CNY"], "CNX"),
        ("servicer_reference", ["R" * 36, "R", "R"], "at most 35 characters"),
        ("servicer_reference", ["a\x07", "R", "R"], "characters that XML can carry"),
        ("status", ["BOOK", None, "BOOK"], "status in every row of entries"),
        ("domain", [None, None, None], "something of BkTxCd"),
        ("section", [0, 0, 1], "expected a section of every line"),
    ],
)
def test_what_no_reader_would_take_is_not_written(
    column: str, values: list[object], words: str
) -> None:
    lines = made.movements()
    if column == "domain":
        lines = lines.drop_columns(["transaction_family", "subfamily"])
    place = lines.schema.get_field_index(column)
    kind = lines.schema.field(place).type
    changed = lines.set_column(place, column, pa.array(values, kind))
    report = notification(changed, [made.SECTION], message_id="N-1", created_at=made.NOW)
    with pytest.raises(Malformed, match=words):
        write_account_report(report)


def test_a_statement_without_balances_is_not_written() -> None:
    report = replace(made.report(STATEMENTS), balances=None)
    with pytest.raises(Malformed, match="expected balances, was none"):
        write_account_report(report)


def test_a_version_nobody_knows_is_not_written() -> None:
    with pytest.raises(Malformed, match=r"expected one of camt\.053\.001\.02-08, was version 13"):
        write_account_report(made.report(STATEMENTS), version=13)

"""Goal: CSV of any bank is read by a mapping that says how, and a bad row stands alone. Method:
small tables and mappings in the test; golden files show two banks' exports whole.
"""

import pytest

from tests.foundation.ledger.messages.office import Office, told
from yunjin.foundation.ledger.adapters.mapping import read_mapping
from yunjin.foundation.ledger.adapters.reading import read_message
from yunjin.foundation.ledger.api import ImportFile
from yunjin.foundation.ledger.errors import ImportRefused

PLAIN = """
name = "plain"
[columns]
account = "account"
amount = "amount"
value_date = "date"
[values]
currency = "CNY"
[format]
account_kind = "wallet"
"""
ROWS = "account,amount,date\nw-1,10.00,2025-01-01\nw-1,-3.00,2025-01-02\nw-1,10.00,2025-01-01\n"


def test_equal_rows_are_two_movements(office: Office) -> None:
    office.take(ROWS.encode(), mapping=PLAIN)
    assert office.balance("w-1") == 1_700


def test_a_mended_file_posts_only_what_was_mended(office: Office) -> None:
    first = office.take(ROWS.replace("-3.00", "minus three").encode(), mapping=PLAIN)
    assert told(first.lines)[1] == (3, "refused", "AMOUNT_MALFORMED")
    again = office.take(ROWS.encode(), mapping=PLAIN)
    assert [outcome for _, outcome, _ in told(again.lines)] == ["known", "taken", "known"]
    assert office.balance("w-1") == 1_700


def test_an_id_column_makes_the_row_whatever_else_it_says(office: Office) -> None:
    mapping = PLAIN.replace("[values]", 'id = "no"\n[values]')
    rows = "account,amount,date,no\nw-1,10.00,2025-01-01,7\nw-1,10.00,2025-01-01,8\n"
    office.take(rows.encode(), mapping=mapping)
    again = office.take(
        rows.replace("10.00,2025-01-01,8", "11,2025-01-01,8").encode(), mapping=mapping
    )
    assert told(again.lines) == [
        (2, "known", "EXISTS"),
        (3, "refused", "EXISTS_WITH_DIFFERENT_AMOUNT"),
    ]


def test_two_sources_do_not_meet(office: Office) -> None:
    office.take(ROWS.encode(), mapping=PLAIN)
    office.take(ROWS.encode(), mapping=PLAIN.replace('"plain"', '"other"'))
    assert office.balance("w-1") == 3_400


def test_a_counterparty_that_is_ours_is_posted_to(office: Office) -> None:
    office.take(ROWS.encode(), mapping=PLAIN)
    mapping = PLAIN.replace("[values]", 'counterparty = "to"\n[values]')
    rows = "account,amount,date,to\nw-2,-5.00,2025-01-01,W-1\nw-2,-6.00,2025-01-01,stranger\n"
    office.take(rows.encode(), mapping=mapping)
    assert (office.balance("w-1"), office.balance("w-2")) == (2_200, -1_100)


@pytest.mark.parametrize(
    ("change", "row", "amount"),
    [
        ('side = "s"', "w-1,10.00,2025-01-01,D", -1_000),
        ('side = "s"', "w-1,10.00,2025-01-01,CRDT", 1_000),
        ('side = "s"', "w-1,-10.00,2025-01-01,C", -1_000),
        ('reference = "s"', "w-1,+10.00,2025-01-01,", 1_000),
    ],
)
def test_the_side_is_a_column_or_a_sign(office: Office, change: str, row: str, amount: int) -> None:
    mapping = PLAIN.replace("[values]", f"{change}\n[values]")
    office.take(f"account,amount,date,s\n{row}\n".encode(), mapping=mapping)
    assert office.balance("w-1") == amount


def test_positive_may_mean_debit_and_text_may_be_gb18030(office: Office) -> None:
    mapping = PLAIN.replace("[values]", 'reference = "摘要"\n[values]').replace(
        "[format]", '[file]\nencoding = "gb18030"\n[format]\npositive = "debit"'
    )
    rows = "account,amount,date,摘要\nw-1,10.00,2025-01-01,工资\n"
    report = office.take(rows.encode("gb18030"), mapping=mapping)
    assert report.lines[0].reference == "工资"
    assert office.balance("w-1") == -1_000


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ("w-1,10.005,2025-01-01", "AMOUNT_MALFORMED"),
        ("w-1,,2025-01-01", "AMOUNT_MALFORMED"),
        ("w-1,--1,2025-01-01", "AMOUNT_MALFORMED"),
        ("w-1,99999999999999999,2025-01-01", "AMOUNT_OUT_OF_RANGE"),
        ("w-1,10,01.01.2025", "DATE_MALFORMED"),
        ("w-1,10,1900-01-01", "DATE_OUT_OF_RANGE"),
        (",10,2025-01-01", "ACCOUNT_NOT_NAMED"),
        ("w 1 é,10,2025-01-01", "ACCOUNT_MALFORMED"),
        ("w-1,10", "ROW_MALFORMED"),
        ("w-1,10,2025-01-01,more", "ROW_MALFORMED"),
    ],
)
def test_a_bad_row_is_refused_alone(office: Office, rows: str, reason: str) -> None:
    report = office.take(f"account,amount,date\n{rows}\nw-9,1,2025-01-01\n".encode(), mapping=PLAIN)
    assert told(report.lines) == [(2, "refused", reason), (3, "taken", "")]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("name", "nome"), "unknown field `nome`"),
        (('"plain"', '""'), "expected a name"),
        (("[columns]", "[colums]"), "colums"),
        (('amount = "amount"', ""), "columns.amount, or columns.debit and columns.credit"),
        (('amount = "amount"', 'amount = "amount"\ndebit = 1\ncredit = 2'), "columns.amount, or"),
        (('"account"\n', '"konto"\n'), "expected a column 'konto' .account., were account, amount"),
        (('"account"\n', "0\n"), "numbered from 1"),
        (("[values]", "[values"), "expected TOML"),
        (("[format]", '[format]\ndecimal = ",,"'), "one character as decimal"),
        (("[format]", '[format]\nthousands = "."'), "differ"),
        (("[format]", '[file]\nencoding = "nonsense"\n[format]'), "expected an encoding"),
        (("[format]", '[file]\ndelimiter = "ab"\n[format]'), "one character as delimiter"),
        (("[format]", "[file]\nhas_header = false\n[format]"), "expected numbers as columns"),
        (('currency = "CNY"', ""), "columns.currency or values.currency"),
        (("[values]", 'status = "date"\n[values]'), "format.booked"),
    ],
)
def test_a_wrong_mapping_is_refused_with_its_fault(change: tuple[str, str], words: str) -> None:
    mapping = PLAIN.replace(*change)
    with pytest.raises(ImportRefused, match=words):
        read_message(ImportFile(name="x", content=ROWS.encode(), mapping=mapping))


def test_a_mapping_of_nothing_but_names_and_columns_is_enough() -> None:
    mapping = read_mapping(PLAIN)
    assert (mapping.file.encoding, mapping.format.decimal) == ("utf-8", ".")

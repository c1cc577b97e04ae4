"""Goal: amounts, accounts, banks and dates are taken by the standards' rules and by nothing else.
Method: one column of texts that stand and texts that do not, with the reason of each.
"""

import datetime as dt

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.platforms.capability.domain.iso20022 import made
from tests.platforms.capability.domain.iso20022.test_round_trip import lei
from yunjin.kernel.errors import Malformed
from yunjin.kernel.money import MINOR_MAX, parse_minor
from yunjin.platforms.capability.domain.iso20022.cutting import Node, Record, Rows
from yunjin.platforms.capability.domain.iso20022.forms import typed
from yunjin.platforms.capability.domain.iso20022.tables import Field, Kind, Part


def keep(rows: Rows, text: str | None, currency: str | None = None) -> None:
    """Keep a row as it would be cut from a file."""
    record = Record(node=Node(rows.part, 9), parent=-1)
    if text is not None:
        record.take(b"X", 0, currency.encode() if currency else None)
    rows.append(0, record, ((text or "").encode(),))


def taken(kind: Kind, *texts: str | None, **options: object) -> tuple[pa.Array, list[str | None]]:
    """Return the column of some texts, and the reason of each row."""
    field = Field(name="x", path="X", kind=kind, **options)  # type: ignore[arg-type]
    rows = Rows(Part("part", "P", (field,)))
    for text in texts:
        keep(rows, text)
    columns, _, verdicts = typed(rows)
    return columns["x"], verdicts.columns()["reason"].to_pylist()


def amounts(*pairs: tuple[str | None, str | None]) -> tuple[list[int | None], list[str | None]]:
    """Return minor units and reasons of texts with their currencies."""
    rows = Rows(Part("part", "P", (Field(name="x", path="X", kind=Kind.AMOUNT),)))
    for text, currency in pairs:
        keep(rows, text, currency)
    columns, _, verdicts = typed(rows)
    return columns["x_minor"].to_pylist(), verdicts.columns()["reason"].to_pylist()


@pytest.mark.parametrize(
    ("text", "currency", "minor", "reason"),
    [
        ("12.34", "CNY", 1234, None),
        ("12.3400", "CNY", 1234, None),
        ("12.", "CNY", 1200, None),
        (" 0012.3 ", "CNY", 1230, None),
        ("0", "CNY", 0, None),
        ("500", "JPY", 500, None),
        ("500.0", "JPY", 500, None),
        ("1.005", "KWD", 1005, None),
        ("0.0001", "CLF", 1, None),
        ("90071992547409.91", "CNY", MINOR_MAX, None),
        ("9007199254740991", "JPY", MINOR_MAX, None),
        ("90071992547409.92", "CNY", None, "AM12"),
        ("999999999999999999", "CNY", None, "AM12"),
        ("12.345", "CNY", None, "CH20"),
        ("0.5", "JPY", None, "CH20"),
        (".5", "CNY", None, "AM12"),
        ("-1", "CNY", None, "AM12"),
        ("+1", "CNY", None, "AM12"),
        ("1e3", "CNY", None, "AM12"),
        ("1 000", "CNY", None, "AM12"),
        ("NaN", "CNY", None, "AM12"),
        ("١٢", "CNY", None, "AM12"),
        ("1", "CNX", None, "AM11"),
        ("1", None, None, "AM11"),
        ("1", "XXX", None, "AM11"),
        (None, None, None, None),
    ],
)
def test_an_amount_is_exact_or_refused(
    text: str | None, currency: str | None, minor: int | None, reason: str | None
) -> None:
    mixed = [("1.5", "CNY"), (text, currency), ("7", "JPY")]
    assert amounts(*mixed) == ([150, minor, 7], [None, reason, None])


@given(
    pairs=st.lists(
        st.tuples(
            st.from_regex(r"\A[0-9]{1,18}(\.[0-9]{0,6})?\Z"),
            st.sampled_from(["CNY", "JPY", "KWD", "CLF"]),
        ),
        min_size=1,
        max_size=30,
    )
)
def test_amounts_agree_with_the_kernels_one_by_one(pairs: list[tuple[str, str]]) -> None:
    expected: list[int | None] = []
    for text, currency in pairs:
        try:
            expected.append(parse_minor(text, currency))
        except Malformed:
            expected.append(None)
    assert amounts(*pairs)[0] == expected


@pytest.mark.parametrize(
    ("kind", "text", "reason"),
    [
        (Kind.BIC, "ICBKCNBJ", None),
        (Kind.BIC, "ICBKCNBJXXX", None),
        (Kind.BIC, "1CBKCNBJ", None),  # the form of 2014 lets digits in
        (Kind.BIC, "ICBKC1BJ", "RC01"),
        (Kind.BIC, "ICBKCNBJXX", "RC01"),
        (Kind.BIC, "icbkcnbj", "RC01"),
        (Kind.IBAN, "DE89370400440532013000", None),
        (Kind.IBAN, "GB82WEST12345698765432", None),
        (Kind.IBAN, "NO9386011117947", None),
        (Kind.IBAN, "GB82WEST12345698765433", "AC01"),
        (Kind.IBAN, "DE88370400440532013000", "AC01"),
        (Kind.IBAN, "DE89 3704 0044 0532 0130 00", "AC01"),
        (Kind.IBAN, "DE8", "AC01"),
        (Kind.IBAN, "DE890", "AC01"),
        (Kind.ACCOUNT, "6222021234567890123", None),
        (Kind.ACCOUNT, "0200-0000-1234", None),
        (Kind.ACCOUNT, "6222０", "AC01"),
        (Kind.ACCOUNT, "6" * 35, "AC01"),
        (Kind.ACCOUNT, "-1", "AC01"),
        (Kind.LEI, "5493001KJTIIGC8Y1R12", None),
        (Kind.LEI, "5493001KJTIIGC8Y1R21", "CH16"),
        (Kind.LEI, "5493001KJTIIGC8Y1R1", "CH16"),
        (Kind.UETR, "8a562c67-ca16-48ba-b074-65581be6f001", None),
        (Kind.UETR, "8a562c67-ca16-18ba-b074-65581be6f001", "CH16"),
        (Kind.DATE, "2026-02-28", None),
        (Kind.DATE, "2026-02-28+08:00", None),
        (Kind.DATE, "2026-02-29", "DT01"),
        (Kind.DATE, "28.02.2026", "DT01"),
        (Kind.DATETIME, "2026-02-28T12:00:00", None),
        (Kind.DATETIME, "2026-02-28T12:00:00.5+08:00", None),
        (Kind.DATETIME, "2026-02-28T25:00:00", "DT01"),
        (Kind.DATETIME, "0001-01-01T00:00:00+14:00", "DT01"),
        (Kind.COUNT, "15", None),
        (Kind.COUNT, "1.5", "AM18"),
        (Kind.COUNT, "1" * 16, "AM18"),
        (Kind.FLAG, "true", None),
        (Kind.FLAG, "yes", "CH16"),
        (Kind.SIDE, "CRDT", None),
        (Kind.SIDE, "CRED", "CH16"),
        (Kind.SUM, "1.005", None),
        (Kind.SUM, "-1", "AM10"),
        (Kind.TEXT, "长" * 35, None),
        (Kind.TEXT, "长" * 36, "CH16"),
    ],
)
def test_a_text_has_its_form_or_a_reason(kind: Kind, text: str, reason: str | None) -> None:
    column, reasons = taken(kind, None, text, text)
    assert reasons == [None, reason, reason]
    assert column[0].as_py() is None


def test_instants_are_kept_in_utc_and_days_as_written() -> None:
    [instant], _ = taken(Kind.DATETIME, "2026-02-28T02:00:00+08:00")
    assert instant.as_py() == dt.datetime(2026, 2, 27, 18, tzinfo=dt.UTC)
    [naive], _ = taken(Kind.DATETIME, "2026-02-28T02:00:00")
    assert naive.as_py() == dt.datetime(2026, 2, 28, 2, tzinfo=dt.UTC)
    [day], _ = taken(Kind.DATE, "2026-02-28T02:00:00+08:00")
    assert day.as_py() == dt.date(2026, 2, 28)


@given(number=st.integers(0, 10**9), place=st.integers(4, 21), by=st.integers(1, 9))
def test_a_wrong_digit_in_an_iban_is_always_found(number: int, place: int, by: int) -> None:
    right = made.iban(number)
    wrong = f"{right[:place]}{(int(right[place]) + by) % 10}{right[place + 1 :]}"
    assert taken(Kind.IBAN, right, wrong)[1] == [None, "AC01"]


@given(number=st.integers(0, 10**9))
def test_two_digits_exchanged_in_an_lei_are_found(number: int) -> None:
    right = lei(number)
    wrong = right[:-2] + right[-1] + right[-2]
    assert taken(Kind.LEI, right, wrong)[1] == [None, None if wrong == right else "CH16"]


def test_escapes_are_undone_once() -> None:
    column, _ = taken(Kind.TEXT, "&lt;&amp;amp;&gt;&#20013;&#x4E2D;&quot;&apos;", length_max=99)
    assert column.to_pylist() == ["<&amp;>中中\"'"]

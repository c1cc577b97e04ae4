"""Goal: bad input is refused in words and changes nothing. Method: examples, and random junk."""

import datetime as dt
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.foundation.banking.general_ledger.books import (
    CLOCK,
    Books,
    credit,
    debit,
    manual,
    moved,
    pair,
)
from yunjin.foundation.banking.api.general_ledger import (
    GlAccount,
    GlMapping,
    GlRule,
    LineQuery,
    ManualLine,
    Movement,
    Rule,
)
from yunjin.foundation.banking.domain.general_ledger.months import Month
from yunjin.foundation.banking.domain.general_ledger.movements import INT64_MAX, summed
from yunjin.foundation.banking.domain.products.slots import Slot
from yunjin.foundation.banking.errors import GlEntryNotFound, OutOfRange
from yunjin.kernel.errors import Malformed, Refusal
from yunjin.kernel.ids import uuid7

DAY = dt.date(2026, 1, 5)


def is_empty(books: Books) -> bool:
    return books.gl.scope().first is None and not books.gl.trial_balance(DAY, DAY).rows


def test_sums_beyond_63_bits_are_refused_and_the_largest_ones_are_kept(books: Books) -> None:
    with pytest.raises(OutOfRange):
        books.book("2026-01-05", *pair(Slot.LOANS, Slot.CLEARING, INT64_MAX + 1))
    twice = [*pair(Slot.LOANS, Slot.CLEARING, INT64_MAX), *pair(Slot.CASH, Slot.SUSPENSE, 1)]
    with pytest.raises(OutOfRange):
        books.book("2026-01-05", *twice)
    books.book("2026-01-05", *pair(Slot.LOANS, Slot.CLEARING, INT64_MAX - 1))
    with pytest.raises(OutOfRange, match="since ever"):
        books.book("2026-02-05", *pair(Slot.LOANS, Slot.CLEARING, 2, branch="west"))
    books.book("2026-02-05", *pair(Slot.LOANS, Slot.CLEARING, 1, branch="west"))
    books.book("2026-02-05", *pair(Slot.LOANS, Slot.CLEARING, 5, currency="USD"), source="usd")
    assert books.balance("1303", "2026-02-05") == INT64_MAX
    report = books.gl.trial_balance(DAY, dt.date(2026, 2, 5))
    assert report.is_balanced


BAD_MOVEMENTS: list[dict[str, Any]] = [
    {"slot": 999},
    {"slot": 0},
    {"slot": -1},
    {"branch": ""},
    {"branch": "a b"},
    {"branch": "x" * 17},
    {"branch": "总行"},
    {"product": "p" * 41},
    {"product": "a/b"},
    {"currency": "cny"},
    {"currency": "XYZ"},
    {"dr": -5},
    {"dr": True},
]


def test_movements_of_another_form_are_refused(books: Books) -> None:
    for change in BAD_MOVEMENTS:
        values: dict[str, Any] = {"slot": Slot.LOANS, "dr": 5} | change
        with pytest.raises(Refusal):
            books.book("2026-01-05", moved(**values), moved(Slot.CLEARING, cr=5))
    assert is_empty(books)


BAD_SOURCES = ["", "a b", "close\n1", "s" * 81, "manual/1", "year-end/2026/1", "mapping/x", "来源"]


def test_sources_of_another_form_are_refused(books: Books) -> None:
    for source in BAD_SOURCES:
        asked = pair(Slot.LOANS, Slot.CLEARING, 5)
        with pytest.raises(Malformed):
            books.book(str(DAY), *asked, source=source or " ")
    assert is_empty(books)


def test_nothing_is_kept_of_movements_that_are_all_nought(books: Books) -> None:
    books.book("2026-01-05", moved(Slot.LOANS), moved(Slot.CLEARING), source="close/a")
    assert is_empty(books)
    books.book("2026-01-05", *pair(Slot.LOANS, Slot.CLEARING, 5), source="close/a")
    assert not is_empty(books)


def test_dates_outside_of_the_books_are_refused(books: Books) -> None:
    for day in ("1969-12-31", "2200-01-01", "0001-01-01", "9999-12-31"):
        with pytest.raises(Malformed):
            books.book(day, *pair(Slot.LOANS, Slot.CLEARING, 5))
        with pytest.raises(Malformed):
            books.gl.balance_sheet(dt.date.fromisoformat(day))
    with pytest.raises(Malformed, match="not before the first"):
        books.gl.trial_balance(DAY, DAY - dt.timedelta(days=1))
    first = dt.date(1970, 1, 1)
    assert books.gl.balance_sheet(first).rows == books.gl.trial_balance(first, first).rows == ()
    assert books.gl.income_statement(first, dt.date(2199, 12, 31)).rows == ()


BAD_ENTRIES: list[tuple[ManualLine, ...]] = [
    (),
    (debit("6601", 5),),
    (debit("6601", 5), debit("2202", 5)),
    (debit("6601", 0), credit("2202", 0)),
    (debit("6601", -5), credit("2202", -5)),
    (debit("6601", 2**53), credit("2202", 2**53)),
    (ManualLine(account="6601", debit_minor=5, credit_minor=5), credit("2202", 0)),
    (debit("6601", 5, "a b"), credit("2202", 5, "a b")),
    (debit("6601", 5, currency="XXX"), credit("2202", 5, currency="XXX")),
    (debit("6601", 5, "west"), credit("2202", 5, "head")),
    (debit("' OR 1=1 --", 5), credit("2202", 5)),
    (debit("6601", 5), credit("2202", 5)) * 300,
]


def test_manual_entries_of_another_form_are_refused(books: Books) -> None:
    for lines in BAD_ENTRIES:
        with pytest.raises(Refusal):
            books.gl.enter(manual("2026-01-05", *lines))
    assert is_empty(books)


BAD_WORDS = [{"reason": " "}, {"by": ""}, {"reason": "a\nb"}, {"by": "x" * 65}]


def test_entries_without_a_reason_or_a_person_are_refused(books: Books) -> None:
    for words in BAD_WORDS:
        with pytest.raises(Malformed):
            books.enter("2026-01-05", debit("6601", 5), credit("2202", 5), **words)
    assert is_empty(books)


def test_queries_and_settings_of_another_form_are_refused(books: Books) -> None:
    good = {"name_zh": "甲", "name_en": "A", "element": "asset"}
    for values in (
        {"code": "12"},
        {"code": "5001"},
        {"code": "1" * 17},
        {"code": "10x1"},
        {"code": "1009", "element": "wealth"},
        {"code": "1009", "name_zh": ""},
        {"code": "1009", "parent": "7777"},
    ):
        account = GlAccount(**{**good, **values})
        with pytest.raises(Refusal):
            books.gl.add_account(uuid7(CLOCK), account)
    for mapping in (
        GlMapping(slot="LOANS", account="1303", since=DAY),
        GlMapping(slot="nothing", account="1303", since=DAY),
        GlMapping(slot="loans", account="130301"),
        GlMapping(slot="loans", account="1303", since=DAY),
        GlMapping(slot="loans", account="4444", since=DAY),
        GlMapping(slot="loans", account="130302", product="a b", since=DAY),
    ):
        with pytest.raises(Refusal):
            books.gl.map_slot(uuid7(CLOCK), mapping)
    with pytest.raises(Malformed):
        books.gl.set_rule(uuid7(CLOCK), GlRule(product="", rule=Rule.CASH, since=DAY))
    for query in (LineQuery(limit=0), LineQuery(limit=201), LineQuery(account="7777")):
        with pytest.raises(Refusal):
            books.gl.lines(query)
    for number in (0, -1, 2**64, 17):
        with pytest.raises(GlEntryNotFound):
            books.gl.entry(number)
    for year in (0, 1969, 2200, 10**9):
        with pytest.raises(Malformed):
            books.gl.year_end(uuid7(CLOCK), year, by="Chen")
    with pytest.raises(Malformed):
        books.gl.trial_balance(DAY, DAY, currency="cny")
    assert books.gl.trial_balance(DAY, DAY, branch="nowhere").rows == ()


@given(st.text(max_size=12))
def test_a_month_is_read_or_refused_in_words(text: str) -> None:
    try:
        month = Month.read(text)
    except Malformed:
        return
    assert str(month) == text


@given(st.lists(st.integers(0, INT64_MAX), min_size=1, max_size=6))
def test_sums_balance_or_are_refused(amounts: list[int]) -> None:
    asked = [one for minor in amounts for one in pair(Slot.LOANS, Slot.CLEARING, minor)]
    try:
        found: list[Movement] = summed(asked)
    except OutOfRange:
        assert sum(amounts) > INT64_MAX
        return
    assert sum(one.debit_minor for one in found) == sum(amounts) <= INT64_MAX


def test_writers_at_the_same_time_lose_nothing(books: Books) -> None:
    gate = threading.Barrier(6)

    def write(number: int) -> None:
        gate.wait()
        for at in range(4):
            source = f"close/{number}/{at}"
            books.book("2026-01-05", *pair(Slot.LOANS, Slot.CLEARING, 1), source=source)
            books.book("2026-01-05", *pair(Slot.LOANS, Slot.CLEARING, 7), source=f"shared/{at}")

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(write, range(6)))
    assert books.balance("1303", "2026-01-05") == 6 * 4 + 4 * 7
    numbers = [line.entry for line in books.gl.lines(LineQuery(account="1303", limit=200)).items]
    assert sorted(numbers) == list(range(1, 29))

"""Goal: the chart is sound, the page about it is true, and its tables are what the code expects.

Method: look at every account and slot; read the page; run the migration twice on each database.
"""

import re

import pytest
import sqlalchemy as sa

from tests.chassis.persistence.test_portability import plain
from tests.data import ROOT
from tests.foundation.banking.general_ledger.books import CLOCK
from yunjin.chassis.persistence import Database, EngineLimits, complaints, open_engine
from yunjin.foundation.banking.domain.general_ledger.chart import (
    Mapped,
    chart_of,
    element_of,
    unfit,
)
from yunjin.foundation.banking.domain.general_ledger.preset import CONTROL, SLOTS
from yunjin.foundation.banking.domain.general_ledger.statements import part_of
from yunjin.foundation.banking.domain.products.slots import Slot
from yunjin.foundation.banking.migrations import v0002_general_ledger
from yunjin.foundation.banking.store import gl_tables

CHART = chart_of([])
PAGE = "docs/explanation/accounting-map.md"


def test_every_slot_has_an_account_of_its_own_that_fits() -> None:
    assert set(SLOTS) == set(Slot)
    assert len(set(SLOTS.values())) == len(SLOTS)
    wrong = [
        (slot.name, code, why)
        for slot, code in SLOTS.items()
        if (why := unfit(slot, CHART.account(code)))
    ]
    assert wrong == []
    assert CHART.complaints(0) == []


def test_every_account_stands_beneath_its_parent_and_is_named_in_two_languages() -> None:
    for account in CHART.accounts.values():
        assert account.name_zh
        assert re.search("[\u4e00-\u9fff]", account.name_zh)
        assert account.name_en.isascii()
        assert account.element is element_of(account.code)
        if account.parent:
            parent = CHART.account(account.parent)
            assert account.code.startswith(parent.code)
            assert not parent.is_postable
            assert parent.is_contra == account.is_contra
    headings = {account.parent for account in CHART.accounts.values()} - {""}
    assert headings == {code for code, one in CHART.accounts.items() if not one.is_postable}


def test_income_and_expense_stand_in_the_part_where_a_bank_shows_them() -> None:
    expected = {
        "601101": "interest",
        "6411": "interest",
        "6021": "fees",
        "6061": "other_income",
        "6111": "other_income",
        "6402": "expenses",
        "6601": "expenses",
        "6702": "expenses",
        "670101": "expenses",
        "6301": "outside",
        "6711": "outside",
        "6901": "outside",
        "6801": "tax",
    }
    assert {code: part_of(code).name for code in expected} == expected


def test_a_product_goes_before_all_and_may_follow_all_again() -> None:
    changes = [
        Mapped(Slot.LOANS, "*", 10, "130302"),
        Mapped(Slot.LOANS, "card", 5, "130304"),
        Mapped(Slot.LOANS, "card", 20, ""),
    ]
    chart = chart_of([], changes)
    seen = [chart.account_of(Slot.LOANS, "card", day).code for day in (4, 5, 10, 20)]
    assert seen == ["130301", "130304", "130304", "130302"]
    assert [chart.account_of(Slot.LOANS, "x", day).code for day in (9, 10)] == ["130301", "130302"]


def test_the_page_names_every_slot_with_its_account() -> None:
    rows = re.findall(
        r"^\| `(\w+)` \| (\d+) \| (\S+) \| (.+?) \| (agreements|the bank) \|$",
        (ROOT / PAGE).read_text("utf-8"),
        re.MULTILINE,
    )
    expected = [
        (
            slot.name,
            SLOTS[slot],
            CHART.account(SLOTS[slot]).name_zh,
            CHART.account(SLOTS[slot]).name_en,
            "agreements" if slot in CONTROL else "the bank",
        )
        for slot in Slot
    ]
    assert rows == expected


def test_the_migration_makes_the_tables_the_code_expects(database_url: str) -> None:
    database = Database(open_engine(database_url, EngineLimits()), clock=CLOCK)
    for _ in range(2):
        database.run(v0002_general_ledger.upgrade)
    assert complaints(gl_tables.tables) == []
    with database.transaction(reads=True) as connection:
        there = sa.inspect(connection)
        assert set(there.get_table_names()) == set(gl_tables.tables.tables)
        for name, each in gl_tables.tables.tables.items():
            dialect = connection.dialect
            found = [
                (column["name"], plain(column["type"].compile(dialect=dialect)))
                for column in there.get_columns(name)
            ]
            assert found == [
                (column.name, plain(column.type.compile(dialect=dialect)))
                for column in each.columns
            ]
            keys = there.get_pk_constraint(name)["constrained_columns"]
            assert keys == [column.name for column in each.primary_key.columns]
            assert {index["name"] for index in there.get_indexes(name)} == {
                index.name for index in each.indexes
            }
    database.close()


@pytest.mark.parametrize("slot", Slot)
def test_control_slots_are_those_that_agreements_make_up(slot: Slot) -> None:
    own = {"CASH", "CLEARING", "FUND_SOURCE", "SUSPENSE", "EQUITY", "RETAINED"}
    is_own = slot.name in own or slot >= 400
    assert (slot in CONTROL) is not is_own

"""Goal: what pages make of doors' answers is right. Method: pure functions on small examples."""

import datetime as dt
import re
from pathlib import Path
from uuid import UUID

import pytest

from yunjin.foundation.banking import pages
from yunjin.foundation.banking.api.days import DayReport, DayStep
from yunjin.foundation.banking.api.general_ledger import GlPeriod, ManualLine
from yunjin.foundation.banking.api.products import ParameterInfo
from yunjin.foundation.banking.domain.products.slots import Slot
from yunjin.foundation.banking.domain.products.slots import grows_by_credit as truly_by_credit
from yunjin.foundation.banking.pages import reading, terms
from yunjin.foundation.banking.pages.days import percent_of
from yunjin.foundation.banking.pages.gl_entering import sums_of
from yunjin.foundation.banking.pages.gl_periods import deeds_of
from yunjin.foundation.banking.pages.outlook import Coming, Outlook
from yunjin.foundation.banking.pages.reading import Movement, evenings, open_holds
from yunjin.foundation.banking.pages.setting import billed
from yunjin.foundation.banking.pages.simulating import months_from
from yunjin.foundation.banking.pages.words import WORDS
from yunjin.foundation.banking.service.drafting import Kind
from yunjin.foundation.banking.service.registry import shipped
from yunjin.kernel.errors import Malformed
from yunjin.kernel.ids import account_id

DAY = dt.date(2026, 1, 5)


def movement(number: int, amount: int = 100, **more: object) -> Movement:
    facts: dict[str, object] = {
        "id": UUID(int=number),
        "pending_id": None,
        "other": 1,
        "amount_minor": amount,
        "balance_minor": amount,
        "code": 1,
        "kind": "plain",
        "business_date": DAY,
        "timestamp": number,
    }
    return Movement(**(facts | more))  # type: ignore[arg-type]


def test_slots_and_codes_are_those_of_the_core() -> None:
    assert {number: name.upper() for number, name in reading.SLOTS.items()} == {
        int(slot): slot.name for slot in Slot
    }
    assert {int(slot): reading.grows_by_credit(slot) for slot in Slot} == {
        int(slot): truly_by_credit(slot) for slot in Slot
    }
    assert {number: name.upper() for number, name in reading.CODES.items()} == {
        int(kind): kind.name for kind in Kind
    }


def test_every_notice_has_words() -> None:
    told = {code for one in shipped().values() for code in re.findall(r'notice\("(.+?)"', one)}
    assert told
    assert [code for code in told if f"banking.said.{code}" not in WORDS] == []


def test_every_slot_has_a_word() -> None:
    assert [name for name in reading.SLOTS.values() if f"banking.slot.{name}" not in WORDS] == []


@pytest.mark.parametrize(
    ("text", "ppm"), [("3.5", 35_000), ("0.0001", 1), ("150 %", 1_500_000), ("3.50000", 35_000)]
)
def test_a_percentage_is_read_exactly(text: str, ppm: int) -> None:
    assert terms.parse_percent(text) == ppm
    assert terms.parse_percent(terms.percent(ppm)) == ppm


@pytest.mark.parametrize("text", ["", "-1", "1.00001", "1e3", "１"])
def test_what_is_no_percentage_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        terms.parse_percent(text)


def test_a_term_is_written_as_it_is_typed() -> None:
    kinds = {"minor": 123_456, "ppm": 48_500, "days": 30, "count": 12}
    for unit, value in kinds.items():
        one = ParameterInfo(
            name="x", unit=unit, level="instance", default=None, least=0, most=10**12
        )
        assert terms.parsed(one, terms.typed(one, value, "CNY"), "CNY") == value


def test_what_accrued_is_cut_off_not_rounded() -> None:
    assert terms.accrued(238_329_999_999, "CNY") == "23.8329"
    assert terms.accrued(-50_000_000, "CNY") == "-0.0050"


def test_an_agreement_is_meant_by_its_whole_id_its_short_one_or_its_number() -> None:
    own = account_id(1, 42)
    for text in (str(own), "1-000042", "42", " 1-42 "):
        assert reading.agreement_number(text, 1) == own
    for text in ("", "x", "1-", "-1", "1-0", "0"):
        assert reading.agreement_number(text, 1) is None


def test_a_hold_is_open_until_something_ends_it() -> None:
    one, two, three = (movement(n, -5, kind="pending") for n in (1, 2, 3))
    ends = movement(4, 0, kind="void", pending_id=two.id)
    expired = movement(3, 0, kind="expired")
    assert open_holds([expired, ends, three, two, one]) == [one]


def test_an_evening_is_the_last_movement_of_its_day() -> None:
    later = DAY + dt.timedelta(days=3)
    newest_first = [
        movement(4, 7, business_date=later),
        movement(3, 9, kind="pending", business_date=later),
        movement(2, 5),
        movement(1, 3),
    ]
    assert evenings(newest_first) == [(DAY, 5), (later, 7)]


def test_months_stay_on_their_day_and_leap_over_short_february() -> None:
    found = months_from(dt.date(2026, 1, 31), dt.date(2026, 4, 1))
    assert found == [dt.date(2026, 2, 28), dt.date(2026, 3, 28)]


def test_a_close_of_several_days_moves_from_nothing_to_nearly_all() -> None:
    def told(date: dt.date, name: str, done: int) -> DayReport:
        step = DayStep(name=name, done=done, total=4)
        return DayReport(
            date=date, status="closing", agreements=0, transfers=0, sums=(),
            waiting=0, seconds=0.0, steps=(step,), proof=(),
        )  # fmt: skip

    span = (DAY, DAY + dt.timedelta(days=1))
    seen = [
        percent_of(told(DAY, "close", 0), span),
        percent_of(told(DAY, "close", 4), span),
        percent_of(told(DAY + dt.timedelta(days=1), "open", 4), span),
        percent_of(told(DAY + dt.timedelta(days=1), "close", 4), span),
        percent_of(told(DAY + dt.timedelta(days=2), "open", 4), span),
    ]
    assert seen == [0, 25, 50, 75, 99]


def test_no_event_of_a_row_ends_as_vue_s_ways_of_listening_do() -> None:
    """`yj-capture` would be heard as `yj`, while capturing: Vue strips such endings."""
    folder = Path(pages.__file__).parent
    named = {
        name
        for file in folder.glob("*.py")
        for name in re.findall(r'\.on\(\s*"([\w-]+)"', file.read_text("utf-8"))
    }
    assert "yj-reverse" in named
    assert [one for one in named if re.search(r"(once|passive|capture)$", one)] == []


def test_a_months_deeds_follow_the_order_of_the_months() -> None:
    def month(name: str, status: str) -> GlPeriod:
        return GlPeriod(month=name, status=status)

    found = [
        month("2026-04", "open"),
        month("2026-03", "open"),
        month("2026-02", "closed"),
        month("2026-01", "locked"),
    ]
    assert deeds_of(found) == {"2026-03": ("close",), "2026-02": ("reopen", "lock")}
    assert deeds_of([month("2026-04", "open")]) == {}  # the open business day's


def test_an_entry_is_summed_up_by_branch_and_currency() -> None:
    def line(branch: str, debit: int = 0, credit: int = 0) -> ManualLine:
        return ManualLine(account="1003", branch=branch, debit_minor=debit, credit_minor=credit)

    sums = sums_of([line("head", debit=5), line("head", credit=3), line("pudong", credit=2)])
    assert sums == {("head", "CNY"): (5, 3), ("pudong", "CNY"): (0, 2)}


def test_what_falls_due_is_compared_by_date() -> None:
    due = Coming(DAY, {("due_principal", "main"): 70, ("due_interest", "unbilled"): 30}, 0)
    paid = Coming(DAY + dt.timedelta(days=1), {("interest_payable", "main"): 9}, 9)
    assert billed(Outlook([due, paid], is_same=True)) == {
        str(DAY): 100,
        str(DAY + dt.timedelta(days=1)): 9,
    }

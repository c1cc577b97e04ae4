"""Goal: the kernel's words mean what they say: money, time, ids, pages, tenants, problems.

Method: examples at the edges, and properties by Hypothesis.
"""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yunjin.kernel import check, tenant
from yunjin.kernel.clock import FixedClock, SteadyClock, business_date, instant, nanoseconds
from yunjin.kernel.errors import AmountTooLarge, Bug, Malformed, NotFound
from yunjin.kernel.ids import CELL_MAX, SEQUENCE_MAX, account_id, cell_of, sequence_of, uuid7_of
from yunjin.kernel.money import (
    CURRENCIES,
    MINOR_MAX,
    Money,
    checked_currency,
    format_minor,
    parse_minor,
)
from yunjin.kernel.page import seal, unseal

currencies = st.sampled_from(["CNY", "JPY", "KWD", "CLF"])


@given(minor=st.integers(-(2**63), 2**63 - 1), currency=currencies)
def test_an_amount_written_is_the_amount_read(minor: int, currency: str) -> None:
    text = format_minor(minor, currency)
    if abs(minor) <= MINOR_MAX:
        assert parse_minor(text, currency) == minor
    else:
        with pytest.raises(AmountTooLarge, match=r"expected at most .* was"):
            parse_minor(text, currency)


@pytest.mark.parametrize(
    ("text", "currency", "most"),
    [
        ("90071992547409.92", "CNY", "90071992547409.91 CNY"),
        ("9" * 20, "JPY", "9007199254740991 JPY"),
        ("-9007199254740.992", "KWD", "9007199254740.991 KWD"),
    ],
)
def test_an_amount_beyond_53_bits_is_told_the_bound(text: str, currency: str, most: str) -> None:
    with pytest.raises(AmountTooLarge, match=f"expected at most {most}, was {text}"):
        parse_minor(text, currency)
    assert parse_minor(most.split()[0], currency) == MINOR_MAX


def test_money_is_kept_in_currencies_that_are_some() -> None:
    assert len(CURRENCIES) == 166
    assert all(len(code) == 3 and code.isupper() for code in CURRENCIES)
    assert checked_currency("XTS") == "XTS"
    for code in ("XXX", "XAU", "ZZZ", "DEM", "cny", "CN", "CNYY", ""):
        with pytest.raises(Malformed, match="an ISO 4217 code such as CNY, was"):
            checked_currency(code)


@pytest.mark.parametrize(
    "text", ["", "1e5", "1,000.00", "0.005", "１２", "--1", "1.2.3", "NaN", "9" * 41]
)
def test_an_amount_that_is_not_one_is_refused(text: str) -> None:
    with pytest.raises(Malformed, match="expected"):
        parse_minor(text, "CNY")


def test_zeros_beyond_the_decimals_are_no_other_amount() -> None:
    assert parse_minor("1.50000", "CNY") == 150
    assert parse_minor("7.0", "JPY") == 7


@given(minor=st.integers(-(10**12), 10**12), parts=st.integers(1, 50))
def test_splitting_gives_every_minor_unit_away(minor: int, parts: int) -> None:
    shares = [share.minor for share in Money(minor, "CNY").split(parts)]
    assert sum(shares) == minor
    assert max(shares) - min(shares) <= 1


def test_money_of_two_currencies_does_not_add_up() -> None:
    with pytest.raises(ValueError, match="cannot add USD to CNY"):
        Money(1, "CNY") + Money(1, "USD")


def test_the_business_day_changes_at_the_cut_off_of_its_zone() -> None:
    zone, cutoff = ZoneInfo("Asia/Shanghai"), dt.time(23, 30)
    before = dt.datetime(2026, 11, 24, 15, 29, 59, tzinfo=dt.UTC)
    assert business_date(before, zone, cutoff) == dt.date(2026, 11, 24)
    assert business_date(before + dt.timedelta(seconds=1), zone, cutoff) == dt.date(2026, 11, 25)


@given(at=st.datetimes(dt.datetime(1970, 1, 1), dt.datetime(2200, 1, 1)))
def test_an_instant_and_its_nanoseconds_are_the_same(at: dt.datetime) -> None:
    aware = at.replace(tzinfo=dt.UTC)
    assert instant(nanoseconds(aware)) == aware


def test_a_steady_clock_does_not_see_a_jump_of_the_wall() -> None:
    class Jumping:
        wall, run = 1_000, 0

        def now_ns(self) -> int:
            return self.wall

        def monotonic_ns(self) -> int:
            return self.run

    machine = Jumping()
    steady = SteadyClock(machine)
    machine.wall, machine.run = 10**18, 5
    assert steady.now_ns() == 1_005


@given(cell=st.integers(0, CELL_MAX), sequence=st.integers(0, SEQUENCE_MAX))
def test_an_account_id_carries_its_cell(cell: int, sequence: int) -> None:
    identity = account_id(cell, sequence)
    assert 0 <= identity < 2**63
    assert (cell_of(identity), sequence_of(identity)) == (cell, sequence)


@given(ms=st.integers(0, 2**48 - 1), chance=st.integers(0, 2**74 - 1))
def test_a_made_id_is_a_uuid_of_version_7(ms: int, chance: int) -> None:
    made = uuid7_of(ms, chance)
    assert (made.version, made.variant) == (7, "specified in RFC 4122")
    assert made.int >> 80 == ms


def test_a_cursor_that_was_not_sealed_here_is_refused() -> None:
    cursor = seal([5, "x"], b"key")
    assert unseal(cursor, b"key") == [5, "x"]
    for wrong in (cursor[:-2], "x" + cursor[1:], "", "é", seal([5], b"other")):
        with pytest.raises(Malformed, match="cursor"):
            unseal(wrong, b"key")


def test_a_call_without_a_tenant_is_a_bug() -> None:
    with pytest.raises(Bug):
        tenant.current()
    with tenant.entered("demo"):
        assert tenant.current() == "demo"
    for name in ("", "..", "A", "a/b", "x" * 33, "-a"):
        with pytest.raises(Malformed), tenant.entered(name):
            pass


def test_a_problem_says_what_it_is_and_facts_do_not_hide_it() -> None:
    document = NotFound("gone", status=200, id="7").document(instance="/x")
    assert (document["status"], document["id"], document["instance"]) == (404, "7", "/x")
    with pytest.raises(Bug, match="expected one, was two"):
        check.that(False, "expected one, was two")


def test_a_fixed_clock_moves_when_told() -> None:
    clock = FixedClock(0)
    clock.advance(2)
    assert clock.now_ns() == 2_000_000_000

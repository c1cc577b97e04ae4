"""Goal: a fee is exact to the unit, one price wins and says why. Method: tables, an oracle.

The columns' arithmetic is held against the scalar form over random books and rows, and the scalar
form against fractions.
"""

import datetime as dt
from dataclasses import replace
from fractions import Fraction
from math import ceil, floor
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.platforms.capability.pricing.conftest import AUTUMN, LOAN, STANDARD, TRANSFER, VIP
from yunjin.kernel.errors import AmountTooLarge, Malformed
from yunjin.kernel.money import MINOR_MAX
from yunjin.platforms.capability.api.price_books import (
    PPM,
    Band,
    Discount,
    Every,
    FeeKind,
    Free,
    Price,
    RateRule,
    Rounding,
    Scope,
    Spread,
    Tax,
)
from yunjin.platforms.capability.api.pricing import Basis, PriceStatus, Tried
from yunjin.platforms.capability.domain.price_checks import check_book
from yunjin.platforms.capability.domain.price_columns import priced
from yunjin.platforms.capability.domain.pricing import (
    Whom,
    chosen,
    fee_of,
    line_of,
    part,
    periods_of,
    rate_of,
    whom,
)
from yunjin.platforms.capability.errors.pricing import PriceBookRefused

DAY = dt.date(2026, 10, 5)
PROGRESSIVE = Price(
    fee="custody",
    code="custody",
    zh="托管费",
    en="Custody",
    kind=FeeKind.PROGRESSIVE,
    bands=(
        Band(upto_minor=100_000, rate_ppm=1_000),
        Band(upto_minor=1_000_000, rate_ppm=500),
        Band(minor=10, rate_ppm=100),
    ),
)


@pytest.mark.parametrize(
    ("price", "amount", "fee"),
    [
        (TRANSFER, 1_000_000, 500),  # a band holds its end
        (TRANSFER, 1_000_001, 1_000),
        (TRANSFER, 10_000_001, 200),  # the whole amount at the last band's share
        (TRANSFER, 5_000_000_000, 20_000),  # capped
        (LOAN, 100, 1_000),  # at least
        (LOAN, 1_000_000, 5_000),
        (PROGRESSIVE, 100_000, 100),
        (PROGRESSIVE, 100_100, 100),  # 0.05 more: a half of a tenth is rounded away
        (PROGRESSIVE, 101_000, 101),  # 0.5 is rounded up
        (PROGRESSIVE, 2_000_000, 100 + 450 + 10 + 100),
        (PROGRESSIVE, 0, 0),
    ],
)
def test_a_fee_is_that_of_its_band(price: Price, amount: int, fee: int) -> None:
    assert fee_of(price, amount) == fee


@given(
    st.integers(0, MINOR_MAX), st.integers(0, PPM), st.integers(1, PPM), st.sampled_from(Rounding)
)
def test_a_part_is_rounded_once_as_it_says(a: int, b: int, c: int, rounding: Rounding) -> None:
    exact = Fraction(a * b, c)
    expected = {
        Rounding.DOWN: floor(exact),
        Rounding.UP: ceil(exact),
        Rounding.HALF_UP: floor(exact + Fraction(1, 2)),
        Rounding.HALF_EVEN: round(exact),
    }
    assert part(a, b, c, rounding) == expected[rounding]


def test_tax_is_in_the_price_or_on_top_of_it() -> None:
    [within, beyond] = [
        line_of(price, (), (), Basis(fees=(price.fee,), amount_minor=300_000), date=DAY)
        for price in (TRANSFER, LOAN)
    ]
    assert (within.net_minor, within.tax_minor, within.total_minor) == (472, 28, 500)
    assert (beyond.net_minor, beyond.tax_minor, beyond.total_minor) == (1_500, 90, 1_590)


def test_the_narrower_price_wins_and_the_others_say_why_not() -> None:
    party = Price(
        fee="transfer.out",
        code="p9",
        zh="协议价",
        en="Agreed",
        kind=FeeKind.FLAT,
        bands=(Band(minor=1),),
        scope=Scope(party_id="P9"),
    )
    prices = [TRANSFER, VIP, party]
    price, tried = chosen(prices, Whom(party_id="P9", segment="vip"))
    assert price is party
    assert [(one.code, one.why) for one in tried] == [
        ("p9", "won"),
        ("transfer-vip", "narrower-won"),
        ("transfer", "narrower-won"),
    ]
    price, tried = chosen(prices, Whom(segment="mass"))
    assert price is TRANSFER
    assert [(one.code, one.why) for one in tried][:2] == [
        ("p9", "other-party"),
        ("transfer-vip", "other-segment"),
    ]


def test_the_best_discount_wins_and_those_that_stack_come_after_it() -> None:
    def off(code: str, **more: object) -> Discount:
        return Discount(code=code, zh="优惠", en="Off", **more)  # type: ignore[arg-type]

    discounts = [
        off("half", off_bp=5_000),
        off("ten", off_minor=1_000),
        off("welcome", off_bp=1_000, stacks=True),
        off("over", off_bp=10_000, until=DAY),
        off("coming", off_bp=10_000, since=DAY + dt.timedelta(days=1)),
        off("others", off_bp=10_000, scope=Scope(segment="staff")),
        off("elsewhere", off_bp=10_000, fees=("transfer.out",)),
    ]
    basis = Basis(fees=("loan.service",), amount_minor=1_000_000)
    line = line_of(LOAN, (), discounts, basis, date=DAY)
    assert (line.fee_minor, line.off_minor, line.net_minor) == (5_000, 2_750, 2_250)
    assert [(one.code, one.why, one.minor) for one in line.tried] == [
        ("half", "won", 2_500),
        ("welcome", "won", 250),
        ("ten", "better-won", 1_000),
        ("coming", "not-yet", 0),
        ("others", "other-segment", 0),
        ("over", "over", 0),
    ]


@pytest.mark.parametrize(
    ("since", "until", "every", "periods"),
    [
        ("2026-01-31", "2026-02-28", Every.MONTH, 1),
        ("2026-01-15", "2026-02-15", Every.MONTH, 1),
        ("2026-01-15", "2026-02-16", Every.MONTH, 2),
        ("2026-01-15", "2026-01-20", Every.MONTH, 1),
        ("2026-01-15", "2027-01-15", Every.YEAR, 1),
        ("2026-01-15", "2027-01-16", Every.YEAR, 2),
        ("2026-01-15", "2026-01-20", Every.DAY, 5),
    ],
)
def test_a_period_counts_once_it_is_begun(
    since: str, until: str, every: Every, periods: int
) -> None:
    days = {"since": dt.date.fromisoformat(since), "until": dt.date.fromisoformat(until)}
    assert periods_of(Basis(fees=("x",), **days), every) == periods


def test_a_rate_is_its_base_and_every_spread_that_fits() -> None:
    rule = RateRule(
        code="loan",
        zh="贷款利率",
        en="Loan rate",
        base_ppm=34_500,
        floor_ppm=30_000,
        spreads=(
            Spread(code="long", ppm=5_000, from_days=366),
            Spread(code="large", ppm=-3_000, from_minor=100_000_000),
            Spread(code="vip", ppm=-8_000, scope=Scope(segment="vip")),
        ),
    )

    def rate(amount: int, days: int, segment: str = "") -> tuple[int, list[str]]:
        ppm, parts = rate_of(rule, amount_minor=amount, term_days=days, one=Whom(segment=segment))
        return ppm, [one.code for one in parts]

    assert rate(1, 365) == (34_500, ["base"])
    assert rate(100_000_000, 720) == (36_500, ["base", "long", "large"])
    assert rate(100_000_000, 30, "vip") == (30_000, ["base", "large", "vip", "floor"])


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ({"prices": (TRANSFER, replace(TRANSFER, code="twin"))}, "Two prices"),
        ({"prices": (replace(LOAN, bands=()),)}, "1 to 1 bands"),
        ({"prices": (replace(LOAN, bands=(Band(upto_minor=5),)),)}, "without an end"),
        ({"prices": (replace(LOAN, code="a b"),)}, "code"),
        ({"prices": (replace(LOAN, most_minor=1),)}, "most of at least its least"),
        ({"prices": (LOAN, LOAN)}, "twice"),
        ({"currency": "XXX"}, "ISO 4217"),
        ({"rates": (RateRule(code="r", zh="利率", en="R", base_ppm=10**9),)}, "ppm"),
    ],
)
def test_a_book_that_will_not_do_is_refused_with_its_cure(wrong: dict[str, Any], word: str) -> None:
    check_book(STANDARD)
    with pytest.raises((Malformed, PriceBookRefused), match=word):
        check_book(replace(STANDARD, **wrong))


scopes = st.builds(
    Scope,
    party_id=st.sampled_from(["", "", "P1"]),
    segment=st.sampled_from(["", "", "vip"]),
    scenario=st.sampled_from(["", "", "app"]),
)
amounts = st.one_of(st.integers(0, 3_000), st.integers(0, MINOR_MAX))


@st.composite
def prices(draw: st.DrawFn, code: str) -> Price:
    kind = draw(st.sampled_from(FeeKind))
    is_flat = kind in (FeeKind.FLAT, FeeKind.PERIOD)
    is_banded = kind in (FeeKind.SLAB, FeeKind.PROGRESSIVE)
    tops = sorted(draw(st.sets(amounts, max_size=4))) if is_banded else []
    bands = tuple(
        Band(
            upto_minor=top,
            minor=draw(amounts),
            rate_ppm=0 if is_flat else draw(st.integers(0, PPM)),
        )
        for top in [*tops, None]
    )
    least = draw(st.sampled_from([0, 0, 7, 500]))
    return Price(
        fee="f",
        code=code,
        zh="价",
        en="Price",
        kind=kind,
        bands=bands,
        least_minor=least,
        most_minor=draw(st.sampled_from([None, None, least, 10_000])),
        free=draw(st.sampled_from([None, Free(count=2)])),
        rounding=draw(st.sampled_from(Rounding)),
        tax=draw(st.sampled_from(Tax)),
        tax_bp=draw(st.sampled_from([0, 600, 1_300, 10_000])),
        scope=draw(scopes),
        priority=draw(st.integers(0, 1)),
    )


discount = st.builds(
    Discount,
    code=st.text("abc", min_size=1, max_size=3),
    zh=st.just("优惠"),
    en=st.just("Off"),
    off_bp=st.integers(1, 10_000),
    stacks=st.booleans(),
    scope=scopes,
) | st.builds(
    Discount,
    code=st.text("def", min_size=1, max_size=3),
    zh=st.just("优惠"),
    en=st.just("Off"),
    off_minor=amounts,
    stacks=st.booleans(),
)


def by_one(some: list[Price], off: list[Discount], basis: Basis, used: int) -> tuple[object, ...]:
    """Price one row as the scalar form does."""
    price, tried = chosen(some, whom(basis))
    if price is None:
        return PriceStatus.NO_PRICE, "", 0, 0, 0, 0
    is_free = price.free is not None and used < price.free.count
    free = Tried(kind="free", code=price.code, won=True, why="won") if is_free else None
    try:
        line = line_of(price, tried, off, basis, date=DAY, free=free)
    except AmountTooLarge:
        return PriceStatus.TOO_LARGE, price.code, 0, 0, 0, 0
    status = PriceStatus.FREE if is_free else PriceStatus.PRICED
    return (
        status,
        price.code,
        line.fee_minor,
        line.off_minor,
        line.tax_minor,
        line.total_minor,
    )


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_columns_price_as_the_scalar_form_does(data: st.DataObject) -> None:
    some = [data.draw(prices(code)) for code in "pqr"]
    off = data.draw(st.lists(discount, max_size=3, unique_by=lambda one: one.code))
    rows = data.draw(
        st.lists(
            st.tuples(
                amounts,
                st.sampled_from(["", "P1", "P2"]),
                st.sampled_from(["", "vip"]),
                st.sampled_from(["", "app"]),
                st.integers(0, 4),
            ),
            min_size=1,
            max_size=6,
        )
    )
    names = ("amount_minor", "party_id", "segment", "scenario", "used")
    kinds = (pa.int64(), pa.string(), pa.string(), pa.string(), pa.int64())
    columns = pa.record_batch(
        {
            name: pa.array([row[at] for row in rows], kind)
            for at, (name, kind) in enumerate(zip(names, kinds, strict=True))
        }
    )
    found = priced(some, off, DAY, columns)
    for at, (amount, party, segment, scenario, used) in enumerate(rows):
        basis = Basis(
            fees=("f",),
            amount_minor=amount,
            party_id=party,
            segment=segment,
            scenario=scenario,
        )
        expected = by_one(some, off, basis, used)
        assert tuple(found[name][at].as_py() for name in found.schema.names) == expected


def test_columns_refuse_a_row_that_is_none_and_keep_the_others() -> None:
    columns = pa.record_batch(
        {
            "amount_minor": pa.array([-1, None, 100_000, MINOR_MAX + 1], pa.int64()),
            "periods": pa.array([1, 1, 1, 1], pa.int64()),
        }
    )
    found = priced([TRANSFER], [AUTUMN], DAY, columns)
    malformed = PriceStatus.MALFORMED
    assert found["status"].to_pylist() == [malformed, malformed, PriceStatus.FREE, malformed]
    yearly = Price(
        fee="f", code="y", zh="年费", en="Year", kind=FeeKind.PERIOD, bands=(Band(minor=MINOR_MAX),)
    )
    columns = pa.record_batch(
        {
            "amount_minor": pa.array([0, 0], pa.int64()),
            "periods": pa.array([1, 100_000], pa.int64()),
        }
    )
    found = priced([yearly], [], DAY, columns)
    assert found["status"].to_pylist() == [PriceStatus.PRICED, PriceStatus.TOO_LARGE]

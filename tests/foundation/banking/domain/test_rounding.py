"""Goal: nothing is lost or made by rounding, at any size. Method: Hypothesis against fractions."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.foundation.banking.domain import oracle
from yunjin.foundation.banking.domain import OutOfRange, Rounding, mul_div, post, round_to
from yunjin.foundation.banking.kernels import E8
from yunjin.kernel.errors import Bug

numbers = st.one_of(
    st.integers(-(2**63) + 1, 2**63 - 1),
    st.integers(-1000, 1000),
    st.sampled_from([2**32 - 1, 2**32, 2**32 + 1, 2**62, 2**63 - 1, -(2**63)]),
)
divisors = st.one_of(st.integers(1, 2**63 - 1), st.integers(1, 20), st.just(2**32))


@given(numbers, numbers, divisors, st.sampled_from(Rounding))
@example(-(2**63), 1, 2, Rounding.HALF_EVEN)
@example(2**63 - 1, 2**63 - 1, 2**63 - 1, Rounding.UP)
def test_a_product_of_any_size_is_divided_exactly(
    a: int, b: int, c: int, rounding: Rounding
) -> None:
    expected = oracle.rounded(Fraction(a * b, c), rounding)
    if abs(expected) < 2**63:
        assert int(mul_div(a, b, c, rounding)) == expected
    else:
        with pytest.raises(OutOfRange):
            mul_div(a, b, c, rounding)


@pytest.mark.parametrize(
    ("rounding", "told"),
    [
        (Rounding.DOWN, [-2, -1, 0, 0, 0, 1, 2]),
        (Rounding.UP, [-3, -2, -1, 0, 1, 2, 3]),
        (Rounding.HALF_UP, [-2, -1, 0, 0, 1, 2, 3]),
        (Rounding.HALF_AWAY, [-3, -2, -1, 0, 1, 2, 3]),
        (Rounding.HALF_EVEN, [-2, -2, 0, 0, 0, 2, 2]),
    ],
)
def test_halves_go_where_the_mode_says(rounding: Rounding, told: list[int]) -> None:
    assert mul_div([-5, -3, -1, 0, 1, 3, 5], 1, 2, rounding).tolist() == told


@given(
    st.lists(st.integers(-(10**15), 10**15), min_size=1, max_size=20),
    st.sampled_from([1, 5, 100, 1000]),
    st.sampled_from(Rounding),
)
def test_what_rounding_takes_is_handed_back(
    values: list[int], unit: int, rounding: Rounding
) -> None:
    whole, rest = round_to(values, unit, rounding)
    assert (whole + rest).tolist() == values
    assert not (whole % unit).any()
    assert (np.abs(rest) < unit).all()


@given(st.lists(st.integers(0, 10**16), min_size=1, max_size=30), st.sampled_from(Rounding))
def test_the_residue_of_postings_never_drifts(accruals: list[int], rounding: Rounding) -> None:
    booked, residue = 0, 0
    for accrued in accruals:
        minor, residue = post(accrued + residue, rounding)
        booked += int(minor)
    assert booked * E8 + residue == sum(accruals)
    assert abs(residue) < E8


def test_columns_and_single_values_mix() -> None:
    assert mul_div([10, 20, 30], 3, [4, 5, 6], Rounding.HALF_AWAY).tolist() == [8, 12, 15]
    assert isinstance(mul_div(10, 3, 4, Rounding.DOWN), np.int64)
    assert mul_div([], 1, 2, Rounding.DOWN).tolist() == []


def test_what_is_no_whole_number_or_no_divisor_is_a_bug() -> None:
    with pytest.raises(TypeError, match="expected whole numbers"):
        mul_div(1.5, 1, 2, Rounding.DOWN)
    with pytest.raises(Bug, match="divisor"):
        mul_div(1, 1, 0, Rounding.DOWN)
    with pytest.raises(Bug, match="rows"):
        mul_div([1, 2], [1, 2, 3], 1, Rounding.DOWN)

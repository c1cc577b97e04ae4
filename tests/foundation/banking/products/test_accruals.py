"""Goal: a settlement posts what grew, once. Method: Hypothesis settles any growth twice.

The story: a half unit of a penalty was rounded up and paid; each later entry then gave a unit back
and took it again, and the penalty due stood below zero.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from yunjin.foundation.banking.domain.products.declarations import Accrual
from yunjin.foundation.banking.domain.products.slots import Slot
from yunjin.foundation.banking.domain.rounding import Rounding
from yunjin.foundation.banking.kernels import E8

grown = st.lists(
    st.one_of(
        st.integers(-(10**15), 10**15),
        st.integers(-1_000, 1_000).map(lambda halves: halves * E8 // 2),
    ),
    min_size=1,
)


def accrual(how: Rounding, *, keeps: bool = True) -> Accrual:
    return Accrual(
        debit=Slot.INTEREST_ACCRUED, credit=Slot.INTEREST_INCOME, rounding=how, keeps_residue=keeps
    )


@pytest.mark.parametrize("how", Rounding)
@given(grown)
def test_a_second_settlement_right_after_the_first_posts_nothing(
    how: Rounding, values: list[int]
) -> None:
    column = np.array(values, np.int64)
    amounts, residue = accrual(how).split(column)
    assert (amounts * E8 + residue == column).all()
    again, left = accrual(how).split(residue)
    assert not again.any()
    assert (left == residue).all()


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        (Rounding.DOWN, [0, 1, 0, -1]),
        (Rounding.UP, [1, 2, 0, -1]),
        (Rounding.HALF_UP, [1, 2, 0, -1]),
        (Rounding.HALF_AWAY, [1, 2, 0, -1]),
        (Rounding.HALF_EVEN, [0, 2, 0, -2]),
    ],
)
def test_halves_are_settled_as_the_rounding_says(how: Rounding, expected: list[int]) -> None:
    halves = np.array([1, 3, -1, -3], np.int64) * (E8 // 2)
    assert accrual(how).split(halves)[0].tolist() == expected


def test_a_residue_that_is_dropped_is_rounded_away_from_zero_on_both_sides() -> None:
    halves = np.array([1, 3, -1, -3], np.int64) * (E8 // 2)
    amounts, residue = accrual(Rounding.HALF_AWAY, keeps=False).split(halves)
    assert amounts.tolist() == [1, 2, -1, -2]
    assert not residue.any()

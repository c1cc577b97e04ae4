"""Goal: a repayment goes where the product says. Method: known cases; Hypothesis against a loop."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from yunjin.foundation.banking.domain import (
    PENALTY_FIRST,
    PRINCIPAL_FIRST,
    Bucket,
    OutOfRange,
    Sequence,
    allocate,
)
from yunjin.kernel.errors import Bug

DUE = [[[5, 0, 30, 100], [0, 2, 20, 100]]]


@pytest.mark.parametrize(
    ("order", "sequence", "amount", "told"),
    [
        (PENALTY_FIRST, Sequence.BY_INSTALMENT, 140, [[5, 0, 30, 100], [0, 2, 3, 0]]),
        (PENALTY_FIRST, Sequence.BY_BUCKET, 140, [[5, 0, 30, 83], [0, 2, 20, 0]]),
        (PRINCIPAL_FIRST, Sequence.BY_INSTALMENT, 140, [[5, 0, 30, 100], [0, 0, 0, 5]]),
        (PRINCIPAL_FIRST, Sequence.BY_BUCKET, 140, [[0, 0, 0, 100], [0, 0, 0, 40]]),
    ],
)
def test_money_goes_in_the_order_of_the_product(
    order: tuple[Bucket, ...], sequence: Sequence, amount: int, told: list[list[int]]
) -> None:
    made = allocate([amount], DUE, order, sequence)
    assert made.paid.tolist() == [told]
    assert made.rest.tolist() == [0]


dues = st.lists(
    st.lists(st.lists(st.integers(0, 50), min_size=4, max_size=4), min_size=3, max_size=3),
    min_size=1,
    max_size=5,
)


@given(st.data(), dues, st.permutations(list(Bucket)), st.sampled_from(Sequence))
def test_allocation_agrees_with_a_loop(
    data: st.DataObject, due: list[list[list[int]]], order: list[Bucket], sequence: Sequence
) -> None:
    amounts = [data.draw(st.integers(0, 500)) for _ in due]
    made = allocate(amounts, due, tuple(order), sequence)
    for row, amount in enumerate(amounts):
        claims = [(place, bucket) for place in range(3) for bucket in order]
        if sequence is Sequence.BY_BUCKET:
            claims = [(place, bucket) for bucket in order for place in range(3)]
        for place, bucket in claims:
            paid = min(amount, due[row][place][bucket])
            assert made.paid[row, place, bucket] == paid
            amount -= paid
        assert made.rest[row] == amount
    assert (made.paid.sum(axis=(1, 2)) + made.rest == amounts).all()


def test_negative_amounts_and_lost_buckets_are_refused() -> None:
    with pytest.raises(OutOfRange):
        allocate([-1], DUE, PENALTY_FIRST, Sequence.BY_BUCKET)
    with pytest.raises(OutOfRange):
        allocate([1], -np.array(DUE), PENALTY_FIRST, Sequence.BY_BUCKET)
    with pytest.raises(Bug, match="each bucket once"):
        allocate([1], DUE, (Bucket.FEE, Bucket.FEE), Sequence.BY_BUCKET)

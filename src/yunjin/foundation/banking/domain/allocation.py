"""Who gets a repayment: the order in which penalty, fees, interest and principal are settled."""

from enum import IntEnum, StrEnum
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from yunjin.foundation.banking.domain.columns import Int64s
from yunjin.foundation.banking.errors import OutOfRange
from yunjin.kernel import check

_DUE_MAX: Final = 2**53 - 1


class Bucket(IntEnum):
    """What is owed; the number is the place in the last axis of what is due."""

    PENALTY = 0  # 罚息
    FEE = 1  # 费用
    INTEREST = 2  # 利息
    PRINCIPAL = 3  # 本金


class Sequence(StrEnum):
    """Which comes first: an older instalment or a better bucket."""

    BY_INSTALMENT = "by instalment"  # the oldest instalment whole, then the next
    BY_BUCKET = "by bucket"  # the first bucket of all instalments, then the next bucket


# 先费后息再本 for performing loans; 先本后息 for non-performing ones
PENALTY_FIRST: Final = (Bucket.PENALTY, Bucket.FEE, Bucket.INTEREST, Bucket.PRINCIPAL)
PRINCIPAL_FIRST: Final = (Bucket.PRINCIPAL, Bucket.INTEREST, Bucket.FEE, Bucket.PENALTY)


class Allocated(NamedTuple):
    """What went where: int64[n, instalments, 4], and what is left over, int64[n]."""

    paid: Int64s
    rest: Int64s


def allocate(
    amount: ArrayLike, due: ArrayLike, order: tuple[Bucket, ...], sequence: Sequence
) -> Allocated:
    """Share out repayments over what is due.

    Parameters
    ----------
    amount : int64[n], minor units, ≥ 0.
    due : int64[n, instalments, 4], minor, ≥ 0; the oldest instalment first, buckets by Bucket.
    order : buckets in the order they are settled; each exactly once.

    Raises: OutOfRange (an amount below 0, or dues whose sum is above 2^53).
    """
    check.that(sorted(order) == list(Bucket), f"expected each bucket once, was {order}")
    money, table = np.asarray(amount, np.int64), np.asarray(due, np.int64)
    check.that(
        table.ndim == 3 and table.shape[0] == len(money) and table.shape[2] == len(Bucket),
        f"expected dues of shape ({len(money)}, instalments, {len(Bucket)}), was {table.shape}",
    )
    if (money < 0).any() or (table < 0).any() or (table > _DUE_MAX // table.shape[1]).any():
        raise OutOfRange("expected amounts from 0 to 2^53, was another")
    # one axis of claims in the order of their turn
    turns = table[:, :, list(order)]
    if sequence is Sequence.BY_BUCKET:
        turns = turns.swapaxes(1, 2)
    claims = turns.reshape(len(money), -1)
    until = np.minimum(np.cumsum(claims, axis=1), money[:, np.newaxis])
    paid = np.diff(until, axis=1, prepend=0).reshape(turns.shape)
    if sequence is Sequence.BY_BUCKET:
        paid = paid.swapaxes(1, 2)
    back = np.empty_like(table)
    back[:, :, list(order)] = paid
    return Allocated(back, money - back.sum(axis=(1, 2)))

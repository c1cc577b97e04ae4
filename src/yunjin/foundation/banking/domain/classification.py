"""Five-tier classification 五级分类 by days overdue, and the provision that goes with it.

Thresholds: 《商业银行金融资产风险分类办法》(中国银保监会、中国人民银行令〔2023〕第1号), in force
2023-07-01: overdue at all: at least special mention; over 90 days: at least substandard; over 270:
at least doubtful; over 360: loss. Rates: 《银行贷款损失准备计提指引》(银发〔2002〕98号): 1 % of all
loans in general, and 2, 25, 50, 100 % of the four lower classes; a preset: banks set their own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from yunjin.foundation.banking.domain.columns import days
from yunjin.foundation.banking.domain.rounding import Rounding, mul_div
from yunjin.foundation.banking.errors import OutOfRange
from yunjin.foundation.banking.kernels import PPM
from yunjin.kernel import check


class RiskClass(IntEnum):
    """The five classes; a higher one is worse."""

    NORMAL = 1  # 正常
    SPECIAL_MENTION = 2  # 关注
    SUBSTANDARD = 3  # 次级
    DOUBTFUL = 4  # 可疑
    LOSS = 5  # 损失


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassPolicy:
    """Thresholds and rates from a date on.

    Attributes
    ----------
    over_days : a loan overdue by more days than this belongs at least to special mention,
        substandard, doubtful, loss; ascending.
    provision : ppm of the balance, for the five classes from normal to loss.
    """

    since: str
    over_days: tuple[int, int, int, int]
    provision: tuple[int, int, int, int, int]


CLASS_POLICIES: Final = (
    ClassPolicy(
        since="2023-07-01",
        over_days=(0, 90, 270, 360),
        provision=(10_000, 20_000, 250_000, 500_000, 1_000_000),
    ),
)


def policy_at(date: ArrayLike, policies: Sequence[ClassPolicy] = CLASS_POLICIES) -> ClassPolicy:
    """Return the policy in force on a date.

    Raises: OutOfRange (a date before the first policy).
    """
    asked = days(date)
    known = [policy for policy in policies if days(policy.since) <= asked]
    if not known:
        raise OutOfRange(f"expected a date on or after {policies[0].since}, was {asked}")
    return max(known, key=lambda policy: policy.since)


def classify(
    days_overdue: ArrayLike, policy: ClassPolicy, *, at_least: ArrayLike = RiskClass.NORMAL
) -> NDArray[np.uint8]:
    """Return the RiskClass of each loan, uint8[n].

    Parameters
    ----------
    days_overdue : int[n], of the oldest unpaid amount, ≥ 0.
    at_least : RiskClass of each loan that a person or another rule has set; time never improves it.
    """
    overdue = np.asarray(days_overdue)
    check.that(np.min(overdue, initial=0) >= 0, "expected days overdue ≥ 0, was fewer")
    by_time = np.searchsorted(policy.over_days, overdue, side="left") + int(RiskClass.NORMAL)
    return np.maximum(by_time, at_least).astype(np.uint8)


def provision(
    balance: ArrayLike, risk_class: ArrayLike, policy: ClassPolicy, rounding: Rounding
) -> Any:
    """Return the provision of each loan, int64[n] minor units.

    Raises: OutOfRange.
    """
    rates = np.array(policy.provision, np.int64)
    return mul_div(balance, rates[np.asarray(risk_class, np.int64) - 1], PPM, rounding)

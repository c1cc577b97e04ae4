"""Goal: loans are classed by the rule in force. Method: both sides of every threshold."""

import pytest

from yunjin.foundation.banking.domain import (
    CLASS_POLICIES,
    ClassPolicy,
    OutOfRange,
    RiskClass,
    Rounding,
    classify,
    policy_at,
    provision,
)

POLICY = CLASS_POLICIES[0]


def test_both_sides_of_every_threshold_are_classed_apart() -> None:
    days = [0, 1, 90, 91, 270, 271, 360, 361, 5000]
    assert classify(days, POLICY).tolist() == [1, 2, 2, 3, 3, 4, 4, 5, 5]


def test_what_a_person_has_set_is_never_improved_by_time() -> None:
    set_by_hand = [RiskClass.DOUBTFUL, RiskClass.NORMAL]
    assert classify([0, 100], POLICY, at_least=set_by_hand).tolist() == [4, 3]


def test_provisions_follow_the_class() -> None:
    made = provision([10_050] * 5, [1, 2, 3, 4, 5], POLICY, Rounding.UP)
    assert made.tolist() == [101, 201, 2513, 5025, 10_050]


def test_a_later_policy_holds_from_its_date() -> None:
    later = ClassPolicy(since="2030-01-01", over_days=(0, 60, 180, 270), provision=POLICY.provision)
    both = (*CLASS_POLICIES, later)
    assert policy_at("2029-12-31", both) is POLICY
    assert policy_at("2030-01-01", both) is later
    with pytest.raises(OutOfRange, match="2023-07-01"):
        policy_at("2023-06-30")

"""Schedules of loans: terms, what happens to a loan, and what falls due."""

from yunjin.foundation.banking.domain.schedules.schedule import Schedule, schedule
from yunjin.foundation.banking.domain.schedules.settling import Payoff, payoff, re_age
from yunjin.foundation.banking.domain.schedules.terms import (
    NO_FLOWS,
    NO_RATES,
    Flows,
    Grace,
    LastInstalment,
    Method,
    PartPeriod,
    Rates,
    Recast,
    Terms,
)
from yunjin.foundation.banking.domain.schedules.underway import Next, Underway, next_payment

__all__ = [
    "NO_FLOWS",
    "NO_RATES",
    "Flows",
    "Grace",
    "LastInstalment",
    "Method",
    "Next",
    "PartPeriod",
    "Payoff",
    "Rates",
    "Recast",
    "Schedule",
    "Terms",
    "Underway",
    "next_payment",
    "payoff",
    "re_age",
    "schedule",
]

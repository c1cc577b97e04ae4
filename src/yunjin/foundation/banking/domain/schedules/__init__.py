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

__all__ = [
    "NO_FLOWS",
    "NO_RATES",
    "Flows",
    "Grace",
    "LastInstalment",
    "Method",
    "PartPeriod",
    "Payoff",
    "Rates",
    "Recast",
    "Schedule",
    "Terms",
    "payoff",
    "re_age",
    "schedule",
]

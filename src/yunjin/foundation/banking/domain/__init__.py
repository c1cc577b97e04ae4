"""The mathematics of banking: pure, exact, over columns. What others use is named here.

Dates are datetime64[D], money int64 minor units, rates int64 parts per million a year, accrued
interest int64 in 10⁻⁸ of a minor unit. One row is a column of one.

    rounding        舍入      Rounding, mul_div, round_to, post
    day count       计息基础   DayCount, year_fraction, fraction_within
    calendar        营业日历   Calendar, CHINA, WEEKENDS, EVERY_DAY, Roll
    period          期次      Frequency, period_dates, add_months
    accrual         计提      Tiers, accrue, bounded_rate
    schedule        还款计划   Terms, schedule, payoff, re_age, Flows, Rates
    allocation      还款冲账   allocate, Bucket, Sequence
    annual cost     年化成本   apr, effective_rate, annual_cost, cap_warnings, lpr_cap
    classification  五级分类   classify, provision, policy_at
"""

from yunjin.foundation.banking.domain.accrual import Tiers, accrue, bounded_rate
from yunjin.foundation.banking.domain.allocation import (
    PENALTY_FIRST,
    PRINCIPAL_FIRST,
    Allocated,
    Bucket,
    Sequence,
    allocate,
)
from yunjin.foundation.banking.domain.calendars import (
    CHINA,
    EVERY_DAY,
    WEEKENDS,
    Calendar,
    Roll,
    Years,
)
from yunjin.foundation.banking.domain.classification import (
    CLASS_POLICIES,
    ClassPolicy,
    RiskClass,
    classify,
    policy_at,
    provision,
)
from yunjin.foundation.banking.domain.costs import (
    AnnualCost,
    CapWarning,
    EffectiveRate,
    Flow,
    PerYear,
    UnitPeriod,
    annual_cost,
    apr,
    apr_of_dates,
    apr_of_one_payment,
    cap_warnings,
    effective_rate,
    lpr_cap,
)
from yunjin.foundation.banking.domain.daycount import (
    DayCount,
    YearFraction,
    fraction_within,
    year_fraction,
)
from yunjin.foundation.banking.domain.periods import Frequency, add_months, period_dates
from yunjin.foundation.banking.domain.rounding import Rounding, mul_div, post, round_to
from yunjin.foundation.banking.domain.schedules import (
    NO_FLOWS,
    NO_RATES,
    Flows,
    Grace,
    LastInstalment,
    Method,
    PartPeriod,
    Payoff,
    Rates,
    Recast,
    Schedule,
    Terms,
    payoff,
    re_age,
    schedule,
)
from yunjin.foundation.banking.errors import (
    MoreThanOwed,
    NoRate,
    OutOfRange,
    OutsideCalendar,
    UnusableTerms,
)

__all__ = [
    "CHINA",
    "CLASS_POLICIES",
    "EVERY_DAY",
    "NO_FLOWS",
    "NO_RATES",
    "PENALTY_FIRST",
    "PRINCIPAL_FIRST",
    "WEEKENDS",
    "Allocated",
    "AnnualCost",
    "Bucket",
    "Calendar",
    "CapWarning",
    "ClassPolicy",
    "DayCount",
    "EffectiveRate",
    "Flow",
    "Flows",
    "Frequency",
    "Grace",
    "LastInstalment",
    "Method",
    "MoreThanOwed",
    "NoRate",
    "OutOfRange",
    "OutsideCalendar",
    "PartPeriod",
    "Payoff",
    "PerYear",
    "Rates",
    "Recast",
    "RiskClass",
    "Roll",
    "Rounding",
    "Schedule",
    "Sequence",
    "Terms",
    "Tiers",
    "UnitPeriod",
    "UnusableTerms",
    "YearFraction",
    "Years",
    "accrue",
    "add_months",
    "allocate",
    "annual_cost",
    "apr",
    "apr_of_dates",
    "apr_of_one_payment",
    "bounded_rate",
    "cap_warnings",
    "classify",
    "effective_rate",
    "fraction_within",
    "lpr_cap",
    "mul_div",
    "payoff",
    "period_dates",
    "policy_at",
    "post",
    "provision",
    "re_age",
    "round_to",
    "schedule",
    "year_fraction",
]

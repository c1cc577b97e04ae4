"""What a loan costs its borrower, as an annual rate, and what the law says of it."""

from yunjin.foundation.banking.domain.costs.annual import (
    AnnualCost,
    EffectiveRate,
    PerYear,
    annual_cost,
    effective_rate,
)
from yunjin.foundation.banking.domain.costs.caps import (
    CAPS,
    LPR_1Y,
    LPR_5Y,
    CapPolicy,
    CapWarning,
    cap_warnings,
    lpr_cap,
)
from yunjin.foundation.banking.domain.costs.regulation_z import (
    UnitPeriod,
    apr,
    apr_of_dates,
    apr_of_one_payment,
    unit_periods,
)
from yunjin.foundation.banking.domain.costs.solving import Flow

__all__ = [
    "CAPS",
    "LPR_1Y",
    "LPR_5Y",
    "AnnualCost",
    "CapPolicy",
    "CapWarning",
    "EffectiveRate",
    "Flow",
    "PerYear",
    "UnitPeriod",
    "annual_cost",
    "apr",
    "apr_of_dates",
    "apr_of_one_payment",
    "cap_warnings",
    "effective_rate",
    "lpr_cap",
    "unit_periods",
]

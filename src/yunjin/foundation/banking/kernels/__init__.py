"""The loops of banking: arrays and primitives in, status codes out."""

from yunjin.foundation.banking.kernels.dates import split_days
from yunjin.foundation.banking.kernels.exact import multiply_divide
from yunjin.foundation.banking.kernels.instalments import (
    DONE,
    MORE_THAN_OWED,
    PAYS_INTEREST,
    PAYS_PRINCIPAL,
    ROWS_MAX,
    SOLVES,
    TOO_LARGE,
    UNPROVEN,
)
from yunjin.foundation.banking.kernels.interest import E8, PPM, accrue_rows
from yunjin.foundation.banking.kernels.schedules import Paid, Rounds, Rows, amortise

__all__ = [
    "DONE",
    "E8",
    "MORE_THAN_OWED",
    "PAYS_INTEREST",
    "PAYS_PRINCIPAL",
    "PPM",
    "ROWS_MAX",
    "SOLVES",
    "TOO_LARGE",
    "UNPROVEN",
    "Paid",
    "Rounds",
    "Rows",
    "accrue_rows",
    "amortise",
    "multiply_divide",
    "split_days",
]

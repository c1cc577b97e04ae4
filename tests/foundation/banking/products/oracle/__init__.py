"""Oracles of the shipped products: one agreement, one day at a time, whole numbers and fractions.

It shares no code with the engine but the names of the accounts, so that both being wrong in the
same way takes two mistakes.
"""

from tests.foundation.banking.products.oracle.base import Agreement, Current, Daily, even, part
from tests.foundation.banking.products.oracle.cards import Card, CreditLine, kind
from tests.foundation.banking.products.oracle.deposits import FixedDeposit, NoticeDeposit
from tests.foundation.banking.products.oracle.loans import Loan

__all__ = [
    "Agreement",
    "Card",
    "CreditLine",
    "Current",
    "Daily",
    "FixedDeposit",
    "Loan",
    "NoticeDeposit",
    "even",
    "kind",
    "part",
]

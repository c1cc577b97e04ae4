"""The ledger's door, its flags and codes, and the columns that travel through it."""

from yunjin.foundation.ledger.api.codes import (
    TRANSIENT,
    AccountFlag,
    AccountStatus,
    TransferFlag,
    TransferStatus,
)
from yunjin.foundation.ledger.api.columns import (
    ACCOUNTS,
    ACCOUNTS_OPTIONAL,
    ACCOUNTS_REQUIRED,
    HISTORY,
    RESULTS,
    RESULTS_WITH_BALANCES,
    TRANSFERS,
    TRANSFERS_OPTIONAL,
    TRANSFERS_REQUIRED,
)
from yunjin.foundation.ledger.api.door import (
    Alias,
    CellState,
    Finding,
    Head,
    JournalRow,
    Ledger,
    LedgerApi,
    TransferQuery,
    TrialBalanceLine,
    VerifyReport,
)

__all__ = [
    "ACCOUNTS",
    "ACCOUNTS_OPTIONAL",
    "ACCOUNTS_REQUIRED",
    "HISTORY",
    "RESULTS",
    "RESULTS_WITH_BALANCES",
    "TRANSFERS",
    "TRANSFERS_OPTIONAL",
    "TRANSFERS_REQUIRED",
    "TRANSIENT",
    "AccountFlag",
    "AccountStatus",
    "Alias",
    "CellState",
    "Finding",
    "Head",
    "JournalRow",
    "Ledger",
    "LedgerApi",
    "TransferFlag",
    "TransferQuery",
    "TransferStatus",
    "TrialBalanceLine",
    "VerifyReport",
]

"""The loops that move money: arrays and primitives in, status codes out."""

from yunjin.foundation.ledger.kernels.accounts import open_accounts
from yunjin.foundation.ledger.kernels.holds import compact_holds, expire, expire_again, fates_of
from yunjin.foundation.ledger.kernels.ids import (
    end_generation,
    find_ids,
    find_on_page,
    probe_ids,
    rehash_ids,
    shelves_of,
)
from yunjin.foundation.ledger.kernels.lookups import gather_accounts, rows_of, sum_ledgers
from yunjin.foundation.ledger.kernels.replay import replay_accounts, replay_transfers
from yunjin.foundation.ledger.kernels.splits import divide, torn_holds
from yunjin.foundation.ledger.kernels.tables import (
    ACCOUNT,
    COUNTERS,
    ENTRY,
    HOLD,
    USED,
    AccountColumns,
    Book,
    Counter,
    Earlier,
    Fate,
    Inherited,
    Outcome,
    TransferColumns,
    rehash_accounts,
    rehash_holds,
)
from yunjin.foundation.ledger.kernels.transfers import post_transfers, tell_retries

__all__ = [
    "ACCOUNT",
    "COUNTERS",
    "ENTRY",
    "HOLD",
    "USED",
    "AccountColumns",
    "Book",
    "Counter",
    "Earlier",
    "Fate",
    "Inherited",
    "Outcome",
    "TransferColumns",
    "compact_holds",
    "divide",
    "end_generation",
    "expire",
    "expire_again",
    "fates_of",
    "find_ids",
    "find_on_page",
    "gather_accounts",
    "open_accounts",
    "post_transfers",
    "probe_ids",
    "rehash_accounts",
    "rehash_holds",
    "rehash_ids",
    "replay_accounts",
    "replay_transfers",
    "rows_of",
    "shelves_of",
    "sum_ledgers",
    "tell_retries",
    "torn_holds",
]

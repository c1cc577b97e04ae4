"""Batches of transfers in columns, made before the clock starts."""

import numpy as np
import pyarrow as pa

from benchmarks.serving import BATCH_ROWS, CODE, LEDGER
from yunjin import client


def make(
    chance: np.random.Generator, accounts: np.ndarray, count: int, *, is_hot: bool = False
) -> list[pa.RecordBatch]:
    """Make batches of 8,190 plain transfers between random accounts, each with its own id.

    Parameters
    ----------
    accounts : int64[n], ids to choose from.
    is_hot : one account is debited by every transfer.
    """
    made = []
    for _ in range(count):
        debit = chance.integers(0, len(accounts), BATCH_ROWS)
        if is_hot:
            debit[:] = 0
        credit = (debit + chance.integers(1, len(accounts), BATCH_ROWS)) % len(accounts)
        hi, lo = client.ids(BATCH_ROWS)
        made.append(
            client.Transfers(
                id_hi=hi,
                id_lo=lo,
                debit_account_id=accounts[debit],
                credit_account_id=accounts[credit],
                amount_minor=chance.integers(1, 10_000, BATCH_ROWS),
                ledger=LEDGER,
                code=CODE,
            )
        )
    return made

"""Other cells, reached over Arrow Flight."""

import json

import numpy as np
import pyarrow as pa

from yunjin.chassis.transport.flight_caller import FlightCaller
from yunjin.foundation.ledger.api import Ledger


class FlightCell:
    """A cell in another process (CellPort). Safe for threads."""

    def __init__(self, address: str, answer_s: int) -> None:
        self._caller = FlightCaller(address, answer_s=answer_s)
        self.close = self._caller.close

    def ledgers(self) -> list[Ledger]:
        items = json.loads(self._caller.ask("ledgers", {}))["items"]
        return [Ledger(**item) for item in items]

    def open_accounts(self, accounts: pa.RecordBatch) -> pa.RecordBatch:
        return self._caller.exchange("accounts", accounts)

    def post_transfers(self, transfers: pa.RecordBatch) -> pa.RecordBatch:
        return self._caller.exchange("transfers", transfers)

    def accounts(self, account_ids: list[int]) -> pa.RecordBatch:
        ids = pa.array(np.array(account_ids, np.int64))
        return self._caller.exchange("lookup_accounts", pa.record_batch([ids], names=["id"]))

"""What moved on accounts, read from the waves: every one that was ever kept is there."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pyarrow as pa

from yunjin.chassis.persistence import RoomDatabase
from yunjin.foundation.banking.api.bringing import MOVED, Moved
from yunjin.foundation.banking.domain.packing import unpack
from yunjin.foundation.banking.domain.products.slots import grows_by_credit
from yunjin.foundation.banking.service.books import AGREEMENT, Kept, account_column
from yunjin.foundation.banking.service.drafting import counted_of
from yunjin.foundation.banking.store import keeping


class Owned:
    """The accounts of agreements: whose each is, its name, the side it grows on."""

    def __init__(self, places: Iterable[tuple[Kept, Any]]) -> None:
        ids, owners, names, signs = [], [], list[str](), []
        for kept, rows in places:
            for name, account in kept.book.accounts.items():
                ids.append(kept.book.columns[account_column(name)][rows])
                owners.append(kept.book.columns[AGREEMENT][rows])
                names += [name] * len(rows)
                sign = -1 if grows_by_credit(account.slot) else 1
                signs.append(np.full(len(rows), sign, np.int64))
        empty = np.zeros(0, np.int64)
        every = np.concatenate([empty, *ids])
        turn = np.argsort(every, kind="stable")
        self.ids = every[turn]
        self.owners = np.concatenate([empty, *owners])[turn]
        self.signs = np.concatenate([empty, *signs])[turn]
        self.names = np.array(names, dtype=object)[turn]

    def find(self, accounts: Any) -> Any:
        """Return the place of each account (int64[n]), −1 where it is none of these."""
        if not len(self.ids):
            return np.full(len(accounts), -1)
        at = np.minimum(np.searchsorted(self.ids, accounts), len(self.ids) - 1)
        return np.where(self.ids[at] == accounts, at, -1)


def moved_since(
    room: RoomDatabase, owned: Owned, done: Callable[[int], Any], after: int, limit: int
) -> Moved:
    """Return what moved on accounts in up to `limit` waves after one.

    done : tells which chains of a wave were booked (bool[chains]).
    """
    rows = room.read(lambda connection: keeping.waves_after(connection, after, limit))
    found, until = [], after
    for row in rows:
        until = int(row.sequence)
        body = unpack(row.body)
        if len(body["place"]):
            found += _moved(until, body, done(until), owned)
    table = pa.Table.from_batches(found, MOVED).combine_chunks()
    batches = table.to_batches()
    whole = batches[0] if batches else pa.RecordBatch.from_pylist([], MOVED)
    return Moved(rows=whole, until=until, is_all=len(rows) < limit)


def _moved(sequence: int, body: Any, is_done: Any, owned: Owned) -> list[pa.RecordBatch]:
    counted = np.flatnonzero(counted_of(body, is_done))
    found = []
    for side, sign in (("debit_account_id", 1), ("credit_account_id", -1)):
        at = owned.find(body[side][counted])
        mine = at >= 0
        rows, at = counted[mine], at[mine]
        if len(rows):
            amounts = sign * owned.signs[at] * body["amount_minor"][rows]
            days = body["user_data_32"][rows].astype(np.int64).astype("datetime64[D]")
            columns = {
                "wave": np.full(len(rows), sequence),
                "agreement_id": owned.owners[at],
                "account": owned.names[at],
                "date": days,
                "amount_minor": amounts,
                "code": body["code"][rows],
                "id_hi": body["id_hi"][rows],
                "id_lo": body["id_lo"][rows],
            }
            arrays = [pa.array(columns[each.name], each.type) for each in MOVED]
            found.append(pa.RecordBatch.from_arrays(arrays, schema=MOVED))
    return found

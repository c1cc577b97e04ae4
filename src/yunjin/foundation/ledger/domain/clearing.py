"""The legs of crossings: their ids, their accounts, what their answers mean. Pure, in columns.

Everything follows from the caller's request, so that a crossing can be taken up again anywhere, by
anybody, and the ledgers' own memory of ids makes it act once:

    hold      here   pending, payer → clearing account of the other cell
    delivery  there  clearing account of our cell → payee
    ending    here   posts the hold, or voids it with the other cell's reason

The hold carries the caller's id (user_data_128) and the payee (user_data_64): sent again with
another payee it is another request, and the ledger says so. The delivery carries id and payer.
"""

import hashlib
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa

from yunjin.foundation.ledger.api.clearing import CLEARING_CODE
from yunjin.foundation.ledger.api.codes import TRANSIENT, TransferFlag
from yunjin.foundation.ledger.api.codes import TransferStatus as S
from yunjin.kernel.ids import CELL_MAX, CLEARING_FROM, SEQUENCE_BITS
from yunjin.kernel.shares import Share

UNTOLD: Final = 255  # no status: not asked yet, or not answered
_SPACE: Final = b"yunjin/cross/1"  # a new rule for ids would need a new number
_PEER_SHIFT: Final = 32
_TIME_AND_VERSION: Final = np.uint64(2**64 - 2**12)
_VERSION: Final = np.uint64(0xF000)
_V8: Final = np.uint64(0x8000)
_CHANCE: Final = np.uint64(2**62 - 1)
_VARIANT: Final = np.uint64(1 << 63)


class Crossings(NamedTuple):
    """A batch of crossings to one peer, and how far each has come, in columns."""

    id_hi: Any  # uint64[n], the caller's id
    id_lo: Any
    debit_account_id: Any  # int64[n], the payer, of this cell
    credit_account_id: Any  # int64[n], the payee, of the other cell
    amount_minor: Any  # int64[n]
    ledger: Any  # uint32[n]
    code: Any  # uint16[n]
    user_data_32: Any  # uint32[n]
    held: Any  # uint8[n]: 0 held, UNTOLD, or the TransferStatus that refused it
    there: Any  # uint8[n]: 0 delivered, UNTOLD, or the TransferStatus that refused it for good

    def rows(self, which: Any) -> "Crossings":
        """Return some of the rows (bool[n] or int64[k])."""
        return Crossings(*(column[which] for column in self))

    def ids_of(self, share: Share) -> tuple[list[int], list[int]]:
        """Return the ids (high and low halves) of those whose payers are of a share."""
        mine = share.holds(self.debit_account_id)
        return self.id_hi[mine].tolist(), self.id_lo[mine].tolist()


class LegIds(NamedTuple):
    """Ids of the legs, uint64[n] each."""

    hold_hi: Any
    hold_lo: Any
    delivery_hi: Any
    delivery_lo: Any
    ending_hi: Any
    ending_lo: Any

    def rows(self, which: Any) -> "LegIds":
        """Return some of the rows (bool[n] or int64[k])."""
        return LegIds(*(column[which] for column in self))


class Sides(NamedTuple):
    """Who clears with whom."""

    cell: int  # ours
    peer: int  # the other side's number here
    peer_cell: int  # its cell, in its own numbers
    known_as: int  # our number there


def clearing_account(cell: int, peer: int, ledger: Any) -> Any:
    """Return the account in which a cell keeps what it owes a peer (< 0: is owed), in a ledger.

    A function of its three numbers, so that both sides know it without asking; the upper half of a
    cell's sequences is kept for such accounts. ledger: a number, or a column of them.
    """
    base = cell << SEQUENCE_BITS | CLEARING_FROM | peer << _PEER_SHIFT
    return base | (ledger.astype(np.int64) if isinstance(ledger, np.ndarray) else ledger)


def peer_of(account: Any) -> Any:
    """Return the peer's number in clearing accounts (int64[n])."""
    return account >> _PEER_SHIFT & CELL_MAX


def leg_ids(hi: Any, lo: Any, *, known_as: int, attempt: int = 0) -> LegIds:
    """Return the ids of the legs of crossings, from the caller's ids (uint64[n] each).

    A UUIDv7 gives its time to its legs, so that the ledgers know where to look for them; the rest
    is a hash. Any other id makes UUIDv8s (RFC 9562, section 5.8). The hold's id knows nothing of
    the peer: an id acts once, wherever it is sent.

    Parameters
    ----------
    known_as : our number there: two senders with one id do not meet at the receiver.
    attempt : of ending a hold, when an earlier one was refused for a time and used its id up.
    """
    halves = np.stack([hi, lo], axis=1).astype(">u8").tobytes()
    salt = attempt.to_bytes(8, "big")
    digests = [
        hashlib.blake2b(
            halves[at : at + 16], digest_size=48, person=_SPACE, salt=salt, usedforsecurity=False
        ).digest()
        for at in range(0, len(halves), 16)
    ]
    words = np.frombuffer(b"".join(digests), ">u8").astype(np.uint64).reshape(-1, 6)
    is_v7 = (hi & _VERSION == 0x7000) & (lo >> np.uint64(62) == 2)
    columns = []
    for at in (0, 2, 4):
        high, low = words[:, at], words[:, at + 1]
        timely = hi & _TIME_AND_VERSION | high & ~_TIME_AND_VERSION
        columns.append(np.where(is_v7, timely, high & ~_VERSION | _V8))
        columns.append(low & _CHANCE | _VARIANT)
    columns[3] = columns[3] ^ np.uint64(known_as)
    return LegIds(*columns)


def holds(batch: Crossings, ids: LegIds, sides: Sides) -> pa.RecordBatch:
    """Return the holds of a batch, as `post_transfers` takes them; they never expire."""
    return _columns(
        id_hi=ids.hold_hi,
        id_lo=ids.hold_lo,
        debit_account_id=batch.debit_account_id,
        credit_account_id=clearing_account(sides.cell, sides.peer, batch.ledger),
        amount_minor=batch.amount_minor,
        ledger=batch.ledger,
        code=batch.code,
        flags=_all(batch, TransferFlag.PENDING, np.uint16),
        user_data_128_hi=batch.id_hi,
        user_data_128_lo=batch.id_lo,
        user_data_64=batch.credit_account_id.astype(np.uint64),
        user_data_32=batch.user_data_32,
    )


def deliveries(batch: Crossings, ids: LegIds, sides: Sides) -> pa.RecordBatch:
    """Return what is posted in the other cell."""
    return _columns(
        id_hi=ids.delivery_hi,
        id_lo=ids.delivery_lo,
        debit_account_id=clearing_account(sides.peer_cell, sides.known_as, batch.ledger),
        credit_account_id=batch.credit_account_id,
        amount_minor=batch.amount_minor,
        ledger=batch.ledger,
        code=batch.code,
        user_data_128_hi=batch.id_hi,
        user_data_128_lo=batch.id_lo,
        user_data_64=batch.debit_account_id.astype(np.uint64),
        user_data_32=batch.user_data_32,
    )


def seals(batch: Crossings, ids: LegIds, sides: Sides) -> pa.RecordBatch:
    """Return transfers that use the deliveries' ids up and move nothing.

    They take from the payee for an account that cannot be (sequence 0), which a ledger refuses for
    a time only: it remembers the id as failed for ever. A delivery that comes late can then do
    nothing. Where a split gave the payee to another cell meanwhile, nothing is remembered, and
    the delivery has to go there.
    """
    nobody = sides.peer_cell << SEQUENCE_BITS
    return _columns(
        id_hi=ids.delivery_hi,
        id_lo=ids.delivery_lo,
        debit_account_id=batch.credit_account_id,
        credit_account_id=_all(batch, nobody, np.int64),
        amount_minor=_all(batch, 0, np.int64),
        ledger=_all(batch, 1, np.uint32),
        code=_all(batch, CLEARING_CODE, np.uint16),
    )


def endings(batch: Crossings, ids: LegIds) -> pa.RecordBatch:
    """Return what ends the holds: a post where there is no reason, else a void that carries it."""
    is_void = batch.there != 0
    zeros = _all(batch, 0, np.int64)
    return _columns(
        id_hi=ids.ending_hi,
        id_lo=ids.ending_lo,
        debit_account_id=zeros,
        credit_account_id=zeros,
        amount_minor=zeros,
        ledger=_all(batch, 0, np.uint32),
        code=_all(batch, 0, np.uint16),
        flags=np.where(is_void, TransferFlag.VOID_PENDING, TransferFlag.POST_PENDING).astype("u2"),
        pending_id_hi=ids.hold_hi,
        pending_id_lo=ids.hold_lo,
        user_data_32=batch.there.astype(np.uint32),
    )


def plain(batch: Crossings) -> pa.RecordBatch:
    """Return what the caller would have posted while one cell had both accounts."""
    return _columns(
        id_hi=batch.id_hi,
        id_lo=batch.id_lo,
        debit_account_id=batch.debit_account_id,
        credit_account_id=batch.credit_account_id,
        amount_minor=batch.amount_minor,
        ledger=batch.ledger,
        code=batch.code,
        user_data_32=batch.user_data_32,
    )


def _columns(**columns: Any) -> pa.RecordBatch:
    arrays = [pa.array(column) for column in columns.values()]
    return pa.RecordBatch.from_arrays(arrays, names=list(columns))


def _all(batch: Crossings, value: int, kind: Any) -> Any:
    return np.full(len(batch.id_hi), value, kind)


# what answers mean ------------------------------------------------------------------------------


def _table(*statuses: S) -> Any:
    """Return a look-up table of statuses: bool[256]."""
    table = np.zeros(256, np.bool_)
    table[list(statuses)] = True
    return table


IS_DONE: Final = _table(S.CREATED, S.EXISTS)
# There: the id is used up and moved nothing, so it never will.
IS_REFUSED: Final = _table(S.ID_ALREADY_FAILED, *TRANSIENT)
# There: a split gave the payee to another cell of its home; nothing was done.
IS_MOVED: Final = _table(S.CREDIT_ACCOUNT_MOVED)
# There: something else has our id. What became of ours is not known; nobody may guess.
IS_FOREIGN: Final = _table(*(s for s in S if s.name.startswith("EXISTS_WITH_DIFFERENT")))
# Here, of a post: by another attempt. Of a void, too: with a reason given before.
IS_POSTED: Final = _table(S.CREATED, S.EXISTS, S.PENDING_TRANSFER_ALREADY_POSTED)
IS_VOIDED: Final = _table(
    S.CREATED,
    S.EXISTS,
    S.EXISTS_WITH_DIFFERENT_USER_DATA_32,
    S.PENDING_TRANSFER_ALREADY_VOIDED,
)
# Here, of a post: the account is closed for now; the next attempt needs another id.
IS_FOR_NOW: Final = _table(S.DEBIT_ACCOUNT_CLOSED, S.CREDIT_ACCOUNT_CLOSED, S.ID_ALREADY_FAILED)


def may_come_late(status: Any) -> Any:
    """Tell which refusals there left no trace, so that a late delivery might still act: bool[n]."""
    return ~(IS_DONE[status] | IS_REFUSED[status] | IS_FOREIGN[status] | IS_MOVED[status])

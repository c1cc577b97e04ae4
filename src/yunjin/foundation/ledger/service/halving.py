"""Splitting a cell's book, and what a cell that was split answers for what is elsewhere."""

from typing import Any, Final, Protocol
from uuid import UUID

import numpy as np

from yunjin.foundation.ledger import kernels
from yunjin.foundation.ledger.api import CLEARING_CODE
from yunjin.foundation.ledger.domain import codec
from yunjin.foundation.ledger.domain.clearing import clearing_account
from yunjin.foundation.ledger.domain.codec import Entry
from yunjin.foundation.ledger.domain.splits import Fork, Split
from yunjin.foundation.ledger.errors import AccountMoved, SplitRefused, SplitWaits
from yunjin.foundation.ledger.kernels import AccountColumns, Book, Counter, TransferColumns
from yunjin.foundation.ledger.service.generations import Generations
from yunjin.foundation.ledger.service.past import Past
from yunjin.kernel import check
from yunjin.kernel.ids import SEQUENCE_MAX, account_id
from yunjin.kernel.shares import DEPTH_MAX, Share

_NAMED: Final = 10
_NET_MAX: Final = 2**62


class Cell(Protocol):
    """What is asked of a cell here."""

    number: int
    book: Book
    forks: list[tuple[int, Share]]
    since: int
    made: list[int]
    sequence: int
    hash: bytes
    ids: Generations
    past: Past

    @property
    def share(self) -> Share: ...

    def count(self, counter: Counter) -> int: ...

    def ensure_accounts(self, sequences: Any) -> None: ...

    def next_timestamp(self, clock_ns: int) -> int: ...

    def seal(
        self,
        kind: str,
        columns: int,
        body: bytes,
        count: int,
        epoch: int,
        first: int,
        last: int,
        *,
        fork: Fork | None = None,
    ) -> Entry: ...


# splitting --------------------------------------------------------------------------------------


def check_whole(cell: Cell) -> None:
    """See that no open hold is between the halves. Raises: SplitWaits, SplitRefused."""
    if cell.share.depth >= DEPTH_MAX:
        raise SplitRefused(f"A home has {1 << DEPTH_MAX} cells at most.")
    before = cell.share
    hi, lo = np.zeros(_NAMED, np.uint64), np.zeros(_NAMED, np.uint64)
    _set_share(cell, before.halves()[0])
    count = kernels.torn_holds(cell.book, hi, lo)
    _set_share(cell, before)
    if count:
        pairs = zip(hi.tolist(), lo.tolist(), strict=True)
        named = [str(UUID(int=high << 64 | low)) for high, low in list(pairs)[:count]]
        raise SplitWaits(
            f"{count} pending transfers are between accounts of both halves: post or void them, or"
            " wait for their end.",
            holds=count,
            first=named,
        )


def split(
    cell: Cell, epoch: int, clock_ns: int, *, number: int, into: int, holder: str
) -> list[Entry]:
    """Split a cell's book; return the journal row, with what is committed beside it.

    number: of this cell.  into: of the new one.  holder: who has the new one's lease first.
    Raises: SplitWaits, SplitRefused; nothing was done.
    """
    check_whole(cell)
    base, previous = cell.next_timestamp(clock_ns), cell.hash
    stays, goes = cell.share.halves()
    nets = _divided(cell, stays, keeps_clearing=True)
    told: dict[str, Any] = {
        "home": stays.home,
        "depth": stays.depth,
        "residue": stays.residue,
        "cell": number,
        "into": into,
    }
    here = Split(**told, is_new=False, nets=nets)
    there = Split(**told, is_new=True, nets=tuple((ledger, -net) for ledger, net in nets))
    last = _book_between(cell, here, base)
    cell.forks.append(here.there)
    cell.made.append(into)
    new = Entry(
        cell=stays.home,
        sequence=cell.sequence + 1,
        epoch=epoch,
        kind=codec.SPLIT,
        columns=0,
        row_count=1,
        timestamp_first=base,
        timestamp_last=last,
        previous_hash=previous,
        body=there.packed(),
    ).sealed()
    fork = Fork(into=into, entry=new, share=goes, holder=holder)
    return [cell.seal(codec.SPLIT, 0, here.packed(), 1, epoch, base, last, fork=fork)]


def replay(cell: Cell, entry: Entry) -> int:
    """Split a book again as its journal says. Returns how many ledgers do not fit the book."""
    told = Split.of(entry.body)
    nets = _divided(cell, told.here, keeps_clearing=not told.is_new)
    _book_between(cell, told, entry.timestamp_first)
    cell.forks.append(told.there)
    if told.is_new and told.into == cell.number:
        cell.since, cell.made = entry.sequence, []
    elif not told.is_new:
        cell.made.append(told.into)
    return len(set(nets) ^ set(told.nets))


def _set_share(cell: Cell, share: Share) -> None:
    cell.book.counters[[Counter.DEPTH, Counter.RESIDUE]] = share.depth, share.residue


def _divided(cell: Cell, share: Share, *, keeps_clearing: bool) -> tuple[tuple[int, int], ...]:
    """Take out of a book what is not of a share; return what it came to, by ledger."""
    _set_share(cell, share)
    book, have = cell.book, cell.count(Counter.ACCOUNTS)
    cell.book = book = book._replace(
        direct=np.full(len(book.direct), -1, np.int32), sparse=np.zeros_like(book.sparse)
    )
    room = len(np.unique(book.accounts["ledger"][:have]))
    ledgers, sums = np.zeros(room, np.uint32), np.zeros((room, 5), np.int64)
    count, _ = kernels.divide(book, keeps_clearing, ledgers, sums)
    nets = []
    for ledger, line in sorted(zip(ledgers[:count].tolist(), sums[:count].tolist(), strict=True)):
        net = (line[1] - line[3] << 32) + line[2] - line[4]
        check.that(abs(net) < _NET_MAX, "expected a half to come to less than 2^62 minor", net=net)
        if net:
            nets.append((ledger, net))
    return tuple(nets)


def _book_between(cell: Cell, told: Split, base: int) -> int:
    """Book what went to the account between the halves; return the last timestamp taken."""
    last = base + max(len(told.nets), 1) - 1
    cell.book.counters[Counter.LAST_TIMESTAMP] = last
    ledgers = np.array([ledger for ledger, _ in told.nets], np.uint32)
    ids = clearing_account(told.home, told.home, ledgers)
    cell.ensure_accounts(ids & SEQUENCE_MAX)
    rows = np.empty(1, np.int32)
    for place, (_, net) in enumerate(told.nets):
        if not kernels.rows_of(cell.book, ids[place : place + 1], rows):
            one = _clearing(ids[place : place + 1], ledgers[place : place + 1])
            kernels.replay_accounts(cell.book, one, np.zeros(1, np.uint8), np.array([base + place]))
            kernels.rows_of(cell.book, ids[place : place + 1], rows)
        side = "credits_posted" if net > 0 else "debits_posted"
        cell.book.accounts[side][rows[0]] += abs(net)
    return last


def _clearing(ids: Any, ledgers: Any) -> AccountColumns:
    small, wide = np.zeros(1, np.uint16), np.zeros(1, np.int64)
    return AccountColumns(ids, ledgers, np.full(1, CLEARING_CODE, np.uint16), small, wide, wide)


# what is elsewhere ------------------------------------------------------------------------------


def check_accounts(cell: Cell, accounts: Any) -> None:
    """See that not all of some accounts (int64[n]) are elsewhere. Raises: AccountMoved."""
    is_elsewhere = cell.share.lacks(accounts)
    if len(accounts) and is_elsewhere.all():
        raise moved(cell, accounts)


def check_all_here(cell: Cell, accounts: Any) -> None:
    """See that none of some accounts (int64[n]) is elsewhere. Raises: AccountMoved."""
    is_elsewhere = cell.share.lacks(accounts)
    if is_elsewhere.any():
        raise moved(cell, accounts[is_elsewhere])


def left(cell: Cell, sequences: Any) -> Any:
    """Tell which of the book's accounts (their sequences, int64[n]) are elsewhere now."""
    share = cell.share
    return share.lacks(sequences | account_id(share.home, 0))


def check_payers(cell: Cell, columns: TransferColumns) -> None:
    """See that not all payers of a batch are elsewhere. Raises: AccountMoved.

    Where some are here, the others' transfers are answered one by one: debit_account_moved.
    """
    payers = np.where(
        columns.debit_account_id != 0, columns.debit_account_id, columns.credit_account_id
    )
    unnamed = np.flatnonzero(payers == 0)
    if len(unnamed) and cell.share.lacks(payers[payers != 0]).all():
        payers[unnamed] = _held_by(
            cell, columns.pending_id_hi[unnamed], columns.pending_id_lo[unnamed]
        )
    check_accounts(cell, payers)


def _held_by(cell: Cell, hi: Any, lo: Any) -> Any:
    """Return the payers of pending transfers (int64[n]), 0 where there is none."""
    found = cell.ids.find(hi, lo)
    payers = np.zeros(len(hi), np.int64)
    if found is not None:
        known = np.flatnonzero(found >= 0)
        if len(known):
            places, which = np.unique(found[known], return_inverse=True)
            priors, _ = cell.past.rows_at(places)
            payers[known] = priors.debit_account_id[which]
    return payers


def moved(cell: Cell, accounts: Any) -> AccountMoved:
    """Return what is answered where accounts are in another cell of their home."""
    account = int(accounts[0])
    there = next((number for number, share in reversed(cell.forks) if share.holds(account)), None)
    facts = {} if there is None else {"cell": there}
    what = f"Account {account} is in cell {'' if there is None else there} now."
    return AccountMoved(what, account_id=str(account), **facts)

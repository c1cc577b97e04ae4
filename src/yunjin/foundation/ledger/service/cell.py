"""A cell: the book of accounts, and the rows that a batch adds to the journal.

Nothing here is durable or concurrent: the writer makes rows durable, and holds the lock.
"""

import hashlib
from typing import Any, Final

import numpy as np

from yunjin.foundation.ledger import kernels
from yunjin.foundation.ledger.api import AccountFlag, Ledger, TransferFlag
from yunjin.foundation.ledger.domain import codec
from yunjin.foundation.ledger.domain.codec import Entry
from yunjin.foundation.ledger.domain.splits import Fork
from yunjin.foundation.ledger.errors import BatchRefused, JournalDamaged
from yunjin.foundation.ledger.kernels import (
    USED,
    Book,
    Counter,
    Earlier,
    Outcome,
    TransferColumns,
)
from yunjin.foundation.ledger.kernels.ids import NOWHERE
from yunjin.foundation.ledger.service import halving
from yunjin.foundation.ledger.service.ahead import Ahead, touched
from yunjin.foundation.ledger.service.generations import Generations, Table
from yunjin.foundation.ledger.service.past import Past, outcome, zero_columns
from yunjin.foundation.ledger.store.index import Index
from yunjin.foundation.ledger.store.journal import Journal
from yunjin.kernel.ids import SEQUENCE_MAX
from yunjin.kernel.shares import Share

_SETTLE: Final = TransferFlag.POST_PENDING | TransferFlag.VOID_PENDING
_DIRECT_MAX: Final = 1 << 26  # sequences up to here may be found without a hash

_NOTHING: Final = Earlier(
    np.zeros(0, np.int64),
    np.zeros(0, np.int64),
    zero_columns(0),
    outcome(0),
    np.zeros(0, np.uint8),
)


class Cell:
    """State = f(journal)."""

    def __init__(self, journal: Journal, index: Index, *, bloom_words: int, usual: int) -> None:
        self.number, self.journal, self.index = journal.cell, journal, index
        self.past = Past(journal)
        self.ids = Generations(index, bloom_words=bloom_words, usual=usual)
        self.ledgers: dict[int, Ledger] = {}
        self.sequence, self.hash = 0, codec.GENESIS
        self.runs: dict[str, list[int]] = {"ids": self.ids.runs, "fates": [], "history": []}
        self.settled_before: Any = np.zeros(0, USED)  # holds being saved; positions are fates
        self.entries_before: Any = np.zeros(0, kernels.ENTRY)
        self._spare: dict[str, Any] = {}
        self._ahead = Ahead(lambda rows: touched(np.zeros(rows, kernels.ACCOUNT)))
        counters = np.zeros(kernels.COUNTERS, np.int64)
        counters[Counter.CELL] = journal.home
        self.forks: list[tuple[int, Share]] = []  # cells of the same home, as each came to be
        self.since = 0  # the row of the split that made this cell
        self.made: list[int] = []  # the cells that came of this one
        self.book = Book(
            np.zeros(64, kernels.ACCOUNT),
            np.full(128, -1, np.int32),
            np.zeros((8, 2), np.int64),
            self.ids.young.rows,
            self.ids.young.slots,
            np.zeros(64, kernels.HOLD),
            np.zeros(128, np.int32),
            np.zeros((64, 2), np.int64),
            np.zeros(64, kernels.ENTRY),
            np.zeros(64, np.int32),
            np.zeros(64, kernels.ACCOUNT),
            counters,
        )

    def count(self, counter: Counter) -> int:
        """Return one of the book's counters."""
        return int(self.book.counters[counter])

    @property
    def share(self) -> Share:
        """Which of its home's accounts the cell has."""
        return Share(*map(self.count, (Counter.CELL, Counter.DEPTH, Counter.RESIDUE)))

    @property
    def is_split(self) -> bool:
        """Whether other cells have accounts of the same home."""
        return self.count(Counter.DEPTH) > 0

    @property
    def last_timestamp(self) -> int:
        """The latest timestamp given, ns."""
        return self.count(Counter.LAST_TIMESTAMP)

    def spare(self, name: str, like: Any) -> Any:
        """Return room as large as `like`, used before if there is any: fresh memory is slow."""
        kept = self._spare.pop(name, None)
        if kept is None and name == "accounts":
            kept = self._ahead.take(len(like))
        is_fit = kept is not None and len(kept) == len(like)
        return kept if is_fit else np.zeros(len(like), like.dtype)

    def keep_spare(self, name: str, view: Any) -> None:
        """Keep the room behind a view, for `spare`."""
        self._spare[name] = view if view.base is None else view.base

    # room ---------------------------------------------------------------------------------------

    def ensure_accounts(self, sequences: Any) -> None:
        """Make room for new accounts; most sequences are small and are found without a hash."""
        book, have = self.book, self.count(Counter.ACCOUNTS)
        need = have + len(sequences)
        accounts = _grown(book.accounts, need)
        direct, sparse = book.direct, book.sparse
        ceiling = min(_DIRECT_MAX, max(1024, 4 * need))
        small = sequences[(sequences >= 0) & (sequences < ceiling)]
        wanted = int(small.max()) + 1 if len(small) else 0
        hashed = self.count(Counter.SPARSE) + len(sequences) - len(small)
        remade = wanted > len(direct) or 2 * (hashed + len(sequences)) > len(sparse)
        if wanted > len(direct):
            direct = np.full(1 << (wanted - 1).bit_length(), -1, np.int32)
        elif remade:
            direct = np.full(len(direct), -1, np.int32)
        if remade:
            slots = max(len(sparse), 8)
            while slots < 2 * (hashed + len(sequences)):
                slots *= 2
            sparse = np.zeros((slots, 2), np.int64)
        self.book = book._replace(accounts=accounts, direct=direct, sparse=sparse)
        if remade:
            kernels.rehash_accounts(self.book)

    def ensure_transfers(self, more: int) -> None:
        """Make room for what `more` transfers or expiries may add."""
        book, used = self.book, self.count(Counter.IDS)
        self.ids.ensure(used, more)
        if self.ids.is_half_full(used) and "accounts" not in self._spare:
            self._ahead.order(len(book.accounts))  # a checkpoint will copy them
        holds = _grown(book.holds, self.count(Counter.HOLDS) + more)
        slots = book.hold_slots
        remade = len(slots) < 2 * (self.count(Counter.HOLDS) + more)
        if remade:
            slots = np.zeros(1 << (2 * len(holds)).bit_length(), np.int32)
        self.book = book._replace(
            ids=self.ids.young.rows,
            id_slots=self.ids.young.slots,
            holds=holds,
            hold_slots=slots,
            heap=_grown(book.heap, self.count(Counter.HEAP) + more),
            entries=_grown(book.entries, self.count(Counter.ENTRIES) + 2 * more),
            undo_rows=_grown(book.undo_rows, 2 * more, keep=False),
            undo_accounts=_grown(book.undo_accounts, 2 * more, keep=False),
        )
        if remade:
            kernels.rehash_holds(self.book)

    # commands -----------------------------------------------------------------------------------

    def next_timestamp(self, clock_ns: int) -> int:
        """Return the ledger's time now, ns: later than all it has given."""
        return max(clock_ns, self.last_timestamp + 1)

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
    ) -> Entry:
        """Return the next row of the journal."""
        entry = Entry(
            cell=self.count(Counter.CELL),
            sequence=self.sequence + 1,
            epoch=epoch,
            kind=kind,
            columns=columns,
            row_count=count,
            timestamp_first=first,
            timestamp_last=last,
            previous_hash=self.hash,
            body=body,
            fork=fork,
        ).sealed()
        self.past.unwritten[entry.sequence] = entry
        self.sequence, self.hash = entry.sequence, entry.hash
        return entry

    def declare(self, ledgers: list[Ledger], epoch: int) -> list[Entry]:
        """Name ledgers. Raises: BatchRefused where a currency would change."""
        for new in ledgers:
            known = self.ledgers.get(new.ledger)
            if known is not None and known.currency != new.currency:
                raise BatchRefused(
                    f"Ledger {new.ledger} is kept in {known.currency}, not {new.currency}.",
                    ledger=new.ledger,
                )
        fresh = [new for new in ledgers if self.ledgers.get(new.ledger) != new]
        if not fresh:
            return []
        self.ledgers.update({new.ledger: new for new in fresh})
        at = self.last_timestamp  # a name moves no money: history may still be imported after it
        body = codec.pack_ledgers(fresh)
        return [self.seal(codec.LEDGERS, 0, body, len(fresh), epoch, at, at)]

    def open_accounts(
        self, columns: kernels.AccountColumns, epoch: int, clock_ns: int
    ) -> tuple[Any, Any, list[Entry]]:
        """Open accounts. Returns (statuses, timestamps, journal rows). Raises: AccountMoved."""
        if self.is_split:
            halving.check_accounts(self, columns.id)
        count, rows = len(columns.id), self.expire(epoch, clock_ns)
        base = self.next_timestamp(clock_ns)
        self.ensure_accounts(columns.id & SEQUENCE_MAX)
        status, timestamp = np.zeros(count, np.uint8), np.zeros(count, np.int64)
        kernels.open_accounts(self.book, columns, status, timestamp, base, base)
        created = np.flatnonzero(status == 0)
        if not len(created):
            return status, timestamp, rows
        first = int(timestamp[created[0]])
        if not columns.flags[0] & AccountFlag.IMPORTED:  # every item takes its place in time
            first = base
            self.book.counters[Counter.LAST_TIMESTAMP] = base + count - 1
        mask, body = codec.pack_accounts(columns, status)
        last = self.last_timestamp
        rows.append(self.seal(codec.ACCOUNTS, mask, body, count, epoch, first, last))
        return status, timestamp, rows

    def post(
        self, columns: TransferColumns, epoch: int, clock_ns: int, *, balances: bool = False
    ) -> tuple[Outcome, list[Entry]]:
        """Post transfers. Returns (answers, journal rows); the columns are filled in place.

        Raises: AccountMoved.
        """
        if self.is_split:
            halving.check_payers(self, columns)
        count, rows = len(columns.id_hi), self.expire(epoch, clock_ns)
        base = self.next_timestamp(clock_ns)
        imported = count > 0 and bool(columns.flags[0] & TransferFlag.IMPORTED)
        self.ensure_transfers(count)
        earlier = self._earlier(columns)
        out = outcome(count, balances=balances)
        position = (self.sequence + 1) << 16
        before = self.count(Counter.IDS)
        kernels.post_transfers(self.book, columns, out, earlier, position, base, base)
        if balances:
            kernels.tell_retries(self.book, columns, out, earlier, position)
        if self.count(Counter.IDS) == before:
            return out, rows  # nothing was created, nothing failed for good: nothing to keep
        if not imported:
            self.book.counters[Counter.LAST_TIMESTAMP] = base + count - 1
        mask, body = codec.pack_transfers(columns, out)
        first = base
        if imported:
            made = np.flatnonzero(out.status == 0)
            first = int(out.timestamp[made[0]]) if len(made) else self.last_timestamp
        rows.append(
            self.seal(codec.TRANSFERS, mask, body, count, epoch, first, self.last_timestamp)
        )
        return out, rows

    def expire(self, epoch: int, clock_ns: int) -> list[Entry]:
        """Expire the holds whose time has come. Returns the journal rows.

        It takes a place in the ledger's time, so that nothing imported later comes before it.
        """
        rows: list[Entry] = []
        until = self.next_timestamp(clock_ns)
        while self.count(Counter.HEAP) and self.book.heap[0, 0] <= until:
            self.ensure_transfers(8_190)
            hi, lo = np.zeros(8_190, np.uint64), np.zeros(8_190, np.uint64)
            count = kernels.expire(self.book, until, (self.sequence + 1) << 16, hi, lo)
            if count == 0:
                break
            mask, body = codec.pack_expiry(hi[:count], lo[:count])
            rows.append(self.seal(codec.EXPIRY, mask, body, count, epoch, until, until))
            self.book.counters[Counter.LAST_TIMESTAMP] = until
        return rows

    # earlier transfers --------------------------------------------------------------------------

    def _earlier(self, columns: TransferColumns) -> Earlier:
        """Fetch the earlier transfers that a batch's ids and pending ids name."""
        found = self.ids.find(columns.id_hi, columns.id_lo)
        settles = columns.flags & _SETTLE != 0
        pending = None
        if settles.any():
            pending = self.ids.find(columns.pending_id_hi, columns.pending_id_lo)
        if found is None and pending is None:
            return _NOTHING
        nowhere = np.full(len(columns.id_hi), -1, np.int64)
        found = nowhere if found is None else found
        pending = nowhere if pending is None else np.where(settles, pending, -1)
        positions = np.unique(np.concatenate([found[found >= 0], pending[pending >= 0]]))
        if not len(positions):
            return _NOTHING
        priors, answers = self.past.rows_at(positions)
        fates = np.zeros(len(positions), np.uint8)
        is_hold = (priors.flags & TransferFlag.PENDING != 0) & (answers.status == 0)
        held = np.flatnonzero(is_hold)  # one that failed never held anything
        if len(held):
            fates[held] = self.fates(priors.id_hi[held], priors.id_lo[held], positions[held])
        known = np.where(found >= 0, np.searchsorted(positions, found), -1)
        known_pending = np.where(pending >= 0, np.searchsorted(positions, pending), -1)
        return Earlier(known, known_pending, priors, answers, fates)

    def fates(self, hi: Any, lo: Any, positions: Any) -> Any:
        """Return what became of pending transfers (kernels.Fate, int64[n]), made at positions."""
        found = np.full(len(hi), NOWHERE, np.int64)
        kernels.fates_of(self.book, hi, lo, found)
        asked = np.flatnonzero(found == NOWHERE)
        if len(asked):  # settled in an earlier generation: seldom asked for
            before = self.settled_before
            found[asked] = Table(before, len(before)).find(hi[asked], lo[asked])
        for run in self.runs["fates"]:  # the first run after it was made will mostly have it
            mine = np.flatnonzero((found == NOWHERE) & (positions >> 16 <= run))
            if len(mine):
                found[mine] = self.index.find("fates", run, hi[mine], lo[mine])
        if (found == NOWHERE).any():  # an open hold is in the book: to settle it would move money
            raise JournalDamaged(
                "The fate of a pending transfer is not known. Stop, delete the cell's index files"
                " (…index.db…), start: they are made again from the journal."
            )
        return found

    # replay -------------------------------------------------------------------------------------

    def replay(self, entry: Entry) -> str:
        """Apply one journal row again. Returns what is wrong with it, "" where nothing is."""
        if not self.sequence:  # whose home it is may have been written after this was made
            self.book.counters[Counter.CELL] = self.journal.home
        if entry.sequence != self.sequence + 1:
            return f"expected row {self.sequence + 1}, was {entry.sequence}"
        if entry.previous_hash != self.hash:
            return f"row {entry.sequence} does not follow the hash of row {self.sequence}"
        if entry.digest() != entry.hash:
            return f"row {entry.sequence} is not what was written: its hash differs"
        if entry.version > codec.VERSION:
            return f"row {entry.sequence} is of version {entry.version}, newer than this code"
        strangers = 0
        if entry.kind == codec.LEDGERS:
            self.ledgers.update({x.ledger: x for x in codec.unpack_ledgers(entry.body)})
        elif entry.kind == codec.ACCOUNTS:
            accounts, status, timestamp = codec.unpack_accounts(entry)
            self.ensure_accounts(accounts.id & SEQUENCE_MAX)
            kernels.replay_accounts(self.book, accounts, status, timestamp)
        elif entry.kind == codec.TRANSFERS:
            transfers, out = codec.unpack_transfers(entry)
            self.ensure_transfers(entry.row_count)
            strangers = kernels.replay_transfers(
                self.book, transfers, out, entry.sequence << 16, entry.timestamp_first
            )
        elif entry.kind == codec.EXPIRY:
            self.ensure_transfers(entry.row_count)
            strangers = kernels.expire_again(
                self.book, *codec.unpack_expiry(entry), entry.timestamp_first, entry.sequence << 16
            )
        elif entry.kind == codec.SPLIT:
            strangers = halving.replay(self, entry)
        else:
            return f"row {entry.sequence} is of the unknown kind {entry.kind!r}"
        self.book.counters[Counter.LAST_TIMESTAMP] = entry.timestamp_last
        self.sequence, self.hash = entry.sequence, entry.hash
        return f"row {entry.sequence} moves {strangers} amounts nobody holds" if strangers else ""

    def fingerprint(self) -> str:
        """Return a hash of all accounts and open holds: equal books have equal ones."""
        holds = self.book.holds[: self.count(Counter.HOLDS)]
        digest = hashlib.sha256(self.book.accounts[: self.count(Counter.ACCOUNTS)].tobytes())
        digest.update(holds[holds["fate"] == 0].tobytes())
        return digest.hexdigest()


def _grown(array: Any, need: int, *, keep: bool = True) -> Any:
    """Return the array, or a doubled copy that has room for `need` rows."""
    size = len(array)
    if need <= size:
        return array
    while size < need:
        size *= 2
    larger = np.zeros((size, *array.shape[1:]), array.dtype)
    if keep:
        larger[: len(array)] = array
    return larger

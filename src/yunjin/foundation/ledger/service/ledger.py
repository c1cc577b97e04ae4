"""LedgerApi over one cell: checks a batch once, hands it to the writer, reads for everybody."""

import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import replace
from typing import Any
from uuid import UUID

import numpy as np
import pyarrow as pa

from yunjin.chassis.persistence import RoomDatabase
from yunjin.foundation.ledger import kernels
from yunjin.foundation.ledger.api import (
    TRANSFERS,
    AccountFlag,
    CellState,
    Finding,
    JournalRow,
    Ledger,
    TransferQuery,
    TransferStatus,
    TrialBalanceLine,
    VerifyReport,
)
from yunjin.foundation.ledger.domain import codec
from yunjin.foundation.ledger.errors import AccountNotFound, BatchRefused, HistoryNotKept
from yunjin.foundation.ledger.kernels import Counter
from yunjin.foundation.ledger.service import halving, histories
from yunjin.foundation.ledger.service.aliases import Aliases
from yunjin.foundation.ledger.service.cell import Cell
from yunjin.foundation.ledger.service.columns import (
    account_columns,
    accounts_of,
    results,
    transfer_columns,
    transfers_of,
)
from yunjin.foundation.ledger.service.exporting import transfers_in_order
from yunjin.foundation.ledger.service.metering import Meter
from yunjin.foundation.ledger.service.searching import search
from yunjin.foundation.ledger.service.verifying import Progress, head_of
from yunjin.foundation.ledger.service.writer import Writer
from yunjin.foundation.ledger.store.files import HEAD_UNREADABLE
from yunjin.foundation.ledger.store.journal import Journal
from yunjin.kernel import money
from yunjin.kernel.errors import Malformed
from yunjin.kernel.ids import CLEARING_FROM, account_id, sequence_of
from yunjin.kernel.page import LIMIT_MAX, seal, unseal
from yunjin.kernel.shares import Share

_FOREVER = 2**63 - 1
_LEDGERS_MAX = 65_536


class LedgerService:
    """One cell of one tenant."""

    def __init__(
        self,
        writer: Writer,
        fresh_journal: Callable[[], Journal],
        meter: Meter,
        *,
        tenant: str,
        cell: int,
        tables: RoomDatabase | None,
        cursor_key: bytes,
        batch_rows_max: int,
        head_is_readable: Callable[[], bool],
    ) -> None:
        self._head_is_readable = head_is_readable
        self._writer, self._fresh_journal = writer, fresh_journal
        self._meter, self._tenant, self._cell = meter, tenant, cell
        self._key, self._rows_max = cursor_key, batch_rows_max
        if tables is not None:
            aliases = Aliases(tables, open_accounts=self._open_among, page_key=cursor_key)
            self.bind_alias = aliases.bind_alias
            self.bind_aliases = aliases.bind_aliases
            self.release_alias = aliases.release_alias
            self.resolve_aliases = aliases.resolve_aliases
            self.aliases_of = aliases.aliases_of
            self.find_aliases = aliases.find_aliases

    # writing ------------------------------------------------------------------------------------

    def declare_ledgers(self, ledgers: list[Ledger]) -> None:
        for ledger in ledgers:
            money.checked_currency(ledger.currency)
            if not (1 <= ledger.ledger < 2**32 and len(ledger.name) <= 100):
                raise BatchRefused("expected a ledger number of 32 bits and a short name")
        if len(ledgers) + len(self.ledgers()) > _LEDGERS_MAX:
            raise BatchRefused(f"expected at most {_LEDGERS_MAX} ledgers")
        self._writer.submit(
            lambda cell, epoch, _: (None, cell.declare(ledgers, epoch)), len(ledgers)
        ).result()

    def allot_account_ids(self, count: int) -> int:
        if not 1 <= count <= 1 << 32:
            raise Malformed(f"expected 1 to {1 << 32} account ids, was {count}")

        def allot(cell: Cell, epoch: int, _: int) -> tuple[int, list[codec.Entry]]:
            have = cell.count(Counter.ACCOUNTS)
            known = cell.book.accounts["sequence"][:have]
            highest = int(known[known < CLEARING_FROM].max(initial=0))
            share = cell.share
            return account_id(share.home, cell.journal.allot(epoch, count, highest, share)), []

        first: int = self._writer.submit(allot, 1).result()
        if sequence_of(first) + count > CLEARING_FROM:
            raise BatchRefused("All account ids of this cell are used up.")
        return first

    def open_accounts(self, accounts: pa.RecordBatch) -> pa.RecordBatch:
        columns = account_columns(accounts, self._rows_max)

        def run(cell: Cell, epoch: int, now: int) -> tuple[Any, list[codec.Entry]]:
            status, timestamp, rows = cell.open_accounts(columns, epoch, now)
            return (status, timestamp), rows

        status, timestamp = self._writer.submit(run, accounts.num_rows).result()
        return results(status, timestamp)

    def submit_transfers(
        self, transfers: pa.RecordBatch, balances: bool = False
    ) -> "Future[pa.RecordBatch]":
        """Queue a batch; the future's result is what `post_transfers` returns."""
        columns = transfer_columns(transfers, self._rows_max)

        def run(cell: Cell, epoch: int, now: int) -> tuple[Any, list[codec.Entry]]:
            out, rows = cell.post(columns, epoch, now, balances=balances)
            return results(out.status, out.timestamp, out.balances if balances else None), rows

        future = self._writer.submit(run, transfers.num_rows)
        future.add_done_callback(self._meter.posted)
        return future

    def post_transfers(
        self, transfers: pa.RecordBatch, *, balances: bool = False
    ) -> pa.RecordBatch:
        return self.submit_transfers(transfers, balances).result()

    # reading ------------------------------------------------------------------------------------

    def ledgers(self) -> list[Ledger]:
        found: list[Ledger] = self._writer.read(lambda cell: list(cell.ledgers.values()))
        return sorted(found, key=lambda ledger: ledger.ledger)

    def accounts(self, account_ids: list[int]) -> pa.RecordBatch:
        wanted = np.array(account_ids, np.int64)

        def look(cell: Cell) -> pa.RecordBatch:
            if cell.is_split:
                halving.check_all_here(cell, wanted)
            rows = np.empty(len(wanted), np.int32)
            found = kernels.rows_of(cell.book, wanted, rows)
            return accounts_of(cell.book, rows[:found])

        return self._writer.read(look)

    def find_accounts(
        self,
        *,
        ledger: int | None = None,
        code: int | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> tuple[pa.RecordBatch, str | None]:
        self._check_limit(limit)
        before = int(unseal(cursor, self._key)[0]) if cursor else None

        def look(cell: Cell) -> tuple[pa.RecordBatch, int | None]:
            have = cell.count(Counter.ACCOUNTS)
            book = cell.book.accounts[: have if before is None else min(before, have)]
            match = np.ones(len(book), np.bool_)
            if ledger is not None:
                match &= book["ledger"] == ledger
            if code is not None:
                match &= book["code"] == code
            if cell.is_split:
                match &= ~halving.left(cell, book["sequence"])
            rows = np.flatnonzero(match)[::-1][: limit + 1].astype(np.int32)
            more = int(rows[limit - 1]) if len(rows) > limit else None
            return accounts_of(cell.book, rows[:limit]), more

        batch, more = self._writer.read(look)
        return batch, None if more is None else seal([more], self._key)

    def transfers(self, transfer_ids: list[UUID]) -> pa.RecordBatch:
        hi = np.array([x.int >> 64 for x in transfer_ids], np.uint64)
        lo = np.array([x.int & (2**64 - 1) for x in transfer_ids], np.uint64)

        def look(cell: Cell) -> pa.RecordBatch:
            positions = cell.ids.find(hi, lo)
            if positions is None:
                return pa.RecordBatch.from_pylist([], schema=TRANSFERS)
            columns, out = cell.past.rows_at(positions[positions >= 0])
            made = out.status == TransferStatus.CREATED
            return transfers_of(columns, out).filter(pa.array(made))

        return self._writer.read(look)

    def find_transfers(self, query: TransferQuery) -> tuple[pa.RecordBatch, str | None]:
        self._check_limit(query.limit)
        if query.account_id is not None:
            self._account_with_history(query.account_id)
        position = [int(x) for x in unseal(query.cursor, self._key)] if query.cursor else None
        batch, more = self._writer.read(lambda cell: search(cell, query, position))
        return batch, None if more is None else seal(list(more), self._key)

    def _account_with_history(self, account: int) -> pa.RecordBatch:
        found = self.accounts([account]) if 0 < account < 2**63 else None
        if found is None or not found.num_rows:
            raise AccountNotFound(f"There is no account {account}.", account_id=str(account))
        if not found["flags"][0].as_py() & AccountFlag.HISTORY:
            raise HistoryNotKept(
                f"Account {account} was opened without its history.", account_id=str(account)
            )
        return found

    def history(
        self,
        account_id: int,
        *,
        timestamp_from: int | None = None,
        timestamp_until: int | None = None,
        cursor: str | None = None,
        limit: int = 50,
        oldest_first: bool = False,
    ) -> tuple[pa.RecordBatch, str | None]:
        self._check_limit(limit)
        self._account_with_history(account_id)
        start = timestamp_from or 0
        end = _FOREVER if timestamp_until is None else timestamp_until
        at, skip = (int(x) for x in unseal(cursor, self._key)) if cursor else (-1, 0)
        if cursor and oldest_first:
            start = max(start, at)
        elif cursor:
            end = min(end, at + 1)

        def look(cell: Cell) -> tuple[pa.RecordBatch, tuple[int, int] | None]:
            way = histories.ascending if oldest_first else histories.descending
            pages = way(cell, account_id, start, end)
            lines, more = histories.page_of(pages, limit, skip=skip, at=at)
            return histories.with_transfers(cell, lines), more

        batch, more = self._writer.read(look)
        return batch, None if more is None else seal(list(more), self._key)

    def balance_at(self, account_id: int, timestamp: int) -> pa.RecordBatch:
        account = self._account_with_history(account_id)
        if timestamp < account["timestamp"][0].as_py():
            raise AccountNotFound(
                f"Account {account_id} was not open yet.", account_id=str(account_id)
            )

        def look(cell: Cell) -> Any:
            pages = histories.descending(cell, account_id, 0, timestamp + 1)
            return next((page[0] for page in pages), None)

        line = self._writer.read(look)
        totals = ("debits_pending", "debits_posted", "credits_pending", "credits_posted")
        values = account.to_pydict()
        for name in totals:
            values[name] = [0 if line is None else int(line[name])]
        return pa.RecordBatch.from_pydict(values, schema=account.schema)

    def trial_balance(self) -> list[TrialBalanceLine]:
        def look(cell: Cell) -> list[TrialBalanceLine]:
            numbers = np.zeros(_LEDGERS_MAX, np.uint32)
            sums = np.zeros((_LEDGERS_MAX, 9), np.int64)
            count = kernels.sum_ledgers(cell.book, numbers, sums)
            lines = []
            for number, line in sorted(
                zip(numbers[:count].tolist(), sums[:count].tolist(), strict=True)
            ):
                totals = [(line[i] << 32) + line[i + 1] for i in (1, 3, 5, 7)]
                known = cell.ledgers.get(number)
                lines.append(
                    TrialBalanceLine(
                        ledger=number,
                        currency=known.currency if known else "XXX",
                        account_count=line[0],
                        debits_pending=totals[0],
                        debits_posted=totals[1],
                        credits_pending=totals[2],
                        credits_posted=totals[3],
                    )
                )
            return lines

        return self._writer.read(look)

    def share(self) -> Share:
        """Return what this cell has of its home's accounts."""
        return self._writer.cell.share

    def state(self) -> CellState:
        writer = self._writer
        head = writer.cell.journal.head()

        def look(cell: Cell) -> CellState:
            return CellState(
                cell=self._cell,
                home=cell.share.home,
                depth=cell.share.depth,
                residue=cell.share.residue,
                tenant=self._tenant,
                epoch=writer.tenure.epoch,
                is_writer=not writer.stopped,
                stopped=writer.stopped,
                holder=head.holder if head else "",
                account_count=cell.count(Counter.ACCOUNTS) - cell.count(Counter.ELSEWHERE),
                transfer_count=cell.count(Counter.TRANSFERS),
                pending_count=cell.count(Counter.OPEN_HOLDS),
                head=head_of(cell),
            )

        return writer.read(look, may_be_old=True)

    def journal(self, *, before: int | None = None, limit: int = 50) -> list[JournalRow]:
        self._check_limit(limit)
        return self._writer.read(lambda cell: cell.journal.page(before, limit))

    def export_transfers(self, *, after: int = 0) -> Iterator[pa.RecordBatch]:
        """Yield every transfer that is durable now, by timestamp (ExportPort).

        What came before the split that made this cell, the one that it was split from gives out.
        """
        until, since = self._writer.durable_sequence, self._writer.cell.since
        return transfers_in_order(self._fresh_journal(), since, until, after=after)

    def verify(self, *, progress: Progress | None = None) -> VerifyReport:
        report = self._writer.verify(progress)
        if self._head_is_readable():
            return report
        finding = Finding(sequence=report.head.sequence, what=HEAD_UNREADABLE)
        return replace(report, findings=(*report.findings, finding))

    # ours ---------------------------------------------------------------------------------------

    def _check_limit(self, limit: int) -> None:
        if not 1 <= limit <= LIMIT_MAX:
            raise Malformed(f"expected a limit of 1 to {LIMIT_MAX}, was {limit}")

    def _open_among(self, accounts: list[int]) -> set[int]:
        """Return which of some accounts are open here."""
        possible = [account for account in accounts if 0 < account <= _FOREVER]
        return set(self.accounts(possible)["id"].to_pylist())

    def close(self) -> None:
        """Stop taking commands, make everything durable, give the lease back."""
        self._writer.close()


def cursor_key(tenant: str, secret: bytes) -> bytes:
    """Return the key that signs a tenant's cursors."""
    return hashlib.sha256(b"cursor|" + tenant.encode() + secret).digest()

"""The door of the room: what others may ask of the ledger."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

import pyarrow as pa

from yunjin.kernel.page import Page


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """A unit that accounts of a cell are kept in: one currency, or points, or shares."""

    ledger: int
    currency: str  # ISO 4217, or three capitals of the tenant's own
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialBalanceLine:
    """One ledger of the cell. Debits equal credits, or something is very wrong. Unit: minor."""

    ledger: int
    currency: str
    account_count: int
    debits_pending: int
    debits_posted: int
    credits_pending: int
    credits_posted: int

    @property
    def difference_minor(self) -> int:
        """Posted debits less posted credits; always 0."""
        return self.debits_posted - self.credits_posted


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalRow:
    """One row of the journal: a batch, its place in the chain."""

    sequence: int
    epoch: int
    kind: str  # "accounts", "transfers", "expiry", "ledgers" or "split"
    version: int
    codec: str
    row_count: int
    timestamp_first: int
    timestamp_last: int
    body_bytes: int
    previous_hash: str
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """Where the journal ends."""

    sequence: int
    hash: str
    timestamp_last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong with the journal."""

    sequence: int
    what: str  # a sentence: which row, what was expected, what was found


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyReport:
    """The outcome of reading the whole journal again."""

    row_count: int
    transfer_count: int
    head: Head
    findings: tuple[Finding, ...]

    @property
    def is_sound(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings


@dataclass(frozen=True, slots=True, kw_only=True)
class CellState:
    """How the cell is doing, for people and probes."""

    cell: int
    home: int  # in the ids of its accounts: its own number, unless it came of a split
    depth: int  # it has the home's blocks of 1,024 accounts that are ≡ residue modulo 2^depth
    residue: int
    tenant: str
    epoch: int
    is_writer: bool
    stopped: str  # why writes stopped; empty while they go on
    holder: str  # who holds the lease
    account_count: int
    transfer_count: int
    pending_count: int
    head: Head


@dataclass(frozen=True, slots=True, kw_only=True)
class Alias:
    """A name that people use for an account."""

    kind: str  # "iban", "card", "wallet" or another short word
    value: str
    account_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferQuery:
    """Which transfers to look for; what is None does not matter. Newest first.

    `account_id` needs an account with the `history` flag.
    """

    account_id: int | None = None
    ledger: int | None = None
    code: int | None = None
    user_data_64: int | None = None
    user_data_128: UUID | None = None
    pending_id: UUID | None = None  # what posted or voided this hold
    amount_minor_min: int | None = None
    amount_minor_max: int | None = None
    timestamp_from: int | None = None  # inclusive, ns
    timestamp_until: int | None = None  # exclusive, ns
    limit: int = 50
    cursor: str | None = None


class BatchPort(Protocol):
    """For a way in that reads the next batch while the last one is being made durable."""

    def submit_transfers(
        self, transfers: pa.RecordBatch, balances: bool = False
    ) -> "Future[pa.RecordBatch]":
        """Queue a batch; the future's result is what `LedgerApi.post_transfers` returns.

        Raises: BatchRefused, Overloaded at once; the others from the future.
        """


class ExportPort(Protocol):
    """For readers of everything; of the near twin only. From afar, Flight streams the same."""

    def export_transfers(self, *, after: int = 0) -> Iterator[pa.RecordBatch]:
        """Yield every transfer that is durable now, by timestamp, as TRANSFERS.

        The writer goes on meanwhile; memory is bounded by a batch of some 65,520 rows.
        after : only those of the journal's rows beyond this sequence.
        Raises: JournalDamaged, Outage.
        """


class LedgerApi(Protocol):
    """Money in columns: batches go in, one code an item comes back.

    Every method may raise Outage (nothing done) and, where it writes, Unknown (ask by id).
    """

    def declare_ledgers(self, ledgers: list[Ledger]) -> None:
        """Name the units of this cell; saying the same again is fine.

        Raises: Malformed for a currency that ISO 4217 does not know (kernel.money.CURRENCIES);
        BatchRefused where a ledger's currency would change.
        """

    def ledgers(self) -> list[Ledger]:
        """Return the declared units, by number."""

    def allot_account_ids(self, count: int) -> int:
        """Set `count` account ids aside for the caller; return the first. Durable, never reused.

        A cell that was split gives 1,024 at a time at most, in one block of its own.
        Raises: SplitRefused.
        """

    def open_accounts(self, accounts: pa.RecordBatch) -> pa.RecordBatch:
        """Open accounts (ACCOUNTS_REQUIRED + _OPTIONAL columns).

        Returns: RESULTS, one row an account in order; statuses are AccountStatus.
        Raises: BatchRefused, Fenced, WritesStopped, OutcomeUnknown, Overloaded.
        """

    def post_transfers(
        self, transfers: pa.RecordBatch, *, balances: bool = False
    ) -> pa.RecordBatch:
        """Post transfers in order (TRANSFERS_REQUIRED + _OPTIONAL columns), durable on return.

        Returns: RESULTS, or RESULTS_WITH_BALANCES (the accounts' totals right after the transfer;
        for a retry, EXISTS, those of now; else zeros); statuses are TransferStatus.
        Raises: BatchRefused, Fenced, WritesStopped, OutcomeUnknown, Overloaded.
        """

    def accounts(self, account_ids: list[int]) -> pa.RecordBatch:
        """Look accounts up by id. Returns: ACCOUNTS, the found ones in the order asked."""

    def find_accounts(
        self,
        *,
        ledger: int | None = None,
        code: int | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> tuple[pa.RecordBatch, str | None]:
        """List accounts, newest first. Returns: ACCOUNTS and the cursor of the next page.

        Raises: Malformed (cursor, limit).
        """

    def transfers(self, transfer_ids: list[UUID]) -> pa.RecordBatch:
        """Look transfers up by id. Returns: TRANSFERS, the found ones in the order asked."""

    def find_transfers(self, query: TransferQuery) -> tuple[pa.RecordBatch, str | None]:
        """Search transfers, newest first. Returns: TRANSFERS and the cursor of the next page.

        Raises: HistoryNotKept, AccountNotFound, Malformed.
        """

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
        """Return an account's transfers with its running totals. Returns: HISTORY and a cursor.

        Half open in time: from ≤ t < until, ns. Raises: AccountNotFound, HistoryNotKept, Malformed.
        """

    def balance_at(self, account_id: int, timestamp: int) -> pa.RecordBatch:
        """Return the account as it stood at an instant (ns, inclusive). Returns: ACCOUNTS, 1 row.

        Raises: AccountNotFound (also before it was opened), HistoryNotKept.
        """

    def trial_balance(self) -> list[TrialBalanceLine]:
        """Return every ledger's totals, by number."""

    def state(self) -> CellState:
        """Return how the cell is doing."""

    def journal(self, *, before: int | None = None, limit: int = 50) -> list[JournalRow]:
        """Return rows of the journal, newest first, from below a sequence on."""

    def verify(self, *, progress: Callable[[int, int], None] | None = None) -> VerifyReport:
        """Read the whole journal again: hashes, chain, head, and that replay gives the balances.

        progress: called after every row with (rows read, rows in all).
        """

    def bind_alias(self, command_id: UUID, alias: Alias) -> Alias:
        """Let an alias stand for an account.

        Raises: AliasTaken, AccountNotFound, IdempotencyConflict, Malformed.
        """

    def bind_aliases(self, command_id: UUID, aliases: list[Alias]) -> list[Alias]:
        """Bind up to 8,190 aliases in one transaction; one that is taken stays as it is.

        Returns: what each stands for now, in order: another account than was asked for where it
        was taken. Raises: AccountNotFound, IdempotencyConflict, Malformed; then none is bound.
        """

    def release_alias(self, command_id: UUID, kind: str, value: str) -> Alias:
        """Take an alias away. Raises: AliasNotFound, IdempotencyConflict."""

    def resolve_aliases(self, values: list[str]) -> list[Alias]:
        """Return the aliases known among `values`, of any kind."""

    def aliases_of(self, account_ids: list[int]) -> list[Alias]:
        """Return what the accounts are known by."""

    def find_aliases(
        self, prefix: str, *, limit: int = 20, cursor: str | None = None
    ) -> Page[Alias]:
        """Return aliases that begin with `prefix` (people search so), by value and kind.

        Raises: Malformed (cursor, limit).
        """

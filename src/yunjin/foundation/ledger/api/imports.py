"""Importing files: the command, and the report that says line by line what became of them."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Protocol
from uuid import UUID

ImportProgress = Callable[[str, int, int], None]  # "reading" bytes or "posting" lines, done, of


class ImportCode(IntEnum):
    """The `code` of imported transfers: which kind of message told of them."""

    CSV = 8000
    PAIN_001 = 8001
    PACS_008 = 8008
    CAMT_052 = 8052
    CAMT_053 = 8053
    CAMT_054 = 8054
    OPENING_BALANCE = 8100  # brought in when the import opens the account


class LineOutcome(StrEnum):
    """What became of a line. In a dry run: what would become of it."""

    TAKEN = "taken"  # posted now
    KNOWN = "known"  # the same line was posted before; nothing moved again
    SKIPPED = "skipped"  # rightly not posted: no money moved (yet)
    REFUSED = "refused"


class LineReason(StrEnum):
    """Why the importer itself refused or skipped a line; all other reasons are TransferStatus."""

    STATUS_PENDING = "STATUS_PENDING"  # comes again as a booked entry
    STATUS_INFORMATION = "STATUS_INFORMATION"
    STATUS_FUTURE = "STATUS_FUTURE"
    STATUS_UNKNOWN = "STATUS_UNKNOWN"
    METHOD_MOVES_NO_MONEY = "METHOD_MOVES_NO_MONEY"  # a cheque
    NOT_DUE = "NOT_DUE"  # execution date in the future; import the file again then
    ROW_MALFORMED = "ROW_MALFORMED"
    AMOUNT_MALFORMED = "AMOUNT_MALFORMED"
    AMOUNT_OUT_OF_RANGE = "AMOUNT_OUT_OF_RANGE"
    CURRENCY_MALFORMED = "CURRENCY_MALFORMED"
    DATE_MALFORMED = "DATE_MALFORMED"
    DATE_OUT_OF_RANGE = "DATE_OUT_OF_RANGE"
    SIDE_MALFORMED = "SIDE_MALFORMED"
    ACCOUNT_NOT_NAMED = "ACCOUNT_NOT_NAMED"
    ACCOUNT_MALFORMED = "ACCOUNT_MALFORMED"  # no account can be opened by such a name
    ACCOUNT_UNKNOWN = "ACCOUNT_UNKNOWN"  # open it, or let the import do so
    NOSTRO_UNKNOWN = "NOSTRO_UNKNOWN"
    CURRENCY_NOT_KEPT = "CURRENCY_NOT_KEPT"  # the tenant has no ledger in it
    CURRENCY_DIFFERENT = "CURRENCY_DIFFERENT"  # from the account's


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportFile:
    """Import one file of messages: an ISO 20022 message, or CSV with a mapping."""

    name: str  # of the file, for the report only
    content: bytes
    mapping: str | None = None  # TOML; its presence says that the file is CSV
    schema_directory: str | None = None  # check XML against the XSD of its namespace in there
    opens_accounts: bool = False  # open what is missing: accounts, nostros, ledgers
    nostros: Mapping[str, str] = field(default_factory=dict)  # currency → alias; "" all others
    requires_controls: bool = False  # refuse the file where a control sum does not hold
    is_dry_run: bool = False
    account_code: int = 7  # chart code of opened customer accounts: a current account
    nostro_code: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedLine:
    """One line of the file, and what became of it."""

    line: int  # of the file, from 1
    path: str  # of the element: BkToCstmrStmt/Stmt[1]/Ntry[3]; a row of CSV: row[7]
    outcome: LineOutcome
    reason: str = ""  # a TransferStatus or LineReason by name; empty when taken
    detail: str = ""  # a sentence
    transfer_id: UUID | None = None
    account: str = ""  # the alias the file gives
    side: str = ""  # "credit" or "debit": what it does to the account
    amount_minor: int | None = None
    currency: str = ""
    value_date: dt.date | None = None
    reference: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportTotal:
    """The lines of one currency with one outcome. Unit: minor."""

    currency: str
    outcome: LineOutcome
    line_count: int
    credits_minor: int
    debits_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlSum:
    """A count or sum that the file states about itself."""

    what: str  # NbOfTxs, CtrlSum, …
    line: int
    path: str
    stated: str
    found: str
    holds: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Where a statement and the ledger part for the first time. Unit: minor."""

    line: int
    path: str
    stated_minor: int | None  # None: the line's own amount cannot be read
    ledger_minor: int
    what: str  # a sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    """A statement's balances beside the ledger's. Credit balances are positive. Unit: minor."""

    statement: str
    account: str
    currency: str
    opening_stated_minor: int | None
    opening_ledger_minor: int | None
    closing_stated_minor: int | None
    closing_ledger_minor: int | None
    difference: Difference | None = None
    not_compared: str = ""  # why nothing could be compared; empty when something was

    @property
    def holds(self) -> bool:
        """Whether nothing that could be compared differs."""
        return self.difference is None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedAccount:
    """An account the import opened (or, in a dry run, would open)."""

    kind: str
    alias: str
    currency: str
    account_id: int | None  # None in a dry run


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportWarning:
    """Something odd that did not stop the import."""

    line: int
    path: str
    what: str  # a sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """What an import did."""

    name: str
    kind: str  # "camt.053", "csv", …
    version: int
    message_id: str
    batch_id: int  # `user_data_64` of every transfer of this message
    is_dry_run: bool
    lines: tuple[ImportedLine, ...]
    totals: tuple[ImportTotal, ...]
    controls: tuple[ControlSum, ...]
    reconciliations: tuple[Reconciliation, ...]
    opened: tuple[OpenedAccount, ...]
    warnings: tuple[ImportWarning, ...]

    def count(self, outcome: LineOutcome) -> int:
        """Return how many lines had an outcome."""
        return sum(total.line_count for total in self.totals if total.outcome is outcome)

    @property
    def is_clean(self) -> bool:
        """Whether nothing was refused, every control sum holds and every statement agrees."""
        return (
            not self.count(LineOutcome.REFUSED)
            and all(control.holds for control in self.controls)
            and all(statement.holds for statement in self.reconciliations)
        )


class ImportApi(Protocol):
    """Files in, money moved, a report out."""

    def import_file(self, command: ImportFile) -> ImportReport:
        """Post what a file tells of; the same file again moves nothing twice.

        Raises: ImportRefused (nothing was posted), and what `LedgerApi.post_transfers` raises
        (some batches may have been posted: import the same file again).
        """


class ImportPort(ImportApi, Protocol):
    """For a way in that shows people how far the import has come; of the near twin only."""

    def import_file(
        self, command: ImportFile, *, progress: ImportProgress | None = None
    ) -> ImportReport:
        """Do as `ImportApi.import_file`; tell `progress` of the reading and of the posting."""

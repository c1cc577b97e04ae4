"""Reconciliation 对账: a channel's files against payments and ledger; each difference explained."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol
from uuid import UUID

import pyarrow as pa

from yunjin.kernel.page import Page
from yunjin.platforms.capability.api.centres import Centre, Slo, command, query
from yunjin.platforms.capability.events.clearing import DifferenceSettled, ReconciliationEnded

QUEUE: Final = "reconciliation"  # of the tasks
DIFFERENCE: Final = "reconciliation.difference"  # the flow of a difference that a person settles
TASKS_MAX: Final = 1_000  # of a run; the rest is settled on the page of the run
CSV_COLUMNS_MAX: Final = 40
BOOKED: Final = {  # what the ledger has booked of payments, as `BookedPort` gives it
    "payment_hi": pa.uint64(),
    "payment_lo": pa.uint64(),
    "amount_minor": pa.int64(),  # > 0 came in from the channel, < 0 went out
    "day": pa.int32(),  # business date, days since 1970
}


class DifferenceKind(StrEnum):
    """What is different 差异种类."""

    MISSING_OURS = "missing_ours"  # 我方无: the channel has it, we do not
    MISSING_THEIRS = "missing_theirs"  # 通道无: we booked it, the channel does not have it
    AMOUNT = "amount"  # 金额不符
    DUPLICATE = "duplicate"  # 通道重复
    STATE = "state"  # 状态不符: settled there, something else here
    DATE = "date"  # 日期不符: on another day here
    FEE = "fee"  # 净额入账: a fee was kept back
    RETURNED = "returned"  # 已退汇: returned there, settled here
    LEDGER = "ledger"  # 账实不符: the payment is settled, the ledger has booked something else


class Cure(StrEnum):
    """What is done about a difference."""

    NONE = "none"  # 无需处理: the reason says why
    WAIT = "wait"  # 待次日: it is expected to come with another file
    RESEND = "resend"  # 重发: hand the message to the channel again
    FOLLOW = "follow"  # 从通道: do to our payment what the channel says of it
    RETURN = "return"  # 退汇: put the money back on the payer's agreement
    BOOK = "book"  # 入账: book the difference to an agreement, or from it
    SUSPEND = "suspend"  # 挂账: book the difference to the suspense account
    FEE = "fee"  # 列支: book the fee as an expense
    CLAIM = "claim"  # 追索: the channel is asked to put it right


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvMapping:
    """How a channel's CSV is read: the names of its columns. "" where it has none.

    Parameters
    ----------
    amount_is_minor : whole minor units; else decimals of the currency.
    side : a column that says "in"/"out" by `inward` and `outward`; "": the sign of the amount
        says it.
    state : a column whose `settled`, `rejected` and `returned` values say what became of it;
        "": all are settled.
    currency : a column; or, with 3 capitals that are no column, the currency of all.
    date_format : as strptime.
    """

    reference: str = ""  # our payment's id
    end_to_end_id: str = ""
    batch: str = ""  # our message's id
    line_id: str = ""  # the channel's own reference
    amount: str = "amount"
    fee: str = ""
    currency: str = "CNY"
    date: str = ""
    side: str = ""
    state: str = ""
    account: str = ""
    amount_is_minor: bool = False
    inward: tuple[str, ...] = ("in", "C", "CRDT", "贷", "来账")
    settled: tuple[str, ...] = ("settled", "ACSC", "成功")
    rejected: tuple[str, ...] = ("rejected", "RJCT", "失败")
    returned: tuple[str, ...] = ("returned", "退汇")
    date_format: str = "%Y-%m-%d"
    delimiter: str = ","
    encoding: str = "utf8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """Both sides in a currency, outgoing counted below 0. Unit: minor.

    explained_minor : what the differences come to. `theirs = ours + explained`, or the run fails.
    """

    currency: str
    theirs_count: int
    theirs_minor: int
    ours_count: int
    ours_minor: int
    matched_count: int
    explained_minor: int

    @property
    def gap_minor(self) -> int:
        """Always 0: every unit of the difference is explained."""
        return self.theirs_minor - self.ours_minor - self.explained_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A file of a channel, held against our books with all that came for its day before.

    files : how many of the day's files it holds, itself with them.
    found, settled, cleared : differences of the day as of now; cleared: a later file explains them.
    """

    run_id: UUID
    channel: str
    day: dt.date
    file_id: str
    name: str  # "camt.053.001.08", "csv"
    lines: int
    files: int
    matched: int
    found: int
    settled: int
    cleared: int
    totals: tuple[Total, ...]
    seconds: float
    at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A difference.

    Parameters
    ----------
    theirs_minor, ours_minor : what counts on this day, outgoing below 0; 0: not there.
    reference : the channel's line; payment_id : None where we have none.
    cure : what is suggested, and once it is settled what was done.
    state : "open", "settled" or "cleared".
    """

    difference_id: UUID
    run_id: UUID
    channel: str
    day: dt.date
    kind: DifferenceKind
    currency: str
    theirs_minor: int
    ours_minor: int
    reference: str
    payment_id: UUID | None
    detail: str
    cure: Cure
    state: str
    reason: str
    by: str
    at: dt.datetime
    settled_at: dt.datetime | None


class BookedPort(Protocol):
    """What the ledger has booked of payments to and from channels; the app binds it."""

    def booked(self, since: dt.date, until: dt.date) -> pa.RecordBatch:
        """Return entries between two business dates, both included (BOOKED). Raises: Outage."""


class ReconciliationApi(Protocol):
    """Reconciliation of channels: every difference is found, named, and settled by a person."""

    @command(lasts="a file was said by a channel; a corrected one is reconciled beside it")
    def reconcile(
        self,
        command_id: UUID,
        channel: str,
        content: bytes,
        *,
        day: dt.date | None = None,
        mapping: CsvMapping | None = None,
    ) -> Run:
        """Hold a file against our books; its id is the command's. The same file again: its run.

        Parameters
        ----------
        content : camt.053, camt.054, or a CSV.
        day : the clearing day; None: as the file says (its newest booking date).
        mapping : how a CSV is read; None: as the door `mapping` of the channel says.

        Raises: ChannelNotFound, ReconciliationRefused (cannot be read), Malformed, Outage.
        """

    @command(undone_by="put_mapping")
    def put_mapping(self, command_id: UUID, channel: str, mapping: CsvMapping) -> CsvMapping:
        """Keep how a channel's CSV is read. Raises: ChannelNotFound, Malformed."""

    @command(lasts="what was posted is reversed by a posting of its own")
    def settle(
        self,
        command_id: UUID,
        difference_id: UUID,
        cure: Cure,
        *,
        reason: str,
        by: str,
        agreement_id: int = 0,
    ) -> Difference:
        """Settle a difference with a reason; do what the cure asks for through the centres.

        agreement_id : whom BOOK books it to, or from.

        Raises: DifferenceNotFound, CureRefused, Malformed, Outage, Unknown.
        """

    @query
    def mapping(self, channel: str) -> CsvMapping:
        """Return how a channel's CSV is read. Raises: ChannelNotFound."""

    @query
    def run(self, run_id: UUID) -> Run:
        """Return a run. Raises: RunNotFound."""

    @query
    def runs(self, *, channel: str = "", limit: int = 50, cursor: str | None = None) -> Page[Run]:
        """Return runs, newest first. Raises: Malformed (cursor)."""

    @query
    def difference(self, difference_id: UUID) -> Difference:
        """Return a difference. Raises: DifferenceNotFound."""

    @query
    def differences(
        self,
        *,
        run_id: UUID | None = None,
        kind: DifferenceKind | None = None,
        state: str = "",
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Difference]:
        """Return differences, newest first; of a run: those of its channel and day.

        Raises: RunNotFound, Malformed (cursor).
        """

    @query
    def counts(self, run_id: UUID) -> Sequence[tuple[DifferenceKind, int, int]]:
        """Return (kind, how many, how many of them open) of a run's day. Raises: RunNotFound."""


RECONCILIATION: Final = Centre(
    code="reconciliation",
    words=("对账中心", "Reconciliation"),
    purpose=(
        "通道对账单与清算文件逐笔核对支付与账本；差异逐条命名、解释、建待办并以理由了结。",
        "Channels' statements and clearing files against payments and ledger, line by line; each "
        "difference named, explained, given to a person and settled with a reason.",
    ),
    bian=("Account Reconciliation", "Financial Accounting"),
    door=ReconciliationApi,
    events=(ReconciliationEnded, DifferenceSettled),
    slo=Slo(p99_ms=10_000),
)

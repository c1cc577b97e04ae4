"""Files of payments 批量支付: a pain.001 in, all that can be booked, pain.002 and camt.054 out."""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol
from uuid import UUID

import pyarrow as pa

from yunjin.kernel.page import Page
from yunjin.platforms.capability.api.centres import Centre, Slo, command, query
from yunjin.platforms.capability.events import PaymentFileEnded

FILE: Final = "payment.file"  # the flow


class FileState(StrEnum):
    """Where a file stands."""

    WORKED = "worked"  # 处理中
    DONE = "done"  # 已完成: every line has its outcome; those to other banks go on by themselves
    REFUSED = "refused"  # 整体拒绝: nothing of it was done


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentFile:
    """A file as it stands now.

    booked, refused, away : lines within the bank that are booked; those refused; those handed on
        to clearing channels, each a payment of its own.
    reason, detail : why a file was refused whole, as an ISO 20022 code and a sentence.
    """

    file_id: UUID
    message_id: str
    name: str  # pain.001.001.09; "" where not even that could be told
    sender: str
    state: FileState
    lines: int
    booked: int
    refused: int
    away: int
    reason: str
    detail: str
    at: dt.datetime
    changed: dt.datetime


class PaymentFilesApi(Protocol):
    """Files of payments: a line is paid once, a file is taken once."""

    @command(lasts="what is booked is reversed line by line; the file was said by a customer")
    def submit(self, command_id: UUID, content: bytes) -> PaymentFile:
        """Take a pain.001; its id is the command's. What it says is checked whole, then by line.

        A file that is refused whole is kept as refused, so that its answer can be fetched.

        Raises: IdempotencyConflict.
        """

    @query
    def file(self, file_id: UUID) -> PaymentFile:
        """Return a file. Raises: PaymentFileNotFound."""

    @query
    def files(self, *, limit: int = 50, cursor: str | None = None) -> Page[PaymentFile]:
        """Return files, newest first. Raises: Malformed (cursor)."""

    @query
    def lines(self, file_id: UUID, part: int = 0) -> pa.RecordBatch:
        """Return a part's lines, 8,000 a part: as read, with `status`, `status_reason` and so on.

        Raises: PaymentFileNotFound (no such file or part).
        """

    @query
    def answer(self, file_id: UUID) -> bytes:
        """Return the pain.002, as of now. Raises: PaymentFileNotFound."""

    @query
    def notification(self, file_id: UUID) -> bytes:
        """Return the camt.054 of what was booked from the payers' accounts.

        Raises: PaymentFileNotFound (no such file, or nothing of it was booked).
        """


FILES: Final = Centre(
    code="payment-file",
    words=("批量支付", "Payment files"),
    purpose=(
        "代发与批量付款：pain.001 进，逐行入账，pain.002 与 camt.054 出。",
        "Payroll and batches: pain.001 in, booked line by line, pain.002 and camt.054 out.",
    ),
    bian=("Payment Order", "Payment Initiation"),
    door=PaymentFilesApi,
    events=(PaymentFileEnded,),
    slo=Slo(p99_ms=5_000),
)

"""Payments 支付: orders within the bank and to other banks, what became of them, what comes in."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol
from uuid import UUID

from yunjin.kernel.page import Page
from yunjin.platforms.capability.api.centres import Centre, Slo, command, query
from yunjin.platforms.capability.events import PaymentsEnded, PaymentsTaken

PAYMENTS_MAX: Final = 8_000  # of one call
WAVE: Final = "payment.wave"  # the flow of an order
ANSWER: Final = "payment.answer"  # the flow of a channel's message
GIVE_BACK: Final = "payment.give_back"  # the flow of a payment that came in and goes back
WITHIN: Final = "within"  # the channel of payments that stay in the bank


class PaymentState(StrEnum):
    """Where a payment stands. The last five are ends, but that a settled one may come back."""

    STUCK = "stuck"  # 待人工: channel and bank say different things; a person must look
    TAKEN = "taken"  # 已受理: nothing moved yet
    WAITING = "waiting"  # 待发: its day, or the channel's window, is to come
    HELD = "held"  # 已冻结: the payer's money is held, the message is made
    SENT = "sent"  # 已发送: the channel has it; its answer is awaited
    SETTLED = "settled"  # 已清算: booked
    REFUSED = "refused"  # 拒绝: by this bank; nothing is held any more
    REJECTED = "rejected"  # 被拒: by the channel; the payer's money is free again
    CANCELLED = "cancelled"  # 已撤销: before it was sent
    RETURNED = "returned"  # 已退汇: it was settled and came back


class ReportKind(StrEnum):
    """What an agreement's entries are told as."""

    INTRADAY = "camt.052"  # 日间明细: within the day
    STATEMENT = "camt.053"  # 对账单: after it
    NOTIFICATION = "camt.054"  # 收付款通知: entries alone


ENDS: Final = (
    PaymentState.SETTLED,
    PaymentState.REFUSED,
    PaymentState.REJECTED,
    PaymentState.CANCELLED,
    PaymentState.RETURNED,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPayment:
    """A payment that is ordered.

    Parameters
    ----------
    payment_id : the caller's; it acts once.
    agreement_id : the payer's.
    amount_minor : > 0, in the agreement's currency, which `currency` names.
    counter_agreement_id : the payee's, of this bank; 0: another bank's, and `creditor_*` say whose.
    creditor_agent : the payee's bank: a BIC, or its number in the clearing system.
    limit_id : a limit that it is reserved from; None: of none.
    channel : which clearing channel; "": the first that there is.
    day : not before this business date; None: at once.
    """

    payment_id: UUID
    agreement_id: int
    amount_minor: int
    currency: str
    counter_agreement_id: int = 0
    creditor_name: str = ""
    creditor_account: str = ""
    creditor_agent: str = ""
    end_to_end_id: str = ""
    purpose: str = ""
    remittance: str = ""
    limit_id: UUID | None = None
    channel: str = ""
    day: dt.date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """A payment as it stands now.

    is_incoming : it came from another bank: `agreement_id` is the payee's, `other_*` the payer's.
    reason : an ISO 20022 status or return reason code where it did not go through; detail: why.
    wave_id : the flow that works it.
    """

    payment_id: UUID
    is_incoming: bool
    state: PaymentState
    agreement_id: int
    counter_agreement_id: int
    amount_minor: int
    currency: str
    other_name: str
    other_account: str
    other_agent: str
    end_to_end_id: str
    purpose: str
    remittance: str
    limit_id: UUID | None
    channel: str
    day: dt.date
    wave_id: UUID
    reason: str
    detail: str
    at: dt.datetime
    changed: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentSum:
    """A business day's payments of one channel, state, currency and direction, as they stand."""

    channel: str
    state: PaymentState
    currency: str
    is_incoming: bool
    count: int
    amount_minor: int


class PaymentsApi(Protocol):
    """Payments: each is paid once, and comes back once at most."""

    @command(undone_by="cancel")
    def pay(self, command_id: UUID, order: NewPayment) -> Payment:
        """Take one order; its id is the payment's. What becomes of it is asked by its id.

        Raises: PaymentRefused (no such channel), IdempotencyConflict, Malformed.
        """

    @command(undone_by="cancel")
    def pay_all(self, command_id: UUID, orders: Sequence[NewPayment]) -> list[Payment]:
        """Take many, in one transaction; each goes its own way from there.

        Raises: PaymentRefused (no such channel), IdempotencyConflict, Malformed.
        """

    @command(lasts="what was cancelled is ordered anew")
    def cancel(self, command_id: UUID, payment_id: UUID, note: str = "") -> Payment:
        """Stop a payment that waits for its day. Raises: PaymentNotFound, PaymentUnderWay."""

    @command(lasts="what came in was said by another bank; it is answered, not undone")
    def take(self, command_id: UUID, channel: str, message_id: str, content: bytes) -> str:
        """Take a channel's message: an answer, a return, or payments that come in.

        A message that came before is taken once. Returns its kind, such as "pacs.002".

        Raises: PaymentRefused (no such channel), Malformed (with the reason of a message that
        cannot be read).
        """

    @command(lasts="the other bank has its money; it is sent anew")
    def give_back(
        self, command_id: UUID, payment_id: UUID, reason: str, detail: str = ""
    ) -> Payment:
        """Give a payment that came in back to its bank by pacs.004 退汇, whole.

        What becomes of it is asked by its id: returned, or settled still where its payee lacks it.

        reason : ExternalReturnReason1Code, such as AC04.
        Raises: PaymentNotFound, PaymentRefused (not one that came in and is settled), Malformed.
        """

    @query
    def account_report(self, agreement_id: int, kind: ReportKind, day: dt.date) -> bytes:
        """Return an agreement's entries of a business date as camt.052, 053 or 054.

        Raises: AgreementNotFound, StatementTooLong, Malformed.
        """

    @query
    def payment(self, payment_id: UUID) -> Payment:
        """Return a payment. Raises: PaymentNotFound."""

    @query
    def payments(
        self,
        *,
        agreement_id: int = 0,
        state: PaymentState | None = None,
        channel: str = "",
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Payment]:
        """Return payments, newest first. Raises: Malformed (cursor)."""

    @query
    def counts(self) -> dict[str, int]:
        """Return how many payments are in each state that is not an end."""

    @query
    def sums(self, day: dt.date) -> list[PaymentSum]:
        """Return the sums of a business day's payments, over the channels that there are now."""

    @query
    def channels(self) -> list[str]:
        """Return the clearing channels' names."""


PAYMENTS: Final = Centre(
    code="payment",
    words=("支付中心", "Payments"),
    purpose=(
        "行内与跨行支付：冻结、发送、清算、退汇；每笔只付一次。",
        "Payments within the bank and to others: held, sent, settled, returned; each paid once.",
    ),
    bian=("Payment Order", "Payment Execution"),
    door=PaymentsApi,
    events=(PaymentsTaken, PaymentsEnded),
    slo=Slo(p99_ms=100),
)

"""Payments over HTTP: orders, what became of them, messages of clearing channels."""

import base64
import binascii
import datetime as dt
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response
from pydantic import Field

from yunjin.chassis.transport.values import (
    INT64_MAX,
    Answer,
    Command,
    Digits,
    Exact,
    Form,
    Int63,
    Key,
    id_of,
)
from yunjin.kernel.errors import Malformed
from yunjin.platforms.capability.api.payments import (
    NewPayment,
    Payment,
    PaymentsApi,
    PaymentState,
    ReportKind,
)
from yunjin.platforms.capability.routes.values import Amount, Code, Cursor, Limit, Note

Text = Annotated[str, Field(max_length=140)]
Currency = Annotated[str, Field(pattern="^[A-Z]{3}$")]
Agent = Annotated[str, Field(max_length=35, pattern="^[!-~]*$")]


class OrderFacts(Form):
    """What is to be paid. `counter_agreement_id`, or the name and account at another bank."""

    agreement_id: Int63
    amount_minor: Amount
    currency: Currency
    counter_agreement_id: Int63 = 0
    creditor_name: Text = ""
    creditor_account: Code = ""
    creditor_agent: Agent = ""
    end_to_end_id: Annotated[str, Field(max_length=35)] = ""
    purpose: Annotated[str, Field(max_length=4, pattern="^[A-Z]*$")] = ""
    remittance: Text = ""
    limit_id: UUID | None = None
    channel: Annotated[str, Field(max_length=40)] = ""
    day: dt.date | None = None


class PaymentForm(OrderFacts, Command):
    """A payment to order; its id is the command's."""


class NamedOrder(OrderFacts):
    """A payment among many, under an id of its own."""

    payment_id: UUID


class PaymentsForm(Command):
    """Many payments, taken together."""

    payments: Annotated[list[NamedOrder], Field(min_length=1, max_length=8_000)]


class StopForm(Command):
    """Why a payment is stopped."""

    note: Note = ""


class BackForm(Command):
    """Why a payment that came in goes back: ExternalReturnReason1Code, and words."""

    reason: Annotated[str, Field(pattern="^[A-Za-z0-9]{4}$")]
    detail: Annotated[str, Field(max_length=105)] = ""


class MessageForm(Command):
    """A channel's message. content: base64 of the XML."""

    message_id: Annotated[str, Field(min_length=1, max_length=40, pattern="^[!-~]+$")]
    content: Annotated[str, Field(min_length=1, max_length=4 << 20)]


class MessageOut(Answer):
    """Which message it was."""

    kind: str


class PaymentOut(Answer):
    """A payment as it stands now. reason: an ISO 20022 code where it did not go through."""

    payment_id: UUID
    is_incoming: bool
    state: PaymentState
    agreement_id: Digits
    counter_agreement_id: Digits
    amount_minor: Exact
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


class PaymentsOut(Answer):
    """A page of payments."""

    items: list[PaymentOut]
    next_cursor: str | None


class PaymentRoutes:
    """The addresses of payments."""

    def __init__(self, payments: PaymentsApi) -> None:
        self._payments = payments

    def payments(
        self,
        agreement_id: Annotated[int, Query(ge=0, le=INT64_MAX)] = 0,
        state: PaymentState | None = None,
        channel: Code = "",
        limit: Limit = 50,
        cursor: Cursor = None,
    ) -> PaymentsOut:
        """Return payments, newest first."""
        found = self._payments.payments(
            agreement_id=agreement_id, state=state, channel=channel, limit=limit, cursor=cursor
        )
        return PaymentsOut.model_validate(found)

    def pay(self, form: PaymentForm, key: Key = None) -> PaymentOut:
        """Order a payment. What becomes of it is asked by its id."""
        payment_id = id_of(form, key)
        return _out(self._payments.pay(payment_id, _order(payment_id, form)))

    def pay_all(self, form: PaymentsForm, key: Key = None) -> list[PaymentOut]:
        """Order many payments, all or none taken; each goes its own way from there."""
        orders = [_order(one.payment_id, one) for one in form.payments]
        return [_out(one) for one in self._payments.pay_all(id_of(form, key), orders)]

    def payment(self, payment_id: UUID) -> PaymentOut:
        """Return a payment."""
        return _out(self._payments.payment(payment_id))

    def cancel_payment(self, payment_id: UUID, form: StopForm, key: Key = None) -> PaymentOut:
        """Stop a payment that waits for its day."""
        return _out(self._payments.cancel(id_of(form, key), payment_id, form.note))

    def give_back(self, payment_id: UUID, form: BackForm, key: Key = None) -> PaymentOut:
        """Give a payment that came in back to its bank by pacs.004."""
        found = self._payments.give_back(id_of(form, key), payment_id, form.reason, form.detail)
        return _out(found)

    def account_report(
        self,
        agreement_id: Annotated[int, Path(ge=1, le=INT64_MAX)],
        kind: ReportKind,
        day: dt.date,
    ) -> Response:
        """Return an agreement's entries of a business date as camt.052, 053 or 054."""
        found = self._payments.account_report(agreement_id, kind, day)
        return Response(found, media_type="application/xml")

    def channels(self) -> list[str]:
        """Return the clearing channels' names."""
        return self._payments.channels()

    def counts(self) -> dict[str, int]:
        """Return how many payments are in each state that is not an end."""
        return self._payments.counts()

    def take_message(self, channel: str, form: MessageForm, key: Key = None) -> MessageOut:
        """Take a channel's message: pacs.002, pacs.004 or pacs.008."""
        try:
            content = base64.b64decode(form.content, validate=True)
        except binascii.Error:
            raise Malformed("expected base64 as content, was something else") from None
        kind = self._payments.take(id_of(form, key), channel, form.message_id, content)
        return MessageOut(kind=kind)


def router(payments: PaymentsApi) -> APIRouter:
    """Return the router of payments."""
    made, to = APIRouter(tags=["payments"]), PaymentRoutes(payments)
    made.get("/payments")(to.payments)
    made.post("/payments", status_code=202)(to.pay)
    made.post("/payments/batch", status_code=202)(to.pay_all)
    made.get("/payments/counts")(to.counts)
    made.get("/payments/{payment_id}")(to.payment)
    made.post("/payments/{payment_id}/cancel")(to.cancel_payment)
    made.post("/payments/{payment_id}/give_back", status_code=202)(to.give_back)
    report = "/account_reports/{agreement_id}/{kind}/{day}"
    made.get(report, response_class=Response)(to.account_report)
    made.get("/clearing_channels")(to.channels)
    made.post("/clearing_channels/{channel}/messages", status_code=202)(to.take_message)
    return made


def _order(payment_id: UUID, form: OrderFacts) -> NewPayment:
    facts = form.model_dump(exclude={"id", "payment_id"})
    return NewPayment(payment_id=payment_id, **facts)


def _out(one: Payment) -> PaymentOut:
    return PaymentOut.model_validate(one)

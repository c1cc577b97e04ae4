"""Agreements, their standing orders and what waits for a person, over HTTP."""

import datetime as dt
from typing import Annotated
from uuid import UUID, uuid5

from fastapi import APIRouter, Path, Query
from pydantic import Field

from yunjin.foundation.banking.api.agreements import (
    Agreement,
    AgreementQuery,
    AgreementsApi,
    Cause,
    Opening,
    StandingOrder,
)
from yunjin.foundation.banking.routes.values import (
    ID_MAX,
    AgreementId,
    Answer,
    Code,
    Command,
    Digits,
    Exact,
    Form,
    Id,
    Key,
    Limit,
    Note,
    Terms,
    facts_of,
    id_of,
)
from yunjin.kernel.errors import NotFound
from yunjin.kernel.money import MINOR_MAX

Count = Annotated[int, Field(strict=True, ge=0, le=1_200)]
Cursor = Annotated[str | None, Query(min_length=1, max_length=500)]


class AgreementTerms(Form):
    """Terms of a new agreement. version: 0 for the live one. template: what is not given is of."""

    product: Code
    party_id: Annotated[str, Field(min_length=1, max_length=64, pattern="^[!-~]+$")]
    terms: Terms = Field(default_factory=dict)
    branch: Annotated[str, Field(min_length=1, max_length=16, pattern="^[!-~]+$")] = "head"
    version: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0
    note: Note = ""
    template: Annotated[str, Field(max_length=40, pattern="^[ -~]*$")] = ""


class OpeningForm(AgreementTerms, Command):
    """An agreement to open."""


class OpeningsForm(Command):
    """Many agreements to open, all or none."""

    openings: Annotated[list[AgreementTerms], Field(min_length=1, max_length=10_000)]


class OpenedOut(Answer):
    """The ids of the agreements, in order."""

    agreement_ids: list[Digits]


class TermsForm(Command):
    """Parameters' other values, from today on. by: who asks, for the record."""

    terms: Annotated[Terms, Field(min_length=1)]
    by: Annotated[str, Field(max_length=64)] = ""


class ConversionForm(Command):
    """Agreements to bring over to another version of their products."""

    agreement_ids: Annotated[list[Id], Field(min_length=1, max_length=10_000)]
    version: Annotated[int, Field(strict=True, ge=1, le=2**31 - 1)]


class ConvertedOut(Answer):
    """How many came over; those that were there already, or are not open, stay as they are."""

    converted: int


class ClosingForm(Command):
    """A closing's id."""


class AgreementOut(Answer):
    """An agreement as it stands now. Unit: minor; accrued_e8: 10⁻⁸ minor."""

    agreement_id: Digits
    product: str
    version: int
    currency: str
    party_id: str
    branch: str
    note: str
    status: str
    opened: dt.date
    closed: dt.date | None
    terms: dict[str, Exact]
    balances: dict[str, Exact]
    accrued_e8: dict[str, Exact]
    fields: dict[str, Exact]
    dates: dict[str, dt.date]
    due: dict[str, dt.date]
    account_ids: dict[str, Digits]
    balance_minor: Exact
    held_minor: Exact
    available_minor: Exact
    days_overdue: int
    risk_class: int


class TermChangeOut(Answer):
    """A term that changed. old, new: null where the product's version has no such parameter."""

    date: dt.date
    at: dt.datetime
    cause: Cause
    parameter: str
    old: Exact | None
    new: Exact | None
    by: str
    command_id: UUID


class NoticeOut(Answer):
    """Something that the customer was told. code: a word of the product's file."""

    date: dt.date
    at: dt.datetime
    code: str


class NoticesOut(Answer):
    """A page of notices, newest first."""

    items: list[NoticeOut]
    next_cursor: str | None


class AgreementsOut(Answer):
    """A page of agreements, newest first."""

    items: list[AgreementOut]
    next_cursor: str | None


class OrderForm(Command):
    """A standing order; the command's id is its id."""

    counter_agreement_id: Id
    amount_minor: Annotated[int, Field(strict=True, ge=1, le=MINOR_MAX)]
    first: dt.date
    last: dt.date | None = None
    every_months: Count = 1
    every_days: Count = 0
    note: Note = ""


class OrderOut(Answer):
    """A standing order. next: null once it has ended."""

    order_id: UUID
    agreement_id: Digits
    counter_agreement_id: Digits
    amount_minor: int
    first: dt.date
    last: dt.date | None
    every_months: int
    every_days: int
    note: str
    next: dt.date | None


class TaskOut(Answer):
    """Something that waits for a person."""

    task_id: Digits
    agreement_id: Digits
    date: dt.date
    code: str
    detail: str
    is_done: bool


class SettleForm(Form):
    """What a person did about it."""

    note: Note = ""


class Agreements:
    """The addresses."""

    def __init__(self, agreements: AgreementsApi) -> None:
        self._agreements = agreements

    def open_agreement(self, form: OpeningForm, key: Key = None) -> AgreementOut:
        """Open an agreement. Sent again under its id, it answers the same one."""
        opening = Opening(**facts_of(form))
        (made,) = self._agreements.open(id_of(form, key), [opening])
        return _out(self._agreements.agreement(made))

    def open_agreements(self, form: OpeningsForm, key: Key = None) -> OpenedOut:
        """Open agreements, all or none. Sent again under its id, it answers the same ones."""
        wanted = [Opening(**one.model_dump()) for one in form.openings]
        return OpenedOut(agreement_ids=self._agreements.open(id_of(form, key), wanted))

    def convert_agreements(self, form: ConversionForm, key: Key = None) -> ConvertedOut:
        """Bring agreements over to another version of their products, all or none."""
        count = self._agreements.convert(id_of(form, key), form.agreement_ids, form.version)
        return ConvertedOut(converted=count)

    def find_agreements(
        self,
        product: Annotated[str, Query(max_length=40)] = "",
        party_id: Annotated[str, Query(max_length=64)] = "",
        branch: Annotated[str, Query(max_length=16)] = "",
        status: Annotated[str, Query(max_length=16)] = "",
        limit: Limit = 50,
        cursor: Cursor = None,
    ) -> AgreementsOut:
        """Return agreements, newest first."""
        page = self._agreements.find(
            AgreementQuery(
                product=product,
                party_id=party_id,
                branch=branch,
                status=status,
                limit=limit,
                cursor=cursor,
            )
        )
        return AgreementsOut(items=[_out(one) for one in page.items], next_cursor=page.next_cursor)

    def agreement(self, agreement_id: AgreementId) -> AgreementOut:
        """Return an agreement."""
        return _out(self._agreements.agreement(agreement_id))

    def change_terms(
        self, agreement_id: AgreementId, form: TermsForm, key: Key = None
    ) -> AgreementOut:
        """Give parameters other values from the business date on."""
        return _out(self._agreements.change(id_of(form, key), agreement_id, form.terms, by=form.by))

    def term_changes(self, agreement_id: AgreementId) -> list[TermChangeOut]:
        """Return what changed in an agreement's terms since it was opened, in order."""
        found = self._agreements.term_changes(agreement_id)
        return [TermChangeOut.model_validate(one) for one in found]

    def notices(
        self, agreement_id: AgreementId, limit: Limit = 50, cursor: Cursor = None
    ) -> NoticesOut:
        """Return what the customer was told of an agreement, newest first."""
        page = self._agreements.notices(agreement_id, limit=limit, cursor=cursor)
        items = [NoticeOut.model_validate(one) for one in page.items]
        return NoticesOut(items=items, next_cursor=page.next_cursor)

    def close_agreement(
        self, agreement_id: AgreementId, form: ClosingForm | None = None, key: Key = None
    ) -> AgreementOut:
        """Close an agreement; what its product settles is settled first."""
        return _out(self._agreements.close(id_of(form, key), agreement_id))

    def add_order(self, agreement_id: AgreementId, form: OrderForm, key: Key = None) -> OrderOut:
        """Keep a standing order."""
        command_id = id_of(form, key)
        order = StandingOrder(order_id=command_id, agreement_id=agreement_id, **facts_of(form))
        return OrderOut.model_validate(self._agreements.order(command_id, order))

    def orders(self, agreement_id: AgreementId) -> list[OrderOut]:
        """Return the standing orders of an agreement."""
        self._agreements.agreement(agreement_id)
        return [OrderOut.model_validate(one) for one in self._agreements.orders(agreement_id)]

    def cancel_order(self, agreement_id: AgreementId, order_id: UUID) -> None:
        """Let a standing order end; ended before, nothing happens."""
        if order_id not in [one.order_id for one in self.orders(agreement_id)]:
            raise NotFound(f"There is no standing order {order_id} of this agreement.")
        self._agreements.cancel_order(uuid5(order_id, "end"), order_id)  # ends once

    def agreement_tasks(self, is_done: bool = False, limit: Limit = 50) -> list[TaskOut]:
        """Return what waits for a person, newest first."""
        found = self._agreements.waiting(is_done=is_done, limit=limit)
        return [TaskOut.model_validate(one) for one in found]

    def settle_task(self, task_id: Annotated[int, Path(ge=1, le=ID_MAX)], form: SettleForm) -> None:
        """Say that a person has seen to it; a stopped agreement goes on."""
        self._agreements.settle(task_id, form.note)


def router(agreements: AgreementsApi) -> APIRouter:
    """Return the router of agreements and of tasks."""
    made, to = APIRouter(), Agreements(agreements)
    one = "/agreements/{agreement_id}"
    for method, path, answer, status, tag in (
        ("POST", "/agreements", to.open_agreement, 201, "agreements"),
        ("POST", "/agreements/batch", to.open_agreements, 201, "agreements"),
        ("POST", "/agreements/convert", to.convert_agreements, 200, "agreements"),
        ("GET", "/agreements", to.find_agreements, 200, "agreements"),
        ("GET", one, to.agreement, 200, "agreements"),
        ("POST", f"{one}/terms", to.change_terms, 200, "agreements"),
        ("GET", f"{one}/terms", to.term_changes, 200, "agreements"),
        ("GET", f"{one}/notices", to.notices, 200, "agreements"),
        ("POST", f"{one}/close", to.close_agreement, 200, "agreements"),
        ("POST", f"{one}/orders", to.add_order, 201, "agreements"),
        ("GET", f"{one}/orders", to.orders, 200, "agreements"),
        ("DELETE", f"{one}/orders/{{order_id}}", to.cancel_order, 204, "agreements"),
        ("GET", "/agreement_tasks", to.agreement_tasks, 200, "agreements"),
        ("POST", "/agreement_tasks/{task_id}/settle", to.settle_task, 204, "agreements"),
    ):
        made.add_api_route(
            path, answer, methods=[method], status_code=status, tags=[tag], name=answer.__name__
        )
    return made


def _out(one: Agreement) -> AgreementOut:
    return AgreementOut.model_validate(one)

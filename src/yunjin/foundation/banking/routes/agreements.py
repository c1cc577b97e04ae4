"""Agreements, business days, products and tasks over HTTP."""

import dataclasses
import datetime as dt
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Path, Query
from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, WithJsonSchema

from yunjin.foundation.banking.api.agreements import (
    Agreement,
    AgreementQuery,
    AgreementsApi,
    Opening,
    StandingOrder,
    Waiting,
)
from yunjin.foundation.banking.api.days import DayReport, DaysApi
from yunjin.foundation.banking.api.registry import ProductVersion, RegistryApi, TermsChange
from yunjin.kernel.money import MINOR_MAX
from yunjin.kernel.page import LIMIT_MAX

CommandId = Annotated[UUID, Header(alias="Idempotency-Key", description="The command's id.")]
AgreementId = Annotated[int, Path(ge=1, le=2**63 - 1)]
Digits = Annotated[
    int,
    PlainSerializer(str, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": "^[0-9]{1,20}$"}, mode="serialization"),
]
Exact = Annotated[
    int,
    PlainSerializer(lambda one: one if abs(one) <= MINOR_MAX else str(one), when_used="json"),
    WithJsonSchema({"anyOf": [{"type": "integer"}, {"type": "string"}]}, mode="serialization"),
]
Value = Annotated[int, Field(ge=-MINOR_MAX, le=MINOR_MAX)]
Terms = dict[Annotated[str, Field(max_length=64)], Value]
Limit = Annotated[int, Query(ge=1, le=LIMIT_MAX)]
Code = Annotated[str, Field(max_length=40)]


class Form(BaseModel):
    """What comes in: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Answer(BaseModel):
    """What goes out, read from what the door answers."""

    model_config = ConfigDict(frozen=True, from_attributes=True)


class OpeningForm(Form):
    """Terms of a new agreement. version: 0 for the product's live one."""

    product: Code
    party_id: Annotated[str, Field(min_length=1, max_length=64, pattern="^[!-~]+$")]
    terms: Terms = {}
    branch: Annotated[str, Field(min_length=1, max_length=16, pattern="^[!-~]+$")] = "head"
    version: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0
    note: Annotated[str, Field(max_length=200)] = ""


class OpeningsForm(Form):
    """Many agreements to open, all or none."""

    openings: Annotated[list[OpeningForm], Field(min_length=1, max_length=10_000)]


class OpenedOut(Answer):
    """The ids of the agreements, in order."""

    agreement_ids: list[Digits]


class TermsForm(Form):
    """Parameters' other values, from today on."""

    terms: Annotated[Terms, Field(min_length=1)]


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
    terms: dict[str, int]
    balances: dict[str, int]
    accrued_e8: dict[str, int]
    fields: dict[str, int]
    dates: dict[str, dt.date]
    due: dict[str, dt.date]
    account_ids: dict[str, Digits]
    balance_minor: int
    held_minor: int
    available_minor: int
    days_overdue: int
    risk_class: int


class AgreementsOut(Answer):
    """A page of agreements, newest first."""

    items: list[AgreementOut]
    next_cursor: str | None


class OrderForm(Form):
    """A standing order; Idempotency-Key is its id."""

    counter_agreement_id: Annotated[int, Field(ge=1, le=2**63 - 1)]
    amount_minor: Annotated[int, Field(ge=1, le=MINOR_MAX)]
    first: dt.date
    last: dt.date | None = None
    every_months: Annotated[int, Field(ge=0, le=1_200)] = 1
    every_days: Annotated[int, Field(ge=0, le=1_200)] = 0
    note: Annotated[str, Field(max_length=200)] = ""


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

    note: Annotated[str, Field(max_length=200)] = ""


class CloseForm(Form):
    """Up to which day to close; null: the open one."""

    until: dt.date | None = None


class ProofOut(Answer):
    """A slot of the general ledger beside the accounts that make it up."""

    slot: str
    branch: str
    currency: str
    subledger_minor: Exact
    ledger_minor: Exact


class DayOut(Answer):
    """A business day."""

    date: dt.date
    status: str
    agreements: int
    transfers: int
    accrued_minor: int
    provision_minor: int
    waiting: int
    seconds: float


class VersionForm(Form):
    """A product file. agreements: who comes over first; null: live for new ones."""

    source: Annotated[str, Field(min_length=1, max_length=100_000)]
    agreements: Annotated[list[int], Field(max_length=10_000)] | None = None
    note: Annotated[str, Field(max_length=200)] = ""


class VersionOut(Answer):
    """A registered product version."""

    code: str
    version: int
    note: str
    registered: dt.datetime
    agreements: list[Digits] | None
    source: str


class ChangeForm(Form):
    """A product's parameter has another value from a business day on."""

    parameter: Annotated[str, Field(max_length=64)]
    value: Value
    since: dt.date


class Routes:
    """The addresses."""

    def __init__(self, agreements: AgreementsApi, days: DaysApi, registry: RegistryApi) -> None:
        self._agreements, self._days, self._registry = agreements, days, registry

    def open_agreement(self, form: OpeningForm, command_id: CommandId) -> AgreementOut:
        """Open an agreement. Sent again under its key, it answers the same one."""
        (made,) = self._agreements.open(command_id, [_opening(form)])
        return _out(self._agreements.agreement(made))

    def open_agreements(self, form: OpeningsForm, command_id: CommandId) -> OpenedOut:
        """Open agreements, all or none. Sent again under its key, it answers the same ones."""
        wanted = [_opening(one) for one in form.openings]
        return OpenedOut(agreement_ids=self._agreements.open(command_id, wanted))

    def find_agreements(
        self,
        product: Annotated[str, Query(max_length=40)] = "",
        party_id: Annotated[str, Query(max_length=64)] = "",
        branch: Annotated[str, Query(max_length=16)] = "",
        status: Annotated[str, Query(max_length=16)] = "",
        limit: Limit = 50,
        cursor: Annotated[str | None, Query(min_length=1, max_length=500)] = None,
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
        self, agreement_id: AgreementId, form: TermsForm, command_id: CommandId
    ) -> AgreementOut:
        """Give parameters other values from the business date on."""
        return _out(self._agreements.change(command_id, agreement_id, form.terms))

    def close_agreement(self, agreement_id: AgreementId, command_id: CommandId) -> AgreementOut:
        """Close an agreement that is empty."""
        return _out(self._agreements.close(command_id, agreement_id))

    def add_order(
        self, agreement_id: AgreementId, form: OrderForm, command_id: CommandId
    ) -> OrderOut:
        """Keep a standing order."""
        facts = form.model_dump()
        order = StandingOrder(order_id=command_id, agreement_id=agreement_id, **facts)
        return OrderOut.model_validate(self._agreements.order(command_id, order))

    def orders(self, agreement_id: AgreementId) -> list[OrderOut]:
        """Return the standing orders of an agreement."""
        self._agreements.agreement(agreement_id)
        return [OrderOut.model_validate(one) for one in self._agreements.orders(agreement_id)]

    def cancel_order(self, order_id: UUID, command_id: CommandId) -> None:
        """Let a standing order end."""
        self._agreements.cancel_order(command_id, order_id)

    def tasks(self, is_done: bool = False, limit: Limit = 50) -> list[TaskOut]:
        """Return what waits for a person, newest first."""
        return [_task(one) for one in self._agreements.waiting(is_done=is_done, limit=limit)]

    def settle_task(
        self, task_id: Annotated[int, Path(ge=1, le=2**63 - 1)], form: SettleForm
    ) -> None:
        """Say that a person has seen to it; a stopped agreement goes on."""
        self._agreements.settle(task_id, form.note)

    def days(self, limit: Annotated[int, Query(ge=1, le=400)] = 31) -> list[DayOut]:
        """Return business days, newest first."""
        return [_day(one) for one in self._days.days(limit=limit)]

    def day(self, date: dt.date) -> DayOut:
        """Return a business day."""
        return _day(self._days.day(date))

    def proof(self, date: dt.date) -> list[ProofOut]:
        """Return a day's proof: each slot of the general ledger beside its accounts."""
        return [ProofOut.model_validate(one) for one in self._days.day(date).proof]

    def close_day(self, form: CloseForm) -> DayOut:
        """Close the open business day, or every day up to one."""
        return _day(self._days.close(form.until))

    def register_product(self, form: VersionForm, command_id: CommandId) -> VersionOut:
        """Try a product file and make it the next version of its code, live on return."""
        made = self._registry.register(
            command_id, form.source, agreements=form.agreements, note=form.note
        )
        return _version(made)

    def product_versions(self, code: Annotated[str, Query(max_length=40)] = "") -> list[VersionOut]:
        """Return the versions of a product, or of all, the newest first."""
        return [_version(one) for one in self._registry.versions(code)]

    def release_product(
        self, code: str, version: Annotated[int, Path(ge=1, le=2**31 - 1)], command_id: CommandId
    ) -> VersionOut:
        """Open a gray version to everybody."""
        return _version(self._registry.release(command_id, code, version))

    def change_product(self, code: str, form: ChangeForm, command_id: CommandId) -> None:
        """Give a product's parameter another value from a business day on."""
        change = TermsChange(
            product=code, parameter=form.parameter, value=form.value, since=form.since
        )
        self._registry.set_terms(command_id, change)


def router(agreements: AgreementsApi, days: DaysApi, registry: RegistryApi) -> APIRouter:
    """Return the router of agreements, days and products."""
    made, to = APIRouter(), Routes(agreements, days, registry)
    one = "/agreements/{agreement_id}"
    for method, path, answer, status, tag in (
        ("POST", "/agreements", to.open_agreement, 201, "agreements"),
        ("POST", "/agreements/batch", to.open_agreements, 201, "agreements"),
        ("GET", "/agreements", to.find_agreements, 200, "agreements"),
        ("GET", one, to.agreement, 200, "agreements"),
        ("POST", f"{one}/terms", to.change_terms, 200, "agreements"),
        ("POST", f"{one}/close", to.close_agreement, 200, "agreements"),
        ("POST", f"{one}/orders", to.add_order, 201, "agreements"),
        ("GET", f"{one}/orders", to.orders, 200, "agreements"),
        ("DELETE", "/orders/{order_id}", to.cancel_order, 204, "agreements"),
        ("GET", "/tasks", to.tasks, 200, "tasks"),
        ("POST", "/tasks/{task_id}/settle", to.settle_task, 204, "tasks"),
        ("GET", "/days", to.days, 200, "days"),
        ("POST", "/days/close", to.close_day, 200, "days"),
        ("GET", "/days/{date}", to.day, 200, "days"),
        ("GET", "/days/{date}/proof", to.proof, 200, "days"),
        ("POST", "/products", to.register_product, 201, "products"),
        ("GET", "/products", to.product_versions, 200, "products"),
        ("POST", "/products/{code}/{version}/release", to.release_product, 200, "products"),
        ("POST", "/products/{code}/terms", to.change_product, 204, "products"),
    ):
        made.add_api_route(
            path, answer, methods=[method], status_code=status, tags=[tag], name=answer.__name__
        )
    return made


def _opening(form: OpeningForm) -> Opening:
    return Opening(**form.model_dump())


def _out(one: Agreement) -> AgreementOut:
    return AgreementOut.model_validate(one)


def _task(one: Waiting) -> TaskOut:
    return TaskOut.model_validate(one)


def _day(one: DayReport) -> DayOut:
    return DayOut.model_validate(one)


def _version(one: ProductVersion) -> VersionOut:
    facts: dict[str, Any] = dataclasses.asdict(one)
    return VersionOut(**facts)

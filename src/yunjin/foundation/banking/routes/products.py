"""Products over HTTP: files tried, registered, released, changed; what would happen under them."""

import dataclasses
import datetime as dt
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query
from pydantic import Field

from yunjin.foundation.banking.api import Change, Entry, ProductInfo, ProductsApi
from yunjin.foundation.banking.api.products import AGREEMENTS_MAX
from yunjin.foundation.banking.api.registry import ProductVersion, RegistryApi, TermsChange
from yunjin.foundation.banking.routes.values import (
    Answer,
    Command,
    Digits,
    Exact,
    Form,
    Id,
    Key,
    Note,
    Terms,
    Value,
    id_of,
)
from yunjin.kernel.errors import Malformed

CELLS_MAX: Final = 40_000  # days × agreements of one answer; in process it may be more
Source = Annotated[str, Field(min_length=1, max_length=100_000)]
ProductCode = Annotated[str, Path(min_length=1, max_length=40)]
TemplateName = Annotated[str, Path(min_length=1, max_length=40)]
Version = Annotated[int, Path(ge=1, le=2**31 - 1)]
Place = Annotated[int, Field(strict=True, ge=0, lt=AGREEMENTS_MAX)]


class VersionForm(Command):
    """A product file. agreements: who comes over first; null: live for new ones."""

    source: Source
    agreements: Annotated[list[Id], Field(max_length=10_000)] | None = None
    note: Note = ""


class VersionOut(Answer):
    """A registered product version. agreements: for whom it is live; null: for all."""

    code: str
    version: int
    note: str
    registered: dt.datetime
    agreements: list[Digits] | None
    source: str


class TrialForm(Form):
    """A product file to try."""

    source: Source


class ParameterOut(Answer):
    """A term of a product. default: null where a value must be given."""

    name: str
    unit: str
    level: str
    default: Exact | None
    least: Exact
    most: Exact


class ProductOut(Answer):
    """A product that passed its trial. accounts: slot of the general ledger by account."""

    code: str
    summary: str
    currency: str
    rule_lines: int
    parameters: list[ParameterOut]
    accounts: dict[str, str]
    warnings: list[str]


class ChangeForm(Command):
    """A product's parameter has another value from a business day on."""

    parameter: Annotated[str, Field(max_length=64)]
    value: Value
    since: dt.date


class TemplateOut(Answer):
    """A named set of values of a product. terms: those in force on the open business day."""

    product: str
    name: str
    terms: dict[str, Exact]


class ReleaseForm(Command):
    """A release's id."""


class EntryForm(Form):
    """Money that comes in (> 0) or goes out (< 0). agreement: its place in the list of terms."""

    date: dt.date
    amount_minor: Value
    agreement: Place = 0


class OtherForm(Form):
    """Another value of a parameter from a date on."""

    date: dt.date
    parameter: Annotated[str, Field(max_length=64)]
    value: Value
    agreement: Place = 0


class SimulationForm(Form):
    """What to run: a shipped product's code or a file's text, from start up to and without end."""

    product: Source
    agreements: Annotated[list[Terms], Field(min_length=1, max_length=AGREEMENTS_MAX)]
    start: dt.date
    end: dt.date
    entries: list[EntryForm] = Field(default_factory=list, max_length=10_000)
    changes: list[OtherForm] = Field(default_factory=list, max_length=1_000)


class MovedOut(Answer):
    """A transfer between accounts of the agreement and slots of the bank."""

    date: dt.date
    agreement: int
    debit: str
    credit: str
    amount_minor: Exact


class SaidOut(Answer):
    """Something that a product said of an agreement."""

    date: dt.date
    agreement: int
    text: str


class SimulationOut(Answer):
    """What would happen. balances: columns; those ending in _e8 are 10⁻⁸ minor units."""

    code: str
    balances: dict[str, list[dt.date | Exact]]
    transfers: list[MovedOut]
    refusals: list[SaidOut]
    notices: list[SaidOut]
    tasks: list[SaidOut]


class Products:
    """The products' addresses."""

    def __init__(self, registry: RegistryApi, products: ProductsApi) -> None:
        self._registry, self._products = registry, products

    def register_product(self, form: VersionForm, key: Key = None) -> VersionOut:
        """Try a product file and make it the next version of its code, live on return."""
        made = self._registry.register(
            id_of(form, key), form.source, agreements=form.agreements, note=form.note
        )
        return _version(made)

    def product_versions(self, code: Annotated[str, Query(max_length=40)] = "") -> list[VersionOut]:
        """Return the versions of a product, or of all, the newest first."""
        return [_version(one) for one in self._registry.versions(code)]

    def try_product(self, form: TrialForm) -> ProductOut:
        """Read a product file and try it on a generated book; nothing is kept."""
        return _product(self._products.check(form.source))

    def release_product(
        self,
        code: ProductCode,
        version: Version,
        form: ReleaseForm | None = None,
        key: Key = None,
    ) -> VersionOut:
        """Open a gray version to everybody."""
        return _version(self._registry.release(id_of(form, key), code, version))

    def change_product(self, code: ProductCode, form: ChangeForm, key: Key = None) -> None:
        """Give a product's parameter another value from a business day on."""
        change = TermsChange(
            product=code, parameter=form.parameter, value=form.value, since=form.since
        )
        self._registry.set_terms(id_of(form, key), change)

    def change_template(
        self, code: ProductCode, name: TemplateName, form: ChangeForm, key: Key = None
    ) -> None:
        """Give a template's parameter another value; the first one begins the template."""
        change = TermsChange(
            product=code,
            template=name,
            parameter=form.parameter,
            value=form.value,
            since=form.since,
        )
        self._registry.set_terms(id_of(form, key), change)

    def product_templates(self, code: ProductCode) -> list[TemplateOut]:
        """Return a product's templates with their values of today."""
        return [TemplateOut.model_validate(one) for one in self._registry.templates(code)]

    def simulate(self, form: SimulationForm) -> SimulationOut:
        """Run agreements over days and return what would happen; nothing is kept."""
        cells = len(form.agreements) * max((form.end - form.start).days, 0)
        if cells > CELLS_MAX:
            raise Malformed(f"expected at most {CELLS_MAX} days × agreements, was {cells}")
        events: list[Entry | Change] = [Entry(**one.model_dump()) for one in form.entries]
        events += [Change(**one.model_dump()) for one in form.changes]
        found = self._products.simulate(
            form.product, form.agreements, start=form.start, end=form.end, events=events
        )
        facts = {name: getattr(found, name) for name in ("refusals", "notices", "tasks")}
        return SimulationOut.model_validate(
            {
                "code": found.code,
                "balances": found.balances.to_pydict(),
                "transfers": found.transfers.to_pylist(),
                **facts,
            }
        )


def router(registry: RegistryApi, products: ProductsApi) -> APIRouter:
    """Return the router of products."""
    made, to = APIRouter(prefix="/products", tags=["products"]), Products(registry, products)
    made.post("", status_code=201)(to.register_product)
    made.get("")(to.product_versions)
    made.post("/trial")(to.try_product)
    made.post("/simulate")(to.simulate)
    made.post("/{code}/{version}/release")(to.release_product)
    made.post("/{code}/terms", status_code=204)(to.change_product)
    made.get("/{code}/templates")(to.product_templates)
    made.post("/{code}/templates/{name}", status_code=204)(to.change_template)
    return made


def _version(one: ProductVersion) -> VersionOut:
    facts: dict[str, Any] = dataclasses.asdict(one)
    return VersionOut(**facts)


def _product(one: ProductInfo) -> ProductOut:
    return ProductOut.model_validate(one)

"""The mapping: how an old core's files are written, and what of ours each thing in them is.

TOML; unknown keys are refused. docs/how-to/takeover.md tells of every key.
"""

import codecs
import datetime as dt
import tomllib
from typing import Any, Final, Literal

import msgspec

from yunjin.platforms.capability.api.takeover import FindingKind
from yunjin.platforms.capability.errors.takeover import TakeoverMappingRefused

Act = Literal["line", "whole", "tell"]
Unit = Literal["money", "accrued", "percent", "fraction", "ppm", "count", "date", "text"]
Days = Literal["ACT_360", "ACT_365F", "THIRTY_E_360"]
FILES: Final = ("customers", "agreements", "balances", "history")
_KNOWN: Final[dict[str, dict[str, Unit]]] = {
    "customers": {
        "key": "text",
        "kind": "text",
        "name": "text",
        "document_type": "text",
        "document": "text",
        "phone": "text",
        "born": "date",
    },
    "agreements": {
        "key": "text",
        "customer": "text",
        "product": "text",
        "branch": "text",
        "currency": "text",
        "status": "text",
        "opened": "date",
        "closed": "date",
    },
    "balances": {"key": "text", "balance": "money", "accrued": "accrued", "accrued_from": "date"},
    "history": {
        "key": "text",
        "reference": "text",
        "date": "date",
        "amount": "money",
        "side": "text",
        "text": "text",
    },
}
_NEEDED: Final = {
    "customers": ("key", "kind", "name"),
    "agreements": ("key", "customer", "product", "currency", "opened"),
    "balances": ("key", "balance"),
    "history": ("key", "date", "amount"),
}
# What a defect of each kind does where the policy says nothing of it.
_USUAL: Final[dict[FindingKind, Act]] = {
    FindingKind.CONTROL: "whole",
    FindingKind.PERSON_TWICE: "tell",
    FindingKind.INTEREST: "tell",
}


class Form(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How files are written."""

    format: Literal["csv", "parquet"] = "csv"
    encoding: str = "utf-8"  # gb18030, …
    delimiter: str = ","
    quote: str = '"'
    date: str = "%Y-%m-%d"
    decimal: str = "."
    thousands: str = ""


class File(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A file: its columns by our names, the units of those beyond ours, codes of values."""

    file: str
    columns: dict[str, str]
    units: dict[str, Unit] = {}
    codes: dict[str, dict[str, str]] = {}
    form: Form | None = None
    complete: bool = False  # history: all movements there ever were are in it


class Controls(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The file of control totals: which file, which figure ("rows" or a column), the total."""

    file: str
    of: str = "file"
    figure: str = "figure"
    currency: str = "currency"
    total: str = "total"
    form: Form | None = None


class Interest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How the old core accrues, so that what it says can be recomputed."""

    rate: str  # column, or a number of ppm
    days: Days
    since: str = "accrued_from"
    of: str = "balance"
    accrued: str = "accrued"
    tolerance_minor: int = 1


class Product(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What an old product is with us: columns, or numbers, by our names."""

    product: str
    sign: Literal["same", "opposite"] = "same"  # of its balances: opposite where it owes as minus
    may_be_negative: bool = False
    terms: dict[str, str | int] = {}
    balances: dict[str, str] = msgspec.field(default_factory=lambda: {"main": "balance"})
    accruals: dict[str, str] = {}
    fields: dict[str, str | int] = {}
    dates: dict[str, str] = {}
    due: dict[str, str] = {}
    overdue_since: str = ""
    interest: Interest | None = None


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a defect does: refuses its line, the whole delivery, or is only told."""

    usual: Act = "line"
    kinds: dict[str, Act] = {}
    refused_max_ppm: int = 1_000_000  # of agreements; beyond it the delivery is refused whole

    def act(self, kind: FindingKind) -> Act:
        """Return what a defect of a kind does."""
        return self.kinds.get(kind.value, _USUAL.get(kind, self.usual))


class Tolerance(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How far the two cores may differ on a figure of a day. Unit: 10⁻⁸ minor; counts."""

    balance_e8: int = 0
    accrued_e8: int = 50_000_000  # half a minor unit: residues of rounding
    due_e8: int = 0


class Mapping(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A mapping. cell: the column of agreements that cells are made of."""

    name: str
    as_of: dt.date
    agreements: File
    balances: File
    products: dict[str, Product]
    customers: File | None = None
    history: File | None = None
    controls: Controls | None = None
    cell: str = "branch"
    form: Form = Form()
    policy: Policy = Policy()
    tolerance: Tolerance = Tolerance()

    def files(self) -> dict[str, File]:
        """Return the files there are, by name, in the order they are read."""
        found = {name: getattr(self, name) for name in FILES}
        return {name: one for name, one in found.items() if one is not None}

    def form_of(self, file: File | Controls) -> Form:
        """Return how a file is written."""
        return file.form or self.form

    def units(self, name: str) -> dict[str, Unit]:
        """Return the unit of every column of a file."""
        return _KNOWN[name] | self.files()[name].units


def read_mapping(text: str) -> Mapping:
    """Read a mapping. Raises: TakeoverMappingRefused."""
    try:
        raw = tomllib.loads(text)
        mapping = msgspec.convert(raw, Mapping, strict=True)
    except tomllib.TOMLDecodeError as error:
        raise refused("mapping", f"expected TOML, was: {error}") from None
    except (msgspec.ValidationError, RecursionError) as error:
        raise refused("mapping", str(error)) from None
    for where, why in _problems(mapping):
        raise refused(where, why)
    return mapping


def refused(where: str, why: str) -> TakeoverMappingRefused:
    """Return the refusal of a mapping."""
    return TakeoverMappingRefused(f"{where}: {why}", where=where, why=why)


def _problems(mapping: Mapping) -> list[tuple[str, str]]:
    found = [] if mapping.name.strip() else [("name", "expected a name of the source, was empty")]
    for name, file in mapping.files().items():
        found += _file_problems(name, file, mapping)
    if mapping.controls is not None:
        found += _form_problems("controls", mapping.form_of(mapping.controls))
    if mapping.cell not in mapping.agreements.columns:
        found.append(("cell", f"expected a column of agreements, was {mapping.cell[:40]!r}"))
    if not mapping.products:
        found.append(("products", "expected what each product is with us, was nothing"))
    for code, product in mapping.products.items():
        found += _product_problems(f"products.{code}", product, mapping)
    kinds = {kind.value for kind in FindingKind}
    for kind in mapping.policy.kinds.keys() - kinds:
        found.append(("policy.kinds", f"expected a kind of finding, was {kind[:40]!r}"))
    return found


def _file_problems(name: str, file: File, mapping: Mapping) -> list[tuple[str, str]]:
    found = _form_problems(name, mapping.form_of(file))
    path = file.file
    if not path or path.startswith(("/", "\\")) or ".." in path or "\0" in path:
        found.append((f"{name}.file", "expected a name inside the delivery's folder"))
    found += [
        (f"{name}.columns.{need}", "expected the name of its column, was none")
        for need in _NEEDED[name]
        if need not in file.columns
    ]
    known = _KNOWN[name]
    found += [
        (f"{name}.units.{column}", "expected a unit, since the column is none of ours")
        for column in file.columns
        if column not in known and column not in file.units
    ]
    found += [
        (f"{name}.units.{column}", "expected no unit: it is known")
        for column in file.units
        if column in known
    ]
    return found


def _form_problems(name: str, form: Form) -> list[tuple[str, str]]:
    try:
        codecs.lookup(form.encoding)
    except (LookupError, ValueError):
        return [(f"{name}.form.encoding", f"expected an encoding, was {form.encoding[:40]!r}")]
    rules = [
        (len(form.delimiter) == 1, "delimiter", "expected one character"),
        (len(form.quote) <= 1, "quote", "expected one character, or none"),
        (len(form.decimal) == 1, "decimal", "expected one character"),
        (len(form.thousands) <= 1, "thousands", "expected one character, or none"),
        (form.decimal != form.thousands, "thousands", "expected another one than for decimals"),
    ]
    return [(f"{name}.form.{key}", why) for holds, key, why in rules if not holds]


def _product_problems(where: str, product: Product, mapping: Mapping) -> list[tuple[str, str]]:
    units = {**mapping.units("agreements"), **mapping.units("balances")}
    there = {*mapping.agreements.columns, *mapping.balances.columns}
    wanted: list[tuple[str, Any, tuple[Unit, ...]]] = [
        *[(f"terms.{key}", one, _NUMBERS) for key, one in product.terms.items()],
        *[(f"balances.{key}", one, ("money",)) for key, one in product.balances.items()],
        *[(f"accruals.{key}", one, ("accrued",)) for key, one in product.accruals.items()],
        *[(f"fields.{key}", one, _NUMBERS) for key, one in product.fields.items()],
        *[(f"dates.{key}", one, ("date",)) for key, one in product.dates.items()],
        *[(f"due.{key}", one, ("date",)) for key, one in product.due.items()],
    ]
    if product.overdue_since:
        wanted.append(("overdue_since", product.overdue_since, ("date",)))
    if product.interest is not None:
        some = product.interest
        wanted += [("interest.since", some.since, ("date",)), ("interest.of", some.of, ("money",))]
        wanted += [("interest.accrued", some.accrued, ("accrued",))]
        if not some.rate.isdecimal():
            wanted.append(("interest.rate", some.rate, _NUMBERS))
    found = []
    for key, column, kinds in wanted:
        if isinstance(column, int):
            continue
        if column not in there:
            found.append((f"{where}.{key}", f"expected a column, was {column[:40]!r}"))
        elif units.get(column) not in kinds:
            found.append((f"{where}.{key}", f"expected a column of {kinds[0]}, was another"))
    return found


_NUMBERS: Final[tuple[Unit, ...]] = ("count", "money", "percent", "fraction", "ppm")

"""What a message is made of, said once for reading and writing: parts of fields in ISO's order.

A part is an element that comes any number of times and becomes a row; a field is a text below it
and becomes a column. Paths are of local names. In them `{BIC}` and the like stand for what a
version calls it, and `Dt|DtTm` for a choice, of which the first is written.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum, auto
from functools import cached_property, lru_cache
from typing import Final

from yunjin.platforms.capability.domain.iso20022.reasons import ReasonCode


class Kind(Enum):
    """How a text is checked and what column it becomes."""

    TEXT = auto()  # string
    BIC = auto()  # string, ISO 9362
    IBAN = auto()  # string, ISO 13616
    ACCOUNT = auto()  # string: an account number that is no IBAN, as Chinese banks give them
    LEI = auto()  # string, ISO 17442
    UETR = auto()  # string, a UUID of version 4
    DATE = auto()  # date32; of a date-time the day as written
    DATETIME = auto()  # timestamp[us, UTC]; without an offset it is taken as UTC
    AMOUNT = auto()  # int64 minor units in `<name>_minor`, and a column of its currency
    SUM = auto()  # string: a sum over currencies, as written
    COUNT = auto()  # int64
    FLAG = auto()  # bool
    SIDE = auto()  # bool: whether CRDT


REASONS: Final = {
    Kind.BIC: ReasonCode.AGENT_INCORRECT,
    Kind.IBAN: ReasonCode.ACCOUNT_INCORRECT,
    Kind.ACCOUNT: ReasonCode.ACCOUNT_INCORRECT,
    Kind.DATE: ReasonCode.DATE_INVALID,
    Kind.DATETIME: ReasonCode.DATE_INVALID,
    Kind.AMOUNT: ReasonCode.AMOUNT_INVALID,
    Kind.SUM: ReasonCode.CONTROL_SUM_WRONG,
    Kind.COUNT: ReasonCode.COUNT_WRONG,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A column and where it stands below its part."""

    name: str
    path: str
    kind: Kind = Kind.TEXT
    length_max: int = 35
    pattern: str = ""  # what the whole text must match (RE2); empty: anything
    must: bool = False
    many: str = ""  # the element on its path that may come again; the texts are joined by line ends
    currency: str = "currency"  # of an amount: the column of its currency
    since: int = 0  # the version it came with
    unless: str = ""  # the field of which only this or that may be there: a choice

    @property
    def reason(self) -> ReasonCode:
        """Return the code of a text that is not of the right form."""
        return REASONS.get(self.kind, ReasonCode.CONTENT_INCORRECT)


@dataclass(frozen=True)
class Part:
    """A repeated element: a row a time; its fields and parts in ISO's order."""

    name: str
    path: str
    items: tuple["Field | Part", ...]
    must: bool = False  # comes at least once in its parent
    needs: tuple[str, ...] = ()  # elements that must be written, whichever of their fields is told

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """Return the fields of the part itself."""
        return tuple(item for item in self.items if isinstance(item, Field))

    @cached_property
    def parts(self) -> tuple["Part", ...]:
        """Return the parts directly below."""
        return tuple(item for item in self.items if isinstance(item, Part))

    def field(self, name: str) -> Field:
        """Return a field by its name."""
        return next(field for field in self.fields if field.name == name)


@dataclass(frozen=True)
class Family:
    """A message in the versions we read and write."""

    kind: str  # pain.001
    versions: tuple[int, ...]
    newest: int  # what is written unless asked otherwise
    words: Mapping[str, tuple[tuple[int, str], ...]]  # word → (version it came with, name), …
    root: Part

    def __hash__(self) -> int:
        return hash(self.kind)

    def name(self, version: int) -> str:
        """Return a message's name: pain.001.001.09."""
        return f"{self.kind}.001.{version:02}"

    @property
    def names(self) -> str:
        """Return the names of all versions in short: pain.001.001.03-09."""
        first, *rest = self.versions
        spans = [[first, first]]
        for version in rest:
            if version == spans[-1][1] + 1:
                spans[-1][1] = version
            else:
                spans.append([version, version])
        return ", ".join(
            self.name(low) + (f"-{high:02}" if high > low else "") for low, high in spans
        )

    def namespace(self, version: int) -> str:
        """Return the namespace, which decides the version."""
        return f"{NAMESPACE}{self.name(version)}"

    def layout(self, version: int) -> Part:
        """Return the parts as a version has them."""
        return _layout(self, version)


NAMESPACE: Final = "urn:iso:std:iso:20022:tech:xsd:"
_AGENTS: Final = {"BIC": ((0, "BIC"), (3, "BICFI")), "ORGBIC": ((0, "BICOrBEI"), (3, "AnyBIC"))}
PAYMENT_WORDS: Final = {
    "BIC": ((0, "BIC"), (4, "BICFI")),
    "ORGBIC": ((0, "BICOrBEI"), (4, "AnyBIC")),
    "DAY": ((0, "ReqdExctnDt"), (8, "ReqdExctnDt/Dt|DtTm")),
}
ACCOUNT_WORDS: Final = {
    **_AGENTS,
    "STS": ((0, "Sts"), (7, "Sts/Cd|Prtry")),
    "PTY": ((0, ""), (7, "/Pty")),
    "AMT": ((0, "AmtDtls/TxAmt/Amt"), (3, "Amt")),
}


@lru_cache(maxsize=64)
def _layout(family: Family, version: int) -> Part:
    said = {
        word: [name for since, name in names if since <= version][-1]
        for word, names in family.words.items()
    }

    def fitted(part: Part) -> Part:
        items: list[Field | Part] = []
        for item in part.items:
            if isinstance(item, Part):
                items.append(fitted(item))
            elif item.since <= version:
                items.append(replace(item, path=item.path.format_map(said)))
        return replace(part, items=tuple(items))

    return fitted(family.root)


def agent(name: str, tag: str) -> tuple[Field, ...]:
    """Return the fields of a bank: its BIC, or its number in a clearing system."""
    inside = f"{tag}/FinInstnId"
    system = f"{inside}/ClrSysMmbId/ClrSysId/Cd"
    return (
        Field(name=f"{name}_bic", path=f"{inside}/{{BIC}}", kind=Kind.BIC),
        Field(name=f"{name}_clearing", path=system, length_max=5),
        Field(name=f"{name}_member", path=f"{inside}/ClrSysMmbId/MmbId"),
    )


def party(name: str, tag: str, *, lei_since: int = 9) -> tuple[Field, ...]:
    """Return the fields of a person or organisation."""
    organisation = f"{tag}/Id/OrgId"
    return (
        Field(name=f"{name}_name", path=f"{tag}/Nm", length_max=140),
        Field(name=f"{name}_town", path=f"{tag}/PstlAdr/TwnNm"),
        Field(name=f"{name}_country", path=f"{tag}/PstlAdr/Ctry", pattern="[A-Z]{2}"),
        Field(name=f"{name}_bic", path=f"{organisation}/{{ORGBIC}}", kind=Kind.BIC),
        Field(name=f"{name}_lei", path=f"{organisation}/LEI", kind=Kind.LEI, since=lei_since),
    )


def account(name: str, tag: str) -> tuple[Field, ...]:
    """Return the fields of an account: an IBAN or, as in China, another number."""
    return (
        Field(name=f"{name}_iban", path=f"{tag}/Id/IBAN", kind=Kind.IBAN, length_max=34),
        Field(
            name=f"{name}_other",
            path=f"{tag}/Id/Othr/Id",
            kind=Kind.ACCOUNT,
            length_max=34,
            unless=f"{name}_iban",
        ),
        Field(name=f"{name}_currency", path=f"{tag}/Ccy", pattern="[A-Z]{3}"),
    )


REMITTANCE: Final = (
    Field(name="remittance", path="RmtInf/Ustrd", length_max=140, many="Ustrd"),
    Field(name="remittance_reference", path="RmtInf/Strd/CdtrRefInf/Ref", many="Strd"),
)
CHARGE_BEARERS: Final = "DEBT|CRED|SHAR|SLEV"

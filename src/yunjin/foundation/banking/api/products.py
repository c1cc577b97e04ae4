"""Products as code: what is shipped, whether a file will do, what would happen under its rules."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import pyarrow as pa

AGREEMENTS_MAX: Final = 1_000  # of one simulation
CELLS_MAX: Final = 2_000_000  # days × agreements of one simulation
Terms = Mapping[str, int]  # a value by the name of a parameter


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterInfo:
    """A term of a product. default: None where a value must be given."""

    name: str
    unit: str  # minor, ppm, days, count, choice
    level: str  # product, template or instance: the lowest that may set it
    default: int | None
    least: int
    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductInfo:
    """A product that passed its trial."""

    code: str
    summary: str
    currency: str
    rule_lines: int
    parameters: tuple[ParameterInfo, ...]
    accounts: Mapping[str, str]  # slot of the general ledger by account
    dues: tuple[str, ...]  # accounts whose balance should have been paid by now
    source: str
    warnings: tuple[str, ...] = ()  # what the law has something to say about


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Money that comes in (> 0) or goes out (< 0). agreement: its place in the list of terms."""

    date: dt.date
    amount_minor: int
    agreement: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Another value of a parameter from a date on."""

    date: dt.date
    parameter: str
    value: int
    agreement: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Saying:
    """Something that a product said of an agreement: a refusal's reason, a notice, a task."""

    date: dt.date
    agreement: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """What would happen.

    Attributes
    ----------
    balances : date, agreement, then int64 minor units an account: each evening's, on the side the
        account grows on, and `<accrual>_e8`: accrued and not settled, 10⁻⁸ of a minor unit.
    transfers : date, agreement, debit, credit (accounts of the agreement or slots), amount_minor.
    """

    code: str
    balances: pa.RecordBatch
    transfers: pa.RecordBatch
    refusals: tuple[Saying, ...]
    notices: tuple[Saying, ...]
    tasks: tuple[Saying, ...]


class ProductsApi(Protocol):
    """Products, before anybody has an agreement."""

    def products(self) -> list[ProductInfo]:
        """Return the shipped products."""

    def check(self, source: str) -> ProductInfo:
        """Read a product file and try it. Raises: ProductRefused, with reasons and lines."""

    def simulate(
        self,
        product: str,
        agreements: Sequence[Terms],
        *,
        start: dt.date,
        end: dt.date,
        events: Sequence[Entry | Change] = (),
    ) -> Simulation:
        """Run agreements from `start` up to and without `end`; the same call gives the same answer.

        Parameters
        ----------
        product : the code of a shipped product, or the source of a file.

        Raises: ProductNotFound, ProductRefused, Malformed (terms, dates, too much at once).
        """

"""Agreements that another core has had: brought over as they stand, read and given back in columns.

Money comes from the migration account 迁移过渡 (slot SUSPENSE) and goes back to it, so that the
ledger balances at every moment, and what is left there is what both cores owe each other.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol
from uuid import UUID

import pyarrow as pa

BROUGHT_MAX: Final = 20_000  # agreements of one call
BROUGHT_REQUIRED: Final = {"party_id": pa.string(), "opened": pa.date32()}
BROUGHT_OPTIONAL: Final = {
    "branch": pa.string(),
    "note": pa.string(),
    "overdue_since": pa.date32(),  # since when something due has been unpaid, without a break
}
MOVED: Final = pa.schema(
    [
        ("wave", pa.int64()),
        ("agreement_id", pa.int64()),
        ("account", pa.string()),
        ("date", pa.date32()),
        ("amount_minor", pa.int64()),  # on the side the account grows on
        ("code", pa.uint16()),  # what the transfer is: 1 an entry, 2 a product's, …
        ("id_hi", pa.uint64()),
        ("id_lo", pa.uint64()),
    ]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What a product declares, and so what `bring` takes of its agreements.

    terms : least and most of each parameter.  accounts : slot of the general ledger by account.
    """

    product: str
    version: int
    currency: str
    terms: Mapping[str, tuple[int, int]]
    accounts: Mapping[str, str]
    accruals: tuple[str, ...]
    fields: tuple[str, ...]
    dates: tuple[str, ...]
    events: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """Agreements that came over: their ids are first, first + step, … in the order given.

    wave : what moved in them since is in the waves after this one.
    """

    first: int
    step: int
    count: int
    wave: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """What moved on agreements' accounts (MOVED), as far as wave `until`. is_all: up to now."""

    rows: pa.RecordBatch
    until: int
    is_all: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenBack:
    """Agreements that ended in a wave; what was on their accounts is what moved in it.

    ended_before : ids of those that had ended by themselves.
    """

    wave: int
    count: int
    ended_before: tuple[int, ...]


class BringingApi(Protocol):
    """Agreements brought over from another core, in columns.

    Every method may raise Outage (nothing done) and, where it writes, Unknown (ask by id).
    """

    def declared(self, product: str, *, version: int = 0) -> Declared:
        """Return what a product declares; version 0: its live one. Raises: ProductNotFound."""

    def bring(
        self, command_id: UUID, product: str, agreements: pa.RecordBatch, *, version: int = 0
    ) -> Brought:
        """Open agreements in the middle of their lives. Sent again, answers the same.

        Columns: BROUGHT_* and, for what the product declares, `term.NAME`, `balance.NAME` (minor,
        on the side the account grows on), `accrued.NAME` (10⁻⁸ minor), `field.NAME`, `date.NAME`,
        `due.NAME` (when an event is next). Null, or left out: as the product begins, but balances
        and accruals with 0. What the product would post on opening is not posted.

        Raises: ProductNotFound, Malformed, IdempotencyConflict, EntryRefused.
        """

    def standing(self, agreements: pa.RecordBatch) -> list[pa.RecordBatch]:
        """Return agreements (column agreement_id) as they stand, a batch a product version.

        Columns: agreement_id, product, version, status (1 open, 2 closed, 3 stopped), held_minor,
        what is booked of accruals (`booked.NAME`), and all that `bring` takes but party and note.
        Raises: AgreementNotFound.
        """

    def moved(self, agreements: pa.RecordBatch, *, after: int, waves: int = 256) -> Moved:
        """Return what moved on agreements' accounts in the waves after one; so many are read."""

    def give_back(self, command_id: UUID, agreements: pa.RecordBatch) -> GivenBack:
        """End agreements: all on their accounts, and what accrued, goes to the migration account.

        What they remember stays as it was, so that `standing` tells it afterwards.
        Raises: AgreementNotFound, AgreementNotEmpty (something is on hold), EntryRefused.
        """

    def difference_minor(self) -> int:
        """Return debits less credits of the whole ledger; 0, or money was made or lost."""

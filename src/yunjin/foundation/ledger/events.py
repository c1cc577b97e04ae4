"""What the ledger tells. Transfers are not told one by one: the journal is their outbox."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalGrown:
    """The journal is durable up to a row; all before it is there to be read.

    Told at most once a second. Who hears it reads the rows from its own place on, up to this one.
    """

    type: ClassVar[str] = "yunjin.ledger.journal.grown.v1"
    cell: int
    sequence: int
    transfer_count: str  # 64-bit integers are strings in JSON
    timestamp_last_ns: str
    hash: str

    @property
    def subject(self) -> str:
        return f"cell-{self.cell}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AliasBound:
    """An alias (IBAN, card, wallet number) now stands for an account."""

    type: ClassVar[str] = "yunjin.ledger.alias.bound.v1"
    account_id: str
    kind: str

    @property
    def subject(self) -> str:
        return self.account_id


@dataclass(frozen=True, slots=True, kw_only=True)
class AliasReleased:
    """An alias no longer stands for an account."""

    type: ClassVar[str] = "yunjin.ledger.alias.released.v1"
    account_id: str
    kind: str

    @property
    def subject(self) -> str:
        return self.account_id

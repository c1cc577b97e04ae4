"""What the ledger tells. Transfers are told a batch at a time: the journal is their outbox."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchPosted:
    """A batch of transfers became durable as one row of the journal."""

    type: ClassVar[str] = "yunjin.ledger.batch.posted.v1"
    cell: int
    sequence: int
    row_count: int
    created_count: int
    timestamp_first_ns: str  # 64-bit integers are strings in JSON
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

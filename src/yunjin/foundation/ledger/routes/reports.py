"""What the ledger says about itself, as JSON: trial balance, journal, verification, cell."""

from typing import Self

from yunjin.chassis.transport.values import Digits, Total
from yunjin.foundation.ledger.api import (
    CellState,
    Head,
    JournalRow,
    TrialBalanceLine,
    VerifyReport,
)
from yunjin.foundation.ledger.routes.schemas import Totals
from yunjin.foundation.ledger.routes.values import Answer


class TrialBalanceLineOut(Totals):
    """One ledger's totals."""

    ledger: int
    currency: str
    account_count: int
    difference_minor: Total


class TrialBalanceOut(Answer):
    """Every ledger's totals, by number."""

    items: list[TrialBalanceLineOut]
    is_balanced: bool

    @classmethod
    def of(cls, lines: list[TrialBalanceLine]) -> Self:
        items = [
            TrialBalanceLineOut(
                ledger=line.ledger,
                currency=line.currency,
                account_count=line.account_count,
                debits_pending=line.debits_pending,
                debits_posted=line.debits_posted,
                credits_pending=line.credits_pending,
                credits_posted=line.credits_posted,
                difference_minor=line.difference_minor,
            )
            for line in lines
        ]
        return cls(items=items, is_balanced=not any(line.difference_minor for line in lines))


class JournalRowOut(Answer):
    """One row of the journal."""

    sequence: int
    epoch: int
    kind: str
    version: int
    codec: str
    row_count: int
    timestamp_first: Digits
    timestamp_last: Digits
    body_bytes: int
    previous_hash: str
    hash: str

    @classmethod
    def of(cls, row: JournalRow) -> Self:
        return cls(**{name: getattr(row, name) for name in cls.model_fields})


class JournalOut(Answer):
    """A page of the journal, newest first."""

    items: list[JournalRowOut]
    next_cursor: str | None


class HeadOut(Answer):
    """Where the journal ends."""

    sequence: int
    hash: str
    timestamp_last: Digits

    @classmethod
    def of(cls, head: Head) -> Self:
        return cls(sequence=head.sequence, hash=head.hash, timestamp_last=head.timestamp_last)


class FindingOut(Answer):
    """One thing that is wrong with the journal."""

    sequence: int
    what: str


class VerifyOut(Answer):
    """The outcome of reading the whole journal again."""

    is_sound: bool
    row_count: int
    transfer_count: int
    head: HeadOut
    findings: list[FindingOut]

    @classmethod
    def of(cls, report: VerifyReport) -> Self:
        return cls(
            is_sound=report.is_sound,
            row_count=report.row_count,
            transfer_count=report.transfer_count,
            head=HeadOut.of(report.head),
            findings=[FindingOut(sequence=x.sequence, what=x.what) for x in report.findings],
        )


class CellOut(Answer):
    """How the cell is doing."""

    cell: int
    home: int
    depth: int
    residue: int
    tenant: str
    epoch: int
    is_writer: bool
    stopped: str
    holder: str
    account_count: int
    transfer_count: int
    pending_count: int
    head: HeadOut

    @classmethod
    def of(cls, state: CellState) -> Self:
        plain = {name: getattr(state, name) for name in cls.model_fields if name != "head"}
        return cls(**plain, head=HeadOut.of(state.head))

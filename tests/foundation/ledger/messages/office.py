"""Where files are imported in tests: the importer and the ledger behind it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from yunjin.foundation.ledger.api import ImportedLine, ImportFile, ImportReport, LedgerApi
from yunjin.foundation.ledger.service.importing import Importer
from yunjin.kernel.clock import FixedClock

GOLDEN = Path(__file__).resolve().parents[3] / "golden"


@dataclass(frozen=True)
class Office:
    """A ledger and a desk that takes files."""

    ledger: LedgerApi
    clock: FixedClock

    def take(self, content: bytes, *, opens_accounts: bool = True, **options: Any) -> ImportReport:
        """Import some bytes."""
        command = ImportFile(name="test", content=content, opens_accounts=opens_accounts, **options)
        return Importer(self.ledger, self.clock).import_file(command)

    def balance(self, alias: str) -> int:
        """Return the credit balance of the account an alias stands for."""
        [found] = self.ledger.resolve_aliases([alias])
        row = self.ledger.accounts([found.account_id])
        credits_posted: int = row["credits_posted"][0].as_py()
        return credits_posted - int(row["debits_posted"][0].as_py())

    def transfer(self, transfer_id: UUID | None) -> dict[str, Any]:
        """Return a transfer as a row."""
        assert transfer_id is not None
        [row] = self.ledger.transfers([transfer_id]).to_pylist()
        found: dict[str, Any] = row
        return found

    def totals(self) -> list[tuple[str, int]]:
        """Return what was ever debited, by currency."""
        return [(line.currency, line.debits_posted) for line in self.ledger.trial_balance()]


def golden(name: str) -> bytes:
    """Return a golden file."""
    return (GOLDEN / name).read_bytes()


def told(lines: tuple[ImportedLine, ...]) -> list[tuple[int, str, str]]:
    """Return of each line its number, what became of it, and why."""
    return [(line.line, line.outcome.value, line.reason) for line in lines]

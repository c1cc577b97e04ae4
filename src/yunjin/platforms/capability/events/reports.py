"""What the report centre tells."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportMade:
    """A report ran as of a business date (`day`, ISO 8601) and is kept."""

    type: ClassVar[str] = "yunjin.capability.report.made.v1"
    run_id: str
    code: str
    version: int
    day: str
    rows: int
    hash: str

    @property
    def subject(self) -> str:
        """Runs of a report keep their order."""
        return self.code

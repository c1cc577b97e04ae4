"""What is kept together: a wave of transfers, and the rows it changes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from yunjin.foundation.banking.domain.products.book import Applied
from yunjin.foundation.banking.events import CustomersNoticed
from yunjin.foundation.banking.service.books import Kept
from yunjin.foundation.banking.service.drafting import Draft, Outcome, notices_of, tasks_of

NOTICED_AT_ONCE: Final = 1_000
ACT: Final = "act"  # the part of a wave that leaves rows behind, which a refusal takes back


@dataclass(slots=True)
class Touched:
    """Rows of a book that a wave changes, and the chain each hangs on (−1: on none)."""

    kept: Kept
    rows: Any  # int64[k]
    chains: Any  # int32[k]
    before: Any = None  # the rows as they were


@dataclass(slots=True)
class Wave:
    """What is to be kept together."""

    draft: Draft
    columns: dict[str, Any]
    touched: list[Touched] = field(default_factory=list)
    tasks: list[dict[str, Any]] = field(default_factory=list)
    terms: list[dict[str, Any]] = field(default_factory=list)  # what is recorded of changed terms
    notices: list[tuple[int, str]] = field(default_factory=list)  # (agreement id, code)
    part: str = ""

    def hear(self, kept: Kept, applied: Sequence[Applied]) -> None:
        """Take in what a product asks a person, and what it tells the customer."""
        self.tasks += tasks_of(kept, applied)
        self.notices += notices_of(kept, applied)


@dataclass(frozen=True, slots=True)
class Owed:
    """A wave that the ledger refused in part: its outcome is kept with what comes of that."""

    part: str
    columns: dict[str, Any]
    outcome: Outcome


def noticed(wave: Wave, sequence: int) -> Iterator[CustomersNoticed]:
    """Yield what is told of a wave's notices: an event a code, for a thousand agreements each."""
    by_code: dict[str, list[str]] = {}
    for agreement_id, code in wave.notices:
        by_code.setdefault(code, []).append(str(agreement_id))
    date = str(wave.draft.date)
    for code, ids in by_code.items():
        for start in range(0, len(ids), NOTICED_AT_ONCE):
            some = tuple(ids[start : start + NOTICED_AT_ONCE])
            yield CustomersNoticed(wave=sequence, date=date, code=code, agreement_ids=some)

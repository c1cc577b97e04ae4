"""What is kept together: a wave of transfers, and the rows it changes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from yunjin.foundation.banking.domain.products.book import Applied
from yunjin.foundation.banking.service.books import Kept
from yunjin.foundation.banking.service.drafting import Draft, notices_of, tasks_of
from yunjin.foundation.banking.service.follows import Follows

TASKS_A_WAVE: Final = 1 << 16


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
    tasks: list[dict[str, Any]] = field(default_factory=list)  # whatever the ledger answers
    part: str = ""
    follows: Follows = field(init=False)  # of what the ledger does not refuse

    def __post_init__(self) -> None:
        self.follows = Follows(int(self.draft.date.astype(np.int64)))

    def hear(self, kept: Kept, applied: Sequence[Applied]) -> None:
        """Take in what a product asks a person, and what it tells the customer."""
        self.follows.tasks += tasks_of(kept, applied)
        self.follows.notices += notices_of(kept, applied)

    def number_tasks(self, sequence: int) -> None:
        """Give its tasks their ids and the date; what is beyond all measure is left out."""
        first, days = sequence * TASKS_A_WAVE, self.follows.days
        del self.tasks[TASKS_A_WAVE:]
        del self.follows.tasks[TASKS_A_WAVE - len(self.tasks) :]
        for place, task in enumerate((*self.tasks, *self.follows.tasks)):
            task |= {"task_id": first + place, "date": days}


def page_of(part: str) -> tuple[int, int] | tuple[()]:
    """Return the (book, page) that is kept beside a wave of a close's part; () of any other."""
    match part.split("/"):
        case [_, *_, number, page] if number.isdigit() and page.isdigit():
            return int(number), int(page)
    return ()

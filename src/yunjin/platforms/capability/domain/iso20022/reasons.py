"""Why a file or a line of it is refused: codes that fit a pain.002 or pacs.002 answer.

Source: ISO 20022 External Code Sets, ExternalStatusReason1Code.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import numpy as np
import pyarrow as pa

DETAIL_LENGTH_MAX: Final = 105  # Max105Text, what AddtlInf holds


class ReasonCode(StrEnum):
    """The codes that this layer itself gives; a bank's own checks give others (AC04, AM04, …)."""

    ACCOUNT_INCORRECT = "AC01"
    AMOUNT_ZERO = "AM01"
    CURRENCY_NOT_ALLOWED = "AM03"
    DUPLICATION = "AM05"
    CONTROL_SUM_WRONG = "AM10"
    CURRENCY_INVALID = "AM11"
    AMOUNT_INVALID = "AM12"
    COUNT_WRONG = "AM18"
    CONTENT_INCORRECT = "CH16"
    DECIMALS_TOO_MANY = "CH20"
    ELEMENT_MISSING = "CH21"
    DATE_INVALID = "DT01"
    FORMAT_INVALID = "FF01"
    NARRATIVE = "NARR"
    AGENT_INCORRECT = "RC01"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A file that is refused whole; nothing of it may be done.

    What is known of the file is kept, so that the answer can name what it answers.
    """

    code: ReasonCode
    detail: str  # a sentence
    name: str = ""  # pain.001.001.09; empty where not even that could be told
    message_id: str = ""
    created_at: dt.datetime | None = None


def sentence(detail: str) -> str:
    """Return a detail as one line that AddtlInf holds."""
    return " ".join(detail.split())[:DETAIL_LENGTH_MAX]


class Verdicts:
    """One reason a row at most: the first that was found, since one is enough to refuse it."""

    def __init__(self, row_count: int) -> None:
        self._codes: Any = np.full(row_count, None, object)
        self._details: Any = np.full(row_count, None, object)

    def refuse(self, rows: Any, code: str, detail: str | Callable[[int], str]) -> None:
        """Refuse rows that are not refused yet.

        Parameters
        ----------
        rows : bool[rows] or the rows' numbers.
        detail : a sentence, or what makes it of a row's number.
        """
        for row in np.flatnonzero(rows) if rows.dtype == bool else rows:
            if self._codes[row] is None:
                self._codes[row] = str(code)
                self._details[row] = sentence(
                    detail if isinstance(detail, str) else detail(int(row))
                )

    def first(self) -> tuple[str, str] | None:
        """Return code and detail of the first row that is refused."""
        found = np.flatnonzero(self._codes != None)  # noqa: E711 - elementwise
        return (self._codes[found[0]], self._details[found[0]]) if found.size else None

    def columns(self) -> dict[str, pa.Array]:
        """Return the columns `reason` and `detail`; null where a row stands."""
        return {
            "reason": pa.array(self._codes, pa.string()),
            "detail": pa.array(self._details, pa.string()),
        }

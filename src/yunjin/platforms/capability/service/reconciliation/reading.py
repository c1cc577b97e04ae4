"""A file as it is taken: what it is, which day it is of, its lines."""

import datetime as dt
import hashlib
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import numpy as np
import pyarrow as pa

from yunjin.platforms.capability.api.reconciliation import CsvMapping
from yunjin.platforms.capability.domain.payment_files import packed, unpacked
from yunjin.platforms.capability.domain.reconciliation.camt_lines import read_camt
from yunjin.platforms.capability.domain.reconciliation.columns import LINES, joined, number_of
from yunjin.platforms.capability.domain.reconciliation.csv_lines import read_csv
from yunjin.platforms.capability.domain.reconciliation.facts import Booked, Line
from yunjin.platforms.capability.errors.clearing import ReconciliationRefused
from yunjin.platforms.capability.store.limits import date_of, days_of

PART_LINES: Final = 50_000  # a part stays below what a set takes in one transaction
_CSV: Final = "csv"


@dataclass(frozen=True, slots=True)
class FileTaken:
    """What is kept of a file."""

    file_id: str
    digest: bytes
    name: str
    day: dt.date
    lines: pa.RecordBatch

    def parts(self) -> list[bytes]:
        """Return the lines in parts, as they are kept."""
        count = self.lines.num_rows
        return [packed(self.lines.slice(at, PART_LINES)) for at in range(0, count, PART_LINES)]


def taken(content: bytes, day: dt.date | None, mapping: CsvMapping | None) -> FileTaken:
    """Read a file. Raises: ReconciliationRefused."""
    digest = hashlib.sha256(content).digest()
    if content.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] == b"<":
        told = read_camt(content, day)
        name, file_id, lines = told.name, told.file_id, told.lines
    else:
        if mapping is None:
            raise ReconciliationRefused("expected a mapping of the CSV's columns, was none")
        name, file_id, lines = _CSV, digest.hex()[:32], read_csv(content, mapping, day)
    if not lines.num_rows and day is None:
        raise ReconciliationRefused("expected a day with a file of no lines, was none")
    newest = day or date_of(int(np.max(lines["day"].to_numpy())))
    return FileTaken(file_id, digest, name, newest, lines)


def lines_of_parts(parts: list[bytes]) -> list[pa.RecordBatch]:
    """Return the lines of parts that were kept."""
    return [unpacked(body).cast(LINES) for body in parts]


def of_day(kept: list[bytes], own: pa.RecordBatch) -> pa.RecordBatch:
    """Return the lines of a day: those that were kept, and a file's own."""
    return own if not kept else joined([*lines_of_parts(kept), own], LINES)


def line_rows(lines: pa.RecordBatch) -> list[Line]:
    """Return lines one by one; the few that need to be explained."""
    return [
        Line(
            payment_id=number_of(row["payment_hi"], row["payment_lo"]),
            end_to_end_id=row["end_to_end_id"] or "",
            batch=(row["batch"] or "").replace("-", "").lower(),
            line_id=row["line_id"] or "",
            account=row["account"] or "",
            currency=row["currency"],
            amount_minor=row["amount_minor"],
            fee_minor=row["fee_minor"],
            day=row["day"],
            outcome=row["outcome"],
        )
        for row in lines.to_pylist()
    ]


def booked_rows(ours: pa.RecordBatch, facts: dict[UUID, tuple[str, str]]) -> list[Booked]:
    """Return movements one by one. facts: (message, account) of payments."""
    found = []
    for row in ours.to_pylist():
        payment_id = UUID(int=row["payment_hi"] << 64 | row["payment_lo"])
        batch, account = facts.get(payment_id, ("", ""))
        found.append(
            Booked(
                payment_id=payment_id,
                is_return=row["is_return"],
                currency=row["currency"],
                amount_minor=row["amount_minor"],
                batch=batch,
                account=account,
            )
        )
    return found


def days(date: dt.date) -> int:
    """Return a date as days since 1970."""
    return days_of(date) or 0

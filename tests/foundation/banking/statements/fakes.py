"""A ledger of one account, an agreement and a calendar, made of lists; and a reader of PDFs."""

import base64
import datetime as dt
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from importlib import resources
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pyarrow as pa

from yunjin.foundation.banking.api.agreements import Agreement
from yunjin.foundation.banking.domain.products import presets
from yunjin.foundation.banking.domain.products.loading import load
from yunjin.foundation.banking.domain.products.slots import Slot
from yunjin.foundation.banking.errors import AgreementNotFound
from yunjin.foundation.banking.service.statements.service import StatementService
from yunjin.foundation.banking.service.statements.writing import PaperWriter
from yunjin.foundation.ledger.api import ACCOUNTS, HISTORY, TransferFlag
from yunjin.foundation.ledger.errors import AccountNotFound

OWN, BANK, OTHER = 1001, 9001, 2002
OPENED_NS = 1_767_571_200_000_000_000  # 2026-01-05T00:00:00Z
DAY_NS = 86_400_000_000_000
TODAY = dt.date(2026, 4, 8)
INSTITUTION = "云锦示范银行"
SLOTS = {OWN: Slot.DEPOSITS, BANK: Slot.CLEARING, OTHER: Slot.DEPOSITS, 9002: Slot.INTEREST_PAYABLE}


@dataclass
class Posting:
    """A line: amount > 0 is a credit of the account, < 0 a debit."""

    at_ns: int
    date: dt.date
    amount_minor: int
    other: int = BANK
    code: int = 1
    reference: int = 0
    back_days: int = 0
    is_hold: bool = False


@dataclass
class FakeLedger:
    """What a statement asks of a ledger."""

    postings: Sequence[Posting] = ()
    aliases: dict[int, str] = field(default_factory=dict)
    hash: str = "ab" * 32
    asked: int = 0  # pages of history

    def accounts(self, account_ids: Sequence[int]) -> pa.RecordBatch:
        rows = [self._account(one, 0, 0) for one in account_ids if one in SLOTS]
        return pa.RecordBatch.from_pylist(rows, ACCOUNTS)

    def _account(self, account_id: int, debits: int, credits: int) -> dict[str, int]:
        row = dict.fromkeys(ACCOUNTS.names, 0)
        own = {"id": account_id, "code": int(SLOTS[account_id]), "timestamp": OPENED_NS}
        return {**row, **own, "debits_posted": debits, "credits_posted": credits}

    def balance_at(self, account_id: int, timestamp: int) -> pa.RecordBatch:
        if timestamp < OPENED_NS:
            raise AccountNotFound("not yet")
        mine = [p for p in self.postings if p.at_ns <= timestamp and not p.is_hold]
        debits = sum(-p.amount_minor for p in mine if p.amount_minor < 0)
        credits = sum(p.amount_minor for p in mine if p.amount_minor > 0)
        rows = [self._account(account_id, debits, credits)]
        return pa.RecordBatch.from_pylist(rows, ACCOUNTS)

    def history(
        self,
        account_id: int,
        *,
        timestamp_from: int | None = None,
        timestamp_until: int | None = None,
        cursor: str | None = None,
        limit: int = 50,
        oldest_first: bool = False,
    ) -> tuple[pa.RecordBatch, str | None]:
        assert limit <= 200
        self.asked += 1
        start, until = self._place(timestamp_from or 0), self._place(timestamp_until or 2**63 - 1)
        if not oldest_first:
            assert cursor is None
            places = range(max(until - limit, start), until)[::-1]
            rows = [self._line(account_id, at) for at in places]
            return pa.RecordBatch.from_pylist(rows, HISTORY), "more" if rows else None
        first = int(cursor) if cursor else start
        last = min(first + limit, until)
        rows = [self._line(account_id, at) for at in range(first, last)]
        return pa.RecordBatch.from_pylist(rows, HISTORY), str(last) if last < until else None

    def _place(self, timestamp: int) -> int:
        low, high = 0, len(self.postings)
        while low < high:
            middle = (low + high) // 2
            if self.postings[middle].at_ns < timestamp:
                low = middle + 1
            else:
                high = middle
        return low

    def _totals(self, at: int) -> tuple[int, int]:
        debits, credits = 0, 0
        for posting in self.postings[: at + 1]:
            if not posting.is_hold:
                debits += max(-posting.amount_minor, 0)
                credits += max(posting.amount_minor, 0)
        return debits, credits

    def _line(self, account_id: int, at: int) -> dict[str, Any]:
        posting = self.postings[at]
        ends = (account_id, posting.other)
        debit, credit = ends if posting.amount_minor < 0 else reversed(ends)
        debits, credits = self._totals(at)
        row = dict.fromkeys(HISTORY.names, 0)
        return row | {
            "id_hi": 0x0199_0000_0000_7000,
            "id_lo": 0x8000_0000_0000_0000 + at,
            "debit_account_id": debit,
            "credit_account_id": credit,
            "amount_minor": abs(posting.amount_minor),
            "code": posting.code,
            "flags": int(TransferFlag.PENDING) if posting.is_hold else 0,
            "user_data_128_hi": posting.reference >> 64,
            "user_data_128_lo": posting.reference & (2**64 - 1),
            "user_data_32": (posting.date - dt.date(1970, 1, 1)).days | posting.back_days << 16,
            "timestamp": posting.at_ns,
            "debits_posted": debits,
            "credits_posted": credits,
        }

    def journal(self, *, before: int | None = None, limit: int = 50) -> list[Any]:
        sequence = len(self.postings) if before is None else min(before - 1, len(self.postings))
        if sequence < 1:
            return []
        at = self.postings[sequence - 1].at_ns
        return [SimpleNamespace(sequence=sequence, hash=self.hash, timestamp_last=at)]

    def aliases_of(self, account_ids: Sequence[int]) -> list[Any]:
        return [SimpleNamespace(value=self.aliases[i]) for i in account_ids if i in self.aliases]


class SumLedger(FakeLedger):
    """The same over very many postings of 1.00 each: totals are counted, not added up."""

    def _totals(self, at: int) -> tuple[int, int]:
        return 0, 100 * (at + 1)


def agreement(**changes: Any) -> Agreement:
    """Return a current account."""
    values: dict[str, Any] = {
        "agreement_id": 77,
        "product": "current-account",
        "version": 1,
        "currency": "CNY",
        "party_id": "p-1",
        "branch": "head",
        "note": "",
        "status": "open",
        "opened": dt.date(2026, 1, 5),
        "closed": None,
        "terms": {"overdraft_limit": 0, "overdraft_rate": 150_000},
        "balances": {"main": 0},
        "accrued_e8": {"interest": 12_50000000, "overdraft_interest": 0},
        "fields": {},
        "dates": {},
        "due": {},
        "account_ids": {"main": OWN},
        "balance_minor": 0,
        "held_minor": 0,
        "available_minor": 0,
        "days_overdue": 0,
        "risk_class": 0,
    }
    names = Agreement.__dataclass_fields__
    usual = {name: 0 for name in names if name not in values}
    return Agreement(**usual, **{**values, **changes})


def services(
    ledger: FakeLedger,
    *,
    about: Agreement | None = None,
    lines_max: int = 1_000,
    rows_max: int = 1_000,
    font_file: str = "",
    institution: str = INSTITUTION,
) -> tuple[StatementService, PaperWriter]:
    """Return the services over fakes."""
    known = about or agreement()
    source = resources.files(presets).joinpath("current_account.py").read_text("utf-8")
    product = load(source, is_tried=False).product

    def find(agreement_id: int) -> Agreement:
        if agreement_id != known.agreement_id:
            raise AgreementNotFound(f"There is no agreement {agreement_id}.")
        return known

    agreements: Any = SimpleNamespace(agreement=find, term_changes=lambda agreement_id: [])
    days: Any = SimpleNamespace(business_date=lambda: TODAY)
    service = StatementService(
        agreements,
        days,
        ledger,  # type: ignore[arg-type]
        product_of=lambda code, version: product,
        lines_max=lines_max,
    )
    writer = PaperWriter(service, institution=institution, rows_max=rows_max, font_file=font_file)
    return service, writer


def a_quarter() -> FakeLedger:
    """Return a small history: opened on 5 January, interest on 20 March, a hold in between."""
    at = OPENED_NS + 3_600_000_000_000
    return FakeLedger(
        [
            Posting(at, dt.date(2026, 1, 5), 5_000_000_00),
            Posting(at + 1, dt.date(2026, 1, 5), -1_234_56, reference=UUID(int=77).int),
            Posting(at + DAY_NS, dt.date(2026, 1, 6), 900_00, is_hold=True),
            Posting(at + 70 * DAY_NS, dt.date(2026, 3, 20), 2_763_96, other=9002, code=2),
            Posting(at + 71 * DAY_NS, dt.date(2026, 3, 23), -1_000_00, other=OTHER, back_days=3),
            Posting(at + 80 * DAY_NS, dt.date(2026, 4, 1), 10_00),
        ],
        {OTHER: "6222020000000000123"},
    )


# reading a PDF ------------------------------------------------------------------------------------

_STREAM = re.compile(rb"<<(.*?)>>\s*stream\r?\n(.*?)endstream", re.DOTALL)
_SHOWN = re.compile(rb"/(F\d+)(?:\+\d+)? [\d.]+ Tf|\(((?:\\.|[^\\()])*)\) Tj", re.DOTALL)
_ESCAPED = re.compile(rb"\\([0-7]{1,3}|.)", re.DOTALL)
_SIGNS = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


def pages_of(pdf: bytes) -> list[list[str]]:
    """Return the texts that the pages of one of our PDFs show, in the order they are drawn."""
    wide = {
        name
        for font, name in re.findall(rb"/Encoding /(\S+) /Name /(F\d+)", pdf)
        if font == b"UniGB-UCS2-H"
    }
    found = []
    for head, body in _STREAM.findall(pdf):
        if b"/Length1" in head:
            continue  # a font
        content = zlib.decompress(
            base64.a85decode(body.strip().removesuffix(b"~>"), ignorechars=b"\r\n")
        )
        found.append(list(_texts(content, wide)))
    return found


def _texts(content: bytes, wide: set[bytes]) -> Iterator[str]:
    font = b""
    for name, text in _SHOWN.findall(content):
        if name:
            font = name
            continue
        raw = _ESCAPED.sub(_unescaped, text)
        yield raw.decode("utf-16-be") if font in wide else raw.decode("cp1252")


def _unescaped(match: re.Match[bytes]) -> bytes:
    sign = match[1]
    return bytes([int(sign, 8)]) if sign.isdigit() else _SIGNS.get(sign, sign)

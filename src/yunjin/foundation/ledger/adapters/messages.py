"""What every format is read into: a message of lines, statements, control sums and warnings."""

import datetime as dt
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from yunjin.foundation.ledger.api.imports import (
    ControlSum,
    ImportCode,
    ImportWarning,
    LineOutcome,
    LineReason,
)
from yunjin.kernel.errors import AmountTooLarge, Malformed
from yunjin.kernel.money import CURRENCIES, parse_minor

LINES_MAX: Final = 2_000_000
CHAIN_MAX: Final = 8_190  # lines that stand or fall together: they must fit a batch
_DATE: Final = re.compile(r"(\d{4}-\d{2}-\d{2})(?:T.*|Z|[+-]\d{2}:\d{2})?", re.ASCII)
_EPOCH: Final = dt.date(1970, 1, 1)


class Side(StrEnum):
    """What a line does to the account it is about."""

    CREDIT = "credit"
    DEBIT = "debit"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountName:
    """What a file calls an account."""

    kind: str  # "iban", "other", "card", …
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Why a line is not for posting, known from the file alone."""

    outcome: LineOutcome
    reason: LineReason
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One movement on one account, as the file tells it."""

    line: int
    path: str
    key: str  # what it is inside its message, the same whenever the file is read
    statement: int | None  # index of the statement it belongs to
    account: AccountName | None
    other: AccountName | None = None  # used only where the ledger knows it; else the nostro
    other_is_enough: bool = False  # either account may be ours
    side: Side = Side.CREDIT
    amount_minor: int | None = None
    currency: str = ""
    value_date: dt.date | None = None
    is_linked: bool = False  # with the next line: all or nothing
    is_order: bool = False  # something to be done on its date, not something that happened
    reference: str = ""
    uetr: str = ""
    balance_minor: int | None = None  # the account's balance after it, where the file says so
    verdict: Verdict | None = None

    @property
    def signed_minor(self) -> int | None:
        """What it adds to the account's credit balance."""
        if self.amount_minor is None:
            return None
        return self.amount_minor if self.side is Side.CREDIT else -self.amount_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedBalance:
    """A balance that a statement states; credit is positive."""

    minor: int
    currency: str
    date: dt.date | None
    line: int
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """Lines of one account between two balances."""

    name: str
    line: int
    path: str
    account: AccountName
    currency: str  # of the account; empty where the file does not say
    opening: StatedBalance | None = None
    closing: StatedBalance | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One file, read."""

    kind: str
    version: int
    message_id: str
    code: ImportCode
    lines: tuple[Line, ...]
    statements: tuple[Statement, ...] = ()
    controls: tuple[ControlSum, ...] = ()
    warnings: tuple[ImportWarning, ...] = ()


class Unreadable(Exception):
    """A value that cannot be read; the line that carries it is refused for this reason."""

    def __init__(self, reason: LineReason, detail: str) -> None:
        super().__init__(detail)
        self.verdict = Verdict(outcome=LineOutcome.REFUSED, reason=reason, detail=detail)


def is_currency(code: str) -> bool:
    """Say whether a code is one of ISO 4217's that money may be kept in."""
    return code in CURRENCIES


def read_amount(text: str, currency: str) -> int:
    """Return an unsigned decimal amount in minor units. Raises: Unreadable."""
    if not is_currency(currency):
        raise Unreadable(
            LineReason.CURRENCY_MALFORMED, f"expected an ISO 4217 code, was {currency[:20]!r}"
        )
    try:
        minor = parse_minor(text, currency)
    except AmountTooLarge as large:
        raise Unreadable(LineReason.AMOUNT_OUT_OF_RANGE, large.detail) from None
    except Malformed as malformed:
        raise Unreadable(LineReason.AMOUNT_MALFORMED, malformed.detail) from None
    if text.lstrip().startswith(("-", "+")):
        raise Unreadable(
            LineReason.AMOUNT_MALFORMED, f"expected an amount without a sign, was {text[:40]}"
        )
    return minor


def read_date(text: str) -> dt.date:
    """Return the calendar day of an ISO date or date-time, as written. Raises: Unreadable.

    A zone is not applied: the sender's business day is the day it wrote.
    """
    match = _DATE.fullmatch(text.strip())
    try:
        day = dt.date.fromisoformat(match[1]) if match else None
    except ValueError:
        day = None
    if day is None:
        raise Unreadable(
            LineReason.DATE_MALFORMED, f"expected a date YYYY-MM-DD, was {text.strip()[:40]!r}"
        )
    return checked_date(day)


def checked_date(day: dt.date) -> dt.date:
    """Return the day if the ledger can keep it (days since 1970). Raises: Unreadable."""
    if day < _EPOCH:
        raise Unreadable(LineReason.DATE_OUT_OF_RANGE, f"expected 1970-01-01 or later, was {day}")
    return day


def days(day: dt.date | None) -> int:
    """Return a day as days since 1970-01-01; 0 where there is none."""
    return (day - _EPOCH).days if day else 0

"""What is booked: movements summed, balanced, and told apart from others under the same source."""

import datetime as dt
import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from yunjin.foundation.banking.api.general_ledger import (
    LINES_MAX,
    MOVEMENTS_MAX,
    ManualEntry,
    ManualLine,
    Movement,
)
from yunjin.foundation.banking.domain.products.slots import Slot
from yunjin.foundation.banking.errors import OutOfRange, Unbalanced
from yunjin.kernel.errors import Malformed
from yunjin.kernel.money import MINOR_MAX, checked_currency

INT64_MAX: Final = 2**63 - 1
FIRST_DAY: Final = dt.date(1970, 1, 1)
LAST_DAY: Final = dt.date(2199, 12, 31)
BRANCH_MAX: Final = 16
PRODUCT_MAX: Final = 40
SOURCE_MAX: Final = 80
_SLOTS: Final = frozenset(int(slot) for slot in Slot)
_CODE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_SOURCE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:-]*")


class Key(NamedTuple):
    """What a balance is kept by."""

    account: str
    slot: int
    product: str
    branch: str
    currency: str


Amounts = tuple[int, int]  # debits, credits
Lines = dict[Key, Amounts]


def day_of(date: dt.date) -> int:
    """Return a date as days since 1970. Raises: Malformed outside of 1970 to 2199."""
    if not FIRST_DAY <= date <= LAST_DAY:
        raise Malformed(f"expected a date from {FIRST_DAY} to {LAST_DAY}, was {date}")
    return (date - FIRST_DAY).days


def date_of(day: int) -> dt.date:
    """Return the date of days since 1970."""
    return FIRST_DAY + dt.timedelta(days=day)


def checked_code(text: str, what: str, longest: int) -> str:
    """Return a code of letters, digits, `.`, `_` and `-`. Raises: Malformed."""
    if len(text) > longest or not _CODE.fullmatch(text):
        raise Malformed(f"expected a {what} of 1–{longest} letters or digits, was {text[:50]!r}")
    return text


def checked_source(text: str) -> str:
    """Return a source as it may be kept. Raises: Malformed."""
    if len(text) > SOURCE_MAX or not _SOURCE.fullmatch(text):
        raise Malformed(f"expected a source such as close/2026-01-31/7, was {text[:90]!r}")
    return text


def checked_words(text: str, what: str, longest: int, *, least: int = 1) -> str:
    """Return people's words, without blanks at their ends. Raises: Malformed."""
    text = text.strip()
    if not least <= len(text) <= longest or not text.isprintable():
        raise Malformed(f"expected {what} of {least}–{longest} printable characters on one line")
    return text


def summed(movements: Iterable[Movement]) -> list[Movement]:
    """Return movements summed by slot, product, branch and currency, in that order, without 0.

    Raises: Malformed, Unbalanced, OutOfRange (a sum beyond 63 bits).
    """
    sums: dict[tuple[int, str, str, str], Amounts] = {}
    for one in movements:
        _check(one)
        place = (int(one.slot), one.product, one.branch, one.currency)
        debits, credits = sums.get(place, (0, 0))
        sums[place] = debits + one.debit_minor, credits + one.credit_minor
    if len(sums) > MOVEMENTS_MAX:
        raise Malformed(f"expected at most {MOVEMENTS_MAX} movements, was {len(sums)}")
    check_balanced((branch, money, *sides) for (_, _, branch, money), sides in sums.items())
    return [
        Movement(
            slot=slot,
            product=product,
            branch=branch,
            currency=currency,
            debit_minor=debits,
            credit_minor=credits,
        )
        for (slot, product, branch, currency), (debits, credits) in sorted(sums.items())
        if debits or credits
    ]


def _check(one: Movement) -> None:
    if one.slot not in _SLOTS:
        raise Malformed(f"expected a slot's number, was {one.slot!r}")
    if one.product:
        checked_code(one.product, "product", PRODUCT_MAX)
    checked_code(one.branch, "branch", BRANCH_MAX)
    checked_currency(one.currency)
    for amount in (one.debit_minor, one.credit_minor):
        if type(amount) is not int or not 0 <= amount <= INT64_MAX:
            raise OutOfRange(f"expected 0 to 2^63 - 1 minor units, was {str(amount)[:30]}")


def check_balanced(sides: Iterable[tuple[str, str, int, int]]) -> None:
    """See that (branch, currency, debits, credits) balance per branch and currency.

    Raises: Unbalanced; OutOfRange for a sum beyond 63 bits.
    """
    totals: dict[tuple[str, str], Amounts] = {}
    for branch, currency, debit, credit in sides:
        debits, credits = totals.get((branch, currency), (0, 0))
        totals[branch, currency] = debits + debit, credits + credit
    for (branch, currency), (debits, credits) in totals.items():
        if debits != credits:
            raise Unbalanced(
                f"expected debits equal to credits in {branch} {currency}, "
                f"was {debits} and {credits}",
                branch=branch,
                currency=currency,
                debits_minor=str(debits),
                credits_minor=str(credits),
            )
        if debits > INT64_MAX:
            raise OutOfRange(f"expected sums below 2^63, was {debits} in {branch} {currency}")


def digest_of(day: int, movements: Sequence[Movement]) -> bytes:
    """Return what tells a booking from another one of the same source."""
    rows = [
        f"{one.slot}\t{one.product}\t{one.branch}\t{one.currency}"
        f"\t{one.debit_minor}\t{one.credit_minor}"
        for one in movements
    ]
    return hashlib.sha256("\n".join([str(day), *rows]).encode()).digest()


def digest_of_entry(entry: ManualEntry, reverses: int | None) -> bytes:
    """Return what tells a manual entry from another one of the same command."""
    head = (str(day_of(entry.date)), str(reverses), entry.reason, entry.reference, entry.by)
    rows = [
        f"{x.account} {x.branch} {x.currency} {x.debit_minor} {x.credit_minor}" for x in entry.lines
    ]
    return hashlib.sha256("\0".join([*head, *rows]).encode()).digest()


def checked_entry(entry: ManualEntry) -> ManualEntry:
    """Return a manual entry in the form it is kept in. Raises: Malformed, Unbalanced."""
    if not 2 <= len(entry.lines) <= LINES_MAX:
        raise Malformed(f"expected 2–{LINES_MAX} lines, was {len(entry.lines)}")
    for line in entry.lines:
        _check_line(line)
    check_balanced((x.branch, x.currency, x.debit_minor, x.credit_minor) for x in entry.lines)
    day_of(entry.date)
    return ManualEntry(
        command_id=entry.command_id,
        date=entry.date,
        lines=entry.lines,
        reason=checked_words(entry.reason, "a reason", 200),
        by=checked_words(entry.by, "who it was", 64),
        reference=checked_words(entry.reference, "a reference", 64, least=0),
    )


def _check_line(line: ManualLine) -> None:
    checked_code(line.branch, "branch", BRANCH_MAX)
    checked_currency(line.currency)
    sides = (line.debit_minor, line.credit_minor)
    if any(type(side) is not int for side in sides) or min(sides) < 0 or max(sides) > MINOR_MAX:
        raise Malformed("expected 0 to 2^53 - 1 minor units on either side of a line")
    if (sides[0] > 0) == (sides[1] > 0):
        raise Malformed("expected a debit or a credit in a line, was both or none")


def opposite(lines: Mapping[Key, Amounts]) -> Lines:
    """Return lines with their sides changed."""
    return {key: (credit, debit) for key, (debit, credit) in lines.items()}


def net_lines(nets: Mapping[Key, int]) -> Lines:
    """Return lines of debits less credits: a debit where > 0, a credit where < 0."""
    return {key: (max(net, 0), max(-net, 0)) for key, net in nets.items() if net}

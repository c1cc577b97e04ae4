"""Accounts and controls as ISO 20022 messages of every version write them."""

import re
from collections import Counter
from decimal import Decimal, InvalidOperation

from yunjin.foundation.ledger.adapters.messages import AccountName
from yunjin.foundation.ledger.adapters.xml import Element, Reader
from yunjin.foundation.ledger.api.imports import ControlSum

_KIND = re.compile(r"[a-z][a-z0-9_]{1,15}")
_OTHERS = ("Id/Othr/Id", "Id/PrtryAcct/Id", "Id/BBAN", "Id/UPIC")  # the last three in version 1
_SCHEMES = ("Id/Othr/SchmeNm/Cd", "Id/Othr/SchmeNm/Prtry")


def account_name(reader: Reader, account: Element | None) -> AccountName | None:
    """Return an account's IBAN or other identification (its kind: the scheme, as "card")."""
    if account is None:
        return None
    iban = reader.text(account, "Id/IBAN").replace(" ", "").upper()
    if iban:
        return AccountName(kind="iban", value=iban)
    other = reader.text(account, *_OTHERS)
    if not other:
        return None
    scheme = reader.text(account, *_SCHEMES).lower()
    return AccountName(kind=scheme if _KIND.fullmatch(scheme) else "other", value=other)


class Tally:
    """Counts and adds amounts as they are written, to be held against control sums."""

    def __init__(self) -> None:
        self.count: Counter[str] = Counter()
        self._sums: dict[str, Decimal] = {}

    def add(self, side: str, amount: str) -> None:
        """Count one amount on a side ("" where there are none)."""
        for name in {side, ""}:
            self.count[name] += 1
            self._sums[name] = self._sums.get(name, Decimal(0)) + _decimal(amount)

    def sum(self, side: str = "") -> Decimal:
        """Return the sum of one side, or of both."""
        return self._sums.get(side, Decimal(0))


def _decimal(text: str) -> Decimal:
    """Return a number as written; what is none counts as zero (its line is refused anyway)."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return Decimal(0)
    return number if number.is_finite() and abs(number.adjusted()) < 40 else Decimal(0)


def control(line: int, where: str, name: str, stated: str, found: Decimal) -> ControlSum:
    """Hold a stated count or sum against what was found."""
    try:
        holds = Decimal(stated) == found
    except InvalidOperation:
        holds = False
    return ControlSum(
        what=name,
        line=line,
        path=f"{where}/{name}",
        stated=stated[:40],
        found=f"{found:f}",
        holds=holds,
    )

"""Whose a request is: the account it names, read from its path, its query or its body."""

import json
import re
from dataclasses import dataclass
from typing import Any, Final

from yunjin.kernel.ids import SEQUENCE_BITS

_IN_PATH: Final = re.compile(r"/(?:accounts|agreements)/(\d{1,19})(?:/|$)")
_IN_QUERY: Final = ("account_id", "agreement_id")
_IN_BODY: Final = ("debit_account_id", "account_id", "agreement_id", "id")
_LISTS: Final = ("entries", "transfers")
_PEEKED_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Target:
    """Whom a request is for: a cell by its number, or whichever has an account; else anybody."""

    cell: int | None = None
    account: int | None = None


def target_of(path: str, query: dict[str, str], body: bytes, header: str | None) -> Target:
    """Return whom a request is for.

    header: of `Yunjin-Cell`, which wins.
    """
    if header is not None and header.isascii() and header.isdigit() and len(header) <= 19:
        return Target(cell=int(header))
    if found := _IN_PATH.search(path):
        return Target(account=_account(found[1]))
    for name in _IN_QUERY:
        if name in query:
            return Target(account=_account(query[name]))
    if not body or len(body) > _PEEKED_BYTES:
        return Target()
    try:
        return Target(account=_in_body(json.loads(body)))
    except (ValueError, RecursionError):
        return Target()  # whoever gets it says what is wrong with it


def _in_body(document: Any) -> int | None:
    if not isinstance(document, dict):
        return None
    for name in _IN_BODY:
        if name in document and (account := _account(document[name])) is not None:
            return account
    for name in _LISTS:
        items = document.get(name)
        if isinstance(items, list) and items:
            return _in_body(items[0])
    return None


def _account(value: Any) -> int | None:
    """Return an account's id, None for what is none."""
    text = str(value)
    if not (text.isascii() and text.isdigit() and len(text) <= 19):
        return None
    account = int(text)
    return account if account >> SEQUENCE_BITS else None

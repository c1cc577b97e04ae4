"""Which cell a request is for: read from its path, its query or its body."""

import json
import re
from typing import Any, Final

_SEQUENCE_BITS: Final = 48
_IN_PATH: Final = re.compile(r"/(?:accounts|agreements)/(\d{1,19})(?:/|$)")
_IN_QUERY: Final = ("account_id", "agreement_id")
_IN_BODY: Final = ("debit_account_id", "account_id", "agreement_id", "id")
_LISTS: Final = ("entries", "transfers")
_PEEKED_BYTES: Final = 1 << 20


def cell_of(path: str, query: dict[str, str], body: bytes, header: str | None) -> int | None:
    """Return the cell that a request names, None where it names none.

    header: of `Yunjin-Cell`, which wins.
    """
    if header is not None and header.isascii() and header.isdigit() and len(header) <= 19:
        return int(header)
    if found := _IN_PATH.search(path):
        return _cell(found[1])
    for name in _IN_QUERY:
        if name in query:
            return _cell(query[name])
    if not body or len(body) > _PEEKED_BYTES:
        return None
    try:
        return _in_body(json.loads(body))
    except (ValueError, RecursionError):
        return None  # whoever gets it says what is wrong with it


def _in_body(document: Any) -> int | None:
    if not isinstance(document, dict):
        return None
    for name in _IN_BODY:
        if name in document and (cell := _cell(document[name])) is not None:
            return cell
    for name in _LISTS:
        items = document.get(name)
        if isinstance(items, list) and items:
            return _in_body(items[0])
    return None


def _cell(value: Any) -> int | None:
    """Return the cell of an account's id, None for what is none."""
    text = str(value)
    if not (text.isascii() and text.isdigit() and len(text) <= 19):
        return None
    return int(text) >> _SEQUENCE_BITS or None

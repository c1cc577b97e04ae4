"""Numbers of identity documents, by the column: what `party_numbers` says one by one."""

import datetime as dt
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from yunjin.platforms.capability.api.party_facts import DocumentType
from yunjin.platforms.capability.api.party_numbers import is_number

_ID_CARD: Final = r"^[1-9][0-9]{16}[0-9X]$"
_WEIGHTS: Final = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2])
_CHECKS: Final = np.frombuffer(b"10X98765432", np.uint8)


def numbers_fit(types: pa.Array, numbers: pa.Array) -> Any:
    """Tell which documents have a number that their type may have, or none (bool[n])."""
    fits = np.ones(len(numbers), np.bool_)
    given = _bools(pc.and_(pc.is_valid(types), pc.is_valid(numbers)))
    is_card = given & _bools(pc.fill_null(pc.equal(types, DocumentType.ID_CARD.value), False))
    cards = np.flatnonzero(is_card)
    fits[cards] = _cards_fit(numbers.take(pa.array(cards)))
    others = np.flatnonzero(given & ~is_card)
    some = pa.array(others)
    pairs = zip(types.take(some).to_pylist(), numbers.take(some).to_pylist(), strict=True)
    fits[others] = [is_number(DocumentType(type_), number) for type_, number in pairs]
    return fits


def _cards_fit(numbers: pa.Array) -> Any:
    """Tell which are numbers of id cards: 18 signs, a date in them, the check sign (GB 11643)."""
    fits = _bools(pc.match_substring_regex(numbers, _ID_CARD))
    rows = np.flatnonzero(fits)
    if not len(rows):
        return fits
    good = numbers.take(pa.array(rows))
    signs = np.frombuffer("".join(good.to_pylist()).encode(), np.uint8).reshape(len(rows), 18)
    born = pc.utf8_slice_codeunits(good, 6, 14).dictionary_encode()
    is_day = np.array([_is_day(one) for one in born.dictionary.to_pylist()], np.bool_)
    sums = (signs[:, :17].astype(np.int64) - ord("0")) @ _WEIGHTS % 11
    fits[rows] = is_day[born.indices.to_numpy()] & (_CHECKS[sums] == signs[:, 17])
    return fits


def _is_day(text: str) -> bool:
    try:
        dt.date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _bools(mask: Any) -> Any:
    return mask.to_numpy(zero_copy_only=False).astype(np.bool_)

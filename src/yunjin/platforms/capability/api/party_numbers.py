"""Numbers of identity documents, and contacts: their forms, written one way. Pure.

Source: GB 11643-1999 (id card), GB 32100-2015 (credit code), ISO 17442 (LEI); ITU-T E.164 (phones).
"""

import datetime as dt
import re
import unicodedata
from typing import Final

from yunjin.platforms.capability.api.party_facts import (
    CONTACT_MAX,
    NAME_MAX,
    NUMBER_MAX,
    ContactKind,
    DocumentType,
)

_ID_CARD: Final = re.compile(r"[1-9]\d{5}(\d{8})\d{3}[\dX]", re.ASCII)
_ID_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECKS: Final = "10X98765432"
_CREDIT_SIGNS: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CREDIT_CODE: Final = re.compile(f"[{_CREDIT_SIGNS}]{{18}}")
_LEI: Final = re.compile(r"[0-9A-Z]{18}\d{2}", re.ASCII)
_OTHER: Final = re.compile(r"[0-9A-Z][0-9A-Z/-]*", re.ASCII)
_PHONE: Final = re.compile(r"\+?\d{5,15}", re.ASCII)
_EMAIL: Final = re.compile(r"[^@\s]{1,64}@[^@\s]+\.[^@\s.]+")


def folded(name: str) -> str:
    """Return a name as names are compared: one width, small letters, single blanks."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())[:NAME_MAX].rstrip()


def written_number(number: str) -> str:
    """Return a document's number as it is kept: one width, large letters, no blanks."""
    return "".join(unicodedata.normalize("NFKC", number).upper().split())


def written_contact(kind: ContactKind, value: str) -> str:
    """Return a contact as it is kept: phones as digits, e-mail addresses in small letters."""
    text = " ".join(unicodedata.normalize("NFKC", value).split())
    match kind:
        case ContactKind.PHONE:
            digits = re.sub(r"[ ().-]", "", text)
            digits = f"+{digits[2:]}" if digits.startswith("00") else digits
            return digits.removeprefix("+86") if len(digits) == 14 else digits
        case ContactKind.EMAIL:
            return text.casefold()
    return text


def is_number(type_: DocumentType, number: str) -> bool:
    """Whether a number, as `written_number` writes it, may be one of this type."""
    match type_:
        case DocumentType.ID_CARD:
            return _is_id_card(number)
        case DocumentType.CREDIT_CODE:
            return _is_credit_code(number)
        case DocumentType.LEI:
            return _LEI.fullmatch(number) is not None and _mod_97(number) == 1
    return len(number) <= NUMBER_MAX and _OTHER.fullmatch(number) is not None


def is_contact(kind: ContactKind, value: str) -> bool:
    """Whether a value, as `written_contact` writes it, may be one of this kind."""
    if not 0 < len(value) <= CONTACT_MAX:
        return False
    forms = {ContactKind.PHONE: _PHONE, ContactKind.EMAIL: _EMAIL}
    return kind not in forms or forms[kind].fullmatch(value) is not None


def born_by(number: str) -> dt.date | None:
    """Return the birth that an id card's number says; None for what is no id card's."""
    match = _ID_CARD.fullmatch(number)
    try:
        return dt.date.fromisoformat(match[1]) if match else None
    except ValueError:
        return None


def _is_id_card(number: str) -> bool:
    if born_by(number) is None:
        return False
    total = sum(int(one) * weight for one, weight in zip(number, _ID_WEIGHTS, strict=False))
    return number[-1] == _ID_CHECKS[total % 11]


def _is_credit_code(number: str) -> bool:
    if _CREDIT_CODE.fullmatch(number) is None:
        return False
    signs = [_CREDIT_SIGNS.index(one) for one in number]
    total = sum(sign * pow(3, at, 31) for at, sign in enumerate(signs[:17]))
    return signs[17] == -total % 31


def _mod_97(text: str) -> int:
    return int("".join(str(int(one, 36)) for one in text)) % 97

"""Aliases: which IBANs, card and wallet numbers are well formed, and their one canonical form.

Two spellings of one alias must never stand for two accounts, so an alias is kept, compared and
answered in canonical form: an IBAN in capitals, a card as digits, anything else in small letters;
no blanks, and no hyphens in IBANs and cards, where people write them for the eye.
"""

import re
from collections.abc import Callable
from typing import Final

from yunjin.kernel.errors import Malformed

IBAN: Final = "iban"
CARD: Final = "card"
WALLET: Final = "wallet"
VALUE_MAX: Final = 64
_KIND: Final = re.compile(r"[a-z][a-z0-9_]{1,15}")
_OTHER: Final = re.compile(r"[!-~]{1,64}")  # printable ASCII without the blank
_WALLET: Final = re.compile(r"[a-z0-9+][a-z0-9@._:+-]{2,63}")
_IBAN: Final = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")
_CARD: Final = re.compile(r"[0-9]{12,19}")
_FOR_THE_EYE: Final = re.compile(r"[\s-]+")
_BLANKS: Final = re.compile(r"\s+")

# Length of an IBAN by country: ISO 13616, the registry kept by SWIFT (release 99).
_LENGTHS: Final = """
AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28
EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26
IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28
NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25
SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30
"""
IBAN_LENGTHS: Final = {entry[:2]: int(entry[2:]) for entry in _LENGTHS.split()}


def canonical(kind: str, value: str) -> str:
    """Return an alias's value in the form it is kept in; nothing is checked."""
    if kind == IBAN:
        return _FOR_THE_EYE.sub("", value).upper()
    if kind == CARD:
        return _FOR_THE_EYE.sub("", value)
    return _BLANKS.sub("", value).lower()


def spellings(value: str) -> set[str]:
    """Return every canonical form that a value of unknown kind may be kept in."""
    forms = {canonical(kind, value) for kind in (IBAN, CARD, WALLET)}
    return {form for form in forms if can_begin(form)}


def can_begin(form: str) -> bool:
    """Return whether an alias in canonical form may begin like this."""
    return form == "" or _OTHER.fullmatch(form) is not None


def checked(kind: str, value: str) -> str:
    """Return the canonical form of a well-formed alias.

    Raises: Malformed for a kind that is no short word, an IBAN of the wrong length or check digits,
    a card number of the wrong length or check digit, and other values that are not 1–64
    printable ASCII characters (a wallet number: 3–64 letters, digits and @._:+-).
    """
    if not _KIND.fullmatch(kind):
        raise Malformed(f"expected a kind of 2–16 characters a–z 0–9 _, was {kind[:40]!r}")
    if len(value) > 2 * VALUE_MAX:
        raise Malformed(f"expected a value of at most {VALUE_MAX} characters, was {len(value)}")
    form = canonical(kind, value)
    complaint = _COMPLAINTS.get(kind, _other_complaint)(form)
    if complaint:
        raise Malformed(complaint, kind=kind)
    return form


def masked(value: str) -> str:
    """Return a value fit for logs and problems: only the last four characters are left."""
    return "…" + value[-4:] if len(value) > 8 else "…"


def is_luhn(digits: str) -> bool:
    """Return whether the last digit checks the others. Source: ISO/IEC 7812-1, annex B."""
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits))]
    return sum(number - 9 * (number > 9) for number in doubled) % 10 == 0


def is_mod_97(iban: str) -> bool:
    """Return whether an IBAN's check digits fit. Source: ISO 13616-1; ISO/IEC 7064, MOD 97-10."""
    moved = iban[4:] + iban[:4]
    return int("".join(str(int(character, 36)) for character in moved)) % 97 == 1


def _iban_complaint(form: str) -> str:
    if not _IBAN.fullmatch(form):
        return f"expected an IBAN, was {masked(form)}"
    expected = IBAN_LENGTHS.get(form[:2])
    if expected is None:
        return f"expected an IBAN of a known country, was {form[:2]}"
    if len(form) != expected:
        return f"expected {expected} characters in an IBAN of {form[:2]}, was {len(form)}"
    return "" if is_mod_97(form) else f"expected check digits that fit, was {masked(form)}"


def _card_complaint(form: str) -> str:
    if not _CARD.fullmatch(form):
        return f"expected a card number of 12–19 digits, was {len(form)} characters"
    return "" if is_luhn(form) else f"expected a check digit that fits, was {masked(form)}"


def _wallet_complaint(form: str) -> str:
    if _WALLET.fullmatch(form):
        return ""
    return f"expected a wallet number of 3–64 characters a–z 0–9 @._:+-, was {masked(form)}"


def _other_complaint(form: str) -> str:
    if _OTHER.fullmatch(form):
        return ""
    return f"expected 1–{VALUE_MAX} printable ASCII characters, was {masked(form)}"


_COMPLAINTS: Final[dict[str, Callable[[str], str]]] = {
    IBAN: _iban_complaint,
    CARD: _card_complaint,
    WALLET: _wallet_complaint,
}

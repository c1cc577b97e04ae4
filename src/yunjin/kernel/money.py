"""Money: whole minor units of one currency, never a float."""

import re
from dataclasses import dataclass
from typing import Final, Self

from yunjin.kernel.errors import AmountTooLarge, Malformed

MINOR_MAX: Final = 2**53 - 1  # what a JSON reader in JavaScript keeps exact

# ISO 4217's active codes that have a minor unit: no metals, no units of account, no "XXX". XTS is
# its code for tests. BGN ended on 2026-01-01; statements of the time before still come in.
_CURRENCIES: Final = (
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BOV BRL BSD BTN BWP "
    "BYN BZD CAD CDF CHE CHF CHW CLF CLP CNY COP COU CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB "
    "EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD "
    "JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP "
    "MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR "
    "RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND "
    "TOP TRY TTD TWD TZS UAH UGX USD USN UYI UYU UYW UZS VED VES VND VUV WST XAF XCD XCG XOF XPF "
    "XTS YER ZAR ZMW ZWG"
)
CURRENCIES: Final = frozenset(_CURRENCIES.split())

# Those whose exponent is not 2.
_NO_DECIMALS: Final = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_EXPONENTS: Final = {
    **dict.fromkeys(_NO_DECIMALS.split(), 0),
    **dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3),
    "CLF": 4,
    "UYW": 4,
}
_AMOUNT: Final = re.compile(r"([+-]?)(\d{1,40})(?:\.(\d{0,40}))?", re.ASCII)


def exponent(currency: str) -> int:
    """Return the number of decimals of an ISO 4217 currency (CNY 2, JPY 0, KWD 3)."""
    return _EXPONENTS.get(currency, 2)


def checked_currency(code: str) -> str:
    """Return a code that money may be kept in. Raises: Malformed."""
    if code not in CURRENCIES:
        raise Malformed(f"expected three capitals, an ISO 4217 code such as CNY, was {code[:20]!r}")
    return code


def parse_minor(text: str, currency: str) -> int:
    """Read a decimal amount as minor units.

    Trailing zeros beyond the currency's decimals are allowed, other digits there are not:
    nothing is ever rounded away in reading.

    Raises: Malformed; AmountTooLarge beyond MINOR_MAX either way.
    """
    match = _AMOUNT.fullmatch(text.strip())
    if match is None:
        raise Malformed(f"expected a decimal amount, was {text[:40]!r}", currency=currency)
    sign, whole, fraction = match[1], match[2], match[3] or ""
    places = exponent(currency)
    if fraction[places:].strip("0"):
        raise Malformed(
            f"expected at most {places} decimals in {currency}, was {text.strip()}",
            currency=currency,
        )
    minor = int(whole + fraction[:places].ljust(places, "0"))
    if minor > MINOR_MAX:
        most = format_minor(MINOR_MAX, currency)
        raise AmountTooLarge(
            f"expected at most {most} {currency}, was {text.strip()}", currency=currency
        )
    return -minor if sign == "-" else minor


def format_minor(minor: int, currency: str, *, grouped: bool = False) -> str:
    """Write minor units as a decimal amount: `format_minor(123456, "CNY")` is `1234.56`."""
    places = exponent(currency)
    digits = str(abs(minor)).rjust(places + 1, "0")
    whole = digits[:-places] if places else digits
    if grouped:
        whole = f"{int(whole):,}"
    text = f"{whole}.{digits[-places:]}" if places else whole
    return f"-{text}" if minor < 0 else text


@dataclass(frozen=True, slots=True)
class Money:
    """An exact amount: whole minor units of one currency."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.minor) is not int:
            raise TypeError(f"expected int minor units, was {type(self.minor).__name__}")
        if not (len(self.currency) == 3 and self.currency.isascii() and self.currency.isupper()):
            raise ValueError(f"expected an ISO 4217 code, was {self.currency!r}")

    def __add__(self, other: Self) -> Self:
        if self.currency != other.currency:
            raise ValueError(f"cannot add {other.currency} to {self.currency}")
        return type(self)(self.minor + other.minor, self.currency)

    def __neg__(self) -> Self:
        return type(self)(-self.minor, self.currency)

    def __sub__(self, other: Self) -> Self:
        return self + -other

    def split(self, parts: int) -> list[Self]:
        """Share out every minor unit; the first parts take the remainder."""
        if parts < 1:
            raise ValueError(f"expected at least 1 part, was {parts}")
        each, rest = divmod(self.minor, parts)
        return [type(self)(each + (i < rest), self.currency) for i in range(parts)]

    def __str__(self) -> str:
        return f"{format_minor(self.minor, self.currency)} {self.currency}"

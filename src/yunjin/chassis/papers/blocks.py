"""What a paper is before it is CSV or PDF: facts, tables and words, one after the other.

Blocks come from a generator, so that a table of any length streams and what stands below it may
speak of what ran through it.
"""

import datetime as dt
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from yunjin.kernel.clock import instant
from yunjin.kernel.money import format_minor

Cell = str | int | dt.date | None
_PPM_PLACES: Final = 4  # of a percent


class Format(StrEnum):
    """How a value is written."""

    TEXT = "text"
    ID = "id"  # text of a known width, in one line
    MONEY = "money"  # int, minor units
    DATE = "date"
    INSTANT = "instant"  # int, ns
    PERCENT = "percent"  # int, ppm
    COUNT = "count"
    FIGURE = "figure"  # a number that is text already

    @property
    def is_number(self) -> bool:
        """Whether it stands on the right and is no text for a spreadsheet."""
        return self in (Format.MONEY, Format.PERCENT, Format.COUNT, Format.FIGURE)


@dataclass(frozen=True, slots=True)
class Fact:
    """A value with its name."""

    name: str
    value: Cell
    format: Format = Format.TEXT


@dataclass(frozen=True, slots=True)
class Facts:
    """Values under a heading ("": none)."""

    facts: tuple[Fact, ...]
    heading: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """A column. place: columns of the same place are stacked on paper; width: its share there."""

    name: str
    format: Format
    place: int
    width: int


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a repeated head; empty: what is said where there is none."""

    columns: tuple[Column, ...]
    rows: Iterable[tuple[Cell, ...]]
    heading: str = ""
    empty: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence in small."""

    text: str


@dataclass(frozen=True, slots=True)
class Heading:
    """A line above what follows; it does not stand alone at the foot of a page."""

    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Words; each line feed begins a new line."""

    text: str


@dataclass(frozen=True, slots=True)
class Signatures:
    """Places to sign at: (whose, the words beside it)."""

    places: tuple[tuple[str, str], ...]


Block = Facts | Table | Note | Heading | Paragraph | Signatures


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A paper: once read, its blocks are gone.

    lang : "zh" or "en", of what is written on every page.
    width : columns of its widest table, at least 3.
    """

    title: str
    institution: str
    lang: str
    currency: str
    issued: dt.date
    width: int
    blocks: Iterator[Block]


def written(value: Cell, form: Format, currency: str, *, grouped: bool) -> str:
    """Return a value as it is written; text without what would disturb a page."""
    if value is None:
        return ""
    if isinstance(value, int):
        return _number(value, form, currency, grouped)
    return value.isoformat() if isinstance(value, dt.date) else clean(value)


def _number(value: int, form: Format, currency: str, grouped: bool) -> str:
    if form is Format.MONEY:
        return format_minor(value, currency, grouped=grouped)
    if form is Format.PERCENT:
        whole, rest = divmod(abs(value), 10**_PPM_PLACES)
        sign = "-" if value < 0 else ""
        return f"{sign}{whole}.{rest:0{_PPM_PLACES}d}%"
    if form is Format.INSTANT:
        return f"{instant(value):%Y-%m-%d %H:%M:%S}Z"
    return str(value)


def clean(text: str) -> str:
    """Return text without control, direction and other invisible marks, in one line.

    A right-to-left override would show a number backwards; a line feed would forge a row.
    """
    kept = (" " if char.isspace() else char for char in text)
    plain = "".join(char for char in kept if unicodedata.category(char) not in _UNSEEN)
    return " ".join(plain.split())


_UNSEEN: Final = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")

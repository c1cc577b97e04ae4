"""A paper as PDF: A4, letterhead, tables with a repeated head, page x of y; the same bytes for the
same paper, since its date is the paper's and its id comes from its content.
"""

import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple

from yunjin.chassis.papers.blocks import (
    Block,
    Cell,
    Column,
    Fact,
    Facts,
    Format,
    Heading,
    Note,
    Paper,
    Paragraph,
    Signatures,
    Table,
    clean,
    written,
)
from yunjin.chassis.papers.fonts import Fonts
from yunjin.kernel.errors import Problem

WIDTH, HEIGHT = 595.28, 841.89  # A4, points
_LEFT, _RIGHT, _TOP, _BOTTOM = 48.0, WIDTH - 48.0, HEIGHT - 56.0, 60.0
_SIZE, _SMALL, _TITLE = 8.5, 7.5, 16.0
_LEADING: Final = 11.0
_PAD: Final = 4.0
_GUTTER: Final = 9.0
_INK, _FAINT, _RULE = 0.1, 0.42, 0.82  # shades of grey
_TEXT_MAX: Final = 300  # characters of a cell
_BODY, _BODY_LEADING = 9.5, 15.0
_WORDS: Final = {"zh": ("续", "第 {} 页，共 {} 页"), "en": ("continued", "Page {} of {}")}
Align = Literal["left", "right"]


class Text(NamedTuple):
    """Words at a place."""

    x: Any
    y: Any
    text: str
    size: Any = _SIZE
    grey: Any = _INK
    align: Align = "left"


class Rule(NamedTuple):
    """A line, from margin to margin."""

    y: Any
    grey: Any = _RULE
    left: Any = _LEFT
    right: Any = _RIGHT


@dataclass(frozen=True, slots=True)
class Place:
    """A column on paper: some columns of the table, one above the other."""

    columns: tuple[int, ...]
    left: Any
    right: Any


def pdf_of(
    paper: Paper, fonts: Fonts, *, rows_max: int, too_long: Callable[[str], Problem]
) -> bytes:
    """Return a paper's bytes. Raises: what `too_long` makes, beyond so many rows of its tables."""
    layout = _Layout(paper, fonts, rows_max, too_long)
    layout.letterhead()
    for block in paper.blocks:
        layout.gap(10)
        layout.block(block)
    return _drawn(paper, fonts, layout.pages)


class _Layout:
    """Puts blocks on pages, from above to below."""

    def __init__(
        self, paper: Paper, fonts: Fonts, rows_max: int, too_long: Callable[[str], Problem]
    ) -> None:
        self._paper, self._fonts, self._rows_left = paper, fonts, rows_max
        self._rows_max, self._too_long = rows_max, too_long
        self.pages: list[list[Text | Rule]] = [[]]
        self._y: Any = _TOP

    def _put(self, *marks: Text | Rule) -> None:
        self.pages[-1] += marks

    def gap(self, height: Any) -> None:
        """Leave room."""
        self._y -= height

    def _need(self, height: Any) -> bool:
        """Turn the page if so much does not fit any more; return whether it was turned."""
        if self._y - height >= _BOTTOM:
            return False
        self.pages.append([])
        self._y = _TOP
        title = f"{self._paper.title} ({_WORDS[self._paper.lang][0]})"
        title = self._fonts.cut(title, _SMALL, (_RIGHT - _LEFT) * 0.38)
        who = self._fonts.cut(clean(self._paper.institution), _SMALL, (_RIGHT - _LEFT) * 0.6)
        self._put(
            Text(_LEFT, self._y, who, _SMALL, _FAINT),
            Text(_RIGHT, self._y, title, _SMALL, _FAINT, "right"),
            Rule(self._y - 6),
        )
        self._y -= 24
        return True

    def letterhead(self) -> None:
        """Say who writes, and what."""
        for line in self._fonts.lines(clean(self._paper.institution), 11, _RIGHT - _LEFT)[:2]:
            self._put(Text(_LEFT, self._y, line, 11, _FAINT))
            self._y -= 15
        self._y -= 10
        for line in self._fonts.lines(self._paper.title, _TITLE, _RIGHT - _LEFT):
            self._put(Text(_LEFT, self._y, line, _TITLE))
            self._y -= 20
        self._y += 10
        self._put(Rule(self._y, _INK))
        self._y -= 8

    def block(self, block: Block) -> None:
        """Write a part of the paper, whichever it is."""
        match block:
            case Note():
                self.note(block.text)
            case Heading():
                self._heading(clean(block.text))
            case Paragraph():
                self._paragraph(block.text)
            case Facts():
                self.facts(block)
            case Table():
                self.table(block)
            case Signatures():
                self._signatures(block)

    def _paragraph(self, text: str) -> None:
        for part in text.split("\n"):
            for line in self._fonts.lines(clean(part), _BODY, _RIGHT - _LEFT):
                self._need(_BODY_LEADING)
                self._put(Text(_LEFT, self._y, line, _BODY))
                self._y -= _BODY_LEADING

    def _signatures(self, block: Signatures) -> None:
        """Draw places to sign at, two beside each other."""
        half = (_RIGHT - _LEFT) / 2
        for first in range(0, len(block.places), 2):
            self._need(5 * _LEADING)
            for place, (whose, words) in enumerate(block.places[first : first + 2]):
                x, width = _LEFT + place * half, half - 3 * _GUTTER
                head = self._fonts.cut(clean(whose), _SIZE, width)
                self._put(Text(x, self._y, head), Rule(self._y - 34, _INK, x, x + width))
                below = self._fonts.cut(clean(words), _SMALL, width)
                self._put(Text(x, self._y - 45, below, _SMALL, _FAINT))
            self._y -= 5 * _LEADING

    def note(self, text: str) -> None:
        """Write a sentence."""
        for line in self._fonts.lines(clean(text), _SMALL, _RIGHT - _LEFT):
            self._need(_LEADING)
            self._put(Text(_LEFT, self._y, line, _SMALL, _FAINT))
            self._y -= _LEADING - 1

    def _heading(self, text: str) -> None:
        if text:
            self._need(4 * _LEADING)
            self._put(Text(_LEFT, self._y, text, 10))
            self._y -= _LEADING + 4

    def facts(self, block: Facts) -> None:
        """Write names and values, two pairs beside each other where they fit."""
        self._heading(block.heading)
        half = (_RIGHT - _LEFT) / 2
        waiting: Fact | None = None
        for fact in block.facts:
            if self._value_width(fact) > half - 110 - _GUTTER:
                self._row_of_facts([waiting] if waiting else [], half)
                waiting = None
                self._row_of_facts([fact], 2 * half)
            elif waiting is None:
                waiting = fact
            else:
                self._row_of_facts([waiting, fact], half)
                waiting = None
        self._row_of_facts([waiting] if waiting else [], half)

    def _value_width(self, fact: Fact) -> Any:
        return self._fonts.width(self._written(fact.value, fact.format), _SIZE)

    def _row_of_facts(self, facts: Sequence[Fact], width: Any) -> None:
        if not facts:
            return
        names = [self._fonts.lines(fact.name, _SMALL, 106) for fact in facts]
        values = [
            self._fonts.lines(self._written(fact.value, fact.format), _SIZE, width - 110 - _GUTTER)
            for fact in facts
        ]
        height = max(len(lines) for lines in (*names, *values)) * _LEADING + 2
        self._need(height)
        for place, (name, value) in enumerate(zip(names, values, strict=True)):
            x = _LEFT + place * width
            for line, text in enumerate(name):
                self._put(Text(x, self._y - line * _LEADING, text, _SMALL, _FAINT))
            for line, text in enumerate(value):
                self._put(Text(x + 110, self._y - line * _LEADING, text))
        self._y -= height

    def table(self, table: Table) -> None:
        """Write rows; the head stands above them on every page."""
        self._heading(table.heading)
        places = _places(table.columns)
        self._need(4 * _LEADING)
        self._head(table.columns, places)
        is_empty = True
        for row in table.rows:
            is_empty = False
            self._row(table.columns, places, row)
        if is_empty:
            self._put(Text(_LEFT, self._y - _LEADING, table.empty or "-", _SIZE, _FAINT))
            self._y -= 2 * _LEADING
        self._y -= _LEADING

    def _head(self, columns: Sequence[Column], places: Sequence[Place]) -> None:
        stacks = [
            [line for at in place.columns for line in self._head_lines(columns[at].name, place)]
            for place in places
        ]
        height = max(map(len, stacks)) * (_LEADING - 1)
        self._put(Rule(self._y + 2, _INK))
        for place, lines in zip(places, stacks, strict=True):
            is_number = columns[place.columns[0]].format.is_number
            for number, line in enumerate(lines):
                y = self._y - 8 - number * (_LEADING - 1)
                self._put(self._aligned(place, y, line, _SMALL, _FAINT, is_number))
        self._y -= height + 4
        self._put(Rule(self._y, _INK))
        self._y -= 2

    def _head_lines(self, name: str, place: Place) -> list[str]:
        return self._fonts.lines(name, _SMALL, place.right - place.left)

    def _row(self, columns: Sequence[Column], places: Sequence[Place], row: Sequence[Cell]) -> None:
        self._rows_left -= 1
        if self._rows_left < 0:
            raise self._too_long(f"expected at most {self._rows_max} rows on paper, was more")
        stacks = [list(self._stack(columns, place, row)) for place in places]
        height = max(map(len, stacks)) * _LEADING + _PAD
        if self._need(height):
            self._head(columns, places)
        for place, lines in zip(places, stacks, strict=True):
            for number, (text, size, grey, is_number) in enumerate(lines):
                y = self._y - 9 - number * _LEADING
                self._put(self._aligned(place, y, text, size, grey, is_number))
        self._y -= height
        self._put(Rule(self._y))

    def _stack(
        self, columns: Sequence[Column], place: Place, row: Sequence[Cell]
    ) -> Iterable[tuple[str, Any, Any, bool]]:
        """Yield the lines of a place (text, size, grey, whether it is a number)."""
        width = place.right - place.left
        for order, at in enumerate(place.columns):
            form = columns[at].format
            text = self._written(row[at], form)
            if order and not text:
                continue
            size, grey = (_SMALL, _FAINT) if order else (_SIZE, _INK)
            if form is not Format.TEXT:
                wide = self._fonts.width(text, size)
                yield text, size if wide <= width else size * width / wide, grey, form.is_number
            else:
                shown = text if len(text) <= _TEXT_MAX else f"{text[: _TEXT_MAX - 1]}…"
                for line in self._fonts.lines(shown, size, width):
                    yield line, size, grey, False

    def _aligned(
        self, place: Place, y: Any, text: str, size: Any, grey: Any, is_number: bool
    ) -> Text:
        if is_number:
            return Text(place.right, y, text, size, grey, "right")
        return Text(place.left, y, text, size, grey)

    def _written(self, value: Cell, form: Format) -> str:
        return written(value, form, self._paper.currency, grouped=True)


def _places(columns: Sequence[Column]) -> list[Place]:
    """Share the page's width out among the places of a table."""
    numbers = list(dict.fromkeys(column.place for column in columns))
    widths = [max(one.width for one in columns if one.place == place) for place in numbers]
    room = _RIGHT - _LEFT - _GUTTER * (len(numbers) - 1)
    places, left = [], _LEFT
    for number, width in zip(numbers, widths, strict=True):
        mine = tuple(at for at, one in enumerate(columns) if one.place == number)
        right = left + room * width / sum(widths)
        places.append(Place(mine, left, right))
        left = right + _GUTTER
    return places


def _drawn(paper: Paper, fonts: Fonts, pages: Sequence[Sequence[Text | Rule]]) -> bytes:
    """Draw pages that know how many they are."""
    from reportlab.pdfgen.canvas import Canvas

    out = io.BytesIO()
    canvas: Any = Canvas(out, pagesize=(WIDTH, HEIGHT), invariant=1, pageCompression=1)
    canvas.setTitle(paper.title)
    canvas.setAuthor(clean(paper.institution))
    canvas.setSubject(paper.title)
    canvas.setCreator("Yunjin")
    canvas.setDateFormatter(lambda *_: f"D:{paper.issued:%Y%m%d}000000+00'00'")
    who = fonts.cut(clean(paper.institution), _SMALL, (_RIGHT - _LEFT) * 0.75)
    for number, marks in enumerate(pages, 1):
        for mark in marks:
            _mark(canvas, fonts, mark)
        foot = _WORDS[paper.lang][1].format(number, len(pages))
        _mark(canvas, fonts, Text(_LEFT, 36.0, who, _SMALL, _FAINT))
        _mark(canvas, fonts, Text(_RIGHT, 36.0, foot, _SMALL, _FAINT, "right"))
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def _mark(canvas: Any, fonts: Fonts, mark: Text | Rule) -> None:
    if isinstance(mark, Rule):
        canvas.setStrokeGray(mark.grey)
        canvas.setLineWidth(0.5)
        canvas.line(mark.left, mark.y, mark.right, mark.y)
        return
    if not mark.text:
        return
    x = mark.x - fonts.width(mark.text, mark.size) if mark.align == "right" else mark.x
    words = canvas.beginText(x, mark.y)
    words.setFillGray(mark.grey)
    for font, part in fonts.runs(mark.text):
        words.setFont(font, mark.size)
        words.textOut(part)
    canvas.drawText(words)

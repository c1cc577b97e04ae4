"""Drawing documents: the institution's letterhead, its fonts, the business date."""

import datetime as dt
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Final

from yunjin.chassis.papers.blocks import Block, Paper
from yunjin.chassis.papers.drawing import pdf_of
from yunjin.chassis.papers.fonts import Fonts, check_font
from yunjin.platforms.capability.errors.documents import DocumentValuesRefused

_ROWS_MAX: Final = 20_000  # of all tables of a document
_COLUMNS_MIN: Final = 3


class PaperDrawer:
    """Makes PDFs: the same bytes for the same words on one business date.

    Parameters
    ----------
    font_file : a TrueType font to embed; "": the standard fonts that readers bring.

    Raises: Malformed where the font cannot be read.
    """

    def __init__(
        self, *, institution: str, today: Callable[[], dt.date], font_file: str = ""
    ) -> None:
        if font_file:
            check_font(font_file, "capability.font_file")
        self._institution, self._today, self._font_file = institution, today, font_file

    @cached_property
    def _fonts(self) -> Fonts:
        return Fonts(self._font_file)

    def draw(self, title: str, lang: str, blocks: Sequence[Block]) -> bytes:
        """Return a PDF. Raises: DocumentValuesRefused (too many rows)."""
        paper = Paper(
            title=title,
            institution=self._institution,
            lang=lang,
            currency="",
            issued=self._today(),
            width=_COLUMNS_MIN,
            blocks=iter(blocks),
        )
        return pdf_of(paper, self._fonts, rows_max=_ROWS_MAX, too_long=_too_long)


def _too_long(detail: str) -> DocumentValuesRefused:
    return DocumentValuesRefused(detail, field="", why="too-long")

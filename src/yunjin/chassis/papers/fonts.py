"""Text on a page: which font has a character, how wide it is, where a line breaks.

Latin text is Helvetica, Chinese is STSong-Light: standard fonts that readers bring. With a
TrueType file of the institution's own, everything is set in it and the glyphs go into the paper.
"""

import hashlib
import struct
from functools import lru_cache
from itertools import accumulate, groupby
from pathlib import Path
from typing import Any, Final

from yunjin.kernel.errors import Malformed

_LATIN: Final = "Helvetica"
_CHINESE: Final = "STSong-Light"
_UNKNOWN: Final = "?"
_TRUETYPE: Final = (b"\x00\x01\x00\x00", b"true", b"ttcf")
_CHARS_KNOWN: Final = 1 << 16
_NO_START: Final = "，。、；：？！）》」』”’%,.;:?!)]}"  # not at the beginning of a line


class Fonts:
    """The fonts of a paper. file: a TrueType font to embed, "" for the standard ones."""

    def __init__(self, file: str = "") -> None:
        from reportlab.pdfbase import pdfmetrics
        from reportlab.pdfbase.cidfonts import UnicodeCIDFont

        self._own = _embedded(file) if file else ""
        if not self._own and _CHINESE not in pdfmetrics.getRegisteredFontNames():
            pdfmetrics.registerFont(UnicodeCIDFont(_CHINESE))
        self._font_of = lru_cache(maxsize=_CHARS_KNOWN)(self._find)
        self._width_of = lru_cache(maxsize=_CHARS_KNOWN)(self._measure)

    def _find(self, char: str) -> tuple[str, str]:
        """Return the font that has a character, and what is drawn for it."""
        if self._own:
            from reportlab.pdfbase import pdfmetrics

            face = pdfmetrics.getFont(self._own).face
            return self._own, char if ord(char) in face.charToGlyph else _UNKNOWN
        for font, encoding in ((_LATIN, "cp1252"), (_CHINESE, "gbk")):
            try:
                char.encode(encoding)
            except UnicodeEncodeError:
                continue
            return font, char
        return _LATIN, _UNKNOWN

    def _measure(self, char: str) -> Any:
        from reportlab.pdfbase import pdfmetrics

        font, drawn = self._font_of(char)
        return pdfmetrics.stringWidth(drawn, font, 1)

    def width(self, text: str, size: Any) -> Any:
        """Return how wide a text is, points."""
        return sum(map(self._width_of, text)) * size

    def runs(self, text: str) -> list[tuple[str, str]]:
        """Return a text as (font, part), as it is drawn."""
        found = [self._font_of(char) for char in text]
        return [
            (font, "".join(char for _, char in part))
            for font, part in groupby(found, key=lambda one: one[0])
        ]

    def lines(self, text: str, size: Any, width: Any) -> list[str]:
        """Break a text into lines of at most a width, points: at spaces, or between characters."""
        found: list[str] = []
        rest = text
        while rest:
            end = self._end(rest, width / size)
            found.append(rest[:end].rstrip())
            rest = rest[end:].lstrip()
        return found or [""]

    def cut(self, text: str, size: Any, width: Any) -> str:
        """Return a text of at most a width, points; what is cut off leaves a mark."""
        if self.width(text, size) <= width:
            return text
        return self.lines(text, size, width - self.width("…", size))[0] + "…"

    def _end(self, text: str, width: Any) -> int:
        """Return where the first line of a text ends; width in units of the size."""
        ends = accumulate(map(self._width_of, text))
        over = next((place for place, end in enumerate(ends) if end > width), len(text))
        if over == len(text):
            return over
        fits = max(over, 1)
        for end in range(fits, max(fits // 2, 1), -1):
            before, after = text[end - 1], text[end]
            is_gap = before == " " or after == " " or _is_wide(before) or _is_wide(after)
            if is_gap and after not in _NO_START:
                return end
        return fits


def _is_wide(char: str) -> bool:
    return char > "\u2e7f"


def check_font(file: str, setting: str) -> None:
    """Refuse what can be seen not to be a font with TrueType outlines. Raises: Malformed."""
    wanted = f"expected {setting} to name a TrueType font (.ttf, or .ttc: its first)"
    try:
        with Path(file).open("rb") as opened:
            begin = opened.read(4)
    except OSError as error:
        raise Malformed(f"{wanted}, was {file[:200]}: {error.strerror}") from error
    if begin == b"OTTO":
        raise Malformed(f"{wanted}, was {file[:200]}, an OpenType font with PostScript outlines")
    if begin not in _TRUETYPE:
        raise Malformed(f"{wanted}, was {file[:200]}, a file of another kind")


def _embedded(file: str) -> str:
    """Register a TrueType font under a name made of its content. Raises: Malformed."""
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFError, TTFont

    try:
        content = Path(file).read_bytes()
        name = f"own-{hashlib.sha256(content).hexdigest()[:12]}"
        if name not in pdfmetrics.getRegisteredFontNames():
            pdfmetrics.registerFont(TTFont(name, file))
    except (OSError, TTFError, LookupError, ValueError, struct.error) as error:
        raise Malformed(f"expected a TrueType font to embed, was {error}") from error
    return name

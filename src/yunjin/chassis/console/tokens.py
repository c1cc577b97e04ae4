"""Colours of the console, light and dark, under the same names for style sheet and charts."""

from dataclasses import asdict, dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Palette:
    """One theme. `*_text` is the tone as small text on `panel`, `*_soft` a chip's ground."""

    ground: str
    panel: str
    raised: str  # table heads, hovered rows
    line: str
    ink: str
    muted: str
    brand: str  # surfaces: buttons, bars
    brand_text: str
    brand_soft: str
    on_brand: str
    good: str
    good_text: str
    good_soft: str
    warn: str
    warn_text: str
    warn_soft: str
    bad: str
    bad_text: str
    bad_soft: str
    neutral_soft: str

    @property
    def series(self) -> list[str]:
        """Colours of a chart's series, in order."""
        return [self.brand, "#029cd4", self.good, self.warn, "#8e56dd", self.bad]

    def css(self) -> str:
        """Return the palette as custom properties: `--ground: #f4f6f9; …`."""
        return " ".join(f"--{name.replace('_', '-')}: {value};" for name, value in self.items())

    def items(self) -> list[tuple[str, str]]:
        """Return names and colours."""
        return list(asdict(self).items())


LIGHT: Final = Palette(
    ground="#f4f6f9",
    panel="#ffffff",
    raised="#f9fafc",
    line="#e7e9ee",
    ink="#181c25",
    muted="#646b79",
    brand="#0052d9",
    brand_text="#0052d9",
    brand_soft="#e8f0fe",
    on_brand="#ffffff",
    good="#2ba471",
    good_text="#12734a",
    good_soft="#e3f6ec",
    warn="#e37318",
    warn_text="#9a4a06",
    warn_soft="#fff1e4",
    bad="#d54941",
    bad_text="#b3261e",
    bad_soft="#fdecea",
    neutral_soft="#eef0f4",
)
DARK: Final = Palette(
    ground="#0e1117",
    panel="#161a22",
    raised="#1b202a",
    line="#2a303c",
    ink="#e7eaf0",
    muted="#98a1b2",
    brand="#2e6be0",
    brand_text="#7fabff",
    brand_soft="#18294a",
    on_brand="#ffffff",
    good="#33b47e",
    good_text="#5fd3a2",
    good_soft="#12301f",
    warn="#e8883a",
    warn_text="#f2ab6c",
    warn_soft="#3a2512",
    bad="#e5645c",
    bad_text="#f79a94",
    bad_soft="#3f1b1a",
    neutral_soft="#242a35",
)


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, 1 to 21 (WCAG 2.1; AA asks 4.5 of text)."""
    bright, dim = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue

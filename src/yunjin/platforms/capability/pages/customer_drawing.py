"""Who is whose, as a small drawing: who stands above a party, who below, each a link."""

from collections.abc import Sequence
from typing import Final

from markupsafe import Markup

from yunjin.chassis.console import t
from yunjin.chassis.console.context import console
from yunjin.platforms.capability.api.party_facts import Party, Relation
from yunjin.platforms.capability.pages.customer_deeds import percent

BOX: Final = (176, 44)  # px
GAP: Final = (24, 68)
LINE: Final = 16  # px of a line of words
LINES_MAX: Final = 3
ROW_MAX: Final = 6  # boxes beside each other; the table has them all
NAME_MAX: Final = 12  # characters of a box


def drawing(own: Party, found: Sequence[Relation]) -> Markup:
    """Return the drawing; relations that have ended are left to the table."""
    now = [one for one in found if one.until is None]
    if not now:
        return Markup("")
    above = _others([one for one in now if one.to_id == own.party_id], "from")
    below = _others([one for one in now if one.from_id == own.party_id], "to")
    columns = max(len(above), len(below), 1)
    width = columns * (BOX[0] + GAP[0])
    rows = 1 + bool(above) + bool(below)
    height = rows * BOX[1] + (rows - 1) * GAP[1] + 8
    middle = 4 + (BOX[1] + GAP[1] if above else 0)
    parts = [_box(width // 2, middle, own.name, "")]
    for at, (party_id, (name, words)) in enumerate(above.items()):
        x = _x(at, len(above), width)
        parts += _line((x, 4 + BOX[1]), (width // 2, middle), words)
        parts.append(_box(x, 4, name, party_id))
    for at, (party_id, (name, words)) in enumerate(below.items()):
        x, y = _x(at, len(below), width), middle + BOX[1] + GAP[1]
        parts += _line((x, y), (width // 2, middle + BOX[1]), words)
        parts.append(_box(x, y, name, party_id))
    return Markup(
        '<svg width="{0}" height="{1}" viewBox="0 0 {0} {1}" role="img" aria-label="{2}" '
        'style="display:block;margin:0 auto 12px">{3}</svg>'
    ).format(width, height, t("party.relations"), Markup("").join(parts))


def _others(found: Sequence[Relation], end: str) -> dict[str, tuple[str, list[str]]]:
    """Return who stands at the other end: names, and what each is, by id."""
    others: dict[str, tuple[str, list[str]]] = {}
    for one in found:
        party_id, name = (one.from_id, one.from_name) if end == "from" else (one.to_id, one.to_name)
        if party_id in others or len(others) < ROW_MAX:
            share = f" {percent(one.share_ppm)}" if one.share_ppm else ""
            word = t(f"party.relation.{one.kind.value}.{end}") + share
            others.setdefault(party_id, (name, []))[1].append(word)
    return others


def _x(at: int, count: int, width: int) -> int:
    """Return where the middle of a box of a row stands."""
    step = BOX[0] + GAP[0]
    return width // 2 + (2 * at - count + 1) * step // 2


def _box(x: int, y: int, name: str, party_id: str) -> Markup:
    """Return a box with its middle at x; of another party, a link to it."""
    short = name if len(name) <= NAME_MAX else f"{name[: NAME_MAX - 1]}…"
    fill, line, ink = ("panel", "line", "ink") if party_id else ("brand", "brand", "panel")
    body = Markup(
        '<rect x="{}" y="{}" width="{}" height="{}" rx="6" fill="var(--{})" stroke="var(--{})"/>'
        '<text x="{}" y="{}" text-anchor="middle" font-size="13" fill="var(--{})">{}</text>'
        "<title>{}</title>"
    ).format(x - BOX[0] // 2, y, *BOX, fill, line, x, y + 27, ink, short, name)
    if not party_id:
        return Markup("<g>{}</g>").format(body)
    href = console().url(f"/customers/{party_id}")
    return Markup('<a href="{}">{}</a>').format(href, body)


def _line(start: tuple[int, int], end: tuple[int, int], words: Sequence[str]) -> list[Markup]:
    """Return the line between two boxes, and over it what the outer one is, a line a relation."""
    (x, y), half = start, (start[1] + end[1]) // 2
    shown = words[:LINES_MAX]
    top = y + LINE if y < end[1] else y + 8 - LINE * len(shown)
    path = Markup('<path d="M{0} {1} V{2} H{3} V{4}" fill="none" stroke="var(--muted)"/>')
    return [
        path.format(x, y, half, *end),
        *(
            Markup(
                '<text x="{}" y="{}" text-anchor="middle" font-size="12" fill="var(--muted)" '
                'paint-order="stroke" stroke="var(--panel)" stroke-width="4">{}</text>'
            ).format(x, top + LINE * at, word)
            for at, word in enumerate(shown)
        ),
    ]

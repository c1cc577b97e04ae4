"""A chart as SVG, in the console's colours; what a flow has done is marked."""

from collections.abc import Collection, Mapping
from typing import Final

from markupsafe import Markup

from yunjin.chassis.flow.drawing.charts import Chart, Line, Shape, ShapeKind
from yunjin.chassis.flow.drawing.layout import laid

_LETTERS: Final = 17  # of a task's name in a line; 中文 letters are twice as wide
_LINES: Final = 3
_LETTER, _LABEL = 6, 24  # a small letter's width; letters of a line's name at most
_MARKS: Final = {
    "timer": "M0,-7 V0 H5",
    "message": "M-7,-5 H7 V5 H-7 Z M-7,-5 L0,1 L7,-5",
    "error": "M-6,6 L-2,-5 L2,3 L6,-6",
    "compensate": "M0,-5 L-6,0 L0,5 Z M6,-5 L0,0 L6,5 Z",
    "terminate": "M-5,-5 H5 V5 H-5 Z",
}
_GATES: Final = {
    ShapeKind.CHOICE: "M-6,-6 L6,6 M6,-6 L-6,6",
    ShapeKind.PARALLEL: "M0,-9 V9 M-9,0 H9",
    ShapeKind.INCLUSIVE: "M-7,0 A7,7 0 1 0 7,0 A7,7 0 1 0 -7,0",
    ShapeKind.FIRST: "M0,-8 L8,-2 L5,7 L-5,7 L-8,-2 Z",
}
STYLE: Final = (
    ".yj-flow text{font:12px Inter,'PingFang SC','Noto Sans CJK SC',sans-serif;"
    "fill:var(--ink,#181c25)}"
    ".yj-flow .note{font-size:11px;fill:var(--muted,#6b7280)}"
    ".yj-flow .box{fill:var(--panel,#fff);stroke:var(--muted,#6b7280);stroke-width:1.5}"
    ".yj-flow .group{fill:var(--ground,#f4f6f9);stroke:var(--muted,#6b7280);stroke-width:1.2}"
    ".yj-flow .line{fill:none;stroke:var(--muted,#6b7280);stroke-width:1.3}"
    ".yj-flow .tip{fill:var(--muted,#6b7280)}"
    ".yj-flow .mark{fill:none;stroke:var(--muted,#6b7280);stroke-width:1.4}"
    ".yj-flow .done .box{fill:var(--good-soft,#e3f6ec);stroke:var(--good,#2ba471);stroke-width:2}"
    ".yj-flow .open .box{fill:var(--brand-soft,#e8f0fe);stroke:var(--brand,#0052d9);stroke-width:2}"
    ".yj-flow .bad .box{fill:var(--bad-soft,#fdecec);stroke:var(--bad,#d54941);stroke-width:2}"
)


def svg(
    chart: Chart, *, states: Mapping[str, str] | None = None, names: Mapping[str, str] | None = None
) -> Markup:
    """Return a chart as an SVG element of its own size.

    Parameters
    ----------
    states : of shapes, by what the journal calls them: "done", "open" or "bad".
    names : for people, by the same.
    """
    chart = laid(chart)
    states, names = states or {}, names or {}
    many = _repeated(chart)
    above = {one.target for one in chart.lines if one.points[-2][1] < one.points[-1][1]}
    above |= {one.source for one in chart.lines if one.points[0][1] > one.points[1][1]}
    parts = [_line(one) for one in chart.lines]
    groups = [one for one in chart.shapes if one.kind is ShapeKind.GROUP]
    rest = [one for one in chart.shapes if one.kind is not ShapeKind.GROUP]
    shown = [
        _shape(one, states.get(one.step, ""), _name(one, names, many), one.id in above)
        for one in (*groups, *rest)
    ]
    return Markup(
        '<svg class="yj-flow" xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{}" '
        'width="{}" height="{}" viewBox="0 0 {} {}"><style>{}</style><defs><marker id="yj-arrow" '
        'viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
        '<path class="tip" d="M0,0 L8,4 L0,8 Z"/></marker></defs>{}</svg>'
    ).format(
        chart.name,
        chart.width,
        chart.height,
        chart.width,
        chart.height,
        Markup(STYLE),
        Markup("").join([*shown[: len(groups)], *parts, *shown[len(groups) :]]),
    )


def _repeated(chart: Chart) -> Collection[str]:
    steps = [one.step for one in chart.shapes if one.step]
    return {one for one in steps if steps.count(one) > 1}


def _line(one: Line) -> Markup:
    path = " L".join(f"{x},{y}" for x, y in one.points)
    made = Markup('<path class="line" d="M{}" marker-end="url(#yj-arrow)"/>').format(path)
    if not one.name:
        return made
    (x, y), (next_x, next_y) = one.points[0], one.points[1]
    at_x, at_y = (x + 5, y - 5) if next_y == y else (x + 5, y + (14 if next_y > y else -8))
    room = (next_x - x) // _LETTER - 1 if next_y == y else _LABEL
    text = one.name if len(one.name) <= max(room, 3) else f"{one.name[: max(room, 3) - 1]}…"
    return made + Markup('<text class="note" x="{}" y="{}">{}</text>').format(at_x, at_y, text)


def _name(one: Shape, names: Mapping[str, str], many: Collection[str]) -> str:
    """Return the room's word for a step, unless several shapes share it."""
    return one.name if one.step in many else names.get(one.step, one.name)


def _shape(one: Shape, state: str, name: str, is_met_above: bool) -> Markup:
    if one.kind.is_event:
        inner = _event(one, name)
    elif one.kind.is_gateway:
        inner = _gateway(one, name, is_met_above)
    else:
        inner = _box(one, name)
    told = one.name if one.step == "" else f"{one.name} ({one.step})"
    undone = f", ↶ {one.undone_by}" if one.undone_by else ""
    mark = Markup(' class="{}"').format(state) if state else ""
    return Markup("<g{}><title>{}{}</title>{}</g>").format(mark, told, undone, inner)


def _event(one: Shape, name: str) -> Markup:
    x, y, radius = one.x + one.width // 2, one.y + one.height // 2, one.width // 2
    width = 3 if one.kind is ShapeKind.END else 1.5
    made = Markup('<circle class="box" cx="{}" cy="{}" r="{}" style="stroke-width:{}"/>').format(
        x, y, radius, width
    )
    if one.kind in (ShapeKind.CATCH, ShapeKind.EDGE, ShapeKind.THROW):
        dashed = "" if one.is_interrupting else ' stroke-dasharray="3 2"'
        ring = Markup('<circle class="mark" cx="{}" cy="{}" r="{}"{}/>')
        made += ring.format(x, y, radius - 3, Markup(dashed))
    if one.event in _MARKS:
        made += _mark(_MARKS[one.event], x, y)
    if one.kind is ShapeKind.EDGE:  # several may stand side by side
        return made + _caption(
            name, x + 4, one.y + one.height + 12 + 12 * (one.x // 7 % 2), "start"
        )
    return made + _caption(name, x, one.y + one.height + 14)


def _gateway(one: Shape, name: str, is_met_above: bool) -> Markup:
    x, y, half = one.x + one.width // 2, one.y + one.height // 2, one.width // 2
    path = f"M{x},{y - half} L{x + half},{y} L{x},{y + half} L{x - half},{y} Z"
    made = Markup('<path class="box" d="{}"/>').format(path) + _mark(_GATES[one.kind], x, y)
    if is_met_above:  # a line stands where the name would
        return made + _caption(name, x - 5, one.y - 13, "end")
    return made + _caption(name, x, one.y - 8)


def _box(one: Shape, name: str) -> Markup:
    is_group = one.kind is ShapeKind.GROUP
    width = 3 if one.kind is ShapeKind.CHILD else None
    made = Markup('<rect class="{}" x="{}" y="{}" width="{}" height="{}" rx="8"{}/>').format(
        "group" if is_group else "box",
        one.x,
        one.y,
        one.width,
        one.height,
        Markup(' style="stroke-width:{}"').format(width) if width else "",
    )
    x, y = one.x + one.width // 2, one.y + one.height // 2
    if is_group:
        return made + _caption(name, x, one.y + 15)
    lines = _wrapped(name)
    top = y - (len(lines) - 1) * 7 + 4
    for at, text in enumerate(lines):
        made += Markup('<text x="{}" y="{}" text-anchor="middle">{}</text>').format(
            x, top + at * 14, text
        )
    if one.kind is ShapeKind.USER:
        person = "M-4,-3 A4,4 0 1 1 4,-3 A4,4 0 1 1 -4,-3 M-7,8 C-7,1 7,1 7,8"
        made += _mark(person, one.x + 13, one.y + 13)
    if one.is_many:
        made += _mark("M-5,-5 V5 M0,-5 V5 M5,-5 V5", x, one.y + one.height - 9)
    if one.undone_by:
        made += _mark(_MARKS["compensate"], one.x + one.width - 14, one.y + one.height - 11)
    return made


def _mark(path: str, x: int, y: int) -> Markup:
    return Markup('<path class="mark" transform="translate({},{})" d="{}"/>').format(x, y, path)


def _caption(name: str, x: int, y: int, anchor: str = "middle") -> Markup:
    if not name:
        return Markup("")
    text = name if len(name) <= 30 else f"{name[:29]}…"
    return Markup('<text class="note" x="{}" y="{}" text-anchor="{}">{}</text>').format(
        x, y, anchor, text
    )


def _wrapped(name: str) -> list[str]:
    """Return a name in at most three lines that fit a task's box."""
    lines, line, width = [], "", 0
    for word in _words(name):
        wide = sum(2 if ord(letter) > 0x2E80 else 1 for letter in word)
        if line and width + wide > _LETTERS:
            lines.append(line.strip())
            line, width = "", 0
        line, width = line + word, width + wide
    lines.append(line.strip())
    if len(lines) > _LINES:
        lines = [*lines[: _LINES - 1], f"{lines[_LINES - 1]}…"]
    return [one[: _LETTERS + 2] for one in lines]


def _words(name: str) -> list[str]:
    """Return where a name may be broken: behind blanks, and between 汉字."""
    found: list[str] = []
    for letter in name:
        is_break = not found or found[-1].endswith(" ") or ord(letter) > 0x2E80
        if is_break:
            found.append(letter)
        else:
            found[-1] += letter
    return found

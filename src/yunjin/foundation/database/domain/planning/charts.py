"""A plan's curve as a picture: how late the answers are at every rate. Plain SVG, no fonts."""

from math import ceil, floor, log10
from typing import Final

from yunjin.foundation.database.domain.planning.questions import Plan, Point

_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _TOP = 720, 400, 70, 350, 40
_RIGHT: Final = _WIDTH - 20
_LINES: Final = (("p99", "#b3261e"), ("p50", "#1a5fb4"))


def svg(plan: Plan) -> str:
    """Return p50 and p99 over the rate, both in powers of ten, with the goal and the peak."""
    points = [one for one in plan.curve if one.p50_ms > 0]
    goal, peak = plan.scenario.p99_ms, plan.scenario.transfers_per_s
    rates = [peak, *(one.transfers_per_s for one in points)]
    lates = [goal, *(late for one in points for late in (one.p50_ms, one.p99_ms))]
    across = _Scale(rates, _LEFT, _RIGHT)
    up = _Scale(lates, _BOTTOM, _TOP)
    drawn = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        f'font-family="sans-serif" font-size="12" role="img">',
        f"<title>{plan.scenario.name}: latency over rate</title>",
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#fff"/>',
        *(_mark(across.at(10.0**n), _BOTTOM, 0, f"{10**n:,}/s") for n in across.powers),
        *(_mark(_LEFT, up.at(10.0**n), 1, f"{10.0**n:g} ms") for n in up.powers),
        _dashed(_LEFT, up.at(goal), _RIGHT, up.at(goal), f"goal {goal:g} ms"),
        _dashed(across.at(peak), _BOTTOM, across.at(peak), _TOP, "peak"),
        *(_line(points, name, colour, across, up) for name, colour in _LINES),
        "</svg>",
    ]
    return "\n".join(drawn) + "\n"


class _Scale:
    """Powers of ten between two places."""

    def __init__(self, values: list[float], first: float, last: float) -> None:
        self._low = floor(log10(min(values)))
        self._high = max(ceil(log10(max(values))), self._low + 1)
        self._first, self._last = first, last
        self.powers = range(self._low, self._high + 1)

    def at(self, value: float) -> float:
        part = (log10(value) - self._low) / (self._high - self._low)
        return self._first + part * (self._last - self._first)


def _mark(x: float, y: float, is_upright: int, words: str) -> str:
    ends = f'x2="{_RIGHT}" y2="{y:.1f}"' if is_upright else f'x2="{x:.1f}" y2="{_TOP}"'
    at = f'x="{x - 6}" y="{y + 4:.1f}"' if is_upright else f'x="{x:.1f}" y="{y + 18}"'
    anchor = "end" if is_upright else "middle"
    return (
        f'<line x1="{x:.1f}" y1="{y:.1f}" {ends} stroke="#ddd"/>'
        f'<text {at} text-anchor="{anchor}">{words}</text>'
    )


def _dashed(x: float, y: float, to_x: float, to_y: float, words: str) -> str:
    return (
        f'<line x1="{x:.1f}" y1="{y:.1f}" x2="{to_x:.1f}" y2="{to_y:.1f}" stroke="#666" '
        f'stroke-dasharray="4 3"/><text x="{to_x - 4:.1f}" y="{to_y - 4:.1f}" '
        f'text-anchor="end">{words}</text>'
    )


def _line(points: list[Point], name: str, colour: str, across: _Scale, up: _Scale) -> str:
    places = [
        (across.at(one.transfers_per_s), up.at(one.p99_ms if name == "p99" else one.p50_ms))
        for one in points
    ]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    if not places:
        return ""
    x, y = places[0]
    return (
        f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>'
        f'<text x="{x:.1f}" y="{y - 8:.1f}" fill="{colour}">{name}</text>'
    )

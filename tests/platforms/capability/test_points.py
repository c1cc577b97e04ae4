"""Goal: a point that a centre leaves open is one: something reads what overlays put there.

Method: look in the room's code for whoever asks for each.
"""

import pytest

from tests.data import ROOT
from yunjin.platforms.capability.api.centres import Point
from yunjin.platforms.capability.wiring import CENTRES

ROOM = ROOT / "src/yunjin/platforms/capability"
ALL = [
    path.read_text(encoding="utf-8")
    for layer in ("service", "flows", "routes", "wiring")
    for path in sorted((ROOM / layer).rglob("*.py"))
]
WORDS = ("overlaid", "Overlaid", "OverlaysApi", "extra(")  # how a centre asks
READERS = [text for text in ALL if any(word in text for word in WORDS)]
POINTS = [(one.code, point) for one in CENTRES for point in one.points]


@pytest.mark.parametrize(
    ("centre", "point"), POINTS, ids=[f"{code}/{point.name}" for code, point in POINTS]
)
def test_somebody_asks_what_stands_at_the_point(centre: str, point: Point) -> None:
    names = (f'"{point.name}"', f'"{centre}/{point.name}"')
    assert any(name in text for text in READERS for name in names)


def test_there_are_such_points() -> None:
    assert POINTS

"""Goal: a long line is as long as it is told, in order, no faster than its rate, and loses what a
full router would. Method: one direction of a cable, its time told by the test."""

import random

from hypothesis import given
from hypothesis import strategies as st

from yunjin.app.chaos.cluster.cable import Line, Way


def way() -> Way:
    return Way(random.Random(1))


def test_a_frame_comes_after_the_delay_and_not_before() -> None:
    one = way()
    assert one.next_s() is None
    one.put(b"x", Line(delay_ms=50), 10.0)
    assert one.arrived(10.049) == []
    assert one.next_s() == 10.05
    assert one.arrived(10.051) == [b"x"]
    assert one.next_s() is None


def test_a_line_takes_frames_one_after_the_other() -> None:
    one, line = way(), Line(rate_mbit=1)
    for _ in range(2):
        one.put(bytes(125_000), line, 0.0)  # a megabit each
    assert len(one.arrived(1.0)) == 1
    assert len(one.arrived(2.0)) == 1


def test_what_finds_no_room_is_lost() -> None:
    one = way()
    for _ in range(300):
        one.put(bytes(65_536), Line(delay_ms=1), 0.0)
    assert 0 < len(one.arrived(1.0)) < 300


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 50)), max_size=50))
def test_none_overtakes_another(sent: list[tuple[int, int]]) -> None:
    one, now_s = way(), 0.0
    for number, (after_ms, delay_ms) in enumerate(sent):
        now_s += after_ms / 1_000
        one.put(number.to_bytes(1), Line(delay_ms=delay_ms, jitter_ms=30), now_s)
    assert [frame[0] for frame in one.arrived(now_s + 1)] == list(range(len(sent)))


def test_a_line_is_told_in_words() -> None:
    assert Line.read(Line(8, 1, 100).words()) == Line(8, 1, 100)

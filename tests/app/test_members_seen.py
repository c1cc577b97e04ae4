"""Goal: page and doctor are told of the cells what their processes announce, no more.

Method: a made-up door of members, by a clock that stands still.
"""

from dataclasses import replace

import pytest

from yunjin.app.members import MembersSeen
from yunjin.foundation.database.api.topology import Role
from yunjin.foundation.ledger.api.members import Member
from yunjin.kernel.clock import FixedClock
from yunjin.kernel.errors import Outage

NOW = 1_760_000_000 * 10**9
WRITER = Member(
    cell=1, holder="a:1:x", http="", flight="grpc://a:2", sequence=9, seen_at_ns=NOW, epoch=4
)
STANDBY = replace(WRITER, holder="b:1:y", flight="grpc://b:2", epoch=0)
SILENT_NS = 60 * 10**9


class Members:
    """Two processes of a cell; a hand-over is written down."""

    def __init__(self, *members: Member) -> None:
        self.all, self.handed = list(members), 0

    def members(self) -> list[Member]:
        return self.all

    def hand_over(self, epoch: int, to: str = "") -> Member:
        self.handed = epoch
        return STANDBY


def seen(*members: Member) -> tuple[MembersSeen, Members]:
    door, made = Members(*members), MembersSeen(FixedClock(NOW))
    made.follow(door)
    return made, door


def test_who_writes_and_who_stands_by_is_told() -> None:
    made, _ = seen(WRITER, STANDBY)
    assert [one.role for one in made.cells()] == [Role.WRITES, Role.STANDS_BY]
    [sight] = made.sights("s1")
    assert (sight.is_alive, sight.has_standby) == (True, True)


def test_a_writer_that_fell_silent_is_a_finding() -> None:
    made, _ = seen(replace(WRITER, seen_at_ns=NOW - SILENT_NS), STANDBY)
    [sight] = made.sights("s1")
    assert not sight.is_alive
    assert "holds its lease" in sight.why


def test_the_doctor_moves_a_cell_by_its_writers_own_door() -> None:
    made, door = seen(WRITER, STANDBY)
    assert made.take_over(1) == "b:1:y writes it now"
    assert door.handed == WRITER.epoch
    assert "by itself" in seen(STANDBY)[0].take_over(1)


def test_nothing_is_told_before_there_is_a_door() -> None:
    made = MembersSeen(FixedClock(NOW))
    assert not made.cells()
    assert not made.sights("s1")
    with pytest.raises(Outage):
        made.take_over(1)

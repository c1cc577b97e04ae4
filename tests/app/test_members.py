"""The cells of an installation at work, as the topology page sees them."""

import pytest

from yunjin.app.members import MembersSeen
from yunjin.foundation.database.api.topology import Role
from yunjin.foundation.ledger.api.members import FOR_EVER_NS, Member
from yunjin.kernel.clock import FixedClock
from yunjin.kernel.errors import NotFound

NOW_NS = 1_796_055_815_000_000_000


def member(holder: str, *, epoch: int = 0, seen_at_ns: int = NOW_NS) -> Member:
    """Return a process of cell 1."""
    return Member(
        cell=1,
        holder=holder,
        http="http://10.1.0.11:8420",
        flight="grpc://10.1.0.11:8421",
        sequence=7,
        seen_at_ns=seen_at_ns,
        epoch=epoch,
    )


class Announced:
    """MembersApi of four: a writer, a standby, a silent one, a signpost."""

    def members(self) -> list[Member]:
        return [
            member("w", epoch=3),
            member("s"),
            member("old", epoch=2, seen_at_ns=NOW_NS - 6_000_000_000),
            member("sign", seen_at_ns=FOR_EVER_NS),
        ]

    def hand_over(self, epoch: int, to: str = "") -> Member:
        return member(to, epoch=epoch + 1)


def test_processes_are_seen_by_what_they_announce() -> None:
    seen = MembersSeen(FixedClock(NOW_NS))
    assert seen.cells() == ()
    seen.follow(Announced())
    assert [(one.name, one.role, one.epoch, one.place) for one in seen.cells()] == [
        ("w", Role.WRITES, 3, "10.1.0.11:8421"),
        ("s", Role.STANDS_BY, 0, "10.1.0.11:8421"),
        ("old", Role.SILENT, 0, "10.1.0.11:8421"),
    ]


def test_nothing_is_struck_outside_of_a_demonstration() -> None:
    seen = MembersSeen(FixedClock(NOW_NS))
    assert (seen.strikes(), seen.beats(), seen.blows()) == ((), (), ())
    with pytest.raises(NotFound):
        seen.strike("set-kill")

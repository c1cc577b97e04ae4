"""The picture of an installation is put together from fleet, doctor and cells; it never fails."""

from collections.abc import Sequence
from typing import Any, cast

import pytest

from tests.foundation.database.pages.conftest import NOW_US, Doctor, Fleet, cell
from yunjin.foundation.database.api.topology import CellSeen, Role, StagePort
from yunjin.foundation.database.service.topology import TopologyService
from yunjin.kernel.clock import FixedClock
from yunjin.kernel.errors import NotFound, Outage


class Cells:
    """As much of a stage as the picture asks for."""

    def __init__(self, *cells: CellSeen, is_out: bool = False) -> None:
        self._cells, self._is_out = cells, is_out

    def cells(self) -> Sequence[CellSeen]:
        if self._is_out:
            raise Outage("The set does not answer.")
        return self._cells


def service(fleet: Fleet, *cells: CellSeen, is_out: bool = False) -> TopologyService:
    """Return the service over what is made up."""
    stage = cast(StagePort, Cells(*cells, is_out=is_out))
    return TopologyService(fleet, Doctor(), FixedClock(NOW_US * 1_000), stage)


def test_nodes_and_cells_stand_in_their_data_centres() -> None:
    picture = service(Fleet(), cell("a", Role.WRITES, epoch=3), cell("c", Role.STANDS_BY)).picture()
    assert [(one.name, one.city) for one in picture.centres] == [
        (name, "shenzhen") for name in "abc"
    ]
    assert [[node.name for node in one.nodes] for one in picture.centres] == [
        ["s1a"],
        ["s1b"],
        ["s1c"],
    ]
    assert [[x.role for x in one.cells] for one in picture.centres] == [
        [Role.WRITES],
        [],
        [Role.STANDS_BY],
    ]
    assert picture.is_serving
    assert picture.findings
    assert picture.actions


def test_without_a_writer_nothing_is_served() -> None:
    assert not service(Fleet(), cell("a", Role.STANDS_BY)).picture().is_serving


def test_a_cell_that_does_not_say_where_it_is_stands_with_the_nodes_at_its_address() -> None:
    picture = service(Fleet(), cell("", Role.WRITES, epoch=1)).picture()
    [placed] = [each for one in picture.centres for each in one.cells]
    assert placed.data_centre in ("a", "b", "c")  # all three are at one address here
    assert len(picture.centres) == 3


@pytest.mark.parametrize("count", [1, 2])
def test_a_bank_on_one_machine_is_no_installation_to_be_pictured(count: int) -> None:
    cells = [cell("", Role.WRITES, epoch=1), cell("", Role.STANDS_BY)][:count]
    centres = service(Fleet(has_file=False), *cells).picture().centres
    assert [one.name for one in centres] == ([] if count == 1 else ["127.0.0.1"])


def test_cells_that_cannot_be_seen_are_said_and_the_rest_is_shown() -> None:
    picture = service(Fleet(), is_out=True).picture()
    assert picture.trouble == "The set does not answer."
    assert len(picture.centres) == 3


def test_without_a_stage_there_is_nothing_to_strike() -> None:
    alone: Any = TopologyService(Fleet(), Doctor(), FixedClock(NOW_US * 1_000))
    assert (alone.strikes(), alone.beats(), alone.blows()) == ((), (), ())
    with pytest.raises(NotFound):
        alone.strike("set-kill")

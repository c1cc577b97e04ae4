"""Goal: every centre keeps the contract of centres. Method: walk what the room wires.

A new centre is found here by itself: its commands take an id first and say what undoes them, its
words are there in both languages, its types travel, its events are the room's.
"""

import inspect
from typing import get_type_hints
from uuid import UUID

import pytest

from tests.platforms.capability.conftest import Centre as Room
from yunjin.chassis.transport.signatures import methods_of
from yunjin.kernel.errors import Bug
from yunjin.platforms.capability.api.centres import Centre, CentresApi, command, mark_of
from yunjin.platforms.capability.domain.catalogue import entry_of
from yunjin.platforms.capability.errors import CentreNotFound
from yunjin.platforms.capability.wiring import CENTRES

ids = [one.code for one in CENTRES]


@pytest.mark.parametrize("centre", CENTRES, ids=ids)
def test_every_command_takes_an_id_and_says_what_undoes_it(centre: Centre) -> None:
    entry = entry_of(centre)
    commands = {one.name: one for one in entry.operations if one.is_command}
    assert commands, "expected a centre that does something"
    for name, one in commands.items():
        function = getattr(centre.door, name)
        first = list(inspect.signature(function).parameters)[1]
        assert (first, get_type_hints(function)[first]) == ("command_id", UUID), name
        assert bool(one.undone_by) != bool(one.lasts), name
        assert not one.undone_by or one.undone_by in commands, name
        assert "command_id" not in {each.name for each in one.parameters[1:]}


@pytest.mark.parametrize("centre", CENTRES, ids=ids)
def test_no_query_takes_an_id_of_a_command(centre: Centre) -> None:
    queries = [one for one in entry_of(centre).operations if not one.is_command]
    assert queries, "expected a centre that can be asked"
    assert all("command_id" not in {each.name for each in one.parameters} for one in queries)


@pytest.mark.parametrize("centre", CENTRES, ids=ids)
def test_an_entry_is_complete_in_both_languages(centre: Centre) -> None:
    entry = entry_of(centre)
    assert all([entry.name_zh, entry.name_en, entry.purpose_zh, entry.purpose_en, *entry.bian])
    assert entry.bian
    assert all(one.summary for one in entry.operations)
    assert entry.p99_ms > 0
    assert 990_000 <= entry.available_ppm <= 1_000_000
    assert all(type_.startswith("yunjin.capability.") for type_ in entry.events)
    assert all(point.kind in ("step", "parameter", "field", "product") for point in entry.points)
    assert len({point.name for point in entry.points}) == len(entry.points)


@pytest.mark.parametrize("centre", CENTRES, ids=ids)
def test_every_call_can_travel_to_a_centre_that_is_far(centre: Centre) -> None:
    found = {one.name for one in methods_of(centre.door)}
    assert found == {one.name for one in entry_of(centre).operations}


def test_the_catalogue_is_what_the_code_says(centre: Room) -> None:
    catalogue = centre.door(CentresApi)
    assert [one.code for one in catalogue.centres()] == ids
    reserve = next(one for one in catalogue.centre("limit").operations if one.name == "reserve")
    assert reserve.undone_by == "cancel"
    assert reserve.summary.startswith("Reserve a part of a limit")
    assert [(one.name, one.type, one.default) for one in reserve.parameters][-2:] == [
        ("amount_minor", "int", ""),
        ("subject", "str", "''"),
    ]
    assert "LimitExceeded" in reserve.refusals
    with pytest.raises(CentreNotFound):
        catalogue.centre("nothing")


def test_a_command_that_says_nothing_of_its_undoing_is_refused() -> None:
    with pytest.raises(Bug):
        command()
    with pytest.raises(Bug):
        command(undone_by="a", lasts="b")

    class Door:
        def deed(self) -> None:
            """Do."""

    assert mark_of(Door.deed) is None
    bare = Centre(code="x", words=("x", "x"), purpose=("x", "x"), bian=("x",), door=Door)
    with pytest.raises(Bug):
        entry_of(bare)

"""Goal: a client of a cell tells its caller no more than it knows.

Method: a client whose processes are made up: each try ends as the test says.
"""

from collections.abc import Iterator
from itertools import chain, repeat
from types import SimpleNamespace
from typing import Any

import pytest

from yunjin.client import CellClient, cell
from yunjin.kernel.errors import Outage, Problem, Unknown


class MadeUp(CellClient):
    """Every connection comes about; what is asked over it ends in the next of the problems."""

    def __init__(self, problems: Iterator[Problem]) -> None:
        super().__init__(["grpc://one:1", "grpc://two:2"], patience_s=0.2)
        self.problems = problems

    def _connected(self) -> Any:
        return None

    def asked(self) -> None:
        def act(client: Any) -> None:
            raise next(self.problems)

        self.ask(act)


def test_what_was_sent_and_not_answered_is_never_told_to_be_undone() -> None:
    client = MadeUp(chain([Outage("1"), Unknown("lost")], repeat(Outage("nobody writes"))))
    with pytest.raises(Unknown, match="lost"):
        client.asked()


def test_what_nobody_took_was_not_done() -> None:
    with pytest.raises(Outage, match="nobody writes"):
        MadeUp(repeat(Outage("nobody writes"))).asked()


def test_an_address_that_is_none_is_not_turned_to() -> None:
    client = MadeUp(repeat(Outage("ask there", flight="10.0.0.1:8421")))
    with pytest.raises(Outage):
        client.asked()
    assert client.moves > 1
    assert set(client._addresses) == {"grpc://one:1", "grpc://two:2"}


class Places:
    """A cell that moved from one set to another: what each of its processes answers."""

    OLD, FIRST, LATER = "grpc://old:1", "grpc://new:1", "grpc://new:2"

    def __init__(self) -> None:
        self.writer, self.signs, self.members = self.OLD, [""], [self.FIRST]

    def at(self, address: str) -> Any:
        return SimpleNamespace(
            wait_at_most=lambda seconds: None,
            close=lambda: None,
            members=lambda: self._members(address),
            post=lambda: self._post(address),
        )

    def _members(self, address: str) -> list[dict[str, Any]]:
        known = [self.OLD, *self.signs] if address == self.OLD else self.members
        return [{"cell": 1, "flight": one} for one in known]

    def _post(self, address: str) -> str:
        if address == self.writer:
            return address
        if address == self.OLD:
            raise Outage("it has moved", flight=self.signs[0])
        raise Unknown("nobody answers")


class Travelling(CellClient):
    """Its processes are those of `Places`."""

    def __init__(self, places: Places, *addresses: str) -> None:
        super().__init__(addresses, patience_s=5)
        self.places = places

    def _connected(self) -> Any:
        if self._client is None:
            self._client = self.places.at(self._addresses[0])
        return self._client


def test_a_process_that_came_later_is_found_when_the_writer_dies() -> None:
    """It was not there when the others were first asked who serves the cell."""
    places = Places()
    client = Travelling(places, Places.OLD)
    for places.writer in (Places.OLD, Places.FIRST):
        places.signs = [Places.FIRST]
        assert client.ask(lambda one: one.post()) == places.writer
    places.members, places.signs = [Places.LATER], [Places.FIRST, Places.LATER]
    places.writer = Places.LATER
    assert client.ask(lambda one: one.post()) == Places.LATER


def test_who_stands_by_is_asked_for_time_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    places = Places()
    places.writer = Places.FIRST
    client = Travelling(places, Places.FIRST)
    client.ask(lambda one: one.post())
    places.members = [Places.FIRST, Places.LATER]
    monkeypatch.setattr(cell, "_LEARN_S", 0.0)
    client.ask(lambda one: one.post())
    places.writer = Places.LATER
    assert client.ask(lambda one: one.post()) == Places.LATER


def test_processes_that_died_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each that is asked in vain costs a caller time, when the next writer dies."""
    places, pauses = Places(), list[float]()
    client = Travelling(places, Places.OLD)
    monkeypatch.setattr(cell.time, "sleep", pauses.append)
    monkeypatch.setattr(cell, "_LEARN_S", 0.0)
    places.signs = ["grpc://new:0"]
    client.ask(lambda one: one.post())
    for number in range(9):
        places.members = [f"grpc://new:{number + more}" for more in (0, 1)]
        places.writer = places.members[0]
        for _ in range(2):  # then it is known who stands by
            assert client.ask(lambda one: one.post()) == places.writer
    assert set(client._addresses) == {Places.OLD, *places.members}
    assert len(pauses) < 9

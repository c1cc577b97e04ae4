"""Goal: a client of a cell tells its caller no more than it knows.

Method: a client whose processes are made up: each try ends as the test says.
"""

from collections.abc import Iterator
from itertools import chain, repeat
from typing import Any

import pytest

from yunjin.client import CellClient
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

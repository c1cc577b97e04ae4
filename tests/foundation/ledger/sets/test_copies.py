"""Goal: a node of a set that is ill holds nobody up, and is asked where its answer is needed.

Method: made-up nodes behind the one call that connects; time is the test's.
"""

import time
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

import pytest

from yunjin.foundation.ledger.store.copies import Copies

ONE, TWO, THREE = NODES = [("one", 1), ("two", 2), ("three", 3)]
SILENCE_S = 5.0


@dataclass
class Nodes:
    """Three nodes, of which some are frozen: they take connections and answer none."""

    frozen: set[str] = field(default_factory=set)
    tries: list[str] = field(default_factory=list)
    now_s: float = 0.0

    def connect(self, host: str, port: int) -> Any:
        return Connection(self, host)


@dataclass
class Connection:
    """A connection that is its own cursor."""

    nodes: Nodes
    host: str

    def cursor(self) -> Any:
        return nullcontext(self)

    def execute(self, sql: str) -> None:
        if self.host in self.nodes.frozen:
            self.nodes.tries.append(self.host)
            self.nodes.now_s += SILENCE_S
            raise OSError("no answer")

    def fetchall(self) -> list[Any]:
        return []

    def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
def nodes(monkeypatch: pytest.MonkeyPatch) -> Nodes:
    made = Nodes()
    monkeypatch.setattr(time, "monotonic", lambda: made.now_s)
    return made


def test_a_frozen_node_is_seldom_asked(nodes: Nodes) -> None:
    nodes.frozen = {"two"}
    copies = Copies(NODES, nodes.connect, (OSError,))
    for _ in range(2_000):
        assert copies.confirm(ONE)
        nodes.now_s += 0.1
    assert len(nodes.tries) > 1
    assert len(nodes.tries) * SILENCE_S < nodes.now_s / 8


def test_a_node_that_was_left_out_is_asked_again_where_it_is_needed(nodes: Nodes) -> None:
    nodes.frozen = {"two"}
    copies = Copies(NODES, nodes.connect, (OSError,))
    assert copies.confirm(ONE)
    nodes.frozen = {"three"}
    assert not copies.confirm(ONE)
    assert copies.confirm(ONE)


@pytest.mark.parametrize("is_there", [True, False])
def test_of_two_nodes_one_is_enough_with_the_vote_of_a_witness(
    nodes: Nodes, is_there: bool
) -> None:
    nodes.frozen = {"two"}
    copies = Copies(NODES[:2], nodes.connect, (OSError,))
    assert copies.confirm(ONE, has_witness=lambda: is_there) is is_there


def test_a_witness_does_not_stand_for_two_nodes(nodes: Nodes) -> None:
    nodes.frozen = {"two", "three"}
    copies = Copies(NODES, nodes.connect, (OSError,))
    assert not copies.confirm(ONE, has_witness=lambda: True)

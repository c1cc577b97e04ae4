"""Goal: a set is changed while an application goes on writing, and no write fails for good.

Method: three real nodes; a writer that goes to the next node when its own is gone, and counts.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pymysql
import pytest

from tests.galera import Sets, ask, connect, described
from tests.ports import free_ports
from yunjin.foundation.database.domain.topology import Node, Topology
from yunjin.foundation.database.errors import TopologyRefused
from yunjin.foundation.database.service.changes import Changes
from yunjin.foundation.database.service.fleet import Fleet

pytestmark = [pytest.mark.galera, pytest.mark.slow]


class Writer:
    """Writes rows one by one, on whichever node takes them; an acknowledged row is counted."""

    def __init__(self, url: str) -> None:
        self._url, self._stop = url, threading.Event()
        self.acknowledged: list[int] = []
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        number = 0
        while not self._stop.is_set():
            for node in range(3):
                try:
                    connection = connect(self._url, node)
                    while not self._stop.is_set():
                        number += 1
                        ask(connection, f"INSERT INTO written VALUES ({number})")
                        self.acknowledged.append(number)
                except pymysql.err.MySQLError:
                    number += 1  # its outcome is unknown: the id is not used again
                    continue

    @contextmanager
    def writing(self) -> Iterator[None]:
        self._thread.start()
        try:
            yield
        finally:
            self._stop.set()
            self._thread.join()


@pytest.fixture(scope="module")
def kept() -> list[Topology]:
    """What was saved of the fleet's file."""
    return []


@pytest.fixture(scope="module")
def fleet(sets: Sets) -> Fleet:
    """Three nodes with a table."""
    made = sets.fleet(described(sets.folder, {"s1": ["n1", "n2", "n3"]}))
    made.create("s1")
    ask(connect(made.url("s1")), "CREATE TABLE written (id BIGINT PRIMARY KEY)")
    return made


@pytest.fixture
def changes(fleet: Fleet, kept: list[Topology]) -> Changes:
    """What changes them."""
    return Changes(fleet, save=kept.append)


def node_named(name: str, host: str) -> Node:
    port, galera, ist, sst = free_ports(4)
    return Node(name=name, host=host, port=port, galera_port=galera, ist_port=ist, sst_port=sst)


def rows(fleet: Fleet, node: str) -> int:
    return int(fleet.node("s1", node).ask("SELECT COUNT(*) FROM yunjin.written")[0][0])


def test_an_upgrade_loses_no_write(fleet: Fleet, changes: Changes) -> None:
    before = {node.name: node.pid for node in fleet.status("s1").nodes}
    writer = Writer(fleet.url("s1"))
    with writer.writing():
        seen = changes.upgrade("s1", install=["true"])
    assert {node.name for node in seen if node.is_synced} == {"n1", "n2", "n3"}
    assert all(node.pid != before[node.name] for node in fleet.status("s1").nodes)
    assert len(writer.acknowledged) > 0
    found = {int(row[0]) for row in fleet.node("s1", "n1").ask("SELECT id FROM yunjin.written")}
    assert found >= set(writer.acknowledged)


def test_an_option_that_needs_it_restarts_the_nodes_in_turn(
    fleet: Fleet, changes: Changes, kept: list[Topology]
) -> None:
    assert changes.configure("s1", {"performance_schema": "ON", "long_query_time": "0.5"}) == [
        "performance_schema"
    ]
    for node in fleet.nodes("s1"):
        asked = node.ask("SELECT @@performance_schema, @@long_query_time")
        assert asked == [("1", "0.500000")]
    assert kept[-1].set_of("s1").options["performance_schema"] == "ON"


def test_a_node_is_copied_anew_in_its_own_place(fleet: Fleet, changes: Changes) -> None:
    node = fleet.node("s1", "n2")
    node.kill()
    fleet.settled("s1")
    node.machine.remove(f"{node.places.data}/ibdata1")  # its disk has lost it
    assert changes.replace_node("s1", "n2").is_synced
    assert rows(fleet, "n2") == rows(fleet, "n1")
    assert node.owner() == {"set": "s1", "node": "n2"}  # a copy does not wipe out whose it is


def test_another_node_takes_the_place_of_a_lost_one(
    fleet: Fleet, changes: Changes, kept: list[Topology]
) -> None:
    assert changes.replace_node("s1", "n3", by=node_named("n4", "hc")).is_synced
    assert [node.name for node in kept[-1].set_of("s1").nodes] == ["n1", "n2", "n4"]
    assert rows(fleet, "n4") == rows(fleet, "n1")
    assert fleet.node("s1", "n4").ask("SHOW MASTER STATUS")  # the journal moved with it


def test_nodes_come_and_go_by_two(fleet: Fleet, changes: Changes) -> None:
    two = [node_named("n5", "ha"), node_named("n6", "hb")]
    with pytest.raises(TopologyRefused, match="4 nodes and no witness"):
        changes.add_nodes("s1", two[:1])
    assert all(node.is_synced for node in changes.add_nodes("s1", two))
    assert {node.cluster_size for node in fleet.status("s1").nodes} == {5}
    changes.remove_nodes("s1", ["n5", "n6"])
    assert {node.cluster_size for node in fleet.status("s1").nodes} == {3}
    assert fleet.status("s1").is_serving
    assert fleet.machine("ha").names(f"{fleet.topology.host('ha').folder}/n5/data")  # data stay

"""Goal: a set is made, loses a node, loses all, and nothing acknowledged with it.

Method: one story on three real nodes, told in order; each test goes on from the one before.
"""

import stat

import pymysql
import pytest

from tests.galera import Sets, ask, connect, described
from yunjin.foundation.database.domain.users import DOCTOR
from yunjin.foundation.database.errors import NodeRefused, SetRefused
from yunjin.foundation.database.service.changes import Changes
from yunjin.foundation.database.service.fleet import Fleet

pytestmark = pytest.mark.galera
NODES = ("n1", "n2", "n3")


@pytest.fixture(scope="module")
def fleet(sets: Sets) -> Fleet:
    """Three nodes, made and running."""
    # between cities, so that a machine that is busy with other tests is not taken for a dead one
    made = sets.fleet(described(sets.folder, {"s1": NODES}, more='profile = "wan"'))
    made.create("s1")
    return made


def rows_on(fleet: Fleet, node: str) -> int:
    return int(fleet.node("s1", node).ask("SELECT COUNT(*) FROM yunjin.paid")[0][0])


def test_a_new_set_serves_its_users_and_no_others(fleet: Fleet, sets: Sets) -> None:
    status = fleet.status("s1")
    assert [node.is_synced for node in status.nodes] == [True] * 3
    assert {node.cluster_size for node in status.nodes} == {3}
    url = fleet.url("s1")
    ask(connect(url), "CREATE TABLE paid (id BIGINT PRIMARY KEY, amount_minor BIGINT NOT NULL)")
    ask(connect(url), "INSERT INTO paid VALUES (1, 100)")
    assert ask(connect(url, node=2), "SELECT amount_minor FROM paid WHERE id = 1") == [(100,)]
    assert ask(connect(fleet.url("s1", user=DOCTOR)), "SHOW STATUS LIKE 'wsrep_ready'")
    with pytest.raises(pymysql.err.OperationalError, match="denied"):
        connect(url.replace("/yunjin", "/mysql"))
    with pytest.raises(pymysql.err.OperationalError, match="denied"):
        connect(f"mysql://root:@{fleet.places('s1')}/yunjin")
    assert stat.S_IMODE((sets.folder / "secrets/s1.json").stat().st_mode) == 0o600
    config = fleet.node("s1", "n1").places.config
    assert fleet.machine("ha").run(["stat", "-c", "%a", config]).text.strip() == "600"


def test_a_killed_node_gets_only_what_it_missed(fleet: Fleet) -> None:
    node = fleet.node("s1", "n2")
    node.kill()
    survivor = fleet.node("s1", "n1")
    survivor.wait(lambda seen: seen.is_synced and seen.cluster_size == 2)
    ask(connect(fleet.url("s1")), "INSERT INTO paid VALUES (2, 100), (3, 100)")
    seen = fleet.start_node("s1", "n2")
    assert seen.is_synced
    assert rows_on(fleet, "n2") == 3
    log = node.machine.read(node.places.log)
    assert "Receiving IST" in log or "IST received" in log
    assert "Waiting for SST streaming to complete" not in log  # no whole copy


def test_all_nodes_killed_at_once_lose_nothing(fleet: Fleet) -> None:
    connection = connect(fleet.url("s1"))
    for number in range(4, 40):
        ask(connection, f"INSERT INTO paid VALUES ({number}, 100)")
    for node in fleet.nodes("s1"):
        node.kill()
    assert not fleet.status("s1").is_serving
    assert fleet.start("s1").is_serving
    assert [rows_on(fleet, name) for name in NODES] == [39] * 3


def test_an_option_that_a_server_takes_acts_at_once(fleet: Fleet) -> None:
    pids = [node.pid for node in fleet.status("s1").nodes]
    kept: list[object] = []
    assert Changes(fleet, save=kept.append).configure("s1", {"max_connections": 123}) == []
    for name in NODES:
        assert fleet.node("s1", name).ask("SELECT @@max_connections") == [("123",)]
        assert "max_connections = 123" in fleet.machine("ha").read(
            fleet.node("s1", name).places.config
        )
    assert [node.pid for node in fleet.status("s1").nodes] == pids
    assert kept == [fleet.topology]


def test_a_node_does_not_start_on_anothers_data(fleet: Fleet) -> None:
    node, other = fleet.node("s1", "n3"), fleet.node("s1", "n2")
    fleet.stop_node("s1", "n3")
    signed = node.machine.read(node.places.identity)
    node.machine.write(node.places.identity, other.machine.read(other.places.identity))
    with pytest.raises(NodeRefused, match="belong to node n2 of set s1"):
        fleet.start_node("s1", "n3")
    node.machine.write(node.places.identity, signed)
    assert fleet.status("s1").is_serving


def test_the_last_node_is_not_stopped_alone(fleet: Fleet) -> None:
    fleet.stop_node("s1", "n2")
    with pytest.raises(SetRefused, match="nobody to join or to leave"):
        fleet.stop_node("s1", "n1")
    with pytest.raises(SetRefused, match="to be in step"):
        Changes(fleet, save=lambda changed: None).upgrade("s1")
    fleet.stop("s1")
    assert [node.pid for node in fleet.status("s1").nodes] == [0, 0, 0]

"""Goal: a majority that is lost stops writes, and comes back only by the word of a person.

Method: three real nodes, two of them killed at once.
"""

import pytest

from tests.galera import Sets, described
from yunjin.foundation.database.errors import SetRefused
from yunjin.foundation.database.service.fleet import Fleet

pytestmark = [pytest.mark.galera, pytest.mark.slow]


@pytest.fixture(scope="module")
def fleet(sets: Sets) -> Fleet:
    """Three nodes with a table."""
    made = sets.fleet(described(sets.folder, {"s1": ["n1", "n2", "n3"]}))
    made.create("s1")
    made.node("s1", "n1").ask("CREATE TABLE yunjin.t (id INT PRIMARY KEY)")
    return made


def test_one_of_three_alone_writes_only_when_told_to(fleet: Fleet) -> None:
    for name in ("n1", "n2"):
        fleet.node("s1", name).kill()
    left = fleet.node("s1", "n3").wait(lambda seen: seen.cluster_status == "non-Primary")
    assert not left.is_synced
    assert not fleet.status("s1").is_serving
    with pytest.raises(SetRefused, match="n3 of set s1 run without a majority"):
        fleet.start("s1")
    with pytest.raises(SetRefused, match="n1, n2 of set s1 does not answer"):
        fleet.bootstrap("s1")  # nobody has said that they are dead
    assert fleet.bootstrap("s1", lost=["n1", "n2"]).is_serving
    with pytest.raises(SetRefused, match="have a majority already"):
        fleet.bootstrap("s1", lost=["n1", "n2"])
    assert [node.is_synced for node in fleet.start("s1").nodes] == [True] * 3


def test_a_set_starts_without_a_node_that_was_named_as_lost(fleet: Fleet) -> None:
    for node in fleet.nodes("s1"):
        node.kill()
    fleet.node("s1", "n1").machine.remove(fleet.node("s1", "n1").places.data)
    status = fleet.start("s1", without=["n1"])
    assert [node.is_synced for node in status.nodes] == [False, True, True]


def test_a_node_whose_data_are_gone_is_copied_when_all_start(fleet: Fleet) -> None:
    fleet.stop("s1")
    status = fleet.start("s1")
    assert [node.is_synced for node in status.nodes] == [True] * 3
    assert fleet.node("s1", "n1").ask("SELECT COUNT(*) FROM yunjin.t") == [("0",)]

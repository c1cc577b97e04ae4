"""Goal: a fleet.toml that cannot work is refused with every reason in words. Method: one that can,
and one change of it for each reason."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yunjin.app.fleet_example import PORTS, Shape
from yunjin.app.fleet_example import text as example
from yunjin.foundation.database.domain.topology import (
    DatabaseSet,
    DataCentre,
    Host,
    Node,
    Reach,
    Topology,
    read_topology,
    weaknesses,
    write_topology,
)
from yunjin.foundation.database.errors import TopologyRefused

GOOD = """
[data_centres.a]
city = "shenzhen"
[data_centres.b]
city = "shanghai"
[hosts.h1]
data_centre = "a"
address = "10.0.0.1"
folder = "/srv/yunjin"
reach = "ssh"
[hosts.h2]
data_centre = "b"
address = "10.0.0.2"
folder = "/srv/yunjin"
reach = "ssh"
[hosts.w]
data_centre = "b"
address = "10.0.0.3"
folder = "/srv/yunjin"
[sets.s1]
cells = [1, 2]
options = { max_connections = 500 }
witness = { host = "w" }
nodes = [
  { name = "n1", host = "h1" },
  { name = "n2", host = "h2" },
]
[sets.s2]
cells = [3]
nodes = [
  { name = "m1", host = "h1", port = 3316, galera_port = 4667, ist_port = 4668, sst_port = 4544 },
]
"""
WRONG = {
    "a port wanted twice": ("port = 3316", "port = 3306", "both want port 3306 of 10.0.0.1"),
    "a port inside one node": ("ist_port = 4668", "ist_port = 4667", "both want port 4667"),
    "a cell twice": ("cells = [3]", "cells = [2]", "2 sets keep cell 2"),
    "a node's name twice": ('"m1"', '"n1"', "2 nodes are called n1"),
    "no quorum": ('witness = { host = "w" }', "", "2 nodes and no witness"),
    "a witness beside a node": ('{ host = "w" }', '{ host = "h1" }', "lost together"),
    "an unknown host": ('"m1", host = "h1"', '"m1", host = "h9"', "host h9 is not described"),
    "an unknown data centre": ('data_centre = "b"', 'data_centre = "z"', "z is not described"),
    "a witness nowhere": ('{ host = "w" }', '{ host = "x" }', "host x is not described"),
    "a strange option": ("max_connections", "datadir", "an option of the fleet's, was 'datadir'"),
    "a value of no form": ("= 500 }", '= "5; DROP" }', "as max_connections"),
    "a folder too long": ("/srv/yunjin", f"/{'x' * 70}", "hosts.h1.folder: expected a whole path"),
    "an unknown word": ("cells = [3]", "shards = [3]", "sets.s2.shards is not known here"),
    "a missing word": ('city = "shenzhen"', "", "data_centres.a.city is missing"),
    "a port out of range": ("port = 3316", "port = 99999", "less than or equal to 65535"),
    "a name that needs quotes": (
        "[sets.s2]",
        '[sets."s 2"]',
        "sets.s 2.name: expected small letters",
    ),
    "a journal nowhere": ("cells = [3]", 'journal_node = "x"', "x is none of its nodes"),
    "a namespace by ssh": ('reach = "ssh"', 'reach = "ssh"\nnamespace = "x"', "only there"),
    "no address by ssh": ("10.0.0.1", "db1.example", "expected an IP address, was db1.example"),
    "no nodes": ("cells = [3]\nnodes = [", "cells = [3]\nnodes = []\nold = [", "at least 1 item"),
    "no TOML": ("[sets.s2]", "[sets.s2", "is not TOML"),
    "no tables": ("[sets.s1]", "[[sets]]\n[sets.s1]", "expected tables [sets.NAME]"),
}


@pytest.mark.parametrize("shape", list(Shape))
def test_every_topology_that_is_shipped_can_work(shape: Shape) -> None:
    read = read_topology(example("/srv/yunjin", 21_000, shape))
    one = read.set_of("s1")
    ports = [port for node in one.nodes for port in node.ports]
    ports += [] if one.witness is None else [one.witness.port]
    assert len(set(ports)) == len(ports)
    assert set(ports) <= set(range(21_000, 21_000 + PORTS))
    found = " ".join(weaknesses(read, one))
    assert bool(found) is (shape is not Shape.CITIES), found


def test_a_good_file_is_read_as_it_is_written() -> None:
    fleet = read_topology(GOOD)
    one = fleet.set_of("s1")
    assert one.votes == 3
    assert one.keeps_journal == "n2"
    assert fleet.data_centre_of(one.node("n2")).city == "shanghai"
    assert fleet.host("h1").reach is Reach.SSH
    assert read_topology(write_topology(fleet)) == fleet


def test_the_example_is_good() -> None:
    fleet = read_topology(example("/var/yunjin", 13306))
    assert [node.port for node in fleet.sets[0].nodes] == [13306, 13310, 13314]


@pytest.mark.parametrize("name", WRONG)
def test_each_wrong_is_refused_in_words(name: str) -> None:
    old, new, said = WRONG[name]
    assert old in GOOD
    with pytest.raises(TopologyRefused) as refused:
        read_topology(GOOD.replace(old, new, 1))
    assert said in refused.value.detail


def test_every_wrong_is_named_at_once() -> None:
    text = GOOD.replace("port = 3316", "port = 3306").replace("cells = [3]", "cells = [1]")
    with pytest.raises(TopologyRefused) as refused:
        read_topology(text)
    assert len(refused.value.facts["wrongs"]) == 2


def test_an_unknown_set_or_node_is_refused_with_those_there_are() -> None:
    fleet = read_topology(GOOD)
    with pytest.raises(TopologyRefused, match="no set s9"):
        fleet.set_of("s9")
    with pytest.raises(TopologyRefused) as refused:
        fleet.set_of("s1").node("n9")
    assert refused.value.facts["known"] == ["n1", "n2"]


def test_what_would_stop_a_set_is_said() -> None:
    fleet = read_topology(GOOD)
    assert list(weaknesses(fleet, fleet.set_of("s1"))) == [
        "set s1 has 2 of 3 votes in data centre b: losing it stops the set",
        "set s1 has 2 of 3 votes in city shanghai: losing it stops the set",
    ]
    assert "one node" in next(weaknesses(fleet, fleet.set_of("s2")))


def test_three_votes_in_three_cities_have_no_weakness() -> None:
    text = GOOD.replace('[hosts.w]\ndata_centre = "b"', '[hosts.w]\ndata_centre = "c"')
    fleet = read_topology(text + '\n[data_centres.c]\ncity = "chengdu"\n')
    assert not list(weaknesses(fleet, fleet.set_of("s1")))


def test_a_changed_set_is_checked_before_it_is_taken() -> None:
    fleet = read_topology(GOOD)
    one = fleet.set_of("s1")
    with pytest.raises(TopologyRefused, match="4 votes: even"):
        fleet.with_set(one.model_copy(update={"nodes": (*one.nodes, Node(name="n3", host="w"))}))
    assert fleet == read_topology(GOOD)


names = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)


@given(st.lists(names, unique=True, min_size=1, max_size=9), st.integers(1, 60_000), st.data())
def test_whatever_is_written_is_read_the_same(
    found: list[str], port: int, data: st.DataObject
) -> None:
    nodes = tuple(
        Node(
            name=name,
            host="h",
            port=port + 4 * at,
            galera_port=port + 4 * at + 1,
            ist_port=port + 4 * at + 2,
            sst_port=port + 4 * at + 3,
        )
        for at, name in enumerate(found[: len(found) - 1 | 1])  # an odd number of them
    )
    options = data.draw(st.dictionaries(st.sampled_from(["wait_timeout"]), st.integers(1, 999)))
    fleet = Topology(
        data_centres=(DataCentre(name="a", city="c"),),
        hosts=(Host(name="h", data_centre="a", address="127.0.0.1", folder="/srv/x"),),
        sets=(DatabaseSet(name="s", nodes=nodes, options=options, cells=(7,)),),
    )
    assert read_topology(write_topology(fleet)) == fleet

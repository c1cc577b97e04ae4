"""Goal: two cities go on when either is lost, by the vote of an arbitrator in a third.

Method: two real nodes and garbd, in network namespaces where this process may make them.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.galera import OPTIONS, Sets, node_line
from yunjin.foundation.database.api.fleet import NodeStatus
from yunjin.foundation.database.service.fleet import Fleet

pytestmark = [pytest.mark.galera, pytest.mark.slow]
CITIES = {"a": "shenzhen", "b": "shanghai", "w": "chengdu"}


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


@pytest.fixture(scope="module")
def places() -> Iterator[dict[str, tuple[str, str]]]:
    """Three namespaces on one bridge: city → (namespace, address)."""
    if os.geteuid() or shutil.which("garbd") is None:
        pytest.skip("needs Galera: root for namespaces, apt-get install galera-arbitrator-4")
    mark, number = f"yj{os.getpid() % 100_000}", os.getpid() % 250
    found = {city: (f"{mark}{city}", f"10.213.{number}.{at}") for at, city in enumerate(CITIES, 1)}
    try:
        ip("link", "add", mark, "type", "bridge")
        ip("link", "set", mark, "up")
        for city, (space, address) in found.items():
            ip("netns", "add", space)
            ip("link", "add", f"{mark}{city}0", "type", "veth", "peer", "name", f"{mark}{city}1")
            ip("link", "set", f"{mark}{city}0", "master", mark, "up")
            ip("link", "set", f"{mark}{city}1", "netns", space)
            ip("-n", space, "addr", "add", f"{address}/24", "dev", f"{mark}{city}1")
            ip("-n", space, "link", "set", f"{mark}{city}1", "up")
            ip("-n", space, "link", "set", "lo", "up")
        yield found
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"needs Galera: network namespaces of this kernel ({error})")
    finally:
        for city, (space, _) in found.items():
            subprocess.run(["ip", "link", "del", f"{mark}{city}0"], capture_output=True)
            subprocess.run(["ip", "netns", "del", space], capture_output=True)
        subprocess.run(["ip", "link", "del", mark], capture_output=True)


def described(folder: Path, places: dict[str, tuple[str, str]]) -> str:
    lines = []
    for centre, city in CITIES.items():
        space, address = places[centre]
        lines += [f'[data_centres.{centre}]\ncity = "{city}"\n[hosts.h{centre}]']
        lines += [f'data_centre = "{centre}"\naddress = "{address}"\nfolder = "{folder}/{centre}"']
        lines += [f'reach = "namespace"\nnamespace = "{space}"']
    lines += ["[sets.s1]", OPTIONS, 'profile = "lan"', 'witness = { host = "hw" }', "nodes = ["]
    usual = (3306, 4567, 4568, 4444)  # each in a network of its own
    lines += [node_line("a1", "ha", usual), node_line("b1", "hb", usual), "]"]
    return "\n".join(lines)


@pytest.fixture(scope="module")
def fleet(sets: Sets, places: dict[str, tuple[str, str]]) -> Iterator[Fleet]:
    """Two nodes and their arbitrator, running."""
    made = sets.fleet(described(sets.folder, places))
    made.create("s1")
    yield made
    for node in made.nodes("s1"):
        node.kill()
    arbitrator = made.arbitrator("s1")
    assert arbitrator is not None
    arbitrator.stop()


def goes_on(fleet: Fleet, node: str, size: int) -> NodeStatus:
    return fleet.node("s1", node).wait(lambda seen: seen.is_synced and seen.cluster_size == size)


def test_the_set_has_three_votes(fleet: Fleet) -> None:
    status = fleet.status("s1")
    assert status.arbitrator == "running"
    assert [node.cluster_size for node in status.nodes] == [3, 3]
    assert status.weaknesses == ()


def test_a_city_that_is_lost_leaves_the_other_writing(fleet: Fleet) -> None:
    fleet.node("s1", "a1").kill()
    goes_on(fleet, "b1", 2)
    fleet.node("s1", "b1").ask("CREATE TABLE yunjin.t (id INT PRIMARY KEY)")
    assert fleet.start_node("s1", "a1").is_synced
    assert fleet.node("s1", "a1").ask("SELECT COUNT(*) FROM yunjin.t") == [("0",)]


def test_a_city_that_is_cut_off_stops_writing(
    fleet: Fleet, places: dict[str, tuple[str, str]]
) -> None:
    space, _ = places["a"]
    cut = ["ip", "netns", "exec", space, "iptables"]
    subprocess.run([*cut, "-P", "INPUT", "DROP"], check=True)
    subprocess.run([*cut, "-P", "OUTPUT", "DROP"], check=True)
    goes_on(fleet, "b1", 2)
    alone = fleet.node("s1", "a1").wait(lambda seen: seen.cluster_status == "non-Primary")
    assert not alone.is_synced
    subprocess.run([*cut, "-P", "INPUT", "ACCEPT"], check=True)
    subprocess.run([*cut, "-P", "OUTPUT", "ACCEPT"], check=True)
    goes_on(fleet, "a1", 3)


def test_all_lost_at_once_come_back(fleet: Fleet) -> None:
    arbitrator = fleet.arbitrator("s1")
    assert arbitrator is not None
    for node in fleet.nodes("s1"):
        node.kill()
    assert fleet.start("s1").is_serving
    goes_on(fleet, "a1", 3)
    assert arbitrator.pid()

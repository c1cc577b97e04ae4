"""Goal: what hosts, servers and witnesses answer is read as it is meant, also where they do not.

Method: the real commands on this machine, in a folder that looks like a node's; no server runs.
"""

import shutil
import socket
import tempfile
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.foundation.database.doctor.ward import well
from tests.galera import node_line
from tests.ports import free_ports
from yunjin.foundation.database.adapters.doctor import hosts, witnesses
from yunjin.foundation.database.adapters.doctor.lateness import Lateness
from yunjin.foundation.database.adapters.doctor.servers import ServerProbe
from yunjin.foundation.database.adapters.galera import NodeServer
from yunjin.foundation.database.adapters.machines import Machine
from yunjin.foundation.database.adapters.runners import LocalRunner, Ran
from yunjin.foundation.database.adapters.secrets import Secrets
from yunjin.foundation.database.domain.doctor.observation import Life, Sight
from yunjin.foundation.database.domain.topology import Topology, read_topology
from yunjin.foundation.database.errors import HostUnreachable
from yunjin.foundation.database.service.doctor.treatment import received
from yunjin.kernel.clock import FixedClock, SystemClock

CLOCK = SystemClock()
HISTORY = "8fa5655b-ecd2-11f1-a73e-070ac1dfaf59"
GRASTATE = f"# GALERA saved state\nversion: 2.1\nuuid: {HISTORY}\nseqno: 42\nsafe_to_bootstrap: 0\n"


class NoRunner(LocalRunner):
    """A host that is not reached."""

    def run(self, words: Sequence[str], *, stdin: bytes = b"", wait_s: int = 60) -> Ran:
        raise HostUnreachable("h1 is not reached.", host="h1")


@dataclass
class Place:
    """A node's folder on this machine, where no server runs."""

    folder: Path
    fleet: Topology
    runner: LocalRunner

    def node(self) -> NodeServer:
        one = self.fleet.set_of("s1")
        secrets = Secrets(application="a" * 20, doctor="b" * 20, sst="c" * 20)
        machine = Machine("h1", self.runner)
        return NodeServer(self.fleet, one, one.nodes[0], machine=machine, secrets=secrets)


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        made.listen()
        yield made


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a short name, as a node's has to be."""
    made = Path(tempfile.mkdtemp(prefix="yj-e-"))
    yield made
    shutil.rmtree(made)


@pytest.fixture
def place(folder: Path, listener: socket.socket) -> Place:
    [closed, other] = free_ports(2)
    ports = [(closed, other), (closed + 9, listener.getsockname()[1]), (3, 4)]
    nodes = "".join(
        node_line(f"n{at}", "h1", (*pair, 10 * at, 10 * at + 1)) for at, pair in enumerate(ports, 1)
    )
    text = f"""
[data_centres.a]
city = "shanghai"
[hosts.h1]
data_centre = "a"
address = "127.0.0.1"
folder = "{folder}"
[sets.s1]
nodes = [
{nodes}
]
"""
    return Place(folder, read_topology(text), LocalRunner())


def test_a_host_tells_of_disk_sync_clock_and_what_its_node_saved(place: Place) -> None:
    data = place.folder / "n1" / "data"
    data.mkdir(parents=True)
    (data / "grastate.dat").write_text(GRASTATE)
    seen = hosts.look(place.node(), CLOCK)
    assert (seen.life, seen.saved_seqno, seen.saved_history) == (Life.GONE, 42, HISTORY)
    assert seen.was_stopped
    assert 0 < seen.disk_free <= seen.disk_total
    assert seen.fsync_us > 0
    assert abs(seen.clock_offset_ms) <= seen.clock_error_ms
    assert not seen.is_resting


def test_a_host_whose_node_was_never_made_tells_only_of_its_clock(place: Place) -> None:
    seen = hosts.look(place.node(), CLOCK)
    assert (seen.life, seen.disk_total, seen.saved_seqno) == (Life.GONE, -1, -1)


def test_a_disk_that_fails_is_told_from_one_that_is_full_and_from_a_doctor_who_may_not(
    place: Place,
) -> None:
    probe = place.folder / "n1" / ".doctor"
    probe.parent.mkdir()
    for leads_to, fault in (
        ("/proc/self/mem", "Input/output error"),  # its first byte can never be written
        ("/dev/full", ""),
        (str(place.folder), ""),
    ):
        probe.unlink(missing_ok=True)
        probe.symlink_to(leads_to)
        seen = hosts.look(place.node(), CLOCK)
        assert seen.fsync_us == -1
        assert seen.disk_fault.endswith(fault)
        assert bool(seen.disk_fault) is bool(fault)


def test_a_host_tells_how_long_its_nodes_certificate_lasts(place: Place) -> None:
    assert hosts.look(place.node(), CLOCK).tls_days is None
    until = place.folder / "n1" / "tls" / "until"
    until.parent.mkdir(parents=True)
    until.write_text(str(CLOCK.now_ns() // 1_000_000_000 + 9 * 86_400 + 60))
    assert hosts.look(place.node(), CLOCK).tls_days == 9


def test_who_works_on_a_node_is_respected_until_his_time_is_over(place: Place) -> None:
    (place.folder / "n1").mkdir()
    now_s = CLOCK.now_ns() // 1_000_000_000
    for until_s, is_resting in ((now_s + 600, True), (now_s - 1, False)):
        (place.folder / "n1" / "resting").write_text(str(until_s))
        assert hosts.look(place.node(), CLOCK).is_resting is is_resting


def test_a_host_out_of_reach_leaves_everything_unknown(place: Place) -> None:
    place.runner = NoRunner()
    seen = hosts.look(place.node(), CLOCK)
    assert (seen.life, seen.clock_error_ms) == (Life.UNKNOWN, -1)
    assert "not reached" in seen.why


def test_a_server_that_does_not_listen_is_told_from_its_host(place: Place) -> None:
    port = place.fleet.set_of("s1").nodes[0].port
    probe = ServerProbe("n1", address="127.0.0.1", port=port, password="x", clock=CLOCK)
    seen = probe.look(well("n1"))
    assert (seen.answers, seen.life) == (False, Life.RUNS)
    assert "refused" in seen.why


def test_a_witness_tells_refusal_from_listening(place: Place) -> None:
    nodes = place.fleet.set_of("s1").nodes[:2]
    seen = witnesses.sights(Machine("w", place.runner), place.fleet, nodes)
    assert seen == {"n1": Sight.REFUSED, "n2": Sight.OPEN}
    assert witnesses.sights(Machine("w", NoRunner()), place.fleet, nodes) is None


def test_a_process_that_stood_still_says_for_how_long() -> None:
    clock, enough = FixedClock(0), threading.Event()
    lateness = Lateness(clock)
    assert [lateness.take_ms(reader) for reader in ("s1", "s2")] == [0, 0]
    clock.advance(5)
    late_ms = 0
    for _ in range(200):
        late_ms = max(late_ms, lateness.take_ms("s1"))
        if late_ms:
            break
        enough.wait(0.05)
    lateness.close()
    assert late_ms == 4_900
    assert [lateness.take_ms(reader) for reader in ("s1", "s2")] == [0, 4_900]


@pytest.mark.parametrize(
    ("log", "way"),
    [
        (
            f"--wsrep-start-position={HISTORY}:36'\nSST received: {HISTORY}:36\nReceiving IST: 3",
            "IST",
        ),
        (
            f"--wsrep-start-position={HISTORY}:36'\nSST received: {HISTORY}:99\nReceiving IST: 3",
            "SST",
        ),
        (f"SST received: {HISTORY}:99", "SST"),
        ("ready for connections", "nothing"),
    ],
)
def test_the_log_tells_how_a_node_got_what_it_missed(log: Any, way: str) -> None:
    assert received(log) == way

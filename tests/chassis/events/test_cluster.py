"""Three servers keep a stream together; some die, hang, or lose their disks while events flow.

Method: real servers and threads on both sides, as the program runs them; the oracle is what was
committed here against what took effect there.
"""

import itertools
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.chassis.events.places import LIMITS, Place, place
from tests.chassis.persistence.rooms import Sold
from tests.nats import Nats, Server, laid_out
from yunjin.chassis.persistence import Relay, Subscribers
from yunjin.chassis.persistence.tables import Told
from yunjin.kernel.errors import Outage

pytestmark = pytest.mark.slow
ITEMS = [f"item-{number}" for number in range(7)]


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Nats]:
    found = laid_out(tmp_path / "nats", 3)
    found.start()
    yield found
    for server in found.servers:
        server.go_on()
    found.kill()


class Load:
    """Sells without a pause until it is told to stop; counts what was committed."""

    def __init__(self, here: Place) -> None:
        self.here, self.sold, self.stop = here, Counter[str](), threading.Event()
        self.thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        for number in itertools.count():
            if self.stop.is_set():
                return
            item = ITEMS[number % len(ITEMS)]
            self.here.sell(item)
            self.sold[item] += 1


@contextmanager
def at_work(cluster: Nats, folder: Path) -> Iterator[tuple[Place, Place, Load]]:
    """Let events flow from one place to another; at the end all that was sold must have come."""
    here = place(f"sqlite:///{folder / 'here.db'}", cluster.url, replicas=3)
    there = place(f"sqlite:///{folder / 'there.db'}", cluster.url, replicas=3)
    stop, load = threading.Event(), Load(here)
    relay = Relay(here.shop, here.bus.telling(here.shop), holder="here", limits=LIMITS)
    subscribers = Subscribers()
    subscribers.add(Sold.type, "warehouse", there.book)
    there.bus.listen(subscribers, holder="there", limits=LIMITS)
    hearing = there.bus.hearings["shop"]
    threads = [load.thread]
    threads += [threading.Thread(target=run, args=(stop,)) for run in (relay.run, hearing.run)]
    for thread in threads:
        thread.start()
    try:
        yield here, there, load
        load.stop.set()
        load.thread.join(60)
        there.book.await_count(load.sold.total())
    finally:
        load.stop.set()
        stop.set()
        for thread in threads:
            thread.join(60)
        here.close()
        there.close()


def leader(here: Place, cluster: Nats) -> Server:
    """Return the server that leads the stream, once there is one."""
    patience = threading.Event()
    for _ in range(100):
        with suppress(Outage):
            info = here.bus.connection.call(
                lambda client: client.jsm().stream_info("yunjin-demo-shop")
            )
            assert info.config.num_replicas == 3
            if info.cluster.leader:
                return cluster.named(info.cluster.leader)
        patience.wait(0.1)
    raise AssertionError("expected a leader, was none")


def check(here: Place, there: Place, load: Load) -> None:
    for item in ITEMS:
        assert there.book.of(item) == list(range(1, load.sold[item] + 1))
    assert here.shop.backlog()[Told.WAITING] == 0


def test_the_leader_of_a_stream_is_killed_under_load(cluster: Nats, tmp_path: Path) -> None:
    with at_work(cluster, tmp_path) as (here, there, load):
        there.book.await_count(100)
        for _ in range(2):
            victim = leader(here, cluster)
            victim.kill()
            there.book.await_count(len(there.book.done) + 200)
            victim.start()
            there.book.await_count(len(there.book.done) + 100)
    check(here, there, load)
    assert lives(here) == 1  # nothing acknowledged was lost, so nothing was told again


def test_the_leader_of_a_stream_hangs_under_load(cluster: Nats, tmp_path: Path) -> None:
    with at_work(cluster, tmp_path) as (here, there, load):
        there.book.await_count(100)
        victim = leader(here, cluster)
        victim.pause()
        there.book.await_count(len(there.book.done) + 200)
        victim.go_on()
        there.book.await_count(len(there.book.done) + 200)
    check(here, there, load)
    assert lives(here) == 1


def test_one_server_loses_its_disk_under_load(cluster: Nats, tmp_path: Path) -> None:
    with at_work(cluster, tmp_path) as (here, there, load):
        there.book.await_count(100)
        victim = leader(here, cluster)
        victim.kill()
        victim.wipe()
        victim.start()
        there.book.await_count(len(there.book.done) + 200)
    check(here, there, load)
    assert lives(here) == 1  # the other two have it all


def test_every_server_loses_its_disk_under_load(cluster: Nats, tmp_path: Path) -> None:
    with at_work(cluster, tmp_path) as (here, there, load):
        there.book.await_count(100)
        cluster.kill()
        for server in cluster.servers:
            server.wipe()
        cluster.start()
        there.book.await_count(len(there.book.done) + 200)
    check(here, there, load)
    assert lives(here) > 1


def test_both_sides_begin_again_after_every_disk_was_lost(cluster: Nats, tmp_path: Path) -> None:
    with at_work(cluster, tmp_path) as (here, there, load):
        there.book.await_count(100)
    check(here, there, load)
    cluster.kill()
    for server in cluster.servers:
        server.wipe()
    cluster.start()
    with at_work(cluster, tmp_path) as (here_again, late, more):
        late.book.await_count(1)
    assert lives(here_again) == 2
    for item in ITEMS:
        heard = [sequence for each, sequence in there.book.done + late.book.done if each == item]
        assert heard == list(range(1, load.sold[item] + more.sold[item] + 1))


def lives(here: Place) -> int:
    """Return how many lives the stream has had, by the database."""
    found = place(str(here.opened.database.engine.url), here.bus.settings.url)
    samples = [sample for family in found.bus.metrics() for sample in family.samples]
    found.close()
    return 1 + next(int(s.value) for s in samples if s.name == "events_stream_losses_total")

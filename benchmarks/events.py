"""`bench events`: events a second from the outbox to the handler, in process and over NATS.

The same events of 1,000 subjects wait in an outbox; the clock runs from the first look of the relay
until the last one was handled. `in_process`: relay → handler. `r1`, `r3`: relay → stream → arrivals
in a database of its own → handler, with the stream on one server or on three of this machine, each
of which syncs every message before it answers. CPU: this process, and the servers beside.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from benchmarks.measuring import tree_cpu_s
from benchmarks.running import run, say
from benchmarks.serving import folder
from tests.chassis.events.places import Place, place
from tests.chassis.persistence.rooms import Opened, Sold, opened
from tests.nats import Nats, laid_out
from yunjin.chassis.events.telling import Telling
from yunjin.chassis.persistence import Relay, RelayLimits, RoomDatabase, SqlUnitOfWork, Subscribers
from yunjin.kernel.errors import Outage
from yunjin.kernel.events import Event

EVENTS, SUBJECTS, A_COMMIT = 10_000, 1_000, 500
WAIT_S = 300


class Count:
    """A handler that does nothing but count."""

    def __init__(self, wanted: int) -> None:
        self.wanted, self.seen, self.is_done = wanted, 0, threading.Event()

    def __call__(self, event: Event) -> None:
        self.seen += 1
        if self.seen == self.wanted:
            self.is_done.set()


def _filled(room: RoomDatabase, count: int) -> None:
    """Save events that wait to be told."""
    for start in range(0, count, A_COMMIT):

        def tell(work: SqlUnitOfWork, start: int = start) -> None:
            for number in range(start, start + A_COMMIT):
                work.outbox.add(Sold(item=f"item-{number % SUBJECTS}", count=number))

        room.run(tell)


def _timed(jobs: list[Callable[[threading.Event], None]], count: Count) -> tuple[float, float]:
    """Run jobs in threads until all was counted; return wall and CPU seconds of this process."""
    stop = threading.Event()
    threads = [threading.Thread(target=job, args=(stop,)) for job in jobs]
    begun, spent = time.perf_counter(), time.process_time()
    for thread in threads:
        thread.start()
    in_time = count.is_done.wait(WAIT_S)
    seconds, cpu_s = time.perf_counter() - begun, time.process_time() - spent
    stop.set()
    for thread in threads:
        thread.join()
    if not in_time:
        raise RuntimeError(f"expected {count.wanted} events, was {count.seen}")
    return seconds, cpu_s


def _in_process(home: Path, count: int) -> dict[str, float]:
    found: Opened = opened(f"sqlite:///{home / 'here.db'}")
    _filled(found.room, count)
    counted, subscribers = Count(count), Subscribers()
    subscribers.add(Sold.type, "count", counted)
    relay = Relay(found.room, subscribers, holder="bench", limits=RelayLimits())
    seconds, cpu_s = _timed([relay.run], counted)
    found.database.close()
    return _figures("in_process", count, seconds, cpu_s)


def _over_nats(home: Path, servers: int, count: int) -> dict[str, float]:
    with ExitStack() as open_things:
        cluster = open_things.enter_context(_started(home, servers))
        here, there = (
            open_things.enter_context(_open(home / f"{name}.db", cluster, servers))
            for name in ("here", "there")
        )
        _filled(here.shop, count)
        counted, subscribers = Count(count), Subscribers()
        subscribers.add(Sold.type, "count", counted)
        there.bus.listen(subscribers, holder="bench", limits=RelayLimits())
        telling = here.bus.telling(here.shop)
        relay = Relay(here.shop, telling, holder="bench", limits=RelayLimits())
        _made(telling)
        before = _cpu_s(cluster)
        seconds, cpu_s = _timed([relay.run, there.bus.hearings["shop"].run], counted)
        figures = _figures(f"r{servers}", count, seconds, cpu_s)
        spent = (_cpu_s(cluster) - before) / count * 1e6
        return {**figures, f"r{servers}_servers_cpu_s_per_million": spent}


def _made(telling: Telling) -> None:
    """Have the stream before the clock runs: a new cluster takes a moment to choose its leader."""
    patience = threading.Event()
    for _ in range(WAIT_S):
        try:
            telling.tell([])
        except Outage:
            patience.wait(0.2)
        else:
            return
    raise RuntimeError("expected NATS to make a stream")


def _figures(name: str, count: int, seconds: float, cpu_s: float) -> dict[str, float]:
    return {
        f"{name}_events_per_s": count / seconds,
        f"{name}_cpu_s_per_million": cpu_s / count * 1e6,
    }


def _cpu_s(cluster: Nats) -> float:
    return sum(tree_cpu_s(server.process.pid) for server in cluster.servers if server.process)


@contextmanager
def _started(home: Path, count: int) -> Iterator[Nats]:
    cluster = laid_out(home / "nats", count)
    cluster.start()
    try:
        yield cluster
    finally:
        cluster.kill()


@contextmanager
def _open(file: Path, cluster: Nats, replicas: int) -> Iterator[Place]:
    found = place(f"sqlite:///{file}", cluster.url, replicas=replicas)
    try:
        yield found
    finally:
        found.close()


def events(quick: bool) -> dict[str, Any]:
    """Tell the same events in three ways."""
    count = 2_000 if quick else EVENTS
    figures: dict[str, Any] = {"events": count, "subjects": SUBJECTS}
    say("in process")
    with folder() as home:
        figures |= _in_process(home, count)
    for servers in (1, 3):
        say(f"over NATS, the stream on {servers} of {servers}")
        with folder() as home:
            figures |= _over_nats(home, servers, count)
    return figures | {"events_per_s": figures["r3_events_per_s"]}


if __name__ == "__main__":
    run("events", events)

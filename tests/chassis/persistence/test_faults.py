"""What an engine does to a transaction, and what the caller hears of it.

Goal: nothing is lost, nothing is done twice, and no answer is a guess. Method: the faults are real
ones: two transactions in a ring, a wire cut around COMMIT, a server or a process killed under load,
a full disk, a second process on the same file.
"""

import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from tests.chassis.persistence.rooms import Opened, Sold, command_id, opened, sell, sold
from tests.chassis.persistence.wire import Cut, Wire
from tests.mariadb import MariaDb
from yunjin.chassis.persistence import (
    EngineLimits,
    LostAnswer,
    Relay,
    RetryLimits,
    RolledBack,
    Stopped,
    Subscribers,
)
from yunjin.kernel.errors import Outage, Unknown

ROOT = Path(__file__).parents[3]


@pytest.fixture
def shop(mariadb: MariaDb) -> Iterator[Opened]:
    """The room on MariaDB, with locks that are waited for one second."""
    found = opened(mariadb.fresh_url(), engine=EngineLimits(lock_wait_s=1))
    yield found
    found.database.close()


@pytest.fixture
def wire(mariadb: MariaDb) -> Iterator[Wire]:
    found = Wire(mariadb.port)
    yield found
    found.close()


@pytest.fixture
def wired(shop: Opened, wire: Wire) -> Iterator[Opened]:
    """The same room, spoken to through the wire."""
    url = shop.database.engine.url.set(port=wire.port)
    found = opened(url.render_as_string(hide_password=False), create=False)
    yield found
    found.database.close()


@pytest.mark.mariadb
def test_two_transactions_in_a_ring_both_succeed_in_the_end(shop: Opened) -> None:
    for item in ("silk", "tea"):
        shop.room.run(lambda work, item=item: sell(work, item))
    both_hold_one = threading.Barrier(2)

    def send(items: tuple[str, str]) -> None:
        tries: list[int] = []

        def body(work):
            tries.append(1)
            sell(work, items[0])
            if len(tries) == 1:
                both_hold_one.wait(timeout=20)
            sell(work, items[1])

        shop.room.run(body)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(send, [("silk", "tea"), ("tea", "silk")]))
    assert (sold(shop.room, "silk"), sold(shop.room, "tea")) == (3, 3)
    assert shop.database.counts()["rolled-back"] >= 1


@pytest.mark.mariadb
def test_a_lock_that_is_never_given_back_is_an_outage_and_nothing_was_done(shop: Opened) -> None:
    shop.room.run(lambda work: sell(work, "tea"))
    url = shop.database.engine.url.render_as_string(hide_password=False)
    hasty = opened(url, engine=EngineLimits(lock_wait_s=1), retry=RetryLimits(tries=2))
    with shop.room.work() as holder:
        sell(holder, "tea")
        with pytest.raises(RolledBack) as caught:
            hasty.room.run(lambda work: sell(work, "tea"))
    assert caught.value.facts["engine_code"] == 1205
    assert isinstance(caught.value, Outage)
    assert sold(shop.room, "tea") == 2
    hasty.database.close()


@pytest.mark.mariadb
@pytest.mark.parametrize("cut", [Cut.BEFORE, Cut.AFTER])
def test_an_answer_lost_at_commit_is_settled_by_the_command_s_row(
    wired: Opened, wire: Wire, cut: Cut
) -> None:
    wired.room.run(lambda work: sell(work, "tea"))
    wire.arm(cut)
    answer = wired.room.command(command_id(), {}, lambda work: {"n": sell(work, "tea")})
    assert wire.cuts_fired == 1
    assert (answer, sold(wired.room, "tea")) == ({"n": 2}, 2)
    assert wired.database.counts()["lost-answer"] == 1


@pytest.mark.mariadb
def test_a_commit_that_arrives_after_it_was_asked_about_still_acts_once(
    wired: Opened, wire: Wire
) -> None:
    wired.room.run(lambda work: sell(work, "tea"))
    tries: list[int] = []

    def body(work):
        tries.append(1)
        if len(tries) == 2:  # the row was asked for and not seen: the first COMMIT is on its way
            wire.late.set()
        return sell(work, "tea")

    wire.arm(Cut.LATE)
    assert wired.room.command(command_id(), {}, body) == 2
    assert (wire.cuts_fired, sold(wired.room, "tea")) == (1, 2)
    assert (len(tries), wired.database.counts()["conflict"]) == (2, 1)


@pytest.mark.mariadb
@pytest.mark.parametrize(("cut", "count"), [(Cut.BEFORE, 1), (Cut.AFTER, 2)])
def test_without_a_command_id_a_lost_answer_is_told_as_unknown(
    wired: Opened, wire: Wire, cut: Cut, count: int
) -> None:
    wired.room.run(lambda work: sell(work, "tea"))
    wire.arm(cut)
    with pytest.raises(LostAnswer) as caught:
        wired.room.run(lambda work: sell(work, "tea"))
    assert isinstance(caught.value, Unknown)
    assert sold(wired.room, "tea") == count


@pytest.mark.mariadb
def test_a_connection_killed_before_commit_is_only_a_retry(shop: Opened, mariadb: MariaDb) -> None:
    tries: list[int] = []

    def body(work):
        tries.append(1)
        total = sell(work, "tea")
        if len(tries) == 1:
            assert mariadb.kill_connections_of(str(shop.database.engine.url.database))
            work.connection.execute(sa.text("SELECT 1"))
        return total

    assert shop.room.run(body) == 1
    assert (len(tries), sold(shop.room, "tea")) == (2, 1)


@pytest.mark.mariadb
def test_a_server_that_is_not_there_is_an_outage(shop: Opened) -> None:
    url = shop.database.engine.url.set(port=1).render_as_string(hide_password=False)
    gone = opened(url, create=False, retry=RetryLimits(tries=3))
    with pytest.raises(RolledBack) as caught:
        gone.room.run(lambda work: sell(work, "tea"))
    assert caught.value.facts["engine_code"] == 2003
    assert len(gone.pauses.pauses_ms) == 2


@pytest.mark.mariadb
def test_a_wrong_password_is_an_outage_at_once_and_is_not_printed(shop: Opened) -> None:
    url = shop.database.engine.url.set(username="nobody", password="sesame")
    stranger = opened(url.render_as_string(hide_password=False), create=False)
    with pytest.raises(Stopped) as caught:
        stranger.room.run(lambda work: sell(work, "tea"))
    assert not stranger.pauses.pauses_ms
    assert "sesame" not in str(caught.value.document())


@pytest.mark.mariadb
def test_a_server_made_read_only_is_left_for_another_connection(
    shop: Opened, mariadb: MariaDb
) -> None:
    name = str(shop.database.engine.url.database)
    mariadb.ask("CREATE USER IF NOT EXISTS clerk@127.0.0.1")
    mariadb.ask(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {name}.* TO clerk@127.0.0.1")
    url = shop.database.engine.url.set(username="clerk").render_as_string(hide_password=False)
    clerk = opened(url, create=False)
    clerk.room.run(lambda work: sell(work, "tea"))

    def body(work):
        return sell(work, "tea")

    mariadb.ask("SET GLOBAL read_only = ON")
    clerk.pauses.on_pause = lambda: mariadb.ask("SET GLOBAL read_only = OFF")
    try:
        assert clerk.room.run(body) == 2
    finally:
        mariadb.ask("SET GLOBAL read_only = OFF")
    assert clerk.database.counts()["rolled-back"] == 1
    clerk.database.close()


@pytest.mark.mariadb
@pytest.mark.parametrize("kills", [3])
def test_a_server_killed_under_load_has_every_command_exactly_once(
    mariadb: MariaDb, kills: int
) -> None:
    shop = opened(mariadb.fresh_url(), retry=RetryLimits(tries=3))
    shop.room.run(lambda work: sell(work, "tea", 1_000))
    stop, faults, done = threading.Event(), [], []
    went_on = threading.Semaphore(0)

    def send_until_answered(command: UUID) -> int:
        while True:
            try:
                return shop.room.command(command, {}, lambda work: sell(work, "tea"))
            except (Outage, Unknown) as problem:
                faults.append(problem.code)

    def client() -> None:
        while not stop.is_set():
            done.append(send_until_answered(command_id()))
            went_on.release()

    with ThreadPoolExecutor(4) as pool:
        clients = [pool.submit(client) for _ in range(4)]
        for _ in range(kills):
            for _ in range(40):
                assert went_on.acquire(timeout=60)
            mariadb.kill()
            mariadb.start()
        stop.set()
        for each in clients:
            each.result(60)
    assert sorted(done) == list(range(1_001, 1_001 + len(done)))
    assert sold(shop.room, "tea") == 1_000 + len(done)
    assert faults or shop.database.counts().get("lost-answer", 0)
    shop.database.close()


def test_a_process_killed_under_load_keeps_what_it_acknowledged(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'rooms.db'}"
    script = (
        "import sys\n"
        "from tests.chassis.persistence.rooms import command_id, opened, sell\n"
        "room = opened(sys.argv[1]).room\n"
        "while True:\n"
        "    key = command_id()\n"
        "    print(key, room.command(key, {}, lambda work: sell(work, 'tea')), flush=True)\n"
    )
    acknowledged: dict[str, int] = {}
    for _ in range(2):
        child = subprocess.Popen(
            [sys.executable, "-c", script, url], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        assert child.stdout is not None
        for _ in range(50):
            key, answer = child.stdout.readline().split()
            acknowledged[key] = int(answer)
        child.kill()
        child.wait()
        for line in child.stdout.read().splitlines():
            if len(parts := line.split()) == 2:
                acknowledged[parts[0]] = int(parts[1])
    here = opened(url, create=False)
    for key, answer in acknowledged.items():
        assert here.room.command(UUID(key), {}, lambda work: "anew") == answer
    done = sold(here.room, "tea")
    assert len(acknowledged) <= done <= len(acknowledged) + 2  # two may have died unanswered
    heard: list[int] = []
    subscribers = Subscribers()
    subscribers.add(Sold.type, "listener", lambda event: heard.append(event.sequence))
    relay = Relay(here.room, subscribers, holder="heir")
    while relay.deliver().delivered:
        pass
    assert heard == list(range(1, done + 1))
    here.database.close()


def test_two_processes_write_one_sqlite_file_and_lose_nothing(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'rooms.db'}"
    here = opened(url)
    script = (
        "import sys\n"
        "from tests.chassis.persistence.rooms import opened, sell\n"
        "room = opened(sys.argv[1], create=False).room\n"
        "print('ready', flush=True)\n"
        "for _ in range(100):\n"
        "    room.run(lambda work: sell(work, 'tea'))\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", script, url], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    for _ in range(100):
        here.room.run(lambda work: sell(work, "tea"))
    assert child.wait(timeout=60) == 0
    assert sold(here.room, "tea") == 200
    here.database.close()


def test_a_sqlite_file_that_stays_busy_is_an_outage(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'rooms.db'}"
    here = opened(url)
    hasty = opened(
        url, create=False, engine=EngineLimits(lock_wait_s=0), retry=RetryLimits(tries=4)
    )
    with here.room.work() as holder:
        sell(holder, "tea")
        with pytest.raises(RolledBack) as caught:
            hasty.room.run(lambda work: sell(work, "tea"))
        assert sold(hasty.room, "tea") == 0  # readers go on beside the writer
    assert caught.value.facts["engine_code"] == 5
    assert hasty.pauses.pauses_ms == sorted(hasty.pauses.pauses_ms)
    assert sold(here.room, "tea") == 1


def test_a_full_disk_stops_writes_loses_nothing_and_ends_with_the_trouble(tmp_path: Path) -> None:
    found = opened(f"sqlite:///{tmp_path / 'rooms.db'}", engine=EngineLimits(pool_size=1))
    pages = 60

    @event.listens_for(found.database.engine, "checkout")
    def limit(connection, record, proxy):
        connection.execute(f"PRAGMA max_page_count = {pages}")

    taken: list[int] = []

    def fill_the_disk() -> None:
        for number in range(1_000):
            found.room.command(command_id(), {"filler": number}, _fill)
            taken.append(number)

    with pytest.raises(Stopped) as caught:
        fill_the_disk()
    assert caught.value.facts["engine_code"] == 13
    assert len(taken) > 3
    assert sold(found.room, "tea") == len(taken)
    pages = 100_000
    found.room.command(command_id(), {}, _fill)
    assert sold(found.room, "tea") == len(taken) + 1


def _fill(work) -> str:
    sell(work, "tea")
    return "x" * 5_000

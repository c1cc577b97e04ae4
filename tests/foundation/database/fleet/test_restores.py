"""Goal: what was backed up comes back, to the second. Method: one real node that keeps a journal,
its backups restored beside it and into another set; a damaged backup and a cut journal refused."""

import datetime as dt
import threading
from pathlib import Path

import pytest

from tests.galera import Sets, ask, connect, described
from yunjin.foundation.database.errors import NodeRefused, RestoreRefused
from yunjin.foundation.database.service.backups import Backups
from yunjin.foundation.database.service.drills import Drills
from yunjin.foundation.database.service.fleet import Fleet

pytestmark = [pytest.mark.galera, pytest.mark.slow]


@pytest.fixture(scope="module")
def fleet(sets: Sets) -> Fleet:
    """A set of one node with a table, and two sets that are not made yet."""
    text = described(sets.folder, {"s1": ["n1"], "s2": ["m1"], "s3": ["k1", "k2", "k3"]})
    made = sets.fleet(text)
    made.create("s1")
    table = "CREATE TABLE paid (id BIGINT PRIMARY KEY AUTO_INCREMENT, note VARCHAR(50), body BLOB)"
    ask(connect(made.url("s1")), table)
    return made


@pytest.fixture(scope="module")
def backups(fleet: Fleet, sets: Sets) -> Backups:
    """Its backups."""
    return Backups(fleet, folder=sets.folder / "backups")


def pay(fleet: Fleet, count: int) -> None:
    connection = connect(fleet.url("s1"))
    for number in range(count):
        body = f"UNHEX('00FF0A0D5C27{number:04x}')"  # what a text file would not keep
        ask(connection, f"INSERT INTO paid (note, body) VALUES ('付款 {number}', {body})")


def rows(fleet: Fleet, name: str) -> int:
    [[count]] = ask(connect(fleet.url(name)), "SELECT COUNT(*) FROM paid")
    return int(str(count))


def next_second(fleet: Fleet) -> dt.datetime:
    """Wait, on the server, into the next second: the journal knows seconds only."""
    connection = connect(fleet.url("s1"))
    text = "SELECT CAST(UTC_TIMESTAMP(6) AS CHAR), SLEEP(1.1)"
    return dt.datetime.fromisoformat(f"{ask(connection, text)[0][0]}+00:00") + dt.timedelta(
        seconds=1
    )


def test_a_set_is_restored_to_a_moment(fleet: Fleet, backups: Backups) -> None:
    pay(fleet, 5)
    backups.take("s1")
    pay(fleet, 7)
    moment = next_second(fleet)
    next_second(fleet)
    ask(connect(fleet.url("s1")), "DELETE FROM paid WHERE id > 2")  # somebody's mistake
    assert backups.keep_journal("s1")
    word = Path(fleet.node("s2", "m1").places.folder) / "resting"
    seen: list[bool] = []
    status = backups.restore("s1", "s2", until=moment, moved=lambda _: seen.append(word.exists()))
    assert status.is_serving
    assert seen
    assert all(seen)  # a doctor would start what is being filled, or copy over it
    assert not word.exists()
    assert (rows(fleet, "s1"), rows(fleet, "s2")) == (2, 12)
    assert fleet.secrets("s1").application != fleet.secrets("s2").application
    history = {name: fleet.status(name).nodes[0].history for name in ("s1", "s2")}
    assert history["s1"] != history["s2"]  # no node of one will ever join the other
    with pytest.raises(NodeRefused, match=r"taken by|There are data"):
        backups.restore("s1", "s2")


def test_a_set_of_three_is_restored_to_the_end(fleet: Fleet, backups: Backups) -> None:
    status = backups.restore("s1", "s3")
    assert [node.is_synced for node in status.nodes] == [True] * 3
    counted = [node.ask("SELECT COUNT(*) FROM yunjin.paid")[0][0] for node in fleet.nodes("s3")]
    assert counted == ["2"] * 3
    fleet.stop("s3")


def test_a_drill_finds_the_copy_alike_while_writes_go_on(
    fleet: Fleet, backups: Backups, sets: Sets
) -> None:
    stop, began = threading.Event(), threading.Event()

    def paying() -> None:
        while not stop.is_set():
            pay(fleet, 1)
            began.set()

    writing = threading.Thread(target=paying)
    writing.start()
    try:
        assert began.wait(60)
        report = Drills(fleet, backups, folder=sets.folder / "backups").run("s1")
    finally:
        stop.set()
        writing.join()
    assert report.differences == ()
    assert report.has_passed
    assert report.row_count > 2


def test_a_drill_finds_what_is_not_alike(fleet: Fleet, backups: Backups, sets: Sets) -> None:
    hidden = "SET SESSION sql_log_bin = 0; UPDATE yunjin.paid SET note = 'x' WHERE id = 1"
    fleet.node("s1", "n1").ask(hidden)
    report = Drills(fleet, backups, folder=sets.folder / "backups").run("s1")
    assert not report.has_passed
    assert report.differences[0].startswith("yunjin.paid: expected")


def test_a_damaged_backup_is_not_restored(fleet: Fleet, backups: Backups, sets: Sets) -> None:
    [backup] = backups.shelf("s1").backups()
    path = backups.shelf("s1").data_of(backup.id)
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(RestoreRefused, match="damaged or gone"):
        Drills(fleet, backups, folder=sets.folder / "backups").run("s1")
    path.write_bytes(whole)


def test_a_journal_that_began_anew_asks_for_a_backup(
    fleet: Fleet, backups: Backups, sets: Sets
) -> None:
    node = fleet.node("s1", "n1")  # as when it is copied anew from another node:
    node.machine.remove(f"{node.places.data}/journal.chain")
    pay(fleet, 1)
    backups.keep_journal("s1")
    drills = Drills(fleet, backups, folder=sets.folder / "backups")
    with pytest.raises(RestoreRefused, match="Take a backup"):
        drills.run("s1")
    with pytest.raises(RestoreRefused, match="begins anew"):
        backups.restore("s1", "s3")
    backups.take("s1")
    assert drills.run("s1").has_passed


def test_old_backups_go_with_the_journal_that_only_they_need(
    fleet: Fleet, backups: Backups
) -> None:
    first = backups.take("s1")
    backups.keep_journal("s1")
    assert backups.prune("s1", keep=1) == 2
    assert [one.id for one in backups.shelf("s1").backups()] == [first.id]
    kept = backups.shelf("s1").journal()
    assert kept
    assert min(file.number for file in kept) >= first.at.number

"""Goal: a cell that loses its writer is written on by another process, and never by two.

Method: two ledgers over one MariaDB database, each in its own folder with its own clock, so that
pauses and clock jumps are the test's. The same story runs on a Galera set in the slow lane.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.foundation.ledger.sets.cells import ACCOUNTS, LEASE_S, Cell, Watch, opened, wait_until
from tests.mariadb import MariaDb, mariadb
from yunjin.foundation.ledger.errors import Fenced, FolderInUse, LeaseHeld, NotLeading
from yunjin.foundation.ledger.wiring import Settings
from yunjin.kernel.errors import Outage

__all__ = ["mariadb"]
pytestmark = pytest.mark.mariadb


class Pair:
    """A writer and its standby."""

    def __init__(self, home: Path, url: str) -> None:
        self.first_watch, self.second_watch = Watch(), Watch()
        self.home, self.url = home, url
        where = {"http_address": "http://one:1", "flight_address": "grpc://one:2"}
        self.first = self.open("one", self.first_watch, **where)
        self.first.writer.wait_until_leading()
        self.first.served.open_accounts(ACCOUNTS)
        self.second = self.open("two", self.second_watch)

    def open(self, name: str, watch: Watch, **settings: Any) -> Cell:
        usual = {"stands_by": True, "reads_behind": True}
        return opened(self.home / name, self.url, watch, **{**usual, **settings})

    def lose(self) -> None:
        """Let the second see, step by step, that the first renews no more."""
        before = self.second.writer.tenure.epoch
        while self.second.writer.tenure.epoch == before:
            self.second_watch.pass_by(LEASE_S / 10)
            wait_until(lambda: True)
        self.second.writer.wait_until_leading()


@pytest.fixture
def pair(tmp_path: Path, mariadb: MariaDb) -> Iterator[Pair]:
    """A cell with its standby."""
    made = Pair(tmp_path, mariadb.fresh_url())
    yield made
    made.second.close()
    made.first.close()


def follows(cell: Cell, sequence: int) -> bool:
    return bool(cell.ledger.state().head.sequence >= sequence)


def test_a_standby_reads_what_the_writer_wrote_and_says_who_writes(pair: Pair) -> None:
    assert [pair.first.post(number) for number in range(1, 9)] == ["CREATED"] * 8
    head = pair.first.ledger.state().head
    wait_until(lambda: follows(pair.second, head.sequence))
    assert pair.second.ledger.state().head == head
    assert pair.second.served.totals() == pair.first.served.totals()
    with pytest.raises(NotLeading, match="stands by") as refused:
        pair.second.post(9)
    facts = refused.value.facts
    assert facts["holder"] == pair.first.writer.tenure.holder
    assert (facts["http"], facts["flight"]) == ("http://one:1", "grpc://one:2")


def test_it_takes_over_what_the_writer_acknowledged_and_knows_all_ids(pair: Pair) -> None:
    assert [pair.first.post(number) for number in range(1, 9)] == ["CREATED"] * 8
    pair.lose()
    assert pair.second.post(8) == "EXISTS"
    assert pair.second.post(9) == "CREATED"
    assert pair.second.ledger.verify().is_sound


def test_a_writer_that_wakes_up_too_late_commits_nothing_and_follows(pair: Pair) -> None:
    assert pair.first.post(1) == "CREATED"
    pair.lose()
    with pytest.raises(Fenced, match="is over"):
        pair.first.post(2)
    wait_until(lambda: "stands by" in pair.first.ledger.state().stopped)
    assert pair.second.post(2) == "CREATED"  # not EXISTS: the late one left nothing
    wait_until(lambda: pair.first.served.totals() == pair.second.served.totals())
    with pytest.raises(NotLeading):
        pair.first.post(3)


def test_what_stands_by_answers_no_reader_who_wants_what_is(pair: Pair) -> None:
    pair.first.post(1)
    third = pair.open("three", Watch(), reads_behind=False)
    try:
        wait_until(lambda: follows(third, 1))
        with pytest.raises(NotLeading, match="stands by"):
            third.served.totals()
    finally:
        third.close()


def test_a_writer_that_slept_through_its_lease_answers_no_reader(pair: Pair) -> None:
    """It wakes up before it can know that another has written: what it remembers may be old."""
    pair.first.close()
    pair.second.writer.wait_until_leading()
    pair.first = pair.open("one", pair.first_watch, reads_behind=False)
    pair.second.close()
    pair.first.writer.wait_until_leading()
    assert pair.first.post(1) == "CREATED"
    assert len(pair.first.served.totals()) == 2
    with pair.first.writer.cell.journal._engine._lock:  # its renewal waits here
        pair.first_watch.pass_by(LEASE_S + 1)
        with pytest.raises(Outage, match="could not be renewed in time"):
            pair.first.served.totals()
    wait_until(lambda: _answers(pair.first))
    pair.second = pair.open("two", pair.second_watch)


def _answers(cell: Cell) -> bool:
    try:
        return bool(cell.served.totals())
    except Outage:
        return False


def test_a_writer_that_goes_home_hands_over_at_once(pair: Pair) -> None:
    assert pair.first.post(1) == "CREATED"
    pair.first.close()
    pair.second.writer.wait_until_leading()  # no clock has moved
    assert pair.second.post(1) == "EXISTS"
    assert pair.second.post(2) == "CREATED"
    pair.first = pair.open("one", pair.first_watch)
    wait_until(lambda: follows(pair.first, pair.second.ledger.state().head.sequence))
    assert pair.first.served.totals() == pair.second.served.totals()


def test_the_walls_clock_takes_no_lease_away(pair: Pair) -> None:
    """Both wall clocks jump, either way, by more than the lease: who writes goes on writing."""
    for jump_s in (3_600, -7_200):
        pair.second_watch.wall_ns += jump_s * 10**9
        pair.first_watch.wall_ns -= jump_s * 10**9
        before = pair.first.ledger.state().head.sequence
        assert pair.first.post(abs(jump_s)) == "CREATED"
        wait_until(lambda before=before: follows(pair.second, before + 1))
    assert pair.second.writer.tenure.epoch == 0


def test_a_writer_that_renews_is_never_taken_over(pair: Pair) -> None:
    for number in range(1, 40):  # four leases long
        pair.first_watch.pass_by(LEASE_S / 10)
        assert pair.first.post(number) == "CREATED"
        sequence = pair.first.ledger.state().head.sequence
        wait_until(lambda sequence=sequence: follows(pair.second, sequence))
        pair.second_watch.pass_by(LEASE_S / 10)
    assert pair.second.writer.tenure.epoch == 0


def test_a_set_that_stood_still_is_no_sign_that_the_writer_is_gone(pair: Pair) -> None:
    """Each look takes the follower a third of the lease: it saw nothing, so it knows nothing."""
    journal, watch = pair.second.writer.cell.journal, pair.second_watch
    look, looks = journal.head, []

    def slow_look(**how: bool) -> object:
        watch.pass_by(LEASE_S / 3)
        looks.append(1)
        return look(**how)

    journal.head = slow_look
    wait_until(lambda: len(looks) > 12)
    del journal.head
    assert pair.second.writer.tenure.epoch == 0


def test_who_serves_a_cell_is_known_to_each_of_its_processes(pair: Pair) -> None:
    one, two = pair.second.members.members()
    assert (one.holder, one.epoch, one.http) == (pair.first.writer.tenure.holder, 1, "http://one:1")
    assert (two.holder, two.epoch, two.writes) == (pair.second.writer.tenure.holder, 0, False)
    pair.first.close()
    pair.second.writer.wait_until_leading()
    [left] = pair.second.members.members()
    assert left.writes
    pair.first = pair.open("one", pair.first_watch)


def test_a_process_that_does_not_stand_by_is_refused_while_another_writes(pair: Pair) -> None:
    with pytest.raises(LeaseHeld) as refused:
        opened(pair.home / "three", pair.url, Watch())
    assert refused.value.facts["holder"] == pair.first.writer.tenure.holder


@pytest.mark.parametrize("stands_by", [True, False])
@pytest.mark.parametrize("name", ["one", "two"])
def test_a_second_process_in_the_folder_of_one_that_runs_is_refused(
    pair: Pair, name: str, stands_by: bool
) -> None:
    """They would take each other's index and head for their own."""
    with pytest.raises(FolderInUse, match="home of its own"):
        pair.open(name, Watch(), stands_by=stands_by)
    assert pair.first.post(1) == "CREATED"
    wait_until(lambda: follows(pair.second, pair.first.writer.durable_sequence))


def test_a_folder_is_free_once_its_process_has_ended(pair: Pair) -> None:
    pair.second.close()
    pair.second = pair.open("two", pair.second_watch)
    assert pair.second.writer.durable_sequence == pair.first.writer.durable_sequence


def test_a_journal_in_a_file_has_no_standby() -> None:
    with pytest.raises(ValueError, match="journal_url too"):
        Settings(stands_by=True)

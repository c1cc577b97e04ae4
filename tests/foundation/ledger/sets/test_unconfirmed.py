"""Goal: rows that no writer acknowledged may be lost with the power, and nobody calls it damage.

Method: a real MariaDB. A writer's commit is never confirmed by the other disks; whoever follows has
read its rows by then; the set comes back without them, as after a power cut of all its machines.
"""

import threading
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from tests.foundation.ledger.sets.cells import ACCOUNTS, LEASE_S, Cell, Watch, opened, wait_until
from tests.foundation.ledger.sets.test_lost_rows import cut, has_read
from tests.mariadb import MariaDb, mariadb
from yunjin.foundation.ledger.errors import NotLeading, OutcomeUnknown
from yunjin.kernel.errors import Problem

__all__ = ["mariadb"]
pytestmark = pytest.mark.mariadb
CHECKPOINT = 5  # transfers


class Story:
    """A writer whose set confirms nothing any more, and one that follows it."""

    def __init__(self, home: Path, mariadb: MariaDb) -> None:
        self.home, self.mariadb, self.url = home, mariadb, mariadb.fresh_url()
        self.first = self.open("one")
        self.first.writer.wait_until_leading()
        self.first.served.open_accounts(ACCOUNTS)
        self.watch = Watch()
        self.second = self.open("two", self.watch)
        self._cut, self._posting = threading.Event(), threading.Thread()

    def open(self, name: str, watch: Watch | None = None) -> Cell:
        return opened(
            self.home / name,
            self.url,
            watch or Watch(),
            stands_by=True,
            reads_behind=True,
            patience_s=0.3,
            checkpoint_transfers=CHECKPOINT,
        )

    def post_in_vain(self, number: int) -> None:
        """Post what is in the journal soon, and on too few disks."""

        def hangs() -> None:
            self._cut.wait()
            raise OutcomeUnknown("The commit is on too few disks.")

        def post() -> None:
            with suppress(Problem):
                self.first.post(number)

        self.first.writer.cell.journal._engine.confirm = hangs
        self._posting = threading.Thread(target=post, daemon=True)
        self._posting.start()

    def cut_power(self, last: int) -> None:
        """Have the set come back with the rows that were confirmed."""
        cut(self.first, self.mariadb, last)

    def end(self) -> None:
        self._cut.set()
        if self._posting.ident:
            self._posting.join()
        self.second.close()
        self.first.close()


@pytest.fixture
def story(tmp_path: Path, mariadb: MariaDb) -> Iterator[Story]:
    told = Story(tmp_path, mariadb)
    yield told
    told.end()


def take_over(cell: Cell, watch: Watch) -> None:
    while cell.writer.follows:
        watch.pass_by(LEASE_S / 10)
        wait_until(lambda: True)
    cell.writer.wait_until_leading()


def test_a_follower_that_read_lost_rows_goes_back_by_itself(story: Story) -> None:
    confirmed = story.first.writer.durable_sequence
    story.post_in_vain(1)
    wait_until(lambda: story.second.writer.durable_sequence == confirmed + 1)
    story.cut_power(confirmed)
    wait_until(lambda: story.second.writer.durable_sequence == confirmed)
    with pytest.raises(NotLeading):
        story.second.post(2)
    take_over(story.second, story.watch)
    assert story.second.post(1) == "CREATED"  # nobody was told that it was done
    assert story.second.ledger.verify().is_sound


def test_a_follower_that_ended_before_the_power_cut_starts_again_with_what_is_left(
    story: Story,
) -> None:
    confirmed = story.first.writer.durable_sequence
    story.post_in_vain(1)
    wait_until(lambda: story.second.writer.durable_sequence == confirmed + 1)
    story.second.close()
    story.cut_power(confirmed)
    story.second = story.open("two", story.watch)
    take_over(story.second, story.watch)
    assert story.second.post(1) == "CREATED"


def test_a_follower_keeps_a_checkpoint_of_what_is_on_all_disks_alone(story: Story) -> None:
    second = story.second.writer
    too_few = OutcomeUnknown("The commit is on too few disks.")
    asked: list[bool] = []

    def confirm(*, was_read: bool = False) -> None:
        asked.append(was_read)
        if len(asked) < 3:
            raise too_few

    second.cell.journal._engine.confirm = confirm
    for number in range(1, CHECKPOINT + 1):
        story.first.post(number)
    wait_until(lambda: bool(asked))
    assert second.cell.index.latest() is None
    for number in range(CHECKPOINT + 1, CHECKPOINT + 4):
        story.first.post(number)
        wait_until(partial(has_read, story.second, story.first.writer.durable_sequence))
    wait_until(lambda: second.cell.index.latest() is not None)
    assert asked == [True] * 3


def test_a_checkpoint_of_rows_that_the_set_lost_gives_way_to_the_one_before(story: Story) -> None:
    """As one has that an older version made, or whose head was lost with its disk."""
    index = story.second.writer.cell.index
    for number in range(1, 2 * CHECKPOINT + 3):
        story.first.post(number)
        wait_until(partial(has_read, story.second, story.first.writer.durable_sequence))
    wait_until(lambda: (found := index.latest()) is not None and found.sequence > CHECKPOINT + 2)
    latest = index.latest().sequence
    story.second.close()
    (story.home / "two" / "demo" / "cell-1.head").unlink()
    story.cut_power(latest - 1)
    story.second = story.open("two", story.watch)
    assert story.second.writer.durable_sequence == latest - 1
    assert story.second.writer.follows
    assert 0 < story.second.writer.cell.index.latest().sequence < latest

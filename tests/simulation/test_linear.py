"""Goal: many callers at once see one ledger: each command takes effect at one moment of its call.

Method: threads post and read at the same time; every call is written down with its beginning and
end. The ledger's timestamps are the order it claims; that order must agree with what ended before
what began, and every balance read must be a sum that stood at some moment of the read.
"""

import itertools
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pytest

from yunjin.foundation.ledger.api import ACCOUNTS_REQUIRED, TRANSFERS_REQUIRED, LedgerApi
from yunjin.foundation.ledger.wiring import Settings, build
from yunjin.kernel.clock import SystemClock
from yunjin.kernel.ids import account_id

ONE, TWO = account_id(1, 1), account_id(1, 2)
THREADS, CALLS = 6, 120


@dataclass(frozen=True)
class Call:
    """A call: when it began and ended, by one counter for all threads."""

    began: int
    ended: int
    amount_minor: int = 0  # of a post
    timestamp: int = 0  # of a post: the place it claims
    balance_minor: int = 0  # of a read


class Recorder:
    """Writes calls down; the counter is the real time of this history."""

    def __init__(self, ledger: LedgerApi) -> None:
        self._ledger, self._ticks = ledger, itertools.count(1)
        self.posts: list[Call] = []
        self.reads: list[Call] = []

    def post(self, number: int) -> None:
        row = {"id_hi": 0, "id_lo": number, "debit_account_id": ONE, "credit_account_id": TWO}
        row |= {"amount_minor": number, "ledger": 1, "code": 1}
        began = next(self._ticks)
        [answer] = self._ledger.post_transfers(columns([row], TRANSFERS_REQUIRED)).to_pylist()
        ended = next(self._ticks)
        assert answer["status"] == 0
        self.posts.append(Call(began, ended, number, timestamp=answer["timestamp"]))

    def read(self, _: int) -> None:
        began = next(self._ticks)
        [account] = self._ledger.accounts([TWO]).to_pylist()
        self.reads.append(Call(began, next(self._ticks), balance_minor=account["credits_posted"]))


def columns(rows: list[dict[str, int]], types: dict[str, pa.DataType]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist(rows, schema=pa.schema(list(types.items())))


def complaints(posts: list[Call], reads: list[Call]) -> list[str]:
    """Return why no order of the calls explains what they saw; empty where one does."""
    found = []
    order = sorted(posts, key=lambda call: call.timestamp)
    latest_began = 0
    for call in order:
        if call.ended < latest_began:
            found.append(f"{call} ended before one began that has an earlier timestamp")
        latest_began = max(latest_began, call.began)
    sums = [0, *itertools.accumulate(call.amount_minor for call in order)]
    for read in reads:
        if read.balance_minor not in sums:
            found.append(f"{read} saw a balance that never stood")
            continue
        seen = sums.index(read.balance_minor)
        missed = [call for call in order[seen:] if call.ended < read.began]
        ahead = [call for call in order[:seen] if call.began > read.ended]
        if missed or ahead:
            found.append(f"{read} missed {missed[:1]} or saw {ahead[:1]} before its time")
    by_end = sorted(reads, key=lambda call: call.ended)
    for earlier, later in itertools.product(by_end, by_end):
        if earlier.ended < later.began and earlier.balance_minor > later.balance_minor:
            found.append(f"{later} saw less than {earlier}")
    return found


def test_concurrent_posts_and_reads_have_one_order(tmp_path: Path) -> None:
    settings = Settings(bloom_words=64, checkpoint_transfers=40)
    room = build(settings, tenant="demo", clock=SystemClock(), home=tmp_path)
    ledger: LedgerApi = room.doors[LedgerApi]
    opened = [{"id": x, "ledger": 1, "code": 1} for x in (ONE, TWO)]
    ledger.open_accounts(columns(opened, ACCOUNTS_REQUIRED))
    recorder = Recorder(ledger)

    def work(first: int, act: Callable[[int], None]) -> None:
        for number in range(first, CALLS, THREADS // 2):
            act(number + 1)

    threads = [
        threading.Thread(target=work, args=(first, act))
        for first in range(THREADS // 2)
        for act in (recorder.post, recorder.read)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(recorder.posts) == len(recorder.reads) == CALLS
    assert complaints(recorder.posts, recorder.reads) == []
    assert room.close is not None
    room.close()


FIRST, SECOND = Call(1, 2, 10, timestamp=1), Call(3, 4, 5, timestamp=2)


@pytest.mark.parametrize(
    ("posts", "reads", "said"),
    [
        ([FIRST, Call(3, 4, 5, timestamp=0)], [], "earlier timestamp"),
        ([FIRST, SECOND], [Call(5, 6, balance_minor=5)], "never stood"),
        ([FIRST, SECOND], [Call(5, 6, balance_minor=10)], "missed"),
        ([FIRST, Call(5, 6, 5, timestamp=2)], [Call(3, 4, balance_minor=15)], "before its time"),
        (
            [Call(1, 9, 10, timestamp=1)],
            [Call(2, 3, balance_minor=10), Call(4, 5, balance_minor=0)],
            "saw less",
        ),
    ],
)
def test_a_history_without_an_order_is_found(
    posts: list[Call], reads: list[Call], said: str
) -> None:
    assert any(said in complaint for complaint in complaints(posts, reads))


def test_overlapping_calls_may_take_either_order() -> None:
    overlapping = [Call(1, 4, 10, timestamp=2), Call(2, 3, 5, timestamp=1)]
    assert complaints(overlapping, [Call(1, 4, balance_minor=5)]) == []

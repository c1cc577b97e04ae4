"""Goal: nobody is told of a row that is not durable, and nobody is refused one that will be.

Method: the journal's commit is held at a gate; readers ask meanwhile, in threads of their own; then
the gate opens, or the commit fails. What they heard is held against what is in the journal.
"""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.foundation.ledger.book import Served
from yunjin.foundation.ledger.api import LedgerApi, TransferQuery
from yunjin.foundation.ledger.domain import codec
from yunjin.foundation.ledger.errors import BatchRefused, WritesStopped
from yunjin.foundation.ledger.service import durable
from yunjin.foundation.ledger.service import writer as writing
from yunjin.foundation.ledger.service.cell import Cell
from yunjin.foundation.ledger.store.journal import Journal
from yunjin.foundation.ledger.wiring import Settings, build
from yunjin.kernel.clock import FixedClock
from yunjin.kernel.errors import Outage, Problem
from yunjin.kernel.ids import account_id
from yunjin.kernel.room import Room

START_NS = 1_760_000_000_000_000_000
ONE, TWO = account_id(1, 1), account_id(1, 2)
HELD = 2
ASK: dict[str, Callable[[Served], list[dict[str, Any]]]] = {
    "by id": lambda served: served.ledger.transfers([UUID(int=2)]).to_pylist(),
    "search": lambda served: served.ledger.find_transfers(TransferQuery(user_data_64=2))[
        0
    ].to_pylist(),
    "search of an account": lambda served: served.ledger.find_transfers(
        TransferQuery(account_id=ONE, user_data_64=2)
    )[0].to_pylist(),
    "history": lambda served: [
        row for row in served.ledger.history(ONE)[0].to_pylist() if row["user_data_64"] == 2
    ],
}


def transfer(number: int, **fields: int) -> dict[str, int]:
    """Return a plain transfer of ten that can be searched by its number."""
    sides = {"debit_account_id": ONE, "credit_account_id": TWO, "ledger": 1, "code": 7}
    return {"id_hi": 0, "id_lo": number, **sides, "amount_minor": 10, **fields} | {
        "user_data_64": number
    }


class Gate:
    """The journal's commits: held until told to go on, or to fail."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.reached, self.opened = threading.Event(), threading.Event()
        self.failure: Exception | None = None
        self.is_shut = False
        append = Journal.append

        def gated(journal: Journal, *arguments: Any) -> None:
            if self.is_shut:
                self.reached.set()
                assert self.opened.wait(60)
                if self.failure is not None:
                    raise self.failure
            append(journal, *arguments)

        monkeypatch.setattr(Journal, "append", gated)


class Desk:
    """A ledger with one transfer, whose next commit waits at a gate."""

    def __init__(self, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.clock, self.gate = FixedClock(START_NS), Gate(monkeypatch)
        settings = Settings(bloom_words=64)
        self.room: Room = build(settings, tenant="demo", clock=self.clock, home=home)
        self.served = Served(self.room.doors[LedgerApi])
        self.threads = ThreadPoolExecutor(8)
        accounts = [{"id": x, "ledger": 1, "code": 7, "flags": 8} for x in (ONE, TWO)]
        self.served.open_accounts(accounts)
        self.served.post_transfers([transfer(1)])

    @property
    def writer(self) -> Any:
        service: Any = self.room.doors[LedgerApi]
        return service._writer

    def posting(self, *rows: dict[str, int]) -> "Future[Any]":
        """Post behind the gate; return once the commit waits there."""
        self.gate.is_shut = True
        posted = self.threads.submit(self.served.post_transfers, list(rows))
        assert self.gate.reached.wait(60)
        return posted

    def asking(
        self, ask: Callable[[Served], Any], monkeypatch: pytest.MonkeyPatch
    ) -> "Future[Any]":
        """Ask in a thread; return once the answer has been seen and waits to be durable."""
        waits, wait = threading.Event(), durable.Durable.wait

        def noted(self: durable.Durable, sequence: int, is_vain: Callable[[], bool]) -> bool:
            waits.set()
            return wait(self, sequence, is_vain)

        monkeypatch.setattr(durable.Durable, "wait", noted)
        asked = self.threads.submit(ask, self.served)
        assert waits.wait(60)
        return asked

    def close(self) -> None:
        self.gate.opened.set()
        assert self.room.close is not None
        self.room.close()
        self.threads.shutdown()


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    made = Desk(tmp_path, monkeypatch)
    yield made
    made.close()


@pytest.mark.parametrize("kind", list(ASK))
def test_a_reader_waits_for_a_commit_and_then_sees_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    posted = desk.posting(transfer(2))
    asked = desk.asking(ASK[kind], monkeypatch)
    assert not asked.done()
    desk.gate.opened.set()
    assert [row["id_lo"] for row in asked.result(60)] == [2]
    assert posted.result(60)[0].status.name == "CREATED"


@pytest.mark.parametrize("kind", list(ASK))
def test_a_reader_who_saw_rows_of_a_failed_commit_is_told_nothing_of_them(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    posted = desk.posting(transfer(2))
    asked = desk.asking(ASK[kind], monkeypatch)
    desk.gate.failure = WritesStopped("The disk is full.")
    desk.gate.opened.set()
    with pytest.raises(WritesStopped):
        posted.result(60)
    assert asked.result(60) == []
    assert ASK[kind](desk.served) == []
    assert desk.served.totals()[ONE] == (0, 10, 0, 0)
    assert desk.served.ledger.verify().is_sound


@pytest.mark.parametrize("kind", list(ASK))
def test_rows_are_not_told_of_where_the_journal_cannot_be_read_back(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """The commit fails and so does every read after it: nobody knows what is durable."""
    desk.posting(transfer(2))
    asked = desk.asking(ASK[kind], monkeypatch)

    def broken(*_: Any) -> Any:
        raise Outage("The disk does not answer.")

    monkeypatch.setattr(Journal, "scan", broken)
    desk.gate.failure = WritesStopped("The disk is broken.")
    desk.gate.opened.set()
    with pytest.raises(Outage, match="read back"):
        asked.result(60)
    with pytest.raises(Outage, match="read back"):
        desk.served.totals()


def test_a_reader_whose_patience_ends_is_not_told_of_rows_on_their_way(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(durable, "_PATIENCE_S", 0.01)
    posted = desk.posting(transfer(2))
    with pytest.raises(Outage, match="has not answered"):
        ASK["by id"](desk.served)
    desk.gate.opened.set()
    posted.result(60)
    assert len(ASK["by id"](desk.served)) == 1


def test_a_command_that_fails_half_way_after_an_expiry_stops_writes_and_is_undone(
    desk: Desk,
) -> None:
    desk.served.post_transfers([transfer(2, flags=HELD, timeout_s=1)])
    desk.clock.advance(5)

    def half(cell: Cell, epoch: int, now: int) -> tuple[None, list[codec.Entry]]:
        assert cell.expire(epoch, now)
        raise BatchRefused("something is wrong after all")

    with pytest.raises(Problem):
        desk.writer.submit(half, 1).result(60)
    with pytest.raises(WritesStopped, match="half-way"):
        desk.served.post_transfers([transfer(3)])
    assert desk.served.totals()[ONE] == (10, 10, 0, 0)  # the hold is open: its end is not durable
    assert desk.served.ledger.verify().is_sound


def test_a_bug_in_the_middle_of_a_command_is_seen_by_no_reader(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Money has moved in memory, no row was made: readers wait for the journal to be read back."""
    reading_back, go_on = threading.Event(), threading.Event()
    read_back = writing.Writer._read_back

    def pack(*_: Any) -> Any:
        raise RuntimeError("planned")

    def held_back(writer: writing.Writer) -> None:
        reading_back.set()
        assert go_on.wait(60)
        read_back(writer)

    monkeypatch.setattr(codec, "pack_transfers", pack)
    monkeypatch.setattr(writing.Writer, "_read_back", held_back)
    with pytest.raises(Problem, match="planned"):
        desk.served.post_transfers([transfer(2)])
    assert reading_back.wait(60)
    asked = desk.asking(lambda served: served.totals()[ONE], monkeypatch)
    assert not asked.done()
    go_on.set()
    assert asked.result(60) == (0, 10, 0, 0)
    assert desk.served.totals()[ONE] == (0, 10, 0, 0)
    assert ASK["by id"](desk.served) == []
    with pytest.raises(WritesStopped):
        desk.served.post_transfers([transfer(2)])

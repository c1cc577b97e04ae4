"""Goal: what a caller is told of a command is so, whichever answer of a set was lost on the way.

Method: a real MariaDB, and a cell whose engine is made to lose one answer at a chosen point; what
was told is then held against the journal, where the row is or is not.
"""

import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pymysql
import pytest

from tests.foundation.ledger.book import batch
from tests.foundation.ledger.sets.cells import (
    ACCOUNTS,
    ONE,
    SECOND,
    Cell,
    Watch,
    opened,
    posted_by,
    transfer,
    wait_until,
)
from tests.foundation.ledger.sets.test_set_engine import LOST, NOT_PREPARED, TOO_LARGE, Faults
from tests.mariadb import MariaDb, mariadb
from yunjin.foundation.ledger.api import TRANSFERS_OPTIONAL, TRANSFERS_REQUIRED
from yunjin.foundation.ledger.domain.codec import GENESIS
from yunjin.foundation.ledger.errors import (
    Fenced,
    LeaseHeld,
    NotLeading,
    OutcomeUnknown,
)
from yunjin.foundation.ledger.service.past import Past
from yunjin.foundation.ledger.service.tenure import who_writes
from yunjin.foundation.ledger.store.binary import Statement
from yunjin.foundation.ledger.store.index import Index
from yunjin.foundation.ledger.store.journal import HeadRow, Journal
from yunjin.foundation.ledger.store.mysql import SetEngine
from yunjin.kernel.errors import Outage

__all__ = ["mariadb"]
pytestmark = pytest.mark.mariadb


@pytest.fixture
def cell(tmp_path: Path, mariadb: MariaDb) -> Iterator[Cell]:
    made = opened(tmp_path, mariadb.fresh_url(), Watch(), patience_s=0.3, stands_by=True)
    made.writer.wait_until_leading()
    made.served.open_accounts(ACCOUNTS)
    yield made
    made.close()


def rows_of(cell: Cell, mariadb: MariaDb) -> int:
    name = cell.writer.cell.journal._engine._set.database
    [[count]] = mariadb.ask(f"select count(*) from {name}.ledger_journal")
    return int(str(count))


def test_a_set_that_is_gone_after_the_commit_was_sent_leaves_its_end_unknown(
    cell: Cell, mariadb: MariaDb, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Outage would say that nothing was done; here it was."""
    engine, connect = cell.writer.cell.journal._engine, SetEngine._connect
    Faults(cell, monkeypatch).arm("commit", LOST, after=True)

    def refused(this: SetEngine) -> Any:
        if this is engine:
            raise pymysql.err.OperationalError(2003, "nobody listens")
        return connect(this)

    monkeypatch.setattr(SetEngine, "_connect", refused)
    with pytest.raises(OutcomeUnknown):
        cell.post(1)
    monkeypatch.setattr(SetEngine, "_connect", connect)
    assert posted_by([cell], 1) == "EXISTS"
    assert rows_of(cell, mariadb) == 2


def test_a_commit_that_took_effect_after_it_was_looked_for_is_ours_all_the_same(
    cell: Cell, mariadb: MariaDb, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is written again, and meets the head that it moved itself."""
    journal = cell.writer.cell.journal
    look, looks = journal._has, []

    def too_early(entry: Any) -> bool:
        looks.append(entry)
        return len(looks) > 1 and look(entry)

    journal._has = too_early
    Faults(cell, monkeypatch).arm("commit", LOST, after=True)
    assert cell.post(1) == "CREATED"
    assert len(looks) == 2
    assert rows_of(cell, mariadb) == 2
    assert not cell.ledger.state().stopped


def test_who_is_fenced_off_while_the_end_of_a_commit_is_open_knows_that_it_failed(
    cell: Cell, mariadb: MariaDb, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The newer epoch is in the row that the lost commit would have changed."""
    journal = cell.writer.cell.journal
    look, name = journal._has, journal._engine._set.database

    def meanwhile(entry: Any) -> bool:
        mariadb.ask(f"update {name}.ledger_cell set epoch=epoch+1")
        return bool(look(entry))

    journal._has = meanwhile
    Faults(cell, monkeypatch).arm("commit", LOST)
    with pytest.raises(Fenced, match="is over"):
        cell.post(1)
    assert rows_of(cell, mariadb) == 1


def test_an_open_end_is_not_closed_by_another_failure(
    cell: Cell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lost commit may take effect yet: that its repetition failed says nothing of it."""
    faults, execute = Faults(cell, monkeypatch), Statement.execute

    def too_large(this: Statement, arguments: Any) -> int:
        if faults.left:
            return execute(this, arguments)
        raise pymysql.err.OperationalError(TOO_LARGE, "planned")

    monkeypatch.setattr(Statement, "execute", too_large)
    faults.arm("commit", LOST)
    with pytest.raises(OutcomeUnknown):
        cell.post(1)
    monkeypatch.setattr(Statement, "execute", execute)


def test_what_was_applied_and_never_written_is_gone_however_late_it_is_read_back(
    cell: Cell, mariadb: MariaDb, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The set takes no new connections at first, while the old one answers again."""
    build, writer, tries = cell.writer._build, cell.writer, []

    def refused() -> Any:
        tries.append(1)
        raise Outage("nobody listens")

    writer._build = refused
    faults = Faults(cell, monkeypatch)
    faults.arm("commit", LOST, count=10**6)
    with pytest.raises(OutcomeUnknown):
        cell.post(1)
    faults.left = 0
    wait_until(lambda: len(tries) > 3)
    writer._build = build
    assert posted_by([cell], 2) == "CREATED"
    assert cell.post(1) == "CREATED"
    assert cell.served.totals()[ONE] == (0, 20, 0, 0)
    assert rows_of(cell, mariadb) == 3
    for number in range(3, 20):  # checkpoints are made as before
        assert cell.post(number) == "CREATED"
    assert cell.ledger.verify().is_sound


@pytest.mark.parametrize("error", [OutcomeUnknown("planned"), ValueError("planned")])
def test_a_follower_outlives_whatever_hinders_its_take_over(
    cell: Cell, tmp_path: Path, error: Exception
) -> None:
    watch = Watch()
    url = cell.writer.cell.journal._engine._set.one("mysql")
    second = opened(tmp_path / "two", url, watch, stands_by=True)
    try:
        take_over = second.writer.tenure.take_over
        hindered: list[int] = []

        def hinder(*arguments: Any) -> bool:
            if len(hindered) < 2:
                hindered.append(1)
                raise error
            return bool(take_over(*arguments))

        second.writer.tenure.take_over = hinder
        cell.close()
        second.writer.wait_until_leading()
        assert len(hindered) == 2
        assert second.post(1) == "CREATED"
    finally:
        second.close()
        cell.served.ledger._writer.close = lambda: None  # type: ignore[attr-defined]


def test_a_caller_that_gives_up_waiting_stops_nobody(cell: Cell) -> None:
    payment = _batch(1)
    with cell.writer._lock:  # the writer waits here
        given_up = cell.ledger.submit_transfers(payment)  # type: ignore[attr-defined]
        given_up.cancel()
    assert posted_by([cell], 2) == "CREATED"


def test_rows_may_come_while_those_before_are_noted_as_written() -> None:
    """The thread of the commits notes; the writer goes on."""
    past = Past(None)  # type: ignore[arg-type]
    past.unwritten = dict.fromkeys(range(3))  # type: ignore[assignment]

    class Meanwhile(int):
        def __ge__(self, other: int) -> bool:
            past.unwritten[len(past.unwritten) + 10] = None  # type: ignore[assignment]
            return int(self) >= other

    past.written(Meanwhile(1))
    assert 2 in past.unwritten
    assert not {0, 1} & set(past.unwritten)


def test_whoever_asks_in_vain_is_forgotten(cell: Cell, tmp_path: Path) -> None:
    """One problem is told to all: it must not keep what each of them was about to post."""
    url = cell.writer.cell.journal._engine._set.one("mysql")
    second = opened(tmp_path / "two", url, Watch(), stands_by=True)
    try:
        for ask in (lambda: second.post(1), second.served.totals) * 20:
            with pytest.raises(NotLeading) as refused:
                ask()
        assert len(traceback.extract_tb(refused.value.__traceback__)) < 12
    finally:
        second.close()


def test_where_the_writer_is_reached_is_told_as_soon_as_it_is_known() -> None:
    """It takes the lease first, and announces itself then."""
    head = HeadRow(
        sequence=0, hash=GENESIS, timestamp=0, epoch=1, holder="one", expires_at=0, allotted_to=0
    )
    told = who_writes(None, head, lambda _: {})
    told = who_writes(told, head, lambda _: {"flight": "grpc://one:2"})
    assert told.facts == {"holder": "one", "flight": "grpc://one:2"}
    assert who_writes(told, head, lambda _: pytest.fail("it is known")) is told


# the lease --------------------------------------------------------------------------------------


def journal_on(url: str, **settings: Any) -> Journal:
    return Journal(SetEngine(url, **settings), 1)


def test_a_lease_that_is_renewed_while_it_is_taken_is_not_taken(mariadb: MariaDb) -> None:
    """Else its holder counts on it, and answers readers with what is old."""
    url = mariadb.fresh_url()
    one, two = journal_on(url), journal_on(url)
    one.acquire("one", 0, 10 * SECOND)
    over, look = one.head(), two.head

    def then_renewed(**how: bool) -> Any:
        head = look(**how)
        one.renew(1, 20 * SECOND)
        return head

    two.head = then_renewed  # type: ignore[method-assign]
    with pytest.raises((LeaseHeld, Fenced)):
        two.acquire("two", 0, 10 * SECOND, over=over)
    one.renew(1, 30 * SECOND)
    one.close()
    two.close()


def test_a_process_that_froze_in_the_middle_of_a_commit_bars_nobody(mariadb: MariaDb) -> None:
    """Its server would keep the head's row locked for it, for hours."""
    url = mariadb.fresh_url()
    two = journal_on(url, answer_wait_s=1, patience_s=10)
    two.acquire("one", 0, SECOND)
    frozen = SetEngine(url, answer_wait_s=1, patience_s=0)
    with pytest.raises(OutcomeUnknown):
        _freeze(frozen, lambda: two.acquire("two", 2 * SECOND, SECOND))
    head = two.head()
    assert head is not None
    assert head.holder == "two"
    two.close()


def _freeze(engine: SetEngine, meanwhile: Callable[[], object]) -> None:
    """Lock the head's row, and say nothing until others have acted."""
    with engine.transaction():
        engine.execute("update ledger_cell set expires_at=7 where cell=1")
        meanwhile()


def test_what_a_new_writer_reads_is_on_the_disks_first(mariadb: MariaDb) -> None:
    """It answers `exists` from it; the writer before may have died before it was sure itself."""
    journal = journal_on(mariadb.fresh_url())
    engine: Any = journal._engine
    confirmed: list[str] = []
    engine.confirm = lambda: confirmed.append(journal.head().holder)  # type: ignore[union-attr]
    journal.acquire("one", 0, SECOND)
    assert confirmed == ["one"]
    journal.close()


def test_a_node_that_fell_out_of_its_set_is_left_also_by_who_does_not_wait(
    mariadb: MariaDb, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It answers, that it is not ready; another would be asked by the next question."""
    engine = SetEngine(mariadb.fresh_url(), patience_s=0)
    ask, fallen_out = SetEngine._ask, engine._connection

    def not_ready(this: SetEngine, *arguments: Any) -> Any:
        if this._connection is fallen_out:
            raise pymysql.err.OperationalError(NOT_PREPARED, "planned")
        return ask(this, *arguments)

    monkeypatch.setattr(SetEngine, "_ask", not_ready)
    with pytest.raises(Outage, match="planned"):
        engine.execute("select 1")
    assert engine.execute("select 1") == [(1,)]
    engine.close()


def test_a_checkpoint_that_failed_stops_a_cell_that_stands_by_no_longer_than_it_must(
    cell: Cell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What only memory knew follows from the journal; another may write until that is read."""
    save = Index.save
    failed: list[int] = []

    def full(this: Index, *arguments: Any) -> None:
        if not failed:
            failed.append(1)
            raise OSError("the disk is full")
        save(this, *arguments)

    monkeypatch.setattr(Index, "save", full)
    numbers = range(1, 40)
    assert [posted_by([cell], number) for number in numbers] == ["CREATED"] * len(numbers)
    assert failed
    assert cell.served.totals()[ONE] == (0, 390, 0, 0)
    assert cell.ledger.verify().is_sound


def _batch(number: int) -> Any:

    columns = {**TRANSFERS_REQUIRED, **TRANSFERS_OPTIONAL}
    return batch([transfer(number)], columns)

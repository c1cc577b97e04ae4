"""Goal: a checkpoint never makes the ledger forget, whenever it was broken off or by whom.

Method: checkpoints are stopped half-way, as a death would; another process makes others in their
place; what is kept is changed behind the ledger's back. Then every id and fate is asked for again.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apsw
import numpy as np
import pytest

from tests.foundation.ledger.book import Served
from yunjin.foundation.ledger.api import LedgerApi, TransferStatus
from yunjin.foundation.ledger.errors import Fenced, WritesStopped
from yunjin.foundation.ledger.kernels import ENTRY, USED
from yunjin.foundation.ledger.service.saver import Saver
from yunjin.foundation.ledger.store import index as indexing
from yunjin.foundation.ledger.store.engine import open_engine
from yunjin.foundation.ledger.store.index import Checkpoint, Index, IndexDamaged
from yunjin.foundation.ledger.wiring import Settings, build
from yunjin.kernel.clock import FixedClock
from yunjin.kernel.errors import Problem
from yunjin.kernel.ids import account_id
from yunjin.kernel.room import Room

START_NS = 1_760_000_000_000_000_000
ONE, TWO = account_id(1, 1), account_id(1, 2)
S = TransferStatus
HELD, POST = 2, 4


def transfer(number: int, **fields: int) -> dict[str, int]:
    """Return a plain transfer of ten with an id of its time."""
    hi = (START_NS // 1_000_000) << 16 | 0x7000
    lo = 0x8000_0000_0000_0000 | number
    sides = {"debit_account_id": ONE, "credit_account_id": TWO, "ledger": 1, "code": 7}
    return {"id_hi": hi, "id_lo": lo, **sides, "amount_minor": 10, **fields}


class Bank:
    """A ledger that is closed, killed and opened again."""

    def __init__(self, home: Path) -> None:
        self.home, self.clock = home, FixedClock(START_NS)
        self.room: Room | None = None

    def open(self, **settings: Any) -> Served:
        chosen = Settings(**{"bloom_words": 64, "checkpoint_transfers": 1 << 20, **settings})
        self.room = build(chosen, tenant="demo", clock=self.clock, home=self.home)
        return Served(self.room.doors[LedgerApi])

    def close(self) -> None:
        if self.room is not None and self.room.close is not None:
            self.room.close()
        self.room = None

    def sql(self, statement: str, *arguments: Any) -> list[Any]:
        """Run SQL on the index's file: by the ledger's own library, for its locks."""
        file = apsw.Connection(str(self.home / "demo" / "cell-1.index.db"))
        try:
            return list(file.execute(statement, arguments))
        finally:
            file.close()


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[Bank]:
    made = Bank(tmp_path)
    served = made.open()
    served.open_accounts([{"id": x, "ledger": 1, "code": 7, "flags": 8} for x in (ONE, TWO)])
    yield made
    made.close()


def served_by(bank: Bank) -> Served:
    assert bank.room is not None
    return Served(bank.room.doors[LedgerApi])


def statuses(served: Served, rows: list[dict[str, int]]) -> set[TransferStatus]:
    return {TransferStatus(answer.status) for answer in served.post_transfers(rows)}


def die_at_close(bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    """Close without the last checkpoint: the index stays as it is."""
    with monkeypatch.context() as patched:
        patched.setattr(Saver, "begin", lambda self, cell: None)
        bank.close()


def test_pages_of_a_checkpoint_that_died_are_not_mixed_with_later_ones(
    bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first try covers rows 1-6 and dies after some pages; then 1-3 are saved, then 4-6."""
    monkeypatch.setattr(indexing, "PAGE", 64)
    monkeypatch.setattr(indexing, "PAGES_A_COMMIT", 1)
    served = served_by(bank)
    batches = [[transfer(500 * b + n) for n in range(500)] for b in range(6)]
    for rows in batches:
        assert statuses(served, rows) == {S.CREATED}
    insert, pages = Index._insert, [0]

    def dying(index: Index, table: str, values: tuple[Any, ...]) -> None:
        pages[0] += table == "ledger_run"
        if pages[0] > 7:
            raise WritesStopped("killed here")
        insert(index, table, values)

    with monkeypatch.context() as patched:
        patched.setattr(Index, "_insert", dying)
        bank.close()
    assert len(bank.sql("select 1 from ledger_run")) == 7
    served = bank.open(checkpoint_transfers=1_500)
    bank.close()
    assert len(bank.sql("select distinct run from ledger_run where kind='ids'")) == 2
    served = bank.open()
    for rows in batches:
        assert statuses(served, rows) == {S.EXISTS}
    assert served.totals()[ONE][1] == 10 * 3_000


def test_a_writer_that_was_asleep_cannot_go_on_writing_the_index(tmp_path: Path) -> None:
    def opened() -> Index:
        return Index(open_engine(tmp_path, "", "cell-1.index.db"), 1)

    def save(index: Index, sequence: int, rows: int) -> None:
        used = np.zeros(rows, USED)
        used["lo"] = np.arange(rows)
        state = {"hash": "00"}
        index.save(Checkpoint(sequence=sequence, hash="00", state=state), {}, [("ids", used)])

    stale, newer = opened(), opened()
    stale.own("stale")
    save(stale, 1, 10)
    newer.own("newer")
    save(newer, 2, 20)
    with pytest.raises(Fenced):
        save(stale, 3, 30)
    found = newer.find("ids", 2, np.zeros(20, np.uint64), np.arange(20, dtype=np.uint64))
    assert (found == 0).all()
    latest = newer.latest()
    assert latest is not None
    assert latest.sequence == 2
    stale.close()
    newer.close()


def test_forgetting_an_old_format_that_is_broken_off_is_begun_again(
    bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [transfer(n) for n in range(10)]
    assert statuses(served_by(bank), rows) == {S.CREATED}
    bank.close()
    bank.sql("update ledger_checkpoint set state=?", b'{"format": 1}')
    forget, calls = Index.forget, [0]

    class Half:
        def __init__(self, engine: Any) -> None:
            self.engine = engine

        def __getattr__(self, name: str) -> Any:
            return getattr(self.engine, name)

        def execute(self, sql: str, arguments: Any = ()) -> Any:
            calls[0] += 1
            if calls[0] > 1:
                raise WritesStopped("killed here")
            return self.engine.execute(sql, arguments)

    def half(index: Index) -> None:
        index._engine = Half(index._engine)
        forget(index)

    with monkeypatch.context() as patched:
        patched.setattr(Index, "forget", half)
        with pytest.raises(WritesStopped):
            bank.open()
    served = bank.open()
    assert {row[0] for row in bank.sql("select count(*) from ledger_checkpoint")} == {0}
    assert bank.sql("select 1 from ledger_run") == []
    assert statuses(served, rows) == {S.EXISTS}


@pytest.mark.parametrize("table", ["ledger_checkpoint", "ledger_snapshot"])
def test_a_damaged_checkpoint_is_made_again_from_the_journal(bank: Bank, table: str) -> None:
    rows = [transfer(n) for n in range(30)]
    assert statuses(served_by(bank), rows) == {S.CREATED}
    totals = served_by(bank).totals()
    bank.close()
    column = "state" if table == "ledger_checkpoint" else "body"
    for rowid, body in bank.sql(f"select rowid, {column} from {table}"):
        changed = bytearray(body)
        changed[len(changed) // 2] ^= 1
        bank.sql(f"update {table} set {column}=? where rowid=?", bytes(changed), rowid)
    served = bank.open()
    assert served.ledger.state().stopped == ""
    assert served.totals() == totals
    assert statuses(served, rows) == {S.EXISTS}


@pytest.mark.parametrize("what", ["body", "key", "gone"])
def test_a_damaged_page_of_ids_stops_writes_and_forgets_no_id(
    bank: Bank, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    monkeypatch.setattr(indexing, "PAGE", 64)
    rows = [transfer(n) for n in range(1_000)]
    assert statuses(served_by(bank), rows) == {S.CREATED}
    bank.close()
    [(rowid, key, body)] = bank.sql(
        "select rowid, first_key, body from ledger_run where kind='ids' and page=3"
    )
    if what == "gone":
        bank.sql("delete from ledger_run where rowid=?", rowid)
    elif what == "key":
        later = (int.from_bytes(key[:8]) + 1).to_bytes(8) + key[8:]
        bank.sql("update ledger_run set first_key=? where rowid=?", later, rowid)
    else:
        changed = bytearray(body)
        changed[-9] ^= 1
        bank.sql("update ledger_run set body=? where rowid=?", bytes(changed), rowid)
    served = bank.open()
    with pytest.raises(IndexDamaged, match="delete the cell's index files"):
        statuses(served, rows)
    assert served.totals()[ONE][1] == 10_000
    bank.close()
    for file in (bank.home / "demo").glob("*.index.db*"):  # as the message says
        file.unlink()
    assert statuses(bank.open(), rows) == {S.EXISTS}


def test_a_hold_whose_fate_got_lost_is_never_taken_for_an_open_one(bank: Bank) -> None:
    """Settling a hold that is not in the book would move some other hold's money."""
    held = transfer(1, flags=HELD)
    naming = {"pending_id_hi": held["id_hi"], "pending_id_lo": held["id_lo"]}
    nothing = {"debit_account_id": 0, "credit_account_id": 0, "ledger": 0, "code": 0}
    served = served_by(bank)
    served.post_transfers([held, transfer(2, flags=POST, **naming, **nothing)])
    bank.close()
    served = bank.open()
    cell = served_by(bank).ledger._writer.cell  # type: ignore[attr-defined]
    cell.runs["fates"].clear()
    with pytest.raises(Problem, match="fate"):
        served.post_transfers([transfer(3, flags=POST, **naming, **nothing)])
    assert served.totals()[ONE] == (0, 10, 0, 0)


def test_ids_that_failed_for_good_are_written_aside_too(bank: Bank) -> None:
    """Nothing is created, yet each id is remembered for ever: memory must stay bounded."""
    bank.close()
    served = bank.open(checkpoint_transfers=10)
    stranger = account_id(1, 99)
    rows = [transfer(n, debit_account_id=stranger) for n in range(200)]
    for first in range(0, 200, 10):
        assert statuses(served, rows[first : first + 10]) == {S.DEBIT_ACCOUNT_NOT_FOUND}
    bank.close()
    served = bank.open(checkpoint_transfers=10)
    assert len(bank.sql("select distinct run from ledger_run where kind='ids'")) > 1
    assert statuses(served, rows) == {S.ID_ALREADY_FAILED}


def test_many_lines_of_one_account_at_one_instant_are_all_in_its_history(tmp_path: Path) -> None:
    """As when thousands of holds end at once: pages then begin with the same account and time."""
    index = Index(open_engine(tmp_path, "", "cell-1.index.db"), 1)
    index.own("me")
    lines = np.zeros(20_000, ENTRY)
    lines["account"], lines["timestamp"] = ONE, 5
    lines["timestamp"][:3_000], lines["timestamp"][-100:] = 4, 6
    lines["position"] = np.arange(len(lines))
    index.save(Checkpoint(sequence=1, hash="00", state={"hash": "00"}), {}, [("history", lines)])

    def told(start: int, end: int, *, newest_first: bool = False) -> list[int]:
        pages = list(index.history(1, ONE, start, end, newest_first=newest_first))
        ordered = pages[::-1] if newest_first else pages
        return [int(line["position"]) for page in ordered for line in page]

    for newest_first in (False, True):
        assert told(0, 2**63 - 1, newest_first=newest_first) == list(range(20_000))
        assert told(5, 6, newest_first=newest_first) == list(range(3_000, 19_900))
        assert told(5, 5, newest_first=newest_first) == []
        assert told(6, 9, newest_first=newest_first) == list(range(19_900, 20_000))
    assert list(index.history(1, TWO, 0, 9)) == []
    index.close()


def test_a_death_while_checkpoints_are_made_at_opening_forgets_nothing(
    bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    served = served_by(bank)
    rows = [transfer(n) for n in range(60)]
    for row in rows:
        assert statuses(served, [row]) == {S.CREATED}
    die_at_close(bank, monkeypatch)
    insert, count = Index._insert, [0]
    for last in range(1, 25):  # dies later and later in its checkpoints
        count[0] = 0

        def dying(index: Index, table: str, values: tuple[Any, ...], last: int = last) -> None:
            count[0] += 1
            if count[0] > last:
                raise WritesStopped("killed here")
            insert(index, table, values)

        with monkeypatch.context() as patched:
            patched.setattr(Index, "_insert", dying)
            bank.open(checkpoint_transfers=7)
            die_at_close(bank, monkeypatch)
    served = bank.open(checkpoint_transfers=7)
    assert statuses(served, rows) == {S.EXISTS}
    assert served.totals()[ONE][1] == 600
    assert served.ledger.verify().is_sound

"""Goal: ids and fates are known for ever, in bounded memory, and asked for where they can be.

Method: generations of ten transfers, so that most ids lie on disk; old ids, old holds and ids
never used are sent again, while every look at a run on disk is counted.
"""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.foundation.ledger.book import Served
from yunjin.foundation.ledger.api import LedgerApi, TransferStatus
from yunjin.foundation.ledger.kernels import Fate
from yunjin.foundation.ledger.store.index import Index
from yunjin.foundation.ledger.wiring import Settings, build
from yunjin.kernel.clock import FixedClock
from yunjin.kernel.ids import account_id
from yunjin.kernel.room import Room

START_NS = 1_760_000_000_000_000_000
ONE, TWO = account_id(1, 1), account_id(1, 2)
GENERATION = 10
SETTINGS = Settings(bloom_words=4096, checkpoint_transfers=GENERATION)
HELD, POST, VOID = 2, 4, 8
S = TransferStatus


class Ledger:
    """A ledger whose generations are an hour apart."""

    def __init__(self, home: Path) -> None:
        self.clock, self.home = FixedClock(START_NS), home
        self.room: Room = build(SETTINGS, tenant="demo", clock=self.clock, home=home)
        self.number = 0
        self.looks: list[tuple[str, int]] = []

    @property
    def served(self) -> Served:
        return Served(self.room.doors[LedgerApi])

    def row(self, *, timely: bool = True, **fields: int) -> dict[str, int]:
        """Return a transfer with an id of its own: of the present hour, or without a time."""
        self.number += 1
        ms = self.clock.now_ns() // 1_000_000
        return {
            "id_hi": ms << 16 | 0x7000 if timely else 5,
            "id_lo": 0x8000_0000_0000_0000 | self.number,
            "debit_account_id": ONE,
            "credit_account_id": TWO,
            "amount_minor": 10,
            "ledger": 1,
            "code": 7,
            **fields,
        }

    def generation(self, *rows: dict[str, int]) -> list[dict[str, int]]:
        """Post rows and enough others for a checkpoint, an hour later."""
        self.clock.advance(3_600)
        sent = [*rows, *(self.row() for _ in range(GENERATION))]
        assert set(self.statuses(sent)) == {S.CREATED}
        return sent

    def statuses(self, rows: list[dict[str, int]]) -> list[TransferStatus]:
        return [TransferStatus(answer.status) for answer in self.served.post_transfers(rows)]

    def reopen(self) -> None:
        assert self.room.close is not None
        self.room.close()
        self.room = build(SETTINGS, tenant="demo", clock=self.clock, home=self.home)


@pytest.fixture
def ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ledger]:
    made = Ledger(tmp_path)
    made.served.open_accounts([{"id": x, "ledger": 1, "code": 7} for x in (ONE, TWO)])
    look = Index.find

    def counted(self: Index, kind: str, run: int, hi: object, lo: object) -> object:
        made.looks.append((kind, run))
        return look(self, kind, run, hi, lo)

    monkeypatch.setattr(Index, "find", counted)
    yield made
    assert made.room.close is not None
    made.room.close()


def test_an_old_id_asks_the_run_of_its_time_and_no_other(ledger: Ledger) -> None:
    generations = [ledger.generation() for _ in range(8)]
    ledger.reopen()
    ledger.looks.clear()
    assert set(ledger.statuses(generations[3])) == {S.EXISTS}
    assert {kind for kind, _ in ledger.looks} == {"ids"}
    assert len(ledger.looks) == 1


def test_an_old_id_that_was_never_used_asks_one_run_at_most(ledger: Ledger) -> None:
    generations = [ledger.generation() for _ in range(8)]
    ledger.reopen()
    ledger.looks.clear()
    never = [{**row, "id_lo": row["id_lo"] | 1 << 40} for row in generations[3]]
    assert set(ledger.statuses(never)) == {S.CREATED}
    assert len(ledger.looks) <= 1


def test_ids_without_a_time_are_found_in_any_run(ledger: Ledger) -> None:
    timeless = [[ledger.row(timely=False) for _ in range(3)] for _ in range(6)]
    for rows in timeless:
        ledger.generation(*rows)
    ledger.reopen()
    for rows in timeless:
        assert set(ledger.statuses(rows)) == {S.EXISTS}
    fresh = [ledger.row(timely=False) for _ in range(200)]
    ledger.looks.clear()
    assert set(ledger.statuses(fresh)) == {S.CREATED}
    assert ledger.looks == []


@pytest.mark.parametrize(("end", "said"), [(POST, S.PENDING_TRANSFER_ALREADY_POSTED)])
@pytest.mark.parametrize("later", [0, 1, 2, 5])
def test_the_fate_of_an_old_hold_is_known(
    ledger: Ledger, end: int, said: TransferStatus, later: int
) -> None:
    held = ledger.row(flags=HELD)
    ledger.generation(held)
    naming = {"pending_id_hi": held["id_hi"], "pending_id_lo": held["id_lo"]}
    nothing = {"debit_account_id": 0, "credit_account_id": 0, "ledger": 0, "code": 0}
    settle = ledger.row(flags=end) | naming | nothing
    for _ in range(later):
        ledger.generation()
    ledger.generation(settle)
    again = ledger.row(flags=VOID) | naming | nothing
    assert ledger.statuses([again]) == [said]
    for _ in range(3):
        ledger.generation()
    ledger.reopen()
    ledger.looks.clear()
    assert ledger.statuses([{**again, "id_lo": again["id_lo"] | 1 << 40}]) == [said]
    assert len([run for kind, run in ledger.looks if kind == "fates"]) <= later + 2
    assert list(Fate) == [0, 1, 2, 3, 4]  # what runs on disk hold must never be numbered anew


def test_an_index_of_another_format_is_made_again(ledger: Ledger) -> None:
    generations = [ledger.generation() for _ in range(4)]
    assert ledger.room.close is not None
    ledger.room.close()
    file = sqlite3.connect(ledger.home / "demo" / "cell-1.index.db", isolation_level=None)
    [(sequence, state)] = file.execute(
        "select sequence, state from ledger_checkpoint order by sequence desc limit 1"
    ).fetchall()
    older = json.dumps({**json.loads(state), "format": 1}).encode()
    file.execute("update ledger_checkpoint set state=? where sequence=?", (older, sequence))
    file.execute("update ledger_run set body=x'00'")  # what is kept must not be read
    file.close()
    ledger.room = build(SETTINGS, tenant="demo", clock=ledger.clock, home=ledger.home)
    for rows in generations:
        assert set(ledger.statuses(rows)) == {S.EXISTS}
    assert ledger.room.doors[LedgerApi].verify().findings == ()


def test_a_whole_old_batch_sent_again_moves_nothing(ledger: Ledger) -> None:
    """As a client does that lost 8,190 answers and comes back a day later."""
    ledger.clock.advance(3_600)
    old = [ledger.row() for _ in range(8_190)]
    assert set(ledger.statuses(old)) == {S.CREATED}
    for _ in range(24):
        ledger.generation()
    for _ in range(2):
        before = ledger.served.totals()
        ledger.looks.clear()
        assert set(ledger.statuses(old)) == {S.EXISTS}
        assert len([run for kind, run in ledger.looks if kind == "ids"]) <= 1
        assert ledger.served.totals() == before
        changed = [{**row, "amount_minor": 11} for row in old]
        assert set(ledger.statuses(changed)) == {S.EXISTS_WITH_DIFFERENT_AMOUNT}
        ledger.reopen()


def test_a_batch_of_old_ids_that_were_never_used_is_taken_once(ledger: Ledger) -> None:
    """A hostile one: each id tells another hour of the past, so that every run is asked."""
    generations = [ledger.generation() for _ in range(20)]
    ledger.reopen()
    never = [
        {**generations[n % 20][n % GENERATION], "id_lo": 1 << 63 | 1 << 50 | n}
        for n in range(8_190)
    ]
    ledger.looks.clear()
    assert set(ledger.statuses(never)) == {S.CREATED}
    assert len(ledger.looks) <= 20
    ledger.generation()
    ledger.generation()
    ledger.reopen()
    assert set(ledger.statuses(never)) == {S.EXISTS}


def test_a_filter_that_is_full_forgets_nothing_and_takes_no_new_id_for_an_old_one(
    tmp_path: Path,
) -> None:
    """64 words are full after some thousand timeless ids: every look then goes to the runs."""
    clock = FixedClock(START_NS)
    settings = Settings(bloom_words=64, checkpoint_transfers=1_000)
    room = build(settings, tenant="demo", clock=clock, home=tmp_path)
    served = Served(room.doors[LedgerApi])
    served.open_accounts([{"id": x, "ledger": 1, "code": 7} for x in (ONE, TWO)])
    sides = {"debit_account_id": ONE, "credit_account_id": TWO, "ledger": 1, "code": 7}
    batches = [
        [{"id_hi": 9, "id_lo": n * 2_000 + k + 1, **sides} for k in range(2_000)] for n in range(8)
    ]
    for rows in batches:
        assert {answer.status for answer in served.post_transfers(rows)} == {S.CREATED}
    assert room.close is not None
    room.close()
    room = build(settings, tenant="demo", clock=clock, home=tmp_path)
    served = Served(room.doors[LedgerApi])
    for rows in batches:
        assert {answer.status for answer in served.post_transfers(rows)} == {S.EXISTS}
    assert served.ledger.state().transfer_count == 16_000
    assert room.close is not None
    room.close()


@pytest.mark.parametrize("jumps_s", [(-86_400, 86_400), (86_400, -86_400), (-3_600, -3_600)])
def test_ids_are_known_whatever_the_clock_did_between_reopenings(
    ledger: Ledger, jumps_s: tuple[int, int]
) -> None:
    """Ids then tell a time far from the ledger's own; spans and gates must not lose them."""
    sent = [ledger.generation()]
    for jump_s in (*jumps_s, *jumps_s):
        ledger.clock.advance(jump_s)
        ledger.reopen()
        rows = [ledger.row() for _ in range(GENERATION)]
        assert set(ledger.statuses(rows)) == {S.CREATED}
        sent += [rows, ledger.generation()]
        for earlier in sent:
            assert set(ledger.statuses(earlier)) == {S.EXISTS}
    ledger.reopen()
    for earlier in sent:
        assert set(ledger.statuses(earlier)) == {S.EXISTS}


def test_a_room_that_was_used_before_shows_nothing_of_its_last_use(ledger: Ledger) -> None:
    """Rows and slots are used again by the next generation but one: old ids must not be there."""
    generations = [ledger.generation() for _ in range(12)]
    cell = ledger.served.ledger._writer.cell  # type: ignore[attr-defined]
    for table in (cell.ids.young, cell.ids._old):
        used = int((table.slots != 0).sum())
        positions = table.find(table.rows["hi"][:used], table.rows["lo"][:used])
        assert (positions == table.rows["position"][:used]).all()
    ids = [(row["id_hi"], row["id_lo"]) for rows in generations for row in rows]
    assert len(ids) == len(set(ids))
    for rows in generations:
        assert set(ledger.statuses(rows)) == {S.EXISTS}


def test_one_client_whose_clock_is_fast_does_not_send_others_to_the_disk(ledger: Ledger) -> None:
    """Its ids go into the filter; new ids of the others are still known to be new."""
    fast = []
    for _ in range(8):
        ledger.clock.advance(1)
        ms = ledger.clock.now_ns() // 1_000_000 + 540_000
        fast.append(ledger.row() | {"id_hi": ms << 16 | 0x7000})
        rows = [fast[-1], *(ledger.row() for _ in range(GENERATION))]
        assert set(ledger.statuses(rows)) == {S.CREATED}
    ledger.reopen()
    ledger.clock.advance(1)
    ledger.looks.clear()
    assert set(ledger.statuses([ledger.row() for _ in range(50)])) == {S.CREATED}
    assert ledger.looks == []
    assert set(ledger.statuses(fast)) == {S.EXISTS}

"""Goal: a journal that is not what was written is found, named, and not written on.

Method: write a small journal, close, change one thing behind the ledger's back, open again.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.foundation.ledger.book import Served
from yunjin.foundation.ledger.api import LedgerApi
from yunjin.foundation.ledger.domain.codec import Entry
from yunjin.foundation.ledger.errors import JournalDamaged
from yunjin.foundation.ledger.wiring import Settings, build
from yunjin.kernel.clock import FixedClock
from yunjin.kernel.ids import account_id

CLOCK = FixedClock(1_760_000_000_000_000_000)
ONE, TWO = account_id(1, 1), account_id(1, 2)


def transfer(number: int) -> dict[str, int]:
    """Return a plain transfer of ten."""
    return {
        "id_hi": 0,
        "id_lo": number,
        "debit_account_id": ONE,
        "credit_account_id": TWO,
        "amount_minor": 10,
        "ledger": 1,
        "code": 7,
    }


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """Return the folder of a ledger with five rows of transfers, its derived files gone."""
    room = build(Settings(bloom_words=64), tenant="demo", clock=CLOCK, home=tmp_path)
    served = Served(room.doors[LedgerApi])
    served.open_accounts([{"id": x, "ledger": 1, "code": 7, "flags": 8} for x in (ONE, TWO)])
    for number in range(1, 6):
        served.post_transfers([transfer(number)])
    assert room.close is not None
    room.close()
    for file in (tmp_path / "demo").glob("*.index.db*"):
        file.unlink()
    return tmp_path


def complaint(home: Path) -> str:
    """Open the ledger again; return why it takes no writes, having seen that it takes none."""
    room = build(Settings(bloom_words=64), tenant="demo", clock=CLOCK, home=home)
    try:
        ledger = room.doors[LedgerApi]
        if ledger.state().stopped:
            with pytest.raises(JournalDamaged, match="Restore the journal"):
                Served(ledger).post_transfers([transfer(99)])
            assert ledger.trial_balance()[0].difference_minor == 0
        return str(ledger.state().stopped)
    finally:
        assert room.close is not None
        room.close()


def change(home: Path, *statements: str) -> None:
    """Run SQL on the journal's file."""
    connection = sqlite3.connect(home / "demo" / "cell-1.journal.db", isolation_level=None)
    for statement in statements:
        connection.execute(statement)
    connection.close()


@pytest.mark.parametrize("content", [b"", b"\0" * 1024, b"\xff" * 700])
def test_a_head_that_was_zeroed_or_cut_is_told_in_the_log(written: Path, content: bytes) -> None:
    (written / "demo" / "cell-1.head").write_bytes(content)
    with capture_logs() as logs:
        assert complaint(written) == ""  # the journal itself is whole, so writing goes on
    [told] = [line for line in logs if line["event"] == "ledger.head-unreadable"]
    assert told["log_level"] == "warning"
    assert told["file"].endswith("demo/cell-1.head")


def test_a_head_that_is_new_or_whole_is_not_complained_of(written: Path) -> None:
    with capture_logs() as logs:
        assert complaint(written) == ""
        (written / "demo" / "cell-1.head").unlink()  # as after a restore
        assert complaint(written) == ""
        assert complaint(written) == ""  # nothing was committed meanwhile
    assert not logs


@pytest.mark.parametrize("content", [b"", b"\0" * 26], ids=["nothing", "half a sector"])
def test_a_head_whose_maker_died_before_the_first_row_is_begun_again(
    tmp_path: Path, content: bytes
) -> None:
    for _ in range(2):
        room = build(Settings(bloom_words=64), tenant="demo", clock=CLOCK, home=tmp_path)
        assert room.doors[LedgerApi].verify().findings == ()
        assert room.close is not None
        room.close()
        (tmp_path / "demo" / "cell-1.head").write_bytes(content)


def test_the_ledger_s_files_are_its_owner_s_alone(written: Path) -> None:
    assert complaint(written) == ""
    folder = written / "demo"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()} == dict.fromkeys(
        ["cell-1.head", "cell-1.index.db", "cell-1.journal.db", "cell-1.lock"], 0o600
    )


def test_an_untouched_journal_opens_for_writing(written: Path) -> None:
    assert complaint(written) == ""


@pytest.mark.parametrize(
    ("statements", "named"),
    [
        (["update ledger_journal set row_count=2 where sequence=4"], "row 4"),
        (["update ledger_journal set timestamp_last=1 where sequence=3"], "row 3"),
        (["delete from ledger_journal where sequence=3"], "expected row 3, was 4"),
        (["delete from ledger_journal where sequence=6"], "ends at row 5"),
        (
            [
                "update ledger_journal set sequence=100 where sequence=3",
                "update ledger_journal set sequence=3 where sequence=4",
                "update ledger_journal set sequence=4 where sequence=100",
            ],
            "row 3 does not follow",
        ),
    ],
    ids=["edited", "time", "deleted", "cut", "swapped"],
)
def test_a_changed_row_is_named(written: Path, statements: list[str], named: str) -> None:
    change(written, *statements)
    assert named in complaint(written)


@pytest.mark.parametrize("place", [0, 1, 7, 100, -1])
def test_a_flipped_bit_is_named(written: Path, place: int) -> None:
    def flip(body: bytes) -> bytes:
        changed = bytearray(body)
        changed[place] ^= 1
        return bytes(changed)

    rewrite(written, 5, flip)
    assert "row 5 is not what was written" in complaint(written)


def rewrite(home: Path, sequence: int, how: Callable[[bytes], bytes]) -> None:
    """Change the body of one row."""
    connection = sqlite3.connect(home / "demo" / "cell-1.journal.db", isolation_level=None)
    where = f"from ledger_journal where sequence={sequence}"
    [(body,)] = connection.execute(f"select body {where}").fetchall()
    connection.execute("update ledger_journal set body=? where sequence=?", (how(body), sequence))
    connection.close()


def test_a_chain_cut_with_its_head_row_is_found_by_the_head_kept_apart(written: Path) -> None:
    change(
        written,
        "delete from ledger_journal where sequence=6",
        "update ledger_cell set head_sequence=5,"
        " head_hash=(select hash from ledger_journal where sequence=5)",
    )
    assert "the head kept apart at 6" in complaint(written)


def test_a_chain_recomputed_whole_is_found_by_the_head_kept_apart(written: Path) -> None:
    connection = sqlite3.connect(written / "demo" / "cell-1.journal.db", isolation_level=None)
    rows = connection.execute(
        "select sequence, epoch, kind, version, columns_present, row_count, timestamp_first,"
        " timestamp_last, previous_hash, hash, body from ledger_journal order by sequence"
    ).fetchall()
    previous = rows[0][8]
    for sequence, epoch, kind, version, columns, count, first, last, _, _, body in rows:
        entry = Entry(
            cell=1,
            sequence=sequence,
            epoch=epoch,
            kind=kind,
            version=version,
            columns=columns,
            row_count=count,
            timestamp_first=first,
            timestamp_last=last + 1 if sequence == 6 else last,
            previous_hash=previous,
            body=body,
        ).sealed()
        connection.execute(
            "update ledger_journal set timestamp_last=?, previous_hash=?, hash=? where sequence=?",
            (entry.timestamp_last, previous, entry.hash, sequence),
        )
        previous = entry.hash
    connection.execute("update ledger_cell set head_hash=?", (previous,))
    connection.close()
    assert "the head kept apart" in complaint(written)


def test_a_row_before_the_checkpoint_is_read_again_at_open_where_that_is_asked(
    tmp_path: Path,
) -> None:
    """A checkpoint spares the reading of old rows; `verify_at_open` reads them all the same."""
    with opened(tmp_path) as served:
        served.open_accounts([{"id": x, "ledger": 1, "code": 7} for x in (ONE, TWO)])
        for number in range(1, 6):
            served.post_transfers([transfer(number)])
    with opened(tmp_path, verify_at_open=True) as served:
        assert served.ledger.state().stopped == ""
        assert served.post_transfers([transfer(6)])[0].status == 0
    rewrite(tmp_path, 3, lambda body: body[:-1] + bytes([body[-1] ^ 1]))
    with opened(tmp_path) as served:
        assert served.ledger.state().stopped == ""
    with opened(tmp_path, verify_at_open=True) as served:
        assert "row 3 is not what was written" in served.ledger.state().stopped
        with pytest.raises(JournalDamaged, match="Restore the journal"):
            served.post_transfers([transfer(7)])


def test_a_verification_tells_how_far_it_is(written: Path) -> None:
    told: list[tuple[int, int]] = []
    with opened(written) as served:
        report = served.ledger.verify(progress=lambda done, rows: told.append((done, rows)))
    assert report.is_sound
    assert told == [(done, 6) for done in range(1, 7)]


@contextmanager
def opened(home: Path, **settings: Any) -> Iterator[Served]:
    """Open the ledger for a block."""
    chosen = Settings(bloom_words=64, **settings)
    room = build(chosen, tenant="demo", clock=CLOCK, home=home)
    try:
        yield Served(room.doors[LedgerApi])
    finally:
        assert room.close is not None
        room.close()

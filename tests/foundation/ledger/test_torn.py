"""Goal: whatever becomes of the journal's file on the disk, it is noticed or made good.

Method: the write that carried the last row is torn at every sector and lost altogether; bits are
flipped all over the files; then the ledger is opened. It may say that the journal is damaged, or
have lost nothing that was acknowledged: never answer wrongly in between.
"""

import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.foundation.ledger.test_disk_faults import JOURNAL, Machine, begin, moved, transfer
from yunjin.chassis.persistence.faulty_disk import Disk, FaultyOs, Record, read_trace
from yunjin.chassis.persistence.faulty_disk.disk import SECTOR_BYTES
from yunjin.foundation.ledger.store import files
from yunjin.kernel.errors import Problem

ROWS = 4


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    machine = Machine(tmp_path)
    monkeypatch.setattr(files, "os", FaultyOs(machine.system))
    yield machine
    machine.close()
    machine.trace.close()


def state_of(records: list[Record], machine: Machine, into: Path) -> None:
    """Write what a disk holds that kept everything it was given."""
    disk = Disk(0)
    for record in records:
        disk.take(record)
    shutil.rmtree(into, ignore_errors=True)
    for path, content in disk.after_cut("keep").items():
        target = into / Path(path).relative_to(machine.home)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


def transfers_left(machine: Machine, home: Path) -> int | None:
    """Open what is left; return how many transfers there are, None if it says it is damaged."""
    kept, machine.room = machine.room, None
    try:
        served = machine.open(home, is_faulty=False)
        if served.ledger.state().stopped or not served.ledger.verify().is_sound:
            return None
        return moved(served)
    except Problem:
        return None
    finally:
        if machine.room is not None and machine.room.close is not None:
            machine.room.close()
        machine.room = kept


def test_the_last_row_torn_at_any_sector_is_all_there_or_not_at_all(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    served = begin(machine, ROWS)
    before = len(list(read_trace(machine.trace_path)))
    served.post_transfers([transfer(ROWS + at) for at in range(60)])
    records = list(read_trace(machine.trace_path))
    monkeypatch.undo()
    writes = [
        at
        for at in range(before, len(records))
        if records[at].kind == "write" and JOURNAL in records[at].file
    ]
    cuts = [
        (at, size) for at in writes for size in range(0, len(records[at].data) + 1, SECTOR_BYTES)
    ]
    assert len(cuts) > 60
    for at, size in cuts:
        torn = records[at]
        part = Record("write", torn.file, torn.offset, torn.data[:size])
        state_of([*records[:at], part], machine, tmp_path / "torn")
        assert transfers_left(machine, tmp_path / "torn") in (ROWS, ROWS + 60), (at, size)


def test_a_bit_flipped_anywhere_is_noticed_or_does_not_matter(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(machine, 12)
    machine.close()
    monkeypatch.undo()
    chance = random.Random(1)
    noticed = 0
    for round_number in range(150):
        into = tmp_path / f"flipped-{round_number}"
        shutil.copytree(machine.home, into)
        for derived in (into / "demo").glob("*.index.db*"):
            derived.unlink()
        journal = into / "demo" / JOURNAL
        content = bytearray(journal.read_bytes())
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        journal.write_bytes(content)
        left = transfers_left(machine, into)
        noticed += left is None
        assert left in (None, 12), f"a flipped bit left {left} transfers"
    assert noticed > 0


def test_a_file_that_ends_too_early_is_noticed(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(machine, 12)
    machine.close()
    monkeypatch.undo()
    size = (machine.home / "demo" / JOURNAL).stat().st_size
    for end in range(0, size, 16_384):
        into = tmp_path / f"short-{end}"
        shutil.copytree(machine.home, into)
        for derived in (into / "demo").glob("*.index.db*"):
            derived.unlink()
        with (into / "demo" / JOURNAL).open("r+b") as file:
            file.truncate(end)
        assert transfers_left(machine, into) is None, f"cut at {end} of {size}"

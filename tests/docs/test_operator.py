"""Goal: the operator's page gets a bank back. Method: do what it says, with a ledger that is open.

Back up while it runs, lose the folder, restore without index and head, verify, send again.
"""

import subprocess
import sys
from pathlib import Path

from tests.foundation.ledger.book import Served
from tests.foundation.ledger.oracle import Request
from yunjin.foundation.ledger.api import LedgerApi, TransferStatus
from yunjin.foundation.ledger.wiring import Settings, build
from yunjin.kernel.clock import FixedClock
from yunjin.kernel.ids import account_id
from yunjin.kernel.room import Room

CLOCK = FixedClock(1_760_000_000_000_000_000)
A, B = account_id(1, 1), account_id(1, 2)


def opened(home: Path) -> tuple[Room, Served]:
    """Open the bank of a folder."""
    room = build(Settings(), tenant="demo", clock=CLOCK, home=home)
    return room, Served(room.doors[LedgerApi])


def transfer(number: int) -> Request:
    """Return a transfer of 5."""
    sides = {"debit_account_id": A, "credit_account_id": B, "ledger": 1, "code": 1}
    return {"id_lo": number, "amount_minor": 5, **sides}


def test_a_copy_made_while_it_runs_brings_the_bank_back(tmp_path: Path) -> None:
    live, backup, restored = tmp_path / "live", tmp_path / "backup", tmp_path / "restored/demo"
    room, book = opened(live)
    book.open_accounts([{"id": number, "ledger": 1, "code": 1} for number in (A, B)])
    book.post_transfers([transfer(1)])
    backup.mkdir()
    restored.mkdir(parents=True)
    words = [live / "demo/cell-1.journal.db", f".backup {backup / 'cell-1.journal.db'}"]
    subprocess.run([sys.executable, "-m", "apsw", *words], check=True)
    book.post_transfers([transfer(2)])
    room.close()

    (backup / "cell-1.journal.db").rename(restored / "cell-1.journal.db")
    CLOCK.advance(Settings().lease_s)  # the copy carries the lease of the process it was made from
    room, book = opened(restored.parent)
    assert book.ledger.verify().is_sound
    assert book.totals() == {A: (0, 5, 0, 0), B: (0, 0, 0, 5)}
    answers = book.post_transfers([transfer(1), transfer(2)])
    assert [answer.status for answer in answers] == [TransferStatus.EXISTS, TransferStatus.CREATED]
    room.close()

"""Goal: a bank comes back from its backup, whole and going on, though it was copied under load.

Method: customers pay while the program's own `backup` copies the bank; the copy is restored and its
day closed, and every payment is sent again. Then mistakes on purpose.
"""

import datetime as dt
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import pyarrow as pa
import pytest

from tests.app.commanding import Run, giver
from yunjin.app import backup
from yunjin.app.bootstrap import opened
from yunjin.app.settings import Settings
from yunjin.foundation.banking.api.agreements import (
    ENTRIES_REQUIRED,
    AgreementsApi,
    EntryStatus,
    Opening,
)
from yunjin.foundation.banking.api.days import DaysApi
from yunjin.foundation.banking.wiring import Settings as BankingSettings
from yunjin.kernel.errors import Outage

FIRST = dt.date(2026, 1, 5)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Return a way to give commands to the bank in `live`, unless --home names another."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("YUNJIN_HOME", str(tmp_path / "live"))
    monkeypatch.setenv("YUNJIN_BANKING__FIRST_DAY", str(FIRST))

    return giver(monkeypatch, capsys)


def settings(home: Path) -> Settings:
    """Return the settings of a bank that began on FIRST."""
    return Settings(home=home, banking=BankingSettings(first_day=FIRST))


def pay(agreements: Any, number: int, loan: int, account: int) -> list[EntryStatus]:
    """Pay 1.00 into a loan and into an account, the same ids for the same number."""
    columns = {
        "id_hi": [7, 7],
        "id_lo": [2 * number, 2 * number + 1],
        "agreement_id": [loan, account],
        "amount_minor": [100, 100],
    }
    arrays = [pa.array(values, ENTRIES_REQUIRED[name]) for name, values in columns.items()]
    answers = agreements.post(pa.RecordBatch.from_arrays(arrays, names=list(columns)))
    return [EntryStatus(each) for each in answers["status"].to_pylist()]


@contextmanager
def customers(agreements: Any, ids: list[int], paid: list[int]) -> Iterator[threading.Event]:
    """Let customers pay for a block; the event says that they paid once more."""
    is_over, again = threading.Event(), threading.Event()

    def go_on() -> None:
        while not is_over.is_set():
            assert pay(agreements, len(paid), *ids) == [EntryStatus.BOOKED] * 2
            paid.append(len(paid))
            again.set()

    paying = threading.Thread(target=go_on)
    paying.start()
    try:
        yield again
    finally:
        is_over.set()
        paying.join()


def backed_up_elsewhere(target: str) -> str:
    """Back the bank up by another process, as beside a serving one; return what it said."""
    program = [sys.executable, "-c", "from yunjin.app.cli import main; main()"]
    done = subprocess.run([*program, "backup", target], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stderr


@pytest.mark.slow
def test_a_bank_copied_while_customers_pay_comes_back_whole_and_goes_on(
    run: Run, tmp_path: Path
) -> None:
    paid: list[int] = []
    terms = {"amount": 1_200_000, "rate": 60_000, "term": 12}
    with opened(settings(tmp_path / "live")) as bank:
        agreements = bank.door(AgreementsApi)
        ids = agreements.open(
            UUID(int=1),
            [
                Opening(product="instalment-loan", party_id="p", terms=terms),
                Opening(product="current-account", party_id="p"),
            ],
        )
        bank.door(DaysApi).close()
        with customers(agreements, ids, paid) as again:
            for copy in ("first", "copy"):  # one backup leaves the bank as it was for the next
                assert again.wait(60)
                said = backed_up_elsewhere(copy)
                assert f"backup of demo written to {copy}" in said
                again.clear()
            assert again.wait(60), "the bank goes on after its backup"
        wanted = [agreements.agreement(each).balance_minor for each in ids]

    said = run("restore", "copy", "--home", "new")
    assert (said.code, "sound" in said.out.splitlines()) == (0, True), said.err
    assert "open for business on 2026-01-06" in said.out
    with opened(settings(tmp_path / "new")) as bank:
        agreements, days = bank.door(AgreementsApi), bank.door(DaysApi)
        answers = [pay(agreements, number, *ids) for number in paid]
        first_lost = next(at for at, each in enumerate(answers) if EntryStatus.BOOKED in each)
        assert first_lost > 0
        assert {status for each in answers[:first_lost] for status in each} == {EntryStatus.EXISTS}
        assert {status for each in answers[first_lost + 1 :] for status in each} == {
            EntryStatus.BOOKED
        }, "what came after the copy is not in it"
        assert [agreements.agreement(each).balance_minor for each in ids] == wanted
        report = days.close()
        assert report.status == "closed"
        assert not any(line.difference_minor for line in report.proof)


def test_a_bank_at_rest_is_copied_and_the_copy_tells_what_it_is(run: Run, tmp_path: Path) -> None:
    assert run("agreements", "open", "current-account", "--party", "p").code == 0
    note = json.loads(run("backup", "copy", "--json").out)
    assert note == json.loads((tmp_path / "copy" / backup.NOTE).read_text())
    assert set(note["files"]) == {"rooms.db", "cell-1.journal.db"}
    restored = json.loads(run("restore", "copy", "--home", "new", "--json").out)
    assert restored["is_sound"]
    assert restored["head"] == note["head"]
    assert oct((tmp_path / "new/demo").stat().st_mode)[-3:] == "700"
    assert "p" in run("agreements", "list", "--home", "new").out


def test_nothing_is_ever_written_over(run: Run, tmp_path: Path) -> None:
    said = run("backup", "copy")
    assert (said.code, "There is no bank in" in said.err) == (1, True)
    assert not (tmp_path / "copy").exists()
    run("ledger", "open")
    assert run("backup", "copy").code == 0
    before = (tmp_path / "copy" / backup.NOTE).read_bytes()
    for target in ("copy", f"copy/{backup.NOTE}"):
        said = run("backup", target)
        assert (said.code, "expected a new or an empty folder" in said.err) == (1, True)
    said = run("restore", "copy")
    assert (said.code, "nothing is ever written over" in said.err) == (1, True)
    assert (tmp_path / "copy" / backup.NOTE).read_bytes() == before


def test_a_folder_that_is_no_backup_or_another_bank_is_told(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("ledger", "open")
    run("backup", "copy")
    assert "expected the folder of a backup" in run("restore", "nowhere", "--home", "new").err
    monkeypatch.setenv("YUNJIN_TENANT", "other")
    said = run("restore", "copy", "--home", "new")
    assert "expected a backup of tenant other, was of demo: set YUNJIN_TENANT" in said.err
    monkeypatch.delenv("YUNJIN_TENANT")
    monkeypatch.setenv("YUNJIN_LEDGER__CELL", "2")
    assert "set YUNJIN_LEDGER__CELL" in run("restore", "copy", "--home", "new").err
    monkeypatch.delenv("YUNJIN_LEDGER__CELL")
    note = tmp_path / "copy" / backup.NOTE
    told = json.loads(note.read_text())
    for text in ("{", "[]", json.dumps({**told, "form": 2}), json.dumps({**told, "files": {}})):
        note.write_text(text)
        said = run("restore", "copy", "--home", "new")
        assert (said.code, "expected" in said.err, "kernel/bug" in said.err) == (1, True, False)
    assert not (tmp_path / "new").exists()


def test_a_copy_that_changed_since_is_refused_and_leaves_nothing(run: Run, tmp_path: Path) -> None:
    run("ledger", "open")
    run("backup", "copy")
    with (tmp_path / "copy/rooms.db").open("r+b") as file:
        file.seek(5_000)
        file.write(b"\xff")
    said = run("restore", "copy", "--home", "new")
    assert (said.code, "is not what was backed up" in said.err) == (1, True)
    (tmp_path / "copy/rooms.db").unlink()
    assert "was not there" in run("restore", "copy", "--home", "new").err
    assert not any((tmp_path / "new").iterdir())


def test_a_backup_that_breaks_off_leaves_no_half_of_it(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("ledger", "open")

    def full(*_: Any) -> None:
        raise Outage("rooms.db could not be used: database or disk is full.")

    with monkeypatch.context() as patched:
        patched.setattr(backup, "copy_to", full)
        said = run("backup", "copy")
    assert (said.code, "disk is full" in said.err) == (1, True)
    assert not list(tmp_path.glob("copy*"))
    assert run("backup", "copy").code == 0


def test_a_bank_on_a_server_is_left_to_the_servers_tools(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("ledger", "open")
    run("backup", "copy")
    for name in ("DATABASE__URL", "LEDGER__JOURNAL_URL"):
        monkeypatch.setenv(f"YUNJIN_{name}", "mysql+pymysql://root@127.0.0.1:1/x")
        for words in (["backup", "other"], ["restore", "copy", "--home", "new"]):
            said = run(*words)
            assert (said.code, "expected tables and journal in files" in said.err) == (1, True)
            assert "mariadb-dump" in said.err
        monkeypatch.delenv(f"YUNJIN_{name}")

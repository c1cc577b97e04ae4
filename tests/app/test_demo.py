"""Goal: the demo bank is the same every time, and the command line says what happened.

Method: run the real commands in a folder of their own.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from yunjin.app import demo
from yunjin.app.bootstrap import opened
from yunjin.app.settings import Settings
from yunjin.foundation.ledger.api import LedgerApi

CUSTOMER = "demo00007"
README = Path(__file__).parents[2] / "README.md"


def yunjin(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the installed program."""
    program = Path(sys.executable).parent / "yunjin"
    environment = {"YUNJIN_HOME": str(home), "PATH": "/usr/bin:/bin", "HOME": str(home)}
    return subprocess.run(
        [program, *words], capture_output=True, text=True, env=environment, cwd=home, check=False
    )


def test_the_demo_opens_a_bank_that_the_other_commands_can_use(tmp_path: Path) -> None:
    first = yunjin(tmp_path, "demo", "--once", "--json")
    assert first.returncode == 0, first.stderr
    said = json.loads(first.stdout.splitlines()[-1])
    assert said["transfers"] >= 1_000_000
    assert said["trial_balance_minor"] == 0
    assert said["accounts"] > 10_000
    # the same institution on every machine, and as it was when the README was written
    assert said["journal_head"][:16] in README.read_text("utf-8")

    bank = tmp_path / "demo-bank"
    again = yunjin(bank, "demo", "--once", "--json")  # named itself, it is the same bank
    assert json.loads(again.stdout)["journal_head"] == said["journal_head"]
    assert not (bank / "demo-bank").exists()
    verified = yunjin(bank, "ledger", "verify", "--json")
    assert json.loads(verified.stdout)["findings"] == []
    assert CUSTOMER not in yunjin(bank, "ledger", "history", CUSTOMER, "--limit", "3").stderr
    before = json.loads(yunjin(bank, "ledger", "balance", CUSTOMER, "--json").stdout)
    moved = yunjin(bank, "ledger", "transfer", CUSTOMER, "demo00008", "0.05")
    assert moved.stdout.strip() == "created", moved.stderr
    after = json.loads(yunjin(bank, "ledger", "balance", CUSTOMER, "--json").stdout)
    assert int(after["debits_posted"]) == int(before["debits_posted"]) + 5


def test_a_demo_that_was_stopped_goes_on_from_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo, "DAYS", 9)  # the first salaries are paid on the eighth day

    def stopped(day: int, _: int) -> None:
        if day == 7:
            raise KeyboardInterrupt

    with opened(Settings(home=tmp_path / "whole")) as bank:
        ledger: Any = bank.door(LedgerApi)
        demo.load(ledger, 1, lambda *_: None)
        whole = ledger.state().transfer_count, ledger.trial_balance()
    with opened(Settings(home=tmp_path / "stopped")) as bank:
        ledger = bank.door(LedgerApi)
        with pytest.raises(KeyboardInterrupt):
            demo.load(ledger, 1, stopped)
        assert 0 < ledger.state().transfer_count < whole[0]
        assert not demo.is_loaded(ledger)
        demo.load(ledger, 1, lambda *_: None)
        assert demo.is_loaded(ledger)
        assert (ledger.state().transfer_count, ledger.trial_balance()) == whole


def test_a_mistake_is_said_in_words(tmp_path: Path) -> None:
    assert yunjin(tmp_path, "ledger", "open").returncode == 0
    for words, said in (
        (["ledger", "balance", "12"], "Account not found"),
        (["ledger", "transfer", "1", "2", "x"], "Account not found"),
        (["ledger", "balance", "1", "--at", "yesterday"], "Malformed request"),
        (["ledger", "history", "nobody"], "Alias not found"),
    ):
        done = yunjin(tmp_path, *words)
        assert done.returncode == 1
        assert said in done.stderr
        assert "Traceback" not in done.stderr


def test_an_unknown_setting_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "yunjin.toml").write_text("[ledger]\nleese_s = 3\n")
    done = yunjin(tmp_path, "config", "show")
    assert done.returncode == 1
    assert "leese_s" in done.stderr

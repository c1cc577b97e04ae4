"""Goal: the demo bank is the same every time, and the command line says what happened.

Method: run the real commands in a folder of their own.
"""

import json
import subprocess
import sys
from pathlib import Path

CUSTOMER = "demo00007"


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
    again = yunjin(tmp_path, "demo", "--once", "--json")
    assert json.loads(again.stdout)["journal_head"] == said["journal_head"]

    bank = tmp_path / "demo-bank"
    verified = yunjin(bank, "ledger", "verify", "--json")
    assert json.loads(verified.stdout)["findings"] == []
    assert CUSTOMER not in yunjin(bank, "ledger", "history", CUSTOMER, "--limit", "3").stderr
    before = json.loads(yunjin(bank, "ledger", "balance", CUSTOMER, "--json").stdout)
    moved = yunjin(bank, "ledger", "transfer", CUSTOMER, "demo00008", "0.05")
    assert moved.stdout.strip() == "created", moved.stderr
    after = json.loads(yunjin(bank, "ledger", "balance", CUSTOMER, "--json").stdout)
    assert int(after["debits_posted"]) == int(before["debits_posted"]) + 5


def test_a_mistake_is_said_in_words(tmp_path: Path) -> None:
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

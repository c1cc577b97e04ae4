"""Goal: `yunjin agreements` and `yunjin day` do what they say and refuse in words.

Method: the program's own main, in this process, in a folder of its own; an agreement's life and a
closed day, then mistakes on purpose.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from yunjin.app import cli


class Said(NamedTuple):
    """What a command answered."""

    code: int
    out: str
    err: str


Run = Callable[..., Said]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Return a way to give commands in a folder of a new bank."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("YUNJIN_HOME", str(tmp_path / "bank"))
    monkeypatch.setenv("YUNJIN_BANKING__FIRST_DAY", "2026-01-05")
    monkeypatch.setenv("TMPDIR", str(tmp_path))

    def give(*words: str) -> Said:
        monkeypatch.setattr(sys, "argv", ["yunjin", *words])
        with pytest.raises(SystemExit) as end:
            cli.main()
        code = end.value.code
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        return Said(code if isinstance(code, int) else 1, out, err)

    return give


def opened(run: Run, *words: str) -> str:
    """Open a current account; return its id."""
    said = run("agreements", "open", "current-account", "--party", "p-1", *words)
    assert said.code == 0, said.err
    return said.out.strip()


def test_an_account_is_paid_into_held_released_and_shown(run: Run) -> None:
    account = opened(run)
    assert (
        "balance 100.00, available 100.00 CNY" in run("agreements", "post", account, "100.00").out
    )
    held = json.loads(run("agreements", "hold", account, "60", "--json").out)
    assert (held["status"], held["available_minor"]) == ("booked", 4_000)
    refused = run("agreements", "post", account, "-50.00")
    assert (refused.code, "insufficient funds" in refused.out) == (1, True)
    released = run("agreements", "release", account, held["id"])
    assert "available 100.00 CNY" in released.out
    ended = json.loads(run("agreements", "release", account, held["id"], "--json").out)
    assert ended["status"] in ("exists", "hold_ended")
    shown = json.loads(run("agreements", "show", account, "--json").out)
    assert (shown["balance_minor"], shown["held_minor"]) == (10_000, 0)
    assert account in run("agreements", "list").out
    assert "No standing order" in run("agreements", "orders", account).err
    assert "Nothing waits" in run("agreements", "tasks").err


def test_money_goes_from_one_agreement_to_another(run: Run) -> None:
    one, other = opened(run), opened(run)
    run("agreements", "post", one, "10")
    assert "balance 7.50" in run("agreements", "post", one, "-2.50", "--to", other).out
    found = json.loads(run("agreements", "list", "--json").out)
    assert {str(each["agreement_id"]): each["balance_minor"] for each in found} == {
        one: 750,
        other: 250,
    }


def test_days_are_closed_with_a_proof_that_agrees(run: Run) -> None:
    run("agreements", "post", opened(run), "1000")
    closed = run("day", "close", "--until", "2026-01-07")
    assert closed.code == 0, closed.err
    assert "1,000.00" in closed.out
    assert "2026-01-07 closed" in closed.err
    shown = json.loads(run("day", "show", "2026-01-05", "--json").out)
    assert (shown["date"], shown["status"]) == ("2026-01-05", "closed")
    assert shown["proof"]
    listed = json.loads(run("day", "list", "--json").out)
    assert [one["status"] for one in listed] == ["open", "closed", "closed", "closed"]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("agreements", "show", "77"), "no agreement"),
        (("agreements", "post", "77", "1"), "no agreement"),
        (("agreements", "open", "no-such", "--party", "p"), "expected one of"),
        (("agreements", "open", "wallet", "--party", "p", "--term", "x"), "name=whole number"),
        (("agreements", "list", "--status", "odd"), "expected one of"),
        (("day", "show", "tomorrow"), "expected a date such as 2026-01-31"),
        (("day", "show", "1999-01-01"), "1999-01-01"),
        (("day", "close", "--until", "1999-01-01"), "1999-01-01"),
        (("day", "close", "--until", "9999-12-31"), "ahead"),
    ],
)
def test_what_cannot_be_is_said_in_words(run: Run, words: tuple[str, ...], reason: str) -> None:
    opened(run)
    said = run(*words)
    assert said.code == 1
    assert reason in said.err, said.err


def test_a_folder_without_a_bank_is_not_made_into_one_by_reading(run: Run, tmp_path: Path) -> None:
    assert run("agreements", "list").code == 1
    assert run("day", "close").code == 1
    assert not (tmp_path / "bank").exists()

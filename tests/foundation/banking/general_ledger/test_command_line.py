"""Goal: `yunjin gl` books, shows and refuses in words. Method: the program's own main in this
process, on a bank in a folder of its own.
"""

import datetime as dt
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.foundation.banking.general_ledger.books import CLOCK
from yunjin.app import cli
from yunjin.kernel.ids import uuid7

Run = Callable[..., tuple[int, str, str]]
TODAY = "2026-01-05"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Return a way to give commands in a folder with a bank."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("YUNJIN_HOME", str(tmp_path / "bank"))
    monkeypatch.setenv("YUNJIN_BANKING__FIRST_DAY", TODAY)

    def give(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["yunjin", *words])
        with pytest.raises(SystemExit) as end:
            cli.main()
        out, err = capsys.readouterr()
        code = end.value.code
        return code if isinstance(code, int) else 0, out, err

    assert give("ledger", "open")[0] == 0
    return give


def test_an_entry_is_booked_shown_reported_and_reversed(run: Run, tmp_path: Path) -> None:
    words = ("--reason", "rent", "--by", "Li Wei", "--id", str(uuid7(CLOCK)), "--json")
    lines = ("--debit", "6601=200.00", "--debit", "6403=100", "--credit", "1003=300.00")
    code, out, err = run("gl", "enter", TODAY, *lines, *words)
    assert code == 0, err
    entry = json.loads(out)
    assert [line["debit_minor"] for line in entry["lines"]] == [20_000, 10_000, 0]
    moved = json.loads(run("gl", "transfers", entry["number"], "3", "--json")[1])["items"]
    assert [(one["code"], one["credit_minor"]) for one in moved] == [(5, 30_000)]
    assert "1 transfers" in run("gl", "transfers", entry["number"], "3")[1]
    assert json.loads(run("gl", "enter", TODAY, *lines, *words)[1]) == entry
    shown = run("gl", "entry", entry["number"])[1]
    assert "fund_source" in shown
    assert "300.00" in shown
    table = tmp_path / "trial.csv"
    code, out, _ = run("gl", "trial-balance", TODAY, "--csv", str(table), "--language", "en")
    assert code == 0
    assert "Due from the central bank" in out
    assert table.read_bytes().startswith(b"\xef\xbb\xbfaccount,name")
    sheet = json.loads(run("gl", "balance-sheet", TODAY, "--json")[1])
    assert sheet["checks"] == [
        {"currency": "CNY", "difference_minor": 0, "prior_difference_minor": 0}
    ]
    assert "净利润" in run("gl", "income-statement", "2026-01-01", TODAY)[1]
    back = ("--date", TODAY, "--reason", "wrong", "--by", "Chen", "--json")
    assert json.loads(run("gl", "reverse", entry["number"], *back)[1])["reverses"] == "1"
    items = json.loads(run("gl", "lines", "66", "--json")[1] or "{}")
    assert items["code"] == "banking/gl-account-not-found"
    assert len(json.loads(run("gl", "lines", "6601", "--json")[1])["items"]) == 2
    assert run("gl", "periods")[1].startswith("2026-01  open")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("enter", TODAY, "--debit", "6601", "--credit", "2202=1"), "kernel/malformed"),
        (("enter", TODAY, "--debit", "6601=1", "--credit", "2202=2"), "banking/unbalanced"),
        (("enter", TODAY, "--debit", "6601=1", "--credit", "201101=1"), "banking/control-account"),
        (("enter", "5.1.2026", "--debit", "6601=1", "--credit", "2202=1"), "kernel/malformed"),
    ],
)
def test_what_will_not_do_is_refused_in_words(run: Run, words: tuple[str, ...], code: str) -> None:
    said, out, err = run("gl", *words, "--reason", "x", "--by", "Li", "--json")
    assert said == 1
    assert json.loads(out)["code"] == code
    assert "Traceback" not in err


def test_months_that_are_not_over_are_not_closed(run: Run) -> None:
    code, _, err = run("gl", "close", "2026-01", "--by", "Chen")
    assert code == 1
    assert "expected all business days up to 2026-01-31 to be closed" in err
    assert run("gl", "year-end", "2026", "--by", "Chen")[0] == 1
    assert "deposits" in run("gl", "accounts")[1]
    since = str(dt.date(2026, 2, 1))
    assert run("gl", "map", "fee_income", "6051", "--since", since)[0] == 1
    assert run("gl", "map", "fee_income", "605109", "--since", since)[0] == 0

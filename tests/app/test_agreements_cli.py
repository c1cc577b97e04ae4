"""Goal: `yunjin agreements` and `yunjin day` do what they say and refuse in words.

Method: the program's own main, in this process, in a folder of its own; an agreement's life and a
closed day, then mistakes on purpose.
"""

import datetime as dt
import json
import re
import sys
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from yunjin.app import cli
from yunjin.app.commands import days
from yunjin.foundation.banking.api.days import DayReport


class Said(NamedTuple):
    """What a command answered."""

    code: int
    out: str
    err: str


Run = Callable[..., Said]
LOAN = ("agreements", "open", "instalment-loan", "--party", "p", "--term", "amount=100000")


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


def test_an_agreement_is_shown_to_people_and_to_programs(run: Run) -> None:
    loan = run(*LOAN, "--term", "term=6", "--term", "rate=60000").out.strip()
    shown = run("agreements", "show", loan).out
    assert f"{loan}  instalment-loan, version 1, of p\nopen since 2026-01-05, at head\n" in shown
    for kind, name, value in (
        ("balance", "main", "1,000.00 CNY"),
        ("accrued", "interest", "0.00000000 minor units"),
        ("term", "rate", "60,000"),
        ("next", "due", "2026-02-05"),
    ):
        assert re.search(rf"{kind}\W+{name}\W+{re.escape(value)}", shown), (name, shown)
    assert "{" not in shown
    assert json.loads(run("agreements", "show", loan, "--json").out)["terms"]["rate"] == 60_000
    account = opened(run, "--note", "for the rent")
    run("agreements", "close", account)
    shown = run("agreements", "show", account).out
    assert "closed since 2026-01-05 until 2026-01-05, at head\nfor the rent\n" in shown


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


@pytest.mark.parametrize(("status", "word"), [("closing", "close"), ("opening", "opening")])
def test_who_looks_at_a_close_that_stopped_is_told_what_brings_it_on(
    run: Run, monkeypatch: pytest.MonkeyPatch, status: str, word: str
) -> None:
    class Days:
        """A bank whose process died in the middle of a close."""

        def days(self, *, limit: int) -> list[DayReport]:
            return [self.day(dt.date(2026, 1, 5))]

        def day(self, date: dt.date) -> DayReport:
            nothing: dict[str, Any] = {"agreements": 0, "transfers": 0, "waiting": 0, "seconds": 0}
            return DayReport(date=date, status=status, sums=(), steps=(), proof=(), **nothing)

    monkeypatch.setattr(days, "_opened", lambda home: nullcontext(Days()))
    for words in (("list",), ("show", "2026-01-05")):
        said = run("day", *words)
        assert f"The {word} of 2026-01-05 goes on while a process has the bank open" in said.err
    assert json.loads(run("day", "list", "--json").out)[0]["status"] == status


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("agreements", "show", "77"), "no agreement"),
        (("agreements", "post", "77", "1"), "no agreement"),
        (("agreements", "open", "no-such", "--party", "p"), "expected one of"),
        (("agreements", "open", "wallet", "--party", "p", "--term", "x"), "name=whole number"),
        ((*LOAN, "--term", "term=0", "--term", "rate=60000"), "expected term from 1 to 480"),
        ((*LOAN, "--term", "term=6", "--term", "rate=240001"), "expected rate from 0 to 240000"),
        ((*LOAN, "--term", "term=6", "--term", "rate=2", "--term", "term=1e9"), "whole number"),
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


@pytest.mark.slow
def test_a_hold_is_taken_in_part_and_an_entry_reversed(run: Run) -> None:
    account = opened(run)
    paid = json.loads(run("agreements", "post", account, "100", "--against", "cash", "--json").out)
    hold = json.loads(run("agreements", "hold", account, "60", "--json").out)["id"]
    assert "balance 75.00, available 75.00" in run("agreements", "capture", account, hold, "25").out
    again = run("agreements", "post", account, "100", "--against", "cash", "--id", paid["id"])
    assert again.out.startswith("exists")
    reversed_ = run("agreements", "reverse", account, paid["id"])
    assert (reversed_.code, reversed_.out.split(":")[0]) == (1, "refused")  # 75.00 are not 100.00
    run("agreements", "post", account, "25")
    assert "balance 0.00" in run("agreements", "reverse", account, paid["id"]).out


def test_terms_versions_and_the_end_are_given_as_commands(run: Run) -> None:
    account = opened(run)
    overdraft = run("agreements", "set", account, "overdraft_limit=50000", "--by", "Li Wei")
    assert (overdraft.code, overdraft.out) == (0, "overdraft_limit is 50,000\n")
    assert json.loads(run("agreements", "convert", "1", account, "--json").out) == {"converted": 0}
    assert run("agreements", "convert", "9", account).code == 1
    closed = run("agreements", "close", account)
    assert closed.out == "closed on 2026-01-05\n"
    assert "not open" in run("agreements", "close", account).err


def test_a_standing_order_is_kept_listed_and_ended(run: Run) -> None:
    one, other = opened(run), opened(run)
    kept = run("agreements", "order", one, other, "12.50", "--first", "2026-02-28", "--json")
    order = json.loads(kept.out)
    assert (order["amount_minor"], order["next"]) == (1_250, "2026-02-28")
    assert "12.50" in run("agreements", "orders", one).out
    assert run("agreements", "end-order", one, order["order_id"]).out == "ended\n"
    assert "ended" in run("agreements", "orders", one).out
    assert "no standing order" in run("agreements", "end-order", other, order["order_id"]).err
    assert "no task 7" in run("agreements", "settle", "7").err


def test_what_the_customer_was_told_is_listed(run: Run) -> None:
    words = ("credit-card", "--party", "p", "--term", "limit=500000", "--term", "statement_day=6")
    card = run("agreements", "open", *words).out.strip()
    run("agreements", "post", card, "-123")
    assert "No notice" in run("agreements", "notices", card).err
    run("day", "close", "--until", "2026-01-06")
    assert run("agreements", "notices", card).out == "2026-01-06  card-statement\n"
    (told,) = json.loads(run("agreements", "notices", card, "--json").out)
    assert (told["date"], told["code"]) == ("2026-01-06", "card-statement")
    assert run("agreements", "notices", "77").code == 1


@pytest.mark.slow
def test_how_books_are_kept_is_told_and_set(run: Run) -> None:
    opened(run)
    words = ("--zh", "测试", "--en", "Trial", "--element", "expense", "--json")
    made = run("gl", "add-account", "6699", *words)
    assert json.loads(made.out)["name_en"] == "Trial"
    assert "all is on accrual" in run("gl", "rules").err
    assert "is on cash" in run("gl", "set-rule", "wallet", "cash", "--since", "2026-01-05").out
    assert json.loads(run("gl", "rules", "--json").out)[0]["rule"] == "cash"
    found = json.loads(run("gl", "mappings", "--date", "2026-01-05", "--json").out)
    assert found["complaints"] == []
    assert any(one["slot"].lower() == "deposits" for one in found["items"])
    assert json.loads(run("gl", "entries", "--json").out) == []
    assert "expected a kind of" in run("gl", "entries", "--kind", "odd").err
    assert "accrual or cash" in run("gl", "set-rule", "wallet", "x", "--since", "2026-01-05").err

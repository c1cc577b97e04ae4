"""Goal: the command line says what happened, what it expected and what to do, and never with a
traceback. Method: the program's own main, in this process, in a folder of its own; mistakes on
purpose.
"""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.app.commanding import Run, giver
from yunjin.app.commands import opening


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Return a way to give commands in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("YUNJIN_HOME", str(tmp_path / "bank"))
    monkeypatch.setenv("TMPDIR", str(tmp_path))

    return giver(monkeypatch, capsys)


def opened(run: Run, *words: str) -> str:
    """Open an account; return its id."""
    said = run("ledger", "open", *words)
    assert said.code == 0, said.err
    return said.out.strip()


def test_a_folder_without_a_bank_is_no_sound_bank_and_stays_untouched(
    run: Run, tmp_path: Path
) -> None:
    statement = tmp_path / "statement.xml"
    statement.write_text("<x/>")
    for words in (
        ["ledger", "verify"],
        ["ledger", "history", "1"],
        ["ledger", "transfer", "1", "2", "3"],
        ["import", str(statement)],
    ):
        said = run(*words)
        assert said.code == 1
        assert "There is no bank in" in said.err
        assert "--home" in said.err
    assert not (tmp_path / "bank").exists()


def test_a_disk_that_may_only_be_read_is_told(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    opened(run)
    values = list(os.statvfs("."))
    values[8] |= os.ST_RDONLY
    monkeypatch.setattr(os, "statvfs", lambda path: os.statvfs_result(values))
    said = run("ledger", "verify")
    assert (said.code, "may only be read" in said.err, "Mount it" in said.err) == (1, True, True)


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (("import", "some.csv", "--mapping", "no.toml"), "file that is there, was no.toml"),
        (("import", "some.csv", "--mapping", "folder"), "file, was the folder folder"),
        (("import", "some.csv", "--xsd", "nowhere"), "folder that is there, was nowhere"),
        (("import", "some.csv", "--xsd", "some.csv"), "folder, was the file some.csv"),
        (("import", "no.csv"), "files, were not there: no.csv"),
        (("products", "show", "no.py"), "file that is there, was no.py"),
        (("products", "check", "folder"), "file, was the folder folder"),
        (("products", "register", "no.txt"), "file that is there, was no.txt"),
        (
            ("products", "simulate", "no.py", "--start", "2026-01-01", "--end", "2026-01-02"),
            "no.py",
        ),
        (("ledger", "export", "nowhere/x.parquet"), "in a folder that is there"),
    ],
    ids=lambda words: " ".join(words) if isinstance(words, tuple) else "",
)
def test_a_file_or_folder_that_is_not_there_is_told_in_words(
    run: Run, tmp_path: Path, words: tuple[str, ...], wanted: str
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "some.csv").write_text("a,b\n")
    said = run(*words)
    assert said.code == 1
    assert "expected a" in said.err or "expected files" in said.err
    assert wanted in said.err
    assert "Errno" not in said.err


def test_a_file_instead_of_the_folder_is_told(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for words in (["ledger", "open"], ["serve"], ["demo", "--once"]):
        said = run(*words, "--home", "file")
        assert said.code == 1
        assert "expected a folder for the data, was the file" in said.err


def test_a_folder_that_may_not_be_written_is_told(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(run)
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert "may not be written by this user" in run("ledger", "balance", "1").err


def test_accounts_of_a_currency_share_its_ledger(run: Run) -> None:
    opened(run)
    told = [
        json.loads(run("ledger", "open", "--currency", currency, "--json").out)
        for currency in ("EUR", "CNY", "EUR")
    ]
    assert [one["ledger"] for one in told] == [2, 1, 2]


def test_a_transfer_is_told_to_people_and_to_programs(run: Run) -> None:
    bank, customer = opened(run, "--unlimited"), opened(run, "--overdraft", "10")
    assert "No transfer has touched" in run("ledger", "history", bank).err
    first = json.loads(run("ledger", "transfer", bank, customer, "12.34", "--json").out)
    again = run("ledger", "transfer", bank, customer, "12.34", "--id", first["id"])
    assert (first["status"], again.out) == ("created", "exists\n")
    line = json.loads(run("ledger", "history", customer, "--json").out)["items"][0]
    assert (line["id"], line["amount_minor"]) == (first["id"], 1234)
    totals = json.loads(run("ledger", "balance", customer, "--json").out)
    assert (totals["credits_posted"], totals["currency"]) == (1234, "CNY")
    refused = run("ledger", "transfer", customer, bank, "99", "--json")
    assert refused.code == 1
    assert json.loads(refused.out)["code"] == "ledger/transfer-refused"
    assert "docs/ledger.md" in refused.err
    verified = json.loads(run("ledger", "verify", "--json").out)
    assert (verified["transfers"], verified["is_sound"]) == (1, True)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["balance", "9999999999999999999"], "No account is known as"),
        (["balance", "٣"], "No account is known as"),
        (["balance", "1", "--at", "yesterday"], "expected an instant with its zone"),
        (["transfer", "1", "2", "3", "--id", "x"], "expected a UUID"),
        (["open", "--overdraft", "-5"], "expected an overdraft of 0 or more, was -5"),
        (["open", "--overdraft", "5", "--unlimited"], "expected --overdraft or --unlimited"),
        (["open", "--currency", "cny"], "expected three capitals, an ISO 4217 code"),
        (["open", "--currency", "ZZZ"], "an ISO 4217 code such as CNY, was 'ZZZ'"),
        (["open", "--overdraft", "9" * 20], "expected at most 90071992547409.91 CNY, was 999"),
        (["export", "nowhere/x.parquet"], "expected a file in a folder that is there"),
        (["export", "."], "expected a file to write, was the folder"),
    ],
)
def test_a_mistake_is_answered_with_what_was_expected(
    run: Run, words: list[str], expected: str
) -> None:
    opened(run)
    said = run("ledger", *words)
    assert said.code == 1
    assert expected in said.err


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        ("x", "expected a decimal amount"),
        ("90071992547409.92", "expected at most 90071992547409.91 CNY"),
        ("9" * 20, "expected at most 90071992547409.91 CNY"),
    ],
)
def test_an_amount_that_cannot_be_read_is_told_before_an_id_is_given(
    run: Run, amount: str, expected: str
) -> None:
    sides = opened(run, "--unlimited"), opened(run, "--unlimited")
    said = run("ledger", "transfer", *sides, amount)
    assert expected in said.err
    assert "transfer 0" not in said.err


def test_a_currency_that_is_none_makes_no_bank(run: Run, tmp_path: Path) -> None:
    assert run("ledger", "open", "--currency", "XXX").code == 1
    assert not (tmp_path / "bank").exists()


def test_a_journal_that_was_cut_is_not_called_sound(run: Run, tmp_path: Path) -> None:
    import sqlite3

    opened(run)
    with sqlite3.connect(tmp_path / "bank" / "demo" / "cell-1.journal.db") as journal:
        journal.execute(
            "delete from ledger_journal where sequence = (select max(sequence) from ledger_journal)"
        )
    journal.close()
    said = run("ledger", "verify")
    assert said.code == 1
    assert "NOT SOUND: delete nothing" in said.out
    assert json.loads(run("ledger", "verify", "--json").out)["is_sound"] is False


@pytest.mark.parametrize("content", [b"", b"\0" * 1024])
def test_a_head_that_was_zeroed_or_cut_is_found_by_verify_and_mended_by_the_next_commit(
    run: Run, tmp_path: Path, content: bytes
) -> None:
    opened(run)
    head = tmp_path / "bank" / "demo" / "cell-1.head"
    head.write_bytes(content)
    said = run("ledger", "verify")
    assert said.code == 1
    assert "the head kept apart is unreadable" in said.out
    opened(run)
    assert json.loads(run("ledger", "verify", "--json").out)["is_sound"] is True


def test_settings_that_are_wrong_are_named_with_their_place(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "yunjin.toml"
    file.write_text("nonsense")
    assert "yunjin.toml in TOML" in run("config", "show").err
    file.write_text("[http]\nprot = 1\nport = 99999\n")
    said = run("config", "show").err
    assert "http.port: expected less than or equal to 65535, was '99999' (yunjin.toml)" in said
    assert "was http.prot (yunjin.toml)" in said
    file.unlink()
    monkeypatch.setenv("YUNJIN_HTTP__PORT", "x")
    assert "was 'x' (YUNJIN_HTTP__PORT)" in run("config", "show").err
    monkeypatch.delenv("YUNJIN_HTTP__PORT")
    monkeypatch.setenv("YUNJIN_PORT", "1")
    said = run("config", "show", "--json")
    assert "YUNJIN_PORT is no setting" in said.err
    assert json.loads(said.out)["http.port"]["source"] == "default"


def test_a_setting_that_could_not_work_is_told(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YUNJIN_LEDGER__BLOOM_WORDS", "100")
    said = run("config", "show").err
    assert "ledger.bloom_words: expected a power of two, was '100'" in said
    monkeypatch.delenv("YUNJIN_LEDGER__BLOOM_WORDS")
    monkeypatch.setenv("YUNJIN_LEDGER__JOURNAL_URL", "mysql://clerk:secret@127.0.0.1/bank")
    assert "secret" not in run("config", "show").out


def test_damaged_tables_are_told_with_the_file_and_the_way_back(run: Run, tmp_path: Path) -> None:
    opened(run)
    rooms = tmp_path / "bank" / "demo" / "rooms.db"
    rooms.write_bytes(b"no database at all" * 999)
    said = run("ledger", "verify")
    assert said.code == 1
    assert "Database damaged: demo/rooms.db is damaged: file is not a database." in said.err
    assert "restore it from the last backup" in said.err
    assert "docs/operator.md" in said.err


def test_a_fault_of_the_program_keeps_its_traceback_in_a_file(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("surprise")

    monkeypatch.setattr(opening, "load_settings", broken)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    said = run("ledger", "verify", "--json")
    assert said.code == 1
    assert "Internal error: RuntimeError: surprise" in said.err
    assert json.loads(said.out)["code"] == "kernel/bug"
    [kept] = tmp_path.glob("yunjin-*.txt")
    assert kept.name in said.err
    assert "Traceback" in kept.read_text(encoding="utf-8")


def test_a_full_disk_and_ctrl_c_are_told(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(error: BaseException) -> Callable[..., None]:
        def fail(*_: object, **__: object) -> None:
            raise error

        return fail

    monkeypatch.setattr(opening, "load_settings", failing(OSError(28, "No space left", "disk")))
    assert "disk: No space left\n  Make room" in run("ledger", "verify").err
    monkeypatch.setattr(opening, "load_settings", failing(KeyboardInterrupt()))
    said = run("ledger", "verify")
    assert (said.code, "What was done is kept" in said.err) == (130, True)


def test_a_folder_to_import_and_a_report_that_cannot_be_written_are_told_before_anything_is_done(
    run: Run, tmp_path: Path
) -> None:
    (tmp_path / "folder").mkdir()
    assert "expected files, were folders: folder" in run("import", "folder").err
    (tmp_path / "a.xml").touch()
    said = run("import", "a.xml", "--open-accounts", "--report", "nowhere/report.csv")
    assert "expected a file in a folder that is there" in said.err
    assert not (tmp_path / "bank").exists()

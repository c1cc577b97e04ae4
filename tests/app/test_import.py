"""Goal: `yunjin import` tells people and programs what became of each file. Method: the command as
it is typed, on golden files and a folder of its own.
"""

import csv
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.data import ROOT
from yunjin.app.cli import app
from yunjin.kernel.errors import Malformed

GOLDEN = ROOT / "tests" / "golden"
DAY = GOLDEN / "iso20022" / "camt.053.001.02.one_day.xml"
GAP = GOLDEN / "iso20022" / "camt.053.001.08.refused_line.xml"


@pytest.fixture
def run(tmp_path: Path) -> object:
    """Return a function that runs the command in a fresh folder."""

    def command(*words: object) -> Result:
        return CliRunner().invoke(
            app, ["import", *map(str, words), "--home", str(tmp_path / "home")]
        )

    return command


def test_a_clean_file_is_reported_and_exits_0(run) -> None:
    done = run(DAY, "--open-accounts")
    assert done.exit_code == 0
    assert done.stdout.splitlines()[1] == (
        "  6 taken, 0 known, 2 skipped, 0 refused; 2 accounts opened"
    )
    assert "statement 2025-03-03/1: reconciled" in done.stdout
    again = run(DAY)
    assert again.exit_code == 0
    assert "0 taken, 5 known" in again.stdout


def test_a_dry_run_says_so_and_leaves_nothing(run) -> None:
    done = run(DAY, "--open-accounts", "--dry-run")
    assert done.exit_code == 0
    assert "dry run" in done.stdout
    assert "ACCOUNT_UNKNOWN" in run(DAY).stdout


def test_refusals_differences_and_a_bad_file_exit_1_and_the_others_go_on(
    run, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.xml"
    bad.write_bytes(DAY.read_bytes()[:900])
    report = tmp_path / "report.csv"
    done = run(bad, GAP, DAY, "--open-accounts", "--report", report)
    assert done.exit_code == 1
    assert "bad.xml: refused: line 19: expected well-formed XML" in done.stdout
    assert "refused line 27 /BkToCstmrStmt/Stmt[1]/Ntry[3]: AMOUNT_MALFORMED" in done.stdout
    assert "statement yen: DIFFERS from line 27" in done.stdout
    assert "6 taken, 0 known, 2 skipped" in done.stdout
    with report.open(encoding="utf-8-sig", newline="") as source:
        rows = list(csv.DictReader(source))
    assert [row["file"] for row in rows[:2]] == ["bad.xml", GAP.name]
    assert sum(row["outcome"] == "refused" for row in rows) == 6


def test_json_is_one_object_with_every_line(run, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    done = run(DAY, "--open-accounts", "--json", "--report", report)
    values = json.loads(done.stdout)
    assert values == json.loads(report.read_text(encoding="utf-8"))
    [file] = values["files"]
    assert len(file["lines"]) == 8
    assert file["reconciliations"][0]["difference"] is None


def test_csv_is_read_by_its_mapping(run) -> None:
    folder = GOLDEN / "csv"
    done = run(folder / "giro.csv", "--mapping", folder / "giro.toml", "--open-accounts")
    assert done.exit_code == 1
    assert "4 taken, 0 known, 0 skipped, 3 refused" in done.stdout
    assert "expected 1090.00, was 1100.00 EUR in the ledger" in done.stdout


def test_a_nostro_is_named_for_one_or_for_all_currencies(run) -> None:
    done = run(DAY, "--open-accounts", "--nostro", "EUR=target2", "--nostro", "other")
    assert done.exit_code == 0
    with pytest.raises(Malformed, match="ALIAS or EUR=ALIAS"):
        raise run(DAY, "--nostro", "EURO=x").exception
    with pytest.raises(Malformed, match="one nostro for all currencies"):
        raise run(DAY, "--nostro", "x", "--nostro", "y").exception


def test_a_file_that_is_not_there_is_told_before_anything_is_done(run) -> None:
    with pytest.raises(Malformed, match=r"were not there: nowhere\.xml"):
        raise run(DAY, "nowhere.xml").exception


def test_a_spreadsheet_is_kept_from_running_a_strangers_text(run, tmp_path: Path) -> None:
    evil = tmp_path / "evil.xml"
    evil.write_bytes(DAY.read_bytes().replace(b">A-1<", b">=HYPERLINK(1)<"))
    report = tmp_path / "report.csv"
    run(evil, "--open-accounts", "--report", report)
    assert ",'=HYPERLINK(1)" in report.read_text(encoding="utf-8-sig")

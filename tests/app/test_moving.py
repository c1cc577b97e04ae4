"""Goal: the commands that move cells say what is wrong before they change anything.

Method: the command line itself; a whole move by it is in tests/foundation/ledger/sets.
"""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.app.test_serving import free_ports
from tests.mariadb import MariaDb, mariadb
from yunjin.app.cli import app
from yunjin.kernel.errors import Malformed, Outage, Refusal

__all__ = ["mariadb"]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_cell_in_a_file_cannot_be_moved() -> None:
    found = run("fleet", "cell", "move", "1", "--to", "mysql://a:b@127.0.0.1:1/c")
    assert isinstance(found.exception, Malformed)
    assert "expected ledger.journal_url" in found.exception.detail


def test_what_is_no_set_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YUNJIN_LEDGER__JOURNAL_URL", "mysql://a:b@127.0.0.1:1/c")
    found = run("fleet", "cell", "move", "1", "--to", "nowhere")
    assert isinstance(found.exception, Refusal)


@pytest.mark.mariadb
def test_a_cell_that_is_not_there_is_told_with_the_place(
    mariadb: MariaDb, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = mariadb.fresh_url(), mariadb.fresh_url()
    monkeypatch.setenv("YUNJIN_LEDGER__JOURNAL_URL", here)
    found = run("fleet", "cell", "move", "7", "--to", there)
    assert isinstance(found.exception, Refusal)
    place = here.rpartition("@")[2]
    assert found.exception.detail == f"There is no cell 7 on {place}."


def test_nobody_at_the_address_is_told() -> None:
    [port] = free_ports(1)
    found = run("ledger", "hand-over", f"http://127.0.0.1:{port}")
    assert isinstance(found.exception, Outage)
    assert "Nobody answers" in found.exception.detail

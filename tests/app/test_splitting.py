"""Goal: an operator splits a cell by one command, and whoever asks over HTTP is told of it.

Method: the processes of a cell over MariaDB, listening in this process; the command as it is typed.
"""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner, Result

from tests.foundation.ledger.sets.cells import ACCOUNTS, ONE, TWO, opened
from tests.foundation.ledger.sets.test_hand_over import Reached
from tests.mariadb import MariaDb, mariadb
from yunjin.app import cli
from yunjin.app.settings import Settings
from yunjin.foundation.ledger.errors import NobodyFollows, SplitRefused
from yunjin.kernel import tenant
from yunjin.kernel.clock import SystemClock
from yunjin.kernel.ids import account_id, uuid7

__all__ = ["mariadb"]
pytestmark = pytest.mark.mariadb
FAR = account_id(1, 1_025)


@pytest.fixture
def reached(
    tmp_path: Path, mariadb: MariaDb, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Reached, str]]:
    url = mariadb.fresh_url()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("YUNJIN_LEDGER__JOURNAL_URL", url)
    with tenant.entered("demo"), ExitStack() as closing:
        made = Reached(tmp_path, url, closing)
        made.cells[0].writer.wait_until_leading()
        far = {"id": FAR, "ledger": 1, "code": 7}
        made.cells[0].served.open_accounts([*ACCOUNTS, far])
        yield made, url


def split(*more: str, answer: str = "") -> Result:
    command = ["fleet", "cell", "split", "1", "--into", "5", *more]
    return CliRunner().invoke(cli.app, command, input=answer)


def paid(address: str, debit: int, credit: int, **more: Any) -> httpx.Response:
    body = {
        "id": str(uuid7(SystemClock())),
        "debit_account_id": str(debit),
        "credit_account_id": str(credit),
        "amount_minor": 5,
        "ledger": 1,
        "code": 1,
        **more,
    }
    return httpx.post(f"{address}/v1/transfers", json=body, timeout=10)


def test_it_is_split_by_one_command_that_may_be_given_again(
    reached: tuple[Reached, str], tmp_path: Path
) -> None:
    made, url = reached
    assert paid(made.http[0], ONE, FAR).status_code == 201
    assert split(answer="n\n").exit_code == 1
    waits = split("--yes", "--wait-s", "0")
    assert isinstance(waits.exception, NobodyFollows)
    assert "start a process with ledger.cell=5" in str(waits.exception)
    five = opened(
        tmp_path / "five",
        url,
        made.cells[0].writer._clock,
        cell=5,
        stands_by=True,
        flight_address="grpc://five:1",
        http_address="http://five:2",
    )
    try:
        done = split("--yes", "--wait-s", "20")
        assert done.exit_code == 0, done.output
        assert done.stdout.startswith("cell 5 has half of cell 1: row ")
        again = json.loads(split("--yes", "--json").stdout)
        assert (again["is_done"], again["pause_ms"], again["writer"]["http"]) == (
            True,
            0,
            "http://five:2",
        )
        members = httpx.get(f"{made.http[0]}/v1/members").json()["items"]
        shares = {x["cell"]: (x["home"], x["depth"], x["residue"]) for x in members if x["writes"]}
        assert shares == {1: (1, 1, 0), 5: (1, 1, 1)}
        five.writer.wait_until_leading()
        given_up = split("--give-up")
        assert isinstance(given_up.exception, SplitRefused)
    finally:
        five.close()


def test_who_asks_over_http_is_told_where_the_accounts_are(
    reached: tuple[Reached, str], tmp_path: Path
) -> None:
    made, url = reached
    five = opened(tmp_path / "early", url, made.cells[0].writer._clock, cell=4, stands_by=True)
    five.close()
    assert isinstance(split("--yes", "--wait-s", "0").exception, NobodyFollows)
    five = opened(
        tmp_path / "five",
        url,
        made.cells[0].writer._clock,
        cell=5,
        stands_by=True,
        flight_address="grpc://five:1",
    )
    try:
        assert split("--yes", "--wait-s", "20").exit_code == 0
        moved = paid(made.http[0], FAR, ONE)
        told = moved.json()
        assert (moved.status_code, told["code"], told["cell"]) == (503, "ledger/account-moved", 5)
        crosses = paid(made.http[0], ONE, FAR)
        assert (crosses.status_code, crosses.json()["result"]) == (409, "credit_account_moved")
        assert paid(made.http[0], ONE, TWO).status_code == 201
        looked = httpx.get(f"{made.http[0]}/v1/accounts/{FAR}")
        assert (looked.status_code, looked.json()["cell"]) == (503, 5)
        asked = {"epoch": 1, "into": 6, "wait_s": 0}
        refused = httpx.post(f"{made.http[1]}/v1/cell/split", json=asked)
        assert refused.json()["code"] == "ledger/not-leading"
    finally:
        five.close()


def test_a_cell_in_a_file_is_not_split(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert not Settings(home=tmp_path).ledger.journal_url
    assert "expected ledger.journal_url" in str(split("--yes").exception)

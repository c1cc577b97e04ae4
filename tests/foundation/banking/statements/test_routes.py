"""Goal: papers come over HTTP and on the command line as they were asked for; refusals are told.

Method: the routes and commands over the services and a ledger of a few lines.
"""

import datetime as dt
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from tests.foundation.banking.statements.fakes import a_quarter, services
from yunjin.app.commands import statements as command
from yunjin.chassis.transport import install_problems
from yunjin.foundation.banking.api.statements import StatementsApi
from yunjin.foundation.banking.routes.statements import router
from yunjin.kernel.errors import Malformed

PATH = "/v1/agreements/77/statement"
QUARTER = {"start": "2026-01-01", "end": "2026-03-31"}
WORDS = ["--start", "2026-01-01", "--end", "2026-03-31"]


@pytest.fixture
def client() -> Iterator[TestClient]:
    api = FastAPI()
    install_problems(api)
    api.include_router(router(*services(a_quarter(), lines_max=4, rows_max=4)), prefix="/v1")
    with TestClient(api, raise_server_exceptions=False) as made:
        yield made


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    service, writer = services(a_quarter())

    @contextmanager
    def bank_of(home: Path | None) -> Iterator[Any]:
        yield SimpleNamespace(door=lambda api: service if api is StatementsApi else writer)

    monkeypatch.setattr(command, "bank_of", bank_of)
    return CliRunner()


def test_json_is_exact_and_speaks_the_language_asked_for(client: TestClient) -> None:
    found = client.get(PATH, params={**QUARTER, "lang": "en"}).json()
    assert (found["opening_minor"], found["closing_minor"]) == (0, 5_000_529_40)
    first = found["lines"][0]
    assert (first["text"], first["counterparty"]) == ("Transfer in", "Clearing")
    assert first["posted_at"] == "2026-01-05T01:00:00.000000000Z"
    assert (found["agreement_id"], found["account_id"]) == ("77", "1001")
    assert client.get(PATH, params=QUARTER).json()["lines"][0]["text"] == "转入"


@pytest.mark.parametrize(
    ("params", "accept", "media", "start"),
    [
        ({"format": "pdf"}, "", "application/pdf", b"%PDF-"),
        ({}, "application/pdf", "application/pdf", b"%PDF-"),
        ({}, "text/csv;q=1, */*", "text/csv; charset=utf-8", b"\xef\xbb\xbf"),
        ({"format": "csv"}, "application/json", "text/csv; charset=utf-8", b"\xef\xbb\xbf"),
        ({"format": "json"}, "application/pdf", "application/json", b"{"),
        ({}, "*/*", "application/json", b"{"),
    ],
)
def test_the_form_is_the_one_asked_for(
    client: TestClient, params: dict[str, str], accept: str, media: str, start: bytes
) -> None:
    answer = client.get(PATH, params={**QUARTER, **params}, headers={"accept": accept})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == media
    assert answer.content.startswith(start)


def test_a_file_has_a_name(client: TestClient) -> None:
    answer = client.get(PATH, params={**QUARTER, "format": "pdf"})
    assert answer.headers["content-disposition"] == 'attachment; filename="statement-77.pdf"'


def test_a_statement_over_http_can_be_verified(client: TestClient) -> None:
    seal = client.get(PATH, params=QUARTER).json()["seal"]
    good = client.get(f"{PATH}/verification", params={**QUARTER, **seal}).json()
    assert good == {"is_genuine": True, "is_chained": True, "is_same": True}
    bad = client.get(f"{PATH}/verification", params={**QUARTER, **seal, "digest": "0" * 64}).json()
    assert bad == {"is_genuine": False, "is_chained": True, "is_same": False}


def test_balances_and_certificates_have_addresses(client: TestClient) -> None:
    on = client.get("/v1/agreements/77/balances", params={"date": "2026-03-22"}).json()
    assert on["balances"] == {"main": 5_001_529_40}
    at = client.get("/v1/agreements/77/balances", params={"at": "2026-01-05T01:00:00Z"}).json()
    assert at["balances"] == {"main": 5_000_000_00}
    interest = client.get("/v1/agreements/77/interest", params=QUARTER).json()
    assert (interest["earned_minor"], interest["accrued_earned_minor"]) == (2_763_96, 13)


@pytest.mark.parametrize(
    ("path", "params", "status", "code"),
    [
        (PATH, {}, 422, "kernel/malformed"),
        (PATH, {**QUARTER, "format": "xls"}, 422, "kernel/malformed"),
        (PATH, {**QUARTER, "lang": "fr"}, 422, "kernel/malformed"),
        (PATH, {**QUARTER, "colour": "red"}, 422, "kernel/malformed"),
        (PATH, {"start": "2026-02-01", "end": "2026-01-01"}, 422, "kernel/malformed"),
        (PATH, {**QUARTER, "end": "2026-04-30"}, 409, "banking/statement-too-long"),
        (
            PATH,
            {**QUARTER, "end": "2026-04-30", "format": "pdf"},
            409,
            "banking/statement-too-long",
        ),
        ("/v1/agreements/78/statement", QUARTER, 404, "banking/agreement-not-found"),
        ("/v1/agreements/77/schedule", {}, 409, "banking/no-schedule"),
        ("/v1/agreements/77/cost", {"format": "pdf"}, 409, "banking/no-schedule"),
        ("/v1/agreements/77/payoff", {"date": "2026-05-01"}, 409, "banking/no-schedule"),
        ("/v1/agreements/77/balances", {"at": "yesterday"}, 422, "kernel/malformed"),
    ],
)
def test_what_is_refused_is_refused_before_the_first_byte(
    client: TestClient, path: str, params: dict[str, str], status: int, code: str
) -> None:
    answer = client.get(path, params=params)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_command_writes_a_file_or_prints(terminal: CliRunner, tmp_path: Path) -> None:
    for name, start in (("a.pdf", b"%PDF-"), ("b.csv", b"\xef\xbb\xbf")):
        done = terminal.invoke(command.app, ["account", "77", *WORDS, "--to", str(tmp_path / name)])
        assert done.exit_code == 0, done.output
        assert (tmp_path / name).read_bytes().startswith(start)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.pdf", "b.csv"]
    printed = terminal.invoke(command.app, ["account", "77", *WORDS, "--language", "en"])
    assert "Closing balance,5000529.40" in printed.stdout
    told = terminal.invoke(command.app, ["account", "77", *WORDS, "--json"])
    assert json.loads(told.stdout)["closing_minor"] == 5_000_529_40


def test_a_command_verifies_what_stands_on_a_statement(terminal: CliRunner) -> None:
    told = terminal.invoke(command.app, ["account", "77", *WORDS, "--json"])
    seal = json.loads(told.stdout)["seal"]
    words = ["verify", "77", *WORDS, "--row", str(seal["journal_sequence"])]
    words += ["--hash", seal["journal_hash"], "--digest"]
    assert terminal.invoke(command.app, [*words, seal["digest"]]).exit_code == 0
    assert terminal.invoke(command.app, [*words, "0" * 64]).exit_code == 1


def test_a_command_refuses_a_file_it_cannot_write(terminal: CliRunner, tmp_path: Path) -> None:
    for name in ("a.xls", "none/a.pdf"):
        words = ["account", "77", *WORDS, "--to", str(tmp_path / name)]
        done = terminal.invoke(command.app, words)
        assert isinstance(done.exception, Malformed), name
    for words in (["--start", "soon", "--end", "2026-01-01"], [*WORDS, "--language", "fr"]):
        done = terminal.invoke(command.app, ["account", "77", *words])
        assert isinstance(done.exception, Malformed)


def test_balances_are_printed_by_account(terminal: CliRunner) -> None:
    date = dt.date(2026, 3, 22).isoformat()
    done = terminal.invoke(command.app, ["balances", "77", "--date", date])
    assert "5,001,529.40" in done.stdout

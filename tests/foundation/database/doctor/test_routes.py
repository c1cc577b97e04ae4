"""Goal: people see over HTTP and on the command line what the doctor found, and answer it.

Method: the database room's own doors, on SQLite, with the record that a doctor left.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from tests.foundation.database.doctor.surgery import CLOCK_OFF, N3_DEAD, Surgery
from yunjin.app.commands.fleet import app as commands
from yunjin.chassis.transport import api_of
from yunjin.foundation.database import migrations
from yunjin.foundation.database.adapters.doctor.journal import Journal
from yunjin.foundation.database.api import DatabaseApi
from yunjin.foundation.database.api.doctor import Remedy
from yunjin.foundation.database.service.doctor.record import Record
from yunjin.foundation.database.service.doctor.settings import doctor_folder
from yunjin.foundation.database.wiring import Settings, build
from yunjin.kernel import tenant
from yunjin.kernel.clock import SystemClock
from yunjin.kernel.room import Room, shown

DOCTOR = "/v1/fleet/doctor"


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    with tenant.entered("demo"):
        made = build(Settings(), tenant="demo", clock=SystemClock(), home=tmp_path)
        yield made
        assert made.close is not None
        made.close()


@pytest.fixture
def client(room: Room) -> TestClient:
    return TestClient(api_of(shown(room), title="x", version="1"), raise_server_exceptions=False)


@pytest.fixture
def surgery(room: Room, tmp_path: Path) -> Iterator[Surgery]:
    """A doctor that started a node again, and asks about a clock."""
    rows = room.doors[DatabaseApi].open(
        "database", source="/foundation/database", migrations=migrations
    )
    journal = Journal(doctor_folder(tmp_path, "demo"), owns=True)
    made = Surgery(Record(journal, rows))
    made.rounds()
    made.rounds(*N3_DEAD)
    made.rounds(*CLOCK_OFF)
    assert made.record.share()
    yield made
    journal.close()


def test_findings_are_told_in_both_languages(client: TestClient, surgery: Surgery) -> None:
    [standing] = client.get(f"{DOCTOR}/findings").json()
    found = standing["finding"]
    assert (found["code"], found["node"], found["severity"]) == ("clock-off", "n3", "critical")
    assert "60000" in found["zh"]
    assert "60000 ms" in found["en"]
    assert standing["closed_at"] is None
    [over] = client.get(f"{DOCTOR}/findings", params={"closed": True}).json()
    assert over["finding"]["code"] == "node-dead"
    assert over["closed_at"] > over["opened_at"]


def test_a_person_allows_what_the_doctor_asks(client: TestClient, surgery: Surgery) -> None:
    [pending] = client.get(f"{DOCTOR}/actions", params={"state": "pending"}).json()
    assert pending["decision"] == "set_clock is set to ask"
    place = f"{DOCTOR}/actions/{pending['action_id']}"
    assert client.post(f"{place}/approval", json={"by": "wang"}).json()["state"] == "approved"
    again = client.post(f"{place}/rejection", json={"by": "li"})
    assert (again.status_code, again.json()["code"]) == (409, "database/action-not-pending")
    surgery.record.share()
    surgery.rounds(times=1)
    assert surgery.done[-1] == (Remedy.SET_CLOCK, "n3")
    surgery.record.share()
    newest = client.get(f"{DOCTOR}/actions", params={"limit": 1}).json()[0]
    assert (newest["state"], newest["approver"]) == ("done", "wang")


def test_strange_questions_are_refused(client: TestClient) -> None:
    assert client.get(f"{DOCTOR}/actions", params={"state": "odd"}).status_code == 422
    unknown = f"{DOCTOR}/actions/{'0' * 8}-0000-7000-8000-{'0' * 12}/approval"
    assert client.post(unknown, json={"by": "wang"}).json()["code"] == "kernel/not-found"
    assert client.post(unknown, json={"by": ""}).status_code == 422


@pytest.mark.slow
def test_the_command_line_shows_and_answers_too(tmp_path: Path, surgery: Surgery) -> None:
    run, home = CliRunner(), ["--home", str(tmp_path)]
    shown = run.invoke(commands, ["doctor", "findings", *home, "--json"])
    assert [one["finding"]["code"] for one in json.loads(shown.stdout)] == ["clock-off"]
    table = run.invoke(commands, ["doctor", "findings", *home]).stdout
    assert "clock-off" in table
    acts = json.loads(run.invoke(commands, ["doctor", "actions", *home, "--json"]).stdout)
    assert [one["state"] for one in acts] == ["pending", "done"]
    assert "set_clock" in run.invoke(commands, ["doctor", "actions", *home]).stdout
    answered = run.invoke(
        commands, ["doctor", "reject", acts[0]["action_id"], "--by", "li", *home, "--json"]
    )
    assert json.loads(answered.stdout)["approver"] == "li"
    wrong = run.invoke(commands, ["doctor", "approve", "seven", *home])
    assert "expected the id of an action" in str(wrong.exception)

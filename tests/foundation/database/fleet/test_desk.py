"""Goal: the fleet's doors answer over HTTP and on the command line, and say what is missing.

Method: a fleet of one set whose nodes were never made, and no fleet at all.
"""

import json
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from tests.galera import described
from yunjin.app.commands.fleet import app as commands
from yunjin.chassis.transport import api_of
from yunjin.foundation.database.api.fleet import FleetApi
from yunjin.foundation.database.api.hosting import HostingApi
from yunjin.foundation.database.domain.topology import read_topology, write_topology
from yunjin.foundation.database.errors import HostedNotFound, NoFleet
from yunjin.foundation.database.wiring import Settings, build
from yunjin.kernel import tenant
from yunjin.kernel.clock import SystemClock
from yunjin.kernel.errors import Malformed
from yunjin.kernel.ids import uuid7
from yunjin.kernel.room import Room, shown


@pytest.fixture
def room(tmp_path: Path) -> Room:
    """The database room of a home without a fleet."""
    return build(Settings(), tenant="demo", clock=SystemClock(), home=tmp_path)


@pytest.fixture
def client(room: Room) -> TestClient:
    """Its addresses."""
    return TestClient(api_of(shown(room), title="x", version="1"), raise_server_exceptions=False)


def described_in(tmp_path: Path) -> None:
    text = described(Path("/srv/yunjin"), {"s1": ["n1", "n2", "n3"]}, more="cells = [1]")
    (tmp_path / "fleet.toml").write_text(text)


def test_without_a_file_there_is_no_fleet(room: Room, client: TestClient) -> None:
    with pytest.raises(NoFleet, match="docs/how-to/cluster"):
        room.doors[FleetApi].plans()
    assert client.get("/v1/fleet/sets").json()["code"] == "database/no-fleet"
    assert client.get("/v1/databases").json() == []
    assert not [
        name for name in map(str, room.metrics() if room.metrics else []) if "Error" in name
    ]


def test_a_described_set_is_shown_before_it_is_made(client: TestClient, tmp_path: Path) -> None:
    described_in(tmp_path)
    [plan] = client.get("/v1/fleet/sets").json()
    assert [node["name"] for node in plan["nodes"]] == ["n1", "n2", "n3"]
    assert [node["keeps_journal"] for node in plan["nodes"]] == [False, False, True]
    assert "losing it stops the set" in plan["weaknesses"][0]
    seen = client.get("/v1/fleet/sets/s1").json()
    assert not seen["is_serving"]
    assert {node["is_running"] for node in seen["nodes"]} == {False}


def test_what_a_dead_set_cannot_do_is_refused_over_http(client: TestClient, tmp_path: Path) -> None:
    described_in(tmp_path)
    alone = client.post("/v1/fleet/sets/s1/nodes/n1/restart").json()
    assert alone["code"] == "database/set-refused"
    assert "yunjin fleet start s1" in alone["detail"]
    strange = client.post("/v1/fleet/sets/s1/options", json={"options": {"datadir": "/x"}})
    assert strange.status_code == 422
    form = {"name": "shop", "set_name": "s1"}
    asked = client.post("/v1/databases", json=form, headers={"Idempotency-Key": uuid7_text()})
    assert asked.json()["code"] == "database/set-refused"
    assert client.post("/v1/databases", json=form).json()["code"] == "kernel/malformed"
    assert client.get("/v1/databases/shop").json()["code"] == "database/hosted-not-found"
    assert client.get("/v1/fleet/sets/s9").json()["code"] == "database/topology-refused"


def uuid7_text() -> str:
    return str(uuid7(SystemClock()))


def test_a_database_is_dropped_by_its_name_said_twice(room: Room) -> None:
    hosting = room.doors[HostingApi]
    with pytest.raises(Malformed, match="once more to confirm"):
        hosting.drop("shop", confirm="shp")
    with pytest.raises(HostedNotFound):
        hosting.drop("shop", confirm="shop")


def test_the_command_line_shows_a_fleet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    runner, home = CliRunner(), ["--home", str(tmp_path)]
    text = runner.invoke(commands, ["example", "--folder", "/srv/yunjin"]).stdout
    (tmp_path / "fleet.toml").write_text(text)
    assert read_topology(write_topology(read_topology(text))) == read_topology(text)
    shown = runner.invoke(commands, ["show", *home])
    assert shown.exit_code == 0, shown.output
    for word in ("s1a", "shenzhen", "journal", "writes (lan)"):
        assert word in shown.stdout
    seen = runner.invoke(commands, ["status", "s1", "--json", *home])
    assert seen.exit_code == 1  # nothing of it runs
    assert not json.loads(seen.stdout)["is_serving"]
    listed = runner.invoke(commands, ["database", "list", "--json", *home])
    assert json.loads(listed.stdout) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["configure", "s1", "max_connections"], "expected NAME=VALUE"),
        (["node", "add", "s1", "n4@h1"], "expected NODE@HOST:PORT"),
        (["restore", "s1", "s2", "--until", "yesterday"], "expected a moment"),
        (["restore", "s1", "s2", "--until", "2026-01-31T08:00:00"], "expected a moment"),
    ],
)
def test_the_command_line_says_what_it_expected(
    words: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    described_in(tmp_path)
    found = CliRunner().invoke(commands, [*words, "--home", str(tmp_path)])
    assert isinstance(found.exception, Malformed)
    assert said in found.exception.detail


def test_a_tenant_is_not_needed_to_see_the_fleet(tmp_path: Path) -> None:
    described_in(tmp_path)
    room = build(Settings(), tenant="demo", clock=SystemClock(), home=tmp_path)
    with tenant.entered("demo"):
        assert [plan.cells for plan in room.doors[FleetApi].plans()] == [(1,)]
    if room.close is not None:
        room.close()

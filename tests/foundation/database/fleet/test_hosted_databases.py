"""Goal: an application gets a database of its own, within its limits, and cannot see another's.

Method: one real node; the application is a plain client with the URL it was given.
"""

from collections.abc import Iterator

import pymysql
import pytest
from fastapi.testclient import TestClient

from tests.galera import Sets, ask, connect, described
from yunjin.chassis.transport import api_of
from yunjin.foundation.database.api.hosting import HostedState, HostingApi
from yunjin.foundation.database.domain.topology import write_topology
from yunjin.foundation.database.errors import DatabaseNameTaken, HostedNotFound
from yunjin.foundation.database.service.fleet import Fleet
from yunjin.foundation.database.wiring import Settings, build
from yunjin.kernel.clock import SystemClock
from yunjin.kernel.ids import uuid7
from yunjin.kernel.room import Room, shown

pytestmark = [pytest.mark.galera, pytest.mark.slow]
CLOCK = SystemClock()


@pytest.fixture(scope="module")
def fleet(sets: Sets) -> Fleet:
    """A set of one node."""
    made = sets.fleet(described(sets.folder, {"s1": ["n1"]}))
    made.create("s1")
    return made


@pytest.fixture(scope="module")
def room(fleet: Fleet, sets: Sets) -> Iterator[Room]:
    """The database room of a home with this fleet."""
    home = sets.folder / "home"
    home.mkdir()
    (home / "fleet.toml").write_text(write_topology(fleet.topology))
    made = build(Settings(), tenant="demo", clock=CLOCK, home=home)
    yield made
    if made.close is not None:
        made.close()


@pytest.fixture(scope="module")
def hosting(room: Room) -> HostingApi:
    """The hosted databases of a tenant."""
    return room.doors[HostingApi]


def made(hosting: HostingApi, name: str, *, quota_mb: int = 100, connections_max: int = 5) -> str:
    granted = hosting.create(
        uuid7(CLOCK),
        name,
        "s1",
        owner="商店",
        quota_mb=quota_mb,
        connections_max=connections_max,
    )
    assert granted.database.state is HostedState.OPEN
    return granted.url


def refused(url: str, statement: str) -> str:
    with pytest.raises(pymysql.err.MySQLError) as error:
        ask(connect(url), statement)
    return str(error.value)


def test_an_application_uses_its_own_database_and_no_other(hosting: HostingApi) -> None:
    url, other = made(hosting, "sh_p"), made(hosting, "shxp")
    for statement in (
        "CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(20))",
        "INSERT INTO t (name) VALUES ('云锦')",
        "CREATE VIEW v AS SELECT name FROM t",
        "CREATE PROCEDURE p() SELECT 1",
        "CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET NEW.name = UPPER(NEW.name)",
    ):
        ask(connect(url), statement)
    assert ask(connect(url), "SELECT name FROM v") == [("云锦",)]
    assert "denied" in refused(url, "SELECT * FROM shxp.t")  # `_` stands for itself
    assert "denied" in refused(url, "CREATE DATABASE mine")
    assert "denied" in refused(url, "SELECT * FROM mysql.global_priv")
    assert "denied" in refused(other, "SELECT * FROM sh_p.t")
    assert hosting.use("sh_p").table_count == 2


def test_a_command_acts_once_and_a_name_is_taken_once(hosting: HostingApi) -> None:
    command = uuid7(CLOCK)
    wanted = {"owner": "", "quota_mb": 10, "connections_max": 1}
    first = hosting.create(command, "once", "s1", **wanted)
    again = hosting.create(command, "once", "s1", **wanted)
    assert (again.database, again.url) == (first.database, "")
    with pytest.raises(DatabaseNameTaken):
        hosting.create(uuid7(CLOCK), "once", "s1", **wanted)
    connection = connect(first.url)
    assert "max_user_connections" in refused(first.url, "SELECT 1")
    connection.close()


def test_a_set_that_has_the_name_already_keeps_it(hosting: HostingApi, fleet: Fleet) -> None:
    fleet.node("s1", "n1").ask("CREATE DATABASE stranger")
    with pytest.raises(DatabaseNameTaken, match="not made here"):
        made(hosting, "stranger")


def test_a_full_database_is_read_and_emptied_but_not_written(hosting: HostingApi) -> None:
    url = made(hosting, "small", quota_mb=1)
    ask(connect(url), "CREATE TABLE big (id INT PRIMARY KEY, body LONGBLOB)")
    held = connect(url)
    ask(held, "INSERT INTO big VALUES (1, REPEAT('x', 3000000))")
    assert [one.state for one in hosting.measure()] == [HostedState.FULL]
    with pytest.raises(pymysql.err.MySQLError):  # a connection that was open is no way around
        ask(held, "INSERT INTO big VALUES (2, 'x')")
    assert "denied" in refused(url, "INSERT INTO big VALUES (2, 'x')")
    assert "denied" in refused(url, "CREATE TABLE more (id INT PRIMARY KEY)")
    assert ask(connect(url), "SELECT COUNT(*) FROM big") == [(1,)]
    assert hosting.measure() == []
    ask(connect(url), "DROP TABLE big")
    assert [one.state for one in hosting.measure()] == [HostedState.OPEN]
    ask(connect(url), "CREATE TABLE more (id INT PRIMARY KEY)")


def test_a_database_is_brought_back_to_a_copy(hosting: HostingApi, fleet: Fleet) -> None:
    url = made(hosting, "ledgerly")
    ask(connect(url), "CREATE TABLE t (id INT PRIMARY KEY, body BLOB)")
    ask(connect(url), "INSERT INTO t VALUES (1, UNHEX('00FF0A27'))")
    ask(connect(url), "CREATE VIEW v AS SELECT id FROM t")
    copy = hosting.backup("ledgerly")
    ask(connect(url), "DROP TABLE t")  # and the view has lost its table
    restored = hosting.restore("ledgerly", copy.id)
    assert restored.state is HostedState.OPEN
    assert ask(connect(url), "SELECT HEX(body) FROM t") == [("00FF0A27",)]
    assert ask(connect(url), "SELECT id FROM v") == [(1,)]
    assert len(hosting.backups("ledgerly")) == 2  # what it held before was copied first
    users = "SELECT COUNT(*) FROM mysql.user WHERE user = 'yunjin_loader'"
    assert fleet.node("s1", "n1").ask(users) == [("0",)]


def test_an_old_password_ends_with_a_new_one(hosting: HostingApi) -> None:
    url = made(hosting, "secretive")
    held = connect(url)
    new = hosting.rotate("secretive").url
    assert "denied" in refused(url, "SELECT 1")
    assert ask(connect(new), "SELECT 1") == [(1,)]
    assert ask(held, "SELECT 1") == [(1,)]  # whoever is connected stays


def test_a_dropped_database_is_gone_but_for_its_last_copy(hosting: HostingApi) -> None:
    url = made(hosting, "brief")
    last = hosting.drop("brief", confirm="brief")
    assert [one.id for one in hosting.backups("brief")] == [last.id]
    assert "denied" in refused(url, "SELECT 1")
    with pytest.raises(HostedNotFound):
        hosting.database("brief")
    made(hosting, "brief")  # the name is free again


def test_a_database_lives_its_life_over_http(room: Room) -> None:
    client = TestClient(api_of(shown(room), title="x", version="1"))
    form = {"name": "web", "set_name": "s1", "owner": "Web", "id": str(uuid7(CLOCK))}
    made = client.post("/v1/databases", json=form).json()
    assert made["database"]["state"] == "open"
    assert client.post("/v1/databases", json=form).json() == {**made, "url": ""}
    ask(connect(made["url"]), "CREATE TABLE t (id INT PRIMARY KEY)")
    limits = {"quota_mb": 7, "connections_max": 3}
    assert client.put("/v1/databases/web/limits", json=limits).json()["quota_mb"] == 7
    assert client.get("/v1/databases/web/use").json()["table_count"] == 1
    copy = client.post("/v1/databases/web/backups").json()
    again = client.post("/v1/databases/web/restore", json={"backup": copy["id"]})
    assert again.json()["state"] == "open"
    url = client.post("/v1/databases/web/password").json()["url"]
    assert ask(connect(url), "SELECT COUNT(*) FROM t") == [(0,)]
    assert len(client.get("/v1/databases/web/backups").json()) == 2
    sizes = {
        sample.labels["name"]: sample.value
        for family in (room.metrics() if room.metrics else [])
        for sample in family.samples
        if sample.name == "database_hosted_quota_bytes"
    }
    assert sizes["web"] == 7 << 20
    dropped = client.delete("/v1/databases/web", params={"confirm": "web"})
    assert dropped.status_code == 200
    assert client.get("/v1/databases/web").status_code == 404


def test_a_set_is_seen_copied_and_drilled_over_http(room: Room, fleet: Fleet) -> None:
    client = TestClient(api_of(shown(room), title="x", version="1"))
    fleet.node("s1", "n1").ask("CREATE TABLE IF NOT EXISTS yunjin.t (id INT PRIMARY KEY)")
    assert client.get("/v1/fleet/sets/s1").json()["is_serving"]
    taken = client.post("/v1/fleet/sets/s1/backups").json()
    assert [one["id"] for one in client.get("/v1/fleet/sets/s1/backups").json()] == [taken["id"]]
    assert client.post("/v1/fleet/sets/s1/drill").json()["has_passed"]
    options = {"options": {"wait_timeout": 900}}
    assert client.post("/v1/fleet/sets/s1/options", json=options).json() == {"restarted_for": []}
    assert fleet.node("s1", "n1").ask("SELECT @@global.wait_timeout") == [("900",)]

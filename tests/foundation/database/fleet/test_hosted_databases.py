"""Goal: an application gets a database of its own, within its limits, and cannot see another's.

Method: one real node; the application is a plain client with the URL it was given.
"""

from collections.abc import Iterator

import pymysql
import pytest

from tests.galera import Sets, ask, connect, described
from yunjin.foundation.database.api.hosting import HostedState
from yunjin.foundation.database.errors import DatabaseNameTaken, HostedNotFound
from yunjin.foundation.database.service.fleet import Fleet
from yunjin.foundation.database.service.hosting import Hosting
from yunjin.foundation.database.wiring import Settings, build
from yunjin.kernel.clock import SystemClock
from yunjin.kernel.ids import uuid7

pytestmark = [pytest.mark.galera, pytest.mark.slow]
CLOCK = SystemClock()


@pytest.fixture(scope="module")
def fleet(sets: Sets) -> Fleet:
    """A set of one node."""
    made = sets.fleet(described(sets.folder, {"s1": ["n1"]}))
    made.create("s1")
    return made


@pytest.fixture(scope="module")
def hosting(fleet: Fleet, sets: Sets) -> Iterator[Hosting]:
    """The hosted databases of a tenant."""
    from yunjin.foundation.database.api import DatabaseApi

    room = build(Settings(), tenant="demo", clock=CLOCK, home=sets.folder / "home")
    rows = room.doors[DatabaseApi].own
    yield Hosting(lambda: fleet, rows=rows, folder=sets.folder / "databases", clock=CLOCK)
    if room.close is not None:
        room.close()


def made(hosting: Hosting, name: str, *, quota_mb: int = 100, connections_max: int = 5) -> str:
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


def test_an_application_uses_its_own_database_and_no_other(hosting: Hosting) -> None:
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


def test_a_command_acts_once_and_a_name_is_taken_once(hosting: Hosting) -> None:
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


def test_a_set_that_has_the_name_already_keeps_it(hosting: Hosting, fleet: Fleet) -> None:
    fleet.node("s1", "n1").ask("CREATE DATABASE stranger")
    with pytest.raises(DatabaseNameTaken, match="not made here"):
        made(hosting, "stranger")


def test_a_full_database_is_read_and_emptied_but_not_written(hosting: Hosting) -> None:
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


def test_a_database_is_brought_back_to_a_copy(hosting: Hosting) -> None:
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
    assert hosting._fleet.node("s1", "n1").ask(users) == [("0",)]


def test_an_old_password_ends_with_a_new_one(hosting: Hosting) -> None:
    url = made(hosting, "secretive")
    held = connect(url)
    new = hosting.rotate("secretive").url
    assert "denied" in refused(url, "SELECT 1")
    assert ask(connect(new), "SELECT 1") == [(1,)]
    assert ask(held, "SELECT 1") == [(1,)]  # whoever is connected stays


def test_a_dropped_database_is_gone_but_for_its_last_copy(hosting: Hosting) -> None:
    url = made(hosting, "brief")
    last = hosting.drop("brief", confirm="brief")
    assert [one.id for one in hosting.backups("brief")] == [last.id]
    assert "denied" in refused(url, "SELECT 1")
    with pytest.raises(HostedNotFound):
        hosting.database("brief")
    made(hosting, "brief")  # the name is free again

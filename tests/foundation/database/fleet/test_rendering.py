"""Goal: a node's configuration says what the fleet's file means. Method: read it back as mariadbd
does, and compare what matters."""

import configparser

import pytest

from tests.foundation.database.fleet.test_topology import GOOD
from yunjin.foundation.database.domain.options import (
    OPTIONS,
    checked_options,
    needs_restart,
    set_statement,
)
from yunjin.foundation.database.domain.rendering import Places, arbitrator_words, render_config
from yunjin.foundation.database.domain.topology import read_topology
from yunjin.kernel.errors import Malformed


def config_of(text: str, name: str, node: str, **extra: str) -> dict[str, str]:
    fleet = read_topology(text)
    one = fleet.set_of(name)
    made = render_config(
        fleet, one, one.node(node), user="mysql", sst_password="p" * 24, extra=extra
    )
    read = configparser.ConfigParser(interpolation=None)
    read.read_string(made)
    return dict(read["mysqld"])


def test_a_node_listens_where_the_file_says_and_knows_the_others() -> None:
    found = config_of(GOOD, "s1", "n2")
    assert found["bind_address"] == "10.0.0.2"
    assert found["datadir"] == "/srv/yunjin/n2/data"
    assert found["tmpdir"] == "/srv/yunjin/n2"
    assert found["wsrep_cluster_name"] == "s1"
    members = "gcomm://10.0.0.1:4567,10.0.0.2:4567,10.0.0.3:4567"  # the arbitrator is one of them
    assert found["wsrep_cluster_address"] == members
    assert found["wsrep_sst_auth"] == f"yunjin_sst:{'p' * 24}"
    assert found["innodb_flush_log_at_trx_commit"] == "1"
    assert found["max_connections"] == "500"


def test_only_one_node_keeps_a_journal() -> None:
    assert "log_bin" not in config_of(GOOD, "s1", "n1")
    kept = config_of(GOOD, "s1", "n2")
    assert (kept["log_bin"], kept["log_slave_updates"], kept["sync_binlog"]) == (
        "journal",
        "ON",
        "1",
    )


@pytest.mark.parametrize(("profile", "is_impatient"), [("lan", True), ("wan", False)])
def test_nodes_are_patient_between_cities(profile: str, is_impatient: bool) -> None:
    text = GOOD.replace("cells = [1, 2]", f'cells = [1, 2]\nprofile = "{profile}"')
    provider = config_of(text, "s1", "n2")["wsrep_provider_options"]
    assert ("evs.suspect_timeout=PT1S" in provider) is is_impatient
    assert ("gmcast.segment=1" in provider) is not is_impatient
    assert "ist.recv_addr=ssl://10.0.0.2:4568" in provider  # its hosts are machines apart


def test_an_option_of_one_node_stands_over_those_of_its_set() -> None:
    found = config_of(GOOD, "s1", "n1", max_connections="7", gcache_size="1G")
    assert found["max_connections"] == "7"
    assert "gcache.size=1G" in found["wsrep_provider_options"]
    assert "gcache_size" not in found


def test_an_arbitrator_gets_the_patience_of_its_set() -> None:
    fleet = read_topology(GOOD)
    one = fleet.set_of("s1")
    assert one.arbitrator is not None
    words = arbitrator_words(fleet, one, one.arbitrator, "/srv/yunjin/s1_witness")
    assert "--group=s1" in words
    assert any("gmcast.listen_addr=ssl://10.0.0.3:4567;" in word for word in words)
    assert any("evs.suspect_timeout=PT1S" in word for word in words)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("datadir", "/tmp"),
        ("max_connections", "12; DROP USER root"),
        ("max_connections", "12\nskip-grant-tables"),
        ("gcache_size", "1G;socket.ssl=NO"),
        ("innodb_flush_log_at_trx_commit", 0),  # what was acknowledged would be in memory only
        ("slow_query_log", "maybe"),
    ],
)
def test_a_strange_option_is_refused(name: str, value: str | int) -> None:
    with pytest.raises(Malformed):
        checked_options({name: value})


def test_options_become_statements_of_a_running_server() -> None:
    assert set_statement("max_connections", "12") == "SET GLOBAL max_connections = 12;"
    statement = set_statement("innodb_buffer_pool_size", "64M")
    assert statement == "SET GLOBAL innodb_buffer_pool_size = 67108864;"
    assert set_statement("slow_query_log", "ON") == "SET GLOBAL slow_query_log = 'ON';"
    assert checked_options({"slow_query_log": True}) == {"slow_query_log": "ON"}


def test_what_a_running_server_does_not_take_is_known() -> None:
    assert needs_restart({"max_connections": 1, "gcache_size": "1G"}) == ["gcache_size"]
    assert all(option.form for option in OPTIONS.values())


def test_a_socket_fits_into_what_the_kernel_allows() -> None:
    longest = Places(folder=f"/{'x' * 60}/{'n' * 32}")
    assert len(longest.socket) < 107

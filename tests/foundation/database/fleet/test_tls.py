"""Goal: where a fleet speaks TLS, nobody hears or joins who is not signed for.

Method: the rules as data; then a real set of two nodes and an arbitrator: made, spoken to, copied,
rotated while it is written to.
"""

import socket
import ssl
import subprocess
import threading
from contextlib import suppress
from pathlib import Path

import pymysql
import pytest
from typer.testing import CliRunner

from tests.galera import Sets, described, sets
from tests.mariadb import MariaDb, mariadb
from tests.nats import laid_out
from tests.ports import free_ports
from yunjin.app.commands.fleet import app as commands
from yunjin.chassis.events import BusUnreachable, EventSettings
from yunjin.chassis.events.connection import Connection
from yunjin.chassis.persistence import open_engine
from yunjin.chassis.persistence.nodes import set_url
from yunjin.foundation.database.adapters.certificates import Authority
from yunjin.foundation.database.domain.rendering import arbitrator_words, render_config
from yunjin.foundation.database.domain.topology import Topology, read_topology, write_topology
from yunjin.foundation.database.errors import NodeRefused, SetRefused, TopologyRefused
from yunjin.foundation.database.service.changes import Changes
from yunjin.foundation.database.service.doctor.practice import look_once
from yunjin.foundation.database.service.fleet import Fleet
from yunjin.foundation.ledger.store.mysql import SetEngine
from yunjin.kernel.errors import Malformed, Outage

__all__ = ["mariadb", "sets"]
ON = "tls = { is_on = true }\n"
WITNESS = '[hosts.w]\ndata_centre = "c"\naddress = "127.0.0.1"\nfolder = "{folder}/w"\n'


def text_of(folder: Path, *, tls: str = ON) -> str:
    """Return a fleet of two nodes and an arbitrator."""
    [port] = free_ports(1)
    arbiter = f'witness = {{ host = "w", port = {port} }}'
    made = described(folder, {"s1": ["n1", "n2"]}, more=arbiter)
    return tls + WITNESS.format(folder=folder) + made


def rendered(fleet: Topology) -> str:
    one = fleet.set_of("s1")
    config = render_config(fleet, one, one.nodes[0], user="yunjin", sst_password="x" * 20)
    assert one.arbitrator is not None
    return config + " ".join(arbitrator_words(fleet, one, one.arbitrator, "/srv/w"))


# rules ------------------------------------------------------------------------------------------


def test_a_fleet_on_one_machine_speaks_no_tls_unless_it_says_so() -> None:
    fleet = read_topology(text_of(Path("/srv"), tls=""))
    assert not fleet.speaks_tls
    assert "ssl" not in rendered(fleet).replace("gmcast", "")


def test_a_fleet_of_several_machines_speaks_tls_unless_it_says_not() -> None:
    text = text_of(Path("/srv"), tls="").replace("[hosts.hb]", '[hosts.hb]\nreach = "ssh"')
    assert read_topology(text).speaks_tls
    assert not read_topology("tls = { is_on = false }\n" + text).speaks_tls


def test_all_that_goes_over_the_network_goes_by_tls() -> None:
    said = rendered(read_topology(text_of(Path("/srv"))))
    for each in (
        "require_secure_transport = ON",
        "socket.ssl=YES;socket.ssl_ca=/srv/a/n1/tls/ca.pem",
        "gmcast.listen_addr=ssl://127.0.0.1",
        "ist.recv_addr=ssl://127.0.0.1",
        "ssl-mode = VERIFY_CA",
        "socket.ssl_key=/srv/w/tls/key.pem",
    ):
        assert each in said


def test_the_file_says_it_and_an_authority_of_ones_own_is_whole() -> None:
    text = text_of(Path("/srv"))
    assert read_topology(write_topology(read_topology(text))) == read_topology(text)
    with pytest.raises(TopologyRefused, match="ca and ca_key"):
        read_topology(text.replace(ON, 'tls = { ca = "/etc/ca.pem" }\n'))


def test_what_an_authority_signs_is_believed_for_its_address_alone(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "secrets")
    made = authority.sign("n1", ["127.0.0.1", "db1.example"])
    assert (tmp_path / "secrets" / "ca.key").stat().st_mode & 0o077 == 0
    again = Authority(tmp_path / "secrets").sign("n1", ["127.0.0.1"])
    assert again.authority == made.authority
    assert again.certificate != made.certificate
    shown = tmp_path / "cert.pem"
    shown.write_bytes(made.certificate)
    asked = ["openssl", "verify", "-CAfile", str(authority.file), "-purpose", "sslserver"]
    for name, is_his in (("127.0.0.1", True), ("127.0.0.2", False)):
        words = [*asked, "-verify_ip", name, str(shown)]
        assert (subprocess.run(words, capture_output=True, check=False).returncode == 0) is is_his
    with pytest.raises(Malformed, match="an address or a name"):
        authority.sign("n1", ["127.0.0.1,DNS:bank.example"])


def test_an_authority_of_ones_own_is_used_and_never_made(tmp_path: Path) -> None:
    theirs = Authority(tmp_path / "theirs")
    theirs.make()
    files = {"ca": str(theirs.file), "key": str(tmp_path / "theirs" / "ca.key")}
    assert Authority(tmp_path / "ours", **files).sign("n1", ["127.0.0.1"]).authority == (
        theirs.file.read_bytes()
    )
    assert not (tmp_path / "ours").exists()
    with pytest.raises(Malformed, match="expected a PEM file"):
        Authority(tmp_path / "ours", ca="/no/ca.pem", key="/no/ca.key").make()


def test_a_url_names_whom_to_believe() -> None:
    found = set_url("mysql://a:b%3Fc@h1:1,h2:2/books?tls_ca=/srv/fleet/ca.pem")
    assert (found.database, found.tls_ca, found.password) == ("books", "/srv/fleet/ca.pem", "b?c")
    assert set_url("mysql://a:b@h1:1/books").tls_ca == ""
    with pytest.raises(Malformed, match="expected a CA"):
        set_url("mysql://a:b@127.0.0.1:1/books?tls_ca=/no/ca.pem").connect("127.0.0.1", 1)


@pytest.mark.mariadb
def test_a_server_without_tls_is_left_at_once(tmp_path: Path, mariadb: MariaDb) -> None:
    """Whoever stands in between could ask for an answer in the clear."""
    authority = Authority(tmp_path)
    authority.make()
    where = set_url(f"{mariadb.fresh_url()}?tls_ca={authority.file}")
    with pytest.raises(pymysql.err.OperationalError, match="SSL is required"):
        where.connect(*where.nodes[0])


def test_a_certificate_for_another_server_is_signed_by_the_same_authority(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server of NATS, spoken to as the bus does it: by TLS, and by nobody else's word."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "fleet.toml").write_text(text_of(Path("/srv")))
    words = ["tls", "certificate", "nats1", "127.0.0.1", "--into", str(tmp_path / "nats1")]
    made = CliRunner().invoke(commands, [*words, "--home", str(tmp_path)])
    assert made.exit_code == 0, made.output
    nats, keys = laid_out(tmp_path / "servers"), tmp_path / "nats1"
    config = nats.servers[0].folder / "nats.conf"
    files = f'cert_file: "{keys / "cert.pem"}", key_file: "{keys / "key.pem"}"'
    config.write_text(config.read_text() + f"tls {{ {files} }}\n")
    nats.start()
    other = Authority(tmp_path / "other")
    other.make()
    try:
        url = nats.url.replace("nats://", "tls://")
        for ca, is_believed in ((keys / "ca.pem", True), (other.file, False)):
            settings = EventSettings(url=url, tls_ca=str(ca), answer_wait_s=2)
            connection = Connection(settings, name="tests")
            try:
                if is_believed:
                    connection.call(lambda client: client.flush())
                else:
                    with pytest.raises(BusUnreachable):
                        connection.call(lambda client: client.flush())
            finally:
                connection.close()
    finally:
        nats.kill()


# a real set -------------------------------------------------------------------------------------

real = [pytest.mark.slow, pytest.mark.galera]


@pytest.fixture(scope="module")
def text(sets: Sets) -> str:
    return text_of(sets.folder)


@pytest.fixture(scope="module")
def fleet(sets: Sets, text: str) -> Fleet:
    made = sets.fleet(text)
    made.create("s1")
    return made


def serial(fleet: Fleet, name: str) -> str:
    """Return the number of the certificate that a node's server shows."""
    node = fleet.node("s1", name)
    shown = subprocess.run(
        ["openssl", "x509", "-noout", "-serial", "-in", node.places.tls.certificate],
        capture_output=True,
        check=True,
    )
    return shown.stdout.decode()


class TestARealSet:
    pytestmark = real

    def test_who_speaks_to_it_speaks_tls_and_verifies(self, fleet: Fleet, tmp_path: Path) -> None:
        url = fleet.url("s1")
        with open_engine(url.replace("mysql://", "mysql+pymysql://")).engine.begin() as ours:
            [row] = ours.exec_driver_sql("show session status like 'Ssl_version'")
            assert row[1].startswith("TLSv1.")
        engine = SetEngine(url, is_confirmed=True)
        assert engine.execute("show session status like 'Ssl_cipher'")[0][1]
        engine.confirm()
        engine.close()
        _, found = look_once(fleet, "s1")
        assert [one.code for one in found] == []  # the doctor's eyes see through it too

    def test_who_speaks_without_is_refused(self, fleet: Fleet) -> None:
        where = set_url(fleet.url("s1").partition("?")[0])
        with pytest.raises(pymysql.err.OperationalError, match=r"insecure transport|Access denied"):
            where.connect(*where.nodes[0], ssl_disabled=True)

    def test_whoever_is_signed_by_somebody_else_is_not_believed(
        self, fleet: Fleet, tmp_path: Path
    ) -> None:
        other = Authority(tmp_path)
        other.make()
        plain = fleet.url("s1").partition("?")[0]
        with pytest.raises(Outage, match="CERTIFICATE_VERIFY_FAILED"):
            SetEngine(f"{plain}?tls_ca={other.file}", patience_s=0)

    def test_what_nodes_say_to_each_other_is_tls(self, fleet: Fleet) -> None:
        trusted = ssl.create_default_context(cafile=fleet.ca_file)
        for name in ("n1", "n2"):
            port = fleet.node("s1", name).node.galera_port
            with (
                socket.create_connection(("127.0.0.1", port), 10) as raw,
                trusted.wrap_socket(raw, server_hostname="127.0.0.1") as secured,
            ):
                assert secured.version() in ("TLSv1.2", "TLSv1.3")

    def test_a_node_is_copied_and_brought_up_by_tls(self, fleet: Fleet) -> None:
        node = fleet.node("s1", "n2")
        fleet.stop_node("s1", "n2")
        fleet.start_node("s1", "n2")  # IST, or nothing missed
        size = len(node.machine.read(node.places.log))
        fleet.stop_node("s1", "n2")
        node.machine.remove(node.places.data)
        fleet.start_node("s1", "n2")  # SST
        assert "openssl-listen" in node.machine.read(node.places.log)[size:]

    def test_its_certificates_are_changed_node_by_node_while_it_is_written_to(
        self, fleet: Fleet
    ) -> None:
        engine, over, failed = SetEngine(fleet.url("s1")), threading.Event(), list[Exception]()
        engine.execute("create table if not exists t (id bigint primary key)")
        written = [0]

        def write() -> None:
            try:
                while not over.is_set():
                    engine.execute("replace into t values (?)", (written[0],))
                    written[0] += 1
            except Exception as error:
                failed.append(error)

        before = [serial(fleet, name) for name in ("n1", "n2")]
        writer = threading.Thread(target=write)
        writer.start()
        Changes(fleet, save=lambda changed: None).rotate_tls("s1")
        at = written[0]
        over.set()
        writer.join(60)
        engine.close()
        assert failed == []
        assert at > 0
        assert not set(before) & {serial(fleet, name) for name in ("n1", "n2")}
        assert fleet.status("s1").arbitrator == "running"

    def test_a_node_of_another_address_or_authority_is_certified_anew(
        self, fleet: Fleet, tmp_path: Path
    ) -> None:
        node = fleet.node("s1", "n1")
        before = serial(fleet, "n1")
        node.write_config()
        assert serial(fleet, "n1") == before
        node.machine.write(node.places.tls.address, "10.0.0.1")
        node.write_config()
        assert serial(fleet, "n1") != before

    def test_a_node_that_speaks_otherwise_than_the_rest_is_not_started(
        self, fleet: Fleet, sets: Sets, text: str
    ) -> None:
        plain = sets.fleet(text.replace(ON, ""))
        with suppress(SetRefused):
            fleet.stop_node("s1", "n2")
        with pytest.raises(NodeRefused, match="Stop the whole set"):
            plain.start_node("s1", "n2")
        with pytest.raises(SetRefused, match="speaks no TLS"):
            Changes(plain, save=lambda changed: None).rotate_tls("s1")
        fleet.start_node("s1", "n2")

    def test_the_whole_set_goes_over_to_speaking_in_the_clear(
        self, fleet: Fleet, sets: Sets, text: str
    ) -> None:
        fleet.stop("s1")
        plain = sets.fleet(text.replace(ON, ""))
        assert plain.start("s1").is_serving
        SetEngine(plain.url("s1")).close()
        plain.stop("s1")

"""A node's configuration file, from what the fleet's file says.

Options of MariaDB 10.11 with Galera 4. A commit that is acknowledged is on the disk of the node
that took it, and has been received by all others.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from yunjin.foundation.database.domain.options import checked_options
from yunjin.foundation.database.domain.tls import TlsFiles
from yunjin.foundation.database.domain.topology import (
    DatabaseSet,
    Host,
    Node,
    Profile,
    Topology,
    Witness,
)

PROVIDER: Final = "/usr/lib/galera/libgalera_smm.so"
IDENTITY: Final = "yunjin.json"  # in the data folder: whose data these are
SST_USER: Final = "yunjin_sst"
_EVS: Final = {
    Profile.LAN: "evs.keepalive_period=PT0.3S;evs.inactive_check_period=PT0.2S;"
    "evs.suspect_timeout=PT1S;evs.inactive_timeout=PT3S;evs.install_timeout=PT3S",
    Profile.WAN: "",  # Galera's own: suspects after 5 s, gives up after 15 s
}
# What a copy from another node may not wipe out: the script's own list, and whose data these are.
_KEPT: Final = r"\|".join(
    [
        r".*\.pem$",
        r".*galera\.cache$",
        r".*sst_in_progress$",
        r".*\.sst$",
        r".*gvwstate\.dat$",
        r".*grastate\.dat$",
        r".*\.err$",
        r".*\.log$",
        r".*yunjin\.json$",
    ]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where a node keeps its files on its host."""

    folder: str

    @classmethod
    def of(cls, host: Host, node: Node) -> "Places":
        """Return a node's places."""
        return cls(folder=f"{host.folder.rstrip('/')}/{node.name}")

    @property
    def config(self) -> str:
        """Return the configuration file; it holds a password."""
        return f"{self.folder}/my.cnf"

    @property
    def data(self) -> str:
        """Return the data folder."""
        return f"{self.folder}/data"

    @property
    def identity(self) -> str:
        """Return the file that says whose data these are."""
        return f"{self.data}/{IDENTITY}"

    @property
    def socket(self) -> str:
        """Return the socket, on which root needs no password."""
        return f"{self.folder}/s.sock"

    @property
    def pid(self) -> str:
        """Return the file with the program's process id."""
        return f"{self.folder}/pid"

    @property
    def log(self) -> str:
        """Return the server's log."""
        return f"{self.folder}/err.log"

    @property
    def tls(self) -> TlsFiles:
        """Return where its keys are; not in the data, which are copied from node to node."""
        return TlsFiles(f"{self.folder}/tls")


def render_config(
    fleet: Topology,
    one: DatabaseSet,
    node: Node,
    *,
    user: str,
    sst_password: str,
    extra: Mapping[str, str | int | bool] | None = None,
) -> str:
    """Return the text of a node's my.cnf.

    Parameters
    ----------
    user : who runs the server on that host.
    extra : options that stand over those of the set.

    Raises: Malformed for an option that is not the operator's.
    """
    host, places = fleet.host(node.host), Places.of(fleet.host(node.host), node)
    lines = {
        "user": user,
        "datadir": places.data,
        "tmpdir": places.folder,  # a server that starts deletes what others of its host left there
        "socket": places.socket,
        "pid_file": places.pid,
        "log_error": places.log,
        "bind_address": host.address,
        "port": node.port,
        "character_set_server": "utf8mb4",
        "collation_server": "utf8mb4_bin",
        **_GENERAL,
        **(_JOURNAL if node.name == one.keeps_journal else {}),
        **_replication(fleet, one, node),
        **(_secured(places.tls) if fleet.speaks_tls else {}),
        **checked_options({**one.options, **(extra or {})}),
    }
    cache = lines.pop("gcache_size", "128M")
    lines["wsrep_provider_options"] = f'"{_provider(fleet, one, node, cache)}"'
    lines["wsrep_sst_auth"] = f"{SST_USER}:{sst_password}"
    body = "\n".join(f"{name} = {value}" for name, value in lines.items())
    copying = f"[sst]\ncpat = {_KEPT}\nsst-log-archive = 0\n"
    if fleet.speaks_tls:
        copying += "ssl-mode = VERIFY_CA\n"
    return (
        f"# Written by yunjin fleet; change fleet.toml, not this file.\n[mysqld]\n{body}\n{copying}"
    )


_GENERAL: Final[dict[str, str | int]] = {
    "skip_name_resolve": "ON",
    "performance_schema": "OFF",
    "default_storage_engine": "InnoDB",
    "innodb_autoinc_lock_mode": 2,
    "innodb_flush_log_at_trx_commit": 1,
    "innodb_buffer_pool_size": "256M",
    "innodb_log_file_size": "256M",
    "transaction_isolation": "READ-COMMITTED",
    "log_bin_trust_function_creators": "ON",  # rows are logged, so any routine repeats alike
    "max_allowed_packet": "64M",
    "max_connections": 300,
}


# Synced at each commit: a journal that lacks what its node has would restore less than was there.
_JOURNAL: Final[dict[str, str | int]] = {
    "log_bin": "journal",
    "log_slave_updates": "ON",
    "sync_binlog": 1,
    "max_binlog_size": "256M",
    "expire_logs_days": 14,
}


def _replication(fleet: Topology, one: DatabaseSet, node: Node) -> dict[str, str | int]:
    host = fleet.host(node.host)
    return {
        "binlog_format": "ROW",
        "wsrep_on": "ON",
        "wsrep_provider": PROVIDER,
        "wsrep_cluster_name": one.name,
        "wsrep_cluster_address": _members(fleet, one),
        "wsrep_node_name": node.name,
        "wsrep_node_address": f"{host.address}:{node.galera_port}",
        "wsrep_node_incoming_address": f"{host.address}:{node.port}",
        "wsrep_sst_receive_address": f"{host.address}:{node.sst_port}",
        "wsrep_sst_method": "mariabackup",
        "wsrep_slave_threads": 4,
    }


def _secured(files: TlsFiles) -> dict[str, str | int]:
    """Whoever comes over the network comes by TLS; root comes over the socket."""
    return {
        "ssl_ca": files.ca,
        "ssl_cert": files.certificate,
        "ssl_key": files.key,
        "require_secure_transport": "ON",
    }


def _members(fleet: Topology, one: DatabaseSet) -> str:
    places = [f"{fleet.host(each.host).address}:{each.galera_port}" for each in one.nodes]
    if one.arbitrator is not None:
        places.append(f"{fleet.host(one.arbitrator.host).address}:{one.arbitrator.port}")
    return f"gcomm://{','.join(places)}"


def arbitrator_words(fleet: Topology, one: DatabaseSet, witness: Witness, folder: str) -> list[str]:
    """Return the command of a set's arbitrator; it works in `folder`."""
    address = fleet.host(witness.host).address
    scheme = "ssl" if fleet.speaks_tls else "tcp"
    listening = f"base_host={address};gmcast.listen_addr={scheme}://{address}:{witness.port}"
    secured = TlsFiles(f"{folder}/tls").of_galera if fleet.speaks_tls else ""
    options = [part for part in (listening, secured, _EVS[one.profile]) if part]
    return [
        "garbd",
        f"--name={one.name}_witness",
        f"--address={_members(fleet, one)}",
        f"--group={one.name}",
        f"--options={';'.join(options)}",
        f"--workdir={folder}",
    ]


def _provider(fleet: Topology, one: DatabaseSet, node: Node, cache: object) -> str:
    host = fleet.host(node.host)
    scheme = "ssl" if fleet.speaks_tls else "tcp"
    centres = sorted({fleet.data_centre_of(each).name for each in one.nodes})
    segment = centres.index(fleet.data_centre_of(node).name)
    parts = [
        f"base_host={host.address}",
        f"base_port={node.galera_port}",
        f"gmcast.listen_addr={scheme}://{host.address}:{node.galera_port}",
        f"ist.recv_addr={host.address}:{node.ist_port}"
        if scheme == "tcp"
        else f"ist.recv_addr=ssl://{host.address}:{node.ist_port}",
        Places.of(host, node).tls.of_galera if fleet.speaks_tls else "",
        f"gcache.size={cache}",
        "pc.recovery=TRUE",
        _EVS[one.profile],
        # one copy of a write set a data centre crosses the long line
        f"gmcast.segment={segment}" if one.profile is Profile.WAN else "",
    ]
    return ";".join(part for part in parts if part)

"""What a fleet is made of: cities, data centres, hosts, sets, nodes, read from one file.

A *node* is one database server process, a *set* (集) one replicated database of some nodes, a
*cell* (单元) one ledger writer bound to a set. A *data centre* (机房) stands in a city; what fails
together is in one. A *witness* (见证) breaks the tie where the nodes of a set are even in number.
"""

import json
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import cached_property
from ipaddress import ip_address
from typing import Annotated, Any, Final, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from yunjin.foundation.database.domain.backups import Copies
from yunjin.foundation.database.domain.options import checked_options
from yunjin.foundation.database.domain.tls import Tls
from yunjin.foundation.database.errors import TopologyRefused
from yunjin.kernel.errors import Malformed
from yunjin.kernel.ids import CELL_MAX

NODES_MAX: Final = 9  # of a set: every commit waits for all of them
_FOLDER_LENGTH: Final = 60  # a socket's path has 107 bytes at most
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
Port = Annotated[int, Field(ge=1, le=65_535)]
Address = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9.\-]{0,252}$")]


class Profile(StrEnum):
    """How long a node may be silent before the others go on without it."""

    LAN = "lan"  # 1 s: data centres of one city
    WAN = "wan"  # 5 s, Galera's own: between cities


class Reach(StrEnum):
    """How commands get to a host."""

    LOCAL = "local"  # this machine
    NAMESPACE = "namespace"  # a network namespace of this machine
    SSH = "ssh"


class WitnessKind(StrEnum):
    """What a witness is."""

    ARBITRATOR = "arbitrator"  # garbd: has a vote, keeps no data
    WATCHER = "watcher"  # an address that the doctor asks; no vote


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DataCentre(_Model):
    """A place that fails as one 机房."""

    name: Name
    city: Name


class Host(_Model):
    """A machine that runs nodes."""

    name: Name
    data_centre: Name
    address: Address
    folder: Annotated[str, StringConstraints(pattern=rf"^/[A-Za-z0-9_./\-]{{1,{_FOLDER_LENGTH}}}$")]
    reach: Reach = Reach.LOCAL
    namespace: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_\-]{0,64}$")] = ""
    user: Annotated[str, StringConstraints(pattern=r"^[a-z_][a-z0-9_\-]{0,31}$")] = "root"  # of ssh
    ssh_port: Port = 22


class Node(_Model):
    """A database server process: where it runs, and its four ports."""

    name: Name
    host: Name
    port: Port = 3306
    galera_port: Port = 4567  # what the nodes say to each other
    ist_port: Port = 4568  # what a node missed, from another's cache
    sst_port: Port = 4444  # a whole copy, from another node

    @property
    def ports(self) -> tuple[int, int, int, int]:
        """Return every port that the node listens on, sooner or later."""
        return self.port, self.galera_port, self.ist_port, self.sst_port


class Witness(_Model):
    """Who breaks a tie, on a host that no node of the set is on."""

    host: Name
    port: Port = 4567
    kind: WitnessKind = WitnessKind.ARBITRATOR


class DatabaseSet(_Model):
    """One replicated database 集. The first node is where writes go."""

    name: Name
    nodes: tuple[Node, ...] = Field(min_length=1, max_length=NODES_MAX)
    profile: Profile = Profile.LAN
    witness: Witness | None = None
    cells: tuple[Annotated[int, Field(ge=0, le=CELL_MAX)], ...] = ()
    database: Name = "yunjin"  # the platform's own
    journal_node: str = ""  # keeps the log that restores to a point in time; empty: the last node
    backups: Copies | None = None  # none: only when somebody asks
    options: Mapping[str, str | int | bool] = Field(default_factory=dict)  # of the servers

    def node(self, name: str) -> Node:
        """Return a node by name. Raises: TopologyRefused."""
        for each in self.nodes:
            if each.name == name:
                return each
        raise TopologyRefused(
            f"The set {self.name} has no node {name[:40]}.", known=[one.name for one in self.nodes]
        )

    @property
    def keeps_journal(self) -> str:
        """Return the name of the node that keeps the journal."""
        return self.journal_node or self.nodes[-1].name

    @property
    def votes(self) -> int:
        """Return how many have a vote in the quorum."""
        return len(self.nodes) + (self.arbitrator is not None)

    @property
    def arbitrator(self) -> Witness | None:
        """Return the witness if it has a vote."""
        has_vote = self.witness is not None and self.witness.kind is WitnessKind.ARBITRATOR
        return self.witness if has_vote else None


class Topology(_Model):
    """A whole fleet, checked: what it says can be run."""

    data_centres: tuple[DataCentre, ...]
    hosts: tuple[Host, ...]
    sets: tuple[DatabaseSet, ...]
    tls: Tls = Tls()

    @property
    def speaks_tls(self) -> bool:
        """Return whether nodes, and who speaks to them, do it by TLS."""
        is_apart = any(host.reach is Reach.SSH for host in self.hosts)
        return is_apart if self.tls.is_on is None else self.tls.is_on

    @cached_property
    def _hosts(self) -> dict[str, Host]:
        return {host.name: host for host in self.hosts}

    @cached_property
    def _data_centres(self) -> dict[str, DataCentre]:
        return {each.name: each for each in self.data_centres}

    def host(self, name: str) -> Host:
        """Return a host by name."""
        return self._hosts[name]

    def data_centre_of(self, node: Node | Witness) -> DataCentre:
        """Return where a node stands."""
        return self._data_centres[self.host(node.host).data_centre]

    def set_of(self, name: str) -> DatabaseSet:
        """Return a set by name. Raises: TopologyRefused."""
        for each in self.sets:
            if each.name == name:
                return each
        raise TopologyRefused(
            f"The fleet has no set {name[:40]}.", known=[one.name for one in self.sets]
        )

    def with_set(self, changed: DatabaseSet) -> Self:
        """Return the fleet with a set put in place of the one of its name, or added; checked.

        Raises: TopologyRefused.
        """
        others = tuple(one for one in self.sets if one.name != changed.name)
        made = self.model_copy(update={"sets": (*others, changed)})
        refuse(list(wrongs(made)))
        return made


def read_topology(text: str) -> Topology:
    """Return the fleet that `fleet.toml` describes.

    Raises: TopologyRefused with every sentence about what is wrong.
    """
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise TopologyRefused(f"The fleet's file is not TOML: {error}.") from None
    named = _with_names(found)
    try:
        made = Topology.model_validate(named)
    except ValidationError as error:
        refuse([_said(one, named) for one in error.errors()])
        raise
    refuse(list(wrongs(made)))
    return made


def write_topology(fleet: Topology) -> str:
    """Return the text of a `fleet.toml` that describes a fleet; what is as usual is left out."""
    lines = ["# The fleet: docs/how-to/cluster.md"]
    if fleet.tls != Tls():
        lines += ["", f"tls = {_toml(fleet.tls.model_dump(mode='json', exclude_defaults=True))}"]
    for part in ("data_centres", "hosts", "sets"):
        for one in getattr(fleet, part):
            values = one.model_dump(mode="json", exclude_defaults=True)
            lines += ["", f"[{part}.{values.pop('name')}]"]
            lines += [f"{name} = {_toml(value)}" for name, value in values.items()]
    return "\n".join(lines) + "\n"


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        inner = ", ".join(f"{name} = {_toml(each)}" for name, each in value.items())
        return f"{{ {inner} }}"
    if isinstance(value, list):
        inner = "".join(f"\n  {_toml(each)}," for each in value)
        return f"[{inner}\n]" if inner else "[]"
    return json.dumps(value)  # a string, a whole number, true or false: as in JSON


def refuse(complaints: list[str]) -> None:
    """Raise TopologyRefused where there is a complaint."""
    if complaints:
        raise TopologyRefused("; ".join(complaints), wrongs=complaints)


def wrongs(fleet: Topology) -> Iterator[str]:
    """Yield a sentence for each thing that could not work."""
    yield from _unknown(fleet)
    yield from _twice(fleet)
    if bool(fleet.tls.ca) != bool(fleet.tls.ca_key):
        yield "tls: expected ca and ca_key, or neither: the fleet then makes its own"
    if not any(_unknown(fleet)):
        yield from _ports(fleet)
    for one in fleet.sets:
        yield from _quorum(one)
        try:
            checked_options(one.options)
        except Malformed as problem:
            yield f"set {one.name}: {problem.detail}"


def weaknesses(fleet: Topology, one: DatabaseSet) -> Iterator[str]:
    """Yield a sentence for each loss that would stop a set: allowed, but to be known."""
    if len(one.nodes) == 1:
        yield f"set {one.name} has one node: while that is down, so is the set"
        return
    voters: list[Node | Witness] = [*one.nodes, *([one.arbitrator] if one.arbitrator else [])]
    for what, places in (
        ("host", [voter.host for voter in voters]),
        ("data centre", [fleet.data_centre_of(voter).name for voter in voters]),
        ("city", [fleet.data_centre_of(voter).city for voter in voters]),
    ):
        name, count = Counter(places).most_common(1)[0]
        if 2 * (one.votes - count) <= one.votes:
            yield (
                f"set {one.name} has {count} of {one.votes} votes in {what} {name}: "
                "losing it stops the set"
            )


def _with_names(found: dict[str, Any]) -> dict[str, Any]:
    """Turn the file's named tables into the lists of the model."""
    made: dict[str, Any] = dict(found)
    for part in ("data_centres", "hosts", "sets"):
        named = found.get(part, {})
        if not isinstance(named, dict) or not all(isinstance(v, dict) for v in named.values()):
            raise TopologyRefused(f"expected tables [{part}.NAME], was something else in {part}")
        made[part] = [{"name": name, **rest} for name, rest in named.items()]
    return made


def _said(error: Any, made: dict[str, Any]) -> str:
    part, *rest = error["loc"]
    if rest and isinstance(rest[0], int):
        rest[0] = made[part][rest[0]]["name"]
    place = ".".join(str(step) for step in (part, *rest))
    if error["type"] == "extra_forbidden":
        return f"{place} is not known here"
    if error["type"] == "missing":
        return f"{place} is missing"
    found = f", was {str(error['input'])[:80]!r}"
    if error["type"] == "string_pattern_mismatch":
        return f"{place}: expected {_FORMS.get(str(rest[-1]), _FORMS['name'])}{found}"
    return f"{place}: {error['msg'][:1].lower()}{error['msg'][1:]}{found}"


_FORMS: Final = {
    "name": "small letters, digits and _, at most 32",
    "folder": f"a whole path of letters, digits, _ . - and /, at most {_FOLDER_LENGTH} long, "
    "since the path of a socket is short",
    "address": "an address or a name of a host",
}


def _unknown(fleet: Topology) -> Iterator[str]:
    centres, hosts = fleet._data_centres, fleet._hosts
    for host in fleet.hosts:
        if host.data_centre not in centres:
            yield f"host {host.name}: data centre {host.data_centre} is not described"
        if (host.reach is Reach.NAMESPACE) != bool(host.namespace):
            yield f"host {host.name}: a namespace belongs to reach = 'namespace', and only there"
        if host.reach is Reach.SSH and not _is_address(host.address):
            yield f"host {host.name}: expected an IP address, was {host.address}"
    for one in fleet.sets:
        for node in one.nodes:
            if node.host not in hosts:
                yield f"node {node.name}: host {node.host} is not described"
        if one.witness is not None and one.witness.host not in hosts:
            yield f"witness of set {one.name}: host {one.witness.host} is not described"
        if one.journal_node and one.journal_node not in {node.name for node in one.nodes}:
            yield f"set {one.name}: journal_node {one.journal_node} is none of its nodes"


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _twice(fleet: Topology) -> Iterator[str]:
    nodes = Counter(node.name for one in fleet.sets for node in one.nodes)
    cells = Counter(cell for one in fleet.sets for cell in one.cells)
    for name, count in nodes.items():
        if count > 1:
            yield f"{count} nodes are called {name}; a node's name is its own in the whole fleet"
    for cell, count in cells.items():
        if count > 1:
            yield f"{count} sets keep cell {cell}; a cell belongs to one set"
    for places in _by_place(fleet).values():
        if len(places) > 1:
            yield f"hosts {' and '.join(places)} are one: the same address and folder"


def _by_place(fleet: Topology) -> dict[tuple[str, str, str], list[str]]:
    found: dict[tuple[str, str, str], list[str]] = {}
    for host in fleet.hosts:
        found.setdefault((host.address, host.namespace, host.folder), []).append(host.name)
    return found


def _ports(fleet: Topology) -> Iterator[str]:
    taken: dict[tuple[str, str, int], str] = {}
    for who, name, ports in _listeners(fleet):
        host = fleet.host(name)
        for port in ports:
            place = (host.namespace, host.address, port)
            if place in taken:
                yield (
                    f"{taken[place]} and {who} both want port {port} of {host.address}; "
                    "give one of them another"
                )
            taken[place] = who


def _listeners(fleet: Topology) -> Iterator[tuple[str, str, tuple[int, ...]]]:
    for one in fleet.sets:
        for node in one.nodes:
            yield f"node {node.name}", node.host, node.ports
        if one.arbitrator is not None:
            yield f"the witness of set {one.name}", one.arbitrator.host, (one.arbitrator.port,)


def _quorum(one: DatabaseSet) -> Iterator[str]:
    if len(one.nodes) % 2 == 0 and one.witness is None:
        yield (
            f"set {one.name} has {len(one.nodes)} nodes and no witness: a cut in the middle leaves "
            "no majority; add a node, or a witness on another host"
        )
    if len(one.nodes) % 2 and one.votes % 2 == 0:
        yield (
            f"set {one.name} has {len(one.nodes)} nodes and an arbitrator, {one.votes} votes: "
            "even; take the arbitrator away or make it a watcher"
        )
    if one.witness is not None and one.witness.host in {node.host for node in one.nodes}:
        yield (
            f"the witness of set {one.name} is on host {one.witness.host}, which has a node of "
            "the set: they would be lost together; put it on another"
        )

"""What is looked at before a node is started, and what then speaks against it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from yunjin.foundation.database.domain.topology import Node

_EVERY_ADDRESS = frozenset({"0.0.0.0", "*", "[::]"})


@dataclass(frozen=True, slots=True, kw_only=True)
class StartLimits:
    """How far things may be off before a node is refused."""

    clock_off_ms_max: int = 5_000  # between two hosts of a set
    disk_free_mb_min: int = 1_024


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeFacts:
    """A node's host as it was found."""

    set: str
    node: Node
    address: str
    data_folder: str
    clock_off_ms: int  # the host's clock less ours
    disk_free_mb: int
    disk_total_mb: int
    has_data: bool
    owner: Mapping[str, str]  # what the data folder is signed with
    listeners: Mapping[tuple[str, int], str]  # (address, port) → program and process id
    lacks: Sequence[str] = field(default_factory=tuple)  # programs that are not installed


def against(facts: NodeFacts, limits: StartLimits) -> Iterator[str]:
    """Yield a sentence for each reason not to start a node, with its cure."""
    name = facts.node.name
    if facts.lacks:
        yield (
            f"host {facts.node.host} lacks {', '.join(facts.lacks)}: install the packages "
            "mariadb-server galera-4 mariadb-backup socat iproute2"
        )
    if facts.disk_free_mb < limits.disk_free_mb_min:
        yield (
            f"the disk of {facts.data_folder} on host {facts.node.host} has {facts.disk_free_mb} "
            f"of {facts.disk_total_mb} MB free, expected at least {limits.disk_free_mb_min}: "
            "make room, or set fleet.disk_free_mb_min"
        )
    whose = dict(facts.owner)
    if whose and whose != {"set": facts.set, "node": name}:
        yield (
            f"the data in {facts.data_folder} belong to node {whose.get('node', '?')} of set "
            f"{whose.get('set', '?')}, not to node {name} of set {facts.set}: give the node a "
            "folder of its own, or replace it to have it copied anew"
        )
    if facts.has_data and not whose:
        yield (
            f"the data in {facts.data_folder} were not put there by this fleet: move them away, "
            f"then replace node {name}"
        )
    for (address, port), owner in sorted(facts.listeners.items()):
        if port in facts.node.ports and (address in _EVERY_ADDRESS or address == facts.address):
            yield (
                f"port {port} of {facts.address} is taken by {owner or 'another program'}: stop "
                f"it, or give node {name} another port"
            )


def clocks_against(clock_off_ms: Mapping[str, int], limits: StartLimits) -> Iterator[str]:
    """Yield a sentence where the clocks of two hosts are too far apart.

    Parameters
    ----------
    clock_off_ms : host → its clock less ours.
    """
    if not clock_off_ms:
        return
    slow, fast = (
        choose(clock_off_ms, key=lambda host: clock_off_ms[host]) for choose in (min, max)
    )
    apart = clock_off_ms[fast] - clock_off_ms[slow]
    if apart > limits.clock_off_ms_max:
        yield (
            f"the clock of host {fast} is {apart} ms ahead of that of host {slow}, expected at "
            f"most {limits.clock_off_ms_max}: let a time service (chrony) set both"
        )

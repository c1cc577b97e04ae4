"""Many nodes looked at together: before they are started, and at any time."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

from yunjin.foundation.database.adapters.arbitrator import Arbitrator
from yunjin.foundation.database.adapters.facts import clock_off_ms, facts_of
from yunjin.foundation.database.adapters.galera import NodeServer
from yunjin.foundation.database.api.fleet import NodeStatus
from yunjin.foundation.database.domain.preflight import StartLimits, against, clocks_against
from yunjin.foundation.database.errors import HostUnreachable, NodeRefused
from yunjin.kernel.clock import Clock

T = TypeVar("T")


def of_all(nodes: Sequence[NodeServer], ask: Callable[[NodeServer], T]) -> list[T]:
    """Ask all nodes at once; return their answers in the same order."""
    with ThreadPoolExecutor(max(len(nodes), 1)) as pool:
        return list(pool.map(ask, nodes))


def refuse_start(
    nodes: Sequence[NodeServer],
    members: Sequence[NodeServer],
    *,
    clock: Clock,
    limits: StartLimits,
) -> None:
    """Look at the hosts of nodes that are to be started.

    Parameters
    ----------
    members : all nodes of their set.

    Raises: NodeRefused with every reason that speaks against it, and its cure; HostUnreachable.
    """
    facts = of_all(nodes, lambda node: facts_of(node, clock))
    found = [said for each in facts for said in against(each, limits)]
    others = {node.machine.name: node.machine for node in members}
    clocks = {each.node.host: each.clock_off_ms for each in facts}
    for host in set(others) - set(clocks):
        with suppress(HostUnreachable):  # a dead host's clock hurts nobody
            clocks[host] = clock_off_ms(others[host], clock)
    found += clocks_against(clocks, limits)
    if found:
        raise NodeRefused("; ".join(found), reasons=found)


def refuse_mixed(nodes: Sequence[NodeServer], members: Sequence[NodeServer]) -> None:
    """Refuse to start nodes that speak TLS beside those that do not, or the other way round.

    Raises: NodeRefused.
    """
    starting = {node.name for node in nodes}
    wanted = members[0].fleet.speaks_tls
    other = []
    for node in members:
        with suppress(HostUnreachable):
            if node.name not in starting and node.pid() and node.speaks_tls() is not wanted:
                other.append(node.name)
    if other:
        one = members[0].set.name
        raise NodeRefused(
            f"{', '.join(other)} of set {one} {'speaks no TLS' if wanted else 'speaks TLS'}, and "
            f"fleet.toml now has it {'on' if wanted else 'off'}: nodes of a set understand each "
            f"other only if all do alike. Stop the whole set and start it: yunjin fleet stop {one}"
            f" && yunjin fleet start {one}; or set tls as it was.",
            nodes=other,
        )


def status_of(node: NodeServer, wait_s: int) -> NodeStatus:
    """Return how a node is, or that its host does not answer."""
    try:
        return node.status(wait_s=wait_s)
    except HostUnreachable as error:
        return NodeStatus(name=node.name, pid=0, why=error.detail)


def arbitrates(arbitrator: Arbitrator | None) -> str:
    """Return how an arbitrator is: running, down or why it cannot be seen; empty for none."""
    if arbitrator is None:
        return ""
    try:
        return "running" if arbitrator.pid() else "down"
    except HostUnreachable as error:
        return error.detail

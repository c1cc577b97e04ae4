"""A running set changed, one node after the other, while the others serve."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Final

from yunjin.foundation.database.adapters.galera import NodeServer
from yunjin.foundation.database.adapters.locks import alone
from yunjin.foundation.database.api.fleet import NodeStatus
from yunjin.foundation.database.domain.options import (
    checked_options,
    needs_restart,
    set_statement,
)
from yunjin.foundation.database.domain.topology import DatabaseSet, Node, Topology
from yunjin.foundation.database.errors import HostUnreachable, SetRefused
from yunjin.foundation.database.service.fleet import Fleet

_UPGRADE_WAIT_S: Final = 1_800


class Changes:
    """What is changed of sets that serve.

    Parameters
    ----------
    save : keeps the fleet's file in step with what was done.
    """

    def __init__(self, fleet: Fleet, *, save: Callable[[Topology], None]) -> None:
        self._fleet, self._save = fleet, save

    def changing(self, name: str) -> AbstractContextManager[None]:
        """Hold a set for a block, so that no other command changes it."""
        return self._fleet.changing(name)

    @alone
    def configure(self, name: str, options: Mapping[str, str | int | bool]) -> list[str]:
        """Set options of a set's servers; return what needed each server to be restarted.

        What a running server takes acts at once; for the rest the nodes restart one by one.

        Raises: Malformed (a strange option or value: nothing is changed), SetRefused where a node
        is not in step, NodeFailed, HostUnreachable.
        """
        wanted = checked_options(options)
        one = self._fleet.topology.set_of(name)
        self._whole(name)
        changed = one.model_copy(update={"options": {**one.options, **options}})
        self._keep(changed)
        nodes = self._fleet.nodes(name)
        restarting = needs_restart(wanted)
        at_once = "\n".join(
            set_statement(key, value) for key, value in wanted.items() if key not in restarting
        )
        for node in nodes:
            node.write_config()
            if at_once:
                self._fleet.tell(f"{name}: {node.name} takes the new options")
                node.ask(at_once)
        if restarting:
            self.roll(name, lambda node: None)
        return restarting

    @alone
    def upgrade(self, name: str, *, install: Sequence[str] = ()) -> list[NodeStatus]:
        """Bring the servers to the version that is installed, one node at a time.

        Parameters
        ----------
        install : a command that is run on each host while its node is down: what installs the
            new packages. Empty: they are there already.

        Raises: SetRefused where a node is not in step, NodeFailed, HostUnreachable.
        """

        def while_down(node: NodeServer) -> None:
            if install:
                node.machine.done(install, wait_s=_UPGRADE_WAIT_S)

        def when_up(node: NodeServer) -> None:
            node.upgrade_tables(wait_s=_UPGRADE_WAIT_S)

        return self.roll(name, while_down, when_up)

    @alone
    def rotate_tls(self, name: str) -> list[NodeStatus]:
        """Give each node of a set a new key and certificate, one node at a time.

        Raises: SetRefused where it speaks no TLS, or a node is not in step; NodeFailed,
        HostUnreachable.
        """
        if not self._fleet.topology.speaks_tls:
            raise SetRefused(f"Set {name} speaks no TLS: `tls = {{ is_on = true }}` of fleet.toml.")
        seen = self.roll(name, lambda node: node.certify())
        arbitrator = self._fleet.arbitrator(name)
        if arbitrator is not None:
            arbitrator.stop()
            self._fleet.settled(name)
            arbitrator.start()
        return seen

    @alone
    def roll(
        self,
        name: str,
        while_down: Callable[[NodeServer], None],
        when_up: Callable[[NodeServer], None] = lambda node: None,
    ) -> list[NodeStatus]:
        """Stop each node, do something, start it and wait until it is in step; the writer last.

        Raises: SetRefused before a node is stopped while another is not in step; what was rolled
        till then stays, and the call may be repeated.
        """
        seen = []
        for node in reversed(self._fleet.nodes(name)):
            self._whole(name)
            self._fleet.tell(f"{name}: {node.name} restarts")
            node.stop()
            self._fleet.settled(name)
            while_down(node)
            seen.append(self._fleet.join(node))
            when_up(node)
        return seen

    @alone
    def add_nodes(self, name: str, nodes: Sequence[Node]) -> list[NodeStatus]:
        """Bring more nodes into a set: each is copied from another, which goes on serving.

        Raises: TopologyRefused (also where their number would be even), SetRefused, NodeRefused,
        NodeFailed, HostUnreachable.
        """
        one = self._fleet.topology.set_of(name)
        self._whole(name)
        changed = one.model_copy(update={"nodes": (*one.nodes, *nodes)})
        self._fleet.topology.with_set(changed)  # refuses before anything is done
        for node in nodes:
            self._fleet.server(changed, node.name).refuse_data()
        self._keep(changed)
        self._write_configs(name)
        seen = []
        for node in nodes:
            self._fleet.tell(f"{name}: {node.name} is copied from another node")
            seen.append(self._fleet.join(self._fleet.node(name, node.name)))
        return seen

    @alone
    def remove_nodes(self, name: str, nodes: Sequence[str]) -> None:
        """Take nodes out of a set and stop them; their data stay on their hosts.

        Raises: SetRefused where another node is not in step, TopologyRefused where none or an
        even number would be left.
        """
        one = self._fleet.topology.set_of(name)
        gone = [self._fleet.node(name, node) for node in nodes]
        self._whole(name, without=nodes)
        rest = tuple(each for each in one.nodes if each.name not in nodes)
        if not rest:
            raise SetRefused(f"Set {name} would have no node left; stop the set instead.")
        journal = "" if one.journal_node in nodes else one.journal_node
        changed = one.model_copy(update={"nodes": rest, "journal_node": journal})
        self._fleet.topology.with_set(changed)
        for node in gone:
            self._stopped(node)
            self._fleet.settled(name)
        self._keep(changed)
        self._write_configs(name)

    @alone
    def replace_node(self, name: str, node: str, *, by: Node | None = None) -> NodeStatus:
        """Copy a node anew from the others: in its own place, or as another in place of it.

        Parameters
        ----------
        by : a node on a sound host, where the old one's is lost. Its data there are removed.

        Raises: SetRefused where another node is not in step, TopologyRefused, NodeFailed,
        HostUnreachable.
        """
        one = self._fleet.topology.set_of(name)
        old = self._fleet.node(name, node)
        self._whole(name, without=[node])
        new = by or old.node
        nodes = tuple(new if each.name == node else each for each in one.nodes)
        journal = new.name if one.journal_node == node else one.journal_node
        changed = one.model_copy(update={"nodes": nodes, "journal_node": journal})
        self._fleet.topology.with_set(changed)
        if by is not None:
            self._fleet.server(changed, new.name).refuse_data()
        self._stopped(old)
        self._keep(changed)
        made = self._fleet.node(name, new.name)
        self._fleet.tell(f"{name}: {new.name} is copied from another node")
        if by is None:
            made.machine.remove(made.places.data)
        self._write_configs(name)
        return self._fleet.join(made)

    def _stopped(self, node: NodeServer) -> None:
        try:
            node.stop()
        except HostUnreachable:
            self._fleet.tell(f"host {node.machine.name} does not answer; taken as lost")

    def _whole(self, name: str, *, without: Sequence[str] = ()) -> None:
        """Refuse unless every (other) node is in step, so that one may be spared."""
        self._fleet.settled(name)
        seen = [each for each in self._fleet.status(name).nodes if each.name not in without]
        lagging = [each.name for each in seen if not each.is_synced]
        if lagging or not seen:
            raise SetRefused(
                f"Expected every {'other ' if without else ''}node of set {name} to be in step, "
                f"but {', '.join(lagging) or 'there is none'} {'are' if len(lagging) > 1 else 'is'}"
                " not. Bring them up first, so that the set stays whole while one is changed.",
                nodes=lagging,
            )

    def _write_configs(self, name: str) -> None:
        # Running nodes know each other already; the file is what they find each other by later.
        for node in self._fleet.nodes(name):
            try:
                node.write_config()
            except HostUnreachable:
                self._fleet.tell(f"host {node.machine.name} does not answer; its file is old")

    def _keep(self, changed: DatabaseSet) -> None:
        self._fleet.topology = self._fleet.topology.with_set(changed)
        self._save(self._fleet.topology)

"""The fleet at work: sets are created, started, stopped and seen, node by node."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final
from urllib.parse import quote
from uuid import uuid1

from yunjin.foundation.database.adapters.arbitrator import Arbitrator
from yunjin.foundation.database.adapters.certificates import Authority
from yunjin.foundation.database.adapters.galera import NodeServer
from yunjin.foundation.database.adapters.locks import WAIT_S, SetLocks, alone
from yunjin.foundation.database.adapters.machines import Machine
from yunjin.foundation.database.adapters.runners import Runner, runner_of
from yunjin.foundation.database.adapters.secrets import Secrets, secrets_of
from yunjin.foundation.database.api.fleet import PRIMARY, NodeStatus, Position, SetStatus
from yunjin.foundation.database.domain.positions import NO_HISTORY, common_view, leader
from yunjin.foundation.database.domain.preflight import StartLimits
from yunjin.foundation.database.domain.topology import DatabaseSet, Host, Topology, weaknesses
from yunjin.foundation.database.domain.users import APPLICATION, DOCTOR, first_statements
from yunjin.foundation.database.errors import NodeFailed, SetRefused
from yunjin.foundation.database.service.looking import (
    arbitrates,
    of_all,
    refuse_mixed,
    refuse_start,
    status_of,
)
from yunjin.kernel.clock import Clock, SystemClock

_TOGETHER_WITHIN_S: Final = 60
_SETTLES_WITHIN_S: Final = 15
Tell = Callable[[str], None]  # hears what is being done, a few words each


class Fleet:
    """The sets of a topology.

    Parameters
    ----------
    home : folder of the sets' passwords.
    runners : what runs programs on a host; by default what the topology says.
    """

    def __init__(
        self,
        topology: Topology,
        *,
        home: Path,
        runners: Callable[[Host], Runner] = runner_of,
        limits: StartLimits | None = None,
        clock: Clock | None = None,
        tell: Tell = lambda words: None,
    ) -> None:
        self.topology, self.home, self.tell = topology, home, tell
        self.clock, self._limits = clock or SystemClock(), limits or StartLimits()
        self._runners = runners
        self._machines: dict[str, Machine] = {}
        self._locks = SetLocks(home, tell)
        self.authority = Authority(home, ca=topology.tls.ca, key=topology.tls.ca_key)

    def machine(self, host: str) -> Machine:
        """Return a host by name."""
        if host not in self._machines:
            self._machines[host] = Machine(host, self._runners(self.topology.host(host)))
        return self._machines[host]

    def changing(self, name: str, *, wait_s: int = WAIT_S) -> AbstractContextManager[None]:
        """Hold a set for a block, so that no other command changes it.

        Raises: TopologyRefused, SetRefused where another holds it for longer than `wait_s`.
        """
        return self._locks.holding(self.topology.set_of(name).name, wait_s=wait_s)

    def secrets(self, name: str) -> Secrets:
        """Return the passwords of a set's own users."""
        return secrets_of(self.home, self.topology.set_of(name).name)

    def node(self, name: str, node: str) -> NodeServer:
        """Return one node of a set. Raises: TopologyRefused."""
        one = self.topology.set_of(name)
        return self.server(one, node)

    def nodes(self, name: str) -> list[NodeServer]:
        """Return the nodes of a set. Raises: TopologyRefused."""
        one = self.topology.set_of(name)
        return [self.server(one, node.name) for node in one.nodes]

    def arbitrator(self, name: str) -> Arbitrator | None:
        """Return the arbitrator of a set, None where it has none."""
        one = self.topology.set_of(name)
        if one.arbitrator is None:
            return None
        machine = self.machine(one.arbitrator.host)
        return Arbitrator(
            self.topology, one, one.arbitrator, machine=machine, authority=self.authority
        )

    def url(self, name: str, *, user: str = APPLICATION, first: str = "") -> str:
        """Return `mysql://USER:PASSWORD@HOST:PORT,…/NAME` of a set: the first node takes writes.

        Where it speaks TLS, `?tls_ca=FILE` names who has to have signed what its nodes show.

        Parameters
        ----------
        user : the platform's (`users.APPLICATION`) or the doctor's (`users.DOCTOR`).
        first : the node that is named first: one near to whoever uses the URL.
        """
        one, secrets = self.topology.set_of(name), self.secrets(name)
        is_doctor = user == DOCTOR
        password = secrets.doctor if is_doctor else secrets.application
        database = DOCTOR if is_doctor else one.database
        places = self.places(name, first=first)
        return f"mysql://{user}:{password}@{places}/{database}{self.tls_query}"

    @property
    def ca_file(self) -> str:
        """Return the file of the authority that clients believe; empty where there is no TLS."""
        return str(self.authority.file.absolute()) if self.topology.speaks_tls else ""

    @property
    def tls_query(self) -> str:
        """Return what a URL of a set ends with where it speaks TLS."""
        return f"?tls_ca={quote(self.ca_file)}" if self.ca_file else ""

    def places(self, name: str, *, first: str = "") -> str:
        """Return `HOST:PORT,HOST:PORT,…` of a set's nodes."""
        nodes = sorted(self.topology.set_of(name).nodes, key=lambda each: each.name != first)
        return ",".join(f"{self.topology.host(each.host).address}:{each.port}" for each in nodes)

    # -- whole sets ----------------------------------------------------------------------------

    @alone
    def create(self, name: str) -> SetStatus:
        """Make a set of nothing: system tables, users, the platform's database; leave it running.

        Raises: NodeRefused where there are data already, NodeFailed, HostUnreachable.
        """
        first, *others = self.nodes(name)
        self.tell(f"{name}: system tables and users")
        self.check_start([first, *others])
        first.install()
        first.start(first.position(), leads=True)
        first.wait()
        self.open_set(name, first)
        first.stop()
        self.tell(f"{name}: copied to {len(others)} other nodes")
        seed = first.seed()
        of_all(others, lambda node: node.plant(seed))
        return self.start(name)

    def open_set(self, name: str, first: NodeServer) -> None:
        """Make a set's own users and databases on a node that takes writes."""
        one, secrets = self.topology.set_of(name), self.secrets(name)
        first.ask(
            first_statements(
                database=one.database,
                application=secrets.application,
                doctor=secrets.doctor,
                sst=secrets.sst,
            )
        )

    @alone
    def start(self, name: str, *, without: Sequence[str] = ()) -> SetStatus:
        """Start every node of a set that does not run, whatever it went through before.

        Nodes join those that run. Where none runs, all start at once, each from its recovered
        position, and go on from that of the one which came furthest.

        Parameters
        ----------
        without : nodes that are lost. Naming them says that what only they had may be lost too.

        Raises: SetRefused, NodeRefused, NodeFailed, HostUnreachable.
        """
        nodes = [node for node in self.nodes(name) if node.name not in without]
        seen = of_all(nodes, lambda node: node.status())
        waiting = [node for node, status in zip(nodes, seen, strict=True) if not status.pid]
        if len(waiting) < len(nodes):
            for node in waiting:
                self.start_node(name, node.name)
            return self._with_arbitrator(name)
        self.check_start(nodes)
        of_all(nodes, lambda node: node.write_config())
        positions = dict(
            zip(
                (node.name for node in nodes),
                of_all(nodes, lambda node: node.position()),
                strict=True,
            )
        )
        self.tell(f"{name}: " + ", ".join(f"{who} at {at.seqno}" for who, at in positions.items()))
        arbitrator = self.arbitrator(name)
        if arbitrator is not None:
            arbitrator.stop()  # it remembers a majority of which nobody is left
        chosen = leader(positions)  # refuses where they do not belong together
        with_data = [node for node in nodes if positions[node.name].history != NO_HISTORY]
        if without or len(with_data) == 1 or not self._start_together(with_data, positions):
            self.tell(f"{name}: {chosen} begins, at {positions[chosen].seqno}")
            self._lead(chosen, with_data, positions)
        for node in nodes:
            if node not in with_data:
                self.join(node)
        return self._with_arbitrator(name)

    @alone
    def stop(self, name: str) -> None:
        """Stop a set in order, the node that takes the writes last. Raises: NodeFailed."""
        for node in reversed(self.nodes(name)):
            if node.pid():
                self.tell(f"{name}: {node.name} stops")
                node.stop()
                self.settled(name)
        arbitrator = self.arbitrator(name)
        if arbitrator is not None:
            arbitrator.stop()

    def status(self, name: str, *, wait_s: int = 10) -> SetStatus:
        """Return how a set is; what does not answer in time is said in its node's `why`."""
        one = self.topology.set_of(name)
        return SetStatus(
            name=name,
            nodes=tuple(of_all(self.nodes(name), lambda node: status_of(node, wait_s))),
            weaknesses=tuple(weaknesses(self.topology, one)),
            arbitrator=arbitrates(self.arbitrator(name)),
        )

    # -- single nodes --------------------------------------------------------------------------

    @alone
    def start_node(self, name: str, node: str) -> NodeStatus:
        """Start a node that joins those of its set that run, and wait until it is in step.

        It gets what it missed; a node that missed more than others still hold is copied whole.

        Raises: SetRefused where no node of the set takes writes, NodeFailed, HostUnreachable.
        """
        self._refuse_alone(name, node)
        return self.join(self.node(name, node))

    @alone
    def stop_node(self, name: str, node: str) -> None:
        """Stop one node in order; the others go on.

        Raises: SetRefused where they could not, NodeFailed, HostUnreachable.
        """
        self._refuse_alone(name, node)
        self.node(name, node).stop()
        self.settled(name)

    @alone
    def restart_node(self, name: str, node: str) -> NodeStatus:
        """Stop one node and start it from its position. Raises: as `start_node`."""
        self.stop_node(name, node)
        return self.join(self.node(name, node))

    def server(self, one: DatabaseSet, node: str) -> NodeServer:
        """Return a node of a set that need not be the one of the topology (it may be new)."""
        found = one.node(node)
        return NodeServer(
            self.topology,
            one,
            found,
            machine=self.machine(found.host),
            secrets=secrets_of(self.home, one.name),
            authority=self.authority,
        )

    def join(self, node: NodeServer) -> NodeStatus:
        """Start a node that has somebody to join, and wait until it is in step."""
        if node.pid():
            return node.wait(wait_s=600)  # somebody started it meanwhile
        self.check_start([node])
        if not node.owner():
            node.sign()
        node.write_config()
        node.start(node.position())
        return node.wait(wait_s=600)

    def _with_arbitrator(self, name: str) -> SetStatus:
        arbitrator = self.arbitrator(name)
        if arbitrator is not None:
            arbitrator.start()
            votes = self.topology.set_of(name).votes
            self.nodes(name)[0].wait(lambda seen: seen.cluster_size == votes)
        return self.status(name)

    def _start_together(
        self, nodes: Sequence[NodeServer], positions: Mapping[str, Position]
    ) -> bool:
        """Start nodes that all were down as after a crash of all; return whether they are up.

        That takes no node's word for being the last, and none has to be copied or brought up
        by another first.
        """
        names, identities = [node.name for node in nodes], [uuid1() for _ in nodes]
        views = common_view(names, identities)
        of_all(nodes, lambda node: node.write_view(views[node.name]))
        of_all(nodes, lambda node: node.start(positions[node.name]))
        try:
            of_all(nodes, lambda node: node.wait(wait_s=_TOGETHER_WITHIN_S))
        except NodeFailed as problem:
            self.tell(f"they have not come together: {problem.detail[:200]}")
            of_all(nodes, lambda node: node.kill())
            return False
        return True

    def _lead(
        self, chosen: str, nodes: Sequence[NodeServer], positions: Mapping[str, Position]
    ) -> None:
        [first] = [node for node in nodes if node.name == chosen]
        others = [node for node in nodes if node.name != chosen]
        of_all(nodes, lambda node: node.write_view(""))
        first.start(positions[chosen], leads=True)
        first.wait()
        of_all(others, lambda node: node.start(positions[node.name]))
        of_all(others, lambda node: node.wait(wait_s=600))

    def settled(self, name: str) -> bool:
        """Wait until the nodes that run agree on how many they are, and return whether they do.

        A node that leaves before the others have seen the one before it leave counts as lost, not
        as gone: two in haste take the majority with them.
        """
        one = self.topology.set_of(name)
        for _ in range(_SETTLES_WITHIN_S * 10):
            running = [node for node in self.status(name).nodes if node.pid]
            sizes = {node.cluster_size for node in running}
            votes_more = one.votes - len(one.nodes)
            if sizes <= {len(running), len(running) + votes_more} and len(sizes) < 2:
                return True
            time.sleep(0.1)
        return False

    def _refuse_alone(self, name: str, node: str) -> None:
        self.settled(name)
        others = [status for status in self.status(name).nodes if status.name != node]
        if any(status.is_synced for status in others):
            return
        running = [status.name for status in others if status.pid]
        if running:
            raise SetRefused(
                f"{', '.join(running)} of set {name} run without a majority. Where the nodes that "
                f"they miss are dead, let them go on: yunjin fleet bootstrap {name}.",
                nodes=running,
            )
        raise SetRefused(
            f"No other node of set {name} takes writes, so {node} has nobody to join or to leave "
            f"the work to. Start or stop the whole set: yunjin fleet start {name}."
        )

    @alone
    def bootstrap(self, name: str, *, lost: Sequence[str] = ()) -> SetStatus:
        """Let the nodes that run without a majority go on as one.

        Two halves that both go on are two truths: whoever calls this has made sure that the nodes
        that are not seen here are dead, and names them.

        Parameters
        ----------
        lost : the nodes that do not run.

        Raises: SetRefused where a node takes writes, or one that was not named does not run.
        """
        seen = self.status(name).nodes
        serving = [status.name for status in seen if status.cluster_status == PRIMARY]
        if serving:
            raise SetRefused(f"{', '.join(serving)} of set {name} have a majority already.")
        silent = [each.name for each in seen if each.seqno < 0 and each.name not in lost]
        alive = [status for status in seen if status.seqno >= 0 and status.name not in lost]
        if silent or not alive:
            raise SetRefused(
                f"{', '.join(silent) or 'Every node'} of set {name} does not answer. Start what "
                "can be started; name what is dead with --lost.",
                nodes=silent,
            )
        first = max(alive, key=lambda status: status.seqno)
        self.tell(f"{name}: {first.name} goes on, at {first.seqno}")
        server = self.node(name, first.name)
        server.ask("SET GLOBAL wsrep_provider_options = 'pc.bootstrap=YES'")
        server.wait()
        return self.status(name)

    def check_start(self, nodes: Sequence[NodeServer]) -> None:
        """Look at the hosts of nodes that are to be started.

        Raises: NodeRefused with every reason that speaks against it, and its cure.
        """
        members = self.nodes(nodes[0].set.name)
        refuse_mixed(nodes, members)
        refuse_start(nodes, members, clock=self.clock, limits=self._limits)

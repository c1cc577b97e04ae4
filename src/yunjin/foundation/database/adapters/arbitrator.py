"""The arbitrator of a set: garbd, which has a vote in the quorum and keeps no data."""

import signal

from yunjin.foundation.database.adapters.certificates import Authority, put
from yunjin.foundation.database.adapters.machines import Machine
from yunjin.foundation.database.domain.rendering import arbitrator_words
from yunjin.foundation.database.domain.tls import TlsFiles
from yunjin.foundation.database.domain.topology import DatabaseSet, Topology, Witness
from yunjin.foundation.database.errors import NodeRefused


class Arbitrator:
    """A set's arbitrator, worked on through the machine it is on. All raise HostUnreachable."""

    def __init__(
        self,
        fleet: Topology,
        one: DatabaseSet,
        witness: Witness,
        *,
        machine: Machine,
        authority: Authority | None = None,
    ) -> None:
        self._authority = authority if fleet.speaks_tls else None
        self._fleet, self._set, self._witness, self.machine = fleet, one, witness, machine
        self.folder = f"{fleet.host(witness.host).folder.rstrip('/')}/{one.name}_witness"
        self.log = f"{self.folder}/garbd.log"

    def pid(self) -> int:
        """Return the process id of the arbitrator, 0 while it does not run."""
        written = self.machine.read(f"{self.folder}/pid").strip()
        if not written.isdecimal():
            return 0
        return int(written) if self.folder in self.machine.command_of(int(written)) else 0

    def start(self) -> int:
        """Start it, unless it runs; return its process id. Raises: NodeRefused without garbd."""
        running = self.pid()
        if running:
            return running
        if self.machine.run(["sh", "-c", "command -v garbd"]).code:
            raise NodeRefused(
                f"Host {self.machine.name} lacks garbd: install the package galera-arbitrator-4."
            )
        self.machine.make_folder(self.folder)
        self.certify()
        self.machine.remove(f"{self.folder}/gvwstate.dat")  # it follows the nodes, never leads
        words = arbitrator_words(self._fleet, self._set, self._witness, self.folder)
        return self.machine.start(words, pid=f"{self.folder}/pid", log=self.log)

    def certify(self) -> None:
        """Give it a new key and certificate, where nodes speak TLS; it reads them at its start."""
        if self._authority is not None:
            address = self._fleet.host(self._witness.host).address
            made = self._authority.sign(f"{self._set.name}_witness", [address])
            put(self.machine, TlsFiles(f"{self.folder}/tls"), made)

    def stop(self) -> None:
        """Stop it in order, and wait until it has left."""
        pid = self.pid()
        if pid:
            self.machine.send(pid, signal.SIGTERM)
            self.machine.wait_end(pid, 30)

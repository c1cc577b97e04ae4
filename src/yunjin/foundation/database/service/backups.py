"""Backups of sets: whole copies and the journal since, restored to a moment, and tried."""

import datetime as dt
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from yunjin.foundation.database.adapters.galera import NodeServer
from yunjin.foundation.database.adapters.shelf import Shelf
from yunjin.foundation.database.adapters.streams import Moved, pull, push
from yunjin.foundation.database.api.fleet import FullBackup, SetStatus
from yunjin.foundation.database.domain.backups import (
    JournalFile,
    backup_place,
    journal_for,
    journal_name,
    journal_number,
    latest,
    may_go,
    refuse_uncovered,
)
from yunjin.foundation.database.errors import NodeRefused
from yunjin.foundation.database.service.fleet import Fleet
from yunjin.foundation.database.service.resting import resting
from yunjin.kernel.clock import instant

_CHAIN: Final = "journal.chain"  # in the data folder: gone when another node's data are copied in
_REPLAY: Final = (
    "set -o pipefail; cd $1; TZ=UTC mariadb-binlog --force-read --skip-annotate-row-events "
    '"${@:4}" | mariadb --no-defaults --binary-mode --user="$3" --socket="$2"'
)
_WAIT_S: Final = 24 * 3_600


class Backups:
    """Whole copies of sets, taken from the node that keeps the journal while the set serves.

    Parameters
    ----------
    folder : where they are kept: a disk of this machine, or a bucket mounted as one.
    """

    def __init__(self, fleet: Fleet, *, folder: Path) -> None:
        self._fleet, self._folder = fleet, folder

    def shelf(self, name: str) -> Shelf:
        """Return the backups of a set, one that is no longer in the fleet too."""
        return Shelf(self._folder, name)

    def take(self, name: str, *, moved: Moved = lambda count: None) -> FullBackup:
        """Copy a whole set, and the journal so far.

        Raises: NodeRefused where the journal's node is not in step, HostUnreachable, RestoreRefused
        where it keeps no journal.
        """
        node = self._journal_node(name)
        identity = instant(self._fleet.clock.now_ns()).strftime("%Y%m%dT%H%M%S%fZ")
        shelf, chain = self.shelf(name), self.chain_of(node)
        self._fleet.tell(f"{name}: {node.name} is copied")
        pulled = pull(
            node.machine.runner, node.backup_words(), shelf.data_of(identity), moved=moved
        )
        backup = FullBackup(
            id=identity,
            set=name,
            node=node.name,
            chain=chain,
            at=backup_place(pulled.said),
            taken_us=self._fleet.clock.now_ns() // 1_000,
            version=node.status().version,
            size_bytes=pulled.size_bytes,
            sha256=pulled.sha256,
        )
        shelf.keep(backup)
        self.keep_journal(name)
        return backup

    def keep_journal(self, name: str) -> list[JournalFile]:
        """Close the journal's file and copy what is not kept yet; return what was copied.

        What was committed before this call can be restored after it, also when the set is lost.

        Raises: NodeRefused, HostUnreachable.
        """
        node, shelf = self._journal_node(name), self.shelf(name)
        chain = self.chain_of(node)
        closed_us = self._fleet.clock.now_ns() // 1_000
        node.ask("FLUSH LOCAL BINARY LOGS")
        names = [row[0] for row in node.ask("SHOW BINARY LOGS")][:-1]  # the last one is open
        kept = {file.number for file in shelf.journal() if file.chain == chain}
        made = []
        for number in map(journal_number, names):
            if number and number not in kept:
                path = f"{node.places.data}/{journal_name(number)}"
                pulled = pull(node.machine.runner, ["cat", path], shelf.journal_file(chain, number))
                made.append(
                    JournalFile(
                        chain=chain,
                        number=number,
                        closed_us=closed_us,
                        size_bytes=pulled.size_bytes,
                        sha256=pulled.sha256,
                    )
                )
                shelf.keep_journal(made[-1])
        return made

    def prune(self, name: str, *, keep: int) -> int:
        """Remove backups beyond the newest `keep`, and the journal none needs; return how many."""
        shelf = self.shelf(name)
        old, unneeded = may_go(shelf.backups(), shelf.journal(), keep=keep)
        for backup in old:
            shelf.remove(backup)
        for file in unneeded:
            shelf.remove_journal(file)
        return len(old)

    def restore(
        self,
        source: str,
        into: str,
        *,
        until: dt.datetime | None = None,
        moved: Moved = lambda count: None,
    ) -> SetStatus:
        """Make a set of the fleet, whose nodes are empty, from the backups of another.

        Doctors only look at it meanwhile.

        Parameters
        ----------
        source : the set whose backups are used; it may be lost.
        until : what was committed before this second is restored; None: all that was kept.

        Raises: RestoreRefused, NodeRefused where there are data, NodeFailed, HostUnreachable.
        """
        before_us = int(until.timestamp()) * 1_000_000 if until is not None else None
        shelf = self.shelf(source)
        backup = latest(shelf.backups(), before_us=before_us)
        refuse_uncovered(backup, shelf.journal(), until_us=before_us)
        stop = [f"--stop-datetime={until.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S}"] if until else []
        nodes = self._fleet.nodes(into)
        first, *others = nodes
        with resting(nodes, seconds=_WAIT_S, clock=self._fleet.clock):
            self._fleet.check_start(nodes)
            self.fill(first, backup, stop, moved=moved)
            self._fleet.open_set(into, first)
            for node in others:
                self._fleet.tell(f"{into}: {node.name} is copied from {first.name}")
                self._fleet.join(node)
        return self._fleet.status(into)

    def fill(
        self,
        node: NodeServer,
        backup: FullBackup,
        stop: Sequence[str],
        *,
        last: int | None = None,
        moved: Moved = lambda count: None,
    ) -> None:
        """Bring a backup and the journal since onto an empty node, and leave it running alone.

        Parameters
        ----------
        stop : where the journal is left, as options of mariadb-binlog.
        last : the number of its last file; None: all that is kept.
        """
        shelf = self.shelf(backup.set)
        data = shelf.checked(shelf.data_of(backup.id), backup.sha256)
        kept = [file for file in shelf.journal() if last is None or file.number <= last]
        files = journal_for(backup, kept)
        self._fleet.tell(f"{node.name}: the backup {backup.id} of set {backup.set}")
        node.refuse_data()
        node.sign()
        push(node.machine.runner, ["mbstream", "-x", "-C", node.places.data], data, moved=moved)
        node.prepare_backup(wait_s=_WAIT_S)
        node.write_config()
        node.start(node.saved().position, leads=True)
        node.wait(wait_s=_WAIT_S)
        if files:
            self._fleet.tell(f"{node.name}: {len(files)} files of the journal")
            self._replay(node, shelf, files, [f"--start-position={backup.at.byte}", *stop])

    def _replay(
        self, node: NodeServer, shelf: Shelf, files: Sequence[JournalFile], options: Sequence[str]
    ) -> None:
        folder = f"{node.places.folder}/replay"
        node.machine.remove(folder)
        node.machine.make_folder(folder)
        try:
            for file in files:
                kept = shelf.checked(shelf.journal_file(file.chain, file.number), file.sha256)
                path = f"{folder}/{journal_name(file.number)}"
                push(node.machine.runner, ["sh", "-c", 'umask 077; cat >"$1"', "sh", path], kept)
            names = [journal_name(file.number) for file in files]
            user, socket = node.machine.user(), node.places.socket
            words = ["bash", "-c", _REPLAY, "bash", folder, socket, user, *options, *names]
            node.machine.done(words, wait_s=_WAIT_S)
        finally:
            node.machine.remove(folder)

    def _journal_node(self, name: str) -> NodeServer:
        one = self._fleet.topology.set_of(name)
        node = self._fleet.node(name, one.keeps_journal)
        if not node.status().is_ready:
            raise NodeRefused(
                f"Node {node.name}, which keeps the journal of set {name}, does not serve. Start "
                "it, or name another one as journal_node of the set.",
                node=node.name,
            )
        return node

    def chain_of(self, node: NodeServer) -> str:
        """Return the name of a node's journal; one whose data were copied anew gets a new one."""
        path = f"{node.places.data}/{_CHAIN}"
        chain = node.machine.read(path).strip()
        if not chain:
            chain = secrets.token_hex(8)
            node.machine.write(path, chain)
        return chain

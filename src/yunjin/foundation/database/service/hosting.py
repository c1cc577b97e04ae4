"""Databases as a service at work."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from uuid import UUID

from yunjin.chassis.persistence import RoomDatabase
from yunjin.foundation.database.adapters.dumps import Dumps
from yunjin.foundation.database.adapters.galera import NodeServer
from yunjin.foundation.database.adapters.secrets import new_password
from yunjin.foundation.database.api.hosting import (
    Granted,
    HostedBackup,
    HostedDatabase,
    HostedState,
    HostedUse,
)
from yunjin.foundation.database.domain import hosting as rules
from yunjin.foundation.database.errors import DatabaseNameTaken, HostedNotFound, SetRefused
from yunjin.foundation.database.service.fleet import Fleet
from yunjin.foundation.database.store import hosting as store
from yunjin.kernel.clock import Clock, instant
from yunjin.kernel.errors import Malformed
from yunjin.kernel.page import LIMIT_MAX

_LISTED_MAX = 10_000


class Hosting:
    """The near implementation of HostingApi.

    Parameters
    ----------
    fleet : the fleet as it is now.
    rows : the database room's own tables.
    folder : where copies of hosted databases are kept.
    """

    def __init__(
        self, fleet: Callable[[], Fleet], *, rows: RoomDatabase, folder: Path, clock: Clock
    ) -> None:
        self._read, self._rows, self._dumps, self._clock = fleet, rows, Dumps(folder), clock

    @property
    def _fleet(self) -> Fleet:
        return self._read()

    def create(
        self,
        command_id: UUID,
        name: str,
        set_name: str,
        *,
        owner: str,
        quota_mb: int,
        connections_max: int,
    ) -> Granted:
        rules.checked_database(name)
        rules.checked_limits(quota_mb, connections_max)
        node = self._serving(set_name)
        wanted = HostedDatabase(
            name=name,
            set_name=set_name,
            owner=owner,
            state=HostedState.CREATING,
            quota_mb=quota_mb,
            connections_max=connections_max,
            size_bytes=0,
            created_us=self._now_us(),
            measured_us=0,
        )
        found = self._rows.read(lambda connection: store.one(connection, name))
        if found is None:
            self._refuse_stranger(node, name)
            self._rows.run(lambda work: store.add(work.connection, wanted, command_id))
        elif found[1] != command_id:
            raise DatabaseNameTaken(f"There is a database {name} already; choose another name.")
        elif found[0].state is not HostedState.CREATING:
            return Granted(database=found[0], url="")
        password = new_password()
        node.ask(rules.create_statements(name, password, connections_max))
        self._changed(name, HostedState.CREATING, state=HostedState.OPEN)
        return Granted(database=self.database(name), url=self._url(set_name, name, password))

    def change(self, name: str, *, quota_mb: int, connections_max: int) -> HostedDatabase:
        rules.checked_limits(quota_mb, connections_max)
        found = self.database(name)
        self._serving(found.set_name).ask(rules.limit_statement(name, connections_max))
        self._changed(name, found.state, quota_mb=quota_mb, connections_max=connections_max)
        return self.database(name)

    def rotate(self, name: str) -> Granted:
        found, password = self.database(name), new_password()
        self._serving(found.set_name).ask(rules.password_statement(name, password))
        return Granted(database=found, url=self._url(found.set_name, name, password))

    def databases(self, *, limit: int = LIMIT_MAX) -> list[HostedDatabase]:
        return self._rows.read(lambda connection: store.some(connection, limit))

    def database(self, name: str) -> HostedDatabase:
        found = self._rows.read(lambda connection: store.one(connection, name))
        if found is None:
            raise HostedNotFound(f"There is no hosted database {name[:40]}.")
        return found[0]

    def use(self, name: str) -> HostedUse:
        found = self.database(name)
        count = f"SELECT COUNT(*) FROM information_schema.processlist WHERE user = '{name}'"
        nodes = self._all_serving(found.set_name)
        tables = f"SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = '{name}'"
        return HostedUse(
            connections=sum(int(node.ask(count)[0][0]) for node in nodes),
            table_count=int(nodes[0].ask(tables)[0][0]),
            size_bytes=_sizes(nodes[0]).get(name, 0),
        )

    def measure(self) -> list[HostedDatabase]:
        moved: list[HostedDatabase] = []
        known = self.databases(limit=_LISTED_MAX)
        for set_name in sorted({each.set_name for each in known}):
            nodes = self._all_serving(set_name)
            sizes = _sizes(nodes[0])
            for each in known:
                if each.set_name == set_name and each.state is not HostedState.CREATING:
                    seen = self._measured(each, sizes.get(each.name, 0), nodes)
                    moved += [seen] if seen.state is not each.state else []
        return moved

    def backup(self, name: str) -> HostedBackup:
        found = self.database(name)
        identity = instant(self._clock.now_ns()).strftime("%Y%m%dT%H%M%S%fZ")
        node = self._all_serving(found.set_name)[-1]  # not the one that takes the writes
        return self._dumps.take(node, name, identity, self._now_us())

    def backups(self, name: str) -> list[HostedBackup]:
        return self._dumps.all_of(rules.checked_database(name))

    def restore(self, name: str, backup: str) -> HostedDatabase:
        found = self.database(name)
        chosen = self._dumps.one(name, backup)  # refuses before anything is done
        before = self.backup(name)
        self._fleet.tell(f"{name}: what it held before is kept as {before.id}")
        nodes = self._all_serving(found.set_name)
        self._changed(name, found.state, state=HostedState.RESTORING)
        nodes[0].ask(rules.lock_statement(name, is_locked=True))
        self._end_connections(nodes, name)
        self._dumps.load(nodes[0], chosen, new_password())
        nodes[0].ask(rules.lock_statement(name, is_locked=False) + rules.open_writes(name))
        self._changed(name, HostedState.RESTORING, state=HostedState.OPEN)
        return self._measured(self.database(name), _sizes(nodes[0]).get(name, 0), nodes)

    def drop(self, name: str, *, confirm: str) -> HostedBackup:
        if confirm != name:
            raise Malformed(f"expected {name} once more to confirm, was {confirm[:40]!r}")
        found = self.database(name)
        last = self.backup(name)
        nodes = self._all_serving(found.set_name)
        nodes[0].ask(rules.lock_statement(name, is_locked=True))
        self._end_connections(nodes, name)
        nodes[0].ask(rules.drop_statements(name))
        self._rows.run(lambda work: store.remove(work.connection, name))
        return last

    def _measured(
        self, each: HostedDatabase, size_bytes: int, nodes: Sequence[NodeServer]
    ) -> HostedDatabase:
        state = rules.state_by_size(each.state, size_bytes, each.quota_mb)
        if state is not each.state:
            is_full = state is HostedState.FULL
            nodes[0].ask(rules.close_writes(each.name) if is_full else rules.open_writes(each.name))
            self._end_connections(nodes, each.name)
            self._fleet.tell(f"{each.name}: {state.name.lower()}, {size_bytes >> 20} MB")
        seen = replace(each, state=state, size_bytes=size_bytes, measured_us=self._now_us())
        self._changed(
            each.name,
            each.state,
            state=state,
            size_bytes=size_bytes,
            measured_us=seen.measured_us,
        )
        return seen

    def _end_connections(self, nodes: Sequence[NodeServer], name: str) -> None:
        for node in nodes:
            node.ask(rules.end_connections(name))

    def _changed(self, name: str, was: HostedState, **values: object) -> None:
        self._rows.run(lambda work: store.change(work.connection, name, was, **values))

    def _all_serving(self, set_name: str) -> list[NodeServer]:
        synced = {one.name for one in self._fleet.status(set_name).nodes if one.is_synced}
        nodes = [node for node in self._fleet.nodes(set_name) if node.name in synced]
        if not nodes:
            raise SetRefused(f"No node of set {set_name} takes writes: yunjin fleet status.")
        return nodes

    def _serving(self, set_name: str) -> NodeServer:
        return self._all_serving(set_name)[0]

    def _refuse_stranger(self, node: NodeServer, name: str) -> None:
        query = f"SELECT 1 FROM information_schema.schemata WHERE schema_name = '{name}'"
        if node.ask(f"{query} UNION SELECT 1 FROM mysql.user WHERE user = '{name}'"):
            raise DatabaseNameTaken(
                f"Set {node.set.name} has a database or user {name} that was not made here."
            )

    def _url(self, set_name: str, name: str, password: str) -> str:
        fleet = self._fleet
        return f"mysql://{name}:{password}@{fleet.places(set_name)}/{name}{fleet.tls_query}"

    def _now_us(self) -> int:
        return self._clock.now_ns() // 1_000


def _sizes(node: NodeServer) -> dict[str, int]:
    return {row[0]: int(row[1]) for row in node.ask(rules.SIZES)}

"""Copies of single databases, as SQL, on a disk of this machine."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Final

from yunjin.chassis.persistence import private_file
from yunjin.foundation.database.adapters.galera import NodeServer
from yunjin.foundation.database.adapters.streams import pull, push, sha256_of
from yunjin.foundation.database.api.hosting import HostedBackup
from yunjin.foundation.database.domain.hosting import empty_statements
from yunjin.foundation.database.errors import RestoreRefused

_LOADER: Final = "yunjin_loader"
_BROKEN_VIEW: Final = "(1356)"


class Dumps:
    """Copies of hosted databases: one file each, a description beside it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def take(self, node: NodeServer, name: str, identity: str, at_us: int) -> HostedBackup:
        """Copy a database in one snapshot, but for views of tables that are gone.

        Raises: HostUnreachable.
        """
        words = [
            "mariadb-dump",
            "--no-defaults",
            "--force",
            "--single-transaction",
            "--skip-lock-tables",
            "--routines",
            "--events",
            "--hex-blob",
            "--default-character-set=utf8mb4",
            f"--user={node.machine.user()}",
            f"--socket={node.places.socket}",
            name,
        ]
        file = self._file(name, identity)
        pulled = pull(node.machine.runner, words, file, forgives=_tells_of_views_only)
        made = HostedBackup(
            id=identity,
            name=name,
            taken_us=at_us,
            size_bytes=pulled.size_bytes,
            sha256=pulled.sha256,
        )
        part = file.with_name(f".{identity}.json.part")
        private_file(part)
        part.write_text(json.dumps(asdict(made)), encoding="utf-8")
        part.replace(file.with_name(f"{identity}.json"))
        return made

    def load(self, node: NodeServer, backup: HostedBackup, password: str) -> None:
        """Empty the database and fill it from a copy, as a user who may do nothing else.

        Raises: RestoreRefused where the copy is damaged, HostUnreachable.
        """
        file = self._file(backup.name, backup.id)
        if not file.exists() or sha256_of(file) != backup.sha256:
            raise RestoreRefused(f"The copy {backup.id} is damaged or gone.", path=str(file))
        node.ask(empty_statements(backup.name, _LOADER, password))
        access = f"{node.places.folder}/loader.cnf"
        node.machine.write(access, f"[client]\nuser={_LOADER}\npassword={password}\n")
        words = [
            "mariadb",
            f"--defaults-file={access}",
            "--binary-mode",
            "--default-character-set=utf8mb4",
            f"--socket={node.places.socket}",
            backup.name,
        ]
        try:
            push(node.machine.runner, words, file)
        finally:
            node.machine.remove(access)
            node.ask(f"DROP USER IF EXISTS `{_LOADER}`@`localhost`;")

    def all_of(self, name: str) -> list[HostedBackup]:
        """Return a database's copies, oldest first."""
        return [
            HostedBackup(**json.loads(path.read_text(encoding="utf-8")))
            for path in sorted((self._folder / name).glob("*.json"))
        ]

    def one(self, name: str, identity: str) -> HostedBackup:
        """Return a copy by its id. Raises: RestoreRefused."""
        for each in self.all_of(name):
            if each.id == identity:
                return each
        raise RestoreRefused(f"Database {name} has no copy {identity[:40]}.")

    def _file(self, name: str, identity: str) -> Path:
        return self._folder / name / f"{identity}.sql.gz"


def _tells_of_views_only(said: str) -> bool:
    lines = [line for line in said.splitlines() if line.strip()]
    return bool(lines) and all(_BROKEN_VIEW in line for line in lines)

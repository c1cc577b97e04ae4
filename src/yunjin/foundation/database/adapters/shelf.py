"""Backups on a disk of this machine: one folder a backup, one a journal, a description beside each.

A bucket of object storage serves as well where it is mounted as a folder.
"""

import json
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from yunjin.chassis.persistence import private_file, private_folder
from yunjin.foundation.database.adapters.streams import sha256_of
from yunjin.foundation.database.api.fleet import FullBackup, Place
from yunjin.foundation.database.domain.backups import (
    JournalFile,
    journal_name,
)
from yunjin.foundation.database.errors import RestoreRefused

_ABOUT: Final = "backup.json"


class Shelf:
    """The backups and journal of one set."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder / name

    def data_of(self, identity: str) -> Path:
        """Return the file of a backup's data."""
        return self._folder / "full" / identity / "data.mbstream.gz"

    def journal_file(self, chain: str, number: int) -> Path:
        """Return where a file of the journal is kept."""
        return self._folder / "journal" / chain / f"{journal_name(number)}.gz"

    def keep(self, backup: FullBackup) -> None:
        """Describe a backup whose data are complete: only from now on it is one."""
        _write(self.data_of(backup.id).with_name(_ABOUT), asdict(backup))

    def keep_journal(self, file: JournalFile) -> None:
        """Describe a journal file that is complete."""
        path = self.journal_file(file.chain, file.number)
        _write(path.with_suffix(".json"), asdict(file))

    def backups(self) -> list[FullBackup]:
        """Return the backups, the oldest first."""
        found = [_read(path) for path in sorted(self._folder.glob(f"full/*/{_ABOUT}"))]
        return [FullBackup(**{**one, "at": Place(**one["at"])}) for one in found]

    def journal(self) -> list[JournalFile]:
        """Return the files of the journal."""
        return [
            JournalFile(**_read(path)) for path in sorted(self._folder.glob("journal/*/*.json"))
        ]

    def checked(self, path: Path, sha256: str) -> Path:
        """Return a file of the shelf that is as it was written. Raises: RestoreRefused."""
        if not path.exists() or sha256_of(path) != sha256:
            raise RestoreRefused(
                f"{path.name} is not what was written: it is damaged or gone.", path=str(path)
            )
        return path

    def remove(self, backup: FullBackup) -> None:
        """Remove a backup, its description first."""
        folder = self.data_of(backup.id).parent
        (folder / _ABOUT).unlink(missing_ok=True)
        shutil.rmtree(folder, ignore_errors=True)

    def remove_journal(self, file: JournalFile) -> None:
        """Remove a file of the journal, its description first."""
        path = self.journal_file(file.chain, file.number)
        path.with_suffix(".json").unlink(missing_ok=True)
        path.unlink(missing_ok=True)


def _write(path: Path, values: dict[str, Any]) -> None:
    private_folder(path.parent)
    part = path.with_name(f".{path.name}.part")
    private_file(part)
    part.write_text(json.dumps(values), encoding="utf-8")
    part.replace(path)


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))

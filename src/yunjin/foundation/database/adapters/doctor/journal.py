"""The doctor's own record on its own disk: it has to be kept while the patient is down.

One JSON object a line, synced. Lines are told to the database later; how far that has come is in
a second file. Answers of people that could not be put into the database are files of their own.
"""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from yunjin.chassis.persistence import dump_json, private_file, private_folder
from yunjin.foundation.database.api.doctor import (
    Action,
    ActionState,
    Finding,
    Noted,
    Remedy,
    Severity,
)
from yunjin.foundation.database.errors import AnotherDoctor
from yunjin.kernel.errors import Malformed

Entry = Action | Noted
BYTES_MAX: Final = 8 << 20  # told lines beyond this are let go at the next opening


class Journal:
    """A doctor's record, in a folder of its own: read by anybody, written by who owns it.

    Parameters
    ----------
    owns : this process writes it. One may.

    Raises: AnotherDoctor.
    """

    def __init__(self, folder: Path, *, owns: bool = False) -> None:
        self._folder, self._file = folder, folder / "record.jsonl"
        self._mark, self._answers = folder / "told", folder / "answers"
        self._told, self._lock = 0, -1
        if owns:
            private_folder(folder)
            self._lock = _locked(folder)
            private_file(self._file)
            self._told = int(self._mark.read_text()) if self._mark.exists() else 0
            self._cut()
            if self._told >= self._file.stat().st_size > BYTES_MAX:
                self._restart()

    @property
    def is_kept(self) -> bool:
        """Whether some doctor of this machine keeps its record here."""
        return self._file.exists()

    def close(self) -> None:
        """Let another process own it."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def append(self, entry: Entry) -> None:
        """Keep an entry; it is on the disk when this returns."""
        with self._file.open("ab") as file:
            file.write(dump_json(_document(entry)).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def entries(self) -> Iterator[Entry]:
        """Yield what is kept, oldest first."""
        if not self._file.exists():
            return
        with self._file.open("rb") as file:
            for line in file:
                if line.endswith(b"\n"):  # the last may be half written
                    yield _entry(json.loads(line))

    def waiting(self, limit: int = 200) -> tuple[list[Entry], int]:
        """Return the oldest entries not told yet, and the mark to set once they are."""
        found: list[Entry] = []
        mark = self._told
        with self._file.open("rb") as file:
            file.seek(mark)
            for line in file:
                if len(found) == limit or not line.endswith(b"\n"):
                    break
                found.append(_entry(json.loads(line)))
                mark += len(line)
        return found, mark

    def told(self, mark: int) -> None:
        """Remember that entries up to a mark are in the database."""
        self._told = mark
        part = self._mark.with_suffix(".part")
        part.write_text(str(mark))
        part.replace(self._mark)

    def answer(self, action_id: UUID, state: ActionState, by: str) -> None:
        """Keep what a person said while the database could not be asked."""
        private_folder(self._answers)
        part = self._answers / f".{action_id}.part"
        part.write_text(json.dumps({"state": state.value, "by": by}))
        part.replace(self._answers / str(action_id))

    def answer_of(self, action_id: UUID) -> tuple[ActionState, str] | None:
        """Return what a person said of an action here."""
        file = self._answers / str(action_id)
        if not file.exists():
            return None
        said = json.loads(file.read_text())
        return ActionState(said["state"]), str(said["by"])

    def _cut(self) -> None:
        """Cut off a line that a crash left half written."""
        body = self._file.read_bytes()
        if body and not body.endswith(b"\n"):
            with self._file.open("r+b") as file:
                file.truncate(body.rfind(b"\n") + 1)

    def _restart(self) -> None:
        """Begin the file anew with the last entry of each action and finding that stands."""
        kept: dict[Any, Entry] = {}
        for entry in self.entries():
            key = entry.action_id if isinstance(entry, Action) else entry.finding.key
            kept[key] = entry
        part = self._file.with_suffix(".part")
        part.unlink(missing_ok=True)
        private_file(part)
        with part.open("wb") as file:
            for entry in list(kept.values())[-1_000:]:
                file.write(dump_json(_document(entry)).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        self.told(0)  # entries may be told twice, never not at all
        part.replace(self._file)


def _locked(folder: Path) -> int:
    """Hold a folder for this process, until it ends or closes what is returned."""
    held = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(held)
        raise AnotherDoctor(
            f"Another process's doctor keeps its record in {folder}; stop it first.",
            folder=str(folder),
        ) from None
    return held


def _document(entry: Entry) -> dict[str, Any]:
    kind = "action" if isinstance(entry, Action) else "finding"
    return {"kind": kind, **asdict(entry)}


def _entry(document: Mapping[str, Any]) -> Entry:
    told = {key: value for key, value in document.items() if key != "kind"}
    told["finding"] = finding_of(told["finding"])
    if document.get("kind") == "finding":
        return Noted(**told)
    if document.get("kind") != "action":
        raise Malformed("expected an action or a finding in the doctor's record, was neither")
    told["action_id"], told["state"] = UUID(told["action_id"]), ActionState(told["state"])
    return Action(**told)


def finding_of(told: Mapping[str, Any]) -> Finding:
    """Return a finding from JSON."""
    remedy = Remedy(told["remedy"]) if told["remedy"] else None
    return Finding(**{**told, "remedy": remedy, "severity": Severity(told["severity"])})

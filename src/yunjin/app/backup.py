"""A bank's backup and its restore: the tables and the journal, as they stood at one instant.

The tables are held for the moment at which both are seen, so that the copy is what a power cut
would have left: what the tables know of is in the journal, what was on its way is posted again
when the bank opens. Everything else in a bank's folder is made from these two.
"""

import datetime as dt
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

from sqlalchemy.engine import make_url

from yunjin.app.settings import Settings
from yunjin.chassis.persistence import at_one_instant, copy_to, private_folder
from yunjin.foundation.database import wiring as database
from yunjin.foundation.ledger import wiring as ledger
from yunjin.kernel import tenant
from yunjin.kernel.errors import Malformed, Refusal

FORM: Final = 1  # of the note beside the copies
NOTE: Final = "backup.json"
_CHUNK_BYTES: Final = 1 << 20
Progress = Callable[[str, int, int], None]  # file, done, total


def back_up(settings: Settings, target: Path, now: dt.datetime, progress: Progress) -> Any:
    """Copy a bank to a new folder, whether a process serves it or not; return the note on it.

    Raises: Refusal (the target is not empty, a server keeps the tables), Outage, Damaged.
    """
    rooms, journal = _files(settings)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise Refusal(f"expected a new or an empty folder for the backup, was {target}")
    with _whole(target) as part:
        copies = part / "rooms.db", part / journal.name
        with at_one_instant(rooms, journal) as seen:
            for copy, source in zip(copies, seen, strict=True):
                copy_to(copy, source, partial(progress, copy.name))
        sequence, digest = ledger.free_copy(settings.ledger, copies[1])
        note = {
            "form": FORM,
            "tenant": settings.tenant,
            "cell": settings.ledger.cell,
            "taken_at": now.isoformat(timespec="seconds"),
            "head_sequence": sequence,
            "head": digest,
            "files": {copy.name: _facts(copy) for copy in copies},
        }
        (part / NOTE).write_text(json.dumps(note, indent=2) + "\n", encoding="utf-8")
    return note


def restore(settings: Settings, source: Path, progress: Progress) -> Any:
    """Put a backup where there is no bank yet; return the note on it.

    Raises: Refusal (there is a bank, the copies are not what was backed up), Malformed (it is no
    backup, or another tenant's).
    """
    note = _note(source)
    for name, mine in (("tenant", settings.tenant), ("ledger.cell", settings.ledger.cell)):
        if (its := note[name.rpartition(".")[2]]) != mine:
            variable = f"YUNJIN_{name.replace('.', '__').upper()}"
            raise Malformed(f"expected a backup of {name} {mine}, was of {its}: set {variable}")
    rooms, journal = _files(settings)
    folder = journal.parent
    if rooms.exists() or (folder.exists() and (not folder.is_dir() or any(folder.iterdir()))):
        raise Refusal(
            f"There is something in {folder} already, and nothing is ever written over. Stop what "
            "runs there and move it aside, or name another folder by --home."
        )
    with _whole(folder) as part:
        for name, facts in note["files"].items():
            _copy(source / name, part / name, facts, progress)
        if rooms.parent != folder:
            private_folder(rooms.parent)
            shutil.move(part / "rooms.db", rooms)
    return note


def _files(settings: Settings) -> tuple[Path, Path]:
    """Return the files of the tables and of the journal. Raises: Refusal where a server has them.

    A copy of a server's tables can only fit a journal beside it while nothing is written.
    """
    folder = settings.home.absolute() / tenant.checked(settings.tenant)
    url = make_url(database.url_of(settings.database, folder))
    journal = ledger.journal_file(settings.ledger, folder)
    if journal is None or not url.drivername.startswith("sqlite"):
        name = "ledger.journal_url" if journal is None else "database.url"
        raise Refusal(
            f"expected tables and journal in files, was {name} of a database server. Stop the "
            "bank, then let the server's own tool copy its database (mariadb-dump, "
            "mariadb-backup) and copy the files of the folder: see Back up in docs/operator.md."
        )
    return Path(url.database or "").absolute(), journal


@contextmanager
def _whole(folder: Path) -> Iterator[Path]:
    """Fill a folder that has its name only once it is whole and on the disk."""
    part = folder.with_name(f"{folder.name}.part")
    private_folder(part.parent)
    if part.exists():
        shutil.rmtree(part)  # of one that was broken off
    private_folder(part)
    try:
        yield part
        for each in (*part.iterdir(), part):
            _sync(each)
        part.replace(folder)
        _sync(folder.parent)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _facts(file: Path) -> dict[str, Any]:
    with file.open("rb") as source:
        digest = hashlib.file_digest(source, "sha256").hexdigest()
    return {"bytes": file.stat().st_size, "sha256": digest}


def _note(source: Path) -> Any:
    """Read what was written down at the backup. Raises: Malformed."""
    file = source / NOTE
    if not file.is_file():
        raise Malformed(f"expected the folder of a backup, with {NOTE} in it, was {source}")
    try:
        note = json.loads(file.read_text(encoding="utf-8"))
        form, names = note["form"], set(note["files"])
        wanted = {"rooms.db", f"cell-{note['cell']}.journal.db"}
    except (ValueError, TypeError, KeyError) as error:
        raise Malformed(f"expected {file} as the backup wrote it, was: {error!r}") from None
    if form != FORM or names != wanted:
        raise Malformed(f"expected a backup of form {FORM}, was {form} with {sorted(names)}")
    return note


def _copy(source: Path, target: Path, facts: Any, progress: Progress) -> None:
    """Copy a file and see that it is the one that was backed up. Raises: Refusal, Malformed."""
    if not source.is_file():
        raise Malformed(f"expected {source.name} in the backup, was not there: {source}")
    digest, done = hashlib.sha256(), 0
    with source.open("rb") as reading, target.open("xb") as writing:
        while chunk := reading.read(_CHUNK_BYTES):
            writing.write(chunk)
            digest.update(chunk)
            done += len(chunk)
            progress(source.name, done, facts["bytes"])
    if digest.hexdigest() != facts["sha256"]:
        raise Refusal(
            f"{source} is not what was backed up: its SHA-256 is another. Take an older backup.",
            bytes=done,
            bytes_expected=facts["bytes"],
        )

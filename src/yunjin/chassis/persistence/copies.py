"""Copies of SQLite files as they stood at one instant, while other processes go on writing them.

Not in a process that has one of them open by another library than sqlite3, as the ledger has its
journal by apsw: POSIX drops its locks when this one closes the file.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import quote

from yunjin.chassis.persistence.private import private_file
from yunjin.chassis.persistence.problems import Damaged, Stopped

_WAIT_S: Final = 30  # for the turn of a writer who is busy
_PAGES_AT_ONCE: Final = 4_096
Told = Callable[[int, int], None]  # pages done, of how many


@contextmanager
def at_one_instant(leader: Path, *followers: Path) -> Iterator[list[sqlite3.Connection]]:
    """Look at files, the leader first, as a power cut at one instant would have left them.

    Nobody commits to the leader from the moment it is seen until the last follower is: for some
    milliseconds its writers wait. During the block all of them are written on, unseen by it.

    Raises: Stopped (a file is not there, or its writer does not let go), Damaged.
    """
    with ExitStack() as opened:
        held = opened.enter_context(_connected(leader))
        with _in_words(leader):
            held.execute("BEGIN IMMEDIATE")
        seen = []
        for file in (leader, *followers):
            connection = opened.enter_context(_connected(file))
            with _in_words(file):
                connection.execute("BEGIN")
                connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
            seen.append(connection)
        held.execute("ROLLBACK")
        yield seen


def copy_to(file: Path, source: sqlite3.Connection, told: Told = lambda done, total: None) -> None:
    """Write what a connection sees to a new file, durable and looked through.

    Raises: Stopped (the disk is full or broken), Damaged.
    """
    private_file(file)
    with _in_words(file), closing(sqlite3.connect(file, isolation_level=None)) as target:
        source.backup(
            target,
            pages=_PAGES_AT_ONCE,
            progress=lambda _, left, total: told(total - left, total),
        )
        [found] = target.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        raise Damaged(f"expected a sound database to copy, was: {found}", file=file.name)


@contextmanager
def _connected(file: Path) -> Iterator[sqlite3.Connection]:
    with _in_words(file):  # mode=rw: what is not there is not made
        url = f"file:{quote(str(file.absolute()))}?mode=rw"
        connection = sqlite3.connect(url, uri=True, timeout=_WAIT_S, isolation_level=None)
    with closing(connection):
        yield connection


@contextmanager
def _in_words(file: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        raise Stopped(f"{file.name} could not be used: {error}.", file=str(file)) from error
    except sqlite3.DatabaseError as error:
        raise Damaged(
            f"{file.name} is not a sound SQLite file: {error}.", file=file.name
        ) from error

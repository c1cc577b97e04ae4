"""The two engines a cell's tables live on, behind four calls.

The SQL of this package is plain enough for both: `?` marks the arguments, ids come from the
application, no AUTOINCREMENT, no foreign keys, primary key first.
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, Protocol

import apsw

from yunjin.chassis.persistence import private_file, private_folder
from yunjin.foundation.ledger.errors import JournalDamaged, OutcomeUnknown, WritesStopped
from yunjin.kernel.errors import Outage

WAL_PAGES: Final = 500
_BLOB: Final = {"sqlite": "BLOB", "mysql": "LONGBLOB"}


_STOPS: Final = (
    apsw.FullError,
    apsw.IOError,
    apsw.BusyError,
    apsw.ReadOnlyError,
    apsw.CantOpenError,
)


class Engine(Protocol):
    """A connection that one thread at a time uses."""

    kind: str
    patience_s: float  # how long an outage may be waited out; 0: the file will not come back

    def execute(self, sql: str, arguments: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run one statement; return its rows."""

    def latest(self, sql: str, arguments: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """As `execute`, once all that a replicated engine has committed is seen here.

        While such an engine stands still, so does this.
        """

    def has(self, table: str) -> bool:
        """Tell whether there is a table of this name."""

    def prepared(self, sql: str, arguments: Sequence[Any]) -> None:
        """Run a statement without rows whose bytes are many: as they are, unescaped."""

    def changed(self) -> int:
        """Return how many rows the last UPDATE matched."""

    def confirm(self, *, was_read: bool = False) -> None:
        """Wait until what was committed is on the disks of a replicated engine's other nodes.

        was_read: another process committed it; the node that is asked syncs its disk too.
        Raises: OutcomeUnknown where it is on too few.
        """

    def transaction(self) -> Any:
        """Open a block that commits, durable, or rolls back.

        Raises: WritesStopped (rolled back), OutcomeUnknown (the commit's answer was lost).
        """

    def close(self) -> None:
        """Let go of the engine."""


def typed(sql: str, kind: str) -> str:
    """Fill in the words in which the engines' DDL differs."""
    return sql.replace("{blob}", _BLOB[kind])


class SqliteEngine:
    """A SQLite file through apsw: WAL, synchronous=FULL, and a VFS that tests may choose."""

    kind = "sqlite"
    patience_s = 0.0

    def __init__(
        self, path: Path, *, vfs: str = "", synchronous: str = "full", wal_pages: int = WAL_PAGES
    ) -> None:
        self._lock = threading.RLock()
        try:
            self._connection = apsw.Connection(str(path), vfs=vfs or None)
            self._connection.set_busy_timeout(5_000)
            for pragma in (
                "page_size=16384",
                "journal_mode=wal",
                f"synchronous={synchronous}",
                f"wal_autocheckpoint={wal_pages}",
                "journal_size_limit=67108864",
            ):
                self._connection.execute(f"pragma {pragma}").fetchall()
        except (apsw.CorruptError, apsw.NotADBError) as error:
            raise _damaged(path.name, error) from error
        except _STOPS as error:
            raise _unusable(path.name, error) from error
        self._name = path.name

    def execute(self, sql: str, arguments: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with self._lock:
            try:
                return self._connection.execute(sql, arguments).fetchall()
            except (apsw.CorruptError, apsw.NotADBError) as error:
                raise _damaged(self._name, error) from error
            except _STOPS as error:
                raise _unusable(self._name, error) from error

    def latest(self, sql: str, arguments: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return self.execute(sql, arguments)

    def has(self, table: str) -> bool:
        found = "select 1 from sqlite_schema where type='table' and name=?"
        return bool(self.execute(found, (table,)))

    def prepared(self, sql: str, arguments: Sequence[Any]) -> None:
        self.execute(sql, arguments)

    def changed(self) -> int:
        return self._connection.changes()

    def confirm(self, *, was_read: bool = False) -> None:
        """Return at once: the commit has synced the only disk there is."""

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with self._lock:
            committing = False
            try:
                self._connection.execute("begin immediate")
                yield
                committing = True
                self._connection.execute("commit")
            except BaseException as error:
                if self._connection.in_transaction:
                    try:
                        self._connection.execute("rollback")
                    except apsw.Error as again:
                        error.add_note(f"the rollback failed too: {again}")
                if committing and isinstance(error, apsw.IOError):
                    # The pages may be on the disk all the same, and count after a crash.
                    what = f"A commit's write or sync failed: {error}."
                    raise OutcomeUnknown(what, engine=self._name) from error
                if isinstance(error, _STOPS):
                    raise WritesStopped(
                        f"The journal could not be written: {error}.", engine=self._name
                    ) from error
                if isinstance(error, (apsw.CorruptError, apsw.NotADBError)):
                    raise _damaged(self._name, error) from error
                raise

    def close(self) -> None:
        with self._lock, suppress(*_STOPS):  # what was not moved over waits in the WAL
            self._connection.close()


def _damaged(name: str, error: Exception) -> JournalDamaged:
    mend = "Restore it from the last backup."
    if ".index." in name:  # all of it follows from the journal
        mend = "Move it away: it is made anew from the journal."
    return JournalDamaged(f"{name} is not a sound SQLite file: {error}. {mend}", file=name)


def _unusable(name: str, error: Exception) -> Outage:
    return Outage(f"{name} could not be used: {error}.", file=name)


def open_engine(
    home: Path,
    url: str,
    file: str,
    *,
    vfs: str = "",
    synchronous: str = "full",
    wal_pages: int = WAL_PAGES,
    patience_s: float = 30.0,
    is_confirmed: bool = False,
) -> Engine:
    """Return the engine of a cell's tables: a file below `home`, or the set at `url`.

    patience_s: how long an outage of a set is waited out.
    is_confirmed: commits of a set are confirmed by the disks of its other nodes.
    wal_pages: after how many pages of 16 KiB what SQLite has logged is moved into the file.
    """
    if url:
        from yunjin.foundation.ledger.store.mysql import SetEngine

        return SetEngine(url, patience_s=patience_s, is_confirmed=is_confirmed)
    private_folder(home)
    with suppress(OSError):  # SQLite says it better
        private_file(home / file)
    return SqliteEngine(home / file, vfs=vfs, synchronous=synchronous, wal_pages=wal_pages)

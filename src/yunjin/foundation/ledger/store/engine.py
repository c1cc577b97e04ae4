"""The two engines a cell's tables live on, behind four calls.

The SQL of this package is plain enough for both: `?` marks the arguments, ids come from the
application, no AUTOINCREMENT, no foreign keys, primary key first.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar
from urllib.parse import unquote, urlsplit

import apsw

from yunjin.chassis.persistence import private_file, private_folder
from yunjin.foundation.ledger.errors import JournalDamaged, OutcomeUnknown, WritesStopped
from yunjin.kernel.errors import Outage

T = TypeVar("T")
_GONE: Final = (0, 2006, 2013, 2055)  # MySQL's words for a connection that is no more
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

    def execute(self, sql: str, arguments: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run one statement; return its rows."""

    def changed(self) -> int:
        """Return how many rows the last UPDATE matched."""

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

    def changed(self) -> int:
        return self._connection.changes()

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


class MysqlEngine:
    """A MySQL-compatible server through PyMySQL: READ COMMITTED, one thread at a time."""

    kind = "mysql"

    def __init__(self, url: str) -> None:
        import pymysql

        parts = urlsplit(url)
        self._errors = pymysql.err
        self._lock = threading.RLock()
        self._changed, self._is_open = 0, False
        host, port = parts.hostname or "127.0.0.1", parts.port or 3306
        self._name = f"{host}:{port}"
        self._connect: Callable[[], Any] = lambda: pymysql.connect(
            host=host,
            port=port,
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            database=parts.path.lstrip("/"),
            charset="utf8mb4",
            autocommit=True,
            connect_timeout=5,
            client_flag=2,  # FOUND_ROWS: an UPDATE that changes nothing still matched
            init_command="set session transaction isolation level read committed",
        )
        try:
            self._connection = self._connect()
        except self._errors.OperationalError as error:
            raise _unusable(self._name, error) from error

    def execute(self, sql: str, arguments: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with self._lock:
            if self._is_open:
                return self._ask(sql, arguments)
            return self._patiently(lambda: self._ask(sql, arguments))

    def _ask(self, sql: str, arguments: Sequence[Any]) -> list[tuple[Any, ...]]:
        with self._connection.cursor() as cursor:
            self._changed = cursor.execute(sql.replace("?", "%s"), tuple(arguments))
            return list(cursor.fetchall()) if cursor.description else []

    def _patiently(self, act: Callable[[], T]) -> T:
        """Do what needs no transaction, once more on a new connection: servers close idle ones.

        Raises: Outage.
        """
        try:
            try:
                return act()
            except (self._errors.OperationalError, self._errors.InterfaceError) as error:
                if error.args[0] not in _GONE:
                    raise
                self._connection = self._connect()
                return act()
        except (self._errors.OperationalError, self._errors.InterfaceError) as error:
            raise _unusable(self._name, error) from error

    def changed(self) -> int:
        return self._changed

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with self._lock:
            committing = False
            self._patiently(lambda: self._connection.begin())
            self._is_open = True
            try:
                yield
                committing = True
                self._connection.commit()
            except (self._errors.OperationalError, self._errors.InterfaceError) as error:
                if committing:
                    raise OutcomeUnknown(f"The commit's answer was lost: {error}.") from error
                self._rollback()
                raise WritesStopped(f"The journal could not be written: {error}.") from error
            except BaseException:
                self._rollback()
                raise
            finally:
                self._is_open = False

    def _rollback(self) -> None:
        try:
            self._connection.rollback()
        except self._errors.Error:
            self._connection.close()  # the server rolls back what its client left

    def close(self) -> None:
        with self._lock, suppress(self._errors.Error):  # it may be closed already
            self._connection.close()


def open_engine(
    home: Path,
    url: str,
    file: str,
    *,
    vfs: str = "",
    synchronous: str = "full",
    wal_pages: int = WAL_PAGES,
) -> Engine:
    """Return the engine of a cell's tables: a file below `home`, or the server at `url`.

    wal_pages: after how many pages of 16 KiB what SQLite has logged is moved into the file.
    """
    if url:
        return MysqlEngine(url)
    private_folder(home)
    with suppress(OSError):  # SQLite says it better
        private_file(home / file)
    return SqliteEngine(home / file, vfs=vfs, synchronous=synchronous, wal_pages=wal_pages)

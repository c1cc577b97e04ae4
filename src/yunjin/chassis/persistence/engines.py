"""Engines by URL, each set so that a commit is durable and every wait has an end."""

import sqlite3
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import URL, make_url

from yunjin.chassis.persistence import verdicts
from yunjin.chassis.persistence.columns import COLLATION
from yunjin.chassis.persistence.nodes import Nodes, SetUrl, set_url
from yunjin.chassis.persistence.private import private_file, private_folder
from yunjin.chassis.persistence.verdicts import Flavour
from yunjin.kernel import check
from yunjin.kernel.errors import Malformed

READS: Final = "yunjin_reads"  # execution option: this transaction only reads
_FOUND_ROWS: Final = 2  # rowcount tells the rows that matched, also where nothing changed
_SQL_MODE: Final = (
    "STRICT_ALL_TABLES,ONLY_FULL_GROUP_BY,NO_ZERO_DATE,NO_ZERO_IN_DATE,"
    "ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineLimits:
    """How many connections, and how long each kind of wait may last."""

    pool_size: int = 5
    pool_wait_s: int = 10  # for a free connection
    pool_recycle_s: int = 1_800  # below the server's wait_timeout
    connect_wait_s: int = 5
    answer_wait_s: int = 30  # for the answer to one statement
    lock_wait_s: int = 10  # SQLite: for the writer's turn; MySQL family: for a row lock


@dataclass(slots=True)
class OpenEngine:
    """An engine, and which one it is; behind MySQL's protocol that shows at the first connect."""

    engine: sa.Engine
    flavour: Flavour
    lock_wait_s: int
    place: str  # for people: tenant/file, or host:port; never a password


def open_engine(url: str, limits: EngineLimits | None = None) -> OpenEngine:
    """Return an engine for `sqlite:///FILE` or `mysql+pymysql://USER:PASSWORD@HOST:PORT/NAME`.

    A set's URL names several nodes: `HOST:PORT,HOST:PORT`; one of them is connected to at a time.
    Nothing is connected yet. Raises: Malformed for any other URL.
    """
    limits = limits or EngineLimits()
    if url.startswith(("mysql://", "mysql+pymysql://")):
        return _mysql(set_url(url), limits)
    try:
        parsed = make_url(url)
    except sa.exc.ArgumentError:
        raise Malformed("expected a database URL, was something else") from None
    if parsed.drivername in ("sqlite", "sqlite+pysqlite"):
        return _sqlite(parsed, limits)
    raise Malformed(
        "expected sqlite:///FILE or mysql+pymysql://HOST/NAME as database URL, was "
        f"{parsed.render_as_string()}"
    )


def _sqlite(url: URL, limits: EngineLimits) -> OpenEngine:
    if not url.database or url.database == ":memory:":
        raise Malformed("expected a file behind the database URL, was a database in memory")
    file = Path(url.database)
    private_folder(file.parent)
    engine = sa.create_engine(
        url,
        pool_size=limits.pool_size,
        max_overflow=0,
        pool_timeout=limits.pool_wait_s,
        connect_args={"timeout": limits.lock_wait_s, "check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def set_up(connection: sqlite3.Connection, record: Any) -> None:
        connection.isolation_level = None  # BEGIN is ours, below, not the driver's
        [mode] = connection.execute("PRAGMA journal_mode = WAL").fetchone()
        check.that(mode == "wal", f"expected SQLite's journal mode wal, was {mode}")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = OFF")  # as on the engines that drop them

    @event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        # A deferred BEGIN that reads and then writes fails at once when another wrote meanwhile;
        # IMMEDIATE waits for its turn before it reads.
        reads = connection.get_execution_options().get(READS, False)
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    @event.listens_for(engine, "do_connect")
    def keep_private(*_: Any) -> None:
        with suppress(OSError):  # SQLite says it better
            private_file(file)

    place = f"{file.absolute().parent.name}/{file.name}"
    return OpenEngine(engine, Flavour.SQLITE, limits.lock_wait_s, place)


def _mysql(where: SetUrl, limits: EngineLimits) -> OpenEngine:
    import pymysql

    engine = sa.create_engine(
        where.one("mysql+pymysql"),
        isolation_level="READ COMMITTED",
        pool_size=limits.pool_size,
        max_overflow=0,
        pool_timeout=limits.pool_wait_s,
        pool_pre_ping=True,
        pool_recycle=limits.pool_recycle_s,
    )
    opened = OpenEngine(engine, Flavour.MYSQL, limits.lock_wait_s, where.place)

    def connect(host: str, port: int) -> Any:
        return where.connect(
            host,
            port,
            charset="utf8mb4",
            collation=COLLATION,
            connect_timeout=limits.connect_wait_s,
            read_timeout=limits.answer_wait_s,
            write_timeout=limits.answer_wait_s,
            sql_mode=_SQL_MODE,
            client_flag=_FOUND_ROWS,
        )

    nodes = Nodes(where, connect, (pymysql.err.OperationalError, pymysql.err.InterfaceError))

    @event.listens_for(engine, "do_connect")
    def connect_to_one(*_: Any) -> Any:
        return nodes.connected()

    @event.listens_for(engine, "connect")
    def set_up(connection: Any, record: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT VERSION()")
            opened.flavour = verdicts.flavour_of(str(cursor.fetchone()[0]))
            cursor.execute("SET SESSION time_zone = '+00:00'")
            if opened.flavour in (Flavour.MARIADB, Flavour.MYSQL):
                cursor.execute(f"SET SESSION innodb_lock_wait_timeout = {limits.lock_wait_s:d}")

    @event.listens_for(engine, "handle_error")
    def leave_this_server(context: Any) -> None:
        if verdicts.code_of(context.original_exception) in verdicts.RECONNECT:
            context.is_disconnect = True

    return opened

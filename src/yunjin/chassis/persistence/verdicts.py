"""What an engine's error code means for the transaction it ended: the table, and nothing else.

A verdict answers one question: what may the caller do now? The codes are of the engines that
speak MySQL's protocol (each keeps some of its own) and of SQLite. PostgreSQL is not in it: a second
dialect costs more than it gives.
"""

from enum import Enum
from typing import Any, Final

from sqlalchemy import exc


class Verdict(Enum):
    """What became of the transaction."""

    ROLLED_BACK = "rolled_back"  # nothing was done: run the whole transaction again
    UNKNOWN = "unknown"  # the answer to COMMIT was lost: ask by the command's id
    CONFLICT = "conflict"  # a unique key was taken meanwhile: look again, then decide
    STOPPED = "stopped"  # nothing was done, and a retry within seconds will not help
    NEVER = "never"  # the statement is wrong: a bug, the same every time


class Flavour(Enum):
    """The engines whose own codes we know."""

    SQLITE = "sqlite"
    MYSQL = "mysql"
    MARIADB = "mariadb"  # with or without Galera
    TIDB = "tidb"
    OCEANBASE = "oceanbase"
    VITESS = "vitess"


def flavour_of(version: str) -> Flavour:
    """Return which engine answers `SELECT VERSION()` like this."""
    text = version.lower()
    known = (Flavour.TIDB, Flavour.OCEANBASE, Flavour.VITESS, Flavour.MARIADB)
    return next((flavour for flavour in known if flavour.value in text), Flavour.MYSQL)


def _table(**verdicts: tuple[int, ...]) -> dict[int, Verdict]:
    return {code: Verdict[name] for name, codes in verdicts.items() for code in codes}


# Every engine of the family; an engine's own table is looked at first.
_FAMILY: Final = _table(
    ROLLED_BACK=(
        1213,  # deadlock; Galera: certification failed, or a write set of another node won
        1205,  # lock wait timeout: only the statement was undone, so we roll the rest back
        1020,  # record has changed since last read (MariaDB, snapshot isolation)
        1412,  # a table got another form meanwhile
        1615,  # a prepared statement met a table of another form
        3572,  # NOWAIT lock not available
        1290,  # read-only server: the primary moved
        1792,
        1836,
        1040,  # too many connections
        1203,
        2002,  # cannot connect
        2003,
        1047,  # Galera: this node is not in the primary component
    ),
    UNKNOWN=(
        0,  # PyMySQL: the connection was closed before
        2006,  # server has gone away
        2013,  # connection lost during query
        2055,
        1158,  # network errors seen by the server
        1159,
        1160,
        1161,
        1317,  # query was interrupted
        1053,  # shutdown in progress
        1927,  # MariaDB: connection was killed
        1180,  # error during COMMIT; Galera: while the primary component was lost
    ),
    CONFLICT=(1062, 1586, 1022),
    STOPPED=(
        1021,  # disk full
        1114,  # table is full
        1044,  # access denied, unknown database: the operator's
        1045,
        1049,
        1129,  # host blocked after many errors
    ),
    NEVER=(
        1105,  # Galera: write set beyond wsrep_max_ws_size
        1440,  # XA and Spider: a person must look
        1402,
        12605,
        12606,
        12607,
        12701,
    ),
)

_OWN: Final[dict[Flavour, dict[int, Verdict]]] = {
    Flavour.MYSQL: {},
    Flavour.MARIADB: {},
    Flavour.TIDB: _table(
        ROLLED_BACK=(
            8002,  # SELECT FOR UPDATE conflict
            8005,  # write conflict
            8020,  # table locked
            8022,  # commit failed, retryable
            8028,  # schema changed
            9007,  # write conflict
            9001,  # placement driver timeout
            9003,  # TiKV busy
            9004,  # lock conflicts
        ),
        UNKNOWN=(9002, 9005),  # TiKV timeout, region unavailable
        NEVER=(8001, 8004, 8025),  # memory, transaction or entry too large
    ),
    Flavour.OCEANBASE: _table(
        ROLLED_BACK=(6001, 6002, 6005, 6211, 6213, 6214, 6223, 6224, 6234, 6278),
        UNKNOWN=(4012,),  # timeout
    ),
    Flavour.VITESS: _table(
        ROLLED_BACK=(3168,),
        UNKNOWN=(1105,),  # the primary is not serving, among other things
    ),
}

_SQLITE: Final = _table(
    ROLLED_BACK=(5, 6, 9, 15, 17),  # busy, locked, interrupted, protocol race, schema changed
    UNKNOWN=(10,),  # I/O error: a failed sync may or may not have kept the commit
    CONFLICT=(1555, 2067, 2579),  # primary key, unique, rowid
    STOPPED=(8, 11, 13, 14, 23, 26),  # read-only, corrupt, full, cannot open, not allowed, no file
    NEVER=(1, 18, 19, 20, 21, 25),  # SQL error, too big, constraint, mismatch, misuse, range
)

_SQLITE_DAMAGED: Final = frozenset({11, 26})  # corrupt, no database file
_UNREACHABLE: Final = frozenset({2002, 2003, 2005, 2006, 2013, 2055})

# The server of this connection will refuse for long: take a new connection, to the new primary.
RECONNECT: Final = frozenset({1290, 1792, 1836, 1047, 1053})


def code_of(error: BaseException | None) -> int | None:
    """Return the engine's own number of a driver's error; None where it has none."""
    code: Any = getattr(error, "sqlite_errorcode", None)
    if code is None and error is not None and error.args:
        code = error.args[0]
    return code if isinstance(code, int) else None


def verdict(error: exc.SQLAlchemyError, *, flavour: Flavour, committing: bool) -> Verdict:
    """Return what became of the transaction that ended in `error`.

    Parameters
    ----------
    committing : whether COMMIT was sent. Before that a lost connection loses nothing but time:
        the engine rolls back what it cannot finish. After it, a code we do not know means
        that we do not know the outcome.
    """
    if isinstance(error, exc.TimeoutError):  # no connection became free in time
        return Verdict.STOPPED
    return _judged(_look_up(error, flavour), flavour=flavour, committing=committing)


def verdict_of_code(code: Any, *, flavour: Flavour, committing: bool) -> Verdict:
    """Return what became of a transaction that ended in an engine's own number."""
    found = _of_code(code, flavour) if isinstance(code, int) else None
    return _judged(found, flavour=flavour, committing=committing)


def _judged(found: Verdict | None, *, flavour: Flavour, committing: bool) -> Verdict:
    if found is Verdict.UNKNOWN and not committing:
        return Verdict.STOPPED if flavour is Flavour.SQLITE else Verdict.ROLLED_BACK
    if found is None:
        return Verdict.UNKNOWN if committing else Verdict.NEVER
    return found


def is_damaged(error: BaseException | None, flavour: Flavour) -> bool:
    """Tell whether the file is not, or no longer, what SQLite wrote."""
    code = code_of(error)
    return flavour is Flavour.SQLITE and code is not None and code & 0xFF in _SQLITE_DAMAGED


def is_unreachable(error: BaseException | None, flavour: Flavour) -> bool:
    """Tell whether an error of connecting says that no server answers there."""
    return flavour is not Flavour.SQLITE and code_of(error) in _UNREACHABLE


def _look_up(error: exc.SQLAlchemyError, flavour: Flavour) -> Verdict | None:
    code = code_of(getattr(error, "orig", None))
    if code is None:
        # PyMySQL tells some broken connections by words alone.
        lost = isinstance(error, exc.DBAPIError) and error.connection_invalidated
        return Verdict.UNKNOWN if lost else None
    return _of_code(code, flavour)


def _of_code(code: int, flavour: Flavour) -> Verdict | None:
    if flavour is Flavour.SQLITE:
        return _SQLITE.get(code) or _SQLITE.get(code & 0xFF)  # the low byte is the family
    return _OWN[flavour].get(code) or _FAMILY.get(code)

"""A set (MySQL-compatible, replicated) as the engine of a cell's tables.

Writes go to one node of the set; where it does not answer, the next node is taken. What the error
codes mean for a transaction is `chassis.persistence.verdicts`.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final, TypeVar

import structlog

from yunjin.chassis.persistence.nodes import Nodes, SetUrl, set_url
from yunjin.chassis.persistence.verdicts import Flavour, Verdict, flavour_of, verdict_of_code
from yunjin.foundation.ledger.errors import OutcomeUnknown, WritesStopped
from yunjin.foundation.ledger.store.binary import Statement
from yunjin.foundation.ledger.store.copies import SYNC_LOG, Copies
from yunjin.kernel.errors import Outage

T = TypeVar("T")
_CONNECT_S: Final = 1.0
_PAUSE_S: Final = 0.05
_FOUND_ROWS: Final = 2  # an UPDATE that changes nothing still matched
_log: Final = structlog.get_logger()


class SetEngine:
    """One connection to one node at a time: READ COMMITTED, used by one thread at a time."""

    kind = "mysql"

    def __init__(
        self,
        url: str,
        *,
        patience_s: float = 30.0,
        answer_wait_s: float = 5.0,
        is_confirmed: bool = False,
    ) -> None:
        """
        patience_s: how long an outage of the whole set is waited out before it is told.
        answer_wait_s: after which silence a node counts as gone; above the set's own suspicion
            time (1 s in a LAN, 5 s beyond), during which commits rightly wait.
        is_confirmed: have `confirm` wait for the disks of the other nodes of a Galera set.
        """
        import pymysql

        self._errors = pymysql.err
        self._set: SetUrl = set_url(url)
        self.patience_s, self._answer_wait_s = patience_s, answer_wait_s
        nodes = self._set.nodes if is_confirmed else ()
        self._copies = Copies(nodes, self._plain, (pymysql.err.Error, OSError))
        self._is_confirmed = is_confirmed
        lost = (pymysql.err.OperationalError, pymysql.err.InterfaceError)
        self._nodes = Nodes(self._set, self._plain, lost)
        self._lock = threading.RLock()
        self._changed, self._is_open = 0, False
        self._flavour = Flavour.MYSQL
        self._statements: dict[str, Statement] = {}
        self._connection: Any = None
        with self._outage():
            self._connection = self._connect()

    @property
    def node(self) -> str:
        """HOST:PORT that is spoken to."""
        return _shown(self._nodes.current)

    # connecting ---------------------------------------------------------------------------------

    def _connect(self) -> Any:
        was = self._nodes.current
        found = self._nodes.connected()
        if self._connection is not None and was != self._nodes.current:
            _log.warning("journal.node_changed", was=_shown(was), now=self.node)
        self._statements = {}
        with found.cursor() as cursor:
            cursor.execute("select version()")
            self._flavour = flavour_of(str(cursor.fetchall()[0][0]))
            if self._flavour is Flavour.MARIADB:
                # one of us that froze in a transaction would keep the head's row for hours
                wait_s = max(1, round(self._answer_wait_s))
                cursor.execute(f"set session idle_transaction_timeout={wait_s}")
            if self._nodes.is_galera and self._is_confirmed:
                cursor.execute(SYNC_LOG)  # may we? else it would fail at the first commit
        return found

    def _plain(self, host: str, port: int) -> Any:
        return self._set.connect(
            host,
            port,
            charset="utf8mb4",
            autocommit=True,
            connect_timeout=_CONNECT_S,
            read_timeout=self._answer_wait_s,
            write_timeout=self._answer_wait_s,
            client_flag=_FOUND_ROWS,
            init_command="set session transaction isolation level read committed",
        )

    @contextmanager
    def _outage(self) -> Iterator[None]:
        try:
            yield
        except (self._errors.OperationalError, self._errors.InterfaceError) as error:
            what = f"{self._set.place} could not be used: {error}."
            raise Outage(what, file=self._set.place) from error

    def leave(self) -> None:
        """Drop the connection; the next use takes a new one, of the first node that is fit."""
        with self._lock, suppress(Exception):
            self._connection.close()

    # asking -------------------------------------------------------------------------------------

    def execute(self, sql: str, arguments: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with self._lock:
            if self._is_open:
                return self._ask(sql, arguments)
            return self._patiently(lambda: self._ask(sql, arguments))

    def latest(self, sql: str, arguments: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        if self._nodes.is_galera:
            sql = f"set statement wsrep_sync_wait=1 for {sql}"
        return self.execute(sql, arguments)

    def has(self, table: str) -> bool:
        found = "select 1 from information_schema.tables where table_schema=? and table_name=?"
        return bool(self.execute(found, (self._set.database, table)))

    def prepared(self, sql: str, arguments: Sequence[int | str | bytes]) -> None:
        """Run a statement without rows in the binary protocol: for large bodies."""
        with self._lock:
            statement = self._statements.get(sql)
            if statement is None:
                statement = self._statements[sql] = Statement(self._connection, sql)
            self._changed = statement.execute(arguments)

    def _ask(self, sql: str, arguments: Sequence[Any]) -> list[tuple[Any, ...]]:
        with self._connection.cursor() as cursor:
            self._changed = cursor.execute(sql.replace("?", "%s"), tuple(arguments))
            return list(cursor.fetchall()) if cursor.description else []

    def _patiently(self, act: Callable[[], T]) -> T:
        """Do what may be done twice, on another node where one is gone. Raises: Outage."""
        until = time.monotonic() + self.patience_s
        while True:
            try:
                if not self._connection.open:
                    self._connection = self._connect()
                return act()
            except (self._errors.OperationalError, self._errors.InterfaceError) as error:
                verdict = self._verdict(error, committing=False)
                if verdict is Verdict.ROLLED_BACK:
                    self.leave()  # it may answer, and not be fit for anything
                if verdict is not Verdict.ROLLED_BACK or time.monotonic() > until:
                    with self._outage():
                        raise
            time.sleep(_PAUSE_S)

    def _verdict(self, error: Exception, *, committing: bool) -> Verdict:
        code = error.args[0] if error.args else None
        return verdict_of_code(code, flavour=self._flavour, committing=committing)

    def clock_ns(self) -> int:
        """Return the node's wall clock, ns since 1970 UTC."""
        return int(self.execute("select unix_timestamp(now(6)) * 1000000")[0][0]) * 1_000

    def changed(self) -> int:
        return self._changed

    def confirm(self, *, was_read: bool = False) -> None:
        if not (self._is_confirmed and self._nodes.is_galera):
            return
        with self._lock:
            if was_read:
                self.execute(SYNC_LOG)
            if not self._copies.confirm(self._nodes.current, has_witness=self._has_witness):
                what = "The commit is on too few disks: most nodes of the set do not answer."
                raise OutcomeUnknown(what, engine=self.node)

    def _has_witness(self) -> bool:
        """Tell whether an arbitrator, which has no address, is of one mind with our node."""
        wanted = "wsrep_cluster_status", "wsrep_cluster_size", "wsrep_incoming_addresses"
        seen = dict(self.execute(f"show global status where variable_name in {wanted}"))
        addresses = str(seen.get("wsrep_incoming_addresses", "")).split(",")
        is_primary = seen.get("wsrep_cluster_status") == "Primary"
        return is_primary and int(seen["wsrep_cluster_size"]) > sum(map(bool, addresses))

    # writing ------------------------------------------------------------------------------------

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
            except self._errors.Error as error:
                raise self._told(error, committing=committing) from error
            except BaseException:
                self._rollback()
                raise
            finally:
                self._is_open = False

    def _told(self, error: Exception, *, committing: bool) -> Exception:
        """Leave a transaction that failed; return what the caller is to know."""
        verdict = self._verdict(error, committing=committing)
        if verdict is Verdict.UNKNOWN:
            self.leave()
            return OutcomeUnknown(f"The commit's answer was lost: {error}.", engine=self.node)
        self._rollback()
        may_pass = verdict is Verdict.ROLLED_BACK
        if may_pass and not committing:
            self.leave()  # the node may be gone: the next transaction looks for one that is fit
        what = f"The journal could not be written: {error}."
        return WritesStopped(what, engine=self.node, may_pass=may_pass)

    def _rollback(self) -> None:
        try:
            self._connection.rollback()
        except self._errors.Error:
            self.leave()  # the server rolls back what its client left

    def close(self) -> None:
        with self._lock, suppress(self._errors.Error):  # it may be closed already
            self._copies.close()
            self._connection.close()


def _shown(node: tuple[str, int]) -> str:
    return f"{node[0]}:{node[1]}"

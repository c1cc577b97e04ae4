"""What a node's server tells: its state in the group, a heartbeat written and read back, locks."""

from contextlib import suppress
from dataclasses import replace
from typing import Any, Final

import pymysql

from yunjin.chassis.persistence.nodes import open_connection
from yunjin.foundation.database.api.fleet import PRIMARY
from yunjin.foundation.database.domain.doctor.observation import LEFT, Blocker, Observation
from yunjin.foundation.database.domain.users import DOCTOR
from yunjin.kernel.clock import Clock

_WAIT_S: Final = 2
_MILLION: Final = 1_000_000
_NO_TABLE: Final = 1146
# SHOW is answered without a majority too; SELECT is not.
_STATUS: Final = """
SHOW GLOBAL STATUS WHERE Variable_name IN ('wsrep_local_state_comment', 'wsrep_cluster_status',
 'wsrep_cluster_size', 'wsrep_ready', 'wsrep_last_committed', 'wsrep_cluster_state_uuid',
 'wsrep_gcomm_uuid', 'wsrep_local_cached_downto', 'wsrep_flow_control_paused_ns',
 'wsrep_flow_control_sent', 'wsrep_local_recv_queue')
"""
_VARIABLES: Final = "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('read_only', 'wsrep_desync')"
_TABLE: Final = """
CREATE TABLE IF NOT EXISTS beats (
 node VARCHAR(64) NOT NULL PRIMARY KEY, beat BIGINT NOT NULL, at_us BIGINT NOT NULL
) ENGINE = InnoDB
"""
_BLOCKERS: Final = f"""
SELECT b.trx_mysql_thread_id, TIMESTAMPDIFF(SECOND, MIN(b.trx_started), NOW()), COUNT(*),
 MAX(TIMESTAMPDIFF(SECOND, w.trx_wait_started, NOW())), COALESCE(MAX(b.trx_query), '')
FROM information_schema.innodb_lock_waits l
JOIN information_schema.innodb_trx b ON b.trx_id = l.blocking_trx_id
JOIN information_schema.innodb_trx w ON w.trx_id = l.requesting_trx_id
JOIN information_schema.processlist p ON p.id = b.trx_mysql_thread_id
WHERE p.user <> '{DOCTOR}' GROUP BY b.trx_mysql_thread_id
"""
# One heartbeat that hangs is enough: the next would wait for its row.
_HANGING: Final = f"""
SELECT COUNT(*) FROM information_schema.processlist
WHERE user = '{DOCTOR}' AND info LIKE 'REPLACE INTO beats%'
"""


class ServerProbe:
    """Asks one node's server, over one connection that is kept.

    Parameters
    ----------
    address, port : where the server listens for clients.
    tls_ca : the file of whom it must be signed by; empty: it speaks no TLS.
    """

    def __init__(
        self,
        node: str,
        *,
        address: str,
        port: int,
        password: str,
        clock: Clock,
        tls_ca: str = "",
    ) -> None:
        self._node, self._address, self.port = node, address, port
        self._password, self._clock, self._tls_ca = password, clock, tls_ca
        self._connection: Any = None
        self._counted_ns, self._paused_ns, self._sent = 0, -1, -1
        self._has_hung = False  # the last heartbeat did not come back

    def look(self, host: Observation) -> Observation:
        """Return what the host told, with what the server tells added. Raises nothing."""
        try:
            return self._told(host)
        except (pymysql.err.MySQLError, OSError) as error:
            self.close()
            return replace(host, answers=False, why=str(error)[:200])

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            with suppress(pymysql.err.MySQLError, OSError):
                self._connection.close()
        self._connection = None

    def _told(self, host: Observation) -> Observation:
        found = {**dict(self._ask(_STATUS)), **dict(self._ask(_VARIABLES))}
        seen = replace(
            host,
            answers=True,
            why="",
            state=found.get("wsrep_local_state_comment", ""),
            is_primary=found.get("wsrep_cluster_status") == PRIMARY,
            has_left=found.get("wsrep_cluster_status") == LEFT,
            is_ready=found.get("wsrep_ready") == "ON",
            is_read_only=found.get("read_only") == "ON",
            is_desynced=found.get("wsrep_desync") == "ON",
            size=int(found.get("wsrep_cluster_size", 0)),
            history=found.get("wsrep_cluster_state_uuid", ""),
            wire_id=found.get("wsrep_gcomm_uuid", ""),
            seqno=int(found.get("wsrep_last_committed", -1)),
            cached_from=_cached_from(found.get("wsrep_local_cached_downto", "")),
            queue=int(found.get("wsrep_local_recv_queue", 0)),
            **self._flow_control(found),
        )
        return self._tried(seen) if seen.is_serving else seen

    def _flow_control(self, found: dict[str, str]) -> dict[str, Any]:
        """Return the counters' growth since the round before; the first time there is none."""
        now_ns = self._clock.monotonic_ns()
        paused_ns = int(found.get("wsrep_flow_control_paused_ns", 0))
        sent = int(found.get("wsrep_flow_control_sent", 0))
        made = {"paused_ppm": 0, "pauses_sent": 0}
        if 0 <= self._paused_ns <= paused_ns and now_ns > self._counted_ns:
            ppm = (paused_ns - self._paused_ns) * _MILLION // (now_ns - self._counted_ns)
            made = {"paused_ppm": min(ppm, _MILLION), "pauses_sent": max(sent - self._sent, 0)}
        self._counted_ns, self._paused_ns, self._sent = now_ns, paused_ns, sent
        return made

    def _tried(self, seen: Observation) -> Observation:
        """Write a heartbeat and read it back; look for locks that are waited for."""
        blockers = tuple(
            Blocker(
                thread=int(row[0]),
                age_s=int(row[1] or 0),
                waiters=int(row[2]),
                waited_s=int(row[3] or 0),
                statement=str(row[4]),
            )
            for row in self._ask(_BLOCKERS)
        )
        seen = replace(seen, blockers=blockers)
        if self._has_hung:
            [[hanging]] = self._ask(_HANGING)
            if hanging:
                return seen
            self._has_hung = False
        beat, started_ns = self._clock.now_ns(), self._clock.monotonic_ns()
        try:
            self._write(beat)
        except (pymysql.err.MySQLError, OSError) as error:
            self.close()
            self._has_hung = True
            return replace(seen, why=f"heartbeat: {error}"[:200])
        written_ns = self._clock.monotonic_ns()
        [[back]] = self._ask(f"SELECT beat FROM beats WHERE node = '{self._node}'")
        if int(back) != beat:
            return replace(seen, why=f"expected heartbeat {beat} back, was {back}")
        read_ns = self._clock.monotonic_ns()
        return replace(
            seen,
            write_us=(written_ns - started_ns) // 1_000,
            read_us=(read_ns - written_ns) // 1_000,
        )

    def _write(self, beat: int) -> None:
        values = f"('{self._node}', {beat}, {beat // 1_000})"
        try:
            self._ask(f"REPLACE INTO beats (node, beat, at_us) VALUES {values}")
        except pymysql.err.ProgrammingError as error:
            if error.args[0] != _NO_TABLE:
                raise
            self._ask(_TABLE)
            self._ask(f"REPLACE INTO beats (node, beat, at_us) VALUES {values}")

    def _ask(self, statement: str) -> tuple[Any, ...]:
        if self._connection is None:
            self._connection = open_connection(
                self._tls_ca,
                host=self._address,
                port=self.port,
                user=DOCTOR,
                password=self._password,
                database=DOCTOR,
                autocommit=True,
                connect_timeout=_WAIT_S,
                read_timeout=_WAIT_S,
                write_timeout=_WAIT_S,
            )
        with self._connection.cursor() as cursor:
            cursor.execute(statement)
            return tuple(cursor.fetchall())


def _cached_from(text: str) -> int:
    """Galera says 2^64 - 1 where its cache is empty."""
    return int(text) if text.isdecimal() and int(text) < 1 << 63 else -1

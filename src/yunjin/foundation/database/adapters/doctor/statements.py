"""Slow statements and waits for locks, as a node tells of them; nothing is run that changes."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from yunjin.foundation.database.adapters.galera import NodeServer
from yunjin.foundation.database.domain.doctor.advice import Advice, Wait, advise, fingerprint
from yunjin.foundation.database.errors import SqlFailed

_EXPLAIN_S: Final = 5
_RUNNING: Final = """
SELECT id, user, COALESCE(db, ''), time, COALESCE(state, ''), COALESCE(info, '')
FROM information_schema.processlist
WHERE command IN ('Query', 'Execute') AND id <> CONNECTION_ID() AND time >= {seconds}
 AND info IS NOT NULL ORDER BY time DESC LIMIT 100;
"""
_LOGGED: Final = """
SELECT 0, user_host, db, TIME_TO_SEC(query_time), '', CONVERT(sql_text USING utf8mb4)
FROM mysql.slow_log WHERE start_time > NOW() - INTERVAL {minutes} MINUTE
ORDER BY query_time DESC LIMIT 500;
"""
_WAITS: Final = """
SELECT w.trx_mysql_thread_id, b.trx_mysql_thread_id,
 COALESCE(TIMESTAMPDIFF(SECOND, w.trx_wait_started, NOW()), 0), k.lock_table,
 COALESCE(k.lock_index, ''), k.lock_mode, COALESCE(w.trx_query, ''), COALESCE(b.trx_query, ''),
 TIMESTAMPDIFF(SECOND, b.trx_started, NOW())
FROM information_schema.innodb_lock_waits l
JOIN information_schema.innodb_trx w ON w.trx_id = l.requesting_trx_id
JOIN information_schema.innodb_trx b ON b.trx_id = l.blocking_trx_id
JOIN information_schema.innodb_locks k ON k.lock_id = l.requested_lock_id
ORDER BY 3 DESC LIMIT 100;
"""
# The text goes in as digits: the client's own commands (\\! and others) never see it.
_EXPLAIN: Final = """
SET SESSION max_statement_time = {seconds};
EXECUTE IMMEDIATE CONVERT(X'{use}' USING utf8mb4);
EXECUTE IMMEDIATE CONCAT('EXPLAIN FORMAT=JSON ', CONVERT(X'{statement}' USING utf8mb4));
"""
_EXPLAINED: Final = ("select", "update", "delete", "insert", "replace", "with", "(")


@dataclass(frozen=True, slots=True, kw_only=True)
class SlowStatement:
    """Statements that are alike but for their values."""

    pattern: str
    example: str
    database: str
    user: str
    count: int
    seconds_max: int
    advice: tuple[Advice, ...] = ()


def slow_statements(
    node: NodeServer, *, seconds: int = 1, minutes: int = 60, limit: int = 20
) -> list[SlowStatement]:
    """Return what has run for long, now or by the slow log (where that is kept in its table).

    Raises: SqlFailed, HostUnreachable.
    """
    rows = [*node.ask(_RUNNING.format(seconds=int(seconds)))]
    rows += node.ask(_LOGGED.format(minutes=int(minutes)))
    found: dict[tuple[str, str], SlowStatement] = {}
    for _, user, database, took, _, text in rows:
        key = database, fingerprint(text)
        before = found.get(key)
        took_s = int(took.partition(".")[0])
        found[key] = SlowStatement(
            pattern=key[1],
            example=text if before is None else before.example,
            database=database,
            user=user.partition("[")[0],
            count=1 if before is None else before.count + 1,
            seconds_max=took_s if before is None else max(took_s, before.seconds_max),
        )
    worst = sorted(found.values(), key=lambda one: -one.seconds_max * one.count)[:limit]
    return [replace(one, advice=tuple(explain(node, one))) for one in worst]


def explain(node: NodeServer, one: SlowStatement) -> Sequence[Advice]:
    """Return advice about a statement; none where the server cannot say how it would run it."""
    if not one.database or not one.example.lstrip().lower().startswith(_EXPLAINED):
        return ()
    use = f"USE `{one.database.replace('`', '``')}`"
    asked = _EXPLAIN.format(
        seconds=_EXPLAIN_S, use=use.encode().hex(), statement=one.example.encode().hex()
    )
    try:
        rows = node.ask(asked, wait_s=2 * _EXPLAIN_S)
    except SqlFailed:
        return ()
    return advise(json.loads(rows[-1][0])) if rows else ()


def waits(node: NodeServer) -> list[Wait]:
    """Return who waits for whom. Raises: SqlFailed, HostUnreachable."""
    return [
        Wait(
            waiter=int(waiter),
            blocker=int(blocker),
            waited_s=int(waited),
            table=table.replace("`", ""),
            index=index,
            mode=mode,
            waiting=waiting,
            blocking=blocking,
            blocker_age_s=int(age),
        )
        for waiter, blocker, waited, table, index, mode, waiting, blocking, age in node.ask(_WAITS)
    ]

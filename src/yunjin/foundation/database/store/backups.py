"""The record of copies of whole sets: who had one made, when, and what came of it."""

from typing import Any, Final, NamedTuple

import sqlalchemy as sa

from yunjin.chassis.persistence import (
    Ascii,
    Int64,
    Micros,
    Uuid,
    Words,
    column,
    key,
    table,
)
from yunjin.foundation.database.api.fleet import BackupRun, RunState
from yunjin.foundation.database.store.heartbeat import tables

WORDS_LENGTH: Final = 1_000
runs: Final = table(
    tables,
    "backup_runs",
    key("run_id", Uuid()),
    column("set_name", Ascii(48)),
    column("made_by", Words(120)),
    column("state", Ascii(16)),
    column("began_us", Micros),
    column("ended_us", Micros),  # 0: under way
    column("backup", Ascii(64)),  # empty: there is none
    column("size_bytes", Int64),
    column("outcome", Words(WORDS_LENGTH)),
    sa.Index("database_backup_runs_age", "set_name", "began_us"),
)


class Last(NamedTuple):
    """What is known of a set's copies."""

    began_us: int = 0  # of the newest that came to its end
    failed_us: int = 0  # when the newest try failed, where none has come to its end since
    why: str = ""  # it failed


def save(connection: sa.Connection, run: BackupRun) -> None:
    """Save how far a copy is."""
    values: dict[str, Any] = {
        "set_name": run.set,
        "made_by": run.by[:120].rstrip(),
        "state": run.state.value,
        "began_us": run.began_us,
        "ended_us": run.ended_us,
        "backup": run.backup,
        "size_bytes": run.size_bytes,
        "outcome": run.outcome[:WORDS_LENGTH].rstrip(),
    }
    where = runs.c.run_id == run.run_id
    if connection.execute(sa.select(runs.c.state).where(where)).one_or_none() is None:
        connection.execute(sa.insert(runs).values(run_id=run.run_id, **values))
    else:
        connection.execute(sa.update(runs).where(where).values(**values))


def read(connection: sa.Connection, set_name: str, limit: int) -> list[BackupRun]:
    """Return the copies of a set, newest first."""
    query = sa.select(runs).where(runs.c.set_name == set_name)
    rows = connection.execute(query.order_by(runs.c.began_us.desc(), runs.c.run_id).limit(limit))
    return [_run(row) for row in rows]


def last(connection: sa.Connection, set_name: str) -> Last:
    """Return what is known of a set's copies."""

    def newest(state: RunState) -> Any:
        query = sa.select(runs).where(runs.c.set_name == set_name, runs.c.state == state.value)
        return connection.execute(query.order_by(runs.c.began_us.desc()).limit(1)).one_or_none()

    done, failed = newest(RunState.DONE), newest(RunState.FAILED)
    began_us = done.began_us if done is not None else 0
    if failed is None or failed.began_us < began_us:
        return Last(began_us)
    return Last(began_us, failed.ended_us, failed.outcome)


def running(connection: sa.Connection, made_by_prefix: str) -> list[BackupRun]:
    """Return the copies under way that were begun by somebody whose name begins so."""
    query = sa.select(runs).where(
        runs.c.state == RunState.RUNNING.value, runs.c.made_by.startswith(made_by_prefix)
    )
    return [_run(row) for row in connection.execute(query)]


def taken(connection: sa.Connection) -> list[tuple[str, int]]:
    """Return when the newest whole copy of each set began."""
    query = (
        sa.select(runs.c.set_name, sa.func.max(runs.c.began_us))
        .where(runs.c.state == RunState.DONE.value)
        .group_by(runs.c.set_name)
        .order_by(runs.c.set_name)
    )
    return [(name, int(began_us)) for name, began_us in connection.execute(query)]


def _run(row: Any) -> BackupRun:
    return BackupRun(
        run_id=row.run_id,
        set=row.set_name,
        by=row.made_by,
        state=RunState(row.state),
        began_us=row.began_us,
        ended_us=row.ended_us,
        backup=row.backup,
        size_bytes=row.size_bytes,
        outcome=row.outcome,
    )

"""The doctor's record: findings that opened and closed, actions proposed and done."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from yunjin.chassis.persistence import (
    Ascii,
    Int64,
    Json,
    Micros,
    Small,
    Uuid,
    Words,
    column,
    key,
    table,
)
from yunjin.foundation.database.api.doctor import (
    Action,
    ActionState,
    Finding,
    Noted,
    Remedy,
    Severity,
)
from yunjin.foundation.database.store.heartbeat import tables

SUBJECT_LENGTH: Final = 200
WORDS_LENGTH: Final = 1_000
_STATE_ORDER: Final = tuple(ActionState)  # an action only ever moves on to a later one


findings: Final = table(
    tables,
    "doctor_findings",
    key("set_name", Ascii(32)),
    key("code", Ascii(64)),
    key("node", Ascii(32)),
    key("subject", Words(SUBJECT_LENGTH)),
    key("opened_us", Micros),
    column("closed_us", Micros),  # 0: it stands
    column("severity", Small),
    column("zh", Words(WORDS_LENGTH)),
    column("en", Words(WORDS_LENGTH)),
    column("figures", Json()),
    column("remedy", Ascii(32)),  # empty: none
    column("is_dangerous", Small),
    sa.Index("database_doctor_findings_open", "closed_us", "opened_us"),
)
actions: Final = table(
    tables,
    "doctor_actions",
    key("action_id", Uuid()),
    column("set_name", Ascii(32)),
    column("code", Ascii(64)),
    column("node", Ascii(32)),
    column("subject", Words(SUBJECT_LENGTH)),
    column("severity", Small),
    column("zh", Words(WORDS_LENGTH)),
    column("en", Words(WORDS_LENGTH)),
    column("figures", Json()),
    column("remedy", Ascii(32)),
    column("is_dangerous", Small),
    column("state", Ascii(16)),
    column("decision", Words(200)),
    column("doctor", Ascii(64)),
    column("approver", Words(64)),
    column("at_us", Micros),
    column("ended_us", Micros),
    column("took_ms", Int64),
    column("outcome", Words(WORDS_LENGTH)),
    sa.Index("database_doctor_actions_state", "state", "at_us"),
    sa.Index("database_doctor_actions_age", "at_us"),
)
samples: Final = table(
    tables,
    "doctor_samples",
    key("set_name", Ascii(32)),
    key("node", Ascii(32)),
    key("metric", Ascii(64)),
    key("hour", Int64),
    column("value", Int64),
)


def save_action(connection: sa.Connection, action: Action) -> None:
    """Save an action as it stands; what is saved already and further on stays."""
    query = sa.select(actions.c.state).where(actions.c.action_id == action.action_id)
    saved = connection.execute(query.with_for_update()).scalar_one_or_none()
    row = _row_of(action)
    if saved is None:
        connection.execute(sa.insert(actions).values(**row))
    elif _STATE_ORDER.index(ActionState(saved)) <= _STATE_ORDER.index(action.state):
        changed = sa.update(actions).where(actions.c.action_id == action.action_id)
        connection.execute(changed.values(**row))


def save_finding(connection: sa.Connection, noted: Noted) -> None:
    """Save a finding that opened, or closed."""
    row = {**_finding_row(noted.finding), "opened_us": noted.opened_us}
    where = [findings.c[name] == row[name] for name in ("set_name", "code", "node", "subject")]
    where.append(findings.c.opened_us == noted.opened_us)
    row["closed_us"] = noted.closed_us
    if connection.execute(sa.select(findings.c.code).where(*where)).one_or_none() is None:
        connection.execute(sa.insert(findings).values(**row))
    else:
        connection.execute(sa.update(findings).where(*where).values(**row))


def read_findings(connection: sa.Connection, *, closed: bool, limit: int) -> list[Noted]:
    """Return the findings that stand, worst first; or those that closed, newest first."""
    order = (
        (findings.c.closed_us.desc(),)
        if closed
        else (findings.c.severity.desc(), findings.c.opened_us.desc())
    )
    is_such = findings.c.closed_us > 0 if closed else findings.c.closed_us == 0
    query = sa.select(findings).where(is_such).order_by(*order).limit(limit)
    return [
        Noted(finding=_finding_of(row), opened_us=row.opened_us, closed_us=row.closed_us)
        for row in connection.execute(query)
    ]


def read_actions(
    connection: sa.Connection, *, states: Sequence[ActionState] = (), limit: int
) -> list[Action]:
    """Return actions, newest first; of all states where none is named."""
    query = sa.select(actions).order_by(actions.c.at_us.desc(), actions.c.action_id.desc())
    if states:
        query = query.where(actions.c.state.in_([state.value for state in states]))
    return [_action_of(row) for row in connection.execute(query.limit(limit))]


def read_action(connection: sa.Connection, action_id: UUID) -> Action | None:
    """Return an action."""
    query = sa.select(actions).where(actions.c.action_id == action_id)
    row = connection.execute(query).one_or_none()
    return _action_of(row) if row is not None else None


def count_findings(connection: sa.Connection) -> list[tuple[str, Severity, int]]:
    """Return how many findings of a set stand, by how bad they are."""
    key = (findings.c.set_name, findings.c.severity)
    query = sa.select(*key, sa.func.count()).where(findings.c.closed_us == 0)
    rows = connection.execute(query.group_by(*key).order_by(*key))
    return [(name, Severity(severity), int(count)) for name, severity, count in rows]


def count_actions(connection: sa.Connection) -> list[tuple[str, str, ActionState, int, int]]:
    """Return set, remedy, state, how many such actions there are, and how long they took, ms."""
    key = (actions.c.set_name, actions.c.remedy, actions.c.state)
    query = sa.select(*key, sa.func.count(), sa.func.sum(actions.c.took_ms))
    rows = connection.execute(query.group_by(*key).order_by(*key))
    return [
        (name, remedy, ActionState(state), int(count), int(took_ms))
        for name, remedy, state, count, took_ms in rows
    ]


def answer(connection: sa.Connection, action_id: UUID, state: ActionState, by: str) -> bool:
    """Set what a person said of a pending action; return whether it was still pending."""
    changed = connection.execute(
        sa.update(actions)
        .where(actions.c.action_id == action_id, actions.c.state == ActionState.PENDING.value)
        .values(state=state.value, approver=by)
    )
    return changed.rowcount == 1


def save_sample(
    connection: sa.Connection, *, set_name: str, node: str, metric: str, hour: int, value: int
) -> None:
    """Save a figure of an hour; the last one of the hour stays."""
    key = {"set_name": set_name, "node": node, "metric": metric, "hour": hour}
    where = [samples.c[name] == each for name, each in key.items()]
    if connection.execute(sa.select(samples.c.value).where(*where)).one_or_none() is None:
        connection.execute(sa.insert(samples).values(**key, value=value))
    else:
        connection.execute(sa.update(samples).where(*where).values(value=value))


def read_samples(
    connection: sa.Connection, *, set_name: str, since_hour: int
) -> dict[tuple[str, str], list[tuple[int, int]]]:
    """Return (node, metric) → (hour, value), oldest first."""
    query = (
        sa.select(samples.c.node, samples.c.metric, samples.c.hour, samples.c.value)
        .where(samples.c.set_name == set_name, samples.c.hour >= since_hour)
        .order_by(samples.c.hour)
    )
    found: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for row in connection.execute(query):
        found.setdefault((row.node, row.metric), []).append((row.hour, row.value))
    return found


def forget_samples(connection: sa.Connection, *, set_name: str, before_hour: int) -> None:
    """Delete a set's samples that are older than an hour."""
    is_old = (samples.c.set_name == set_name, samples.c.hour < before_hour)
    connection.execute(sa.delete(samples).where(*is_old))


def _finding_row(finding: Finding) -> dict[str, Any]:
    return {
        "set_name": finding.set_name,
        "code": finding.code,
        "node": finding.node,
        "subject": finding.subject[:SUBJECT_LENGTH].rstrip(),
        "severity": int(finding.severity),
        "zh": finding.zh[:WORDS_LENGTH].rstrip(),
        "en": finding.en[:WORDS_LENGTH].rstrip(),
        "figures": dict(finding.figures),
        "remedy": finding.remedy.value if finding.remedy else "",
        "is_dangerous": int(finding.is_dangerous),
    }


def _row_of(action: Action) -> dict[str, Any]:
    return {
        **_finding_row(action.finding),
        "action_id": action.action_id,
        "state": action.state.value,
        "decision": action.decision[:200].rstrip(),
        "doctor": action.doctor,
        "approver": action.approver,
        "at_us": action.at_us,
        "ended_us": action.ended_us,
        "took_ms": action.took_ms,
        "outcome": action.outcome[:WORDS_LENGTH].rstrip(),
    }


def _finding_of(row: Any) -> Finding:
    return Finding(
        code=row.code,
        set_name=row.set_name,
        node=row.node,
        subject=row.subject,
        severity=Severity(row.severity),
        zh=row.zh,
        en=row.en,
        figures=row.figures,
        remedy=Remedy(row.remedy) if row.remedy else None,
        is_dangerous=bool(row.is_dangerous),
    )


def _action_of(row: Any) -> Action:
    return Action(
        action_id=row.action_id,
        finding=_finding_of(row),
        state=ActionState(row.state),
        decision=row.decision,
        doctor=row.doctor,
        approver=row.approver,
        at_us=row.at_us,
        ended_us=row.ended_us,
        took_ms=row.took_ms,
        outcome=row.outcome,
    )

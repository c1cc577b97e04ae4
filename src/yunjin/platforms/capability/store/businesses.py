"""Reading and writing the cases of businesses."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from yunjin.kernel.clock import instant
from yunjin.platforms.capability.api.businesses import CaseFacts, CaseState
from yunjin.platforms.capability.store.overlay_tables import cases


def put(connection: sa.Connection, row: dict[str, Any]) -> None:
    """Keep a new case."""
    connection.execute(sa.insert(cases).values(**row))


def end(
    connection: sa.Connection,
    case_id: UUID,
    state: CaseState,
    *,
    at_us: int,
    reason: str = "",
    detail: str = "",
    outcome: Any = None,
) -> bool:
    """Keep how a case ended; return whether it had not ended before."""
    mine = sa.and_(cases.c.case_id == case_id, cases.c.state == CaseState.RUNNING.value)
    changed = connection.execute(
        sa.update(cases)
        .where(mine)
        .values(
            state=state.value,
            reason=reason[:80],
            detail=detail[:500],
            outcome=outcome if isinstance(outcome, dict) else {"answer": outcome},
            changed_us=at_us,
        )
    )
    return changed.rowcount == 1


def one(connection: sa.Connection, case_id: UUID) -> CaseFacts | None:
    """Return a case."""
    row = connection.execute(sa.select(cases).where(cases.c.case_id == case_id)).first()
    return None if row is None else _read(row)


def some(
    connection: sa.Connection,
    *,
    business: str,
    party_id: str,
    state: CaseState | None,
    before: UUID | None,
    limit: int,
) -> list[CaseFacts]:
    """Return cases, newest first."""
    query = sa.select(cases).order_by(cases.c.case_id.desc()).limit(limit)
    if business:
        query = query.where(cases.c.business == business)
    if party_id:
        query = query.where(cases.c.party_id == party_id)
    if state is not None:
        query = query.where(cases.c.state == state.value)
    if before is not None:
        query = query.where(cases.c.case_id < before)
    return [_read(row) for row in connection.execute(query)]


def _read(row: Any) -> CaseFacts:
    return CaseFacts(
        case_id=row.case_id,
        business=row.business,
        deed=row.deed,
        scenario=row.scenario,
        party_id=row.party_id,
        values=row.given,
        laid=row.laid,
        state=CaseState(row.state),
        reason=row.reason,
        detail=row.detail,
        outcome=row.outcome,
        at=instant(row.at_us * 1_000),
        changed_at=instant(row.changed_us * 1_000),
    )

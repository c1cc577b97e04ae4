"""Collection 催收: cases of loans that are overdue, by stages, with promises to pay."""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol
from uuid import UUID

from yunjin.kernel.page import Page
from yunjin.platforms.capability.api.centres import Centre, Point, Slo, command, query
from yunjin.platforms.capability.api.lending import LendingEntry
from yunjin.platforms.capability.events.lending import CollectionMoved, PromiseMoved

DAY: Final = "lending.day"  # the flow of a business day: what is due, overdue, cured


class Stage(StrEnum):
    """How hard a debt is asked for, by its days overdue."""

    REMINDER = "reminder"  # 提醒
    CALL = "call"  # 电催
    VISIT = "visit"  # 外访
    LEGAL = "legal"  # 法诉


STAGES: Final = ((1, Stage.REMINDER), (4, Stage.CALL), (31, Stage.VISIT), (91, Stage.LEGAL))


class PromiseState(StrEnum):
    """What became of a promise to pay."""

    OPEN = "open"
    KEPT = "kept"  # 已兑现
    BROKEN = "broken"  # 未兑现
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """A promise to pay 承诺还款: so much until the end of a business day."""

    promise_id: UUID
    case_id: UUID
    amount_minor: int
    day: dt.date
    made: dt.date
    state: PromiseState
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A case as of the last look at its loan.

    Parameters
    ----------
    due_minor : what should have been paid by now.
    application_id : where the loan came of one; None else.
    is_closed, why : cured, or closed by a person, in words.
    """

    case_id: UUID
    agreement_id: int
    application_id: UUID | None
    party_id: str
    currency: str
    stage: Stage
    days_overdue: int
    due_minor: int
    opened: dt.date
    seen: dt.date
    closed: dt.date | None
    why: str

    @property
    def is_closed(self) -> bool:
        """Whether nobody asks for it any more."""
        return self.closed is not None


class CollectionApi(Protocol):
    """Cases: opened by the day's look at loans that are overdue, or by a person; closed as cured.

    Write-off is banking's. Each command may raise CollectionNotFound, CollectionRefused (closed),
    Malformed and IdempotencyConflict.
    """

    @command(undone_by="close")
    def open(self, command_id: UUID, agreement_id: int, note: str = "", *, by: str = "") -> Case:
        """Open a case for a loan, whether or not it is overdue; the one that is open stays.

        Raises: CollectionRefused (it is no open loan).
        """

    @command(lasts="what was said to a debtor was said")
    def note(self, command_id: UUID, case_id: UUID, what: str, text: str, *, by: str) -> Case:
        """Keep what was done: what is "call", "visit", "letter", "message" or "other"."""

    @command(undone_by="cancel_promise")
    def promise(
        self, command_id: UUID, case_id: UUID, amount_minor: int, day: dt.date, *, by: str
    ) -> Promise:
        """Keep a promise to pay; its id is the command's. While it is open the stage stays.

        Raises: CollectionRefused (a day that is over or far, another promise is open).
        """

    @command(undone_by="promise")
    def cancel_promise(self, command_id: UUID, promise_id: UUID, *, by: str = "") -> Promise:
        """Let a promise no longer count."""

    @command(undone_by="open")
    def close(self, command_id: UUID, case_id: UUID, why: str, *, by: str) -> Case:
        """Close a case; the next look opens another where the loan is overdue still."""

    @query
    def case(self, case_id: UUID) -> Case:
        """Return a case. Raises: CollectionNotFound."""

    @query
    def cases(
        self,
        *,
        stage: Stage | None = None,
        party_id: str = "",
        agreement_id: int = 0,
        is_closed: bool = False,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Case]:
        """Return cases, newest first. Raises: Malformed (cursor)."""

    @query
    def promises(self, case_id: UUID) -> list[Promise]:
        """Return the promises of a case, newest first. Raises: CollectionNotFound."""

    @query
    def timeline(self, case_id: UUID) -> list[LendingEntry]:
        """Return what was done about a case, in its order. Raises: CollectionNotFound."""

    @query
    def counts(self) -> dict[str, int]:
        """Return how many open cases there are in each stage."""


COLLECTION: Final = Centre(
    code="collection",
    words=("催收中心", "Collection"),
    purpose=(
        "逾期贷款的催收案件：按逾期天数分阶段、承诺还款、任务、还清即结案。",
        "Cases of overdue loans: stages by days overdue, promises to pay, tasks; closed when "
        "cured.",
    ),
    bian=("Collections", "Delinquent Account Handling"),
    door=CollectionApi,
    events=(CollectionMoved, PromiseMoved),
    slo=Slo(p99_ms=100),
    points=(
        Point(
            name="stages",
            kind="parameter",
            words=("催收阶段", "Stages"),
            default=", ".join(f"{least} {stage}" for least, stage in STAGES),
        ),
    ),
)

"""Reports 报送: definitions as data over what centres and core publish; kept as they ran."""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Final, Protocol
from uuid import UUID

from yunjin.kernel.page import Page
from yunjin.platforms.capability.api.centres import Centre, Slo, command, query
from yunjin.platforms.capability.events.reports import ReportMade

ROWS_MAX: Final = 20_000  # of one run
Cell = str | int
_STRICT: Final = {"extra": "forbid"}  # what comes in over HTTP names nothing that is not there


class ColumnKind(StrEnum):
    """What a column of a source holds."""

    WORD = "word"  # a dimension: a code, a name, a day
    COUNT = "count"
    MINOR = "minor"  # money, of the currency that the row's `currency` names
    POINTS = "points"
    SECONDS = "seconds"


class Fold(StrEnum):
    """How rows of a group become one."""

    SUM = "sum"
    LEAST = "least"
    MOST = "most"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceColumn:
    """A column that a source has."""

    name: str
    kind: ColumnKind
    zh: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What reports are made of: a read model of a centre, or of the core.

    knows_past : a day that is over can be run too, as it stands at the run; else today's alone.
    """

    code: str
    zh: str
    en: str
    columns: tuple[SourceColumn, ...]
    knows_past: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A column that is folded over each group."""

    __pydantic_config__: ClassVar[dict[str, str]] = _STRICT
    column: str
    fold: Fold = Fold.SUM


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """Only rows whose column is one of these."""

    __pydantic_config__: ClassVar[dict[str, str]] = _STRICT
    column: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """A report 报表.

    Parameters
    ----------
    dimensions : columns of words that rows are grouped by, in this order; () for one row.
    is_daily : it runs by itself once a business day is closed.
    chart : the dimension that stands on the chart's axis; "": none.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = _STRICT
    code: str
    zh: str
    en: str
    source: str
    dimensions: tuple[str, ...]
    measures: tuple[Measure, ...]
    where: tuple[Where, ...] = ()
    is_daily: bool = False
    chart: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A report as it ran, kept for ever.

    Parameters
    ----------
    version : of the definition.
    rows, source_rows : how many.
    hash : SHA-256 of the table's canonical form, hexadecimal; source_hash : of what it was made of.
    """

    run_id: UUID
    code: str
    version: int
    day: dt.date
    rows: int
    source_rows: int
    hash: str
    source_hash: str
    by: str
    at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A run's rows: dimensions, then measures, in the order of the definition."""

    columns: tuple[SourceColumn, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """A group that differs between two runs. None: it is not in that run."""

    key: tuple[Cell, ...]
    before: tuple[Cell, ...] | None
    after: tuple[Cell, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What differs between two runs of a report."""

    before: Run
    after: Run
    columns: tuple[SourceColumn, ...]
    same: int
    changed: tuple[Changed, ...]


class Form(StrEnum):
    """How a run is taken away."""

    CSV = "csv"
    JSON = "json"


class ReportsApi(Protocol):
    """Reports: defined, run as of a business date, kept, compared, taken away."""

    @command(undone_by="define")
    def define(self, command_id: UUID, definition: Definition) -> Definition:
        """Add a report, or a version of one; what has run stays as it ran.

        Raises: ReportRefused (an unknown source or column, one that cannot be folded), Malformed.
        """

    @command(lasts="a run is kept as it ran; run it again")
    def run(self, command_id: UUID, code: str, day: dt.date | None = None, by: str = "") -> Run:
        """Run a report as of a business date, None for today's; its id is the command's.

        Raises: ReportNotFound, ReportRefused (a day that is to come, one past that its source no
        longer knows, too many rows), Outage.
        """

    @query
    def sources(self) -> list[Source]:
        """Return what reports can be made of here."""

    @query
    def definition(self, code: str, version: int = 0) -> Definition:
        """Return a report's definition, 0 for the newest. Raises: ReportNotFound."""

    @query
    def definitions(self) -> list[Definition]:
        """Return all reports, by code."""

    @query
    def result(self, run_id: UUID) -> Run:
        """Return a run. Raises: RunNotFound."""

    @query
    def runs(
        self,
        *,
        code: str = "",
        day: dt.date | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Run]:
        """Return runs, newest first. Raises: Malformed (cursor)."""

    @query
    def table(self, run_id: UUID) -> Table:
        """Return a run's rows. Raises: RunNotFound."""

    @query
    def verify(self, run_id: UUID) -> bool:
        """Make a run anew from what is kept of its source; say whether every byte is the same.

        Raises: RunNotFound.
        """

    @query
    def difference(self, before_id: UUID, after_id: UUID) -> Difference:
        """Return what differs between two runs. Raises: RunNotFound, ReportRefused (of others)."""

    @query
    def export(self, run_id: UUID, form: Form) -> bytes:
        """Return a run as a file, UTF-8. Raises: RunNotFound."""


REPORTS: Final = Centre(
    code="report",
    words=("报表中心", "Reports"),
    purpose=(
        "报表定义即数据：按营业日运行，留存快照与校验值，可重算、可比对、可下载。",
        "Reports defined as data: run as of a business date, kept with their hash, made anew, "
        "compared, taken away.",
    ),
    bian=("Regulatory Reporting", "Management Reporting"),
    door=ReportsApi,
    events=(ReportMade,),
    slo=Slo(p99_ms=2_000),
)

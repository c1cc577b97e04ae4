"""Replacing an old core 核心替换: its book checked, brought over cell by cell, held beside ours.

A *run* is one delivery of the old core's files, checked. A *cell* is a part of it, by branch or by
any other column, that changes over by itself:

    prepared → frozen → loaded → proven → live → (fallen back → loaded → …)

Amounts are minor units, on the side that an account grows on. Dates are business dates.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol
from uuid import UUID

from yunjin.kernel.page import Page
from yunjin.platforms.capability.api.centres import Centre, Slo, command, query
from yunjin.platforms.capability.events.takeover import (
    TakeoverCellTurned,
    TakeoverChecked,
    TakeoverCompared,
)


class RunState(StrEnum):
    """What came of checking a delivery."""

    CHECKED = "checked"  # what was refused, if anything, was refused line by line
    REFUSED = "refused"  # whole: nothing of it can be brought over


class CellState(StrEnum):
    """Where a cell stands."""

    PREPARED = "prepared"  # checked; the old core works on
    FROZEN = "frozen"  # the old core takes nothing more for it
    LOADED = "loaded"  # its agreements are ours
    PROVEN = "proven"  # and come to the old core's balances, to the unit
    LIVE = "live"  # 投产: we work, the old core does not
    FALLEN_BACK = "fallen_back"  # 回退: given back, with all that happened since


class FindingKind(StrEnum):
    """What is wrong with a line, or a file."""

    FORM = "form"  # a column is missing, a number or a code cannot be read
    DATE = "date"  # no date, or one that cannot be: closed before opened, after the delivery
    DUPLICATE = "duplicate"  # the id was there before
    PERSON_TWICE = "person_twice"  # two customers with the number of one identity document
    CUSTOMER_UNKNOWN = "customer_unknown"  # an agreement without its customer
    AGREEMENT_UNKNOWN = "agreement_unknown"  # a balance or a movement without its agreement
    PRODUCT_UNKNOWN = "product_unknown"
    CURRENCY_UNKNOWN = "currency_unknown"  # none of ISO 4217, or not that of the product
    BALANCE_MISSING = "balance_missing"
    CLOSED_WITH_BALANCE = "closed_with_balance"
    NEGATIVE = "negative"  # below zero where nobody may be
    BALANCE_NOT_HISTORY = "balance_not_history"  # the movements do not come to the balance
    INTEREST = "interest"  # accrued interest that does not recompute
    TERMS = "terms"  # our product does not take them
    CONTROL = "control"  # lines do not come to what the control file says
    TAKEN_OVER = "taken_over"  # it is ours already, by another run


class Cause(StrEnum):
    """Why the two cores differ on a figure of a day."""

    RESIDUE = "residue"  # a part of a minor unit, rounded at another place
    DAY_COUNT = "day_count"  # days counted by another convention
    CUT_OFF = "cut_off"  # one of them booked a movement on another day
    MISSING_INPUT = "missing_input"  # one of them was not given a movement
    ABSENT = "absent"  # one of them has no such agreement
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A delivery of the old core, checked. refused, lines: of all its files."""

    run_id: UUID
    source: str
    name: str
    state: RunState
    as_of: dt.date
    customers: int
    agreements: int
    movements: int
    lines: int
    refused: int
    findings: Mapping[str, int]  # by kind
    at: dt.datetime
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What is wrong, and where. row: of the file, from 1 after its header; 0: the whole file.

    is_refusing : the line is left out; else it is brought over as it is.
    """

    kind: FindingKind
    file: str
    row: int
    key: str  # the line's own id, or what it is about; no personal data
    reason: str
    is_refusing: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CellLine:
    """A cell as it stands now. loads: how often it was brought over."""

    run_id: UUID
    cell: str
    state: CellState
    agreements: int
    loaded: int
    loads: int
    changed: dt.datetime
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """A line of the proof: what the old core says beside what we have. Unit: minor.

    line : the slot of the general ledger; "accrued" rows carry whole minor units.
    """

    currency: str
    product: str
    line: str
    agreements: int
    theirs_minor: int
    ours_minor: int

    @property
    def difference_minor(self) -> int:
        """0, or the cell does not go live."""
        return self.ours_minor - self.theirs_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """A cell's totals by currency, product and line of the ledger, before and after.

    wrong : agreements, by the old core's id, that differ by themselves; the first hundred.
    trial_minor : debits less credits of our whole ledger; 0.
    """

    run_id: UUID
    cell: str
    totals: tuple[Total, ...]
    wrong: tuple[str, ...]
    trial_minor: int

    @property
    def holds(self) -> bool:
        """Whether all of it agrees to the unit."""
        same = all(not one.difference_minor for one in self.totals)
        return same and not self.wrong and not self.trial_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """A day of the parallel run 并行.

    causes : differences by cause.  beyond : those that the tolerance does not allow.
    """

    run_id: UUID
    date: dt.date
    figures: int
    differences: int
    beyond: int
    causes: Mapping[str, int]
    difference_minor: int  # of absolute amounts
    at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A figure on which the cores differ. figure: "balance", "accrued" or "due"."""

    key: str
    figure: str
    theirs_e8: int  # 10⁻⁸ minor
    ours_e8: int
    cause: Cause
    is_beyond: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OldMovement:
    """A movement of the time before us, as the old core told it. amount_minor: > 0 came in."""

    date: dt.date
    reference: str
    amount_minor: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where an agreement of ours comes from."""

    agreement_id: int
    run_id: UUID
    cell: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
    """All that happened in a cell since it was brought over, in the old core's own form.

    files : content by name: movements, balances, controls.
    wrong : agreements whose opening balance and movements do not come to the balance; none.
    """

    run_id: UUID
    cell: str
    movements: int
    agreements: int
    files: Mapping[str, bytes]
    wrong: tuple[str, ...]


class TakeoverApi(Protocol):
    """Bringing a book over, cell by cell, and back where it must be."""

    @command(lasts="checking moves nothing; a mended delivery is another run")
    def check(self, command_id: UUID, source: str, *, by: str = "") -> Run:
        """Read a delivery (a folder of the settings' one) by its mapping; check every line.

        The run's id is the command's. Raises: TakeoverMappingRefused, TakeoverNotFound (the
        folder or a file), Malformed.
        """

    @command(undone_by="thaw")
    def freeze(self, command_id: UUID, run_id: UUID, cell: str, *, by: str = "") -> CellLine:
        """Say that the old core takes nothing more for a cell. Raises: TakeoverRefused."""

    @command(undone_by="freeze")
    def thaw(self, command_id: UUID, run_id: UUID, cell: str, *, by: str = "") -> CellLine:
        """Let the old core work on with a frozen cell. Raises: TakeoverRefused."""

    @command(undone_by="fall_back")
    def load(self, command_id: UUID, run_id: UUID, cell: str, *, by: str = "") -> CellLine:
        """Bring a frozen cell's customers, agreements, balances and history over.

        Stopped anywhere it goes on when it is sent again, and nothing is there twice.
        Raises: TakeoverRefused, TakeoverNotFound.
        """

    @command(lasts="a proof changes nothing; it is made anew at will")
    def prove(self, command_id: UUID, run_id: UUID, cell: str, *, by: str = "") -> Proof:
        """Hold a loaded cell against the old core's balances; it is proven where all agree.

        Raises: TakeoverRefused.
        """

    @command(undone_by="fall_back")
    def go_live(self, command_id: UUID, run_id: UUID, cell: str, *, by: str = "") -> CellLine:
        """Let us work with a proven cell. Raises: TakeoverRefused."""

    @command(undone_by="forward")
    def fall_back(
        self, command_id: UUID, run_id: UUID, cell: str, *, by: str = "", why: str = ""
    ) -> CellLine:
        """Give a cell back: its delta is kept, its agreements end with nothing on them.

        Raises: TakeoverRefused (also where the delta does not prove).
        """

    @command(undone_by="fall_back")
    def forward(self, command_id: UUID, run_id: UUID, cell: str, *, by: str = "") -> CellLine:
        """Bring a cell that fell back over again, as it was given back. Raises: TakeoverRefused."""

    @command(lasts="a comparison changes nothing; sent for the same day it takes its place")
    def compare(
        self, command_id: UUID, run_id: UUID, source: str, date: dt.date, *, by: str = ""
    ) -> Compared:
        """Hold the old core's end of a day beside ours, and explain each difference.

        source : a folder with its balances of that evening, and its movements of the day, by the
            run's mapping.

        Raises: TakeoverNotFound, TakeoverRefused (the day is not the last one we closed).
        """

    @query
    def run(self, run_id: UUID) -> Run:
        """Return a run. Raises: TakeoverNotFound."""

    @query
    def runs(self, *, limit: int = 50, cursor: str | None = None) -> Page[Run]:
        """Return runs, newest first. Raises: Malformed (cursor)."""

    @query
    def findings(
        self, run_id: UUID, *, kind: str = "", limit: int = 50, cursor: str | None = None
    ) -> Page[Finding]:
        """Return what was found, by file and row. Raises: TakeoverNotFound, Malformed."""

    @query
    def cells(self, run_id: UUID) -> list[CellLine]:
        """Return a run's cells, by name. Raises: TakeoverNotFound."""

    @query
    def proof(self, run_id: UUID, cell: str) -> Proof | None:
        """Return a cell's newest proof, None before the first. Raises: TakeoverNotFound."""

    @query
    def compared(self, run_id: UUID) -> list[Compared]:
        """Return the days of the parallel run, oldest first. Raises: TakeoverNotFound."""

    @query
    def differences(
        self, run_id: UUID, date: dt.date, *, limit: int = 50, cursor: str | None = None
    ) -> Page[Difference]:
        """Return a day's differences, by agreement. Raises: TakeoverNotFound, Malformed."""

    @query
    def delta(self, run_id: UUID, cell: str) -> Delta:
        """Return all that happened in a cell since; of one that fell back, until then.

        Raises: TakeoverNotFound, TakeoverRefused (it was never loaded).
        """

    @query
    def origin(self, agreement_id: int) -> Origin:
        """Return where an agreement comes from. Raises: TakeoverNotFound."""

    @query
    def history(self, agreement_id: int) -> list[OldMovement]:
        """Return an agreement's movements of before, oldest first. Raises: TakeoverNotFound."""


TAKEOVER: Final = Centre(
    code="takeover",
    words=("核心替换", "Replacing an old core"),
    purpose=(
        "老核心的客户、合约、余额和历史：检查、逐单元迁入、并行比对、投产与回退。",
        "An old core's customers, agreements, balances and history: checked, brought over cell "
        "by cell, held beside ours, and given back.",
    ),
    bian=("Legacy Migration Management", "Position Keeping"),
    door=TakeoverApi,
    events=(TakeoverChecked, TakeoverCellTurned, TakeoverCompared),
    slo=Slo(p99_ms=60_000),
)

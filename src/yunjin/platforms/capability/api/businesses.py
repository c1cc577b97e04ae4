"""Businesses 业务: what is assembled of centres: forms, rules and a flow over their commands.

A business adds no table, no route and no page: cases are started by its forms, worked by its flow,
and shown like any other's. Its module says everything:

    def open_wallet(centres: Centres, case: Case) -> CaseFlow:
        limit = yield from case.step("limit", reserve(centres, case))
        ...

    WALLET = Business(code="group-wallet", deeds=(Deed(code="open", act=open_wallet, ...),), ...)

Deeds are generators, as every durable flow: between two yields they compute, and nothing else.
"""

import datetime as dt
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, Protocol, TypeAlias, TypeVar
from uuid import UUID

from yunjin.kernel.page import Page
from yunjin.platforms.capability.api.centres import Centre, Point, Slo, command, query
from yunjin.platforms.capability.api.overlays import Overlay
from yunjin.platforms.capability.api.tasks import FieldValue, FormField
from yunjin.platforms.capability.events.businesses import CaseEnded, CaseStarted

LINES_MAX: Final = 300  # that a business may add, or it builds what a centre should
D = TypeVar("D")
CaseFlow: TypeAlias = Generator[Any, Any, Any]


class Centres(Protocol):
    """The doors of the centres, and of the thin core."""

    def __getitem__(self, door: type[D], /) -> D:
        """Return what stands behind a door."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A case as its flow sees it: what was filled in, and what stands at the points left open.

    Parameters
    ----------
    values : by the form's names: amounts are integers in minor units, yes is true.
    laid : what stood at the business's points when the case began, by the point's name.
    steps : the steps that overlays may put at a point.
    """

    case_id: UUID
    business: str
    deed: str
    scenario: str
    party_id: str
    values: Mapping[str, Any]
    laid: Mapping[str, Any]
    centres: Centres
    steps: Mapping[str, "Act"]

    def parameter(self, name: str) -> str:
        """Return what stands at a parameter's or a product's point."""
        value: str = self.laid[name]["value"]
        return value

    def number(self, name: str) -> int:
        """Return a parameter that is a whole number."""
        return int(self.parameter(name))

    def step(self, name: str, own: CaseFlow) -> CaseFlow:
        """Do a step whose point is open: what overlays put before it, it or another, what after.

        The answer is the step's: `answer = yield from case.step("check", check(centres, case))`.
        """
        at = self.laid[name]
        for before in at["before"]:
            yield from self.steps[before](self.centres, self)
        instead = at["instead"]
        answer = yield from (self.steps[instead](self.centres, self) if instead else own)
        for after in at["after"]:
            yield from self.steps[after](self.centres, self)
        return answer


Act: TypeAlias = Callable[[Centres, Case], CaseFlow]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """Where or how a business is met: a branch, an app, a partner. words: (Chinese, English)."""

    code: str
    words: tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """Something a business does: a form that starts it, and the flow that does it.

    Parameters
    ----------
    words : its name in (Chinese, English).
    form : what is filled in; the point "<deed>.form" of kind "field" is open by itself.
    of_party : whether a case is some party's.
    version : of the flow; a case goes on with the version it began with.
    """

    code: str
    words: tuple[str, str]
    form: tuple[FormField, ...]
    act: Act
    of_party: bool = True
    version: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Business:
    """A business, as its module describes it.

    Parameters
    ----------
    words, purpose : name and purpose in (Chinese, English).
    uses : codes of the centres it is made of.
    own_points : what it leaves open, beside its deeds' forms.
    steps, overlays : what it brings for points of its own, of centres or of other businesses.
    prepare : puts what its cases need, such as templates and rules, before the first of them; it
        is given the doors, and what makes a command's id of a word.
    version : of what `prepare` puts: with another one it puts it again.
    """

    code: str
    words: tuple[str, str]
    purpose: tuple[str, str]
    uses: tuple[str, ...]
    deeds: tuple[Deed, ...]
    scenarios: tuple[Scenario, ...] = ()
    own_points: tuple[Point, ...] = ()
    steps: Mapping[str, Act] = field(default_factory=dict)
    overlays: tuple[Overlay, ...] = ()
    prepare: Callable[[Centres, Callable[[str], UUID]], None] | None = None
    version: int = 1

    @property
    def points(self) -> tuple[Point, ...]:
        """What it leaves open: its own points, and the form of each deed."""
        forms = tuple(
            Point(name=f"{one.code}.form", kind="field", words=one.words) for one in self.deeds
        )
        return (*self.own_points, *forms)


class CaseState(StrEnum):
    """Where a case stands."""

    RUNNING = "running"
    DONE = "done"
    REFUSED = "refused"  # and what had been done is undone


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFacts:
    """A case as it stands now.

    flow_id : the flow that works it; it is the case's id.
    reason, detail : why it was refused.
    outcome : what its flow answered.
    laid : what stood at the business's points when it began.
    """

    case_id: UUID
    business: str
    deed: str
    scenario: str
    party_id: str
    values: Mapping[str, Any]
    laid: Mapping[str, Any]
    state: CaseState
    reason: str
    detail: str
    outcome: Mapping[str, Any]
    at: dt.datetime
    changed_at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DeedForm:
    """A deed's form where one stands, with what overlays add to it."""

    code: str
    words: tuple[str, str]
    form: tuple[FormField, ...]
    of_party: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BusinessEntry:
    """A business in the list of them. lines: that its module adds; 0 where that is not known."""

    code: str
    words: tuple[str, str]
    purpose: tuple[str, str]
    uses: tuple[str, ...]
    deeds: tuple[str, ...]
    scenarios: tuple[Scenario, ...]
    lines: int


class BusinessesApi(Protocol):
    """Businesses that are assembled of centres, and their cases."""

    @command(lasts="a case undoes what it did by itself when it is refused, or its flow cancelled")
    def start(
        self,
        command_id: UUID,
        business: str,
        deed: str,
        values: Sequence[FieldValue],
        *,
        scenario: str = "",
        party_id: str = "",
    ) -> CaseFacts:
        """Start a case; its id is the command's.

        Raises: BusinessNotFound (also its deed or scenario), TaskFormRefused, PartyNotFound,
        Malformed.
        """

    @query
    def businesses(self) -> list[BusinessEntry]:
        """Return the businesses there are."""

    @query
    def form(self, business: str, deed: str, scenario: str = "") -> DeedForm:
        """Return what is filled in to start a case. Raises: BusinessNotFound."""

    @query
    def case(self, case_id: UUID) -> CaseFacts:
        """Return a case. Raises: CaseNotFound."""

    @query
    def cases(
        self,
        *,
        business: str = "",
        party_id: str = "",
        state: CaseState | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[CaseFacts]:
        """Return cases, newest first. Raises: Malformed (cursor)."""


BUSINESSES: Final = Centre(
    code="business",
    words=("业务装配", "Businesses"),
    purpose=(
        "由各中心装配的业务：表单、规则与流程；发起、跟踪每一笔。",
        "Businesses assembled of centres: forms, rules and a flow; their cases are started and "
        "followed here.",
    ),
    bian=("Product Deployment", "Business Development"),
    door=BusinessesApi,
    events=(CaseStarted, CaseEnded),
    slo=Slo(p99_ms=100),
)

"""The list of a room's flows: how many stand where, and each with what it waits for."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from yunjin.chassis.console import (
    Address,
    Ask,
    Column,
    Figure,
    Filters,
    Row,
    Table,
    ask,
    contact_chip,
    csv_link,
    csv_route,
    empty,
    figures,
    formats,
    live,
    markup,
    page,
    panel,
    t,
    title_row,
)
from yunjin.chassis.flow import FlowState, State
from yunjin.chassis.flow_pages.showing import due, moment, named, situation, state_chip
from yunjin.kernel.errors import Problem
from yunjin.kernel.page import Page

if TYPE_CHECKING:
    from yunjin.chassis.flow_pages import FlowPages

PAGE_ROWS: Final = 50
CSV_ROWS: Final = 200
LATE_S: Final = 5  # from which on flows are said to be late
PUSH_S: Final = 3.0
CSV_HEAD: Final = ("flow_id", "flow", "version", "state", "started", "due", "waits_for")
_OPEN: Final = (State.PARKED, State.RUNNING, State.WAITING)


class FlowList:
    """One reader's list of flows."""

    def __init__(self, pages: "FlowPages") -> None:
        self._pages, self._flows = pages, pages.flows
        self._address = Address()
        self._seen: object = None

    async def draw(self) -> None:
        """Lay figures, filters and the table."""
        with title_row(t(self._pages.key), note=t("flow.flows_note")):
            contact_chip()
            csv_link(f"{self._pages.path}.csv")
        with figures():
            self._figures = {state: Figure(t(_word(state)), "…") for state in _OPEN}
            self._late = Figure(t("flow.overdue"), "…")

        async def restart() -> None:
            await self._table.restart()

        self._filters = Filters(self._address, restart)
        with self._filters as filters:
            states = {state.name.lower(): t(_word(state)) for state in State}
            filters.choice("state", t("flow.state"), t("flow.all_states"), states)
            known = await ask(self._flows.registry.names)
            names = {name: named("name", name) for name in known}
            filters.choice("flow", t("flow.definition"), t("flow.all_definitions"), names)
        with panel(classes="yj-panel-table"):
            self._table = Table(
                columns(),
                self._load,
                caption=t(self._pages.key),
                empty=self._nothing,
                address=self._address,
            )
        await self._table.show()
        await self._count()
        live(PUSH_S, self._beat)

    def _nothing(self) -> None:
        what = "found" if self._filters.is_filtered else "yet"
        empty(t(f"flow.none_{what}"), hint=t(f"flow.none_{what}_hint"), icon="account_tree")

    async def _load(self, wanted: Ask) -> tuple[Sequence[Row], str | None]:
        found = await ask(_page, self._pages, self._address.all(), wanted.cursor, PAGE_ROWS)
        return [flow_row(one, self._pages.path) for one in found.items], found.next_cursor

    async def _beat(self) -> None:
        """Push the figures; where they changed, the first page of the list too."""
        if await self._count() and not self._address.get("cursor"):
            await self._table.show()

    async def _count(self) -> bool:
        """Show how many flows stand where; return whether that changed."""
        try:
            counts = await ask(self._flows.counts)
            late_s = await ask(self._flows.overdue_us) // 1_000_000
        except Problem:  # the table says so; the figures stand as they were last read
            return False
        for state, figure in self._figures.items():
            is_bad = state is State.PARKED and counts[state] > 0
            is_quiet = state is State.PARKED and not counts[state]
            note = "flow.nothing_parked" if is_quiet else f"flow.{state.name.lower()}_note"
            figure.show(formats.number(counts[state]), t(note), tone="bad" if is_bad else "")
        is_late = late_s >= LATE_S
        late = formats.duration(late_s) if is_late else t("flow.on_time")
        self._late.show(late, t("flow.overdue_note"), tone="warn" if is_late else "")
        is_new, self._seen = self._seen is not None and counts != self._seen, counts
        return is_new


def _word(state: State) -> str:
    return f"flow.state.{state.name.lower()}"


def _page(
    pages: "FlowPages", parameters: Mapping[str, str], cursor: str | None, limit: int
) -> Page[FlowState]:
    """Return a page of flows by what the address says; what is no state does not filter."""
    state = parameters.get("state", "").upper()
    return pages.flows.page(
        state=State[state] if state in State.__members__ else None,
        name=parameters.get("flow", ""),
        cursor=cursor or "",
        limit=limit,
    )


def columns() -> list[Column]:
    """Return the columns of the list."""
    return [
        Column(key="flow", label=t("flow.flow"), card="lead"),
        Column(key="state", label=t("flow.state"), card="side"),
        Column(key="now", label=t("flow.now"), card="line"),
        Column(key="started", label=t("flow.started"), is_number=True, card="none"),
        Column(key="due", label=t("flow.due"), is_number=True, card="line"),
    ]


def flow_row(flow: FlowState, path: str) -> Row:
    """Return a flow as a row."""
    text = str(flow.flow_id)
    name = markup.link(named("name", flow.name), f"{path}/{text}")
    return {
        "flow": markup.stacked(name, markup.ident(text, formats.shortened(text))),
        "state": state_chip(flow),
        "now": situation(flow),
        "started": moment(flow.started_us),
        "due": due(flow),
    }


def csv_rows(pages: "FlowPages", parameters: Mapping[str, str]) -> Iterator[Sequence[str | int]]:
    """Yield every flow the filters let through; instants in microseconds since 1970."""
    yield CSV_HEAD
    cursor: str | None = None
    while True:
        found = _page(pages, parameters, cursor, CSV_ROWS)
        for one in found.items:
            state = one.state.name.lower()
            head = (str(one.flow_id), one.name, one.version, state)
            yield (*head, one.started_us, one.due_us, one.waits_for)
        cursor = found.next_cursor
        if cursor is None:
            return


def register(pages: "FlowPages") -> None:
    """Put the list and its CSV on the console."""
    csv_route(f"{pages.path}.csv", lambda parameters: csv_rows(pages, parameters))

    @page(pages.path, title=pages.key, active=pages.key)
    async def flows() -> None:
        await FlowList(pages).draw()

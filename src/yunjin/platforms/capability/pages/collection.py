"""Collection: open cases by stage, and those that are closed."""

from collections.abc import Sequence
from typing import Any, Final

from yunjin.chassis.console import (
    Address,
    Ask,
    Column,
    Figure,
    Filters,
    Markup,
    Row,
    Table,
    ask,
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
from yunjin.platforms.capability.api.collection import Case, CollectionApi, Stage
from yunjin.platforms.capability.pages.lending import party_link
from yunjin.platforms.capability.pages.payments import number

PAGE_ROWS: Final = 50
PUSH_S: Final = 5.0
_TONES: Final[dict[Stage, Any]] = {
    Stage.REMINDER: "info",
    Stage.CALL: "warn",
    Stage.VISIT: "warn",
    Stage.LEGAL: "bad",
}


class Cases:
    """One reader's list of cases."""

    def __init__(self, collection: CollectionApi) -> None:
        self._collection, self._address = collection, Address()

    async def draw(self) -> None:
        """Lay the list."""
        with title_row(t("collection.cases"), note=t("collection.cases_note")):
            pass
        with figures():
            self._shown = {one: Figure(t(f"collection.stage.{one.value}"), "—") for one in Stage}
        self._filters = Filters(self._address, self._restart)
        with self._filters as row:
            row.text("agreement", t("collection.agreement"), icon="search")
            row.text("party", t("collection.party"))
            stages = {one.value: t(f"collection.stage.{one.value}") for one in Stage}
            row.choice("stage", t("collection.stage"), t("collection.all_stages"), stages)
            which = {"closed": t("collection.closed")}
            row.choice("which", t("collection.which"), t("collection.open"), which)
        with panel(classes="yj-panel-table"):
            self._table = Table(
                columns(),
                self._load,
                caption=t("collection.cases"),
                empty=self._nothing,
                address=self._address,
            )
        await self._count()
        await self._table.show()
        live(PUSH_S, self._count)

    async def _count(self) -> None:
        counts = await ask(self._collection.counts)
        for stage, figure in self._shown.items():
            figure.show(formats.number(counts.get(stage.value, 0)))

    async def _restart(self) -> None:
        await self._count()
        await self._table.restart()

    def _nothing(self) -> None:
        if self._filters.is_filtered:
            empty(t("collection.none_found"), icon="search_off")
            return
        empty(t("collection.none"), hint=t("collection.none_hint"), icon="task_alt")

    async def _load(self, wanted: Ask) -> tuple[Sequence[Row], str | None]:
        chosen = self._address.all()
        agreement_id = number(chosen.get("agreement", "").strip() or "0")
        if agreement_id is None:
            return [], None
        stages = {one.value: one for one in Stage}
        found = await ask(
            self._collection.cases,
            stage=stages.get(chosen.get("stage", "")),
            party_id=chosen.get("party", "").strip(),
            agreement_id=agreement_id,
            is_closed=chosen.get("which") == "closed",
            limit=PAGE_ROWS,
            cursor=wanted.cursor,
        )
        return [row_of(one) for one in found.items], found.next_cursor


def columns() -> list[Column]:
    """Return the columns of cases."""
    return [
        Column(key="id", label=t("collection.case"), card="lead"),
        Column(key="party", label=t("collection.party"), card="line"),
        Column(key="loan", label=t("collection.loan"), card="line"),
        Column(key="days", label=t("collection.days"), is_number=True, card="left"),
        Column(key="due", label=t("collection.due"), is_number=True, card="right"),
        Column(key="opened", label=t("collection.opened"), is_whole=True, card="left"),
        Column(key="stage", label=t("collection.stage"), card="side"),
    ]


def row_of(one: Case) -> Row:
    """Return a case as a row."""
    text = str(one.case_id)
    return {
        "id": markup.ident(text, formats.shortened(text), f"/lending/cases/{text}"),
        "party": party_link(one.party_id),
        "loan": markup.link(formats.account(one.agreement_id), f"/agreements/{one.agreement_id}"),
        "days": formats.number(one.days_overdue),
        "due": Markup('<span>{} <small class="yj-side">{}</small></span>').format(
            formats.money(one.due_minor, one.currency), one.currency
        ),
        "opened": one.opened.isoformat(),
        "stage": stage_chip(one),
    }


def stage_chip(one: Case) -> Markup:
    """Return a case's stage, or that it is closed."""
    if one.closed is not None:
        words = t("collection.closed_on", day=one.closed.isoformat())
        return markup.chip(words, "good", hint=one.why)
    return markup.chip(t(f"collection.stage.{one.stage.value}"), _TONES[one.stage])


def register(collection: CollectionApi) -> None:
    """Put the list of cases on the console."""

    @page("/lending/cases", title="collection.cases", active="collection.cases")
    async def listed() -> None:
        await Cases(collection).draw()

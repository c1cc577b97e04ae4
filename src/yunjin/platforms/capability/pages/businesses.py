"""Businesses: what there is and what it is made of, starting a case, and following one."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final
from uuid import UUID

from yunjin.chassis.console import (
    Address,
    Ask,
    Column,
    Fields,
    Filters,
    Markup,
    Row,
    Table,
    ask,
    box,
    button,
    choice_field,
    empty,
    formats,
    grid,
    html,
    live,
    markup,
    one_of,
    page,
    panel,
    t,
    table_html,
    text_field,
    title_row,
    value_deed,
)
from yunjin.kernel.clock import Clock, nanoseconds
from yunjin.platforms.capability.api.businesses import (
    BusinessEntry,
    BusinessesApi,
    CaseFacts,
    CaseState,
    DeedForm,
)
from yunjin.platforms.capability.api.tasks import FieldValue
from yunjin.platforms.capability.errors.businesses import CaseNotFound
from yunjin.platforms.capability.pages.task_form import input_of, label_of, written

PAGE_ROWS: Final = 50
_TONES: Final[dict[CaseState, Any]] = {
    CaseState.RUNNING: "info",
    CaseState.DONE: "good",
    CaseState.REFUSED: "bad",
}


def words_of(words: tuple[str, str]) -> str:
    """Return words in the reader's language."""
    return one_of(*words)


class Businesses:
    """One reader's view of the businesses and their cases."""

    def __init__(self, businesses: BusinessesApi, clock: Clock) -> None:
        self._businesses, self._clock = businesses, clock
        self._address = Address()

    async def draw(self) -> None:
        """Lay the page."""
        with title_row(t("business.businesses"), note=t("business.note")):
            pass
        self._all = {one.code: one for one in await ask(self._businesses.businesses)}
        if not self._all:
            empty(t("business.none"), hint=t("business.none_hint"), icon="extension")
            return
        for one in self._all.values():
            with panel(words_of(one.words), note=words_of(one.purpose)):
                html(markup.facts(_facts_of(one)))
                await self._starters(one)
        self._filters = Filters(self._address, self._restart)
        with self._filters as row:
            names = {code: words_of(one.words) for code, one in self._all.items()}
            row.choice("business", t("business.business"), t("business.all_businesses"), names)
            states = {one.value: t(f"business.state.{one.value}") for one in CaseState}
            row.choice("state", t("business.state"), t("business.all_states"), states)
            row.text("party", t("business.party"), icon="search")
        with panel(classes="yj-panel-table"):
            self._table = Table(
                _columns(),
                self._load,
                caption=t("business.cases"),
                empty=self._nothing,
                address=self._address,
            )
        await self._table.show()

    async def _starters(self, one: BusinessEntry) -> None:
        with box("yj-deeds"):
            for deed in one.deeds:
                form = await ask(self._businesses.form, one.code, deed)
                starting = Starting(self._businesses, self._clock, one, form, self._restart)
                button(words_of(form.words), starting.open)

    async def _restart(self) -> None:
        await self._table.restart()

    def _nothing(self) -> None:
        if self._filters.is_filtered:
            empty(t("business.none_found"), icon="search_off")
            return
        empty(t("business.no_cases"), hint=t("business.no_cases_hint"), icon="inbox")

    async def _load(self, wanted: Ask) -> tuple[Sequence[Row], str | None]:
        chosen = self._address.all()
        states = {one.value: one for one in CaseState}
        found = await ask(
            self._businesses.cases,
            business=chosen.get("business", ""),
            party_id=chosen.get("party", "").strip(),
            state=states.get(chosen.get("state", "")),
            limit=PAGE_ROWS,
            cursor=wanted.cursor,
        )
        return [self._row(one) for one in found.items], found.next_cursor

    def _row(self, one: CaseFacts) -> Row:
        text, of = str(one.case_id), self._all.get(one.business)
        return {
            "case": markup.ident(text, formats.shortened(text), f"/businesses/cases/{text}"),
            "at": formats.moment(nanoseconds(one.at)),
            "business": markup.stacked(words_of(of.words) if of else one.business, one.deed),
            "scenario": one.scenario or "—",
            "party": _party(one),
            "state": _chip(one),
        }


class Starting:
    """The dialog that starts a case."""

    def __init__(
        self,
        businesses: BusinessesApi,
        clock: Clock,
        business: BusinessEntry,
        form: DeedForm,
        done: Callable[[], Awaitable[None]],
    ) -> None:
        self._businesses, self._clock = businesses, clock
        self._business, self._form, self._done = business, form, done

    async def open(self) -> None:
        """Open it."""
        value_deed(
            self._clock,
            "business",
            "start",
            build=self._build,
            made=self._made,
            effect=lambda _: t("business.effect.start", what=words_of(self._form.words)),
            keep=self._keep,
            done=self._done,
        )

    def _build(self, fields: Fields) -> None:
        with grid():
            if self._form.of_party:
                fields[" party"] = text_field(t("business.party")).props("autofocus")
            if self._business.scenarios:
                options = {one.code: words_of(one.words) for one in self._business.scenarios}
                options = {"": t("business.any_scenario"), **options}
                fields[" scenario"] = choice_field(t("business.scenario"), options, "")
            for one in self._form.form:
                fields[one.name] = input_of(one)

    def _made(self, fields: Fields) -> dict[str, str] | None:
        given = {name: str(one.value or "").strip() for name, one in fields.items()}
        if self._form.of_party and not given[" party"]:
            return None
        found = {name: given[name] for name in given if name.startswith(" ")}
        for one in self._form.form:
            value = written(one, given[one.name]) if given[one.name] else ""
            if value is None or (not value and one.is_required):
                return None
            if value:
                found[one.name] = value
        return found

    def _keep(self, command_id: UUID, found: dict[str, str]) -> CaseFacts:
        values = [
            FieldValue(name=name, value=value)
            for name, value in found.items()
            if not name.startswith(" ")
        ]
        return self._businesses.start(
            command_id,
            self._business.code,
            self._form.code,
            values,
            scenario=found.get(" scenario", ""),
            party_id=found.get(" party", ""),
        )


class OneCase:
    """One reader's view of a case."""

    def __init__(self, businesses: BusinessesApi, case_id: UUID) -> None:
        self._businesses, self._id = businesses, case_id

    async def draw(self) -> None:
        """Lay the page. Raises: CaseNotFound."""
        self._case = await ask(self._businesses.case, self._id)
        all_of_them = {one.code: one for one in await ask(self._businesses.businesses)}
        of = all_of_them.get(self._case.business)
        self._form = (
            await ask(self._businesses.form, of.code, self._case.deed, self._case.scenario)
            if of
            else None
        )
        name = words_of(self._form.words) if self._form else self._case.deed
        link = markup.link(t("business.businesses"), "/businesses")
        with title_row(name, note=link):
            self._chip = html("", tag="span")
        with box("yj-halves"):
            with panel(t("business.case")):
                self._about = html("")
            with panel(t("business.given")):
                html(markup.facts(self._given()))
        with box("yj-halves"):
            with panel(t("business.outcome")):
                self._outcome = html("")
            with panel(t("business.laid"), note=t("business.laid_note")):
                html(_laid_table(self._case))
        self._show()
        live(1.0, self._follow)

    async def _follow(self) -> None:
        if self._case.state is CaseState.RUNNING:
            self._case = await ask(self._businesses.case, self._id)
            self._show()

    def _show(self) -> None:
        one = self._case
        self._chip.set_content(str(_chip(one)))
        flow = markup.link(t("business.flow"), f"/capability/flows/{one.case_id}")
        pairs: list[tuple[str, Markup | str]] = [
            (t("business.scenario"), one.scenario or "—"),
            (t("business.party"), _party(one)),
            (t("business.at"), formats.moment(nanoseconds(one.at))),
            (t("business.changed"), formats.moment(nanoseconds(one.changed_at))),
            (t("business.flow"), flow),
        ]
        if one.reason:
            pairs.append((t("business.reason"), f"{one.reason} {one.detail}".strip()))
        self._about.set_content(str(markup.facts(pairs)))
        told = [(name, str(value)) for name, value in one.outcome.items() if value is not None]
        self._outcome.set_content(str(markup.facts(told) if told else "—"))

    def _given(self) -> list[tuple[str, Markup | str]]:
        labels = {one.name: one for one in self._form.form} if self._form else {}
        pairs: list[tuple[str, Markup | str]] = []
        for name, value in self._case.values.items():
            field = labels.get(name)
            text = str(value)
            if field is not None and field.currency:
                text = f"{formats.money(int(value), field.currency)} {field.currency}"
            elif isinstance(value, bool):
                text = t("task.yes" if value else "task.no")
            pairs.append((label_of(field) if field else name, text))
        return pairs


def _facts_of(one: BusinessEntry) -> list[tuple[str, Markup | str]]:
    centres = Markup(", ").join(markup.link(code, f"/centres/{code}") for code in one.uses)
    return [
        (t("business.uses"), centres),
        (t("business.scenario"), ", ".join(words_of(each.words) for each in one.scenarios) or "—"),
        (t("business.lines"), t("business.lines_of", lines=one.lines)),
    ]


def _columns() -> list[Column]:
    return [
        Column(key="case", label=t("business.case"), card="lead"),
        Column(key="at", label=t("business.at"), is_whole=True, card="left"),
        Column(key="business", label=t("business.business"), card="line"),
        Column(key="scenario", label=t("business.scenario"), card="left"),
        Column(key="party", label=t("business.party"), card="right"),
        Column(key="state", label=t("business.state"), card="side"),
    ]


def _party(one: CaseFacts) -> Markup | str:
    if not one.party_id:
        return "—"
    return markup.link(formats.shortened(one.party_id), f"/customers/{one.party_id}")


def _chip(one: CaseFacts) -> Markup:
    return markup.chip(t(f"business.state.{one.state.value}"), _TONES[one.state], hint=one.detail)


def _laid_table(one: CaseFacts) -> Markup:
    columns = [
        Column(key="point", label=t("overlay.point"), card="lead"),
        Column(key="value", label=t("overlay.stands"), card="side"),
        Column(key="overlays", label=t("overlay.overlay"), card="line"),
    ]
    rows: list[Row] = [
        {
            "point": Markup("<code>{}</code>").format(name),
            "value": at["value"] or at["instead"] or "—",
            "overlays": ", ".join(at["overlays"]) or t("business.no_overlay"),
        }
        for name, at in one.laid.items()
    ]
    return table_html(columns, rows, caption=t("business.laid"))


def register(businesses: BusinessesApi, clock: Clock) -> None:
    """Put the pages of businesses on the console."""

    @page("/businesses", title="business.businesses", active="business.businesses")
    async def listed() -> None:
        await Businesses(businesses, clock).draw()

    @page("/businesses/cases/{case_id}", title="business.case", active="business.businesses")
    async def shown(case_id: str) -> None:
        try:
            found = UUID(case_id)
        except ValueError:
            raise CaseNotFound("There is no case of this id.", case_id=case_id[:40]) from None
        await OneCase(businesses, found).draw()

"""Two versions of a product side by side: the same terms and entries, over the same days."""

import datetime as dt
from typing import Final

from nicegui import ui

from yunjin.chassis.console import (
    Address,
    Chart,
    Column,
    Markup,
    Series,
    amount_of,
    ask,
    box,
    button,
    choice_field,
    day_field,
    formats,
    grid,
    html,
    markup,
    notice,
    notice_of,
    page,
    panel,
    t,
    table_html,
    text_field,
    title_row,
)
from yunjin.foundation.banking.api.products import Entry, ProductInfo, Saying, Simulation
from yunjin.foundation.banking.api.registry import ProductVersion
from yunjin.foundation.banking.errors import ProductNotFound
from yunjin.foundation.banking.pages import terms
from yunjin.foundation.banking.pages.desk import Desk
from yunjin.foundation.banking.pages.forms import TermFields
from yunjin.kernel.errors import Problem
from yunjin.kernel.money import exponent

DAYS_MAX: Final = 3_660
POINTS_MAX: Final = 400


class Simulator:
    """One analyst's comparison."""

    def __init__(self, desk: Desk, code: str, found: list[ProductVersion]) -> None:
        self._desk, self._code, self._found = desk, code, found
        self._address = Address()

    async def draw(self) -> None:
        """Lay the form and the place of its outcome."""
        numbers = {str(one.version): f"v{one.version}" for one in self._found}
        newest = str(self._found[0].version)
        before = str(self._found[min(1, len(self._found) - 1)].version)
        start = await ask(self._desk.doors.days.business_date)
        self._info = await ask(self._desk.info_of, self._found[0].source)
        title = Markup("{} <small class='yj-side'>{}</small>").format(
            t("banking.simulate"), terms.product_name(self._code)
        )
        with title_row(title, note=t("banking.simulate_note")):
            html(
                markup.button_link(
                    t("banking.product"), f"/products/{self._code}", sign="arrow_back"
                )
            )
        with ui.element("form").classes("yj-form") as form:
            form.on("submit", self._run, js_handler="(e) => { e.preventDefault(); emit(); }")
            with panel(t("banking.simulate_what")), grid():
                self._one = choice_field(
                    t("banking.version_a"), numbers, self._given("a", before, numbers)
                )
                self._two = choice_field(
                    t("banking.version_b"), numbers, self._given("b", newest, numbers)
                )
                self._start = day_field(
                    t("banking.first_day"), value=self._address.get("start") or start.isoformat()
                )
                later = start + dt.timedelta(days=365)
                self._end = day_field(
                    t("banking.last_day"), value=self._address.get("end") or later.isoformat()
                )
                self._paid = text_field(
                    t("banking.paid_in_first"),
                    value=self._address.get("paid"),
                    unit=self._info.currency,
                    hint=t("banking.paid_in_first_hint"),
                )
                self._monthly = text_field(
                    t("banking.paid_monthly"),
                    value=self._address.get("monthly"),
                    unit=self._info.currency,
                    hint=t("banking.paid_monthly_hint"),
                )
            self._fields = TermFields(self._info)
            if self._info.parameters:
                with panel(t("banking.terms")), grid():
                    self._fields.draw({}, lambda: None)
            with box("yj-actions"):
                self._button = button(
                    t("banking.simulate_now"), self._run, icon="play_arrow", primary=True
                )
        self._outcome = ui.element("div").classes("yj-content").props('role="status"')

    def _given(self, name: str, otherwise: str, known: dict[str, str]) -> str:
        return self._address.get(name) if self._address.get(name) in known else otherwise

    def _span(self) -> tuple[dt.date, dt.date] | None:
        start = formats.parse_day(str(self._start.value or ""))
        end = formats.parse_day(str(self._end.value or ""))
        if start is None or end is None or not 0 < (end - start).days <= DAYS_MAX:
            return None
        return start, end

    def _events(self, span: tuple[dt.date, dt.date]) -> list[Entry]:
        currency = self._info.currency
        first = amount_of(str(self._paid.value or ""), currency) or 0
        monthly = amount_of(str(self._monthly.value or ""), currency) or 0
        events = [Entry(date=span[0], amount_minor=first)] if first else []
        return events + [
            Entry(date=day, amount_minor=monthly) for day in months_from(*span) if monthly
        ]

    async def _run(self) -> None:
        span = self._span()
        if span is None:
            self._say(notice("bad", t("banking.form.days", most=DAYS_MAX)))
            return
        wrong = self._fields.complaints()
        if wrong:
            names = ", ".join(map(terms.term_name, wrong))
            self._say(notice("bad", t("banking.form.terms", names=names)))
            return
        self._address.set(
            a=str(self._one.value),
            b=str(self._two.value),
            start=span[0].isoformat(),
            end=span[1].isoformat(),
            paid=str(self._paid.value or ""),
            monthly=str(self._monthly.value or ""),
        )
        self._button.props("loading")
        try:
            one, first = await ask(self._simulate, int(str(self._one.value)), span)
            two, second = await ask(self._simulate, int(str(self._two.value)), span)
        except Problem as problem:
            self._say(notice_of(problem))
            return
        finally:
            self._button.props(remove="loading")
        self._show(one, first, two, second)

    def _simulate(
        self, number: int, span: tuple[dt.date, dt.date]
    ) -> tuple[ProductInfo, Simulation]:
        version = self._desk.version(self._code, number)
        info = self._desk.info_of(version.source)
        names = {one.name for one in info.parameters}
        given = {name: value for name, value in self._fields.values().items() if name in names}
        end = span[1] + dt.timedelta(days=1)
        found = self._desk.doors.products.simulate(
            version.source, [given], start=span[0], end=end, events=self._events(span)
        )
        return info, found

    def _say(self, content: Markup) -> None:
        self._outcome.clear()
        with self._outcome, panel():
            html(content)

    def _show(
        self, one: ProductInfo, first: Simulation, two: ProductInfo, second: Simulation
    ) -> None:
        names = (f"v{self._one.value}", f"v{self._two.value}")
        if names[0] == names[1]:
            names = (f"{names[0]} A", f"{names[1]} B")
        currency = two.currency
        self._outcome.clear()
        with self._outcome:
            with panel():
                self._chart(names, (first, second), currency)
            with panel(t("banking.compare_end")):
                html(compared(names, (one, two), (first, second)))
            said = [
                (name, saying)
                for name, found in zip(names, (first, second), strict=True)
                for saying in (*found.refusals, *found.notices, *found.tasks)
            ]
            if said:
                with panel(t("banking.sayings")):
                    html(sayings_table(said))

    def _chart(
        self, names: tuple[str, str], found: tuple[Simulation, Simulation], currency: str
    ) -> None:
        columns = [one.balances.to_pydict() for one in found]
        dates = columns[0]["date"]
        step = -(-len(dates) // POINTS_MAX)
        picked = sorted({*range(0, len(dates), step), len(dates) - 1})
        Chart(
            title=t("banking.balance_chart"),
            x_name=t("banking.business_date"),
            instants=[formats.day_start_ns(dates[at]) for at in picked],
            series=[
                Series(
                    name=name,
                    values=[column["main"][at] for at in picked],
                    unit=currency,
                    decimals=exponent(currency),
                )
                for name, column in zip(names, columns, strict=True)
            ],
            height_px=300,
            note=f"{terms.account_name('main')} · {currency}",
        ).draw()


def months_from(start: dt.date, end: dt.date) -> list[dt.date]:
    """Return the same day of each month after `start` up to `end`; the 28th at the latest."""
    days: list[dt.date] = []
    month = start.year * 12 + start.month
    while True:
        day = dt.date(month // 12, month % 12 + 1, min(start.day, 28))
        if day > end:
            return days
        days.append(day)
        month += 1


def compared(
    names: tuple[str, str],
    infos: tuple[ProductInfo, ProductInfo],
    found: tuple[Simulation, Simulation],
) -> Markup:
    """Return what the two came to at the end, account by account, and how they differ."""
    currency = infos[1].currency
    ends = [
        {name: column[-1] for name, column in one.balances.to_pydict().items()} for one in found
    ]
    keys = [one for one in (*ends[0], *ends[1]) if one not in ("date", "agreement")]
    columns = [
        Column(key="what", label=t("banking.account"), card="lead"),
        Column(key="a", label=f"{names[0]} {currency}", is_number=True, card="line"),
        Column(key="b", label=f"{names[1]} {currency}", is_number=True, card="line"),
        Column(key="difference", label=t("banking.difference"), is_number=True, card="side"),
    ]
    rows = []
    for key in dict.fromkeys(keys):
        a, b = ends[0].get(key, 0), ends[1].get(key, 0)
        is_accrual = key.endswith("_e8")
        write = terms.accrued if is_accrual else formats.money
        name = terms.account_name(key.removesuffix("_e8"))
        difference = write(b - a, currency)
        rows.append(
            {
                "what": markup.stacked(name, t("banking.accrued_short")) if is_accrual else name,
                "a": write(a, currency),
                "b": write(b, currency),
                "difference": markup.chip(difference, "warn") if a != b else "—",
            }
        )
    counts = [one.transfers.num_rows for one in found]
    rows.append(
        {
            "what": t("banking.transfers"),
            "a": formats.number(counts[0]),
            "b": formats.number(counts[1]),
            "difference": f"{counts[1] - counts[0]:+,}" if counts[0] != counts[1] else "—",
        }
    )
    return table_html(columns, rows, caption=t("banking.compare_end"))


def sayings_table(said: list[tuple[str, Saying]]) -> Markup:
    """Return what products said in a run."""
    columns = [
        Column(key="date", label=t("banking.business_date"), card="lead"),
        Column(key="version", label=t("banking.version"), card="side"),
        Column(key="text", label=t("banking.what"), card="line"),
    ]
    rows = [
        {
            "date": str(one.date),
            "version": name,
            "text": terms.said(one.text),
        }
        for name, one in said[:100]
    ]
    return table_html(columns, rows, caption=t("banking.sayings"))


def register(desk: Desk) -> None:
    """Put the comparison on the console."""

    @page("/products/{code}/simulate", title="banking.simulate", active="banking.products")
    async def simulate(code: str) -> None:
        found = await ask(desk.doors.registry.versions, code)
        if not found:
            raise ProductNotFound(f"There is no product {code[:60]!r}.", product=code[:60])
        await Simulator(desk, code, found).draw()

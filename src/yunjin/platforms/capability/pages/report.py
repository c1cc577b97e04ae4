"""A report as it ran: chart, table, what differs from the run before, files to take away."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final
from uuid import UUID

from yunjin.chassis.console import (
    Chart,
    Column,
    Figure,
    Markup,
    Row,
    Series,
    ask,
    box,
    console,
    empty,
    figures,
    file_route,
    formats,
    html,
    markup,
    one_of,
    page,
    panel,
    static_table,
    t,
    title_row,
)
from yunjin.kernel.clock import nanoseconds
from yunjin.kernel.money import exponent
from yunjin.platforms.capability.api.reports import (
    Cell,
    Changed,
    ColumnKind,
    Definition,
    Difference,
    Form,
    ReportsApi,
    Run,
    SourceColumn,
    Table,
)
from yunjin.platforms.capability.errors.reports import RunNotFound
from yunjin.platforms.capability.pages.reports import by_words, name_of

SERIES_MAX: Final = 3
ROWS_SHOWN: Final = 500  # the rest is in the files
_FILES: Final = "/report-files/{run_id}/{name}"


class OneRun:
    """One reader's view of a run."""

    def __init__(self, reports: ReportsApi, run: Run) -> None:
        self._reports, self._run = reports, run

    async def draw(self) -> None:
        """Lay the page."""
        run = self._run
        definition = await ask(self._reports.definition, run.code, run.version)
        table = await ask(self._reports.table, run.run_id)
        is_same = await ask(self._reports.verify, run.run_id)
        note = Markup("{} · {} {}").format(
            markup.link(t("report.reports"), "/reports"), t("report.version"), run.version
        )
        with title_row(name_of(definition), note=note):
            words = t("report.made_anew" if is_same else "report.not_the_same")
            html(markup.chip(words, "good" if is_same else "bad"), tag="span")
            with box("yj-push yj-deeds"):
                for form in Form:
                    html(self._file_link(form))
        with figures():
            Figure(t("report.day"), run.day.isoformat(), formats.moment(nanoseconds(run.at)))
            of = t("report.source_rows", count=formats.number(run.source_rows))
            Figure(t("report.rows"), formats.number(run.rows), of)
            Figure(t("report.by"), by_words(run))
            Figure(t("report.hash"), run.hash[:12], markup.copy_button(run.hash))
        if definition.chart and table.rows:
            with panel():
                chart_of(definition, table).draw()
        with panel(t("report.table")):
            if table.rows:
                rows = [row_of(table.columns, row) for row in table.rows[:ROWS_SHOWN]]
                static_table(columns_of(table.columns), rows, caption=t("report.table"))
            else:
                empty(t("report.none"), hint=t("report.none_hint"), icon="summarize")
        await self._compared(len(definition.dimensions))

    def _file_link(self, form: Form) -> Markup:
        name = f"{self._run.code}-{self._run.day}.{form.value}"
        path = _FILES.format(run_id=self._run.run_id, name=name)
        return Markup('<a class="yj-button" href="{}" download>{}{}</a>').format(
            console().url(path), markup.icon("download"), t(f"report.{form.value}")
        )

    async def _compared(self, keys: int) -> None:
        found = await ask(self._before)
        with panel(t("report.compared")):
            if found is None:
                html(Markup("<p>{}</p>").format(t("report.first_run")))
                return
            words = t(
                "report.compared_note",
                day=found.before.day.isoformat(),
                same=formats.number(found.same),
                changed=formats.number(len(found.changed)),
            )
            html(Markup('<p class="yj-note">{}</p>').format(words))
            rows = [changed_row(found, one, keys) for one in found.changed[:ROWS_SHOWN]]
            if rows:
                static_table(changed_columns(), rows, caption=t("report.compared"))

    def _before(self) -> Difference | None:
        """Return what differs from the run before this of the same columns; None where none is."""
        cursor: str | None = None
        is_next = False
        while True:
            found = self._reports.runs(code=self._run.code, limit=50, cursor=cursor)
            for one in found.items:
                if is_next and one.version == self._run.version:
                    return self._reports.difference(one.run_id, self._run.run_id)
                is_next = is_next or one.run_id == self._run.run_id
            cursor = found.next_cursor
            if cursor is None:
                return None


def columns_of(columns: tuple[SourceColumn, ...]) -> list[Column]:
    """Return a report's columns."""
    first = columns[0].name
    return [
        Column(
            key=one.name,
            label=one_of(one.zh, one.en),
            is_number=one.kind is not ColumnKind.WORD,
            card="lead" if one.name == first else "left",
        )
        for one in columns
    ]


def row_of(columns: tuple[SourceColumn, ...], row: tuple[Cell, ...]) -> Row:
    """Return a report's row, its money in decimals."""
    currency = _currency(columns, row)
    pairs = zip(columns, row, strict=True)
    return {one.name: cell_words(one, cell, currency) for one, cell in pairs}


def cell_words(column: SourceColumn, cell: Cell, currency: str) -> str:
    """Return a cell as it is read."""
    if not isinstance(cell, int):
        return cell or "—"
    match column.kind:
        case ColumnKind.MINOR:
            return formats.money(cell, currency)
        case ColumnKind.SECONDS:
            return formats.duration(cell)
    return formats.number(cell)


def _currency(columns: tuple[SourceColumn, ...], row: tuple[Cell, ...]) -> str:
    names = [one.name for one in columns]
    return str(row[names.index("currency")]) if "currency" in names else "CNY"


def chart_of(definition: Definition, table: Table) -> Chart:
    """Return a report's chart: its first measures along its axis, in the commonest currency."""
    names = [one.name for one in table.columns]
    axis, first = names.index(definition.chart), len(definition.dimensions)
    currencies = Counter(_currency(table.columns, row) for row in table.rows)
    [(currency, _)] = currencies.most_common(1)
    rows = [row for row in table.rows if _currency(table.columns, row) == currency]
    labels = list(dict.fromkeys(str(row[axis]) for row in rows))
    # One kind of numbers a chart: money and counts have no axis in common.
    kind = table.columns[-1].kind
    shown = [at for at in range(first, len(names)) if table.columns[at].kind is kind]
    is_money = kind is ColumnKind.MINOR
    series = [
        Series(
            name=one_of(table.columns[at].zh, table.columns[at].en),
            values=[_sum(rows, axis, at, label) for label in labels],
            unit=currency if is_money else "",
            decimals=exponent(currency) if is_money else 0,
            kind="bar",
        )
        for at in shown[-SERIES_MAX:]
    ]
    x_name = one_of(table.columns[axis].zh, table.columns[axis].en)
    return Chart(title=name_of(definition), x_name=x_name, labels=labels, series=series)


def _sum(rows: list[tuple[Cell, ...]], axis: int, at: int, label: str) -> int:
    return sum(int(row[at]) for row in rows if str(row[axis]) == label)


def changed_columns() -> list[Column]:
    """Return the columns of what differs."""
    return [
        Column(key="group", label=t("report.group"), card="lead"),
        Column(key="before", label=t("report.before"), is_number=True, card="left"),
        Column(key="after", label=t("report.after"), is_number=True, card="right"),
    ]


def changed_row(found: Difference, one: Changed, keys: int) -> Row:
    """Return a group that differs as a row."""
    currency = _currency(found.columns[:keys], one.key)

    def words(values: tuple[Cell, ...] | None) -> str:
        if values is None:
            return "—"
        pairs = zip(found.columns[keys:], values, strict=True)
        return " · ".join(cell_words(column, cell, currency) for column, cell in pairs)

    return {
        "group": " · ".join(str(cell) for cell in one.key),
        "before": words(one.before),
        "after": words(one.after),
    }


def _id_of(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise RunNotFound("There is no such run.", run_id=text[:40]) from None


def register(reports: ReportsApi) -> None:
    """Put the page of a run, and its files, on the console."""

    @page("/reports/{run_id}", title="report.report", active="report.reports")
    async def shown(run_id: str) -> None:
        await OneRun(reports, await ask(reports.result, _id_of(run_id))).draw()

    def write(facts: Mapping[str, str]) -> Iterator[bytes]:
        form = Form.JSON if facts["name"].endswith(".json") else Form.CSV
        yield reports.export(_id_of(facts["run_id"]), form)

    file_route(_FILES, write)

"""Charts of a page, each with a table of the same data behind a switch."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from markupsafe import Markup, escape
from nicegui import app, ui

from yunjin.chassis.console import formats
from yunjin.chassis.console.parts import box, html, switch
from yunjin.chassis.console.table import Column, table_html
from yunjin.chassis.console.tokens import DARK, LIGHT, Palette
from yunjin.chassis.console.words import t


def is_dark() -> bool:
    """Say whether the reader chose the dark appearance."""
    return app.storage.user.get("theme") == "dark"


def palette() -> Palette:
    """Return the colours of the reader's appearance."""
    return DARK if is_dark() else LIGHT


_DAY_MS: Final = 86_400_000
_MIDNIGHT: Final = " 00:00:00"


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One quantity over the points of a chart; whole numbers, scaled down by `decimals`."""

    name: str
    values: Sequence[int]
    unit: str = ""
    decimals: int = 0  # money: the currency's exponent
    kind: Literal["line", "step", "bar"] = "line"


@dataclass(slots=True, kw_only=True)
class Chart:
    """A chart and its table. `draw()` makes it, `show(…)` pushes new data to it.

    The x axis is either words (`labels`) or instants in ns (`instants`); the latter are spaced
    by time and written in the console's zone. `marks` are instants and what is written at them;
    `since` is where the axis begins, before the first instant too.
    """

    title: str
    x_name: str
    labels: Sequence[str] = ()
    instants: Sequence[int] = ()
    series: Sequence[Series] = ()
    marks: Sequence[tuple[int, str]] = ()
    since: int = 0
    height_px: int = 240
    note: Markup | str = ""
    _note: ui.html | None = field(default=None, init=False)
    _chart: ui.echart | None = field(default=None, init=False)
    _table: ui.html | None = field(default=None, init=False)
    _is_table: bool = field(default=False, init=False)

    def draw(self) -> None:
        """Lay head, switch, chart and (hidden) table."""
        with box("yj-chart-head"):
            html(Markup("<h2>{}</h2>").format(self.title))
            self._note = html(self.note, tag="span", classes="yj-note")
            modes = {"chart": t("action.chart"), "table": t("action.table")}
            switch(modes, "chart", self._turn, name=t("action.view"))
        self._chart = ui.echart(self.options()).style(f"height: {self.height_px}px")
        self._chart.classes("yj-chart").props(f'role="img" aria-label="{self.title}"')
        self._table = html("", classes="yj-chart-table")
        self._table.set_visibility(False)

    def show(
        self,
        *,
        labels: Sequence[str] = (),
        instants: Sequence[int] = (),
        series: Sequence[Series],
        note: Markup | str = "",
        marks: Sequence[tuple[int, str]] = (),
        since: int = 0,
    ) -> None:
        """Push new data."""
        if self._note is not None and self._note.content != str(escape(note)):
            self._note.set_content(str(escape(note)))
        self.note = note
        self.labels, self.instants, self.series = labels, instants, series
        self.marks, self.since = marks, since
        if self._is_table:
            self._fill_table()
        elif self._chart is not None:
            self._chart.options.clear()
            self._chart.options.update(self.options())
            self._chart.update()

    def _turn(self, mode: str) -> None:
        self._is_table = mode == "table"
        if self._chart is not None and self._table is not None:
            self._chart.set_visibility(not self._is_table)
            self._table.set_visibility(self._is_table)
            self.show(
                labels=self.labels,
                instants=self.instants,
                series=self.series,
                note=self.note,
                marks=self.marks,
                since=self.since,
            )

    def _fill_table(self) -> None:
        names = self.labels or [
            formats.moment(at_ns).removesuffix(_MIDNIGHT if self._is_daily else "")
            for at_ns in self.instants
        ]
        columns = [
            Column(key="x", label=self.x_name, card="lead"),
            *(
                Column(
                    key=str(i), label=f"{one.name} {one.unit}".strip(), is_number=True, card="right"
                )
                for i, one in enumerate(self.series)
            ),
        ]
        rows = [
            {"x": name, **{str(i): _written(one, n) for i, one in enumerate(self.series)}}
            for n, name in reversed(list(enumerate(names)))
        ]
        if self._table is not None:
            self._table.set_content(str(table_html(columns, rows, caption=self.title)))

    @property
    def _is_daily(self) -> bool:
        """Whether every instant begins a day: then no time of day is written."""
        return all(formats.moment(at_ns).endswith(_MIDNIGHT) for at_ns in self.instants)

    def options(self) -> dict[str, Any]:
        """Return ECharts' options. Keys that begin with `:` are expressions for the browser."""
        colours = palette()
        label = {"color": colours.muted, "fontSize": 11, "hideOverlap": True}
        x_axis: dict[str, Any] = {
            "axisLine": {"lineStyle": {"color": colours.line}},
            "axisTick": {"show": False},
            "axisLabel": label,
        }
        if self.instants:
            x_axis |= {"type": "time", "splitLine": {"show": False}}
            x_axis["axisLabel"] = label | {":formatter": "yj.timeLabel"}
            if self.since:
                x_axis["min"] = _wall_ms(self.since)
            if self._is_daily:
                x_axis["minInterval"] = _DAY_MS
        else:
            is_bar = any(one.kind == "bar" for one in self.series)
            x_axis |= {"type": "category", "data": list(self.labels), "boundaryGap": is_bar}
        decimals = max((one.decimals for one in self.series), default=0)
        units = {one.unit for one in self.series}
        unit = units.pop() if len(units) == 1 else ""
        return {
            "animation": False,
            "useUTC": True,  # instants come shifted to the console's zone
            "color": colours.series,
            "textStyle": {"fontFamily": "inherit"},
            "grid": {
                "left": 4,
                "right": 26,
                "top": 28 if unit else 14,
                "bottom": 4,
                "containLabel": True,
            },
            "tooltip": self._tooltip(colours),
            "xAxis": x_axis,
            "yAxis": {
                "type": "value",
                "name": unit,
                "nameTextStyle": {"color": colours.muted, "fontSize": 11, "align": "left"},
                "minInterval": 1,
                "splitNumber": 4,
                "splitLine": {"lineStyle": {"color": colours.line}},
                "axisLabel": label | {":formatter": f"value => yj.short(value, {decimals})"},
            },
            "series": self._lines(colours),
            **({"legend": _legend(colours)} if len(self.series) > 1 else {}),
        }

    def _lines(self, colours: Palette) -> list[dict[str, Any]]:
        lines = [self._line(one) for one in self.series]
        if lines and self.marks:
            data = [
                {"xAxis": _wall_ms(at_ns), "label": {"formatter": text}}
                for at_ns, text in self.marks
            ]
            lines[0]["markLine"] = {
                "silent": True,
                "symbol": "none",
                "lineStyle": {"color": colours.bad, "type": "dashed", "width": 1},
                "label": {"color": colours.bad_text, "fontSize": 11, "fontWeight": 600},
                "data": data,
            }
        return lines

    def _line(self, one: Series) -> dict[str, Any]:
        at_ms = [_wall_ms(at_ns) for at_ns in self.instants]
        data: list[Any] = (
            [list(point) for point in zip(at_ms, one.values, strict=True)]
            if at_ms
            else list(one.values)
        )
        if one.kind == "bar":
            return {"name": one.name, "type": "bar", "data": data, "barMaxWidth": 18}
        return {
            "name": one.name,
            "type": "line",
            "data": data,
            "showSymbol": False,
            "lineStyle": {"width": 2},
            "areaStyle": {"opacity": 0.08},
            **({"step": "end"} if one.kind == "step" else {}),
        }

    def _tooltip(self, colours: Palette) -> dict[str, Any]:
        facts = [[one.decimals, one.unit] for one in self.series]
        return {
            "trigger": "axis",
            "confine": True,
            "backgroundColor": colours.panel,
            "borderColor": colours.line,
            "textStyle": {"color": colours.ink, "fontSize": 12},
            "axisPointer": {"lineStyle": {"color": colours.muted}},
            ":formatter": f"points => yj.tooltip(points, {json.dumps(facts)})",
        }


def _wall_ms(at_ns: int) -> int:
    """Return the wall time in the console's zone as if it were UTC, ms."""
    offset = formats.local(at_ns).utcoffset()
    return at_ns // 1_000_000 + (offset.days * 86_400 + offset.seconds if offset else 0) * 1000


def _legend(colours: Palette) -> dict[str, Any]:
    return {"top": 0, "right": 0, "textStyle": {"color": colours.muted}, "icon": "roundRect"}


def _written(one: Series, n: int) -> str:
    if not one.decimals:
        return formats.number(one.values[n])
    digits = str(abs(one.values[n])).rjust(one.decimals + 1, "0")
    sign = "-" if one.values[n] < 0 else ""
    return f"{sign}{int(digits[: -one.decimals]):,}.{digits[-one.decimals :]}"

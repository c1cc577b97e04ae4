"""Dense tables with server-side pages: the browser gets one page, a cursor leads to the next."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from markupsafe import Markup
from nicegui import ui

from yunjin.chassis.console import formats, markup
from yunjin.chassis.console.address import Address
from yunjin.chassis.console.parts import box, html, icon_button, problem_panel, skeleton
from yunjin.chassis.console.words import t
from yunjin.kernel.errors import Problem

Row = Mapping[str, Markup | str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column: its key in the rows, its head, and how it stands."""

    key: str
    label: str
    is_number: bool = False
    is_sortable: bool = False
    is_whole: bool = False  # a date, a name: never broken over two lines
    # Where it stands when the row is a card, on a phone: in the card's first line ("lead" and, at
    # its end, "side"), below in the left or right half or over both ("line"), or not at all.
    card: Literal["lead", "side", "left", "right", "line", "none"] = "left"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What a table wants: a page from a cursor on, and the order of its sortable column."""

    cursor: str | None
    is_ascending: bool


Load = Callable[[Ask], Awaitable[tuple[Sequence[Row], str | None]]]


def table_html(
    columns: Sequence[Column], rows: Sequence[Row], *, caption: str, is_ascending: bool = False
) -> Markup:
    """Return rows as a table; on a phone each row becomes a card."""
    heads = Markup("").join(_head(column, is_ascending) for column in columns)
    body = Markup("").join(_row(columns, row) for row in rows)
    return Markup(
        '<div class="yj-table-scroll" tabindex="0" role="region" aria-label="{0}">'
        '<table class="yj-table"><caption class="yj-hidden">{0}</caption>'
        "<thead><tr>{1}</tr></thead><tbody>{2}</tbody></table></div>"
    ).format(caption, heads, body)


def _head(column: Column, is_ascending: bool) -> Markup:
    kind = "yj-right" if column.is_number else ""
    if not column.is_sortable:
        return Markup('<th scope="col" class="{}">{}</th>').format(kind, column.label)
    order = "ascending" if is_ascending else "descending"
    return Markup(
        '<th scope="col" class="{}" aria-sort="{}"><button type="button" class="yj-sort" '
        'data-emit="yj-sort" data-value="{}" title="{}">{}{}</button></th>'
    ).format(
        kind,
        order,
        column.key,
        t("table.sort", column=column.label) + f" · {t(f'table.{order}')}",
        column.label,
        markup.icon("arrow_upward" if is_ascending else "arrow_downward"),
    )


def _row(columns: Sequence[Column], row: Row) -> Markup:
    cells = Markup("").join(
        Markup('<td class="{}" data-label="{}">{}</td>').format(
            f"yj-card-{column.card}{' yj-right num' if column.is_number else ''}"
            f"{' yj-unbroken' if column.is_whole else ''}",
            column.label,
            row.get(column.key, ""),
        )
        for column in columns
    )
    return Markup("<tr>{}</tr>").format(cells)


class Table:
    """A table that loads itself a page at a time and keeps its place in the address."""

    def __init__(
        self,
        columns: Sequence[Column],
        load: Load,
        *,
        caption: str,
        empty: Callable[[], object],
        address: Address | None = None,
    ) -> None:
        self._columns, self._load, self._caption, self._empty = columns, load, caption, empty
        self._address = address
        self._is_ascending = address is not None and address.get("order") == "asc"
        cursor = address.get("cursor") if address else ""
        # Where each page that led here starts: its cursor, and the rows before it. Somebody who
        # came by a shared address starts in the middle, and nobody counted the rows before.
        self._trail: list[tuple[str | None, int]] = [(cursor or None, 0)]
        self._is_counted = not cursor
        self._next: tuple[str, int] | None = None
        with box("yj-table-box") as self._box:
            skeleton(6)
        with box("yj-table-foot") as self._foot:
            self._count = html("", tag="span", classes="yj-note num")
            self._first_button = icon_button("first_page", t("table.first"), self.restart)
            self._previous_button = _turner("chevron_left", t("table.previous"), self.back, "[")
            self._next_button = _turner("chevron_right", t("table.next"), self.forward, "]")
        self._box.on("yj-sort", self.turn, args=[])

    @property
    def has_next(self) -> bool:
        """Whether another page follows; an empty one may be followed by a fuller one."""
        return self._next is not None

    async def show(self) -> None:
        """Load the page the cursor stands at."""
        try:
            rows, cursor = await self._load(
                Ask(cursor=self._trail[-1][0], is_ascending=self._is_ascending)
            )
        except Problem as problem:
            self._box.clear()
            self._foot.set_visibility(False)
            with self._box:
                problem_panel(problem, retry=self.restart)
            return
        self._next = (cursor, self._trail[-1][1] + len(rows)) if cursor else None
        self._draw(rows)

    def _draw(self, rows: Sequence[Row]) -> None:
        self._box.clear()
        with self._box:
            if rows:
                content = table_html(
                    self._columns, rows, caption=self._caption, is_ascending=self._is_ascending
                )
                html(content)
            else:
                self._empty()
        is_first = self._trail[-1][0] is None
        self._foot.set_visibility(not (is_first and self._next is None))
        self._first_button.set_enabled(not is_first)
        self._previous_button.set_enabled(len(self._trail) > 1)
        self._next_button.set_enabled(self._next is not None)
        self._count.set_content(self._place(len(rows)))

    def _place(self, count: int) -> str:
        if not self._is_counted:
            return t("table.rows_from_cursor", count=formats.number(count))
        if not count:
            return ""
        before = self._trail[-1][1]
        return t(
            "table.rows", first=formats.number(before + 1), last=formats.number(before + count)
        )

    async def forward(self) -> None:
        """Go to the next page."""
        if self._next is not None:
            self._trail.append(self._next)
            await self._moved()

    async def back(self) -> None:
        """Go to the page before."""
        if len(self._trail) > 1:
            self._trail.pop()
            await self._moved()

    async def restart(self) -> None:
        """Go to the first page, as after a change of the filters."""
        self._trail, self._is_counted = [(None, 0)], True
        await self._moved()

    async def turn(self) -> None:
        """Turn the order round."""
        self._is_ascending = not self._is_ascending
        if self._address is not None:
            self._address.set(order="asc" if self._is_ascending else "")
        await self.restart()

    async def _moved(self) -> None:
        if self._address is not None:
            self._address.set(cursor=self._trail[-1][0] or "")
        await self.show()


def _turner(icon: str, name: str, turn: Callable[[], Awaitable[None]], key: str) -> ui.button:
    """Show a button that turns the page; its key spares a walk past every row."""
    shown = icon_button(icon, name, turn)
    return shown.props(f'aria-keyshortcuts="{key}" title="{name} {key}"')


def static_table(columns: Sequence[Column], rows: Sequence[Row], *, caption: str) -> ui.html:
    """Show a table that fits on its page."""
    return html(table_html(columns, rows, caption=caption))

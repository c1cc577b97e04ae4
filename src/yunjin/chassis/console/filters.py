"""Filters above a table; what they hold is the page's address."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Self

from markupsafe import Markup
from nicegui import ui
from nicegui.elements.mixins.value_element import ValueElement

from yunjin.chassis.console import markup
from yunjin.chassis.console.address import Address
from yunjin.chassis.console.context import console
from yunjin.chassis.console.days import day_input
from yunjin.chassis.console.formats import parse_day
from yunjin.chassis.console.parts import box, button, html
from yunjin.chassis.console.words import t

WAIT_MS = 350  # after the last key, before the table is asked again


class Filters:
    """A row of filters. Inside its block each call adds one, bound to a parameter."""

    def __init__(self, address: Address, on_change: Callable[[], Awaitable[None]]) -> None:
        self._address, self._on_change = address, on_change
        self._fields: dict[str, ValueElement[Any]] = {}
        self._row = box("yj-filters", tag="search")

    def __enter__(self) -> Self:
        self._row.__enter__().props(f'aria-label="{t("table.filters")}"')
        return self

    def __exit__(self, *_: object) -> None:
        self._clear = button(t("action.clear_filters"), self.clear, icon="filter_alt_off")
        self._clear.set_visibility(self.is_filtered)
        self._row.__exit__(None, None, None)

    def text(self, name: str, label: str, *, icon: str = "", hint: str = "") -> None:
        """Add a text field; with an icon it is the page's search and takes more room."""
        field = ui.input(label=label, value=self._address.get(name), placeholder=hint or None)
        if icon:
            field.classes("yj-grow")
            with field.add_slot("prepend"):
                html(markup.icon(icon), tag="span")
        self._bind(name, field.props(f"clearable debounce={WAIT_MS}"))

    def number(self, name: str, label: str) -> None:
        """Add a field for a whole number."""
        field = ui.input(label=label, value=self._address.get(name))
        self._bind(name, field.props(f"clearable inputmode=numeric debounce={WAIT_MS}"))

    def day(self, name: str, label: str, *, hint: str = "") -> None:
        """Add a field for a day; hint: the day that is meant while it is empty."""
        field = day_input(label, value=self._address.get(name), hint=hint)
        self._bind(name, field, is_whole=lambda text: parse_day(text) is not None)

    def choice(self, name: str, label: str, all_of_them: str, options: Mapping[str, str]) -> None:
        """Add a choice of one, or of all."""
        value = self._address.get(name)
        field = ui.select(
            {"": all_of_them, **options}, label=label, value=value if value in options else ""
        )
        self._bind(name, field)

    async def clear(self) -> None:
        """Take every filter away."""
        self._address.set(**dict.fromkeys(self._fields, ""), cursor="")
        for field in self._fields.values():
            field.set_value("")
        await self._changed()

    def _bind(
        self,
        name: str,
        field: ValueElement[Any],
        *,
        is_whole: Callable[[str], bool] = lambda _: True,
    ) -> None:
        field.props("outlined dense")
        self._fields[name] = field

        async def changed() -> None:
            value = str(field.value or "").strip()
            if value != self._address.get(name) and (not value or is_whole(value)):
                self._address.set(**{name: value}, cursor="")
                await self._changed()

        field.on_value_change(changed)

    async def _changed(self) -> None:
        self._clear.set_visibility(self.is_filtered)
        await self._on_change()

    @property
    def is_filtered(self) -> bool:
        """Whether any of them holds something."""
        return any(self._address.get(name) for name in self._fields)


def csv_link(path: str) -> None:
    """Show the link to a CSV; the browser adds the address's filters when it is clicked."""
    html(
        Markup('<a class="yj-button yj-push" href="{0}" data-csv="{0}" download>{1}{2}</a>').format(
            console().url(path), markup.icon("download"), t("action.csv")
        ),
        classes="yj-push",
    )

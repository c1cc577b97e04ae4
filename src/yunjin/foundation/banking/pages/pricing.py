"""A product's term set anew for all agreements without a value of their own, from a day on."""

import datetime as dt
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import UUID

from nicegui import ui
from nicegui.elements.mixins.value_element import ValueElement

from yunjin.chassis.console import Column, Markup, Row, formats, t, table_html
from yunjin.foundation.banking.api.products import ParameterInfo, ProductInfo
from yunjin.foundation.banking.api.registry import TermsChange
from yunjin.foundation.banking.pages import terms
from yunjin.foundation.banking.pages.desk import Desk
from yunjin.foundation.banking.pages.forms import Deed, Done, choice_field, day_field, text_field


class SetParameter:
    """A dialog that sets one parameter of a product; `done` draws the page anew."""

    def __init__(
        self, desk: Desk, info: ProductInfo, today: dt.date, done: Callable[[], Awaitable[None]]
    ) -> None:
        self._desk, self._info, self._today, self._done = desk, info, today, done
        self._kinds = {one.name: one for one in info.parameters}
        self._fields: dict[str, ValueElement[Any]] = {}

    def open(self) -> None:
        """Ask for a parameter, its value and the day it holds from; then set it."""
        deed = Deed(
            clock=self._desk.clock,
            title=t("banking.deed.price"),
            action=t("banking.deed.price_now"),
            build=self._build,
            effect=self._effect,
            act=self._act,
            done=self._done,
            typed=self._info.code,
        )
        self._draw_value(deed)
        deed.open()

    @property
    def _kind(self) -> ParameterInfo:
        return self._kinds[str(self._fields["name"].value)]

    def _build(self, deed: Deed) -> None:
        names = {name: terms.term_name(name) for name in self._kinds}
        self._fields["since"] = day_field(
            t("banking.since"), value=f"{self._today}", hint=t("banking.price_since_hint")
        )
        self._fields["name"] = choice_field(t("banking.term"), names, next(iter(names)))
        self._slot = ui.element("div")
        self._fields["name"].on_value_change(lambda: self._draw_value(deed))
        self._fields["since"].on_value_change(deed.changed)

    def _draw_value(self, deed: Deed) -> None:
        one, currency = self._kind, self._info.currency
        self._slot.clear()
        with self._slot:
            if options := terms.choices(one):
                usual = str(one.default) if str(one.default) in options else next(iter(options))
                field: ui.input | ui.select = choice_field(t("banking.value"), options, usual)
            else:
                field = text_field(
                    t("banking.value"),
                    value=terms.typed(one, one.default, currency),
                    unit=terms.unit(one, currency),
                    hint=terms.bounds(one, currency),
                    check=lambda text: terms.complaint(one, text, currency),
                )
        self._fields["value"] = field
        field.on_value_change(deed.changed)
        deed.changed()

    def _change(self) -> TermsChange | None:
        """Return what was given, None while it will not do."""
        kind, currency = self._kind, self._info.currency
        since = formats.parse_day(str(self._fields["since"].value or ""))
        text = str(self._fields["value"].value or "") if "value" in self._fields else ""
        if since is None or not text or terms.complaint(kind, text, currency):
            return None
        value = terms.parsed(kind, text, currency)
        return TermsChange(product=self._info.code, parameter=kind.name, value=value, since=since)

    def _effect(self) -> str:
        made = self._change()
        if made is None:
            return ""
        value = terms.shown(self._kind, made.value, self._info.currency)
        name = terms.term_name(made.parameter)
        return t("banking.effect.price", since=made.since, name=name, value=value)

    def _act(self, command_id: UUID) -> Done:
        made = self._change()
        if made is None:  # `effect` saw to it
            return Done(t("banking.form.needed"), is_good=False)
        self._desk.doors.registry.set_terms(command_id, made)
        return Done(t("banking.done.price"))


def changes_table(changes: Sequence[TermsChange], info: ProductInfo) -> Markup:
    """Return the changes of a product's parameters, the newest first."""
    kinds = {one.name: one for one in info.parameters}
    columns = [
        Column(key="since", label=t("banking.since"), is_whole=True, card="lead"),
        Column(key="name", label=t("banking.term"), card="left"),
        Column(key="value", label=t("banking.value"), is_number=True, card="side"),
    ]
    rows: list[Row] = [
        {
            "since": one.since.isoformat(),
            "name": terms.term_name(one.parameter),
            "value": terms.shown(kinds[one.parameter], one.value, info.currency)
            if one.parameter in kinds
            else str(one.value),
        }
        for one in changes
    ]
    return table_html(columns, rows, caption=t("banking.prices"))

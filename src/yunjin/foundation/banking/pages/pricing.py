"""A product's term, or a template's, set anew from a day on for all who follow it."""

import datetime as dt
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final
from uuid import UUID

from nicegui import ui
from nicegui.elements.mixins.value_element import ValueElement

from yunjin.chassis.console import (
    Column,
    Deed,
    Done,
    Markup,
    Row,
    choice_field,
    day_field,
    formats,
    t,
    table_html,
    text_field,
)
from yunjin.foundation.banking.api.products import ParameterInfo, ProductInfo
from yunjin.foundation.banking.api.registry import Template, TermsChange
from yunjin.foundation.banking.pages import terms
from yunjin.foundation.banking.pages.desk import Desk

NAME_MAX: Final = 40  # characters of a template's name


class SetParameter:
    """A dialog that sets one parameter of a product; `done` draws the page anew.

    is_template : of a template of it, which is named in the dialog.
    """

    def __init__(
        self,
        desk: Desk,
        info: ProductInfo,
        today: dt.date,
        done: Callable[[], Awaitable[None]],
        *,
        is_template: bool = False,
    ) -> None:
        self._desk, self._info, self._today, self._done = desk, info, today, done
        self._is_template = is_template
        self._kinds = {
            one.name: one for one in (of_templates(info) if is_template else info.parameters)
        }
        self._fields: dict[str, ValueElement[Any]] = {}

    def open(self) -> None:
        """Ask for a parameter, its value and the day it holds from; then set it."""
        deed = Deed(
            clock=self._desk.clock,
            title=t("banking.deed.template" if self._is_template else "banking.deed.price"),
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
        if self._is_template:
            self._fields["template"] = text_field(
                t("banking.template"), hint=t("banking.template_hint"), check=name_complaint
            )
            self._fields["template"].on_value_change(deed.changed)
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
        name = str(self._fields["template"].value or "").strip() if self._is_template else ""
        if self._is_template and name_complaint(name):
            return None
        return TermsChange(
            product=self._info.code,
            parameter=kind.name,
            value=terms.parsed(kind, text, currency),
            since=since,
            template=name,
        )

    def _effect(self) -> str:
        made = self._change()
        if made is None:
            return ""
        value = terms.shown(self._kind, made.value, self._info.currency)
        name = terms.term_name(made.parameter)
        facts = {"since": made.since, "name": name, "value": value}
        if made.template:
            return t("banking.effect.template", template=made.template, **facts)
        return t("banking.effect.price", **facts)

    def _act(self, command_id: UUID) -> Done:
        made = self._change()
        if made is None:  # `effect` saw to it
            return Done(t("form.needed"), is_good=False)
        self._desk.doors.registry.set_terms(command_id, made)
        if made.template:
            return Done(t("banking.done.template", template=made.template))
        return Done(t("banking.done.price"))


def of_templates(info: ProductInfo) -> list[ParameterInfo]:
    """Return the parameters that a template may set."""
    return [one for one in info.parameters if one.level != "product"]


def name_complaint(text: str) -> str:
    """Return why a template's name will not do; "" where it will."""
    name = text.strip()
    good = 0 < len(name) <= NAME_MAX and name.isascii() and name.isprintable()
    return "" if good else t("banking.template_wrong")


def templates_table(
    found: Sequence[Template], changes: Sequence[TermsChange], info: ProductInfo
) -> Markup:
    """Return a product's templates with the terms they have of their own now."""
    columns = [
        Column(key="name", label=t("banking.template"), card="lead"),
        Column(key="terms", label=t("banking.template_terms"), card="line"),
    ]
    rows: list[Row] = [
        {
            "name": one.name,
            "terms": Markup("<br>").join(
                f"{terms.term_name(name)}: {_shown(info, name, value)}"
                for name, value in sorted(one.terms.items())
            )
            or _ahead(one, changes),
        }
        for one in found
    ]
    return table_html(columns, rows, caption=t("banking.templates"))


def _ahead(one: Template, changes: Sequence[TermsChange]) -> str:
    """Say from when on a template has values, where it has none yet."""
    dates = [each.since for each in changes if each.template == one.name]
    return t("banking.template_ahead", date=min(dates)) if dates else "—"


def _shown(info: ProductInfo, name: str, value: int) -> str:
    kinds = {one.name: one for one in info.parameters}
    return terms.shown(kinds[name], value, info.currency) if name in kinds else str(value)


def changes_table(changes: Sequence[TermsChange], info: ProductInfo) -> Markup:
    """Return the changes of the parameters of a product and its templates, the newest first."""
    columns = [
        Column(key="since", label=t("banking.since"), is_whole=True, card="lead"),
        Column(key="name", label=t("banking.term"), card="left"),
        Column(key="template", label=t("banking.template"), card="right"),
        Column(key="value", label=t("banking.value"), is_number=True, card="side"),
    ]
    rows: list[Row] = [
        {
            "since": one.since.isoformat(),
            "name": terms.term_name(one.parameter),
            "template": one.template or "—",
            "value": _shown(info, one.parameter, one.value),
        }
        for one in changes
    ]
    return table_html(columns, rows, caption=t("banking.prices"))

"""A field for a day: typed or picked, and written as 2026-11-24 in every browser and language."""

from typing import Any

from nicegui import ui
from nicegui.events import ValueChangeEventArguments

from yunjin.chassis.console.formats import parse_day
from yunjin.chassis.console.parts import icon_button
from yunjin.chassis.console.words import t


def day_input(label: str, *, value: str = "", hint: str = "") -> ui.input:
    """Show a field for a day. hint: stands in it while it is empty."""
    field = ui.input(label=label, value=value, placeholder=hint or t("day.form"))
    field.props('mask="####-##-##" inputmode=numeric autocomplete=off stack-label')
    with field.add_slot("append"):
        picker = icon_button("calendar_today", t("day.pick", field=label)).classes("yj-day-button")
        with picker, ui.menu().classes("yj-menu") as menu:
            days = ui.date(value if parse_day(value) else None).props("minimal")

    def picked(event: ValueChangeEventArguments[Any]) -> None:
        if event.value:
            field.set_value(event.value)
            menu.close()

    days.on_value_change(picked)
    return field

"""Forms: fields that are checked as one types, and words for what came of sending one."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from markupsafe import Markup
from nicegui import ui
from nicegui.element import Element

from yunjin.chassis.console import markup
from yunjin.chassis.console.days import day_input
from yunjin.chassis.console.parts import box, problem_title
from yunjin.chassis.console.words import LEXICON, t
from yunjin.kernel.errors import Malformed, Outage, Problem, Unknown
from yunjin.kernel.money import exponent, parse_minor

Check = Callable[[str], str]
_ICONS: Final = {"good": "check_circle", "bad": "error_outline", "warn": "warning_amber"}


def notice(tone: str, title: str, note: Markup | str = "") -> Markup:
    """Return what came of something, in words."""
    return Markup(
        '<div class="yj-notice yj-notice-{}">{}<div><b>{}</b><p>{}</p></div></div>'
    ).format(tone, markup.icon(_ICONS.get(tone, "info")), title, note)


def notice_of(problem: Exception) -> Markup:
    """Return what happened, what it means, and whether to press again."""
    if not isinstance(problem, Problem):
        return notice("bad", problem_title(problem), t("problem.bug_note"))
    if isinstance(problem, Unknown | Outage):
        kind = "unknown" if isinstance(problem, Unknown) else "outage"
        return notice("bad", problem_title(problem), t(f"form.{kind}"))
    meaning = f"meaning.{problem.code}"
    if not LEXICON.knows(meaning):
        return notice("bad", problem_title(problem), problem.detail)
    detail = Markup("<details><summary>{}</summary><code>{}</code></details>").format(
        t("problem.detail"), problem.detail
    )
    return notice("bad", problem_title(problem), Markup("{}{}").format(t(meaning), detail))


def text_field(
    label: str, *, value: str = "", unit: str = "", hint: str = "", check: Check | None = None
) -> ui.input:
    """Show a field of text with its unit and help; it complains as one types."""

    def complaint(text: str | None) -> str | None:
        return (check(text or "") or None) if check else None

    shown = ui.input(label=label, value=value, validation=complaint)
    dressed(shown, unit=unit, hint=hint)
    return shown


def dressed(shown: Element, *, unit: str = "", hint: str = "") -> None:
    """Give a field the look of all fields."""
    shown.props("outlined dense stack-label").classes("yj-field")
    if unit:
        shown.props(f'suffix="{unit}"')
    if hint:
        shown.props["hint"] = hint


def amount_field(label: str, currency: str, *, hint: str = "") -> ui.input:
    """Show a field for an amount above 0."""
    shown = text_field(
        label, unit=currency, hint=hint, check=lambda text: amount_complaint(text, currency)
    )
    return shown.props("inputmode=decimal autocomplete=off")


def amount_complaint(text: str, currency: str) -> str:
    """Return why an amount will not do; "" where it will."""
    minor = amount_of(text, currency)
    if minor is None:
        return t("form.amount", places=exponent(currency))
    return "" if minor > 0 else t("form.above_zero")


def amount_of(text: str | None, currency: str) -> int | None:
    """Read an amount as minor units; None where it is none."""
    try:
        return parse_minor((text or "").replace(",", ""), currency)
    except Malformed:
        return None


def day_field(label: str, *, value: str = "", hint: str = "") -> ui.input:
    """Show a field for a day."""
    shown = day_input(label, value=value)
    dressed(shown, hint=hint)
    return shown


def choice_field(
    label: str, options: Mapping[str, str], value: str, *, hint: str = ""
) -> ui.select:
    """Show a choice of one."""
    shown = ui.select(dict(options), label=label, value=value)
    dressed(shown, hint=hint)
    return shown


@contextmanager
def grid() -> Iterator[None]:
    """Lay fields beside each other where there is room."""
    with box("yj-form-grid"):
        yield


def menu_button(text: str, deeds: Mapping[str, Callable[[], Any]]) -> None:
    """Show a button that opens a menu of deeds."""
    shown = ui.button(text, icon="o_expand_more", color=None).classes("yj-button")
    with shown.props("no-caps unelevated aria-haspopup=menu"), ui.menu().classes("yj-menu"):
        for name, act in deeds.items():
            ui.menu_item(name, on_click=act)

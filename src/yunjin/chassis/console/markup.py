"""Small pieces of HTML that are safe by type: what is not Markup is escaped."""

from typing import Literal

from markupsafe import Markup

from yunjin.chassis.console import formats
from yunjin.chassis.console.context import console
from yunjin.chassis.console.words import t

Tone = Literal["good", "warn", "bad", "info", "neutral"]


def chip(text: str, tone: Tone = "neutral", *, hint: str = "") -> Markup:
    """Return a state as a chip; the words say it, the colour only helps."""
    title = Markup(' title="{}"').format(hint) if hint else ""
    return Markup('<span class="yj-chip yj-{}"{}>{}</span>').format(tone, title, text)


def link(text: Markup | str, path: str) -> Markup:
    """Return a link to a page below the console's root."""
    return Markup('<a class="yj-link" href="{}">{}</a>').format(console().url(path), text)


def button_link(text: str, path: str, *, sign: str) -> Markup:
    """Return a link to a page below the console's root that looks like a button."""
    return Markup('<a class="yj-button" href="{}">{}{}</a>').format(
        console().url(path), icon(sign), text
    )


def copy_button(value: str) -> Markup:
    """Return a button that copies `value`."""
    return Markup(
        '<button type="button" class="yj-copy" data-copy="{}" data-done="{}" '
        'aria-label="{}" title="{}">{}</button>'
    ).format(
        value,
        t("action.copied"),
        t("action.copy_value", value=value),
        t("action.copy"),
        icon("content_copy"),
    )


def ident(full: str, short: Markup | str, path: str = "", *, is_whole: bool = False) -> Markup:
    """Return an id in short form: the whole one on hover, a button to copy it, maybe a link.

    A whole id may be long and breaks where it must.
    """
    shown = link(short, path) if path else Markup("<span>{}</span>").format(short)
    return Markup('<span class="yj-id num{}" title="{}">{}{}</span>').format(
        " yj-whole" if is_whole else "", full, shown, copy_button(full)
    )


def account(account_id: int) -> Markup:
    """Return an account's id with its link."""
    return ident(str(account_id), formats.account(account_id), f"/accounts/{account_id}")


def icon(name: str) -> Markup:
    """Return a Material icon that assistive technology skips."""
    return Markup('<i class="yj-icon material-icons-outlined" aria-hidden="true">{}</i>').format(
        name
    )


def stacked(first: Markup | str, second: Markup | str) -> Markup:
    """Return two lines, the second one muted."""
    return Markup('<span class="yj-stack"><span>{}</span><small>{}</small></span>').format(
        first, second
    )


def facts(pairs: list[tuple[str, Markup | str]]) -> Markup:
    """Return names and values as a description list."""
    rows = Markup("").join(
        Markup("<div><dt>{}</dt><dd>{}</dd></div>").format(name, value) for name, value in pairs
    )
    return Markup('<dl class="yj-facts">{}</dl>').format(rows)

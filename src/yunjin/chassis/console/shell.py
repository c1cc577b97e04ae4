"""The frame every staff page shares: navigation, top bar, content column."""

import copy
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from markupsafe import Markup
from nicegui import app, context, ui

from yunjin.chassis.console import markup
from yunjin.chassis.console.chart import is_dark, palette
from yunjin.chassis.console.context import console, sections
from yunjin.chassis.console.finder import Finder, search_button
from yunjin.chassis.console.parts import box, html, icon_button
from yunjin.chassis.console.words import LOCALE, choose_language, language, settle_language, t

ASSETS: Final = "/assets"
LOGO: Final = Markup(
    '<svg class="yj-logo" viewBox="0 0 26 26" aria-hidden="true">'
    '<rect width="26" height="26" rx="7" fill="#0052d9"/>'
    '<path d="M5 9h16M5 13h16M5 17h16" stroke="#fff" stroke-width="1.6" opacity=".55"/>'
    '<path d="M9 5v16M13 5v16M17 5v16" stroke="#fff" stroke-width="1.6"/></svg>'
)
BRAND: Final = LOGO + Markup("<span>云锦 <em>Yunjin</em></span>")


@contextmanager
def shell(*, active: str, title: str) -> Iterator[None]:
    """Lay the frame; the block fills the content column.

    Parameters
    ----------
    active : key of the menu entry the page belongs to; empty where it belongs to none.
    title : the window's title, in the reader's language.
    """
    client = context.client
    settle_language(client.request.headers.get("accept-language", ""))
    # NiceGUI keeps language and appearance per page; ours are per reader.
    client.page = copy.copy(client.page)
    client.page.language = LOCALE[language()]
    client.page.dark = is_dark()
    ui.page_title(f"{title} · {t('frame.product')}")
    _head(title)
    finder = Finder()
    html(
        Markup('<a class="yj-skip" href="#main">{}</a>').format(t("frame.skip")),
    )
    with box("yj-frame"):
        _navigation(active)
        with box("yj-body"):
            _top_bar(finder)
            html(
                Markup("{}<span>{}</span>").format(markup.icon("wifi_off"), t("contact.lost_note")),
                classes="yj-lost",
            ).props('role="alert"')
            with box("yj-main", tag="main") as main:
                main.props("id=main tabindex=-1")
                yield


def _head(title: str) -> None:
    root, version, colours = console().root, console().assets_version, palette()
    theme = "dark" if is_dark() else "light"
    ui.colors(
        primary=colours.brand,
        positive=colours.good,
        warning=colours.warn,
        negative=colours.bad,
        dark=colours.panel,
        dark_page=colours.ground,
    )
    ui.add_head_html(
        f"<style>:root {{ {colours.css()} color-scheme: {theme}; }}</style>"
        f'<link rel="stylesheet" href="{root}{ASSETS}/console.css?{version}">'
        f'<script>document.documentElement.dataset.theme = "{theme}";'
        f'document.documentElement.dataset.nav = localStorage.getItem("yj-nav") || "";'
        f"window.yjWords = {json.dumps(_browser_words(), ensure_ascii=False)};</script>"
        f'<script src="{root}{ASSETS}/console.js?{version}"></script>'
    )
    # Stands there until the page does: the first content comes with the first bytes.
    boot = Markup(
        '<div id="yj-boot" role="status" aria-label="{}">'
        '<div><span class="yj-brand">{}</span></div>'
        "<div><i></i><strong>{}</strong><p><b></b><b></b><b></b><b></b></p><u></u></div></div>"
    )
    # str: NiceGUI joins it with HTML of its own, which Markup would escape.
    ui.add_body_html(str(boot.format(t("frame.loading"), BRAND, title)))


def _browser_words() -> dict[str, str]:
    units = {"zh": [["亿", 8], ["万", 4]], "en": [["B", 9], ["M", 6], ["k", 3]]}
    return {
        "locale": LOCALE[language()],
        "units": json.dumps(units[language()], ensure_ascii=False),
        "collapse": t("frame.collapse"),
        "expand": t("frame.expand"),
    }


def _navigation(active: str) -> None:
    """Show the menu, grouped by the job; the browser collapses it and slides it in on a phone."""
    groups = Markup("").join(
        Markup('<div class="yj-nav-section">{}</div><ul>{}</ul>').format(
            t(section), Markup("").join(_entry(e.key, e.icon, e.path, active) for e in entries)
        )
        for section, entries in sections(console().menu).items()
    )
    html(
        Markup(
            '<a class="yj-brand" href="{}">{}</a>'
            '<nav aria-label="{}">{}</nav>'
            '<button type="button" class="yj-collapse" data-nav="toggle" aria-label="{}">'
            "{}<span>{}</span></button>"
        ).format(
            console().url("/"),
            BRAND,
            t("frame.navigation"),
            groups,
            t("frame.collapse"),
            markup.icon("keyboard_double_arrow_left"),
            t("frame.collapse"),
        ),
        classes="yj-nav",
    )
    html(
        Markup('<button type="button" data-nav="close" aria-label="{}"></button>').format(
            t("frame.close_menu")
        ),
        classes="yj-scrim",
    )


def _entry(key: str, icon: str, path: str, active: str) -> Markup:
    current = Markup(' class="active" aria-current="page"') if key == active else Markup("")
    return Markup('<li><a href="{}" title="{}"{}>{}<span>{}</span></a></li>').format(
        console().url(path), t(key), current, markup.icon(icon), t(key)
    )


def _top_bar(finder: Finder) -> None:
    with box("yj-top", tag="header"):
        html(
            Markup('<button type="button" data-nav="open" aria-label="{}">{}</button>').format(
                t("frame.open_menu"), markup.icon("menu")
            ),
            classes="yj-menu-button",
        )
        html(
            Markup(
                '<span class="yj-tenant" title="{}">{}<b>{}</b></span>'
                '<span class="yj-date"><span>{}</span><time class="num">{}</time></span>'
            ).format(
                t("frame.tenant"),
                markup.icon("domain"),
                console().tenant,
                t("frame.business_date"),
                console().business_date().isoformat(),
            ),
            classes="yj-where",
        )
        search_button(finder.open)
        other = "zh" if language() == "en" else "en"
        switch = ui.button(t("frame.other_language"), color=None, on_click=lambda: _speak(other))
        switch.classes("yj-icon-button yj-language").props(
            f'flat dense no-caps lang="{other}" aria-label="{t("frame.switch_language")}"'
        )
        person = icon_button("account_circle", t("frame.person"))
        with person, ui.menu().classes("yj-menu"):
            html(
                Markup("<b>{}</b><small>{}</small>").format(
                    t("frame.person"), t("frame.person_note")
                ),
                classes="yj-person",
            )
            ui.separator()
            with ui.menu_item(on_click=_turn_theme).props("dense"), ui.item_section():
                name, sign = (
                    ("frame.light", "light_mode") if is_dark() else ("frame.dark", "dark_mode")
                )
                html(
                    Markup("{}<span>{}</span>").format(markup.icon(sign), t(name)),
                    classes="yj-menu-line",
                )


def _speak(chosen: str) -> None:
    choose_language("en" if chosen == "en" else "zh")
    ui.navigate.reload()


def _turn_theme() -> None:
    app.storage.user["theme"] = "light" if is_dark() else "dark"
    ui.navigate.reload()

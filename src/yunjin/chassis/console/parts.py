"""The small parts of a page: title row, key figure, panel, empty state, problem, waiting."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import structlog
from markupsafe import Markup
from nicegui import ui
from nicegui.element import Element

from yunjin.chassis.console import markup
from yunjin.chassis.console.context import console
from yunjin.chassis.console.words import LEXICON, t
from yunjin.kernel import ids
from yunjin.kernel.errors import Bug, Outage, Problem, Refusal, Unknown
from yunjin.kernel.room import MenuEntry

FIGURE_LONG = 14  # characters from which on a key figure is set smaller
log = structlog.get_logger()


def html(content: Markup | str, *, tag: str = "div", classes: str = "") -> ui.html:
    """Show safe markup; plain text is escaped."""
    return ui.html(str(Markup.escape(content)), sanitize=False, tag=tag).classes(classes)


@contextmanager
def box(classes: str, *, tag: str = "div") -> Iterator[Element]:
    """Open an element that only groups others."""
    with ui.element(tag).classes(classes) as element:
        yield element


@contextmanager
def title_row(title: Markup | str, *, note: Markup | str = "") -> Iterator[None]:
    """Lay the title row, and name the window after it; in the block its chips and actions."""
    text = Markup.escape(title).striptags()
    ui.page_title(f"{text} · {t('frame.product')}")
    with box("yj-title"):
        html(Markup("<h1>{}</h1>").format(title), classes="yj-title-text")
        with box("yj-title-side"):
            yield
        if note:
            html(note, classes="yj-title-note")


@contextmanager
def panel(title: str = "", *, note: Markup | str = "", classes: str = "") -> Iterator[Element]:
    """Open a panel; its head row keeps `note` at the end."""
    with box(f"yj-panel {classes}", tag="section") as element:
        if title:
            element.props(f'aria-label="{title.replace(chr(34), "")}"')
            html(
                Markup('<h2>{}</h2><span class="yj-note">{}</span>').format(title, note),
                classes="yj-panel-head",
            )
        yield element


class Figure:
    """One key figure: its name, its value, and what it is compared with."""

    def __init__(
        self, name: str, value: str, note: Markup | str = "", *, unit: str = "", tone: str = ""
    ) -> None:
        self._name = name
        self._element = html(self._content(value, note, unit, tone), classes="yj-panel yj-figure")

    def show(self, value: str, note: Markup | str = "", *, unit: str = "", tone: str = "") -> None:
        """Change what it shows; nothing is sent where nothing changed."""
        content = str(self._content(value, note, unit, tone))
        if content != self._element.content:
            self._element.set_content(content)

    def _content(self, value: str, note: Markup | str, unit: str, tone: str) -> Markup:
        classes = f"yj-ink-{tone}" if tone else ""
        if len(value) > FIGURE_LONG:
            classes += " yj-long"
        small = Markup(' <small class="yj-unit">{}</small>').format(unit) if unit else ""
        return Markup(
            '<div class="yj-figure-name">{}</div><div class="yj-figure-value num {}">{}{}</div>'
            '<div class="yj-note num">{}</div>'
        ).format(self._name, classes, value, small, note)


@contextmanager
def figures() -> Iterator[None]:
    """Open the row of key figures: at most four beside each other, two on a phone."""
    with box("yj-figures"):
        yield


def empty(what: str, *, hint: str = "", icon: str = "inbox", action: Markup | str = "") -> ui.html:
    """Say what would be here, and offer the first step."""
    return html(
        Markup('{}<p class="yj-empty-what">{}</p><p>{}</p>{}').format(
            markup.icon(icon), what, hint, action
        ),
        classes="yj-empty",
    )


def quiet(icon: str, what: str, hint: str = "") -> Markup:
    """Say in two lines, inside a panel, that there is nothing and that this is fine."""
    return Markup('<div class="yj-quiet">{}<div><b>{}</b><p>{}</p></div></div>').format(
        markup.icon(icon), what, hint
    )


def problem_panel(
    problem: Exception, *, retry: Callable[[], Any] | None = None, back: MenuEntry | None = None
) -> None:
    """Say what happened in the reader's words, what was kept, what to do, and the trace id.

    Parameters
    ----------
    retry : what the button does; without it the page is loaded again.
    back : where to go on after a refusal, which trying again would only repeat.
    """
    kind = problem_kind(problem)
    trace_id = ids.uuid7(console().clock).hex
    if isinstance(problem, Problem) and kind != "bug":
        log.info("console.problem", trace_id=trace_id, code=problem.code, detail=problem.detail)
    else:
        log.error("console.failed", trace_id=trace_id, exc_info=problem)
    with box("yj-panel yj-problem") as element:
        element.props('role="alert"')
        html(
            Markup(
                '{}<div><h2>{}</h2><p>{}</p><p class="yj-note">{} <code>{}</code>{}</p></div>'
            ).format(
                markup.icon("cloud_off" if kind in {"outage", "unknown"} else "error_outline"),
                problem_title(problem),
                t(f"problem.{kind}_note"),
                t("problem.trace"),
                trace_id[-12:],
                markup.copy_button(trace_id),
            ),
            classes="yj-problem-text",
        )
        if isinstance(problem, Problem) and kind != "bug":
            html(
                Markup("<details><summary>{}</summary><code>{} · {}</code></details>").format(
                    t("problem.detail"), problem.code, problem.detail
                )
            )
        if kind == "refusal" and back is not None:
            html(markup.button_link(t(back.key), back.path, sign=back.icon), tag="span")
        else:
            button(t("action.retry"), retry or ui.navigate.reload, icon="refresh")


def problem_kind(problem: Exception) -> str:
    """Name the kind of a problem: refusal, outage, unknown or bug."""
    kinds = {Refusal: "refusal", Outage: "outage", Unknown: "unknown", Bug: "bug"}
    return next((name for kind, name in kinds.items() if isinstance(problem, kind)), "bug")


def problem_title(problem: Exception) -> str:
    """Say what happened in the reader's words: the code's own where there are some."""
    key = f"problem.{problem.code}" if isinstance(problem, Problem) else ""
    return t(key) if LEXICON.knows(key) else t(f"problem.{problem_kind(problem)}")


def button(
    text: str, on_click: Callable[..., Any], *, icon: str = "", primary: bool = False
) -> ui.button:
    """Show a button: one primary a page at most."""
    shown = ui.button(text, on_click=on_click, icon=f"o_{icon}" if icon else None, color=None)
    return shown.classes("yj-button yj-primary" if primary else "yj-button").props(
        "no-caps unelevated"
    )


def icon_button(icon: str, name: str, on_click: Callable[..., Any] | None = None) -> ui.button:
    """Show a button that is an icon; its name is told to everybody who cannot see it."""
    shown = ui.button(icon=f"o_{icon}", on_click=on_click, color=None)
    return shown.classes("yj-icon-button").props(f'flat dense aria-label="{name}" title="{name}"')


def switch(
    options: Mapping[str, str], value: str, on_change: Callable[[str], Any], *, name: str
) -> ui.toggle:
    """Show a choice of one among a few, all in sight."""
    shown = ui.toggle(dict(options), value=value, on_change=lambda event: on_change(event.value))
    # "none" keeps Quasar from colouring it, so that the style sheet can.
    return shown.classes("yj-switch").props(
        "no-caps unelevated dense color=none text-color=none toggle-color=none "
        f'toggle-text-color=none aria-label="{name}"'
    )


def tabs(pages: Mapping[str, tuple[str, str]], active: str, *, name: str) -> None:
    """Show links to pages that belong together: by key, their names and paths."""
    links = Markup("").join(
        Markup('<a href="{}"{}>{}</a>').format(
            console().url(path),
            Markup(' aria-current="page"') if key == active else Markup(""),
            text,
        )
        for key, (text, path) in pages.items()
    )
    html(Markup('<nav aria-label="{}">{}</nav>').format(name, links), classes="yj-tabs")


def skeleton(rows: int = 4) -> Element:
    """Show grey lines where content will be in under a second."""
    lines = Markup("").join(Markup('<div class="yj-bone"></div>') for _ in range(rows))
    return html(lines, classes="yj-skeleton").props('aria-hidden="true"')


class Progress:
    """Waiting over a second: what is done, how fast, how long still."""

    def __init__(self) -> None:
        self._element = html("", classes="yj-progress").props('role="status" aria-live="polite"')

    def show(self, text: str, *, percent: int | None = None) -> None:
        """Show how far it is; without a percentage the bar only moves."""
        width = Markup(' style="width:{}%"').format(percent) if percent is not None else ""
        kind = "yj-bar" if percent is not None else "yj-bar yj-bar-busy"
        self._element.set_content(
            str(
                Markup('<div class="{}"><i{}></i></div><span class="yj-note num">{}</span>').format(
                    kind, width, text
                )
            )
        )

    def show_only(self, is_running: bool) -> None:
        """Show it while something runs, and only then."""
        self._element.set_visibility(is_running)

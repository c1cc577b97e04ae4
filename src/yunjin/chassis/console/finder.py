"""Search over everything: one dialog on every page, opened by the top bar, `/` or Ctrl-K."""

import asyncio
from collections.abc import Callable

import structlog
from markupsafe import Markup
from nicegui import ui
from nicegui.events import GenericEventArguments

from yunjin.chassis.console import markup
from yunjin.chassis.console.context import ask, console
from yunjin.chassis.console.parts import html, icon_button
from yunjin.chassis.console.words import LANGUAGES, LEXICON, t
from yunjin.kernel.errors import Problem
from yunjin.kernel.room import Hit

HITS_MAX = 20
log = structlog.get_logger()


async def find(query: str) -> list[Hit]:
    """Ask every room, and the menu, for what matches; a room that is down is left out.

    Raises: Problem where no room could be asked at all.
    """
    query = query.strip()
    if not query:
        return []
    answers = await asyncio.gather(
        *(ask(search, query) for search in console().search), return_exceptions=True
    )
    problems = [answer for answer in answers if isinstance(answer, BaseException)]
    for problem in problems:
        log.warning("console.search_failed", reason=str(problem))
    if problems and len(problems) == len(answers) and isinstance(problems[0], Problem):
        raise problems[0]
    found = [hit for answer in answers if isinstance(answer, list) for hit in answer]
    return (found + _pages(query))[:HITS_MAX]


def _pages(query: str) -> list[Hit]:
    """Return the pages whose title, in any language, has the words."""
    return [
        Hit(kind="search.page", title=t(entry.key), path=entry.path)
        for entry in console().menu
        if any(query.lower() in LEXICON.word(entry.key, one).lower() for one in LANGUAGES)
    ]


class Finder:
    """The search dialog of one page."""

    def __init__(self) -> None:
        self._hits: list[Hit] = []
        self._asked = ""
        with ui.dialog().props("position=top") as self._dialog:
            self._dialog.classes("yj-finder-dialog")
            with ui.element("div").classes("yj-finder"):
                with ui.element("div").classes("yj-finder-head"):
                    html(markup.icon("search"), tag="span")
                    self._input = ui.input(placeholder=t("search.prompt"), on_change=self._typed)
                    self._input.props(
                        f'borderless dense autofocus debounce=150 aria-label="{t("search.prompt")}"'
                    ).classes("yj-finder-input")
                    icon_button("close", t("search.clear"), self._dialog.close)
                self._results = html(_hint(), classes="yj-finder-results").props('role="listbox"')
        # The field's own value comes late by its debounce; Enter brings what is typed.
        self._input.on(
            "keydown.enter", self._open_only, js_handler="(event) => emit(event.target.value)"
        )

    def open(self) -> None:
        """Show the dialog."""
        self._dialog.open()

    async def _typed(self) -> None:
        await self._look(str(self._input.value or ""))

    async def _look(self, query: str) -> None:
        self._asked = query
        try:
            hits = await find(query)
        except Problem:
            self._results.set_content(str(_line(t("search.failed"))))
            return
        if query != self._asked:  # the reader typed on; a later answer is on its way
            return
        self._hits = hits
        if hits:
            content = Markup("").join(_hit(hit) for hit in hits)
        else:
            content = _line(t("search.nothing", query=query)) if query.strip() else _hint()
        self._results.set_content(str(content))

    async def _open_only(self, event: GenericEventArguments) -> None:
        typed = event.args if isinstance(event.args, str) else self._input.value
        await self._look(str(typed or ""))
        if len(self._hits) == 1:
            ui.navigate.to(self._hits[0].path)
        elif self._hits:
            ui.run_javascript("document.querySelector('.yj-hit')?.focus()")


def _hit(hit: Hit) -> Markup:
    return Markup(
        '<a class="yj-hit" role="option" href="{}"><span class="yj-chip yj-neutral">{}</span>'
        '<span class="yj-hit-title num">{}</span><span class="yj-note">{}</span></a>'
    ).format(console().url(hit.path), t(hit.kind), hit.title, hit.note)


def _line(text: str) -> Markup:
    return Markup('<p class="yj-finder-line">{}</p>').format(text)


def _hint() -> Markup:
    return _line(t("search.hint"))


def search_button(open_finder: Callable[[], None]) -> None:
    """Show the top bar's search: it looks like a field and opens the dialog."""
    with ui.element("button").classes("yj-search") as button:
        button.props(f'type="button" aria-label="{t("search.prompt")}" data-search')
        html(
            Markup("{}<span>{}</span><kbd>/</kbd>").format(
                markup.icon("search"), t("search.prompt")
            ),
            tag="span",
        )
    button.on("click", open_finder, args=[])

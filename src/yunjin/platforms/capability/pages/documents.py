"""Documents: all of them by state and template; their templates."""

from collections.abc import Sequence
from typing import Any, Final

from yunjin.chassis.console import (
    Address,
    Ask,
    Column,
    Filters,
    Markup,
    Row,
    Table,
    ask,
    box,
    empty,
    formats,
    html,
    markup,
    one_of,
    page,
    panel,
    static_table,
    t,
    title_row,
)
from yunjin.kernel.clock import nanoseconds
from yunjin.platforms.capability.api.documents import (
    Document,
    DocumentsApi,
    DocumentState,
    DocumentTemplate,
)
from yunjin.platforms.capability.pages.acts import links_of

PAGE_ROWS: Final = 50
TONES: Final[dict[DocumentState, Any]] = {
    DocumentState.MADE: "neutral",
    DocumentState.ASKED: "info",
    DocumentState.SIGNED: "good",
    DocumentState.VOID: "warn",
}


class Documents:
    """One reader's list of documents."""

    def __init__(self, documents: DocumentsApi) -> None:
        self._documents, self._address = documents, Address()

    async def draw(self) -> None:
        """Lay the list."""
        templates = await ask(self._documents.templates)
        lead = title_row(t("document.documents"), note=t("document.documents_note"))
        with lead, box("yj-push"):
            html(markup.button_link(t("document.templates"), "/document-templates", sign="article"))
        self._filters = Filters(self._address, self._restart)
        with self._filters as row:
            row.choice(
                "state",
                t("paper.state"),
                t("paper.all_states"),
                {one.value: t(f"document.state.{one.value}") for one in DocumentState},
            )
            row.choice(
                "template",
                t("document.template"),
                t("document.all_templates"),
                {one.code: name_of(one) for one in templates},
            )
        with panel(classes="yj-panel-table"):
            self._table = Table(
                columns(),
                self._load,
                caption=t("document.documents"),
                empty=self._nothing,
                address=self._address,
            )
        await self._table.show()

    async def _restart(self) -> None:
        await self._table.restart()

    def _nothing(self) -> None:
        if self._filters.is_filtered:
            empty(t("document.none_found"), icon="search_off")
            return
        empty(t("document.none"), hint=t("document.none_hint"), icon="description")

    async def _load(self, wanted: Ask) -> tuple[Sequence[Row], str | None]:
        chosen = self._address.all()
        states = {one.value: one for one in DocumentState}
        template = chosen.get("template", "")
        found = await ask(
            self._documents.documents,
            state=states.get(chosen.get("state", "")),
            template=template if template.isascii() else "",
            limit=PAGE_ROWS,
            cursor=wanted.cursor,
        )
        return [row_of(one) for one in found.items], found.next_cursor


def name_of(one: DocumentTemplate) -> str:
    """Return a template's name with its code."""
    return f"{one_of(one.zh, one.en)} ({one.code})"


def columns() -> list[Column]:
    """Return the columns of documents."""
    return [
        Column(key="title", label=t("document.title"), card="lead"),
        Column(key="template", label=t("document.template"), card="line"),
        Column(key="about", label=t("paper.about"), card="line"),
        Column(key="at", label=t("document.at"), is_whole=True, card="left"),
        Column(key="state", label=t("paper.state"), card="side"),
    ]


def row_of(one: Document) -> Row:
    """Return a document as a row."""
    return {
        "title": markup.link(one.title, f"/documents/{one.document_id}"),
        "template": Markup("<span>{} v{}</span>").format(one.template, one.template_version),
        "about": links_of(one.links),
        "at": formats.moment(nanoseconds(one.at)),
        "state": state_chip(one),
    }


def state_chip(one: Document) -> Markup:
    """Return a document's state."""
    return markup.chip(t(f"document.state.{one.state.value}"), TONES[one.state], hint=one.why)


def register(documents: DocumentsApi) -> None:
    """Put the lists of documents and of their templates on the console."""

    @page("/documents", title="document.documents", active="document.documents")
    async def listed() -> None:
        await Documents(documents).draw()

    @page("/document-templates", title="document.templates", active="document.documents")
    async def templates() -> None:
        found = await ask(documents.templates)
        lead = title_row(
            t("document.templates"), note=markup.link(t("document.documents"), "/documents")
        )
        with lead, box("yj-push"):
            html(
                markup.button_link(
                    t("document.new_template"), "/document-templates/new", sign="add"
                )
            )
        with panel(classes="yj-panel-table"):
            if not found:
                empty(t("document.no_templates"), hint=t("document.no_templates_hint"))
                return
            columns = [
                Column(key="name", label=t("document.template"), card="lead"),
                Column(key="version", label=t("document.version"), is_number=True, card="left"),
                Column(key="fields", label=t("document.fields"), is_number=True, card="left"),
                Column(key="langs", label=t("document.langs"), card="line"),
                Column(key="at", label=t("document.at"), is_whole=True, card="right"),
            ]
            rows = [
                {
                    "name": markup.link(name_of(one), f"/document-templates/{one.code}"),
                    "version": formats.number(one.version),
                    "fields": formats.number(len(one.fields)),
                    "langs": ", ".join(t(f"document.lang.{body.lang}") for body in one.bodies),
                    "at": formats.moment(nanoseconds(one.at)),
                }
                for one in found
            ]
            static_table(columns, rows, caption=t("document.templates"))

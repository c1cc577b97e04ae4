"""A template's editor: fields and words as text, and the PDF they would make beside them."""

import base64
from typing import Final
from uuid import UUID

from nicegui import ui

from yunjin.chassis.console import (
    Markup,
    ask,
    box,
    button,
    html,
    keep_person,
    markup,
    notice,
    notice_of,
    page,
    panel,
    person,
    t,
    text_field,
    title_row,
)
from yunjin.foundation.banking.api.statements import Lang
from yunjin.kernel.clock import Clock
from yunjin.kernel.errors import Problem
from yunjin.kernel.ids import uuid7
from yunjin.platforms.capability.api.documents import (
    DocumentsApi,
    DocumentTemplate,
    NewDocumentTemplate,
)
from yunjin.platforms.capability.pages.document_notation import (
    Unreadable,
    body_of,
    fields_of,
    text_of_body,
    text_of_fields,
)

NEW: Final = "new"


class Editor:
    """One reader's editor of a template; what it registers is the next version."""

    def __init__(
        self, documents: DocumentsApi, clock: Clock, template: DocumentTemplate | None
    ) -> None:
        self._documents, self._clock, self._template = documents, clock, template
        self._id: UUID = uuid7(clock)

    def draw(self) -> None:
        """Lay the page."""
        one = self._template
        title = t("document.new_template") if one is None else f"{one.code} v{one.version}"
        lead = title_row(title, note=markup.link(t("document.templates"), "/document-templates"))
        with lead, box("yj-push yj-deeds"):
            button(t("document.preview_zh"), lambda: self._preview(Lang.ZH), icon="visibility")
            button(t("document.preview_en"), lambda: self._preview(Lang.EN), icon="visibility")
            button(t("document.register"), self._register, icon="save", primary=True)
        self._said = html("")
        with box("yj-halves"):
            with panel(t("document.template"), note=t("document.template_note")):
                self._lay(one)
            with panel(t("document.preview"), note=t("document.preview_note")):
                self._shown = html(_note("document.no_preview"))

    def _lay(self, one: DocumentTemplate | None) -> None:
        bodies = {} if one is None else {body.lang: body for body in one.bodies}
        self._code = text_field(t("document.code"), value=one.code if one else "")
        self._code.props("maxlength=40" + (" readonly" if one else ""))
        self._zh = text_field(t("document.name_zh"), value=one.zh if one else "")
        self._en = text_field(t("document.name_en"), value=one.en if one else "")
        self._by = text_field(t("form.person"), value=person()).props("maxlength=64")
        self._fields = _area(
            t("document.fields"), text_of_fields(one.fields) if one else "", rows=8
        )
        html(_note("document.fields_hint"))
        self._bodies = {
            lang: _area(t(f"document.body_{lang}"), text_of_body(bodies.get(lang)), rows=14)
            for lang in Lang
        }
        html(_note("document.body_hint"))

    def _made(self) -> NewDocumentTemplate | None:
        """Return what is written; None where a line of it says nothing, which is said."""
        try:
            fields = fields_of(str(self._fields.value or ""))
        except Unreadable as unreadable:
            words = t("document.unreadable", line=unreadable.line)
            self._said.set_content(str(notice("bad", words)))
            return None
        found = [body_of(lang, str(area.value or "")) for lang, area in self._bodies.items()]
        return NewDocumentTemplate(
            code=str(self._code.value or "").strip() or NEW,
            zh=str(self._zh.value or "").strip(),
            en=str(self._en.value or "").strip(),
            fields=fields,
            bodies=tuple(one for one in found if one is not None),
        )

    async def _preview(self, lang: Lang) -> None:
        made = self._made()
        if made is None:
            return
        try:
            content = await ask(self._documents.preview, made, lang)
        except Problem as problem:
            self._said.set_content(str(notice_of(problem)))
            return
        self._said.set_content("")
        coded = base64.b64encode(content).decode()
        frame = Markup(
            '<iframe title="{}" style="width:100%;height:70vh;border:0" '
            'src="data:application/pdf;base64,{}"></iframe>'
        )
        self._shown.set_content(str(frame.format(t("document.preview"), coded)))

    async def _register(self) -> None:
        made, by = self._made(), str(self._by.value or "").strip()
        if made is None:
            return
        try:
            kept = await ask(self._documents.put_template, self._id, made, by=by)
        except Problem as problem:
            self._id = uuid7(self._clock)
            self._said.set_content(str(notice_of(problem)))
            return
        keep_person(by)
        self._id = uuid7(self._clock)
        words = t("document.registered", code=kept.code, version=kept.version)
        self._said.set_content(str(notice("good", words)))


def _note(key: str) -> Markup:
    return Markup('<p class="yj-note">{}</p>').format(t(key))


def _area(label: str, value: str, *, rows: int) -> ui.textarea:
    shown = ui.textarea(label=label, value=value).classes("yj-field")
    shown.props(f"outlined dense stack-label rows={rows} spellcheck=false")
    return shown


def register(documents: DocumentsApi, clock: Clock) -> None:
    """Put the editor on the console."""

    @page("/document-templates/{code}", title="document.template", active="document.documents")
    async def shown(code: str) -> None:
        found = None if code == NEW else await ask(documents.template, code)
        Editor(documents, clock, found).draw()

"""A drawing is pasted or uploaded, checked, complained of element by element, brought in."""

from uuid import UUID

from nicegui import ui
from nicegui.events import UploadEventArguments

from yunjin.chassis.console import (
    Fields,
    Markup,
    ask,
    box,
    button,
    html,
    markup,
    notice,
    notice_of,
    panel,
    t,
    text_field,
    title_row,
    value_deed,
)
from yunjin.kernel.clock import Clock
from yunjin.kernel.errors import Problem
from yunjin.platforms.capability.api.drawings import BYTES_MAX, Checked, DrawingsApi


class NewDrawing:
    """One person's form."""

    def __init__(self, drawings: DrawingsApi, clock: Clock) -> None:
        self._drawings, self._clock = drawings, clock
        self._found: Checked | None = None

    def draw(self) -> None:
        """Lay the form."""
        with title_row(t("drawing.bring"), note=t("drawing.bring_note")):
            html(markup.button_link(t("drawing.drawings"), "/drawings", sign="arrow_back"))
        with panel(t("drawing.text")):
            self._text = ui.textarea(label=t("drawing.text"))
            self._text.props(
                "outlined stack-label spellcheck=false debounce=300 input-class=yj-mono"
            )
            self._text.classes("yj-editor yj-field").on_value_change(self._edited)
            self._upload = ui.upload(
                on_upload=self._uploaded,
                on_rejected=self._rejected,
                auto_upload=True,
                max_file_size=BYTES_MAX,
            ).props('accept=".bpmn,.xml,text/xml,application/xml"')
            self._upload.style("display: none")
            with box("yj-actions"):
                self._check = button(t("drawing.check"), self._try, icon="rule", primary=True)
                button(
                    t("drawing.upload"),
                    lambda: self._upload.run_method("pickFiles"),
                    icon="upload_file",
                )
                self._bring = button(t("drawing.deed.bring_now"), self._ask, icon="publish")
        self._outcome = ui.element("div").classes("yj-content").props('role="status"')
        self._edited()

    def _edited(self, _: object = None) -> None:
        self._found = None
        self._bring.set_enabled(False)
        self._check.set_enabled(bool(str(self._text.value or "").strip()))

    async def _uploaded(self, event: UploadEventArguments) -> None:
        content = await event.file.read()
        self._upload.reset()
        try:
            self._text.set_value(content.decode("utf-8"))
        except UnicodeDecodeError:
            self._say(notice("bad", t("drawing.not_text"), t("drawing.not_text_note")))
            return
        await self._try()

    def _rejected(self) -> None:
        self._say(notice("bad", t("drawing.too_large"), t("drawing.too_large_note")))

    def _say(self, content: Markup) -> None:
        self._outcome.clear()
        with self._outcome, panel(t("drawing.check")):
            html(content)

    async def _try(self) -> None:
        text = str(self._text.value or "")
        if not text.strip():
            return
        self._check.props("loading")
        try:
            found = await ask(self._drawings.check, text)
        except Problem as problem:
            self._say(notice_of(problem))
            return
        finally:
            self._check.props(remove="loading")
        self._say(_said(found))
        self._found = None if found.findings else found
        self._bring.set_enabled(self._found is not None)

    def _ask(self) -> None:
        found, text = self._found, str(self._text.value or "")
        if found is None:
            return

        def build(fields: Fields) -> None:
            fields["by"] = text_field(t("drawing.person")).props("autofocus maxlength=64")

        def made(fields: Fields) -> str | None:
            return str(fields["by"].value or "").strip() or None

        def keep(command_id: UUID, by: str) -> object:
            return self._drawings.bring(command_id, text, by=by)

        async def done() -> None:
            ui.navigate.to(f"/drawings/{found.code}")

        value_deed(
            self._clock,
            "drawing",
            "bring",
            build=build,
            made=made,
            effect=lambda _: t("drawing.effect.bring", code=found.code),
            keep=keep,
            done=done,
        )


def _said(found: Checked) -> Markup:
    """Say what was found: nothing, or each element and its reason."""
    if not found.findings:
        inputs = ", ".join(found.inputs) or t("drawing.no_inputs")
        words = t("drawing.good_note", code=found.code, inputs=inputs)
        return notice("good", t("drawing.good"), words)
    lines = Markup("").join(
        Markup("<li>{} <span>{}</span></li>").format(
            markup.chip(one.element or t("drawing.whole"), "bad"), one.reason
        )
        for one in found.findings
    )
    head = notice("bad", t("drawing.bad", count=len(found.findings)), t("drawing.bad_note"))
    return head + Markup('<ul class="yj-findings">{}</ul>').format(lines)

"""A new version of a product: pasted or uploaded, tried, complained of line by line, registered."""

from typing import Any, Final
from uuid import UUID

from nicegui import ui
from nicegui.events import UploadEventArguments

from yunjin.chassis.console import (
    Address,
    Deed,
    Done,
    Markup,
    ask,
    box,
    button,
    choice_field,
    html,
    markup,
    notice,
    notice_of,
    page,
    panel,
    t,
    text_field,
    title_row,
)
from yunjin.foundation.banking.api.products import ProductInfo
from yunjin.foundation.banking.errors import ProductRefused
from yunjin.foundation.banking.pages.desk import Desk
from yunjin.foundation.banking.pages.products import source_html, terms_table
from yunjin.foundation.banking.pages.reading import agreement_number
from yunjin.kernel.errors import Problem

FILE_BYTES_MAX: Final = 256 * 1024
COMPLAINTS_MAX: Final = 50


class NewVersion:
    """One engineer's form."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._address = Address()
        self._info: ProductInfo | None = None

    async def draw(self) -> None:
        """Lay the form; it may begin with the live version of a product."""
        code = self._address.get("from")
        source = (await ask(self._desk.version, code, 0)).source if code else ""
        self._cell = await ask(lambda: self._desk.doors.ledger.state().cell)
        with title_row(t("banking.register_version"), note=t("banking.register_note")):
            html(markup.button_link(t("banking.products"), "/products", sign="arrow_back"))
        with panel(t("banking.source")):
            self._source = ui.textarea(label=t("banking.source_label"), value=source)
            self._source.props(
                "outlined stack-label spellcheck=false debounce=300 input-class=yj-mono"
            )
            self._source.classes("yj-editor yj-field").on_value_change(self._edited)
            self._upload = ui.upload(
                on_upload=self._uploaded,
                on_rejected=self._rejected,
                auto_upload=True,
                max_file_size=FILE_BYTES_MAX,
            ).props('accept=".py,text/x-python,text/plain"')
            self._upload.style("display: none")
            with box("yj-actions"):
                self._check = button(t("banking.check"), self._try, icon="rule", primary=True)
                button(
                    t("banking.upload"),
                    lambda: self._upload.run_method("pickFiles"),
                    icon="upload_file",
                )
                self._register = button(t("banking.register"), self._ask, icon="publish")
        self._outcome = ui.element("div").classes("yj-content").props('role="status"')
        self._register.set_enabled(False)
        self._check.set_enabled(bool(source.strip()))

    def _edited(self, _: object = None) -> None:
        self._info = None
        self._register.set_enabled(False)
        self._check.set_enabled(bool(str(self._source.value or "").strip()))

    async def _uploaded(self, event: UploadEventArguments) -> None:
        content = await event.file.read()
        self._upload.reset()
        try:
            self._source.set_value(content.decode("utf-8"))
        except UnicodeDecodeError:
            self._say(notice("bad", t("banking.not_text"), t("banking.not_text_note")))
            return
        await self._try()

    def _rejected(self) -> None:
        note = t("banking.too_large_note", kib=FILE_BYTES_MAX // 1024)
        self._say(notice("bad", t("banking.too_large"), note))

    def _say(self, content: Markup, *more: tuple[str, Markup]) -> None:
        self._outcome.clear()
        with self._outcome:
            with panel(t("banking.trial")):
                html(content)
            for title, shown in more:
                with panel(title):
                    html(shown)

    async def _try(self) -> None:
        source = str(self._source.value or "")
        if not source.strip():
            return
        self._check.props("loading")
        try:
            self._info = await ask(self._desk.doors.products.check, source)
        except ProductRefused as problem:
            self._refused(source, problem)
            return
        except Problem as problem:
            self._say(notice_of(problem))
            return
        finally:
            self._check.props(remove="loading")
        self._register.set_enabled(True)
        info = self._info
        words = t("banking.trial_good_note", code=info.code, lines=info.rule_lines)
        self._say(
            notice("good", t("banking.trial_good"), words),
            (t("banking.terms"), terms_table(info)),
        )

    def _refused(self, source: str, problem: ProductRefused) -> None:
        found: list[dict[str, Any]] = problem.facts.get("complaints", [])
        self._register.set_enabled(False)
        lines = Markup("").join(
            Markup('<li><a href="#line-{0}">{1}</a> <span>{2}</span></li>').format(
                one["line"],
                markup.chip(t("banking.line", line=one["line"]), "bad"),
                one["reason"],
            )
            for one in found[:COMPLAINTS_MAX]
        )
        head = notice("bad", t("banking.trial_bad", count=len(found)), t("banking.trial_bad_note"))
        wrong = frozenset(int(one["line"]) for one in found)
        self._say(
            head + Markup('<ul class="yj-findings">{}</ul>').format(lines),
            (t("banking.source"), source_html(source, wrong)),
        )

    def _ask(self) -> None:
        info = self._info
        if info is None:
            return
        source = str(self._source.value)

        def build(deed: Deed) -> None:
            lanes = {"all": t("banking.lane_all"), "gray": t("banking.lane_gray")}
            self._lane = choice_field(t("banking.lane"), lanes, "all")
            self._some = text_field(
                t("banking.lane_agreements"), hint=t("banking.lane_agreements_hint")
            )
            self._some.bind_visibility_from(self._lane, "value", value="gray")
            self._note = text_field(t("banking.note"), hint=t("banking.note_version_hint"))
            for one in (self._lane, self._some, self._note):
                one.on_value_change(deed.changed)

        def effect() -> str:
            if self._lane.value == "all":
                return t("banking.effect.register", code=info.code)
            count = len(self._chosen() or [])
            return t("banking.effect.register_gray", code=info.code, count=count) if count else ""

        def act(command_id: UUID) -> Done:
            some = self._chosen() if self._lane.value == "gray" else None
            note = str(self._note.value or "").strip()[:200]
            made = self._desk.doors.registry.register(
                command_id, source, agreements=some, note=note
            )
            return Done(t("banking.done.register", code=made.code, version=made.version))

        async def done() -> None:
            ui.navigate.to(f"/products/{info.code}")

        Deed(
            clock=self._desk.clock,
            title=t("banking.register_version"),
            action=t("banking.register"),
            build=build,
            effect=effect,
            act=act,
            done=done,
        ).open()

    def _chosen(self) -> list[int] | None:
        """Return the agreements that were typed; None where one of them is none."""
        words = str(self._some.value or "").replace(",", " ").replace("，", " ").split()
        found = [agreement_number(one, self._cell) for one in words]
        return None if None in found else [one for one in found if one is not None]


def register(desk: Desk) -> None:
    """Put the form on the console; it stands before the page of a product."""

    @page("/products/new", title="banking.register_version", active="banking.products")
    async def new_version() -> None:
        await NewVersion(desk).draw()

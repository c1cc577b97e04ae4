"""Forms: fields that are checked as one types, and a dialog that does one thing, once."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar
from uuid import UUID

from nicegui import context, ui
from nicegui.element import Element
from nicegui.elements.mixins.value_element import ValueElement

from yunjin.chassis.console import (
    Markup,
    ask,
    box,
    button,
    day_input,
    html,
    language,
    markup,
    problem_title,
    t,
)
from yunjin.foundation.banking.api.products import ParameterInfo, ProductInfo
from yunjin.foundation.banking.pages import terms
from yunjin.foundation.banking.pages.words_papers import MEANINGS
from yunjin.kernel.clock import Clock
from yunjin.kernel.errors import Malformed, Outage, Problem, Unknown
from yunjin.kernel.ids import uuid7
from yunjin.kernel.money import exponent, parse_minor

Check = Callable[[str], str]
Fields = dict[str, ui.input | ui.select]
V = TypeVar("V")
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
        return notice("bad", problem_title(problem), t(f"banking.form.{kind}"))
    meaning = MEANINGS.get(problem.code, "") if language() == "zh" else ""
    if not meaning:
        return notice("bad", problem_title(problem), problem.detail)
    detail = Markup("<details><summary>{}</summary><code>{}</code></details>").format(
        t("problem.detail"), problem.detail
    )
    return notice("bad", problem_title(problem), Markup("{}{}").format(meaning, detail))


def text_field(
    label: str, *, value: str = "", unit: str = "", hint: str = "", check: Check | None = None
) -> ui.input:
    """Show a field of text with its unit and help; it complains as one types."""

    def complaint(text: str | None) -> str | None:
        return (check(text or "") or None) if check else None

    shown = ui.input(label=label, value=value, validation=complaint)
    _dressed(shown, unit=unit, hint=hint)
    return shown


def _dressed(shown: Element, *, unit: str = "", hint: str = "") -> None:
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
        return t("banking.form.amount", places=exponent(currency))
    return "" if minor > 0 else t("banking.form.above_zero")


def amount_of(text: str | None, currency: str) -> int | None:
    """Read an amount as minor units; None where it is none."""
    try:
        return parse_minor((text or "").replace(",", ""), currency)
    except Malformed:
        return None


def day_field(label: str, *, value: str = "", hint: str = "") -> ui.input:
    """Show a field for a day."""
    shown = day_input(label, value=value)
    _dressed(shown, hint=hint)
    return shown


def choice_field(
    label: str, options: Mapping[str, str], value: str, *, hint: str = ""
) -> ui.select:
    """Show a choice of one."""
    shown = ui.select(dict(options), label=label, value=value)
    _dressed(shown, hint=hint)
    return shown


@contextmanager
def grid() -> Iterator[None]:
    """Lay fields beside each other where there is room."""
    with box("yj-form-grid"):
        yield


@dataclass(slots=True)
class TermFields:
    """Fields of a product's terms, with their bounds, units and help."""

    info: ProductInfo
    fields: dict[str, ValueElement[Any]] = field(default_factory=dict)

    def draw(
        self,
        values: Mapping[str, int],
        changed: Callable[[], Any],
        *,
        names: list[str] | None = None,
    ) -> None:
        """Lay the fields of some terms, or of all."""
        for one in self.info.parameters:
            if names is None or one.name in names:
                shown = self._field(one, values.get(one.name, one.default))
                shown.on_value_change(lambda _: changed())
                self.fields[one.name] = shown

    def _field(self, one: ParameterInfo, value: int | None) -> ValueElement[Any]:
        currency, label = self.info.currency, terms.term_name(one.name)
        if options := terms.choices(one):
            chosen = str(value) if str(value) in options else next(iter(options))
            return choice_field(label, options, chosen, hint=terms.term_help(one.name))
        limits = terms.bounds(one, currency)
        helped = terms.term_help(one.name)
        shown = text_field(
            label,
            value=terms.typed(one, value, currency),
            unit=terms.unit(one, currency),
            hint=f"{helped} {limits}".strip(),
            check=lambda text: terms.complaint(one, text, currency),
        )
        return shown.props("inputmode=decimal autocomplete=off")

    def complaints(self) -> list[str]:
        """Return the names of terms that will not do."""
        kinds = {one.name: one for one in self.info.parameters}
        return [
            name
            for name, shown in self.fields.items()
            if terms.complaint(kinds[name], str(shown.value or ""), self.info.currency)
        ]

    def values(self) -> dict[str, int]:
        """Return the terms that were given; call it where nothing complains."""
        kinds = {one.name: one for one in self.info.parameters}
        return {
            name: terms.parsed(kinds[name], str(shown.value), self.info.currency)
            for name, shown in self.fields.items()
            if str(shown.value or "").strip()
        }


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a deed. Where it is not good, the dialog stays and says so."""

    words: str
    is_good: bool = True


class Deed:
    """A dialog that does one thing, once: sent again after a lost answer, it has the same id.

    Parameters
    ----------
    build : lays the fields; each calls `changed` when it changes.
    effect : what will happen, in a sentence; "" while the form is not complete.
    act : does it, in a worker thread; gets the command's id.
    done : is told that it is done.
    typed : what a reader types to confirm something that cannot be undone; "" for none.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        title: str,
        action: str,
        build: Callable[["Deed"], None],
        effect: Callable[[], str],
        act: Callable[[UUID], Done],
        done: Callable[[], Awaitable[None]],
        typed: str = "",
    ) -> None:
        self._clock, self._effect, self._act, self._done = clock, effect, act, done
        self._id, self._typed = uuid7(clock), typed
        # On the page itself: what is drawn anew around the button takes no dialog away.
        with (
            context.client.content,
            ui.dialog() as self._dialog,
            box("yj-dialog"),
            ui.element("form") as form,
        ):
            form.on("submit", self._submit, js_handler="(e) => { e.preventDefault(); emit(); }")
            form.props(f'aria-label="{title}"')
            html(title, tag="h2")
            build(self)
            self._words = html("", classes="yj-effect").props('role="status"')
            if typed:
                self._confirm = ui.input(label=t("confirm.type", name=typed))
                self._confirm.props("outlined dense").classes("yj-field")
                self._confirm.on_value_change(self.changed)
            with box("yj-dialog-actions"):
                button(t("action.cancel"), self._dialog.close)
                self._button = button(action, self._submit, primary=not typed)
                if typed:
                    self._button.classes("yj-danger")
        self._dialog.on("hide", self._dialog.delete)
        self.changed()

    def open(self) -> None:
        """Show the dialog."""
        self._dialog.open()

    @property
    def is_ready(self) -> bool:
        """Whether it may be done."""
        is_confirmed = not self._typed or str(self._confirm.value or "").strip() == self._typed
        return bool(self._effect()) and is_confirmed

    def changed(self, _: object = None) -> None:
        """Say what would happen now."""
        self._words.set_content(str(Markup("<p>{}</p>").format(self._effect())))
        self._button.set_enabled(self.is_ready)

    async def _submit(self) -> None:
        if not self.is_ready or not self._button.enabled:
            return
        self._button.set_enabled(False)
        self._button.props("loading")
        try:
            done = await ask(self._act, self._id)
        except Problem as problem:
            self._failed(problem)
            return
        finally:
            self._button.props(remove="loading")
        if not done.is_good:
            self._id = uuid7(self._clock)
            self._stay(notice("bad", t("banking.form.refused"), done.words))
            return
        self._dialog.close()
        ui.notify(done.words, type="positive", position="top")
        await self._done()

    def _failed(self, problem: Problem) -> None:
        if not isinstance(problem, Outage | Unknown):
            self._id = uuid7(self._clock)
        self._stay(notice_of(problem))

    def _stay(self, words: Markup) -> None:
        self._words.set_content(str(words))
        self._button.set_enabled(True)


def value_deed(
    clock: Clock,
    name: str,
    *,
    build: Callable[[Fields], None],
    made: Callable[[Fields], V | None],
    effect: Callable[[V], str],
    keep: Callable[[UUID, V], object],
    done: Callable[[], Awaitable[None]],
) -> None:
    """Open the dialog that keeps one value; its words are `banking.deed.<name>` and the like.

    Parameters
    ----------
    build : lays the fields into the dictionary.
    made : makes the value of what they hold; None while something is missing.
    effect : what will happen, in a sentence.
    keep : does it, in a worker thread.
    """
    fields: Fields = {}

    def lay(deed: Deed) -> None:
        build(fields)
        for one in fields.values():
            one.on_value_change(deed.changed)

    def words() -> str:
        value = made(fields)
        return "" if value is None else effect(value)

    def act(command_id: UUID) -> Done:
        value = made(fields)
        if value is None:  # `effect` saw to it
            return Done(t("banking.form.needed"), is_good=False)
        keep(command_id, value)
        return Done(t(f"banking.done.{name}"))

    Deed(
        clock=clock,
        title=t(f"banking.deed.{name}"),
        action=t(f"banking.deed.{name}_now"),
        build=lay,
        effect=words,
        act=act,
        done=done,
    ).open()


def menu_button(text: str, deeds: Mapping[str, Callable[[], Any]]) -> None:
    """Show a button that opens a menu of deeds."""
    shown = ui.button(text, icon="o_expand_more", color=None).classes("yj-button")
    with shown.props("no-caps unelevated aria-haspopup=menu"), ui.menu().classes("yj-menu"):
        for name, act in deeds.items():
            ui.menu_item(name, on_click=act)

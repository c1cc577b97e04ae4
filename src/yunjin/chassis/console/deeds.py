"""A deed: a dialog that does one thing, once."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from markupsafe import Markup
from nicegui import context, ui

from yunjin.chassis.console.context import ask
from yunjin.chassis.console.forms import notice, notice_of
from yunjin.chassis.console.parts import box, button, html
from yunjin.chassis.console.words import t
from yunjin.kernel.clock import Clock
from yunjin.kernel.errors import Outage, Problem, Unknown
from yunjin.kernel.ids import uuid7

Fields = dict[str, ui.input | ui.select]
V = TypeVar("V")


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
            self._stay(notice("bad", t("form.refused"), done.words))
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
    room: str,
    name: str,
    *,
    build: Callable[[Fields], None],
    made: Callable[[Fields], V | None],
    effect: Callable[[V], str],
    keep: Callable[[UUID, V], object],
    done: Callable[[], Awaitable[None]],
) -> None:
    """Open the dialog that keeps one value; its words are `<room>.deed.<name>` and the like.

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
            return Done(t("form.needed"), is_good=False)
        keep(command_id, value)
        return Done(t(f"{room}.done.{name}"))

    Deed(
        clock=clock,
        title=t(f"{room}.deed.{name}"),
        action=t(f"{room}.deed.{name}_now"),
        build=lay,
        effect=words,
        act=act,
        done=done,
    ).open()

"""What cannot be taken back lightly is confirmed, danger by typing the name of what it is about."""

from collections.abc import Awaitable, Callable

from nicegui import ui

from yunjin.chassis.console.parts import button, html
from yunjin.chassis.console.words import t


def confirm(
    *,
    title: str,
    effect: str,
    action: str,
    on_confirm: Callable[[], Awaitable[None] | None],
) -> ui.dialog:
    """Return a dialog that says what `action` does and runs `on_confirm` if the reader agrees."""

    async def agreed() -> None:
        dialog.close()
        done = on_confirm()
        if done is not None:
            await done

    with ui.dialog() as dialog, ui.element("div").classes("yj-dialog"):
        html(title, tag="h2")
        html(effect, tag="p")
        with ui.element("div").classes("yj-dialog-actions"):
            button(t("action.cancel"), dialog.close)
            button(action, agreed, primary=True).props("autofocus")
    return dialog


def confirm_by_typing(
    *,
    title: str,
    effect: str,
    name: str,
    action: str,
    on_confirm: Callable[[], Awaitable[None] | None],
    is_reversible: bool = False,
) -> ui.dialog:
    """Return a dialog that runs `on_confirm` once the reader has typed `name`.

    Parameters
    ----------
    effect : what will happen, in a sentence.
    action : the button's word: the deed, not "OK".
    """

    async def confirm() -> None:
        if typed.value.strip() != name:
            return
        dialog.close()
        done = on_confirm()
        if done is not None:
            await done

    with ui.dialog() as dialog, ui.element("div").classes("yj-dialog"):
        html(title, tag="h2")
        html(effect, tag="p")
        html(t("confirm.reversible" if is_reversible else "confirm.irreversible"), tag="p")
        typed = ui.input(label=t("confirm.type", name=name)).props("outlined dense autofocus")
        typed.classes("yj-field").on("keydown.enter", confirm)
        with ui.element("div").classes("yj-dialog-actions"):
            button(t("action.cancel"), dialog.close)
            deed = button(action, confirm).classes("yj-danger")
            deed.bind_enabled_from(typed, "value", backward=lambda value: value.strip() == name)
    return dialog

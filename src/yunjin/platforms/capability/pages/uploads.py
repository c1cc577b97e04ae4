"""A button that takes a file from the reader's machine."""

from collections.abc import Awaitable, Callable

from nicegui import ui
from nicegui.events import UploadEventArguments

from yunjin.chassis.console import button, notice_of, t
from yunjin.kernel.errors import Problem

Taken = Callable[[bytes], Awaitable[str]]


def upload_button(
    label: str,
    take: Taken,
    say: Callable[[str], object],
    *,
    accept: str,
    bytes_max: int,
    too_large: str,
) -> ui.upload:
    """Lay the button; return the element that takes the files.

    Parameters
    ----------
    take : works the file; returns where to go then, an address. A problem is said.
    say : shows words that are markup.
    too_large : key of what is said of a file that is too large.
    """

    async def taken(event: UploadEventArguments) -> None:
        content = await event.file.read()
        element.reset()
        try:
            path = await take(content)
        except Problem as problem:
            say(str(notice_of(problem)))
            return
        ui.navigate.to(path)

    element = ui.upload(
        on_upload=taken,
        on_rejected=lambda: ui.notify(t(too_large), type="negative", position="top"),
        auto_upload=True,
        max_file_size=bytes_max,
    ).props(f'accept="{accept}"')
    element.style("display: none")
    button(label, lambda: element.run_method("pickFiles"), icon="upload_file", primary=True)
    return element

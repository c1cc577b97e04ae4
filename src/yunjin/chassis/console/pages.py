"""How a room puts a page on the console: the frame around it, trouble shown in its place."""

import inspect
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import ParamSpec

from nicegui import context, ui
from nicegui.client import ClientConnectionTimeout

from yunjin.chassis.console.context import entry_of
from yunjin.chassis.console.parts import problem_panel, title_row
from yunjin.chassis.console.shell import shell
from yunjin.chassis.console.words import t

P = ParamSpec("P")
ARRIVES_S = 30  # within which a browser opens its socket, or nobody looks
Build = Callable[P, Awaitable[None] | None]


def page(
    path: str, *, title: str, active: str
) -> Callable[[Build[P]], Callable[P, Awaitable[None]]]:
    """Register what the decorated function builds as the page at `path` below the console's root.

    Parameters
    ----------
    title : key of the word for the window's title.
    active : key of the menu entry the page belongs to.
    """

    def registered(build: Build[P]) -> Callable[P, Awaitable[None]]:
        @wraps(build)
        async def shown(*args: P.args, **kwargs: P.kwargs) -> None:
            with shell(active=active, title=t(title)):
                with ui.element("div").classes("yj-content") as content:
                    try:
                        built = build(*args, **kwargs)
                        if inspect.isawaitable(built):
                            await built
                        return
                    except ClientConnectionTimeout:  # nobody is there to be told
                        raise
                    except Exception as error:
                        if content.client.is_deleted:  # the reader left before the page was whole
                            return
                        problem = error
                content.clear()
                with content:
                    with title_row(t(title)):
                        pass
                    problem_panel(problem, back=entry_of(active))

        ui.page(path, response_timeout=30)(shown)
        return shown

    return registered


async def laid() -> None:
    """Let the reader have what is laid so far; what takes longer follows over skeletons."""
    await context.client.connected(timeout=ARRIVES_S)

"""The console without a browser: NiceGUI's simulated user on a mounted console of given rooms."""

import asyncio
import gc
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path

import httpx
from fastapi import FastAPI
from nicegui import Client, core, ui
from nicegui.functions.download import download
from nicegui.functions.navigate import Navigate
from nicegui.functions.notify import notify
from nicegui.testing.general import nicegui_reset_globals
from nicegui.testing.user import User

from yunjin.chassis.console import mount
from yunjin.chassis.console.words import Language
from yunjin.kernel.clock import Clock
from yunjin.kernel.room import Faces, Room, near

LANGUAGES: tuple[Language, ...] = ("zh", "en")


@cache
def _settled() -> None:
    """Keep the collector from what is loaded: NiceGUI's reset asks it for all there is, twice."""
    gc.collect()
    gc.freeze()


class Reader(User):
    """A reader who waits until a page has filled itself."""

    async def open(self, path: str, *, clear_forward_history: bool = True) -> Client:
        """Open a path; return once no skeleton is left."""
        client = await super().open(path, clear_forward_history=clear_forward_history)
        while any("yj-skeleton" in one.classes for one in client.elements.values()):
            await asyncio.sleep(0.005)
        return client


@asynccontextmanager
async def visited(
    rooms: Sequence[Room | Faces], *, clock: Clock, home: Path, language: Language = "zh"
) -> AsyncIterator[User]:
    """Yield a reader of a strict console: a missing word is an error."""
    _settled()
    way = near(*(one for one in rooms if isinstance(one, Room)))
    faces = [one if isinstance(one, Faces) else one.faces(way) for one in rooms]
    with nicegui_reset_globals():
        os.environ["NICEGUI_USER_SIMULATION"] = "true"
        try:
            api = FastAPI()
            mount(api, faces, tenant="demo", clock=clock, home=home, is_strict=True)
            async with (
                api.router.lifespan_context(api),
                httpx.AsyncClient(
                    transport=httpx.ASGITransport(api),
                    base_url="http://test/console",
                    headers={"accept-language": language},
                ) as http,
            ):
                yield Reader(http)
        except BaseException:
            await core.app.stop()  # NiceGUI's own lifespan forgets to when a story fails
            raise
        finally:
            os.environ.pop("NICEGUI_USER_SIMULATION")
            Client.page_routes.clear()  # or else it would unload the modules of the pages
            ui.navigate, ui.notify, ui.download = Navigate(), notify, download


def visit(
    rooms: Sequence[Room | Faces],
    story: Callable[[User], Awaitable[None]],
    *,
    clock: Clock,
    home: Path,
    language: Language = "zh",
) -> None:
    """Let a reader live through a story."""

    async def told() -> None:
        async with visited(rooms, clock=clock, home=home, language=language) as user:
            await story(user)

    asyncio.run(told())


def text_of(user: User) -> str:
    """Return all that the page says, tags included."""
    assert user.client is not None
    said: list[str] = []
    for element in user.client.elements.values():
        said += [str(part) for part in element._displayed_contents(only_visible=False) if part]
    return "\n".join(said)

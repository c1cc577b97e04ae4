"""Mount the console: every room's pages, menu, words and search under one address."""

import datetime as dt
import hashlib
import os
import secrets
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from zoneinfo import ZoneInfo

from fastapi import FastAPI, Request
from fastapi.responses import RedirectResponse, Response
from nicegui import Client, app, ui, ui_run_with
from nicegui.storage import Storage

from yunjin.chassis.console import lexicon, markup, shell
from yunjin.chassis.console.context import Console, install
from yunjin.chassis.console.parts import box, empty, panel, title_row
from yunjin.chassis.console.words import LEXICON, t
from yunjin.kernel.clock import Clock
from yunjin.kernel.room import Faces

ASSETS = Path(__file__).parent / "assets"


def mount(
    api: FastAPI,
    faces: Sequence[Faces],
    *,
    tenant: str,
    clock: Clock,
    home: Path,
    root: str = "/console",
    zone: ZoneInfo | None = None,
    cutoff: dt.time = dt.time(23, 0),
    is_strict: bool = False,
) -> None:
    """Put the staff console of these rooms' faces on `api`, once a process.

    Starlette does not run a mounted app's lifespan: whoever serves `api` inside another app
    must enter `api.router.lifespan_context(api)`.

    Parameters
    ----------
    tenant : whom calls are made for.
    home : folder of the installation; readers' settings and the cookie's key go to its `console`.
    zone : times are written in it; China's by default.
    cutoff : local time from which on the business date is tomorrow's.
    is_strict : a missing word is a Bug instead of a warning; for tests.
    """
    folder = home / "console"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    _keep_readers_in(folder / "readers")
    LEXICON.clear()
    LEXICON.is_strict = is_strict
    LEXICON.add(lexicon.WORDS)
    for one in faces:
        LEXICON.add(one.words)
    install(
        Console(
            root=root,
            assets_version=_version(),
            tenant=tenant,
            clock=clock,
            zone=zone or ZoneInfo("Asia/Shanghai"),
            cutoff=cutoff,
            menu=tuple(
                sorted((e for one in faces for e in one.menu), key=lambda entry: entry.order)
            ),
            search=tuple(search for one in faces for search in one.search),
        )
    )
    app.add_static_files(shell.ASSETS, ASSETS, max_cache_age=31_536_000)
    _register_home(root, faces)
    for one in faces:
        if one.pages is not None:
            one.pages()
    _spare_other_threads()
    ui.run_with(
        api,
        mount_path=root,
        title="云锦 Yunjin",
        favicon=ASSETS / "favicon.svg",
        language="zh-CN",
        tailwind=False,
        reconnect_timeout=10,
        storage_secret=storage_secret(folder / "secret"),
        session_middleware_kwargs={
            "session_cookie": "yunjin_console",
            "same_site": "strict",
            "path": root,
        },
        show_welcome_message=False,
    )


def storage_secret(path: Path) -> str:
    """Return the key that signs the console's cookies, made at first use, readable by its owner."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text("ascii")
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        secret = secrets.token_urlsafe(32)
        file.write(secret)
    return secret


def _spare_other_threads() -> None:
    """Keep NiceGUI from looking through all objects for a server that it could stop.

    While it holds them, threads that make a tuple fail with a SystemError of the interpreter; and
    nobody asks it to stop the server.
    """
    setattr(ui_run_with, "gc", SimpleNamespace(get_objects=list))  # noqa: B010


def _keep_readers_in(folder: Path) -> None:
    """Keep readers' settings there: NiceGUI reads the variable at import, which may be over."""
    os.environ["NICEGUI_STORAGE_PATH"] = str(folder)
    if Storage.path != folder.resolve():
        Storage.path = folder.resolve()
        app.storage = Storage()


def _version() -> str:
    """Return a name for the assets' content, so that browsers keep them until they change."""
    digest = hashlib.sha256()
    for file in sorted(ASSETS.iterdir()):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


def _register_home(root: str, faces: Sequence[Faces]) -> None:
    first = min((entry for one in faces for entry in one.menu), key=lambda entry: entry.order)

    @app.get("/", include_in_schema=False)
    def home() -> Response:
        return RedirectResponse(f"{root}{first.path}", 307)

    @app.exception_handler(404)
    async def not_found(request: Request, _: Exception) -> Response:
        client = Client(ui.page(""), request=request)
        with client, shell.shell(active="", title=t("frame.not_found")), box("yj-content"):
            with title_row(t("frame.not_found")):
                pass
            with panel():
                empty(
                    t("frame.not_found_note"),
                    icon="explore_off",
                    action=markup.button_link(t("frame.go_home"), "/", sign="home"),
                )
        return client.build_response(request, 404)

"""The frame around every page. Goal: it mounts safely, leads home, and shows trouble in words.
Method: a simulated reader on a room made for the test."""

import asyncio
import gc
import os
import stat
from pathlib import Path

import pytest
from nicegui import ui
from nicegui.testing.user import User

from tests.chassis.console.conftest import Show
from tests.console import LANGUAGES, text_of
from yunjin.chassis.console import confirm_by_typing, html, laid, page, skeleton, t
from yunjin.chassis.console.context import console
from yunjin.chassis.console.mounting import storage_secret
from yunjin.chassis.console.words import Language
from yunjin.kernel.errors import NotFound, Outage
from yunjin.kernel.room import Hit


def simple_pages() -> None:
    """Register a page that works, one that is refused, one that is down and one that breaks."""

    @page("/show", title="show", active="show")
    def shown() -> None:
        html("<b>content & co</b>")

    @page("/show/refused", title="show", active="show")
    async def refused() -> None:
        html("half a page")
        raise NotFound("There is no such thing.")

    @page("/show/down", title="show", active="show")
    def down() -> None:
        raise Outage("The database is away.")

    @page("/show/broken", title="show", active="show")
    def broken() -> None:
        raise ZeroDivisionError("secret detail")


def test_the_console_leads_to_its_first_page(show: Show) -> None:
    async def story(user: User) -> None:
        answer = await user.http_client.get("/")
        assert answer.status_code == 307
        assert answer.headers["location"] == "/console/show"

    show.visit(show.room(simple_pages), story)


def test_starting_holds_no_object_of_other_threads(
    show: Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[int] = []
    monkeypatch.setattr(gc, "get_objects", lambda: looked.__iadd__([1]))

    async def story(user: User) -> None:
        await user.open("/show")

    show.visit(show.room(simple_pages), story)
    assert looked == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_frame_shows_tenant_business_date_and_menu(show: Show, language: Language) -> None:
    async def story(user: User) -> None:
        await user.open("/show")
        for words in ("demo", console().business_date().isoformat(), t("show"), t("section.money")):
            await user.should_see(words)

    show.visit(show.room(simple_pages), story, language)


def test_text_is_escaped(show: Show) -> None:
    async def story(user: User) -> None:
        await user.open("/show")
        assert "&lt;b&gt;content &amp; co&lt;/b&gt;" in text_of(user)

    show.visit(show.room(simple_pages), story)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/show/refused", "A rule refused this"),
        ("/show/down", "Temporarily unavailable"),
        ("/show/broken", "Something went wrong here"),
    ],
)
def test_trouble_takes_the_place_of_the_page(show: Show, path: str, words: str) -> None:
    async def story(user: User) -> None:
        await user.open(path)
        await user.should_see(words)
        await user.should_see("Trace id")
        await user.should_not_see("half a page")
        await user.should_not_see("secret detail")

    show.visit(show.room(simple_pages), story, "en")


def test_what_takes_long_follows_over_a_skeleton(show: Show) -> None:
    def pages() -> None:
        @page("/show", title="show", active="show")
        async def slow(fails: bool = False) -> None:
            html("at once")
            bones = skeleton()
            await laid()
            if fails:
                raise Outage("away")
            bones.delete()
            html("later")

    async def story(user: User) -> None:
        first = (await user.http_client.get("/show")).text
        assert "at once" in first
        assert "yj-skeleton" in first
        assert "later" not in first
        await user.open("/show")
        await user.should_see("at once")
        await user.should_see("later")
        await user.open("/show?fails=true")
        await user.should_see("暂时不可用")
        await user.should_not_see("at once")

    show.visit(show.room(pages), story)


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_unknown_address_leads_home(show: Show, language: Language) -> None:
    async def story(user: User) -> None:
        answer = await user.http_client.get("/nowhere")
        assert answer.status_code == 404
        assert {"zh": "没有这个页面", "en": "No such page"}[language] in answer.text

    show.visit(show.room(simple_pages), story, language)


def test_nothing_is_asked_of_other_hosts(show: Show) -> None:
    async def story(user: User) -> None:
        answer = await user.http_client.get("/show")
        sources = [part.split('"')[0] for part in answer.text.split('src="')[1:]]
        links = [part.split('"')[0] for part in answer.text.split('href="')[1:]]
        assert [one for one in sources + links if "://" in one or one.startswith("//")] == []
        assert "&lt;style" not in answer.text  # markup that met NiceGUI's and was escaped

    show.visit(show.room(simple_pages), story)


def test_a_readers_settings_stay_in_the_home(show: Show) -> None:
    async def story(user: User) -> None:
        await user.open("/show")
        folder = show.home / "console" / "readers"
        while not list(folder.glob("storage-user-*.json")):  # written in the background
            await asyncio.sleep(0)

    show.visit(show.room(simple_pages), story)
    assert not Path(".nicegui").exists()


def test_the_secret_is_kept_and_its_owners_alone(tmp_path: Path) -> None:
    first = storage_secret(tmp_path / "secret")
    assert len(first) >= 40
    assert storage_secret(tmp_path / "secret") == first
    assert stat.S_IMODE(os.stat(tmp_path / "secret").st_mode) == 0o600


def test_search_asks_every_room_and_the_menu(show: Show) -> None:
    def search(query: str) -> list[Hit]:
        return [Hit(kind="show", title=f"found {query}", path="/show")]

    def broken(query: str) -> list[Hit]:
        raise Outage("down")

    async def story(user: User) -> None:
        await user.open("/show")
        assert user.client is not None
        [dialog] = [one for one in user.client.elements.values() if isinstance(one, ui.dialog)]
        dialog.open()
        user.find(kind=ui.input, content="Search accounts").type("sho")
        await user.should_see("found sho")
        assert text_of(user).count('class="yj-hit"') == 2

    show.visit(show.room(simple_pages, [search, broken]), story, "en")


def test_danger_waits_for_the_name(show: Show) -> None:
    done: list[str] = []

    def pages() -> None:
        @page("/show", title="show", active="show")
        def shown() -> None:
            confirm_by_typing(
                title="Drop",
                effect="All of it goes.",
                name="demo",
                action="Drop it",
                on_confirm=lambda: done.append("dropped"),
            ).open()

    async def story(user: User) -> None:
        await user.open("/show")
        await user.should_see("This cannot be undone.")
        user.find("Drop it").click()
        user.find(kind=ui.input, content="Type “demo” to confirm").type("dem")
        user.find("Drop it").click()
        assert done == []
        user.find(kind=ui.input, content="Type “demo” to confirm").type("o")
        user.find("Drop it").click()
        while not done:
            await asyncio.sleep(0)
        assert done == ["dropped"]

    show.visit(show.room(pages), story, "en")

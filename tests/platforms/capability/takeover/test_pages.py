"""The page of replacing an old core, as who runs it meets it, in both languages; and over HTTP.

Method: NiceGUI's simulated user, and a test client, on the real services over SQLite.
"""

from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from nicegui import ui
from nicegui.testing.user import User
from nicegui.testing.user_interaction import UserInteraction

from tests.console import text_of, visit
from tests.platforms.capability.takeover.conftest import FIRST_DAY, NewHome
from tests.platforms.capability.takeover.legacy import BRANCHES
from tests.platforms.capability.takeover.test_parallel import Evening, accounts
from yunjin.chassis.console.words import Language
from yunjin.chassis.transport import install_problems
from yunjin.kernel.room import Faces, MenuEntry
from yunjin.platforms.capability.api.takeover import CellState
from yunjin.platforms.capability.pages.words_takeover import TAKEOVER
from yunjin.platforms.capability.routes.takeover import router

pytestmark = pytest.mark.parametrize("database_url", [""])
PATIENCE = 300  # looks, a tenth of a second apart
COMMON = {
    "capability.note_why": ("原因", "Why"),
}


def seen(home: NewHome, folder: Path, story: Any, language: Language = "zh") -> None:
    """Let somebody live through a story at this console."""
    assert home.making is not None
    register = home.making.pages[-1]
    menu = MenuEntry(section="section.cloud", key="takeover.runs", icon="x", path="/takeover")
    room = Faces(
        pages=lambda: register(home.doors.__getitem__),
        menu=[menu],
        words={**TAKEOVER, **COMMON},
    )
    visit([room], story, clock=home.clock, home=folder, language=language)


def press(user: User, label: str) -> None:
    """Press the newest button of exactly this label."""
    found = user.find(kind=ui.button, content=label).elements
    [*_, last] = [one for one in sorted(found, key=lambda e: e.id) if one.text == label]
    UserInteraction(user, {last}, None).click()


def type_in(user: User, label: str, value: str) -> None:
    [field] = user.find(kind=ui.input, content=label).elements
    field.set_value(value)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_state_has_its_words(home: NewHome, tmp_path: Path, language: Language) -> None:
    run = home.checked(600, errors=2)
    _, second, third, fourth = BRANCHES
    for cell in (second, third, fourth):
        home.takeover.freeze(home.id(), run.run_id, cell)
    for cell in (third, fourth):
        home.takeover.load(home.id(), run.run_id, cell)
        assert home.takeover.prove(home.id(), run.run_id, cell).holds
    home.takeover.go_live(home.id(), run.run_id, third)
    home.takeover.fall_back(home.id(), run.run_id, fourth)

    async def story(user: User) -> None:
        await user.open("/takeover")
        await user.should_see("legacy · one")
        await user.open(f"/takeover/{run.run_id}")
        for word in ("prepared", "frozen", "live", "fallen_back"):
            zh, en = TAKEOVER[f"takeover.state.{word}"]
            await user.should_see(zh if language == "zh" else en)
        await user.should_see("term_deposits")
        await user.open("/takeover/not-an-id")
        zh, en = TAKEOVER["problem.capability/takeover-not-found"]
        await user.should_see(zh if language == "zh" else en)

    seen(home, tmp_path, story, language)


def test_a_delivery_is_checked_and_a_cell_goes_live_from_the_page(
    home: NewHome, tmp_path: Path
) -> None:
    home.delivered(60)

    async def story(user: User) -> None:
        await user.open("/takeover")
        await user.should_see("还没有检查过交付")
        press(user, "检查交付")
        type_in(user, "交付目录名", "one")
        await user.should_see("读取“one”并逐行检查")
        press(user, "检查")
        await user.should_see("已检查", retries=PATIENCE)
        [run] = home.takeover.runs().items
        home.takeover.freeze(home.id(), run.run_id, "0101")
        home.takeover.load(home.id(), run.run_id, "0101")
        home.takeover.prove(home.id(), run.run_id, "0101")
        await user.open(f"/takeover/{run.run_id}")
        press(user, "投产")
        await user.should_see("可以回退")
        typed = max(user.find(kind=ui.input).elements, key=lambda one: one.id)
        typed.set_value("0101")
        press(user, "投产")
        await user.should_see("0101 已投产", retries=PATIENCE)

    seen(home, tmp_path, story)
    [run] = home.takeover.runs().items
    assert home.takeover.cells(run.run_id)[0].state is CellState.LIVE


def test_the_parallel_run_shows_its_trend(home: NewHome, tmp_path: Path) -> None:
    run = home.checked(40)
    home.lived(run)
    home.close_day()
    evening = Evening(home, run)
    [(_, key)] = accounts(home, 1)
    evening.add(key, 2, "7")
    evening.write(home.folder / "evening")
    home.takeover.compare(home.id(), run.run_id, "evening", FIRST_DAY)

    async def story(user: User) -> None:
        await user.open(f"/takeover/{run.run_id}")
        await user.should_see("原因不明 1")
        assert "2026-03-17" in text_of(user)

    seen(home, tmp_path, story)


def test_a_book_is_moved_over_http(home: NewHome) -> None:
    home.delivered(60)
    api = FastAPI()
    install_problems(api)
    api.include_router(router(home.takeover), prefix="/v1")

    def send(path: str, status: int = 200, **document: Any) -> Any:
        answer = client.post(f"/v1/takeover{path}", json={"id": str(home.id()), **document})
        assert answer.status_code == status, answer.text
        return answer.json()

    with TestClient(api, raise_server_exceptions=False) as client:
        run = send("/runs", 201, source="one", by="Lin")
        base = f"/runs/{run['run_id']}"
        assert send(f"{base}/cells/0101/load", 409)["code"] == "capability/takeover-refused"
        for step, state in (("freeze", "frozen"), ("load", "loaded")):
            assert send(f"{base}/cells/0101/{step}", by="Lin")["state"] == state
        proof = send(f"{base}/cells/0101/prove")
        assert proof["holds"]
        assert client.get(f"/v1/takeover{base}/cells/0101/proof").json() == proof
        assert send(f"{base}/cells/0101/live")["state"] == "live"
        delta = client.get(f"/v1/takeover{base}/cells/0101/delta").json()
        assert set(delta["files"]) == {"balances.txt", "history.txt", "controls.txt"}
        file = client.get(f"/v1/takeover{base}/cells/0101/delta/balances.txt")
        assert file.content.startswith(b"ACCT_NO|BAL|")
        assert client.get(f"/v1/takeover{base}/cells/0101/delta/none").status_code == 404
        back = send(f"{base}/cells/0101/fall_back", why="rehearsal")
        assert (back["state"], back["loaded"]) == ("fallen_back", 0)
        assert send("/runs", 404, source="../etc")["code"] == "capability/takeover-not-found"
        assert client.get("/v1/takeover/runs").json()["items"][0] == run
        assert client.get(f"/v1/takeover{base}/findings").json()["items"] == []
        assert len(client.get(f"/v1/takeover{base}/cells").json()) == len(BRANCHES)

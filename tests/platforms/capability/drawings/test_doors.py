"""Goal: drawings are reached over HTTP and on the console's pages, in both languages.

Method: the router under a test client; NiceGUI's simulated user on the real service.
"""

import sys
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from nicegui import ui
from nicegui.testing.user import User
from nicegui.testing.user_interaction import UserInteraction

from tests.console import text_of, visit
from tests.platforms.capability.drawings.conftest import GOLDEN, Studio
from tests.platforms.capability.drawings.pens import call, drawn, person
from yunjin.chassis.console.words import Language
from yunjin.chassis.flow import Engine, State
from yunjin.chassis.flow_pages import FlowPages
from yunjin.chassis.transport import install_problems
from yunjin.kernel.room import Faces
from yunjin.platforms.capability import pages
from yunjin.platforms.capability.pages import drawings as drawings_pages
from yunjin.platforms.capability.routes.drawings import router

pytestmark = pytest.mark.parametrize("database_url", [""])
LOAN = (GOLDEN / "cash_loan.bpmn").read_text(encoding="utf-8")


def client(studio: Studio) -> TestClient:
    api = FastAPI()
    install_problems(api)
    api.include_router(router(studio.drawings), prefix="/v1")
    return TestClient(api, raise_server_exceptions=False)


def test_a_drawing_is_brought_started_and_ended_over_http(studio: Studio) -> None:
    with client(studio) as web:

        def post(path: str, status: int, **document: Any) -> Any:
            answer = web.post(f"/v1{path}", json=document)
            assert answer.status_code == status, answer.text
            return answer.json() if answer.content else None

        checked = post("/drawings/check", 200, text=drawn(call("limit.delete")))
        assert checked["findings"][0]["element"] == "task"
        refused = post(
            "/drawings", 422, id=str(studio.id()), text=drawn(call("limit.delete")), by="安娜"
        )
        assert refused["code"] == "capability/drawing-refused"
        assert refused["findings"] == checked["findings"]
        made = post("/drawings", 201, id=str(studio.id()), text=LOAN, by="安娜")
        assert (made["code"], made["version"]) == ("cash_loan", 1)
        assert [one["code"] for one in web.get("/v1/drawings").json()["items"]] == ["cash_loan"]
        assert web.get("/v1/drawings/cash_loan/bpmn").text == LOAN
        picture = web.get("/v1/drawings/cash_loan/picture")
        assert picture.headers["content-type"].startswith("image/svg+xml")
        assert "占用额度" in picture.text
        assert web.get("/v1/drawings/none").status_code == 404
        limit = studio.limit()
        inputs = {"limit_id": str(limit.limit_id), "amount_minor": 600, "application": "A"}
        key = str(studio.id())
        for _ in range(2):
            started = post("/drawings/cash_loan/flows", 202, id=key, inputs=inputs)
        assert started == {"flow_id": key}
        wrong = {**inputs, "amount_minor": 6.5}
        post("/drawings/cash_loan/flows", 422, id=str(studio.id()), inputs=wrong)
        studio.engine.drain()
        post(f"/drawing_flows/{key}/messages", 204, id=str(studio.id()), message="hello", values={})
        post(f"/drawing_flows/{key}/cancel", 204, id=str(studio.id()), by="安娜", why="撤回")
        studio.engine.drain()
        assert studio.limits.limit(limit.limit_id).held_minor == 0
        retired = post("/drawings/cash_loan/retire", 200, id=str(studio.id()), by="安娜")
        assert retired["is_retired"]


def test_flows_in_code_are_drawn_over_http(studio: Studio) -> None:
    with client(studio) as web:
        names = web.get("/v1/drawn_flows").json()
        assert names == ["capability.task_due"]
        assert "capability.task_due" in web.get(f"/v1/drawn_flows/{names[0]}/bpmn").text
        assert "<svg" in web.get(f"/v1/drawn_flows/{names[0]}/picture").text
        assert web.get("/v1/drawn_flows/none/bpmn").status_code == 404


def seen(studio: Studio, home: Path, story: Any, language: Language = "zh") -> None:
    staff = FlowPages(studio.flows, "capability", section="section.cloud")

    def put() -> None:
        drawings_pages.register(studio.drawings, studio.clock)
        staff.register()

    words = {**pages.WORDS, **staff.words}
    menu = [*pages.MENU, staff.menu]
    room = Faces(pages=put, menu=menu, words=words)
    visit([room], story, clock=studio.clock, home=home, language=language)


def press(user: User, label: str) -> None:
    """Press the newest button of exactly this label."""
    found = user.find(kind=ui.button, content=label).elements
    [*_, last] = [one for one in sorted(found, key=lambda e: e.id) if one.text == label]
    UserInteraction(user, {last}, None).click()


def fill(user: User, label: str, value: str) -> None:
    [field] = user.find(kind=ui.input, content=label).elements
    field.set_value(value)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page_has_all_its_words(studio: Studio, tmp_path: Path, language: Language) -> None:
    studio.brought("cash_loan")
    studio.bring(drawn(person("task")))
    studio.drawings.retire(studio.id(), "sample", by="安娜")

    async def story(user: User) -> None:
        for path in ("/drawings", "/drawings/new", "/drawings/code/capability.task_due"):
            await user.open(path)
        for code in ("cash_loan", "sample"):
            await user.open(f"/drawings/{code}")
            assert 'class="yj-flow"' in text_of(user)
        await user.open("/drawings/none")
        await user.should_see("没有这张流程图" if language == "zh" else "There is no such drawing")

    seen(studio, tmp_path, story, language)


def test_a_drawing_is_pasted_mended_brought_and_started(studio: Studio, tmp_path: Path) -> None:
    limit = studio.limit()

    async def story(user: User) -> None:
        await user.open("/drawings")
        await user.should_see("还没有流程图")
        await user.open("/drawings/new")
        [text] = user.find(kind=ui.textarea).elements
        text.set_value(drawn(call("limit.delete")))
        press(user, "检查")
        await user.should_see("1 处不能运行")
        text.set_value(LOAN)
        press(user, "检查")
        await user.should_see("可以运行")
        press(user, "带入")
        fill(user, "经办人", "安娜")
        press(user, "带入")
        await user.should_see("已登记")
        await user.open("/drawings/cash_loan")
        press(user, "启动流程")
        for name, value in (
            ("limit_id", str(limit.limit_id)),
            ("amount_minor", "600"),
            ("application", "A-7"),
        ):
            fill(user, name, value)
        press(user, "启动")
        await user.should_see("已启动")

    seen(studio, tmp_path, story)
    studio.engine.drain()
    [task] = studio.waiting()
    assert task.title == "审批 A-7"


def test_the_page_of_a_flow_shows_its_drawing_and_where_it_is(
    studio: Studio, tmp_path: Path
) -> None:
    studio.brought("cash_loan")
    limit = studio.limit()
    inputs = {"limit_id": str(limit.limit_id), "amount_minor": 600, "application": "A"}
    flow_id = studio.start("cash_loan", inputs)

    async def story(user: User) -> None:
        await user.open(f"/capability/flows/{flow_id}")
        shown = text_of(user)
        assert '<g class="done"><title>占用额度' in shown
        assert '<g class="open"><title>审批' in shown
        await user.open("/capability/flows?flow=drawing.cash_loan")
        await user.should_see(str(flow_id))

    seen(studio, tmp_path, story)


def test_without_the_library_it_says_which_extra_is_missing(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A drawing that runs is parked, none is brought or started, and each says what to install."""
    studio.bring(drawn(person("task")))
    flow_id = studio.start("sample", {})
    studio.made.elsewhere._kept.clear()
    studio.engine.close()
    monkeypatch.setitem(sys.modules, "SpiffWorkflow", None)
    with client(studio) as web:
        for path, form in (
            ("/v1/drawings", {"text": LOAN, "by": "安娜"}),
            ("/v1/drawings/sample/flows", {"inputs": {}}),
        ):
            answer = web.post(path, json={"id": str(studio.id()), **form})
            assert answer.json()["code"] == "capability/bpmn-not-installed"
            assert "pip install 'yunjin[bpmn]'" in answer.json()["detail"]
    studio.engine = Engine(studio.flows, holder="another")
    task = studio.tasks.tasks().items[0]
    studio.complete(task)
    found = studio.state(flow_id)
    assert (found.state, found.outcome["kind"]) == (State.PARKED, "BpmnNotInstalled")
    monkeypatch.undo()
    studio.flows.retry(flow_id)
    studio.engine.drain()
    assert studio.ended(flow_id)["end"] == "end"

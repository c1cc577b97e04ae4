"""The pages of tasks as staff meet them, in both languages.

Goal: one list shows what waits, a page shows a task with the form it declares and does what it
offers. Method: NiceGUI's simulated user on the real services over SQLite; a deed is judged by what
became of the task.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from nicegui import ui
from nicegui.testing.user import User
from nicegui.testing.user_interaction import UserInteraction

from tests.console import text_of, visit
from tests.platforms.capability.desk import FORM, LINK, Desk, approving, opened, values
from yunjin.chassis.console.words import Language
from yunjin.kernel import tenant
from yunjin.kernel.room import Faces
from yunjin.platforms.capability import pages
from yunjin.platforms.capability.api.tasks import Priority, TaskState
from yunjin.platforms.capability.pages import task, tasks


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with tenant.entered("demo"):
        made = opened("", tmp_path, approving)
        yield made
        made.engine.close()
        made.room.close()


def seen(desk: Desk, home: Path, story: Any, language: Language = "en") -> None:
    """Let somebody live through a story at this desk."""

    def register() -> None:
        tasks.register(desk.tasks)
        task.register(desk.tasks, desk.clock)

    menu = [one for one in pages.MENU if one.key == "task.tasks"]
    room = Faces(pages=register, menu=menu, words=pages.WORDS)
    visit([room], story, clock=desk.clock, home=home, language=language)


def field(user: User, label: str) -> Any:
    """Return the newest field with a label."""
    found: list[Any] = [*user.find(ui.input).elements]
    with contextlib.suppress(AssertionError):  # there may be no choice on the page
        found += user.find(ui.select).elements
    return max((one for one in found if one.props.get("label") == label), key=lambda e: e.id)


def press(user: User, label: str) -> None:
    """Press the newest button of exactly this label."""
    found = user.find(kind=ui.button, content=label).elements
    [*_, last] = [one for one in sorted(found, key=lambda e: e.id) if one.text == label]
    UserInteraction(user, {last}, None).click()


def pick(user: User, label: str) -> None:
    """Pick an entry of the menu; a browser opens it by itself, the simulation reaches into it."""
    assert user.client is not None
    items = [one for one in user.client.elements.values() if isinstance(one, ui.menu_item)]
    [item] = [
        one
        for one in items
        if label in [e.props.get("text") or getattr(e, "text", "") for e in one.descendants()]
    ]
    UserInteraction(user, {item}, None).click()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_one_list_shows_what_waits_in_every_queue(
    desk: Desk, tmp_path: Path, language: Language
) -> None:
    desk.core.add(1)
    desk.opened("general", "Call back", priority=Priority.LOW)
    desk.opened("payments", "Look at it", links=(LINK,), assignee="an")
    desk.clock.advance(5 * 3_600)

    async def story(user: User) -> None:
        await user.open("/tasks")
        rows = text_of(user).split("<tbody>")[1].split("</tr>")
        assert "Look at it" in rows[0]
        assert "Call back" in rows[1]
        assert "10" in rows[2]
        assert ("超时" if language == "zh" else "Overdue") in rows[0]
        await user.open("/tasks?queue=banking")
        await user.should_not_see("Call back")
        await user.open("/tasks?which=overdue")
        await user.should_see("Look at it")
        await user.should_not_see("Call back")
        await user.open("/tasks?assignee=an")
        await user.should_not_see("Call back")
        await user.open("/tasks?which=ended")
        await user.should_see("没有符合条件的任务" if language == "zh" else "No task matches")
        answer = await user.http_client.get("/tasks.csv?queue=payments")
        assert [line.split(",")[1:4] for line in answer.text.splitlines()[1:]] == [
            ["payments", "Look at it", "3"]
        ]

    seen(desk, tmp_path, story, language)


def test_a_form_is_made_of_its_fields_and_sent_once_it_fits(desk: Desk, tmp_path: Path) -> None:
    flow_id = desk.start(desk.flows.registry.newest("approving"), None)
    [one] = desk.tasks.tasks().items

    async def story(user: User) -> None:
        await user.open(f"/tasks/{one.task_id}")
        await user.should_see("Something that is needed is missing")
        for label, value in (
            ("Your name", "An"),
            ("Amount", "120.00"),
            ("Verdict", "yes"),
            ("Since", "2026-02-01"),
        ):
            field(user, label).set_value(value)
        press(user, "Complete")
        assert desk.tasks.task(one.task_id).state is TaskState.OPEN  # one is missing still
        field(user, "Called").set_value("no")
        await user.should_see("Completed as An")
        press(user, "Complete")
        await user.should_see("What was filled in", retries=100)
        for words in ("120.00 CNY", "Approve", "2026-02-01"):
            assert words in text_of(user)

    seen(desk, tmp_path, story)
    desk.engine.drain()
    outcome = desk.flows.state(flow_id).outcome
    assert outcome["values"]["amount"] == 12_000
    assert outcome["by"] == "An"


def test_a_task_is_taken_given_away_talked_of_and_withdrawn(desk: Desk, tmp_path: Path) -> None:
    one = desk.opened(form=FORM, note="客户来电", links=(LINK,))

    async def story(user: User) -> None:
        await user.open(f"/tasks/{one.task_id}")
        await user.should_see("客户来电")
        press(user, "Take it")
        field(user, "Your name").set_value("An")
        press(user, "Take it")
        await user.should_see("Taken", retries=100)
        assert desk.tasks.task(one.task_id).assignee == "An"
        press(user, "Say something")
        field(user, "Text").set_value("called twice")
        press(user, "Say it")
        await user.should_see(kind=ui.html, content="called twice", retries=100)
        for name, label, value, did in (
            ("Assign", "To", "Bo", "Assigned"),
            ("Escalate", "Reason", "too long", "Escalated"),
            ("Withdraw", "Reason", "no need", "Withdrawn"),
        ):
            pick(user, name)
            field(user, label).set_value(value)
            press(user, name)
            await user.should_see(did, retries=100)
        await user.should_see("nothing was filled in")

    seen(desk, tmp_path, story)
    assert [(e.what, e.by, e.text) for e in desk.tasks.history(one.task_id)] == [
        ("opened", "", ""),
        ("claimed", "An", ""),
        ("commented", "An", "called twice"),
        ("assigned", "An", "Bo"),
        ("escalated", "An", "too long"),
        ("withdrawn", "An", "no need"),
    ]


def test_a_task_of_the_core_is_settled_on_its_page(desk: Desk, tmp_path: Path) -> None:
    desk.core.add(1)
    [one] = desk.tasks.tasks().items

    async def story(user: User) -> None:
        await user.open(f"/tasks/{one.task_id}")
        await user.should_not_see("Take it")
        field(user, "What was done").set_value("topped up")
        field(user, "Your name").set_value("An")
        press(user, "Complete")
        await user.should_see("What was filled in", retries=100)

    seen(desk, tmp_path, story)
    assert desk.core.found[0].detail.endswith("[An: topped up]")


def test_a_refused_completion_is_told_and_the_form_stays(desk: Desk, tmp_path: Path) -> None:
    one = desk.opened()

    async def story(user: User) -> None:
        await user.open(f"/tasks/{one.task_id}")
        desk.tasks.complete(desk.new_id(), one.task_id, values(), "Bo")
        field(user, "Your name").set_value("An")
        press(user, "Complete")
        await user.should_see("Not possible as the task stands")

    seen(desk, tmp_path, story)
    assert desk.tasks.task(one.task_id).ended_by == "Bo"


def test_a_task_that_is_not_there_is_told_in_words(desk: Desk, tmp_path: Path) -> None:
    async def story(user: User) -> None:
        for path in ("nonsense", "0199c82c-c000-758e-bb3f-7b9c6c6c0d78"):
            await user.open(f"/tasks/{path}")
            await user.should_see("No such task")

    seen(desk, tmp_path, story)

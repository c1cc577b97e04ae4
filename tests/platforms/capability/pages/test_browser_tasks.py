"""Pages of tasks and flows in a real browser, on a bank served by a process of its own.

Goal: both pages load without an error, ask nothing of other hosts and fit both widths in both
languages; a task is taken and completed by mouse. Method: Debian's Chromium with an empty profile;
tasks are opened over HTTP. Pictures go to artefacts/console, to be looked at.
"""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.browser import LOCALES, SIZES, Served, browser, serving, visit
from yunjin.kernel.clock import SystemClock
from yunjin.kernel.ids import uuid7

__all__ = ["browser", "visit"]
pytestmark = pytest.mark.browser
PAGES = {
    "tasks": "/tasks",
    "tasks-none": "/tasks?queue=lending&which=overdue",
    "task": "/tasks/{task}",
    "task-done": "/tasks/{done}",
    "task-flows": "/capability/flows",
    "task-flow": "/capability/flows/{flow}",
}
FORM = [
    {"name": "amount", "kind": "amount", "zh": "批准金额", "en": "Amount", "currency": "CNY"},
    {
        "name": "verdict",
        "kind": "choice",
        "zh": "结论",
        "en": "Verdict",
        "choices": [
            {"code": "yes", "zh": "同意", "en": "Approve"},
            {"code": "no", "zh": "拒绝", "en": "Decline"},
        ],
    },
    {"name": "since", "kind": "date", "zh": "起始日", "en": "Since"},
    {"name": "called", "kind": "yes_no", "zh": "已致电客户", "en": "Customer called"},
    {"name": "why", "kind": "text", "zh": "说明", "en": "Why", "is_required": False},
]


def filled(address: str) -> Served:
    """Open some tasks, complete one; return where they are."""
    with httpx.Client(base_url=f"{address}/v1", timeout=60) as web:

        def sent(path: str, **document: Any) -> Any:
            answer = web.post(path, json={"id": str(uuid7(SystemClock())), **document})
            assert answer.is_success, answer.text
            return answer.json()

        party = [{"kind": "party", "id": "P2026-0001"}]
        late = {"queue": "general", "priority": 1, "due_at": "2026-01-05T09:00:00Z"}
        sent("/tasks", title="差错退汇：收款人户名不符", links=party, **late)
        sent("/tasks", queue="customers", title="证件过期，请补充", assignee="安")
        task = sent("/tasks", queue="lending", title="小微贷款审批", form=FORM, links=party)
        done = sent("/tasks", queue="general", title="核对印鉴", form=FORM[1:2])
        of = f"/tasks/{done['task_id']}"
        sent(f"{of}/comments", by="安", text="已电话核实")
        values = [{"name": "verdict", "value": "yes"}]
        sent(f"{of}/complete", by="安", values=values)
        short = {"id": str(uuid7(SystemClock())), "by": "安", "values": values}
        bad = web.post(f"/tasks/{task['task_id']}/complete", json=short)
        assert bad.status_code == 409
        assert bad.json()["field"] == "amount"
        assert web.get("/tasks", params={"overdue": True}).json()["items"][0]["priority"] == 1
        # The flow that watches a task's time bears the id of the command that opened it.
        facts = {"task": task["task_id"], "done": done["task_id"], "flow": task["task_id"]}
        return Served(f"{address}/console", facts)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Serve a bank with tasks; yield where it is."""
    home = tmp_path_factory.mktemp("bank")
    with serving("serve", home, YUNJIN_BANKING__FIRST_DAY="2026-01-05") as address:
        yield filled(address)


@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", LOCALES)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_loads_without_error_and_fits(
    visit: Callable[..., Any], name: str, language: str, size: str
) -> None:
    with visit(size, language) as here:
        here.open(PAGES[name])
        here.keep(f"{name}-{size}-{language}", full_page=True)
        assert here.overflow_px <= 0
        assert here.nameless == []


@pytest.mark.slow
def test_a_task_is_taken_and_completed_by_mouse(visit: Callable[..., Any]) -> None:
    with visit() as here:
        here.open("/tasks")
        here.page.get_by_role("link", name="小微贷款审批").click()
        here.see("Something that is needed is missing")
        here.press("Take it")
        dialog = here.page.locator(".yj-dialog")
        dialog.get_by_label("Your name").fill("An")
        here.press("Take it")
        here.page.wait_for_selector(".yj-facts >> text=An")
        here.page.get_by_label("Amount").fill("120,000")
        for label, option in (("Verdict", "Approve"), ("Customer called", "Yes")):
            here.page.get_by_label(label).last.click()
            here.page.locator(".q-menu .q-item", has_text=option).click()
        here.page.get_by_label("Since", exact=True).fill("2026-02-01")
        here.press("Complete")
        here.see("What was filled in")
        here.see("120,000.00 CNY")

"""Pages of drawings in a real browser, on a bank served by a process of its own.

Goal: the pages load without an error, ask nothing of other hosts and fit both widths in both
languages; a drawing is checked and brought by mouse. Method: Debian's Chromium with an empty
profile; a drawing is brought and started over HTTP. Pictures go to artefacts/console.
"""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.browser import LOCALES, SIZES, Served, browser, serving, visit
from tests.platforms.capability.drawings.conftest import GOLDEN
from yunjin.kernel.clock import SystemClock
from yunjin.kernel.ids import uuid7

__all__ = ["browser", "visit"]
pytestmark = pytest.mark.browser
LOAN = GOLDEN / "cash_loan.bpmn"
PAGES = {
    "drawings": "/drawings",
    "drawing": "/drawings/cash_loan",
    "drawing-new": "/drawings/new",
    "drawing-in-code": "/drawings/code/payment.wave",
    "drawing-flow": "/capability/flows/{flow}",
}


def filled(address: str) -> Served:
    """Bring a drawing, start a flow of it that waits for a person; return where it is."""
    with httpx.Client(base_url=f"{address}/v1", timeout=60) as web:

        def sent(path: str, **document: Any) -> Any:
            answer = web.post(path, json={"id": str(uuid7(SystemClock())), **document})
            assert answer.is_success, answer.text
            return answer.json()

        sent("/drawings", text=LOAN.read_text(encoding="utf-8"), by="安娜")
        new = {"name": "消费贷额度", "kind": "credit", "currency": "CNY", "ceiling_minor": 100_000}
        limit = sent("/limits", **new)
        inputs = {"limit_id": limit["limit_id"], "amount_minor": 600, "application": "A-7"}
        flow = sent("/drawings/cash_loan/flows", inputs=inputs)
        return Served(f"{address}/console", {"flow": flow["flow_id"]})


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Serve a bank with a drawing; yield where it is."""
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
        has_picture = here.page.locator("svg.yj-flow").count() > 0
        assert has_picture == (name not in ("drawings", "drawing-new"))
        here.keep(f"{name}-{size}-{language}", full_page=True)
        assert here.overflow_px <= 0
        assert here.nameless == []


@pytest.mark.slow
def test_a_drawing_is_checked_and_brought_by_mouse(visit: Callable[..., Any]) -> None:
    text = LOAN.read_text(encoding="utf-8").replace('id="cash_loan"', 'id="other_loan"')
    with visit() as here:
        here.open("/drawings/new")
        here.page.locator("textarea").fill(text.replace("limit.reserve", "limit.delete"))
        here.press("Check")
        here.see("Activity_reserve")
        here.page.locator("textarea").fill(text)
        here.press("Check")
        here.see("It can be run")
        here.press("Bring in")
        here.page.locator(".yj-dialog").get_by_label("Who").fill("An")
        here.page.locator(".yj-dialog").get_by_role("button", name="Bring in").click()
        here.page.wait_for_selector("svg.yj-flow")
        here.see("other_loan")

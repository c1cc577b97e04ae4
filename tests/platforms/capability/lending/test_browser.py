"""The lending desk and collection in a real browser, on a bank served by a process of its own.

Goal: each page loads without an error, asks nothing of other hosts and fits both widths in both
languages; an application is judged by mouse. Method: Debian's Chromium with an empty profile; loans
are applied for over HTTP. Pictures go to artefacts/console, to be looked at.
"""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.browser import LOCALES, SIZES, Served, browser, serving, visit
from tests.platforms.capability.lending.conftest import ID_NUMBER, TEXT_HASH
from yunjin.kernel.clock import SystemClock
from yunjin.kernel.ids import uuid7

__all__ = ["browser", "visit"]
pytestmark = [pytest.mark.browser, pytest.mark.slow]
PAGES = {
    "lending": "/lending",
    "lending-none": "/lending?state=expired",
    "lending-referred": "/lending/applications/{referred}",
    "lending-active": "/lending/applications/{active}",
    "collection": "/lending/cases",
    "collection-case": "/lending/cases/{case}",
}


def filled(address: str) -> Served:
    """Apply for loans, pay one out, open a case; return where they are."""
    with httpx.Client(base_url=f"{address}/v1", timeout=60) as web:

        def sent(path: str, **document: Any) -> Any:
            answer = web.post(path, json={"id": str(uuid7(SystemClock())), **document})
            assert answer.is_success, answer.text
            return answer.json()

        document = {"type": "id_card", "number": ID_NUMBER}
        party = sent(
            "/parties", kind="person", name="李四", born="1949-12-31", documents=[document]
        )
        party_id = party["party_id"]
        account = sent("/agreements", product="current-account", party_id=party_id)["agreement_id"]
        facts = {
            "party_id": party_id,
            "product": "instalment-loan",
            "payout": {"agreement_id": account},
        }
        large = sent("/lending/applications", amount_minor=30_000_000, run=True, **facts)
        small = sent("/lending/applications", amount_minor=600_000, purpose="装修", **facts)
        of = f"/lending/applications/{small['application_id']}"
        sent(f"{of}/decide")
        sent(f"{of}/accept", text_hash=TEXT_HASH, ref="柜 7", by="李四")
        sent(f"{of}/disburse")
        active = until(web, of, "active")
        until(web, f"/lending/applications/{large['application_id']}", "referred")
        case = sent("/lending/cases", agreement_id=active["agreement_id"], by="赵六")
        said = f"/lending/cases/{case['case_id']}"
        sent(f"{said}/notes", what="call", text="无人接听", by="赵六")
        sent(f"{said}/promises", amount_minor=5_000, day="2026-01-06", by="赵六")
        ids = {"referred": large["application_id"], "active": small["application_id"]}
        return Served(f"{address}/console", {**ids, "case": case["case_id"]})


def until(web: httpx.Client, path: str, state: str) -> Any:
    """Ask until an application is in a state."""
    pause = threading.Event()
    for _ in range(600):
        one = web.get(path).json()
        if one["state"] == state:
            return one
        pause.wait(0.1)
    raise AssertionError(f"expected {state}, was {one['state']}")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Serve a bank with loans; yield where it is."""
    home = tmp_path_factory.mktemp("bank")
    with serving("serve", home, YUNJIN_BANKING__FIRST_DAY="2026-01-05") as address:
        yield filled(address)


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


def test_an_application_is_judged_by_mouse(visit: Callable[..., Any]) -> None:
    with visit() as here:
        here.open(PAGES["lending-referred"])
        here.see("More than is decided without a person")
        here.press("Decide it")
        dialog = here.page.locator(".yj-dialog")
        dialog.get_by_label("Your name").fill("An")
        here.press("Decide")
        here.see("Decided by An")
        here.see("Approved")
        assert here.overflow_px <= 0

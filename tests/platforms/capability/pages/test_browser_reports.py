"""Pages of prices, points and reports in a real browser, on a bank served by a process of its own.

Goal: the pages load without an error, ask nothing of other hosts and fit both widths in both
languages; a fee is worked out, a report run and its chart turned into a table by mouse. Method:
Debian's Chromium with an empty profile; what there is to see is made over HTTP. Pictures go to
artefacts/console, to be looked at.
"""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import msgspec
import pytest

from tests.browser import LOCALES, SIZES, Served, browser, serving, visit
from tests.platforms.capability.points.test_points import CARD
from tests.platforms.capability.pricing.conftest import STANDARD
from yunjin.kernel.clock import SystemClock
from yunjin.kernel.ids import uuid7

__all__ = ["browser", "visit"]
pytestmark = pytest.mark.browser
PAGES = {
    "pricing": "/pricing",
    "price-book": "/pricing/standard",
    "price-fee": "/pricing/standard/transfer.out",
    "points": "/points?party=P1",
    "points-account": "/points/card/P1",
    "reports": "/reports",
    "report": "/reports/{run}",
}


def filled(address: str) -> Served:
    """Publish prices, let parties earn and spend, run reports; return where they are."""
    with httpx.Client(base_url=f"{address}/v1", timeout=60) as web:

        def sent(path: str, **document: Any) -> Any:
            answer = web.post(path, json={"id": str(uuid7(SystemClock())), **document})
            assert answer.is_success, answer.text
            return answer.json()

        sent("/price_books", book=msgspec.to_builtins(STANDARD))
        sent("/point_programmes", programme=msgspec.to_builtins(CARD))
        earnings = [
            {
                "programme": "card",
                "party_id": f"P{at % 3}",
                "event_id": f"pay-{at}",
                "amount_minor": 12_345 * at,
                "category": "dining" if at % 2 else "",
            }
            for at in range(1, 10)
        ]
        sent("/points/earnings", earnings=earnings)
        hold = sent("/points/holds", programme="card", party_id="P1", points=300, subject="o-1")
        sent(f"/points/holds/{hold['hold_id']}/confirm")
        for at, kind in enumerate(("credit", "payment", "counterparty")):
            facts = {"name": kind, "kind": kind, "currency": "CNY"}
            sent("/limits", ceiling_minor=10**8 * (at + 1), **facts)
        sent("/reports/limits/runs")
        sent("/limits", name="new", kind="credit", currency="CNY", ceiling_minor=5 * 10**7)
        run = sent("/reports/limits/runs", by="王芳")
        return Served(f"{address}/console", {"run": run["run_id"]})


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Serve a bank with something to see; yield where it is."""
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
def test_a_fee_is_worked_out_by_mouse(visit: Callable[..., Any]) -> None:
    with visit() as here:
        here.open("/pricing")
        here.page.get_by_role("link", name="Standard prices").click()
        here.page.get_by_role("link", name="Transfer to another bank").click()
        here.page.get_by_label("Amount").first.fill("20,000")
        here.page.get_by_label("Segment").fill("vip")
        here.press("Work it out")
        here.see("a narrower one counts")
        here.keep("price-worked-out", full_page=True)
        assert here.nameless == []


@pytest.mark.slow
def test_a_report_is_run_and_seen_by_mouse(visit: Callable[..., Any]) -> None:
    with visit() as here:
        here.open("/reports")
        here.press("Run")
        here.page.locator(".q-menu .q-item", has_text="Use of limits").click()
        here.see("Made anew: the same")
        here.see("Compared with the run before")
        with here.page.expect_download() as file:
            here.page.get_by_role("link", name="CSV").click()
        assert file.value.suggested_filename.endswith(".csv")

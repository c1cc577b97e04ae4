"""The pages in a real browser, on the demo bank at work: 10,000 customers, 1.3 million transfers.

Goal: they load without an error, ask nothing of other hosts, fit both widths, and their main
actions work by mouse and by keyboard. Method: Debian's Chromium with an empty profile; pictures of
every page in both languages and appearances go to artefacts/console, to be looked at.
"""

from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from tests.browser import LOCALES, SIZES, Served, browser, serving, visit
from yunjin.app.demo import CURRENT, institution

__all__ = ["browser", "visit"]
pytestmark = [pytest.mark.browser, pytest.mark.slow]  # the whole demo is opened for them
LOOKS = list(product(SIZES, LOCALES, ("light", "dark")))
CUSTOMER = int(institution(1).ids[CURRENT][21])
PAGES = {
    "overview": "/ledger",
    "accounts": "/accounts",
    "account": f"/accounts/{CUSTOMER}",
    "transfers": "/transfers",
    "journal": "/journal",
    "missing": "/accounts/99",
}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Serve the demo bank, whose customers go on paying; yield the console's address."""
    with serving("demo", tmp_path_factory.mktemp("bank")) as address:
        yield Served(f"{address}/console")


@pytest.mark.parametrize(("size", "language", "appearance"), LOOKS)
def test_pages_load_and_fit(
    visit: Callable[..., Any], size: str, language: str, appearance: str
) -> None:
    with visit(size, language) as here:
        here.open("/ledger")
        if appearance == "dark":
            here.darken()
        for name, path in PAGES.items():
            here.open(path)
            if name in ("overview", "account"):
                here.page.wait_for_selector(".yj-chart canvas")
            assert here.overflow_px <= 0, name
            # a thumb or a mouse must not meet the frame's own skeleton
            assert here.page.locator("#yj-boot").is_hidden(), name
            here.keep(f"{name}-{size}-{language}-{appearance}")
        here.open("/transfers")
        here.page.locator(".yj-table a[href*='/transfers/']").first.click()
        here.page.wait_for_selector(".yj-flow")
        here.keep(f"transfer-{size}-{language}-{appearance}")


def test_the_time_to_the_first_content_is_told(visit: Callable[..., Any]) -> None:
    first_ms = {}
    with visit() as here:
        for path in PAGES.values():
            here.open(path)
            painted = here.page.wait_for_function(  # the entry comes some frames after the page
                "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
            )
            first_ms[path] = painted.json_value()
    print({path: f"{ms:.0f} ms" for path, ms in first_ms.items()})  # looked at, 1 s is the goal
    assert min(first_ms.values()) > 0


def test_search_is_opened_and_followed_by_keyboard(visit: Callable[..., Any]) -> None:
    with visit() as here:
        here.open("/ledger")
        here.page.keyboard.press("/")
        here.page.wait_for_selector(".yj-finder input:focus")
        here.page.keyboard.type("demo00021")
        here.page.keyboard.press("Enter")
        here.page.wait_for_url(f"**/accounts/{CUSTOMER}")
        here.page.wait_for_selector("h1")
        here.page.keyboard.press("Control+k")
        here.page.wait_for_selector(".yj-finder input:focus")
        here.page.keyboard.type("demo000")
        here.page.wait_for_selector(".yj-hit")
        here.page.keyboard.press("ArrowDown")
        assert here.page.evaluate("document.activeElement.className") == "yj-hit"
        here.page.keyboard.press("Escape")
        here.page.wait_for_selector(".yj-finder", state="hidden")


def test_filters_live_in_the_address(visit: Callable[..., Any]) -> None:
    with visit() as here:
        here.open("/accounts")
        here.page.get_by_label("Code").fill("8")
        here.page.wait_for_url("**/accounts?code=8")
        here.page.get_by_label("Next page").click()
        here.page.wait_for_selector("text=Rows 51–100")
        assert "cursor=" in here.page.url
        first = here.page.locator(".yj-table tbody tr").first.inner_text()
        here.page.reload()
        here.page.wait_for_selector(".yj-table tbody tr")
        assert here.page.locator(".yj-table tbody tr").first.inner_text() == first
        assert here.page.get_by_label("Code").input_value() == "8"
        with here.page.expect_download() as download:
            here.page.get_by_text("Download CSV").click()
        lines = Path(download.value.path()).read_text("utf-8-sig").splitlines()
        assert len(lines) == 4_001
        assert download.value.suggested_filename == "accounts.csv"


def test_the_order_of_a_history_is_turned(visit: Callable[..., Any]) -> None:
    with visit() as here:
        here.open(f"/accounts/{CUSTOMER}")
        here.page.get_by_role("button", name="Time (Asia/Shanghai)").click()
        here.page.wait_for_url("**order=asc")
        here.page.wait_for_selector("th[aria-sort=ascending]")
        assert "2025-01" in here.page.locator(".yj-table tbody td").first.inner_text()


def test_the_journal_is_verified_at_the_press_of_a_button(visit: Callable[..., Any]) -> None:
    with visit() as here:
        here.open("/journal")
        here.page.get_by_role("button", name="Verify").click()
        here.page.wait_for_selector("text=The journal is sound", timeout=60_000)
        assert here.page.get_by_role("button", name="Verify again").is_enabled()


def test_an_id_is_copied(visit: Callable[..., Any]) -> None:
    with visit() as here:
        here.open(f"/accounts/{CUSTOMER}")
        here.page.locator(f"[data-copy='{CUSTOMER}']").first.click()
        here.page.wait_for_selector(".yj-copy.done")
        assert here.page.evaluate("navigator.clipboard.readText()") == str(CUSTOMER)


def test_the_overview_moves_pauses_and_says_when_contact_is_lost(
    visit: Callable[..., Any],
) -> None:
    with visit() as here:
        here.open("/ledger")
        booked = here.page.locator(".yj-figure-value").nth(1)
        before = booked.inner_text()
        here.page.wait_for_function(
            "before => document.querySelectorAll('.yj-figure-value')[1].innerText !== before",
            arg=before,
        )
        here.page.evaluate(
            "Object.defineProperty(document, 'hidden', { value: true, configurable: true });"
            "document.dispatchEvent(new Event('visibilitychange'))"
        )
        here.page.wait_for_selector(".yj-contact-paused", state="visible")
        here.page.evaluate("window.socket.disconnect()")
        here.page.wait_for_selector("text=Contact with the server is lost")
        assert here.page.locator(".yj-contact-lost").is_visible()


def test_the_language_is_switched(visit: Callable[..., Any]) -> None:
    with visit(language="zh") as here:
        here.open("/ledger")
        assert here.page.evaluate("document.documentElement.lang") == "zh-CN"
        here.page.get_by_role("button", name="Switch to English").click()
        here.page.wait_for_selector("h1:has-text('Ledger overview')")
        assert here.page.evaluate("document.documentElement.lang") == "en-US"


def test_the_navigation_folds_and_slides(visit: Callable[..., Any]) -> None:
    with visit("desktop") as here:
        here.open("/ledger")
        here.page.get_by_role("button", name="Collapse").click()
        here.open("/journal")
        assert here.page.locator(".yj-nav").bounding_box()["width"] == 64
    with visit("phone") as here:
        here.open("/ledger")
        assert here.page.locator(".yj-nav").is_hidden()
        here.page.get_by_role("button", name="Open navigation").click()
        here.page.locator(".yj-nav").get_by_text("Journal").click()
        here.page.wait_for_url("**/journal")


def test_the_keyboard_reaches_the_content_first(visit: Callable[..., Any]) -> None:
    with visit() as here:
        here.open("/accounts")
        here.page.keyboard.press("Tab")
        assert here.page.evaluate("document.activeElement.className") == "yj-skip"
        here.page.keyboard.press("Enter")
        assert here.page.evaluate("document.activeElement.id") == "main"


def test_every_control_shows_that_the_keyboard_is_on_it(visit: Callable[..., Any]) -> None:
    shown = """() => {
        const style = getComputedStyle(document.activeElement);
        const field = document.activeElement.closest(".q-field--focused");
        return style.outlineStyle !== "none" || style.boxShadow !== "none" || field !== null;
    }"""
    with visit() as here:
        for path in ("/ledger", "/transfers", f"/accounts/{CUSTOMER}", "/journal"):
            here.open(path)
            for step in range(24):
                here.page.keyboard.press("Tab")
                assert here.page.evaluate(shown), f"{path}, step {step}"


def test_pages_of_a_table_are_turned_by_keyboard(visit: Callable[..., Any]) -> None:
    with visit() as here:
        here.open("/accounts")
        here.page.wait_for_selector(".yj-table tbody tr")
        here.page.keyboard.press("]")
        here.page.wait_for_selector("text=Rows 51–100")
        here.page.keyboard.press("[")
        here.page.wait_for_selector("text=Rows 1–50")


def test_every_control_has_a_name(visit: Callable[..., Any]) -> None:
    with visit() as here:
        for path in PAGES.values():
            here.open(path)
            assert here.nameless == [], path

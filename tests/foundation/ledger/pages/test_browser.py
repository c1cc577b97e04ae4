"""The pages in a real browser, on the demo bank at work: 10,000 customers, 1.3 million transfers.

Goal: they load without an error, ask nothing of other hosts, fit both widths, and their main
actions work by mouse and by keyboard. Method: Debian's Chromium with an empty profile; pictures of
every page in both languages and appearances go to artefacts/console, to be looked at.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from yunjin.app.demo import CURRENT, institution

pytestmark = pytest.mark.browser
ROOT = Path(__file__).parents[4]
PICTURES = ROOT / "artefacts" / "console"
CHROMIUM = shutil.which("chromium") or ""
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync"
)
SIZES = {"desktop": (1360, 860), "phone": (390, 844)}
LOCALES = {"zh": "zh-CN", "en": "en-US"}
USUAL = (("desktop", "zh", "light"), ("phone", "en", "dark"))  # the others in the slow lane
LOOKS = [
    pytest.param(*look, marks=() if look in USUAL else pytest.mark.slow)
    for look in product(SIZES, LOCALES, ("light", "dark"))
]
CUSTOMER = int(institution(1).ids[CURRENT][21])
PAGES = {
    "overview": "/ledger",
    "accounts": "/accounts",
    "account": f"/accounts/{CUSTOMER}",
    "transfers": "/transfers",
    "journal": "/journal",
    "missing": "/accounts/99",
}


@dataclass
class Visit:
    """A page in a browser, and what went wrong on it."""

    page: Any
    url: str
    troubles: list[str] = field(default_factory=list)

    def open(self, path: str) -> None:
        """Open a page of the console and wait until it is there and live."""
        self.page.goto(self.url + path)
        self.page.wait_for_selector("h1")
        self.page.wait_for_function("document.documentElement.dataset.contact === 'live'")

    def watch(self) -> None:
        """Note errors and requests to anybody else."""
        host = self.url.split("/console", maxsplit=1)[0]

        def on_console(message: Any) -> None:
            if message.type == "error":
                self.troubles.append(f"console: {message.text}")

        def on_request(request: Any) -> None:
            is_inline = request.url.startswith(("data:", "blob:"))
            if not is_inline and not request.url.startswith(host):
                self.troubles.append(f"asked {request.url}")

        self.page.on("console", on_console)
        self.page.on("pageerror", lambda error: self.troubles.append(f"error: {error}"))
        self.page.on("request", on_request)

    @property
    def overflow_px(self) -> int:
        """How much wider the page is than the window."""
        width: int = self.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        return width


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the demo bank, whose customers go on paying; yield the console's address."""
    home = tmp_path_factory.mktemp("bank")
    program = Path(sys.executable).parent / "yunjin"
    ports = {"YUNJIN_HTTP__PORT": "0", "YUNJIN_HTTP__FLIGHT_PORT": "0"}
    with subprocess.Popen(
        [program, "demo", "--home", home],
        stderr=subprocess.PIPE,
        text=True,
        cwd=home,
        env={**os.environ, **ports},
    ) as server:
        said: list[str] = []
        assert server.stderr is not None
        for line in server.stderr:
            said.append(line)
            found = re.search(r"http://127\.0\.0\.1:\d+", line)
            if found:
                break
        else:
            pytest.fail("the bank did not open:\n" + "".join(said))
        yield f"{found[0]}/console"
        server.terminate()
        server.stderr.read()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Start Chromium, or skip where there is none."""
    if not CHROMIUM:
        pytest.skip("needs Chromium: no program named chromium")
    playwright = pytest.importorskip("playwright.sync_api", reason="needs Chromium: no Playwright")
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS.split())
        yield started
        started.close()


@pytest.fixture
def visit(browser: Any, url: str) -> Callable[..., Any]:
    """Return a way to visit the console as a reader of a language, on a screen."""

    @contextmanager
    def visiting(size: str = "desktop", language: str = "en") -> Iterator[Visit]:
        width, height = SIZES[size]
        context = browser.new_context(
            viewport={"width": width, "height": height},
            locale=LOCALES[language],
            is_mobile=size == "phone",
            has_touch=size == "phone",
            device_scale_factor=2 if size == "phone" else 1,
            permissions=["clipboard-read", "clipboard-write"],
        )
        context.set_default_timeout(20_000)
        visit = Visit(context.new_page(), url)
        visit.watch()
        yield visit
        assert visit.troubles == []
        context.close()

    return visiting


@pytest.mark.parametrize(("size", "language", "appearance"), LOOKS)
def test_pages_load_and_fit(
    visit: Callable[..., Any], size: str, language: str, appearance: str
) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    with visit(size, language) as here:
        here.open("/ledger")
        if appearance == "dark":
            here.page.locator("header .yj-icon-button").last.click()
            here.page.locator(".yj-menu .q-item").click()
            here.page.wait_for_selector("html[data-theme=dark] h1")
        for name, path in PAGES.items():
            here.open(path)
            if name in ("overview", "account"):
                here.page.wait_for_selector(".yj-chart canvas")
            assert here.overflow_px <= 0, name
            # a thumb or a mouse must not meet the frame's own skeleton
            assert here.page.locator("#yj-boot").is_hidden(), name
            picture = PICTURES / f"{name}-{size}-{language}-{appearance}.png"
            here.page.screenshot(path=picture, animations="disabled")
        here.open("/transfers")
        here.page.locator(".yj-table a[href*='/transfers/']").first.click()
        here.page.wait_for_selector(".yj-flow")
        here.page.screenshot(path=PICTURES / f"transfer-{size}-{language}-{appearance}.png")


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
    nameless = """() => [...document.querySelectorAll("button, a, input, [role=button]")]
        .filter(one => one.offsetParent && !(one.ariaLabel || one.innerText.trim()
            || one.labels?.length || one.getAttribute("aria-labelledby") || one.title))
        .map(one => one.outerHTML.slice(0, 200))"""
    with visit() as here:
        for path in PAGES.values():
            here.open(path)
            assert here.page.evaluate(nameless) == [], path

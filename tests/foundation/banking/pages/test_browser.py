"""Banking's pages in a real browser, on a small bank served by a process of its own.

Goal: every page loads without an error, asks nothing of other hosts and fits both widths in both
languages; the main paths (pay in, close the day, compare versions, enter by hand, take a paper
away) work by mouse. Method: Debian's Chromium with an empty profile; the bank is filled over HTTP.
The normal lane goes the main paths once, the slow one looks at every page in every way; pictures
go to artefacts/console, to be looked at.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from yunjin.kernel.clock import SystemClock
from yunjin.kernel.ids import uuid7

pytestmark = pytest.mark.browser
ROOT = Path(__file__).parents[4]
PICTURES = ROOT / "artefacts" / "console"
CHROMIUM = shutil.which("chromium") or ""
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync"
)
SIZES = {"desktop": (1280, 800), "phone": (390, 844)}
LOCALES = {"zh": "zh-CN", "en": "en-US"}
PAGES = {
    "agreements": "/agreements",
    "none": "/agreements?party=nobody",
    "new": "/agreements/new?product=instalment-loan",
    "saver": "/agreements/{saver}",
    "loan": "/agreements/{loan}",
    "terms": "/agreements/{loan}/terms",
    "statement": "/agreements/{saver}/papers",
    "interest": "/agreements/{saver}/papers?kind=interest",
    "schedule": "/agreements/{loan}/papers?kind=schedule",
    "payoff": "/agreements/{loan}/papers?kind=payoff",
    "cost": "/agreements/{loan}/papers?kind=cost",
    "products": "/products",
    "product": "/products/instalment-loan",
    "register": "/products/new?from=wallet",
    "simulate": "/products/instalment-loan/simulate",
    "days": "/days",
    "day": "/days/2026-01-05",
    "tasks": "/tasks",
    "gl": "/gl",
    "sheet": "/gl?report=sheet",
    "income": "/gl?report=income",
    "account": "/gl/accounts/1303",
    "chart": "/gl/accounts",
    "entries": "/gl/entries",
    "entry": "/gl/entries/1",
    "line": "/gl/entries/1/lines/2",
    "rules": "/gl/rules",
    "entering": "/gl/entries/new",
    "mappings": "/gl/mappings",
    "periods": "/gl/periods",
    "flows": "/banking/flows",
}


@dataclass(frozen=True)
class Served:
    """The console's address, and whose agreements there are."""

    url: str
    saver: str
    loan: str


@dataclass
class Visit:
    """A page in a browser, and what went wrong on it."""

    page: Any
    served: Served
    troubles: list[str] = field(default_factory=list)

    def open(self, path: str) -> None:
        """Open a page of the console and wait until it is there and live."""
        one = self.served
        self.page.goto(one.url + path.format(saver=one.saver, loan=one.loan))
        self.page.wait_for_selector("h1")
        self.page.wait_for_function("document.documentElement.dataset.contact === 'live'")

    def press(self, name: str) -> None:
        """Press the button of this whole name."""
        self.page.get_by_role("button", name=name, exact=True).last.click()

    def see(self, text: str) -> None:
        """Wait until a text is in sight."""
        self.page.get_by_text(text).first.wait_for()

    def watch(self) -> None:
        """Note errors and requests to anybody else."""
        host = self.served.url.split("/console", maxsplit=1)[0]

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


def filled(address: str) -> Served:
    """Open a depositor and a borrower, pay in, close two days."""
    with httpx.Client(base_url=f"{address}/v1", timeout=60) as web:

        def sent(path: str, **document: Any) -> Any:
            answer = web.post(path, json=document)
            assert answer.is_success, answer.text
            return answer.json()

        def opened(product: str, **terms: int) -> str:
            own = {"id": str(uuid7(SystemClock())), "party_id": "p-1"}
            return str(sent("/agreements", product=product, terms=terms, **own)["agreement_id"])

        saver = opened("current-account", overdraft_limit=50_000)
        loan = opened("instalment-loan", amount=1_200_000, rate=60_000, term=12)
        entry = str(uuid7(SystemClock()))
        sent("/entries", id=entry, agreement_id=saver, amount_minor=1_234_567)
        sent("/days/close", until="2026-01-06")
        return Served(f"{address}/console", saver, loan)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Serve a small bank; yield where it is."""
    if not CHROMIUM:
        pytest.skip("needs Chromium: no program named chromium")
    home = tmp_path_factory.mktemp("bank")
    program = Path(sys.executable).parent / "yunjin"
    settings = {
        "YUNJIN_HTTP__PORT": "0",
        "YUNJIN_HTTP__FLIGHT_PORT": "0",
        "YUNJIN_BANKING__FIRST_DAY": "2026-01-05",
    }
    with subprocess.Popen(
        [program, "serve", "--home", home],
        stderr=subprocess.PIPE,
        text=True,
        cwd=home,
        env={**os.environ, **settings},
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
        yield filled(found[0])
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
def visit(browser: Any, served: Served) -> Callable[..., Any]:
    """Return a way to visit the console as a reader of a language, on a screen."""

    @contextmanager
    def visiting(size: str = "desktop", language: str = "en") -> Iterator[Visit]:
        width, height = SIZES[size]
        context = browser.new_context(
            viewport={"width": width, "height": height},
            locale=LOCALES[language],
            is_mobile=size == "phone",
            has_touch=size == "phone",
        )
        context.set_default_timeout(20_000)
        visit = Visit(context.new_page(), served)
        visit.watch()
        yield visit
        assert visit.troubles == []
        context.close()

    return visiting


def test_what_is_paid_in_is_on_the_page_and_held_money_is_captured(
    visit: Callable[..., Any],
) -> None:
    with visit() as here:
        here.open("/agreements/{saver}")
        before = here.page.locator(".yj-figure-value").first.inner_text()
        here.press("Pay in")
        here.page.get_by_label("Amount").fill("100")
        here.page.locator(".yj-dialog .yj-primary").click()
        here.see("Booked. Balance")
        cents = int(re.sub(r"\D", "", before)) + 10_000
        after = f"{cents // 100:,}.{cents % 100:02d}"
        here.page.wait_for_selector(f".yj-figure-value >> text={after}")
        here.press("More")
        here.page.locator(".q-menu .q-item", has_text="Hold").click()
        here.page.get_by_label("Amount").fill("30")
        here.press("Hold it")
        here.page.locator("[data-emit=yj-take]").click()
        here.press("Capture it")
        here.page.locator("[data-emit=yj-take]").wait_for(state="detached")


def test_the_day_is_closed_and_its_proof_is_shown(visit: Callable[..., Any]) -> None:
    with visit() as here:
        here.open("/days")
        day = here.page.locator(".yj-figure-value").first.inner_text()
        here.press("Close now")
        here.page.get_by_label(f"Type “{day}” to confirm").fill(day)
        here.press("Close now")
        here.see(f"{day} is closed")
        here.page.wait_for_function(
            "day => document.querySelector('header time').innerText > day", arg=day
        )
        here.open(f"/days/{day}")
        here.see("every difference zero")


def test_two_versions_are_drawn_beside_each_other(visit: Callable[..., Any]) -> None:
    with visit() as here:
        here.open("/products/instalment-loan/simulate")
        for label, value in (("Amount lent", "12000"), ("Rate a year", "6"), ("Term", "12")):
            here.page.get_by_label(label, exact=True).fill(value)
        here.press("Run")
        here.page.wait_for_selector(".yj-chart canvas")
        here.see("At the end")


def test_a_manual_entry_is_sent_only_once_it_balances(visit: Callable[..., Any]) -> None:
    with visit() as here:
        here.open("/gl/entries/new")
        here.page.get_by_label("Reason").fill("capital")
        for place, code in enumerate(("1003", "4001")):
            here.page.get_by_label("Account", exact=True).nth(place).fill(code)
            here.page.locator(".q-menu .q-item", has_text=code).click()
        here.page.get_by_label("Dr", exact=True).first.fill("1000")
        here.page.get_by_label("Cr", exact=True).last.fill("999")
        here.see("off by 1.00")
        book = here.page.get_by_role("button", name="Book it")
        assert book.is_disabled()
        here.page.get_by_label("Cr", exact=True).last.fill("1000")
        book.click()
        here.page.wait_for_url(re.compile(r"/gl/entries/\d+$"))
        here.see("1,000.00")


@pytest.mark.slow
def test_new_terms_are_compared_before_they_hold(visit: Callable[..., Any]) -> None:
    with visit() as here:
        here.open("/agreements/{loan}/terms")
        here.page.get_by_label("Rate a year").fill("9")
        here.see("Dates that differ within a year")
        here.press("Confirm")
        here.see("From today on: Rate a year: 6% → 9%.")
        here.press("Cancel")
        here.open("/agreements/{loan}")
        assert here.page.get_by_text("9%", exact=True).count() == 0


def test_papers_are_taken_away(visit: Callable[..., Any]) -> None:
    with visit() as here:
        here.open("/agreements/{saver}/papers")
        for text, start in (("PDF, Chinese", b"%PDF-"), ("CSV, English", b"\xef\xbb\xbf")):
            with here.page.expect_download() as download:
                here.page.get_by_text(text).click()
            assert Path(download.value.path()).read_bytes().startswith(start), text


def test_the_pages_that_are_opened_most_fit_a_phone(visit: Callable[..., Any]) -> None:
    with visit("phone", "zh") as here:
        for name in ("agreements", "loan", "days", "gl"):
            here.open(PAGES[name])
            assert overflow_px(here.page) <= 0, name


@pytest.mark.slow
@pytest.mark.parametrize("appearance", ["light", "dark"])
@pytest.mark.parametrize("language", LOCALES)
@pytest.mark.parametrize("size", SIZES)
def test_every_page_loads_fits_and_names_its_controls(
    visit: Callable[..., Any], size: str, language: str, appearance: str
) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    nameless = """() => [...document.querySelectorAll("button, a, input, [role=button]")]
        .filter(one => one.checkVisibility({visibilityProperty: true}) && one.offsetParent
            && !(one.ariaLabel || one.innerText.trim()
            || one.labels?.length || one.getAttribute("aria-labelledby") || one.title))
        .map(one => one.outerHTML.slice(0, 200))"""
    with visit(size, language) as here:
        here.open("/days")
        if appearance == "dark":
            here.page.locator("header .yj-icon-button").last.click()
            here.page.locator(".yj-menu .q-item").click()
            here.page.wait_for_selector("html[data-theme=dark] h1")
        for name, path in PAGES.items():
            here.open(path)
            here.page.wait_for_selector(".yj-skeleton", state="detached")
            assert overflow_px(here.page) <= 0, name
            assert here.page.evaluate(nameless) == [], name
            assert here.page.locator(".yj-problem").count() == 0, name
            picture = PICTURES / f"banking-{name}-{size}-{language}-{appearance}.png"
            here.page.screenshot(path=picture, animations="disabled", full_page=True)


def overflow_px(page: Any) -> int:
    """Return how much wider the page is than the window."""
    width: int = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return width

"""A real browser on a console that a process of its own serves: Debian's Chromium, empty profile.

A test module has a fixture `served`; its tests ask for `visit`, and visit pages as a reader of a
language on a screen. An error in the browser's console, or a request to anybody else, fails them.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
PICTURES = ROOT / "artefacts" / "console"
CHROMIUM = shutil.which("chromium") or ""
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync"
)
SIZES = {"desktop": (1280, 800), "phone": (390, 844)}
LOCALES = {"zh": "zh-CN", "en": "en-US"}
NAMELESS = """() => [...document.querySelectorAll("button, a, input, [role=button]")]
    .filter(one => one.checkVisibility({visibilityProperty: true}) && one.offsetParent
        && !(one.ariaLabel || one.innerText.trim() || one.labels?.length
        || one.getAttribute("aria-labelledby") || one.title))
    .map(one => one.outerHTML.slice(0, 200))"""


@dataclass(frozen=True)
class Served:
    """The console's address, and what stands for the `{names}` in paths."""

    url: str
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Visit:
    """A page in a browser, and what went wrong on it."""

    page: Any
    served: Served
    troubles: list[str] = field(default_factory=list)

    def open(self, path: str) -> None:
        """Open a page of the console and wait until it is there, live and filled."""
        self.page.goto(self.served.url + path.format_map(self.served.facts))
        self.page.wait_for_selector("h1")
        self.page.wait_for_function("document.documentElement.dataset.contact === 'live'")
        self.page.wait_for_function("!document.querySelector('.yj-skeleton')")

    def press(self, name: str) -> None:
        """Press the button of this whole name."""
        self.page.get_by_role("button", name=name, exact=True).last.click()

    def see(self, text: str) -> None:
        """Wait until a text is in sight."""
        self.page.get_by_text(text).first.wait_for()

    def darken(self) -> None:
        """Turn to the dark appearance."""
        self.page.locator("header .yj-icon-button").last.click()
        self.page.locator(".yj-menu .q-item").click()
        self.page.wait_for_selector("html[data-theme=dark] h1")

    @property
    def overflow_px(self) -> int:
        """How much wider the page is than the window."""
        width: int = self.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        return width

    @property
    def nameless(self) -> list[str]:
        """Controls in sight that have no name."""
        found: list[str] = self.page.evaluate(NAMELESS)
        return found

    def keep(self, picture: str, *, full_page: bool = False) -> None:
        """Keep a picture of the page, to be looked at."""
        PICTURES.mkdir(parents=True, exist_ok=True)
        path = PICTURES / f"{picture}.png"
        self.page.screenshot(path=path, animations="disabled", full_page=full_page)

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


@contextmanager
def serving(word: str, home: Path, **settings: str) -> Iterator[str]:
    """Let `yunjin <word>` serve a folder's bank; yield its address, or skip without Chromium."""
    if not CHROMIUM:
        pytest.skip("needs Chromium: no program named chromium")
    ports = {"YUNJIN_HTTP__PORT": "0", "YUNJIN_HTTP__FLIGHT_PORT": "0"}
    with subprocess.Popen(
        [Path(sys.executable).parent / "yunjin", word, "--home", home],
        stderr=subprocess.PIPE,
        text=True,
        cwd=home,
        env={**os.environ, **ports, **settings},
    ) as server:
        said: list[str] = []
        assert server.stderr is not None
        try:
            for line in server.stderr:
                said.append(line)
                found = re.search(r"http://127\.0\.0\.1:\d+", line)
                if found:
                    break
            else:
                pytest.fail("the bank did not open:\n" + "".join(said))
            yield found[0]
        finally:  # a fixture that fails must not wait for it for ever
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
            permissions=["clipboard-read", "clipboard-write"],
        )
        context.set_default_timeout(20_000)
        visit = Visit(context.new_page(), served)
        visit.watch()
        yield visit
        assert visit.troubles == []
        context.close()

    return visiting

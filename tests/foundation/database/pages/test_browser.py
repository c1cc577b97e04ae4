"""The cloud's pages in a real browser, on a bank whose fleet's file names nodes that do not run.

Goal: they load without an error, ask nothing of other hosts, fit both widths in both languages and
appearances, and say what is down. Method: Debian's Chromium with an empty profile; pictures of all
pages go to artefacts/console, to be looked at. The demo's story is the one on real nodes.
"""

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import pytest

from tests.browser import LOCALES, SIZES, Served, browser, serving, visit
from tests.ports import free_ports
from yunjin.app import fleet_example

__all__ = ["browser", "visit"]
pytestmark = pytest.mark.browser
USUAL = (("desktop", "zh", "light"), ("phone", "en", "dark"))  # the others in the slow lane
LOOKS = [
    pytest.param(*look, marks=() if look in USUAL else pytest.mark.slow)
    for look in product(SIZES, LOCALES, ("light", "dark"))
]
PAGES = {"topology": "/topology", "sets": "/fleet", "doctor": "/doctor", "databases": "/databases"}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Serve a bank that has a fleet; yield the console's address."""
    home = tmp_path_factory.mktemp("bank")
    (home / "fleet.toml").write_text(fleet_example.text("/nowhere/nodes", min(free_ports(12))))
    with serving("serve", home) as address:
        yield Served(f"{address}/console")


@pytest.mark.parametrize(("size", "language", "appearance"), LOOKS)
def test_pages_load_and_fit(
    visit: Callable[..., Any], size: str, language: str, appearance: str
) -> None:
    with visit(size, language) as here:
        here.open("/topology")
        if appearance == "dark":
            here.darken()
        for name, path in PAGES.items():
            here.open(path)
            assert here.overflow_px <= 0, name
            assert here.nameless == [], name
            here.keep(f"cloud-{name}-{size}-{language}-{appearance}", full_page=True)


def test_nodes_that_do_not_run_are_said_to_be_down(visit: Callable[..., Any]) -> None:
    with visit() as here:
        here.open("/topology")
        here.see("Takes no writes")
        here.see("Data centre c")
        assert here.page.locator(".yj-part .yj-bad").count() == 3


def test_a_node_without_anybody_to_join_is_refused_with_the_cure(visit: Callable[..., Any]) -> None:
    with visit() as here:
        here.open("/fleet")
        here.page.locator("[data-emit=yj-node-start]").first.click()
        here.see("yunjin fleet start s1")
        assert here.page.locator(".yj-part, .yj-table .yj-bad").count() == 3

"""Banking's pages in a real browser, on a small bank served by a process of its own.

Goal: every page loads without an error, asks nothing of other hosts and fits both widths in both
languages; the main paths (pay in, close the day, compare versions, enter by hand, take a paper
away) work by mouse. Method: Debian's Chromium with an empty profile; the bank is filled over HTTP.
The normal lane goes the main paths once, the slow one looks at every page in every way; pictures
go to artefacts/console, to be looked at.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.browser import LOCALES, SIZES, Served, browser, serving, visit
from yunjin.kernel.clock import SystemClock
from yunjin.kernel.ids import uuid7

__all__ = ["browser", "visit"]
pytestmark = pytest.mark.browser
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
    "tasks": "/waiting",
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
        return Served(f"{address}/console", {"saver": saver, "loan": loan})


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Serve a small bank; yield where it is."""
    home = tmp_path_factory.mktemp("bank")
    with serving("serve", home, YUNJIN_BANKING__FIRST_DAY="2026-01-05") as address:
        yield filled(address)


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
            assert here.overflow_px <= 0, name


@pytest.mark.slow
@pytest.mark.parametrize("appearance", ["light", "dark"])
@pytest.mark.parametrize("language", LOCALES)
@pytest.mark.parametrize("size", SIZES)
def test_every_page_loads_fits_and_names_its_controls(
    visit: Callable[..., Any], size: str, language: str, appearance: str
) -> None:
    with visit(size, language) as here:
        here.open("/days")
        if appearance == "dark":
            here.darken()
        for name, path in PAGES.items():
            here.open(path)
            assert here.overflow_px <= 0, name
            assert here.nameless == [], name
            assert here.page.locator(".yj-problem").count() == 0, name
            here.keep(f"banking-{name}-{size}-{language}-{appearance}", full_page=True)

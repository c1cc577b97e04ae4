"""The pages of customers in a real browser, on a small bank served by a process of its own.

Goal: every page loads without an error, asks nothing of other hosts and fits both widths in both
languages; a customer is opened and becomes known by mouse. Method: Debian's Chromium with an empty
profile; the bank is filled over HTTP. Pictures go to artefacts/console, to be looked at.
"""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.browser import LOCALES, SIZES, Served, browser, serving, visit
from tests.platforms.capability.people import BORN, credit_code, id_number
from yunjin.kernel.clock import SystemClock
from yunjin.kernel.ids import uuid7

__all__ = ["browser", "visit"]
pytestmark = pytest.mark.browser
PAGES = {
    "customers": "/customers",
    "none": "/customers?q=nobody",
    "new": "/customers/new",
    "person": "/customers/{person}",
    "company": "/customers/{company}",
    "bare": "/customers/{bare}",
    "merge": "/customers/{person}/merge?with={twin}",
}
WHO = {"by": "柜员 07", "why": "证件与本人一致"}


def filled(address: str) -> Served:
    """Open a family, a group, and a record too many."""
    with httpx.Client(base_url=f"{address}/v1", timeout=60) as web:

        def sent(path: str, **document: Any) -> Any:
            answer = web.post(path, json={"id": str(uuid7(SystemClock())), **document})
            assert answer.is_success, answer.text
            return answer.json()

        def person(name: str, order: int, **more: Any) -> str:
            number, phone = id_number(BORN, order), f"1380000{order:04d}"
            documents = [{"type": "id_card", "number": number, "issuer": "某市公安局"}]
            contacts = [{"kind": "phone", "value": phone}]
            own = {"documents": documents, "contacts": contacts, "roles": ["customer"]}
            facts = {"kind": "person", "name": name, "born": str(BORN), **own, **more}
            return str(sent("/parties", **facts)["party_id"])

        def company(name: str, order: int) -> str:
            documents = [{"type": "credit_code", "number": credit_code(order)}]
            facts = {"kind": "organisation", "name": name, "born": "2010-05-01"}
            return str(sent("/parties", **facts, documents=documents)["party_id"])

        def relate(one: str, kind: str, other: str, share: int = 0) -> None:
            sent("/party_relations", kind=kind, from_id=one, to_id=other, share_ppm=share)

        one = person("王小云", 1, other_name="Wang Xiaoyun")
        twin, wife = person("王小云", 2), person("李大江", 3)
        bare = str(sent("/parties", kind="person", name="赵无名")["party_id"])
        firm = company("云锦织造有限公司", 1)
        group = company("华东纺织集团股份有限公司", 2)
        for at in range(3):
            relate(firm, "parent_company", company(f"云锦织造{'甲乙丙'[at]}分厂", 3 + at), 510_000)
        relate(group, "parent_company", firm, 666_700)
        relate(one, "beneficial_owner", firm, 333_300)
        relate(one, "legal_representative", firm)
        relate(wife, "spouse", one)
        sent(f"/parties/{one}/kyc", state="pending", **WHO)
        review = {"evidence_id": "IMG-2026-000017", "review": "2099-01-01"}
        sent(f"/parties/{one}/kyc", state="verified", **WHO, **review)
        for purpose in ("credit_report", "marketing"):
            sent(f"/parties/{one}/consents", purpose=purpose, version="v3", channel="app")
        limit = {"kind": "credit", "currency": "CNY", "ceiling_minor": 50_000_000}
        sent("/limits", name="个人综合授信", party_id=one, **limit)
        opened = sent("/agreements", product="current-account", party_id=one)
        sent("/entries", agreement_id=opened["agreement_id"], amount_minor=1_234_567)
        names = {"person": one, "twin": twin, "company": firm, "bare": bare}
        return Served(f"{address}/console", names)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Serve a small bank; yield where it is."""
    home = tmp_path_factory.mktemp("bank")
    with serving("serve", home, YUNJIN_BANKING__FIRST_DAY="2026-01-05") as address:
        yield filled(address)


def test_a_customer_is_opened_and_becomes_known(visit: Callable[..., Any]) -> None:
    with visit() as here:
        here.open("/customers/new")
        here.page.get_by_label("Name", exact=True).fill("Ann Example")
        here.page.get_by_label("Number").fill(id_number(BORN, 44))
        here.see("Nobody is like this")
        here.press("Open it")
        here.page.wait_for_url("**/customers/P*")
        here.press("Begin KYC")
        here.page.get_by_label("Reason").fill("new customer")
        here.press("Begin")
        here.see("KYC begun")
        here.page.locator("[data-emit=yj-look]").first.click()
        here.page.get_by_label("Reason").fill("she asks")
        here.press("Look")
        here.see(id_number(BORN, 44))


@pytest.mark.slow
@pytest.mark.parametrize("name", PAGES)
def test_every_page_fits_both_widths_in_both_languages(
    visit: Callable[..., Any], name: str
) -> None:
    for size in SIZES:
        for language in LOCALES:
            with visit(size, language) as here:
                here.open(PAGES[name])
                here.keep(f"party-{name}-{size}-{language}", full_page=True)
                assert here.overflow_px <= 0
                assert here.nameless == []

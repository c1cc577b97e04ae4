"""Pages of documents, messages, offers and contracts in a real browser, on a bank that is served.

Goal: each page loads without an error, asks nothing of other hosts and fits both widths in both
languages; a template is seen as PDF beside its text. Method: Debian's Chromium with an empty
profile; a loan is sold, agreed and signed over HTTP by signing and messages that are on trial.
Pictures go to artefacts/console, to be looked at.
"""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.browser import LOCALES, SIZES, Served, browser, serving, visit
from tests.platforms.capability.papers.test_routes import TEMPLATE, VALUES
from yunjin.kernel.clock import SystemClock
from yunjin.kernel.ids import uuid7

__all__ = ["browser", "visit"]
pytestmark = pytest.mark.browser
PAGES = {
    "documents": "/documents",
    "document": "/documents/{paper}",
    "document-templates": "/document-templates",
    "document-editor": "/document-templates/loan",
    "messages": "/messages",
    "message-templates": "/message-templates",
    "offers": "/offers",
    "offer": "/offers/loan/1",
    "offer-finder": "/offers/who?party={party}",
    "contracts": "/contracts",
    "contract": "/contracts/{contract}",
}
TRIAL = {
    "YUNJIN_BANKING__FIRST_DAY": "2026-01-05",
    "YUNJIN_CAPABILITY__TRIAL_SIGNING": "true",
    "YUNJIN_CAPABILITY__TRIAL_MESSAGES": "true",
}


def filled(address: str) -> Served:
    """Sell a loan, agree on it, have it signed; return where all is."""
    with httpx.Client(base_url=f"{address}/v1", timeout=60) as web:

        def sent(path: str, method: str = "POST", **document: Any) -> Any:
            body = {"id": str(uuid7(SystemClock())), **document}
            answer = web.request(method, path, json=body)
            assert answer.is_success, answer.text
            return answer.json()

        party = sent("/parties", kind="person", name="王芳", roles=["customer"])["party_id"]
        offer = {"zh": "工薪贷", "en": "Salary loan", "product": "current-account"}
        sent("/offers", code="loan", **offer)
        sent("/offers/loan/versions/1/open", by="安")
        firms = {"kinds": ["organisation"], "regions": ["310000"]}
        sent("/offers", code="firm-loan", **offer, audience=firms)
        sent("/offers/firm-loan/versions/1/open", by="安")
        sent("/document_templates/loan", "PUT", **TEMPLATE)
        contract = sent("/contracts", offer="loan", parties=[{"party_id": party}])
        of = f"/contracts/{contract['contract_id']}"
        paper = {"template": "loan", "values": VALUES}
        sent(f"{of}/offer", papers=[paper], expires_at="2030-01-01T00:00:00Z", by="安")
        pause = threading.Event()
        for _ in range(200):
            contract = web.get(of).json()
            if contract["state"] == "signed":
                break
            pause.wait(0.1)
        assert contract["state"] == "signed", contract
        text = {"channel": "sms", "lang": "zh", "text": "您有 ${amount} 到期"}
        words = {"zh": "到期", "en": "Due", "fields": ["amount"], "texts": [text]}
        sent("/message_templates/due", "PUT", kind="security", **words)
        value = [{"name": "amount", "text": "1.00"}]
        letter = {"template": "due", "channel": "sms", "party_id": party, "values": value}
        sent("/messages", **letter, to="13800000001")
        sent("/messages", **letter)
        facts = {
            "party": party,
            "contract": contract["contract_id"],
            "paper": contract["document_ids"][0],
        }
        return Served(f"{address}/console", facts)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Serve a bank where signing and messages are on trial; yield where it is."""
    home = tmp_path_factory.mktemp("bank")
    with serving("serve", home, **TRIAL) as address:
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
        here.keep(f"paper-{name}-{size}-{language}", full_page=True)
        assert here.overflow_px <= 0
        assert here.nameless == []


@pytest.mark.slow
def test_an_offer_is_suspended_by_mouse(visit: Callable[..., Any]) -> None:
    with visit() as here:
        here.open("/offers/firm-loan/1")
        here.press("Suspend")
        dialog = here.page.locator(".yj-dialog")
        dialog.get_by_label("Why").fill("rates under review")
        dialog.get_by_label("Your name").fill("An")
        here.press("Suspend it")
        here.see("Suspended")
        here.see("rates under review")
        assert here.nameless == []

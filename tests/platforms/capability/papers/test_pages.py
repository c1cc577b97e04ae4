"""The pages of documents, messages, offers and contracts as staff meet them, in both languages.

Goal: each page answers its question, does what it offers, and never shows a word that is missing.
Method: NiceGUI's simulated user on the real services, over SQLite.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from nicegui import ui
from nicegui.testing.user import User
from nicegui.testing.user_interaction import UserInteraction

from tests.console import text_of, visit
from tests.platforms.capability.papers.conftest import Office, opened
from tests.platforms.capability.papers.forms import LOAN
from tests.platforms.capability.papers.test_contracts import drafted, offered
from tests.platforms.capability.papers.test_messages import sent, template
from tests.platforms.capability.papers.test_offers import sold
from tests.platforms.capability.papers.test_signing import asked
from yunjin.chassis.console.words import Language
from yunjin.kernel import tenant
from yunjin.kernel.room import Faces
from yunjin.platforms.capability import pages
from yunjin.platforms.capability.api.messages import MessageState
from yunjin.platforms.capability.api.offers import Audience, OfferState
from yunjin.platforms.capability.api.party_facts import PartyKind
from yunjin.platforms.capability.pages import (
    contract,
    contracts,
    document,
    document_editor,
    documents,
    message_templates,
    messages,
    offer,
    offer_finder,
    offers,
)
from yunjin.platforms.capability.pages.document_notation import (
    Unreadable,
    body_of,
    fields_of,
    text_of_body,
    text_of_fields,
)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with tenant.entered("demo"):
        made = opened("", tmp_path)
        yield made
        made.engine.close()
        made.tables.close()


def seen(office: Office, home: Path, story: Any, language: Language = "en") -> None:
    """Let somebody live through a story at this office."""

    def put() -> None:
        documents.register(office.documents)
        document_editor.register(office.documents, office.clock)
        document.register(office.documents, office.clock)
        messages.register(office.messages, office.clock)
        message_templates.register(office.messages, office.clock)
        offers.register(office.offers)
        offer_finder.register(office.offers)
        offer.register(office.offers, office.clock)
        contracts.register(office.contracts)
        contract.register(office.contracts, office.documents, office.clock)

    room = Faces(pages=put, menu=pages.MENU, words=pages.WORDS)
    visit([room], story, clock=office.clock, home=home, language=language)


def press(user: User, label: str) -> None:
    """Press the newest button of exactly this label."""
    found = user.find(kind=ui.button, content=label).elements
    [*_, last] = [one for one in sorted(found, key=lambda e: e.id) if one.text == label]
    UserInteraction(user, {last}, None).click()


def fill(user: User, label: str, text: str) -> None:
    """Fill the newest field with a label in."""
    kinds = (ui.input, ui.textarea)
    assert user.client is not None
    found = [
        one
        for one in user.client.elements.values()
        if isinstance(one, kinds) and one.props.get("label") == label
    ]
    max(found, key=lambda one: one.id).set_value(text)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page_has_all_its_words(office: Office, tmp_path: Path, language: Language) -> None:
    office.messages.put_template(office.id(), template())
    office.sms.refuses["110"] = "blacklisted"
    sent(office, office.person(), to="110")
    sent(office, office.person())
    one = drafted(office, note="特批")
    offered(office, one)
    office.rest()
    sold(office, code="firm-loan", audience=Audience(kinds=(PartyKind.ORGANISATION,)))
    office.esign.choose = lambda envelope: None
    waiting = asked(office)
    [paper] = office.contracts.contract(one.contract_id).document_ids

    async def story(user: User) -> None:
        for path in (
            "/documents",
            "/documents?state=void",
            f"/documents/{paper}",
            f"/documents/{waiting.document_id}",
            "/document-templates",
            "/document-templates/loan-contract",
            "/document-templates/new",
            "/messages",
            "/messages?state=sent",
            "/message-templates",
            "/offers",
            "/offers?state=draft",
            "/offers/who",
            f"/offers/who?party={one.parties[0].party_id}",
            "/offers/who?party=nobody",
            "/offers/salary-loan/1",
            "/offers/firm-loan/1",
            "/contracts",
            "/contracts?state=void",
            f"/contracts/{one.contract_id}",
        ):
            await user.open(path)
            await user.should_not_see("problem.")
        await user.open("/contracts/none")
        await user.open("/documents/none")

    seen(office, tmp_path, story, language)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_empty_pages_say_what_would_be_here(
    office: Office, tmp_path: Path, language: Language
) -> None:
    said = {
        "/documents": "document.none",
        "/document-templates": "document.no_templates",
        "/messages": "message.none",
        "/message-templates": "message.no_templates",
        "/offers": "offer.none",
        "/contracts": "contract.none",
    }

    async def story(user: User) -> None:
        for path, key in said.items():
            await user.open(path)
            assert pages.WORDS[key][language == "en"] in text_of(user)

    seen(office, tmp_path, story, language)


def test_dead_letters_are_tried_again_at_a_press(office: Office, tmp_path: Path) -> None:
    office.messages.put_template(office.id(), template())
    office.sms.refuses["110"] = "blacklisted"
    one = sent(office, office.person(), to="110")

    async def story(user: User) -> None:
        await user.open("/messages?state=dead")
        assert "blacklisted" in text_of(user)
        office.sms.refuses.clear()
        press(user, "Try again")
        fill(user, "Your name", "li")
        press(user, "Try again")
        await user.should_see("They are on their way")

    seen(office, tmp_path, story)
    office.rest()
    assert office.messages.message(one.message_id).state is MessageState.DELIVERED


def test_an_offer_is_suspended_with_a_reason(office: Office, tmp_path: Path) -> None:
    sold(office)

    async def story(user: User) -> None:
        await user.open("/offers/salary-loan/1")
        press(user, "Suspend")
        fill(user, "Why", "rates under review")
        fill(user, "Your name", "li")
        press(user, "Suspend it")
        await user.should_see("It is suspended")

    seen(office, tmp_path, story)
    after = office.offers.offer("salary-loan", 1)
    assert (after.state, after.why, after.by) == (
        OfferState.SUSPENDED,
        "rates under review",
        "li",
    )


def test_the_finder_says_why_not(office: Office, tmp_path: Path) -> None:
    sold(office, audience=Audience(regions=("310000",)))
    party_id = office.person()

    async def story(user: User) -> None:
        await user.open(f"/offers/who?party={party_id}&region=110000")
        assert "Region: 310000 wanted, 110000 seen" in text_of(user)
        await user.open(f"/offers/who?party={party_id}&region=310000")
        assert "Not offered" not in text_of(user)

    seen(office, tmp_path, story)


def test_a_contract_is_void_with_its_papers_from_its_page(office: Office, tmp_path: Path) -> None:
    one = drafted(office)
    offered(office, one)
    office.rest()

    async def story(user: User) -> None:
        await user.open(f"/contracts/{one.contract_id}")
        assert "salary-loan v1" in text_of(user)
        press(user, "Let it be void")
        fill(user, "Why", "changed her mind")
        fill(user, "Your name", "li")
        press(user, "Let it be void")
        await user.should_see("It is void")

    seen(office, tmp_path, story)
    assert office.contracts.contract(one.contract_id).state == "void"


def test_a_template_is_written_as_text_seen_and_registered(office: Office, tmp_path: Path) -> None:
    async def story(user: User) -> None:
        await user.open("/document-templates/new")
        fill(user, "Code of the template", "notice")
        fill(user, "Name in Chinese", "通知")
        fill(user, "Name in English", "Notice")
        fill(user, "Fields", "name | word | 姓名 | Name")
        press(user, "Register")
        await user.should_see("Line 1 of the fields cannot be read")
        fill(user, "Fields", "name | text | 姓名 | Name")
        fill(user, "Words in Chinese", "通知：${name}\n\n# 内容\n${name} 您好")
        press(user, "Preview in Chinese")
        await user.should_see("data:application/pdf;base64,JVBERi")
        press(user, "Register")
        await user.should_see("Version 1 of notice is registered")

    seen(office, tmp_path, story)
    assert office.documents.template("notice").fields[0].name == "name"


def test_templates_are_the_same_after_they_were_written_and_read() -> None:
    assert fields_of(text_of_fields(LOAN.fields)) == LOAN.fields
    for body in LOAN.bodies:
        assert body_of(body.lang, text_of_body(body)) == body
    for line in ("amount", "a | amount", "a | sum | x | y", "a | choice | x | y | one"):
        with pytest.raises(Unreadable):
            fields_of(line)

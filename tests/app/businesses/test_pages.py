"""Goal: cases are started and followed on the console, and overlays explain themselves.

Method: a simulated user on the pages over a bank on trial; both languages.
"""

from pathlib import Path
from typing import Any

import pytest
from nicegui import ui
from nicegui.testing.user import User
from nicegui.testing.user_interaction import UserInteraction

from tests.app.businesses.test_group_wallet import opened_wallet
from tests.console import LANGUAGES, visit
from tests.platforms.capability.people import company, person
from yunjin.app.businesses import SHIPPED
from yunjin.app.businesses.trial import Trial
from yunjin.chassis.console.words import Language
from yunjin.foundation.banking.api.agreements import AgreementsApi
from yunjin.kernel.room import Faces
from yunjin.platforms.capability import pages
from yunjin.platforms.capability.api.businesses import BusinessesApi, CaseState
from yunjin.platforms.capability.api.limits import LimitsApi
from yunjin.platforms.capability.api.overlays import OverlaysApi
from yunjin.platforms.capability.api.parties import PartiesApi
from yunjin.platforms.capability.api.payments import NewPayment, PaymentsApi
from yunjin.platforms.capability.pages import businesses, customer, customer_desk, overlays

pytestmark = pytest.mark.parametrize(("bank", "database_url"), [("near", "")], indirect=["bank"])
KEYS = ("business.businesses", "overlay.overlays", "party.customers")


def seen(bank: Trial, home: Path, story: Any, language: Language = "zh") -> None:
    """Let an officer live through a story at this bank."""

    def put() -> None:
        businesses.register(bank[BusinessesApi], bank.clock)
        overlays.register(bank[OverlaysApi], SHIPPED, bank.clock)
        desk = customer_desk.Desk(
            parties=bank[PartiesApi],
            limits=bank[LimitsApi],
            agreements=bank[AgreementsApi],
            clock=bank.clock,
            doors=bank.doors,
        )
        customer.register(desk)

    menu = [one for one in pages.MENU if one.key in KEYS]
    room = Faces(pages=put, menu=menu, words=pages.WORDS)
    visit([room], story, clock=bank.clock, home=home, language=language)


def press(user: User, label: str) -> None:
    """Press the newest button of exactly this label."""
    found = user.find(kind=ui.button, content=label).elements
    [*_, last] = [one for one in sorted(found, key=lambda e: e.id) if one.text == label]
    UserInteraction(user, {last}, None).click()


def fill(user: User, **values: str) -> None:
    """Fill in fields by their labels."""
    for label, value in values.items():
        found = user.find(kind=ui.input, content=label).elements
        [*_, field] = [
            one for one in sorted(found, key=lambda e: e.id) if one.props.get("label") == label
        ]
        field.set_value(value)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_has_all_its_words(bank: Trial, tmp_path: Path, language: Language) -> None:
    _, (first, _), wallet = opened_wallet(bank)
    paid = bank.start("group-wallet", "pay", first, wallet=wallet, amount=5, payee=7)
    assert paid.state is CaseState.REFUSED

    async def story(user: User) -> None:
        for path in (
            "/businesses",
            "/businesses?state=refused",
            "/businesses?party=nobody",
            "/overlays",
            "/overlays?business=cash-loan&scenario=branch&only=yes",
        ):
            await user.open(path)
        for one in bank[BusinessesApi].cases().items:
            await user.open(f"/businesses/cases/{one.case_id}")
        await user.should_see("已办结" if language == "zh" else "Done")
        await user.open("/businesses/cases/none")

    seen(bank, tmp_path, story, language)


def test_a_case_is_started_on_the_page_and_followed(bank: Trial, tmp_path: Path) -> None:
    parent, _, wallet = opened_wallet(bank)
    third = bank.party(company("新公司", 4))

    async def story(user: User) -> None:
        await user.open("/businesses")
        await user.should_see("集团钱包")
        await user.should_see("226 行")
        press(user, "增加成员")
        await user.should_see("办理业务")
        fill(
            user,
            客户号="nobody",
            钱包账号=str(wallet),
            成员客户号="nobody",
            成员上限="10",
        )
        await user.should_see("将发起“增加成员”")
        fill(user, 客户号=parent, 成员客户号=third)
        press(user, "发起")
        await user.should_see("已发起")

    seen(bank, tmp_path, story)
    bank.rest()
    [case] = [one for one in bank[BusinessesApi].cases().items if one.deed == "add-member"]
    assert case.state is CaseState.DONE


def test_the_page_of_overlays_says_what_applies_and_why(bank: Trial, tmp_path: Path) -> None:
    async def story(user: User) -> None:
        await user.open("/overlays?business=cash-loan&scenario=branch&only=yes")
        await user.should_see("cash-loan.branch-signs-on-paper")
        await user.should_see("随代码")
        await user.open("/overlays?business=cash-loan")
        press(user, "登记叠加")
        await user.should_see("扩展点")
        [point] = [
            one
            for one in user.find(kind=ui.select, content="扩展点").elements
            if "cash-loan/amount-most" in one.options
        ]
        point.set_value("cash-loan/amount-most")
        fill(user, **{"值（步骤则为其名称）": "7000", "名称（ASCII）": "smaller", "为什么": "试"})
        await user.should_see("cash-loan/amount-most 在 cash-loan 将为 7000")
        press(user, "登记")
        await user.should_see("叠加已登记")

    seen(bank, tmp_path, story)
    [one] = [each for each in bank[OverlaysApi].overlays() if each.name == "smaller"]
    assert (one.value, one.at.business) == ("7000", "cash-loan")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_customer_s_page_tells_of_all_centres(
    bank: Trial, tmp_path: Path, language: Language
) -> None:
    who = bank.party(person())
    account = bank.account(who)
    given = {"amount": 3_000_000, "term": 12, "purpose": "装修", "account": account}
    case = bank.start("cash-loan", "apply", who, "branch", **given)
    assert case.state is CaseState.RUNNING, case.detail
    bank[PaymentsApi].pay(
        bank.id(),
        NewPayment(
            payment_id=bank.id(),
            agreement_id=account,
            amount_minor=1,
            currency="CNY",
            counter_agreement_id=bank.account("shop"),
        ),
    )
    seen_words = {
        "zh": ("cash-loan · apply", "合同面签 Signing", "贷款申请", "待办", "现金贷借款合同"),
        "en": ("cash-loan · apply", "合同面签 Signing", "Loan", "Task", "Payment"),
    }

    async def story(user: User) -> None:
        await user.open(f"/customers/{who}")
        for words in seen_words[language]:
            await user.should_see(words)

    seen(bank, tmp_path, story, language)

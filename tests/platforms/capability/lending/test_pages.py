"""The lending desk and collection as an officer meets them, in both languages.

Goal: each page answers its question, does what it offers, and never shows a word that is missing.
Method: NiceGUI's simulated user on the real services, over SQLite.
"""

from pathlib import Path
from typing import Any

import pytest
from nicegui import ui
from nicegui.testing.user import User
from nicegui.testing.user_interaction import UserInteraction

from tests.console import visit
from tests.platforms.capability.lending.conftest import TEXT_HASH, Lender
from yunjin.chassis.console.words import Language
from yunjin.kernel.room import Faces
from yunjin.platforms.capability import pages
from yunjin.platforms.capability.api.lending import ApplicationState
from yunjin.platforms.capability.pages import (
    collection,
    collection_case,
    lending,
    lending_application,
)

pytestmark = pytest.mark.parametrize("database_url", [""])
S = ApplicationState


def seen(lender: Lender, home: Path, story: Any, language: Language = "zh") -> None:
    """Let an officer live through a story at this bank."""

    def put() -> None:
        lending.register(lender.lending, lender.collection, lender.clock)
        collection.register(lender.collection)
        lending_application.register(lender.lending, lender.clock)
        collection_case.register(lender.collection, lender.clock)

    room = Faces(pages=put, menu=pages.MENU, words=pages.WORDS)
    visit([room], story, clock=lender.clock, home=home, language=language)


def press(user: User, label: str) -> None:
    """Press the newest button of exactly this label."""
    found = user.find(kind=ui.button, content=label).elements
    [*_, last] = [one for one in sorted(found, key=lambda e: e.id) if one.text == label]
    UserInteraction(user, {last}, None).click()


async def see(user: User, words: str) -> None:
    """Wait until the page says it."""
    await user.should_see(words, retries=100)


def fill(user: User, **given: str) -> None:
    """Fill fields by their labels."""
    for label, value in given.items():
        found = user.find(kind=ui.input, content=label).elements
        [*_, field] = sorted(found, key=lambda e: e.id)
        field.set_value(value)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page_has_all_its_words(lender: Lender, tmp_path: Path, language: Language) -> None:
    states = [lender.applied(), lender.accepted(500_000), lender.lent(600_000)]
    referred = lender.applied(30_000_000, business="cash-loan", values={"salary": 5})
    lender.lending.identify(lender.id(), referred.application_id)
    lender.lending.decide(lender.id(), referred.application_id)
    gone = lender.applied()
    lender.lending.withdraw(lender.id(), gone.application_id, "不要了")
    late = lender.lent(700_000)
    case = lender.collection.open(lender.id(), late.agreement_id, by="赵六")
    lender.collection.note(lender.id(), case.case_id, "visit", "不在家", by="赵六")
    day = lender.parts.ground.today()
    lender.collection.promise(lender.id(), case.case_id, 5_000, day, by="赵六")

    async def story(user: User) -> None:
        for path in (
            "/lending",
            "/lending?state=active",
            "/lending/cases",
            "/lending/cases?which=closed",
        ):
            await user.open(path)
        for one in (*states, referred, gone, late):
            await user.open(f"/lending/applications/{one.application_id}")
            await see(user, str(one.application_id))
        await user.open(f"/lending/cases/{case.case_id}")
        await see(user, str(case.case_id))
        await user.open("/lending/applications/none")
        await see(user, "没有这笔申请" if language == "zh" else "There is no such application")
        await user.open("/lending/cases/none")
        await see(user, "没有这个催收案件" if language == "zh" else "There is no such case")

    seen(lender, tmp_path, story, language)
    assert lender.collection.counts() == {"reminder": 1}


def test_an_application_is_taken_and_judged_at_the_desk(lender: Lender, tmp_path: Path) -> None:
    async def story(user: User) -> None:
        await user.open("/lending")
        await see(user, "还没有贷款申请")
        press(user, "进件")
        fill(
            user,
            客户=lender.party_id,
            金额="300000",
            **{"收款合约号（本行）": str(lender.current)},
        )
        await see(user, f"为 {lender.party_id} 申请 300,000.00 CNY，12 期")
        press(user, "受理")
        await see(user, "已受理")
        lender.rest()
        [one] = lender.lending.applications().items
        assert one.state is S.REFERRED
        await user.open(f"/lending/applications/{one.application_id}")
        await see(user, "金额超过自动审批上限")
        press(user, "人工审批")
        fill(user, 金额="200000", 意见="抵押充足", 经办人="王经理")
        await see(user, "批准 200,000.00 CNY")
        press(user, "确定")
        await see(user, "已审批")

    seen(lender, tmp_path, story)
    [one] = lender.lending.applications().items
    assert one.offer is not None
    assert (one.state, one.offer.amount_minor, one.decided_by) == (S.APPROVED, 20_000_000, "王经理")


def test_a_loan_is_signed_paid_out_and_repaid_on_its_page(lender: Lender, tmp_path: Path) -> None:
    made = lender.applied(600_000)
    lender.lending.decide(lender.id(), made.application_id)

    async def story(user: User) -> None:
        path = f"/lending/applications/{made.application_id}"
        await user.open(path)
        press(user, "签约")
        fill(user, **{"合同文本 SHA-256": TEXT_HASH, "合同编号或存放处": "柜 7"})
        press(user, "确认签约")
        await see(user, "已签约")
        await user.open(path)
        press(user, "放款")
        await see(user, "任何一步不成则全部撤回")
        press(user, "放款")
        await see(user, "已开始放款")
        lender.rest()
        await user.open(path)
        press(user, "还款")
        fill(user, 金额="1000", 付款合约号=str(lender.current))
        press(user, "还款")
        await see(user, "已还款")

    seen(lender, tmp_path, story)
    one = lender.lending.application(made.application_id)
    assert (one.state, one.contract is not None and one.contract.ref) == (S.ACTIVE, "柜 7")
    assert lender.money() == 500_000


def test_a_case_is_worked_on_its_page(lender: Lender, tmp_path: Path) -> None:
    late = lender.lent(700_000)
    case = lender.collection.open(lender.id(), late.agreement_id, by="赵六")
    day = lender.parts.ground.today().isoformat()

    async def story(user: User) -> None:
        await user.open(f"/lending/cases/{case.case_id}")
        press(user, "承诺还款")
        fill(user, 金额="50", 承诺日=day, 经办人="赵六")
        press(user, "记录承诺")
        await see(user, "已记录承诺")
        press(user, "结案")
        fill(user, 原因="误立", 经办人="赵六")
        press(user, "结案")
        await see(user, "已结案")

    seen(lender, tmp_path, story)
    assert lender.collection.case(case.case_id).is_closed

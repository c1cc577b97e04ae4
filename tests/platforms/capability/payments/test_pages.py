"""The pages of payments as an officer meets them, in both languages.

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
from tests.platforms.capability.payments.conftest import Payer
from yunjin.chassis.console.words import Language
from yunjin.kernel.room import Faces
from yunjin.platforms.capability import pages
from yunjin.platforms.capability.api.payments import PaymentState
from yunjin.platforms.capability.pages import payment, payments

pytestmark = pytest.mark.parametrize("database_url", [""])


def seen(bank: Payer, home: Path, story: Any, language: Language = "zh") -> None:
    """Let an officer live through a story at this bank."""

    def put() -> None:
        payments.register(bank.payments, bank.clock)
        payment.register(bank.payments, bank.clock)

    room = Faces(pages=put, menu=pages.MENU, words=pages.WORDS)
    visit([room], story, clock=bank.clock, home=home, language=language)


def press(user: User, label: str) -> None:
    """Press the newest button of exactly this label."""
    found = user.find(kind=ui.button, content=label).elements
    [*_, last] = [one for one in sorted(found, key=lambda e: e.id) if one.text == label]
    UserInteraction(user, {last}, None).click()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page_has_all_its_words(bank: Payer, tmp_path: Path, language: Language) -> None:
    bank.channel.choose = lambda account, amount: "AC04" if amount == 2 else "ACSC"
    made = bank.pay(
        bank.order(1, counter_agreement_id=bank.payee),
        bank.order(2),
        bank.order(3, remittance="货款"),
        bank.order(9_000_000),
    )

    async def story(user: User) -> None:
        for path in ("/payments", "/payments?state=rejected", "/payments?agreement=x"):
            await user.open(path)
        for one in made:
            await user.open(f"/payments/{one.payment_id}")
            await user.should_see(str(one.payment_id))
        await user.open("/payments/none")
        await user.should_see("没有这笔支付" if language == "zh" else "There is no such payment")

    seen(bank, tmp_path, story, language)


def test_a_payment_is_ordered_on_its_page(bank: Payer, tmp_path: Path) -> None:
    async def story(user: User) -> None:
        await user.open("/payments")
        await user.should_see("还没有支付")
        press(user, "发起支付")
        for label, value in (
            ("付款合约号", str(bank.payer)),
            ("金额", "123.45"),
            ("收款人户名", "王五"),
            ("收款账号", "6200001"),
        ):
            [field] = user.find(kind=ui.input, content=label).elements
            field.set_value(value)
        await user.should_see(f"从合约 {bank.payer} 付 123.45 CNY 给王五 6200001。")
        press(user, "支付")
        await user.should_see("已受理")

    seen(bank, tmp_path, story)
    bank.rest()
    [one] = bank.payments.payments().items
    assert (one.state, one.amount_minor, one.other_name) == (PaymentState.SETTLED, 12_345, "王五")

"""The pages of payment files, channels and reconciliation as an officer meets them.

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
from tests.platforms.capability.payments.test_clearing import describe
from tests.platforms.capability.payments.test_files import payroll
from tests.platforms.capability.payments.test_pages import press
from yunjin.chassis.console.words import Language
from yunjin.foundation.banking.api.days import DaysApi
from yunjin.kernel.room import Faces
from yunjin.platforms.capability import pages
from yunjin.platforms.capability.api.clearing import ClearingApi
from yunjin.platforms.capability.api.payment_files import PaymentFilesApi
from yunjin.platforms.capability.api.reconciliation import CsvMapping, ReconciliationApi
from yunjin.platforms.capability.pages import (
    channels,
    payment_files,
    reconciliation,
    reconciliations,
)

pytestmark = pytest.mark.parametrize("database_url", [""])


def seen(bank: Payer, home: Path, story: Any, language: Language = "zh") -> None:
    """Let an officer live through a story at this bank."""

    def put() -> None:
        clearing, centre = bank.doors[ClearingApi], bank.doors[ReconciliationApi]
        payment_files.register(bank.doors[PaymentFilesApi], bank.clock)
        channels.register(clearing, bank.clock)
        reconciliations.register(centre, clearing, bank.clock)
        reconciliation.register(centre, bank.clock)

    room = Faces(pages=put, menu=pages.MENU, words=pages.WORDS)
    visit([room], story, clock=bank.clock, home=home, language=language)


def pick(user: User, label: str) -> None:
    """Pick an entry of a menu: a browser opens it by itself, here one reaches into it."""
    assert user.client is not None
    items = [one for one in user.client.elements.values() if isinstance(one, ui.menu_item)]
    named = [
        one
        for one in items
        if label in [str(getattr(part, "text", "")) for part in one.descendants()]
    ]
    UserInteraction(user, {named[-1]}, None).click()


def differing(bank: Payer) -> Any:
    """Reconcile a file with a difference of two kinds."""
    [one] = bank.pay(bank.order(500, channel="cnaps"))
    mapping = CsvMapping(reference="ref", line_id="ref", amount_is_minor=True)
    content = f"ref,amount\n{one.payment_id.hex},-501\nSTRANGE,77\n".encode()
    day = bank.doors[DaysApi].business_date()
    return bank.doors[ReconciliationApi].reconcile(
        bank.id(), "cnaps", content, day=day, mapping=mapping
    )


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page_has_all_its_words(bank: Payer, tmp_path: Path, language: Language) -> None:
    describe(bank)
    bank.doors[ClearingApi].set_up(bank.id(), "cnaps", False, "maintenance")
    bank.pay(bank.order(1_000, channel="beps"))
    bank.doors[ClearingApi].close_session(bank.id(), "beps")
    run = differing(bank)
    files = bank.doors[PaymentFilesApi]
    good = files.submit(bank.id(), payroll(bank.payer, [(bank.payee, 100), (7, 100)]))
    bad = files.submit(bank.id(), b"<none/>")
    bank.rest()

    async def story(user: User) -> None:
        for path in ("/payment-files", "/clearing", "/reconciliations"):
            await user.open(path)
        for one in (good, bad):
            await user.open(f"/payment-files/{one.file_id}")
            await user.should_see(str(one.file_id))
        await user.open(f"/payment-files/{good.file_id}?state=RJCT")
        await user.open(f"/reconciliations/{run.run_id}")
        await user.should_see("STRANGE")
        await user.open(f"/reconciliations/{run.run_id}?kind=amount&state=open")
        for path in ("/payment-files/none", "/reconciliations/none"):
            await user.open(path)

    seen(bank, tmp_path, story, language)


def test_a_difference_is_settled_on_its_page(bank: Payer, tmp_path: Path) -> None:
    run = differing(bank)

    async def story(user: User) -> None:
        await user.open(f"/reconciliations/{run.run_id}?kind=missing_ours")
        pick(user, "我方无此笔 STRANGE")
        for label, value in (("原因", "客户来账"), ("入账合约号", str(bank.payee))):
            [field] = user.find(kind=ui.input, content=label).elements
            field.set_value(value)
        [person] = user.find(kind=ui.input, content="经办人").elements
        person.set_value("officer")
        await user.should_see("我方无此笔：入账。")
        press(user, "了结")
        await user.should_see("已了结")

    seen(bank, tmp_path, story)
    assert bank.balances()[2] == 77
    assert bank.doors[ReconciliationApi].run(run.run_id).settled == 1


def test_a_channel_is_taken_out_on_its_page(bank: Payer, tmp_path: Path) -> None:
    describe(bank)

    async def story(user: User) -> None:
        await user.open("/clearing")
        pick(user, "停用通道 beps")
        [field] = user.find(kind=ui.input, content="原因").elements
        field.set_value("维护")
        press(user, "停用")
        await user.should_see("已停用")

    seen(bank, tmp_path, story)
    [state] = [one for one in bank.doors[ClearingApi].channels() if one.terms.channel == "beps"]
    assert (state.is_up, state.why) == (False, "维护")

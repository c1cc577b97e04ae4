"""Goal: an agreement's page tells at a glance what is owed, and what the customer was told.

Method: NiceGUI's simulated user; a card whose statement was made, a door that tells much.
"""

import datetime as dt

from nicegui import ui
from nicegui.testing.user import User
from nicegui.testing.user_interaction import UserInteraction

from tests.foundation.banking.pages.conftest import FIRST_DAY, SmallBank
from tests.foundation.banking.pages.test_pages import Door, seen
from yunjin.foundation.banking.api.agreements import Notice
from yunjin.kernel.page import Page


def test_what_a_card_owes_is_in_sight_wherever_it_stands(bank: SmallBank) -> None:
    card = bank.open("credit-card", "p-card", limit=500_000, statement_day=8)
    bank.post(card, -12_300)
    bank.doors.days.close(FIRST_DAY + dt.timedelta(days=3))
    assert bank.doors.agreements.agreement(card).balance_minor == 0  # it is on the statement

    async def story(user: User) -> None:
        for path in (f"/agreements/{card}", "/agreements?product=credit-card"):
            await user.open(path)
            await user.should_see("123.00")

    seen(bank, story)


def test_what_the_customer_was_told_is_listed_a_page_at_a_time(bank: SmallBank) -> None:
    def told(number: int) -> Notice:
        day = FIRST_DAY + dt.timedelta(days=number)
        at = dt.datetime(day.year, day.month, day.day, tzinfo=dt.UTC)
        code = "card-statement" if number else "account-asleep"
        return Notice(agreement_id=bank.saver, date=day, at=at, code=code)

    def notices(_: int, *, limit: int, cursor: str | None) -> Page[Notice]:
        shown = [told(number) for number in range(limit, -1, -1)]
        return Page((shown[-1],)) if cursor else Page(tuple(shown[:-1]), "on")

    async def story(user: User) -> None:
        await user.open(f"/agreements/{bank.wallet}")
        await user.should_see("还没有通知")

    async def telling(user: User) -> None:
        await user.open(f"/agreements/{bank.saver}")
        await user.should_see("已出账单")
        await user.should_not_see("账户转入久悬")
        buttons = user.find(kind=ui.button).elements
        turns = {one for one in buttons if one.props.get("icon") == "o_chevron_right"}
        UserInteraction(user, {one for one in turns if one.enabled}, None).click()
        await user.should_see("账户转入久悬")

    seen(bank, story)
    seen(bank, telling, room=bank.room(agreements=Door(bank.doors.agreements, notices=notices)))

"""The accounting basis, templates, and a close that goes on without anybody.

Goal: what an officer sets is set, for whom and from when it says so, and a day leads to the flow
that closes it. Method: NiceGUI's simulated user on a small bank; a days' door that says a close
is half-way.
"""

import datetime as dt
from dataclasses import replace

from nicegui import ui
from nicegui.testing.user import User

from tests.console import text_of
from tests.foundation.banking.pages.conftest import FIRST_DAY, SmallBank
from tests.foundation.banking.pages.test_pages import Door, seen, type_in
from yunjin.foundation.banking.api.days import DayReport, DayStep
from yunjin.foundation.banking.api.general_ledger import GlRule, Rule

TODAY = FIRST_DAY + dt.timedelta(days=2)


def test_a_product_s_interest_is_set_to_count_as_it_is_paid(bank: SmallBank) -> None:
    books = bank.doors.general_ledger
    assert books is not None

    async def story(user: User) -> None:
        await user.open("/gl/rules")
        user.find(kind=ui.button, content="设定记账基础").click()
        user.find(kind=ui.select, content="产品").elements.pop().set_value("instalment-loan")
        user.find(kind=ui.select, content="记账基础").elements.pop().set_value("cash")
        user.find(kind=ui.button, content="确认设定").click()
        await user.should_see("设定记录")

    seen(bank, story)
    assert books.rules() == [GlRule(product="instalment-loan", rule=Rule.CASH, since=TODAY)]


def test_a_template_begins_with_the_first_value_it_is_given(bank: SmallBank) -> None:
    async def story(user: User) -> None:
        await user.open("/products/current-account")
        assert "还没有模板" in text_of(user)
        user.find(kind=ui.button, content="设定模板").click()
        type_in(user, "模板", "vip")
        user.find(kind=ui.select, content="条款").elements.pop().set_value("overdraft_rate")
        type_in(user, "值", "12")
        type_in(user, "以确认", "current-account")
        user.find(kind=ui.button, content="确认调整").click()
        await user.should_see("与产品不同的条款")

    seen(bank, story)
    (made,) = bank.doors.registry.templates("current-account")
    assert (made.name, made.terms) == ("vip", {"overdraft_rate": 120_000})


def test_a_closed_day_leads_to_the_flow_that_closed_it(bank: SmallBank) -> None:
    flow_id = bank.doors.days.day(FIRST_DAY).flow_id
    assert flow_id is not None
    assert bank.doors.days.day(TODAY).flow_id is None  # nobody closes it yet

    async def story(user: User) -> None:
        await user.open(f"/days/{FIRST_DAY}")
        assert f"/banking/flows/{flow_id}" in text_of(user)

    seen(bank, story)


def test_a_close_that_a_restart_left_to_its_flow_is_shown(bank: SmallBank) -> None:
    open_day = bank.doors.days.day(TODAY)
    step = DayStep(name="close", done=1, total=4)
    flow_id = bank.doors.days.day(FIRST_DAY).flow_id
    half = replace(open_day, status="closing", steps=(step,), flow_id=flow_id)

    def days(*, limit: int) -> list[DayReport]:
        return [half, *bank.doors.days.days(limit=limit)[1:]]

    async def story(user: User) -> None:
        await user.open("/days")
        said = text_of(user)
        assert "日终由后台继续" in said
        assert f"/banking/flows/{flow_id}" in said
        assert "计提与分类" in said

    door = Door(bank.doors.days, days=days, day=lambda date: half)
    seen(bank, story, room=bank.room(days=door))

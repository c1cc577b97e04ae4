"""The pages of prices, points and reports as an officer meets them, in both languages.

Goal: each page answers its question, does what it offers, and never shows a word that is missing.
Method: NiceGUI's simulated user on the real services, over SQLite.
"""

from dataclasses import replace
from typing import Any

import pytest
from nicegui import ui
from nicegui.testing.user import User

from tests.console import text_of
from tests.platforms.capability.conftest import Centre
from tests.platforms.capability.pages.test_limits import a_tree, press, seen, type_in
from tests.platforms.capability.points.test_points import CARD
from tests.platforms.capability.pricing.conftest import LOAN, STANDARD, TRANSFER, VIP
from yunjin.chassis.console.words import Language
from yunjin.kernel.ids import uuid7
from yunjin.platforms.capability.api.points import Earning, EarningRule, PointsApi
from yunjin.platforms.capability.api.price_books import (
    Band,
    Discount,
    Every,
    FeeKind,
    Price,
    RateRule,
    Scope,
    Spread,
)
from yunjin.platforms.capability.api.pricing import PricingApi
from yunjin.platforms.capability.api.reports import ReportsApi

pytestmark = pytest.mark.parametrize("database_url", [""])

EVERY_KIND = replace(
    STANDARD,
    note="首版",
    prices=(
        TRANSFER,
        replace(VIP, priority=3, scope=Scope(party_id="P9", segment="vip", scenario="app")),
        LOAN,
        Price(
            fee="custody",
            code="custody",
            zh="托管费",
            en="Custody",
            kind=FeeKind.PROGRESSIVE,
            bands=(Band(upto_minor=100_000, rate_ppm=1_000), Band(minor=5, rate_ppm=100)),
        ),
        Price(
            fee="account",
            code="account",
            zh="账户管理费",
            en="Keeping an account",
            kind=FeeKind.PERIOD,
            bands=(Band(minor=300),),
            every=Every.YEAR,
            scope=Scope(business="retail"),
        ),
    ),
    discounts=(
        *STANDARD.discounts,
        Discount(code="five", zh="立减", en="Five off", off_minor=500, stacks=True),
    ),
    rates=(
        RateRule(
            code="loan",
            zh="贷款利率",
            en="Loan rate",
            base_ppm=34_500,
            spreads=(Spread(code="long", ppm=5_000), Spread(code="vip", ppm=-2_500)),
        ),
    ),
)


def something_of_everything(centre: Centre) -> None:
    """Publish a book of every kind of price; let a party earn and spend; open limits."""
    pricing, points = centre.door(PricingApi), centre.door(PointsApi)
    pricing.publish(uuid7(centre.clock), EVERY_KIND)
    pricing.publish(uuid7(centre.clock), replace(STANDARD, code="coming", since=later(centre)))
    bonus = EarningRule(
        code="may", zh="五月", en="May", points=5, is_bonus=True, since=later(centre)
    )
    points.put_programme(uuid7(centre.clock), replace(CARD, rules=(*CARD.rules, bonus)))
    points.put_programme(
        uuid7(centre.clock), replace(CARD, code="old", months=0, day_max=0, is_open=False)
    )
    for event, amount in (("e1", 180_000), ("e2", 180_000)):
        earning = Earning(
            programme="card", party_id="P1", event_id=event, amount_minor=amount, category="x"
        )
        points.earn(uuid7(centre.clock), earning)
    points.hold(uuid7(centre.clock), "card", "P1", 300, "order-1")
    a_tree(centre)


def later(centre: Centre) -> Any:
    """Return a day to come."""
    return centre.today.replace(month=5)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page_has_all_its_words(centre: Centre, language: Language) -> None:
    async def empty(user: User) -> None:
        for path in ("/pricing", "/points", "/points?party=P1", "/reports"):
            await user.open(path)

    seen(centre, empty, language)
    something_of_everything(centre)
    reports = centre.door(ReportsApi)
    run = [reports.run(uuid7(centre.clock), code) for code in ("limits", "limits", "points")]

    async def story(user: User) -> None:
        paths = [
            "/pricing",
            "/pricing/standard",
            "/pricing/coming",
            *(f"/pricing/standard/{one.fee}" for one in EVERY_KIND.prices),
            "/points",
            "/points?party=P1",
            "/points/card/P1",
            "/points/card/nobody",
            "/reports",
            "/reports?report=limits",
            *(f"/reports/{one.run_id}" for one in run),
        ]
        for path in paths:
            await user.open(path)
        await user.open("/pricing/standard/nothing")
        await user.open("/pricing/nothing")
        await user.open("/reports/nothing")
        await user.should_see("没有这次运行" if language == "zh" else "There is no such run")

    seen(centre, story, language)


def test_what_would_i_pay_is_worked_out_with_its_reasons(centre: Centre) -> None:
    centre.door(PricingApi).publish(uuid7(centre.clock), STANDARD)

    async def story(user: User) -> None:
        await user.open("/pricing/standard/transfer.out")
        await user.should_see("20.00")  # of 1,000,000: 0.002 % of all
        type_in(user, "金额", "20000")
        type_in(user, "客户编号", "P1")
        press(user, "计算")
        await user.should_see("还剩 3 次")
        type_in(user, "客户分层", "vip")
        press(user, "计算")
        await user.should_see("有更具体的价格")
        assert "2.00" in text_of(user)
        type_in(user, "金额", "")
        press(user, "计算")
        await user.should_see("请填写金额")

    seen(centre, story)


def test_points_are_granted_from_a_partys_page(centre: Centre) -> None:
    something_of_everything(centre)

    async def story(user: User) -> None:
        await user.open("/points?party=P1")
        await user.should_see("1,700")
        await user.open("/points/card/P1")
        await user.should_see("封顶少得")
        press(user, "赠送积分")
        type_in(user, "积分", "40")
        type_in(user, "事由", "补偿")
        await user.should_see("赠送 40 分，事由：补偿")
        press(user, "赠送")
        await user.should_see("积分已赠送")
        await user.should_see("1,740")

    seen(centre, story)
    assert centre.door(PointsApi).account("card", "P1").balance == 1_740


def test_a_report_is_run_seen_and_compared(centre: Centre) -> None:
    something_of_everything(centre)
    reports = centre.door(ReportsApi)
    reports.run(uuid7(centre.clock), "points")
    centre.door(PointsApi).grant(uuid7(centre.clock), "card", "P2", 1_000, note="赠")
    run = reports.run(uuid7(centre.clock), "points", by="王芳")

    async def story(user: User) -> None:
        await user.open("/reports")
        await user.should_see("积分负债")
        await user.open(f"/reports/{run.run_id}")
        await user.should_see("重算一致")
        await user.should_see("王芳")
        text = text_of(user)
        assert "3,000" in text
        assert "2,000" in text  # the run before
        [chart] = user.find(kind=ui.echart).elements
        assert chart.options["series"]

    seen(centre, story)

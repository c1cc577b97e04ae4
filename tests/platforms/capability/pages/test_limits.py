"""The pages of limits and of the catalogue as an officer meets them, in both languages.

Goal: each page answers its question, does what it offers, and never shows a word that is missing.
Method: NiceGUI's simulated user on the real services, over SQLite.
"""

from typing import Any

import pytest
from nicegui import ui
from nicegui.testing.user import User
from nicegui.testing.user_interaction import UserInteraction

from tests.console import text_of, visit
from tests.platforms.capability.conftest import Centre
from yunjin.chassis.console.words import Language
from yunjin.kernel.ids import uuid7
from yunjin.platforms.capability.api.limits import LimitsApi, LimitState, NewLimit, Period

pytestmark = pytest.mark.parametrize("database_url", [""])


def a_tree(centre: Centre) -> Any:
    """Open a group's limit with a member's below it, of which a part is used."""
    limits = centre.door(LimitsApi)
    group = limits.open(
        uuid7(centre.clock),
        NewLimit(name="集团授信", kind="credit", currency="CNY", ceiling_minor=1_000_000),
    )
    member = limits.open(
        uuid7(centre.clock),
        NewLimit(
            name="子公司",
            kind="credit",
            currency="CNY",
            ceiling_minor=600_000,
            parent_id=group.limit_id,
            party_id="P1",
            period=Period.MONTH,
        ),
    )
    hold = limits.reserve(uuid7(centre.clock), member.limit_id, 123_400, "order-7")
    limits.confirm(uuid7(centre.clock), hold.hold_id)
    return group, member


def seen(centre: Centre, story: Any, language: Language = "zh") -> None:
    """Let an officer live through a story at this centre."""
    visit([centre.room], story, clock=centre.clock, home=centre.home, language=language)


def type_in(user: User, label: str, value: str) -> None:
    """Type into the field with a label."""
    [field] = user.find(kind=ui.input, content=label).elements
    field.set_value(value)


def press(user: User, label: str) -> None:
    """Press the newest button of exactly this label."""
    found = user.find(kind=ui.button, content=label).elements
    [*_, last] = [one for one in sorted(found, key=lambda e: e.id) if one.text == label]
    UserInteraction(user, {last}, None).click()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page_has_all_its_words(centre: Centre, language: Language) -> None:
    group, member = a_tree(centre)

    async def story(user: User) -> None:
        for path in ("/limits", "/limits?party=P1", "/limits?party=nobody", "/centres"):
            await user.open(path)
        for one in (group, member):
            await user.open(f"/limits/{one.limit_id}")
            await user.should_see(one.name)
        await user.open("/centres/limit")
        await user.should_see("Limit and Exposure Management")
        await user.open("/limits/not-an-id")
        await user.should_see("没有这个额度" if language == "zh" else "There is no such limit")

    seen(centre, story, language)


def test_an_empty_list_offers_the_first_step(centre: Centre) -> None:
    async def story(user: User) -> None:
        await user.open("/limits")
        await user.should_see("还没有额度")
        press(user, "开立额度")
        type_in(user, "名称", "总授信")
        type_in(user, "总额", "10000.00")
        await user.should_see("开立“总授信”，总额 10,000.00 CNY。")
        press(user, "开立")
        await user.should_see("额度已开立")

    seen(centre, story)
    [made] = centre.door(LimitsApi).limits(roots=True).items
    assert (made.name, made.ceiling_minor, made.kind) == ("总授信", 1_000_000, "credit")


def test_a_limit_says_what_is_left_and_is_frozen_from_its_page(centre: Centre) -> None:
    group, _ = a_tree(centre)

    async def story(user: User) -> None:
        await user.open(f"/limits/{group.limit_id}")
        await user.should_see("8,766.00")
        assert "order-7" not in text_of(user), "expected only the limit's own holds"
        press(user, "冻结")
        await user.should_see("它和所有下级都不再有新的占用")
        press(user, "冻结")
        await user.should_see("已冻结")

    seen(centre, story)
    assert centre.door(LimitsApi).limit(group.limit_id).state is LimitState.FROZEN

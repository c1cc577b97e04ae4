"""The pages of customers as an officer meets them, in both languages.

Goal: each page answers its question, does what it offers, shows no whole number unasked, and never
a word that is missing. Method: NiceGUI's simulated user on the real services, over SQLite.
"""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from nicegui import ui
from nicegui.testing.user import User
from nicegui.testing.user_interaction import UserInteraction

from tests.console import text_of, visit
from tests.platforms.capability.conftest import Centre
from tests.platforms.capability.people import BORN, company, credit_code, id_number, person
from yunjin.chassis.console.words import Language
from yunjin.kernel.ids import uuid7
from yunjin.platforms.capability.api.limits import LimitsApi, NewLimit
from yunjin.platforms.capability.api.parties import PartiesApi
from yunjin.platforms.capability.api.party_facts import (
    Kyc,
    NewConsent,
    NewRelation,
    PartyQuery,
    PartyState,
    RelationKind,
    Role,
)
from yunjin.platforms.capability.pages import Search
from yunjin.platforms.capability.pages.customer_deeds import percent, share_ppm
from yunjin.platforms.capability.pages.customer_desk import Desk
from yunjin.platforms.capability.pages.customers import csv_rows

pytestmark = pytest.mark.parametrize("database_url", [""])
WHO = {"by": "柜员 07", "why": "按规定"}


@pytest.fixture
def parties(centre: Centre) -> Any:
    return centre.door(PartiesApi)


@pytest.fixture
def opened(centre: Centre, parties: Any) -> Callable[..., str]:
    def open_one(new: Any) -> str:
        party_id: str = parties.open(uuid7(centre.clock), new, by="柜员 07").party_id
        return party_id

    return open_one


def seen(centre: Centre, story: Any, language: Language = "zh") -> None:
    """Let an officer live through a story at this centre."""
    visit([centre.room], story, clock=centre.clock, home=centre.home, language=language)


def type_in(user: User, label: str, value: str) -> None:
    """Type into the newest field with a label."""
    found = user.find(kind=ui.input, content=label).elements
    fields = [one for one in found if one.props.get("label") == label]
    max(fields, key=lambda one: one.id).set_value(value)


def choose(user: User, label: str, value: str) -> None:
    """Choose in the newest choice with a label."""
    found = user.find(kind=ui.select).elements
    fields = [one for one in found if one.props.get("label") == label]
    max(fields, key=lambda one: one.id).set_value(value)


async def press(user: User, label: str) -> None:
    """Press the newest button of exactly this label, once it is there."""
    await user.should_see(kind=ui.button, content=label, retries=100)
    found = user.find(kind=ui.button, content=label).elements
    [*_, last] = [one for one in sorted(found, key=lambda e: e.id) if one.text == label]
    UserInteraction(user, {last}, None).click()


def text_under(element: Any) -> list[str]:
    """Return the texts of an element's parts."""
    return [str(getattr(one, "text", "")) for one in element.descendants()]


async def sees(user: User, text: str) -> None:
    """Wait until a text is there, however busy the machine is."""
    await user.should_see(text, retries=100)


async def pick(user: User, label: str) -> None:
    """Pick an entry of the menu."""
    await user.should_see(kind=ui.button, content="更多", retries=100)
    assert user.client is not None
    # A browser opens the menu by itself; the simulation has to reach into it.
    items = [one for one in user.client.elements.values() if isinstance(one, ui.menu_item)]
    [item] = [one for one in items if label in text_under(one)]
    UserInteraction(user, {item}, None).click()


def busy(centre: Centre, parties: Any, opened: Callable[..., str]) -> str:
    """Open a person who has everything; return its id."""
    clock, one = centre.clock, opened(person("王小云", 1, other_name="Wang Xiaoyun"))
    twin, firm = opened(person("王小云", 2)), opened(company(roles=(Role.SUPPLIER,)))
    merged = opened(person("王晓云", 3))
    parties.merge(uuid7(clock), merged, one, **WHO)
    new = NewRelation(
        kind=RelationKind.BENEFICIAL_OWNER, from_id=one, to_id=firm, share_ppm=333_000
    )
    parties.relate(uuid7(clock), new)
    wed = NewRelation(
        kind=RelationKind.SPOUSE,
        from_id=opened(person("李大江", 4)),
        to_id=one,
        since=dt.date(2015, 1, 1),
    )
    ended = parties.relate(uuid7(clock), wed)
    parties.end_relation(uuid7(clock), ended.relation_id, until=dt.date(2020, 1, 1))
    parties.step_kyc(uuid7(clock), one, Kyc.PENDING, **WHO)
    parties.step_kyc(
        uuid7(clock), one, Kyc.VERIFIED, **WHO, evidence_id="IMG-7", review=dt.date(2099, 1, 1)
    )
    consent = NewConsent(purpose="credit_report", version="v2", channel="app")
    parties.give_consent(uuid7(clock), one, consent)
    own = NewConsent(purpose="own-purpose", version="v2", channel="kiosk")
    parties.withdraw_consent(uuid7(clock), parties.give_consent(uuid7(clock), one, own).consent_id)
    parties.end_item(uuid7(clock), one, parties.contacts(one)[0].contact_id)
    parties.give_role(uuid7(clock), one, Role.GUARANTOR)
    parties.end_role(uuid7(clock), one, Role.GUARANTOR)
    parties.change(uuid7(clock), one, country="SG", name="王小云")
    parties.block(uuid7(clock), one, **WHO)
    limit = NewLimit(
        name="个人授信", kind="credit", currency="CNY", ceiling_minor=500_000, party_id=merged
    )
    centre.door(LimitsApi).open(uuid7(clock), limit)
    assert parties.duplicates(one)[0].party.party_id == twin
    return one


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page_has_all_its_words(
    centre: Centre, parties: Any, opened: Callable[..., str], language: Language
) -> None:
    one = busy(centre, parties, opened)
    [alias] = parties.party(one).aliases
    everybody = [each.party_id for each in parties.find(PartyQuery(limit=200)).items]
    closed = opened(company("注销公司", 9))
    parties.close(uuid7(centre.clock), closed, **WHO)

    async def story(user: User) -> None:
        fine = [
            "/customers",
            "/customers?q=nobody",
            "/customers?kind=person&kyc=verified&role=customer&state=blocked",
            "/customers/new",
            *(f"/customers/{each}" for each in (*everybody, alias, closed)),
            f"/customers/{one}/merge",
            f"/customers/{one}/merge?with={everybody[0]}",
            f"/customers/{one}/merge?with=nobody",
        ]
        for path in fine:
            await user.open(path)
            text = text_of(user)
            assert "IMG" in text or "138000" not in text.replace("138****", "")
            for order in (1, 2, 3, 4):
                assert id_number(BORN, order) not in text, path
        await user.open("/customers/P0")
        await sees(user, "没有这个客户" if language == "zh" else "There is no such customer")

    seen(centre, story, language)


def test_a_customer_is_opened_by_a_form_that_checks_as_one_types(
    centre: Centre, parties: Any, opened: Callable[..., str]
) -> None:
    number = id_number(BORN, 7)
    known = opened(person("王小云", 1))

    async def story(user: User) -> None:
        await user.open("/customers/new")
        await sees(user, "还没有可比对的信息")
        type_in(user, "姓名/名称", "王小云")
        type_in(user, "号码", number[:-1] + ("1" if number[-1] != "1" else "2"))
        await sees(user, "号码与证件类型不符")
        type_in(user, "号码", number)
        await sees(user, "姓名与出生日期相同")  # the birth was read from the number
        type_in(user, "手机", "138 0000 0099")
        await press(user, "建立")
        await sees(user, "客户已建立")

    seen(centre, story)
    [made] = parties.find(PartyQuery(document=number)).items
    party = parties.party(made.party_id)
    assert (party.born, party.name, party.roles) == (BORN, "王小云", (Role.CUSTOMER,))
    assert [each.party.party_id for each in parties.duplicates(made.party_id)] == [known]
    assert [one.shown for one in parties.contacts(made.party_id)] == ["138****0099"]


def test_an_organisation_has_other_documents_and_another_date(centre: Centre, parties: Any) -> None:
    async def story(user: User) -> None:
        await user.open("/customers/new")
        choose(user, "类型", "organisation")
        await sees(user, "成立日期")
        type_in(user, "姓名/名称", "云锦织造有限公司")
        type_in(user, "号码", credit_code(5))
        await sees(user, "没有相似的客户")
        await press(user, "建立")
        await sees(user, "客户已建立")

    seen(centre, story)
    [made] = parties.find(PartyQuery(kind="organisation")).items
    assert parties.documents(made.party_id)[0].type == "credit_code"


def test_a_customer_becomes_known_from_its_page(
    centre: Centre, parties: Any, opened: Callable[..., str]
) -> None:
    one = opened(person())

    async def story(user: User) -> None:
        await user.open(f"/customers/{one}")
        await press(user, "发起尽调")
        type_in(user, "理由", "新客户")
        await press(user, "发起")
        await sees(user, "尽调已发起")
        await press(user, "核实通过")
        type_in(user, "证据编号", "IMG-1")
        type_in(user, "复核日", "2099-01-01")
        type_in(user, "理由", "证件与本人一致")
        await sees(user, "核实有效至 2099-01-01。")
        await press(user, "通过")
        await sees(user, "已核实。")
        await sees(user, "证件与本人一致")

    seen(centre, story)
    party = parties.party(one)
    assert (party.kyc, party.review) == (Kyc.VERIFIED, dt.date(2099, 1, 1))


def test_a_whole_number_is_seen_only_after_a_reason_that_stays(
    centre: Centre, parties: Any, opened: Callable[..., str]
) -> None:
    one, number = opened(person(order=6)), id_number(BORN, 6)
    [card] = parties.documents(one)

    async def story(user: User) -> None:
        await user.open(f"/customers/{one}")
        assert number not in text_of(user)
        user.find(marker="papers").trigger("yjLook", str(card.document_id))
        type_in(user, "理由", "客户来电核对")
        await press(user, "查看")
        await sees(user, number)
        await sees(user, "客户来电核对")

    seen(centre, story)
    [told, _] = parties.timeline(one).items
    assert (told.what, told.by, told.why) == ("revealed", "console", "客户来电核对")


def test_relations_roles_consents_and_papers_are_kept_from_the_page(
    centre: Centre, parties: Any, opened: Callable[..., str]
) -> None:
    one, firm = opened(person()), opened(company("云锦织造有限公司", 3))

    async def story(user: User) -> None:
        await user.open(f"/customers/{one}")
        await press(user, "建立关系")
        type_in(user, "对方", "云锦织造有限公司")
        choose(user, "对方是", "beneficial_owner.to")
        type_in(user, "持股", "33.3")
        await press(user, "建立")
        await sees(user, "关系已建立。")
        await sees(user, "33.3%")
        await press(user, "登记授权")
        choose(user, "用途", "marketing")
        await press(user, "登记")
        await sees(user, "授权已登记。")
        await press(user, "添加联系方式")
        choose(user, "方式", "email")
        type_in(user, "内容", "yun@example.com")
        await press(user, "添加")
        await sees(user, "y***@example.com")
        await press(user, "添加证件")
        choose(user, "证件类型", "passport")
        type_in(user, "号码", "E12345678")
        await press(user, "添加")
        await sees(user, "证件已添加。")
        await pick(user, "赋予角色")
        choose(user, "角色", "investor")
        await press(user, "赋予")
        await sees(user, "角色已赋予。")

    seen(centre, story)
    [relation] = parties.relations(firm)
    assert (relation.from_id, relation.share_ppm) == (one, 333_000)
    assert parties.consented(one, "marketing", centre.today) is not None
    assert len(parties.contacts(one)) == len(parties.documents(one)) == 2
    assert parties.party(one).roles == (Role.CUSTOMER, Role.INVESTOR)


def test_a_customer_is_blocked_unblocked_and_closed_by_its_name(
    centre: Centre, parties: Any, opened: Callable[..., str]
) -> None:
    one = opened(person("王小云", 1))
    states = []

    async def story(user: User) -> None:
        await user.open(f"/customers/{one}")
        for word, now in (("限制客户", "限制"), ("解除限制", "解除")):
            await pick(user, word)
            type_in(user, "理由", "协查")
            await press(user, now)
            await sees(user, "客户已限制" if now == "限制" else "限制已解除")
            states.append(parties.party(one).state)
        await pick(user, "销户")
        type_in(user, "理由", "客户申请")
        type_in(user, "请输入“王小云”以确认", "王小云")
        await press(user, "销户")
        await sees(user, "客户已销户。")

    seen(centre, story)
    assert states == [PartyState.BLOCKED, PartyState.OPEN]
    assert parties.party(one).state is PartyState.CLOSED


def test_two_records_are_compared_made_one_and_taken_apart(
    centre: Centre, parties: Any, opened: Callable[..., str]
) -> None:
    one, other = opened(person("王小云", 1)), opened(person("王小云", 2))

    async def story(user: User) -> None:
        await user.open(f"/customers/{other}")
        await sees(user, "姓名与出生日期相同")
        await user.open(f"/customers/{one}/merge?with={other}")
        await sees(user, "并排比对")
        await press(user, "合并为一份")
        type_in(user, "理由", "同一人")
        await press(user, "合并")
        await sees(user, "已合并。")
        assert parties.resolve([one]) == [other]
        await user.open(f"/customers/{one}")
        await sees(user, "已并入的编号")
        user.find(marker="records").trigger("yjPart", one)
        type_in(user, "理由", "并非同一人")
        await press(user, "拆分")
        await sees(user, "已拆分。")

    seen(centre, story)
    assert parties.resolve([one, other]) == [one, other]


def test_search_finds_parties_and_no_address_keeps_a_number(
    centre: Centre, parties: Any, opened: Callable[..., str]
) -> None:
    one, number = opened(person("王小云", 1)), id_number(BORN, 1)
    search = Search(parties)
    for text in ("小云", number, "138 0000 0001", one, one.lower()):
        assert [hit.path for hit in search(text)] == [f"/customers/{one}"], text
    assert search("  ") == search("nobody") == []
    addresses: list[str] = []

    async def story(user: User) -> None:
        await user.open("/customers")
        type_in(user, "姓名、编号、证件号、手机", number)
        await sees(user, "王小云")
        addresses.extend(str(one) for one in user.back_history)
        type_in(user, "姓名、编号、证件号、手机", "没有这个人")
        await sees(user, "没有符合的客户")

    seen(centre, story)
    assert addresses
    assert not any(number in each for each in addresses)


def test_the_csv_has_no_names(centre: Centre, parties: Any, opened: Callable[..., str]) -> None:
    one = opened(person("王小云", 1))
    desk = Desk(parties=parties, limits=centre.door(LimitsApi), agreements=None, clock=centre.clock)
    [head, row] = list(csv_rows(desk, {"kind": "person"}))
    assert (head[0], row[0], row[6]) == ("party_id", one, "customer")
    assert "王" not in "".join(map(str, row))
    assert list(csv_rows(desk, {"kind": "organisation"})) == [head]


@pytest.mark.usefixtures("database_url")
def test_shares_are_read_and_written_in_percent() -> None:
    read = [share_ppm(text) for text in ("33.3", "100", "0.0001", "0", "100.1", "1.23456", "x")]
    assert read == [333_000, 1_000_000, 1, None, None, None, None]
    assert [percent(ppm) for ppm in (333_000, 1_000_000, 1)] == ["33.3%", "100%", "0.0001%"]

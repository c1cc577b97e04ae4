"""Banking's pages as an officer meets them, in both languages.

Goal: each page answers its question, does what it offers, and never shows a word that is missing.
Method: NiceGUI's simulated user on the real services; doors that fail stand in front of them.
"""

import datetime as dt
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from nicegui import ui
from nicegui.testing.user import User

from tests.console import text_of, visit
from tests.foundation.banking.pages.conftest import FIRST_DAY, SmallBank
from yunjin.chassis.console.words import Language
from yunjin.foundation.banking.api.days import DayReport, ProofLine
from yunjin.foundation.banking.api.general_ledger import EntryKind, ManualEntry, ManualLine
from yunjin.foundation.banking.api.statements import Kind
from yunjin.foundation.banking.pages.agreements import csv_rows
from yunjin.foundation.banking.pages.desk import Desk
from yunjin.foundation.banking.pages.papers import write
from yunjin.kernel.errors import Malformed
from yunjin.kernel.ids import cell_of, sequence_of
from yunjin.kernel.room import Faces

Story = Callable[[User], Awaitable[None]]


class Door:
    """The real door, but for what a test puts in the way."""

    def __init__(self, door: Any, **instead: Any) -> None:
        self._door, self._instead = door, instead

    def __getattr__(self, name: str) -> Any:
        return self._instead.get(name) or getattr(self._door, name)


def seen(
    bank: SmallBank, story: Story, language: Language = "zh", room: Faces | None = None
) -> None:
    """Let an officer live through a story at this bank."""
    visit([room or bank.room()], story, clock=bank.clock, home=bank.home, language=language)


def short(agreement_id: int) -> str:
    """Return an agreement's id as the console writes it."""
    return f"{cell_of(agreement_id)}-{sequence_of(agreement_id):06d}"


def type_in(user: User, label: str, value: str) -> None:
    """Type into the field with a label; of those that contain it, the one with the shortest."""
    found = user.find(kind=ui.input, content=label).elements
    labels = {str(field.props.get("label", "")): field for field in found}
    labels[min((one for one in labels if label in one), key=len)].set_value(value)


@pytest.mark.parametrize("language", ["zh", pytest.param("en", marks=pytest.mark.slow)])
def test_every_page_has_all_its_words(bank: SmallBank, language: Language) -> None:
    fine = [
        "/agreements",
        "/agreements?product=wallet&status=open&branch=head&party=p-saver",
        "/agreements?q=nothing",
        "/agreements/new",
        *(f"/agreements/new?product={code}" for code in sorted(_codes(bank))),
        *(f"/agreements/{one}" for one in (bank.saver, bank.borrower, bank.wallet)),
        f"/agreements/{bank.borrower}?account=paid_in&order=asc",
        "/products",
        *(f"/products/{code}" for code in sorted(_codes(bank))),
        "/products/new",
        "/products/new?from=wallet",
        "/products/instalment-loan/simulate",
        "/days",
        f"/days/{FIRST_DAY}",
        f"/days/{FIRST_DAY + dt.timedelta(days=2)}",
        "/gl",
        "/gl?report=sheet",
        "/gl?report=income&from=2026-01-01&until=2026-01-31&branch=head",
        *(f"/gl/accounts/{one.code}" for one in _moved(bank)),
        "/gl/accounts",
        "/gl/accounts?q=1303&element=asset",
        "/gl/entries",
        "/gl/entries/1",
        "/gl/entries/new",
        "/gl/entries/1/lines/1",
        "/gl/mappings",
        "/gl/rules",
        "/gl/periods",
        "/waiting",
        "/waiting?state=settled",
        *(f"/agreements/{one}/terms" for one in (bank.saver, bank.borrower)),
        *(f"/agreements/{bank.saver}/papers?kind={kind}" for kind in ("statement", "interest")),
        *(f"/agreements/{bank.borrower}/papers?kind={one}" for one in Kind),
    ]
    wrong = [
        *("/agreements/99", "/agreements/x", "/products/x", "/days/x", "/gl/accounts/x"),
        *(
            "/gl/entries/x",
            "/gl/entries/1/lines/99",
            "/gl/entries/1/lines/x",
            "/gl/entries/99999",
            "/agreements/99/papers",
            "/agreements/99/terms",
        ),
    ]
    trace = "跟踪号" if language == "zh" else "Trace id"

    async def story(user: User) -> None:
        for path in fine:
            await user.open(path)
            assert trace not in text_of(user), f"{path}\n{text_of(user)[-2000:]}"
        for path in wrong:
            await user.open(path)
            assert trace in text_of(user), path

    seen(bank, story, language)


def _codes(bank: SmallBank) -> set[str]:
    return {one.code for one in bank.doors.registry.versions()}


def _moved(bank: SmallBank) -> list[Any]:
    books = bank.doors.general_ledger
    assert books is not None
    return [one for one in books.accounts() if one.slots][:3]


def test_an_empty_bank_offers_the_first_step(empty_bank: SmallBank) -> None:
    async def story(user: User) -> None:
        await user.open("/agreements")
        await user.should_see("还没有合约")
        await user.open("/gl")
        await user.should_see("总账还没有分录")

    seen(empty_bank, story)


def test_an_agreement_shows_what_it_holds_and_what_may_still_be_moved(bank: SmallBank) -> None:
    async def story(user: User) -> None:
        await user.open(f"/agreements/{bank.saver}")
        for words in ("12,000.00", "11,544.00", "456.00", "透支额度", "p-saver", "冻结"):
            await user.should_see(words)

    seen(bank, story)


def test_a_loan_shows_its_schedule_run_again_from_its_first_day(bank: SmallBank) -> None:
    async def story(user: User) -> None:
        await user.open(f"/agreements/{bank.borrower}")
        await user.should_see("还款计划")
        await user.should_see("与现有余额一致")
        await user.should_see("2026-02-05")
        await user.should_see("1,032.80")  # 12,000 at 6 % over twelve months

    seen(bank, story)


def test_money_is_paid_in_and_the_answer_is_told(bank: SmallBank) -> None:
    async def story(user: User) -> None:
        await user.open(f"/agreements/{bank.saver}")
        user.find(kind=ui.button, content="存入").click()
        await user.should_see("金额")
        type_in(user, "金额", "100.5")
        await user.should_see("从清算账户存入 100.50 CNY")
        user.find("确认存入").click()
        await user.should_see("12,100.50")

    seen(bank, story)
    assert bank.doors.agreements.agreement(bank.saver).balance_minor == 1_210_050


def test_a_product_s_refusal_is_told_in_the_reader_s_words(bank: SmallBank) -> None:
    async def story(user: User) -> None:
        await user.open(f"/agreements/{bank.saver}")
        user.find(kind=ui.button, content="支取").click()
        type_in(user, "金额", "999999")
        user.find("确认支取").click()
        await user.should_see("没有办成")
        await user.should_see("余额不足")

    seen(bank, story)
    assert bank.doors.agreements.agreement(bank.saver).balance_minor == 1_200_000


def test_a_new_agreement_is_opened_within_the_product_s_bounds(bank: SmallBank) -> None:
    async def story(user: User) -> None:
        await user.open("/agreements/new?product=fixed-deposit")
        type_in(user, "客户", "p-new")
        type_in(user, "期数", "121")
        type_in(user, "年利率", "2.1")
        button = user.find(kind=ui.button, content="开立").elements.pop()
        assert not button.enabled
        type_in(user, "期数", "12")
        assert button.enabled
        user.find(kind=ui.button, content="开立").click()
        await user.should_see("合约已开立")

    seen(bank, story)
    (made,) = bank.doors.agreements.find(_of_party("p-new")).items
    assert (made.terms["term"], made.terms["rate"]) == (12, 21_000)


def _of_party(party: str) -> Any:
    from yunjin.foundation.banking.api.agreements import AgreementQuery

    return AgreementQuery(party_id=party)


def test_a_refused_standing_order_waits_for_a_person_and_is_settled(bank: SmallBank) -> None:
    async def story(user: User) -> None:
        await user.open("/days")
        await user.should_see("定期转账被拒")
        await user.should_see("余额不足")

    seen(bank, story)


def test_a_proof_that_differs_stands_out(bank: SmallBank) -> None:
    def unproven(date: dt.date) -> DayReport:
        line = ProofLine(
            slot="DEPOSITS", branch="head", currency="CNY", subledger_minor=-100, ledger_minor=-30
        )
        return replace(bank.doors.days.day(date), status="unproven", proof=(line,))

    async def story(user: User) -> None:
        await user.open(f"/days/{FIRST_DAY}")
        for words in ("总账与分户不一致", "核对不平", "-0.70", "1 行有差额"):
            await user.should_see(words)

    seen(bank, story, room=bank.room(days=Door(bank.doors.days, day=unproven)))


def test_a_file_that_will_not_do_is_complained_of_line_by_line(bank: SmallBank) -> None:
    async def story(user: User) -> None:
        await user.open("/products/new?from=wallet")
        field = user.find(kind=ui.textarea).elements.pop()
        field.set_value(f"{field.value}\nimport os\n")
        user.find(kind=ui.button, content="试运行").click()
        await user.should_see("处不合格", retries=60)
        await user.should_see(f"第 {len(field.value.splitlines())} 行")

    seen(bank, story)


def test_two_versions_are_compared_without_touching_an_agreement(bank: SmallBank) -> None:
    before = bank.doors.agreements.agreement(bank.saver)

    async def story(user: User) -> None:
        await user.open("/products/current-account/simulate")
        type_in(user, "首日存入", "1000")
        user.find(kind=ui.button, content="试算").click()
        await user.should_see("末日结果", retries=60)

    seen(bank, story)
    assert bank.doors.agreements.agreement(bank.saver) == before


def test_without_a_general_ledger_its_pages_stay_away(bank: SmallBank) -> None:
    room = bank.room(general_ledger=None)
    assert "/gl" not in {one.path for one in room.menu}


def test_search_finds_an_agreement_by_id_and_party_and_a_product_by_name(bank: SmallBank) -> None:
    (search,) = bank.room().search
    assert [hit.path for hit in search(short(bank.friend))] == [f"/agreements/{bank.friend}"]
    assert {hit.path for hit in search("p-saver")} == {
        f"/agreements/{bank.saver}",
        f"/agreements/{bank.wallet}",
    }
    assert [hit.path for hit in search("钱包")] == ["/products/wallet"]
    assert search("nobody") == []


def test_the_csv_holds_every_agreement_the_filters_let_through(bank: SmallBank) -> None:
    from yunjin.foundation.banking.pages.desk import Desk

    lines = list(csv_rows(Desk(bank.doors, bank.clock), {"product": "current-account"}))
    assert [line[0] for line in lines[1:]] == [str(bank.friend), str(bank.saver)]


def test_a_month_is_closed_and_opened_again_only_with_its_name_typed(bank: SmallBank) -> None:
    books = bank.doors.general_ledger
    assert books is not None
    bank.doors.days.close(dt.date(2026, 1, 31))

    async def story(user: User) -> None:
        await user.open("/gl/periods")
        await user.should_see("2026-01")
        user.find(marker="periods").trigger("yjCloseMonth", "2026-01")
        user.find(kind=ui.button, content="结账").click()
        await user.should_see("2026-01 已结账")
        user.find(marker="periods").trigger("yjReopenMonth", "2026-01")
        type_in(user, "事由", "漏记一笔")
        type_in(user, "以确认", "2026-01")
        user.find(kind=ui.button, content="反结账").click()
        await user.should_see("2026-01 已反结账")

    seen(bank, story)
    assert [one.status for one in books.periods()] == ["open", "open"]


def test_a_product_s_term_is_set_for_all_who_follow_it(bank: SmallBank) -> None:
    async def story(user: User) -> None:
        await user.open("/products/current-account")
        user.find(kind=ui.button, content="调整条款").click()
        user.find(kind=ui.select, content="条款").elements.pop().set_value("overdraft_rate")
        type_in(user, "值", "12")
        type_in(user, "以确认", "current-account")
        user.find(kind=ui.button, content="确认调整").click()
        await user.should_see("条款变更")

    seen(bank, story)
    (made,) = bank.doors.registry.terms("current-account")
    assert (made.parameter, made.value) == ("overdraft_rate", 120_000)


def test_a_paper_that_an_address_names_is_written(bank: SmallBank) -> None:
    papers = bank.doors.papers
    assert papers is not None
    desk = Desk(bank.doors, bank.clock)
    for name, start in (("statement-1-zh.pdf", b"%PDF-"), ("interest-1-en.csv", b"\xef\xbb\xbf")):
        facts = {"agreement_id": str(bank.saver), "name": name}
        assert b"".join(write(desk, papers, facts)).startswith(start)
    for wrong in ("statement-1-zh.txt", "letter-1-zh.pdf", "statement-1-fr.pdf", "x"):
        with pytest.raises(Malformed):
            write(desk, papers, {"agreement_id": str(bank.saver), "name": wrong})


def test_a_manual_entry_is_listed_and_reversed_with_its_number_typed(bank: SmallBank) -> None:
    books = bank.doors.general_ledger
    assert books is not None
    made = books.enter(
        ManualEntry(
            command_id=bank.id(),
            date=bank.doors.days.business_date(),
            lines=(
                ManualLine(account="1002", debit_minor=100_000),
                ManualLine(account="4002", credit_minor=100_000),
            ),
            reason="注资",
            by="console",
        )
    )

    async def story(user: User) -> None:
        await user.open("/gl/entries")
        for words in ("注资", "1,000.00 CNY", "已入账"):
            await user.should_see(words)
        await user.open(f"/gl/entries/{made.number}")
        user.find(kind=ui.button, content="冲销分录").click()
        type_in(user, "事由", "记错")
        type_in(user, "以确认", str(made.number))
        user.find(kind=ui.button, content="确认冲销").click()
        await user.should_see("已冲销")

    seen(bank, story)
    found = books.entries([EntryKind.MANUAL, EntryKind.REVERSAL], limit=1)
    assert [one.reverses for one in found.items] == [made.number]
    after = books.entries([EntryKind.MANUAL, EntryKind.REVERSAL], cursor=found.next_cursor)
    assert [one.number for one in after.items] == [made.number]

"""The ledger's pages as a reader meets them, in both languages.

Goal: each page answers its question and never shows a word that is missing. Method: NiceGUI's
simulated user on the real ledger behind its door; doors that fail stand in front of it.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from nicegui import ui
from nicegui.testing.user import User

from tests.console import LANGUAGES, text_of, visit
from tests.foundation.ledger.conftest import SMALL
from tests.foundation.ledger.pages.conftest import (
    ALICE,
    CLOSED,
    NOSTRO,
    REFERENCE,
    SHOP,
    YEN_ALICE,
    SmallBank,
    transfer_id,
)
from yunjin.chassis.console.words import Language
from yunjin.foundation.ledger.api import Alias, CellState, Finding, LedgerApi, VerifyReport
from yunjin.foundation.ledger.errors import WritesStopped
from yunjin.foundation.ledger.pages.accounts import find
from yunjin.foundation.ledger.wiring import build
from yunjin.kernel.clock import FixedClock
from yunjin.kernel.room import Room

PAGES = [
    "/ledger",
    "/accounts",
    "/accounts?ledger=2&code=2001",
    "/accounts?q=alice",
    "/accounts?code=9",
    f"/accounts/{ALICE}",
    f"/accounts/{ALICE}?range=30&from=2000-01-01&until=2000-01-02",
    f"/accounts/{ALICE}?order=asc",
    f"/accounts/{CLOSED}",
    f"/accounts/{SHOP}",
    f"/accounts/{YEN_ALICE}",
    "/accounts/99",
    "/transfers",
    f"/transfers?reference={REFERENCE}&min=1&max=99999999&from=2020-01-01",
    "/transfers?code=9999",
    *(f"/transfers/{transfer_id(number)}" for number in range(1, 11)),
    "/transfers/nonsense",
    "/journal",
]
Story = Callable[[User], Awaitable[None]]


class Door:
    """The real door, but for what a test puts in the way."""

    def __init__(self, ledger: LedgerApi, **instead: Any) -> None:
        self._ledger, self._instead = ledger, instead

    def __getattr__(self, name: str) -> Any:
        return self._instead.get(name) or getattr(self._ledger, name)


def seen(
    bank: SmallBank, story: Story, language: Language = "zh", room: Room | None = None
) -> None:
    """Let a reader live through a story at this bank."""
    visit([room or bank.room], story, clock=bank.clock, home=bank.home, language=language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_has_all_its_words(bank: SmallBank, language: Language) -> None:
    async def story(user: User) -> None:
        for path in PAGES:
            await user.open(path)
            text = text_of(user)
            assert "problem.bug" not in text, path
            assert ("跟踪号" if language == "zh" else "Trace id") not in text or path in (
                "/accounts/99",
                "/transfers/nonsense",
            ), f"{path}\n{text}"
            assert "ledger." not in text.replace("ledger/", ""), path

    seen(bank, story, language)


def test_overview_tells_what_is_booked_and_that_the_books_balance(bank: SmallBank) -> None:
    async def story(user: User) -> None:
        await user.open("/ledger")
        for words in ("累计入账", "1 · CNY", "2 · JPY", "98,765", "平衡", "在途冻结"):
            await user.should_see(words)
        assert bank.ledger.state().head.hash in text_of(user)

    seen(bank, story)


def test_overview_says_first_that_writes_have_stopped(bank: SmallBank) -> None:
    def stopped() -> CellState:
        return replace(bank.ledger.state(), stopped="no space left", is_writer=False)

    async def story(user: User) -> None:
        await user.open("/ledger")
        await user.should_see("写入已停止")
        await user.should_see("no space left")

    seen(bank, story, room=bank.seen_by(Door(bank.ledger, state=stopped)))


def test_accounts_are_found_by_the_beginning_of_an_alias(bank: SmallBank) -> None:
    async def story(user: User) -> None:
        await user.open("/accounts?q=DE8937")
        await user.should_see("1-000002")
        await user.should_not_see("1-000001")

    seen(bank, story)


def test_a_filter_narrows_the_list_and_is_cleared_again(bank: SmallBank) -> None:
    async def story(user: User) -> None:
        await user.open("/accounts")
        user.find(kind=ui.input, content="科目代码").elements.pop().set_value("3")
        await user.should_see("1-000003")
        await user.should_not_see("1-000002")
        user.find("清除筛选").click()
        await user.should_see("1-000002")

    seen(bank, story)


def test_an_account_shows_what_may_still_be_moved(bank: SmallBank) -> None:
    async def story(user: User) -> None:
        await user.open(f"/accounts/{ALICE}")
        # 12,345.67 less 60 and 25 spent; 400 are held; 50 more may be overdrawn
        for words in ("12,260.67", "400.00", "11,910.67", "可透支至 50.00 CNY", "alice-wallet"):
            await user.should_see(words)

    seen(bank, story, "zh")


def test_a_running_balance_ends_at_the_balance(bank: SmallBank) -> None:
    async def story(user: User) -> None:
        await user.open(f"/accounts/{ALICE}")
        rows = text_of(user).split("<tbody>")[1].split("</tr>")
        assert "12,260.67" in rows[0]

    seen(bank, story)


def test_yen_have_no_decimals(bank: SmallBank) -> None:
    async def story(user: User) -> None:
        await user.open(f"/accounts/{YEN_ALICE}")
        await user.should_see("98,765")
        assert "98,765.0" not in text_of(user)
        assert "987.65" not in text_of(user)

    seen(bank, story)


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (3, "60.00 CNY was posted"),
        (4, "All of it was released"),
        (5, "Expired "),
        (6, "Still held; expires"),
        (10, "Still held; to be posted or voided"),
    ],
)
def test_a_hold_tells_what_became_of_it(bank: SmallBank, number: int, words: str) -> None:
    async def story(user: User) -> None:
        await user.open(f"/transfers/{transfer_id(number)}")
        await user.should_see(words)

    seen(bank, story, "en")


def test_a_post_leads_back_to_its_hold(bank: SmallBank) -> None:
    async def story(user: User) -> None:
        await user.open(f"/transfers/{transfer_id(7)}")
        assert f"/transfers/{transfer_id(3)}" in text_of(user)

    seen(bank, story)


def test_a_reference_finds_its_transfers(bank: SmallBank) -> None:
    async def story(user: User) -> None:
        await user.open(f"/transfers?reference={REFERENCE}")
        assert f"/transfers/{transfer_id(1)}" in text_of(user)
        assert f"/transfers/{transfer_id(2)}" not in text_of(user)

    seen(bank, story)


def test_an_account_without_history_says_so(bank: SmallBank) -> None:
    async def story(user: User) -> None:
        await user.open(f"/accounts/{NOSTRO}")
        await user.should_see("No history is kept of this account")

    seen(bank, story, "en")


def test_verifying_tells_its_outcome(bank: SmallBank) -> None:
    async def story(user: User) -> None:
        await user.open("/journal")
        user.find("Verify now").click()
        await user.should_see("The journal is sound", retries=50)
        await user.should_see("10 transfers check out")

    seen(bank, story, "en")


def test_verifying_names_the_row_that_is_damaged(bank: SmallBank) -> None:
    def damaged() -> VerifyReport:
        sound = bank.ledger.verify()
        return replace(sound, findings=(Finding(sequence=3, what="expected hash a, was <b>"),))

    async def story(user: User) -> None:
        await user.open("/journal")
        user.find("立即核验").click()
        await user.should_see("发现 1 处问题", retries=50)
        assert "expected hash a, was &lt;b&gt;" in text_of(user)
        await user.open("/ledger")
        await user.should_see("日志核验发现问题")

    seen(bank, story, room=bank.seen_by(Door(bank.ledger, verify=damaged)))


def test_an_outage_is_told_in_the_readers_words(bank: SmallBank) -> None:
    def down(*_: Any, **__: Any) -> Any:
        raise WritesStopped("EIO")

    async def story(user: User) -> None:
        await user.open("/journal")
        await user.should_see("写入已停止")
        await user.should_see("跟踪号")

    seen(bank, story, room=bank.seen_by(Door(bank.ledger, state=down)))


def test_search_opens_the_only_hit(bank: SmallBank) -> None:
    async def story(user: User) -> None:
        await user.open("/ledger")
        with user.client or pytest.fail("no page"):
            [dialog] = [one for one in user.client.elements.values() if isinstance(one, ui.dialog)]
            dialog.open()
        box = user.find(kind=ui.input, content="搜索账户、合约、客户、流水号")
        box.type("alice-w").trigger("keydown.enter")
        await user.should_see("账户 1-000002")

    seen(bank, story)


def test_the_language_is_switched_and_kept(bank: SmallBank) -> None:
    async def story(user: User) -> None:
        await user.open("/ledger")
        user.find(kind=ui.button, content="EN").click()
        await user.open("/journal")
        await user.should_see("Journal head")

    seen(bank, story)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_new_bank_says_what_will_be_here(
    clock: FixedClock, tmp_path: Path, language: Language
) -> None:
    said = {
        "/ledger": ("还没有账本", "No ledgers yet"),
        "/accounts": ("还没有账户", "No accounts yet"),
        "/transfers": ("还没有流水", "No transfers yet"),
        "/journal": ("日志还是空的", "The journal is empty"),
        "/transfers?code=7": ("没有符合条件的流水", "No transfer matches"),
    }
    room = build(SMALL, tenant="demo", clock=clock, home=tmp_path)

    async def story(user: User) -> None:
        for path, words in said.items():
            await user.open(path)
            await user.should_see(words[language == "en"])

    visit([room], story, clock=clock, home=tmp_path, language=language)
    assert room.close is not None
    room.close()


def test_an_address_that_is_wrong_leads_back_to_the_list(bank: SmallBank) -> None:
    async def story(user: User) -> None:
        for path, back in (("/accounts/99", "/accounts"), ("/transfers/nonsense", "/transfers")):
            await user.open(path)
            assert f'class="yj-button" href="/console{back}"' in text_of(user)

    seen(bank, story)


def test_hostile_addresses_are_not_faults_of_ours(bank: SmallBank) -> None:
    long = "9" * 5_000
    paths = [
        f"/accounts?ledger={long}&code={long}&q={long}",
        f"/transfers?ledger={long}&code={long}&min={long}&reference={long}&from={long}",
        f"/accounts/{long}",
        f"/journal?cursor={long}",
        f"/journal?cursor={1 << 70}",
    ]

    async def story(user: User) -> None:
        for path in paths:
            await user.open(path)
            await user.should_not_see("页面出错了")
        answer = await user.http_client.get(f"/accounts.csv?code={long}&ledger={long}")
        assert answer.status_code == 200

    seen(bank, story)


def test_more_aliases_than_fit_a_page_are_gone_through(bank: SmallBank) -> None:
    for number in range(60):
        account = (ALICE, SHOP)[number % 2]
        alias = Alias(kind="wallet", value=f"many{number:03d}", account_id=account)
        bank.ledger.bind_alias(transfer_id(1_000 + number), alias)
    first, cursor = find(bank.ledger, {"q": "many"}, None, 50)
    second, end = find(bank.ledger, {"q": "many"}, cursor, 50)
    assert ({row.id for row in first}, {row.id for row in second}) == ({ALICE, SHOP},) * 2
    assert cursor is not None
    assert end is None


@pytest.mark.parametrize(
    ("path", "lines", "words"),
    [
        ("/accounts.csv?code=2001", 4, f"{ALICE},1,CNY,2001,DEBITS_MUST_NOT_EXCEED_CREDITS"),
        ("/accounts.csv?q=alice", 2, f"{ALICE},1,CNY,2001"),
        ("/transfers.csv?ledger=2", 2, "plain,2,JPY,7"),
        (f"/accounts/{ALICE}/history.csv", 10, "1226067"),
    ],
)
def test_csv_has_all_that_the_filters_let_through(
    bank: SmallBank, path: str, lines: int, words: str
) -> None:
    async def story(user: User) -> None:
        answer = await user.http_client.get(path)
        assert answer.status_code == 200
        assert len(answer.text.strip().splitlines()) == lines
        assert words in answer.text

    seen(bank, story)


def test_csv_of_a_missing_account_is_a_problem(bank: SmallBank) -> None:
    async def story(user: User) -> None:
        answer = await user.http_client.get("/accounts/99/history.csv")
        assert answer.status_code == 404
        assert answer.json()["code"] == "ledger/account-not-found"

    seen(bank, story)

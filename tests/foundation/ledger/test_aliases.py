"""Aliases: a name that people use stands for one account, however it is spelt.

Method: the rules alone with published examples and broken ones; the service on the ledger's own
tables, on SQLite and MariaDB.
"""

import functools
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from tests import mariadb as databases
from yunjin.chassis.persistence import RoomDatabase
from yunjin.foundation.database.api import DatabaseApi
from yunjin.foundation.database.wiring import Settings, build
from yunjin.foundation.ledger import migrations
from yunjin.foundation.ledger.api import Alias
from yunjin.foundation.ledger.domain import aliases as rules
from yunjin.foundation.ledger.errors import AccountNotFound, AliasNotFound, AliasTaken
from yunjin.foundation.ledger.service.aliases import Aliases
from yunjin.kernel.clock import SystemClock
from yunjin.kernel.errors import IdempotencyConflict, Malformed
from yunjin.kernel.ids import uuid7

CLOCK = SystemClock()
database_url, mariadb = databases.database_url, databases.mariadb

# Examples from the IBAN registry and from the card schemes' test numbers.
IBANS = [
    "AD12 0001 2030 2003 5910 0100",
    "CH93 0076 2011 6238 5295 7",
    "CZ65 0800 0000 1920 0014 5399",
    "DE89 3704 0044 0532 0130 00",
    "FR14 2004 1010 0505 0001 3M02 606",
    "GB29 NWBK 6016 1331 9268 19",
    "MT84 MALT 0110 0001 2345 MTLC AST0 01S",
    "NO93 8601 1117 947",
    "SE45 5000 0000 0583 9825 7466",
]
CARDS = ["4111 1111 1111 1111", "5555-5555-5555-4444", "378282246310005", "6200000000000005"]


@pytest.fixture
def room(database_url: str, tmp_path: Path) -> Iterator[RoomDatabase]:
    found = build(Settings(url=database_url), tenant="demo", clock=CLOCK, home=tmp_path)
    yield found.doors[DatabaseApi].open(
        "ledger", source="/foundation/ledger", migrations=migrations
    )
    found.close()


@pytest.fixture
def aliases(room: RoomDatabase) -> Aliases:
    return Aliases(
        room,
        open_accounts=lambda asked: {one for one in asked if one < 100},
        page_key=b"k" * 16,
    )


def bind(aliases: Aliases, kind: str, value: str, account_id: int) -> Alias:
    alias = Alias(kind=kind, value=value, account_id=account_id)
    return aliases.bind_alias(uuid7(CLOCK), alias)


def told(room: RoomDatabase) -> list[tuple[str, str, int]]:
    c = room.tables.outbox.c
    query = sa.select(c.type, c.subject, c.sequence).order_by(c.subject, c.sequence)
    return room.read(lambda connection: [tuple(row) for row in connection.execute(query)])


@pytest.mark.parametrize("iban", IBANS)
def test_ibans_of_the_registry_are_taken_in_any_spelling(iban: str) -> None:
    plain = iban.replace(" ", "")
    assert {rules.checked("iban", each) for each in (iban, plain, iban.lower())} == {plain}


@pytest.mark.parametrize(
    ("iban", "complaint"),
    [
        ("DE89 3704 0044 0532 0130 01", "check digits"),
        ("DE89 3704 0044 0532 0130 0", "expected 22 characters in an IBAN of DE, was 21"),
        ("XX89 3704 0044 0532 0130 00", "known country"),
        ("89DE 3704 0044 0532 0130 00", "expected an IBAN"),
        ("DE89 3704 0044 0532 0130 0ö", "expected an IBAN"),
        ("", "expected an IBAN"),
    ],
)
def test_broken_ibans_are_refused_with_the_reason(iban: str, complaint: str) -> None:
    with pytest.raises(Malformed, match=complaint):
        rules.checked("iban", iban)


@given(st.sampled_from(IBANS), st.data())
def test_one_wrong_character_or_two_swapped_are_always_found(
    iban: str, data: st.DataObject
) -> None:
    plain = iban.replace(" ", "")
    at = data.draw(st.integers(4, len(plain) - 2))
    other = data.draw(st.sampled_from("0123456789"))
    wrong = plain[:at] + other + plain[at + 1 :]
    swapped = plain[:at] + plain[at + 1] + plain[at] + plain[at + 2 :]
    for each in {wrong, swapped} - {plain}:
        assert not rules.is_mod_97(each)


@pytest.mark.parametrize("card", CARDS)
def test_card_numbers_are_taken_as_digits_and_one_wrong_digit_is_found(card: str) -> None:
    digits = "".join(filter(str.isdigit, card))
    assert rules.checked("card", card) == digits
    for at, digit in enumerate(digits):
        with pytest.raises(Malformed, match="check digit") as caught:
            rules.checked("card", digits[:at] + str((int(digit) + 1) % 10) + digits[at + 1 :])
        assert digits[:8] not in caught.value.detail


@pytest.mark.parametrize("card", ["4111", "4" * 20, "4111x11111111111", "٤١١١١١١١١١١١١١١١"])
def test_what_is_no_card_number_is_refused(card: str) -> None:
    with pytest.raises(Malformed):
        rules.checked("card", card)


@pytest.mark.parametrize(
    ("value", "kept"),
    [("+86 138 0013 8000", "+8613800138000"), ("Li.Wei@Example.cn", "li.wei@example.cn")],
)
def test_wallet_numbers_are_kept_in_small_letters(value: str, kept: str) -> None:
    assert rules.checked("wallet", value) == kept


@pytest.mark.parametrize("value", ["", "ab", "x" * 65, "a/b/c", "钱包号码", "a\x00bc", "a" * 9_999])
def test_broken_wallet_numbers_are_refused(value: str) -> None:
    with pytest.raises(Malformed):
        rules.checked("wallet", value)


@pytest.mark.parametrize("kind", ["", "I", "iban ", "a" * 17, "ab;", "银行"])
def test_a_kind_is_a_short_word(kind: str) -> None:
    with pytest.raises(Malformed):
        rules.checked(kind, "123")


def test_a_local_account_number_may_have_signs(aliases: Aliases) -> None:
    assert bind(aliases, "bban", "19-2000145399/0800", 7).value == "19-2000145399/0800"


def test_a_bound_alias_is_resolved_in_any_spelling_and_told(
    aliases: Aliases, room: RoomDatabase
) -> None:
    bound = bind(aliases, "iban", "cz65 0800 0000 1920 0014 5399", 7)
    assert bound == Alias(kind="iban", value="CZ6508000000192000145399", account_id=7)
    spellings = ["CZ65 0800 0000 1920 0014 5399", "CZ65-0800-0000-1920-0014-5399"]
    assert aliases.resolve_aliases(spellings) == [bound]
    assert told(room) == [("yunjin.ledger.alias.bound.v1", "7", 1)]


def test_resolving_finds_every_kind_and_leaves_out_the_unknown(aliases: Aliases) -> None:
    bound = [
        bind(aliases, "card", "4111 1111 1111 1111", 1),
        bind(aliases, "wallet", "4111111111111111", 2),
        bind(aliases, "wallet", "li.wei", 3),
    ]
    found = aliases.resolve_aliases(
        ["4111-1111-1111-1111", "Li.Wei", "nobody", "钱包", "", "x" * 999]
    )
    assert found == [bound[0], bound[2]] or found == [bound[2], bound[0]]
    assert set(map(repr, aliases.resolve_aliases(["4111111111111111"]))) == set(
        map(repr, bound[:2])
    )
    assert aliases.resolve_aliases([]) == []


def test_resolving_thousands_takes_a_few_statements(aliases: Aliases) -> None:
    bound = bind(aliases, "wallet", "w-1500", 1)
    assert aliases.resolve_aliases([f"w-{number}" for number in range(3_000)]) == [bound]


def test_an_alias_stands_for_one_account_only(aliases: Aliases, room: RoomDatabase) -> None:
    first = bind(aliases, "wallet", "li.wei", 1)
    assert bind(aliases, "wallet", "LI.WEI", 1) == first
    with pytest.raises(AliasTaken) as caught:
        bind(aliases, "wallet", "li.wei", 2)
    assert caught.value.facts == {"kind": "wallet", "account_id": "1"}
    assert len(told(room)) == 1


def test_of_many_that_bind_one_alias_at_once_one_wins(aliases: Aliases, room: RoomDatabase) -> None:
    together = threading.Barrier(5)

    def send(account_id: int) -> int:
        together.wait(20)
        try:
            return bind(aliases, "wallet", "li.wei", account_id).account_id
        except AliasTaken:
            return 0

    with ThreadPoolExecutor(5) as pool:
        won = [account_id for account_id in pool.map(send, range(1, 6)) if account_id]
    assert [each.account_id for each in aliases.resolve_aliases(["li.wei"])] == won
    assert len(told(room)) == len(won) == 1


def test_an_unknown_account_gets_no_alias(aliases: Aliases, room: RoomDatabase) -> None:
    with pytest.raises(AccountNotFound):
        bind(aliases, "wallet", "li.wei", 100)
    assert (aliases.resolve_aliases(["li.wei"]), told(room)) == ([], [])


def test_a_repeated_command_gets_its_first_answer(aliases: Aliases, room: RoomDatabase) -> None:
    key, alias = uuid7(CLOCK), Alias(kind="wallet", value="li.wei", account_id=1)
    first = aliases.bind_alias(key, alias)
    aliases.release_alias(uuid7(CLOCK), "wallet", "li.wei")
    assert aliases.bind_alias(key, alias) == first  # and binds nothing again
    assert aliases.resolve_aliases(["li.wei"]) == []
    assert len(told(room)) == 2


def test_many_are_bound_in_one_transaction_and_a_taken_one_stays(
    aliases: Aliases, room: RoomDatabase
) -> None:
    theirs = bind(aliases, "wallet", "li.wei", 9)
    asked = [
        Alias(kind="wallet", value="Li.Wei", account_id=1),
        Alias(kind="iban", value="cz65 0800 0000 1920 0014 5399", account_id=1),
        Alias(kind="wallet", value="zhang", account_id=2),
        Alias(kind="wallet", value="ZHANG", account_id=3),  # twice: the first one counts
    ]
    iban = Alias(kind="iban", value="CZ6508000000192000145399", account_id=1)
    zhang = Alias(kind="wallet", value="zhang", account_id=2)
    key = uuid7(CLOCK)
    assert aliases.bind_aliases(key, asked) == [theirs, iban, zhang, zhang]
    assert [subject for _, subject, _ in told(room)] == ["1", "2", "9"]
    aliases.release_alias(uuid7(CLOCK), "wallet", "zhang")
    assert aliases.bind_aliases(key, asked) == [theirs, iban, zhang, zhang]  # the first answer
    assert aliases.resolve_aliases(["zhang"]) == []


@pytest.mark.parametrize(
    ("bad", "error"),
    [
        (Alias(kind="wallet", value="wang", account_id=100), AccountNotFound),
        (Alias(kind="iban", value="nonsense", account_id=1), Malformed),
    ],
)
def test_one_bad_alias_of_many_leaves_all_unbound(
    aliases: Aliases, room: RoomDatabase, bad: Alias, error: type[Exception]
) -> None:
    good = Alias(kind="wallet", value="li.wei", account_id=1)
    with pytest.raises(error):
        aliases.bind_aliases(uuid7(CLOCK), [good, bad])
    assert (aliases.resolve_aliases(["li.wei"]), told(room)) == ([], [])


@pytest.mark.parametrize("count", [0, 8_191])
def test_a_batch_of_aliases_has_a_size(aliases: Aliases, count: int) -> None:
    alias = Alias(kind="wallet", value="li.wei", account_id=1)
    with pytest.raises(Malformed, match=f"was {count}"):
        aliases.bind_aliases(uuid7(CLOCK), [alias] * count)


def test_a_full_batch_is_bound_as_one(aliases: Aliases, room: RoomDatabase) -> None:
    asked = [Alias(kind="bban", value=f"n{n:04}", account_id=n % 100) for n in range(8_190)]
    assert aliases.bind_aliases(uuid7(CLOCK), asked) == asked
    assert len(told(room)) == 8_190


@pytest.mark.parametrize("other", [Alias(kind="wallet", value="li.wei", account_id=2), None])
def test_an_id_is_not_taken_for_another_command(aliases: Aliases, other: Alias | None) -> None:
    key = uuid7(CLOCK)
    aliases.bind_alias(key, Alias(kind="wallet", value="li.wei", account_id=1))
    release = functools.partial(aliases.release_alias, key, "wallet", "li.wei")
    again = functools.partial(aliases.bind_alias, key, other) if other else release
    with pytest.raises(IdempotencyConflict):
        again()


def test_a_released_alias_may_be_bound_to_another_account(
    aliases: Aliases, room: RoomDatabase
) -> None:
    bind(aliases, "wallet", "li.wei", 1)
    released = aliases.release_alias(uuid7(CLOCK), "wallet", "Li.Wei")
    assert (released.value, released.account_id) == ("li.wei", 1)
    bind(aliases, "wallet", "li.wei", 2)
    assert [(kind.split(".")[3], subject, n) for kind, subject, n in told(room)] == [
        ("bound", "1", 1),
        ("released", "1", 2),
        ("bound", "2", 1),
    ]


def test_releasing_what_is_not_bound_is_refused(aliases: Aliases) -> None:
    with pytest.raises(AliasNotFound) as caught:
        aliases.release_alias(uuid7(CLOCK), "card", "4111 1111 1111 1111")
    assert "41111111" not in caught.value.detail


def test_the_names_of_accounts_come_in_order(aliases: Aliases) -> None:
    for account_id, value in [(2, "b"), (1, "c"), (2, "a"), (3, "d")]:
        bind(aliases, "bban", value, account_id)
    bind(aliases, "wallet", "aaa", 1)
    found = aliases.aliases_of([2, 1, 1, -5, 2**70])
    assert [(each.account_id, each.value) for each in found] == [
        (1, "c"), (1, "aaa"), (2, "a"), (2, "b"),
    ]  # fmt: skip


def test_people_find_aliases_by_how_they_begin(aliases: Aliases) -> None:
    iban = bind(aliases, "iban", "DE89 3704 0044 0532 0130 00", 1)
    wallet = bind(aliases, "wallet", "de89.li", 2)
    card = bind(aliases, "card", "4111 1111 1111 1111", 3)
    bind(aliases, "bban", "a_b", 4)
    assert set(map(repr, aliases.find_aliases("de89").items)) == {repr(iban), repr(wallet)}
    assert aliases.find_aliases("De 89 3").items == (iban,)
    assert aliases.find_aliases("4111-11").items == (card,)
    for nothing in ("%", "a%", "axb", "e89", "德", "\x00", "x" * 500):
        assert aliases.find_aliases(nothing).items == ()
    assert len(aliases.find_aliases("").items) == 4
    assert aliases.find_aliases("x" * 64).items == ()


def test_a_long_list_comes_page_by_page(aliases: Aliases) -> None:
    for number in range(7):
        bind(aliases, "bban", f"n{number}", 1)
    pages, cursor = [], None
    while not pages or cursor:
        page = aliases.find_aliases("n", limit=3, cursor=cursor)
        pages.append([each.value for each in page.items])
        cursor = page.next_cursor
    assert pages == [["n0", "n1", "n2"], ["n3", "n4", "n5"], ["n6"]]


@pytest.mark.parametrize(("limit", "cursor"), [(0, None), (201, None), (1, "made-up")])
def test_limits_and_cursors_are_checked(aliases: Aliases, limit: int, cursor: str | None) -> None:
    with pytest.raises(Malformed):
        aliases.find_aliases("", limit=limit, cursor=cursor)

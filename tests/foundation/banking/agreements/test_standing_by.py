"""Goal: a bank that stands by has the books before its turn, and takes over with all that was
answered, nothing twice, however long the day was.

Method: a second core on the same tables follows through a bank's life, with a ledger that answers
nobody; then it is held against the first. The same with processes that die: test_bank_killed.
"""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from tests.foundation.banking.agreements.comparing import check, check_proven, in_tables, whole
from tests.foundation.banking.bank import Bank, open_bank
from yunjin.foundation.banking.api.agreements import EntryStatus
from yunjin.foundation.banking.domain.packing import unpack
from yunjin.foundation.banking.service import memory
from yunjin.foundation.banking.service.agreements import AgreementService
from yunjin.foundation.banking.service.core import Core
from yunjin.foundation.banking.service.follower import Follower
from yunjin.foundation.banking.service.registry import shipped
from yunjin.kernel.errors import Outage, Unknown
from yunjin.kernel.ids import uuid7


class AnotherHasIt:
    """A ledger that another process writes: whoever asks is told so."""

    def __getattr__(self, name: str) -> Any:
        raise Outage(f"expected nobody to ask for {name}: another process writes the ledger")


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[Bank]:
    with open_bank(tmp_path, general_ledger=in_tables) as bank:
        bank.standby.ledger = AnotherHasIt()
        yield bank


def its_turn(bank: Bank) -> Core:
    """Let the one that stands by take over."""
    standby = bank.standby
    standby.ledger = standby.books._ledger = bank.ledger
    return standby


def posts(bank: Bank, core: Core, *entries: dict[str, Any]) -> list[dict[str, Any]]:
    """Post entries to the bank that has taken over."""
    service = AgreementService(core, bank.agreements._registry, cursor_key=b"k" * 16)
    there = Bank(
        bank.room,
        bank.ledger,
        core,
        bank.registry,
        service,
        bank.days,
        bank.general_ledger,
        bank.clock,
        bank.standby,
    )
    return there.post(*entries)


def test_it_follows_a_bank_through_its_life_and_takes_over_with_all_of_it(bank: Bank) -> None:
    standby = bank.standby
    an, bo = bank.open("current-account", 2)
    bank.post(bank.entry(an, 900_000), bank.entry(bo, 70_000))
    standby.follow()
    (loan,) = bank.open("instalment-loan", branch="east", amount=500_000, rate=90_000, term=6)
    bank.post(bank.entry(an, -1_000, counter_agreement_id=loan))
    bank.days.close(dt.date(2026, 1, 7))
    standby.follow()
    bank.registry.register(uuid7(bank.clock), shipped()["current-account"] + "\n# two\n")
    bank.open("current-account")  # of the new version: a book that is new to it
    bank.post(bank.entry(bo, -2_000))
    bank.days.close(dt.date(2026, 2, 9))
    bank.post(bank.entry(an, 5))
    standby.follow()
    assert whole(its_turn(bank)) == whole(bank.core)
    check_proven(bank)
    check(bank)


def test_at_its_turn_it_reads_what_came_since_and_not_the_day(
    bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    (one,) = bank.open("current-account")
    for amount in range(1, 150):
        bank.post(bank.entry(one, amount))
    bank.standby.follow()
    bank.post(bank.entry(one, 7))
    read: list[bytes] = []

    def unpacked(body: bytes) -> Any:
        read.append(body)
        return unpack(body)

    monkeypatch.setattr(memory, "unpack", unpacked)
    assert whole(its_turn(bank)) == whole(bank.core)
    assert len(read) == 1


def test_what_the_writer_was_about_to_book_when_it_died_is_booked_once(
    bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    (one,) = bank.open("current-account")
    answered, last = bank.entry(one, 500), bank.entry(one, 30)
    assert bank.post(answered)[0]["status"] == EntryStatus.BOOKED

    def dies(body: Any) -> Any:
        raise Outage("it is gone")

    monkeypatch.setattr(bank.core, "_post", dies)
    with pytest.raises(Unknown):
        bank.post(last)
    bank.standby.follow()
    assert bank.standby.sequence == bank.core.sequence, "expected what nobody answered to wait"
    core = its_turn(bank)
    told = posts(bank, core, last, answered)
    assert [one["status"] for one in told] == [EntryStatus.EXISTS] * 2
    assert posts(bank, core, bank.entry(one, 1))[0]["balance_minor"] == 531
    monkeypatch.undo()
    assert bank.post(bank.entry(one, 1))[0]["balance_minor"] == 532
    check(bank)


def test_it_follows_while_it_is_anothers_turn_and_no_longer(bank: Bank) -> None:
    (one,) = bank.open("current-account")
    looked, asked, is_ours = Event(), Event(), Event()

    def stands_by() -> bool:
        (asked if is_ours.is_set() else looked).set()
        return not is_ours.is_set()

    follower = Follower(bank.standby, stands_by, every_s=0.001)
    follower.start()
    try:
        assert looked.wait(20)
        bank.post(bank.entry(one, 5))
        until = bank.clock.monotonic_ns() + 20 * 10**9
        while bank.standby.sequence < bank.core.sequence:
            assert bank.clock.monotonic_ns() < until, "expected it to follow within 20 s"
            looked.clear()
            assert looked.wait(20)
        is_ours.set()
        assert asked.wait(20)
        bank.standby.lock.__enter__()  # a look that had begun is over
        bank.standby.lock.__exit__()
        before = bank.standby.sequence
        bank.post(bank.entry(one, 5))
        for _ in range(3):
            asked.clear()
            assert asked.wait(20)
        assert bank.standby.sequence == before
    finally:
        follower.close()
    assert whole(its_turn(bank)) == whole(bank.core)

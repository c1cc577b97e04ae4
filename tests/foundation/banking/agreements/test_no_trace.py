"""Goal: a posting that the ledger refuses leaves no trace but its refusal, whenever the bank dies.

Method: a product that books a fee at every turn, and tells its customer and a person of it, in a
branch whose account for fees is closed in the ledger. What all tables and the outbox said before
is what they say after: where the bank lives, and where it dies behind each commit or posting and
is asked again.
"""

import datetime as dt
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

from tests.foundation.banking.agreements.comparing import (
    check,
    check_proven,
    events,
    in_tables,
    left_behind,
)
from tests.foundation.banking.agreements.refusing import (
    FEE,
    Ask,
    changing,
    converting,
    expect_refused,
    opening,
    prepared,
    telling,
)
from tests.foundation.banking.agreements.test_crashes import Death, Died
from tests.foundation.banking.bank import Bank, open_bank
from yunjin.foundation.banking.api.agreements import AgreementQuery, EntryStatus
from yunjin.foundation.banking.api.registry import TermsChange
from yunjin.foundation.banking.errors import EntryRefused
from yunjin.foundation.database import wiring as database
from yunjin.kernel.ids import uuid7


@pytest.mark.parametrize("at", range(-1, 4), ids=["lives", "kept", "posted", "told", "later"])
@pytest.mark.parametrize("ask", [opening, changing, converting])
def test_what_the_ledger_refuses_was_nothing(tmp_path: Path, ask: Ask, at: int) -> None:
    death = Death(at, is_before=False)
    with open_bank(tmp_path, general_ledger=in_tables) as bank:
        one, command_id = prepared(bank), uuid7(bank.clock)
        before = left_behind(bank)
        room, ledger = bank.room, bank.ledger
        for owner, name in ((room, "run"), (ledger, "post_transfers")):
            setattr(owner, name, death.wrapped(getattr(owner, name)))
        try:
            expect_refused(bank, ask, command_id, one)
        except Died:
            assert at >= 0
        del room.run, ledger.post_transfers
    with open_bank(tmp_path, general_ledger=in_tables) as bank:
        assert left_behind(bank) == before
        for _ in range(2):
            expect_refused(bank, ask, command_id, one)
        assert left_behind(bank) == before
        check(bank)
        bank.days.close()
        check_proven(bank)
        expect_refused(bank, ask, command_id, one)
        assert one in [each.agreement_id for each in bank.agreements.find(AgreementQuery()).items]
        assert bank.agreements.agreement(one).version == 1


@pytest.fixture
def bank(tmp_path: Path, database_url: str) -> Iterator[Bank]:
    tables = database.Settings(url=database_url)
    with open_bank(tmp_path, general_ledger=in_tables, database_settings=tables) as bank:
        yield bank


def test_on_both_engines_what_is_refused_was_nothing(bank: Bank) -> None:
    one = prepared(bank)
    before = left_behind(bank)
    for ask in (opening, changing, converting):
        expect_refused(bank, ask, uuid7(bank.clock), one)
    assert [each["status"] for each in bank.post(bank.entry(one, 9))] == [
        EntryStatus.LEDGER_REFUSED
    ]
    assert left_behind(bank) == before
    check(bank)


def test_of_a_batch_only_what_was_booked_is_told(bank: Bank) -> None:
    one = prepared(bank)
    (good,) = bank.open("telling")
    seen, waiting = len(events(bank)), len(bank.agreements.waiting())
    answers = bank.post(bank.entry(one, 9), bank.entry(good, 9))
    good_ones = [each["status"] == EntryStatus.BOOKED for each in answers]
    assert good_ones == [False, True]
    told = dict(events(bank)[seen:])
    assert told["banking.customers.noticed.v1"]["agreement_ids"] == [str(good)]
    booked = told["banking.entries.booked.v1"]
    assert (booked["entries"], booked["transfers"]) == (1, 2)
    assert [each.agreement_id for each in bank.agreements.waiting()[:-waiting]] == [good]


def test_of_many_conversions_those_that_were_booked_are_done(bank: Bank) -> None:
    one, more = prepared(bank), []
    for branch in ("head", "east"):
        more += bank.agreements.open(uuid7(bank.clock), [telling(branch)])
    command_id, every = uuid7(bank.clock), [more[0], one, more[1]]
    for _ in range(2):
        with pytest.raises(EntryRefused, match="1 of 3"):
            bank.agreements.convert(command_id, every, 2)
    assert [bank.agreements.agreement(each).version for each in every] == [2, 1, 2]
    changes = [bank.agreements.term_changes(each) for each in every]
    assert [[each.parameter for each in some] for some in changes] == [["version"], [], ["version"]]
    check(bank)


def test_of_many_openings_those_that_were_booked_are_told_by_id(bank: Bank) -> None:
    prepared(bank)
    wanted = [telling(branch, **FEE) for branch in ("head", "shut", "east")]
    command_id, found = uuid7(bank.clock), []
    for _ in range(2):
        with pytest.raises(EntryRefused, match="1 of 3") as refusal:
            bank.agreements.open(command_id, wanted)
        found.append(refusal.value.facts["agreement_ids"])
    assert found[0] == found[1]
    first, refused, last = found[0]
    assert refused is None
    assert [bank.agreements.agreement(int(each)).branch for each in (first, last)] == [
        "head",
        "east",
    ]
    check(bank)
    bank.days.close()
    check_proven(bank)


def test_a_day_that_opens_leaves_what_was_refused_to_a_person_and_still_due(bank: Bank) -> None:
    one = prepared(bank)
    seen, before = len(events(bank)), bank.agreements.agreement(one)
    bank.days.close(dt.date(2026, 1, 7))
    after = bank.agreements.agreement(one)
    assert after.status == "stopped"
    assert (after.due, after.fields) == (before.due, before.fields)
    told = [data for kind, data in events(bank)[seen:] if kind == "banking.customers.noticed.v1"]
    assert [len(data["agreement_ids"]) for data in told] == [1]
    mine = [each.code for each in bank.agreements.waiting() if each.agreement_id == one]
    assert mine == ["product-failed", "booked", "opened"]
    check(bank)
    bank.days.close()
    check_proven(bank)


@pytest.mark.parametrize("at", range(-1, 3), ids=["lives", "kept", "posted", "told"])
def test_new_terms_of_the_product_do_not_reach_whom_the_ledger_refuses(
    tmp_path: Path, at: int
) -> None:
    death = Death(at, is_before=False)
    with open_bank(tmp_path, general_ledger=in_tables) as bank:
        one = prepared(bank)
        (other,) = bank.agreements.open(uuid7(bank.clock), [telling("head")])
        change_id, today = uuid7(bank.clock), bank.days.business_date()
        change = TermsChange(product="telling", parameter="fee", value=3, since=today)
        room, ledger, brought = bank.room, bank.ledger, bank.days.bring_terms
        bank.days.bring_terms = lambda: None  # the change is kept: what is watched begins
        bank.registry.set_terms(change_id, change)
        for owner, name in ((room, "run"), (ledger, "post_transfers")):
            setattr(owner, name, death.wrapped(getattr(owner, name)))
        with nullcontext() if at < 0 else pytest.raises(Died):
            brought()
        del room.run, ledger.post_transfers
    with open_bank(tmp_path, general_ledger=in_tables) as bank:
        bank.registry.set_terms(change_id, change)
        found = [bank.agreements.agreement(each) for each in (one, other)]
        assert [(each.status, each.terms["fee"]) for each in found] == [("stopped", 0), ("open", 3)]
        assert [len(bank.agreements.term_changes(each)) for each in (one, other)] == [0, 1]
        assert found[0].fields == {"charges": 2}
        check(bank)


def test_what_two_processes_both_find_out_is_told_once(tmp_path: Path) -> None:
    death = Death(0, is_before=False)
    with open_bank(tmp_path, general_ledger=in_tables) as bank:
        prepared(bank)
        wanted, command_id, seen = telling("head", **FEE), uuid7(bank.clock), len(events(bank))
        ledger = bank.ledger
        setattr(ledger, "post_transfers", death.wrapped(ledger.post_transfers))  # noqa: B010
        with pytest.raises(Died):
            bank.agreements.open(command_id, [wanted])
        del ledger.post_transfers
        for core in (bank.reopened(), bank.reopened()):
            core.outcomes.keep()
        told = events(bank)[seen:]
        assert [kind for kind, _ in told] == [
            "banking.agreements.opened.v1",
            "banking.customers.noticed.v1",
        ]
        (opened,) = bank.agreements.open(command_id, [wanted])
        assert told[0][1]["agreement_ids"] == [str(opened)]
        assert events(bank)[seen:] == told

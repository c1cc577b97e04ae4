"""Goal: a fee is quoted with its reasons, taken once, given back whole. Method: stories, threads.

On both engines: books and their days, quotes that hold, free uses that are never used twice.
"""

import datetime as dt
import threading
from dataclasses import replace

import pyarrow as pa
import pytest

from tests.platforms.capability.pricing.conftest import LOAN, STANDARD, TRANSFER, Desk
from yunjin.foundation.banking.errors import AgreementNotFound
from yunjin.kernel.errors import IdempotencyConflict, Malformed
from yunjin.platforms.capability.api.overlays import Coordinate, Overlay, OverlaysApi
from yunjin.platforms.capability.api.price_books import (
    Band,
    BookState,
    FeeKind,
    Free,
    Price,
    RateRule,
    Spread,
)
from yunjin.platforms.capability.api.pricing import Basis, ChargeState, PriceStatus
from yunjin.platforms.capability.errors.pricing import (
    ChargeRefused,
    PriceBookNotFound,
    PriceBookRefused,
    PriceNotFound,
    QuoteEnded,
)


def test_three_transfers_a_month_are_free_and_the_fourth_costs(desk: Desk) -> None:
    before = desk.balance
    charges = [
        desk.pricing.charge(desk.id(), desk.bank.payer, basis=desk.basis()) for _ in range(4)
    ]
    assert [one.priced.total_minor for one in charges] == [0, 0, 0, 500]
    assert {one.state for one in charges} == {ChargeState.CHARGED}
    assert desk.balance == before - 500
    [line] = charges[3].priced.lines
    assert ("free", False, "used-up") in [(one.kind, one.won, one.why) for one in line.tried]
    desk.bank.day = dt.date(2026, 11, 1)
    next_month = desk.pricing.charge(desk.id(), desk.bank.payer, basis=desk.basis())
    assert next_month.priced.total_minor == 0
    assert [one.charge_id for one in desk.pricing.charges(day=dt.date(2026, 11, 1)).items] == [
        next_month.charge_id
    ]


def test_a_charge_sent_again_acts_once_and_a_refund_gives_all_back(desk: Desk) -> None:
    before, command, refunding = desk.balance, desk.id(), desk.id()
    basis = desk.basis("loan.service", amount_minor=1_000_000)
    first = desk.pricing.charge(command, desk.bank.payer, basis=basis, subject="loan-7")
    assert desk.pricing.charge(command, desk.bank.payer, basis=basis, subject="loan-7") == first
    assert first.priced.total_minor == 4_240  # 5,000 less a fifth, 6 % on top
    assert desk.balance == before - 4_240
    with pytest.raises(IdempotencyConflict):
        desk.pricing.charge(command, desk.bank.payer, basis=basis, subject="loan-8")
    given = desk.pricing.refund(refunding, command, "by mistake")
    assert given.state is ChargeState.REFUNDED
    assert desk.pricing.refund(refunding, command, "by mistake") == given
    assert desk.balance == before
    with pytest.raises(ChargeRefused):
        desk.pricing.refund(desk.id(), command)
    assert desk.balance == before


def test_a_refund_gives_a_free_use_back(desk: Desk) -> None:
    charges = [
        desk.pricing.charge(desk.id(), desk.bank.payer, basis=desk.basis()) for _ in range(3)
    ]
    basis = desk.basis(agreement_id=desk.bank.payer)
    assert desk.pricing.price(basis).total_minor == 500
    desk.pricing.refund(desk.id(), charges[0].charge_id)
    assert desk.pricing.price(basis).total_minor == 0


def test_a_quote_is_held_to_and_charged_once(desk: Desk) -> None:
    basis = desk.basis("loan.service", amount_minor=1_000_000, agreement_id=desk.bank.payer)
    quote = desk.pricing.quote(desk.id(), basis, valid_s=60)
    dear = replace(LOAN, bands=(Band(rate_ppm=50_000),))
    desk.pricing.publish(desk.id(), replace(STANDARD, prices=(TRANSFER, dear)))
    assert desk.pricing.price(basis).total_minor > quote.priced.total_minor
    charge = desk.pricing.charge(desk.id(), desk.bank.payer, quote_id=quote.quote_id)
    assert charge.priced == quote.priced
    assert desk.pricing.quoted(quote.quote_id).charge_id == charge.charge_id
    with pytest.raises(QuoteEnded):
        desk.pricing.charge(desk.id(), desk.bank.payer, quote_id=quote.quote_id)
    with pytest.raises(QuoteEnded):
        desk.pricing.cancel(desk.id(), quote.quote_id)
    late = desk.pricing.quote(desk.id(), basis, valid_s=60)
    desk.bank.clock.skip(seconds=61)
    with pytest.raises(QuoteEnded) as refused:
        desk.pricing.charge(desk.id(), desk.bank.payer, quote_id=late.quote_id)
    assert "quote anew" in refused.value.detail
    with pytest.raises(Malformed):
        desk.pricing.charge(desk.id(), desk.bank.payee, basis=basis)


def test_a_quote_keeps_its_free_use_until_it_ends(desk: Desk) -> None:
    basis = desk.basis(agreement_id=desk.bank.payer)
    quotes = [desk.pricing.quote(desk.id(), basis, valid_s=60) for _ in range(4)]
    assert [one.priced.total_minor for one in quotes] == [0, 0, 0, 500]
    desk.pricing.cancel(desk.id(), quotes[0].quote_id)
    again = desk.pricing.quote(desk.id(), basis, valid_s=600)
    assert again.priced.total_minor == 0
    desk.pricing.charge(desk.id(), desk.bank.payer, quote_id=quotes[1].quote_id)
    desk.bank.clock.skip(seconds=61)  # the third ends, the second was charged
    totals = [desk.pricing.quote(desk.id(), basis).priced.total_minor for _ in range(2)]
    assert totals == [0, 500]


def test_a_fee_that_the_core_refuses_is_not_taken_and_its_quote_stays(desk: Desk) -> None:
    rich = desk.basis("loan.service", amount_minor=10**12, agreement_id=desk.bank.payer)
    quote = desk.pricing.quote(desk.id(), rich, valid_s=600)
    command, before = desk.id(), desk.balance
    for _ in range(2):  # the same id has the same answer
        with pytest.raises(ChargeRefused) as refused:
            desk.pricing.charge(command, desk.bank.payer, quote_id=quote.quote_id)
        assert refused.value.facts["reason"]
    assert desk.pricing.charged(command).state is ChargeState.REFUSED
    assert desk.balance == before
    assert desk.pricing.quoted(quote.quote_id).charge_id is None
    free = desk.pricing.charge(
        desk.id(), desk.bank.payer, basis=desk.basis("transfer.out", amount_minor=1)
    )
    both = desk.basis("transfer.out", "loan.service", amount_minor=10**12)
    with pytest.raises(ChargeRefused):  # its free use is given back
        desk.pricing.charge(desk.id(), desk.bank.payer, basis=both)
    basis = desk.basis(agreement_id=desk.bank.payer)
    left = desk.pricing.price(basis).lines[0].tried[1].minor
    assert (free.priced.total_minor, left) == (0, 2)


def test_what_is_wrong_with_a_charge_is_said(desk: Desk) -> None:
    with pytest.raises(Malformed):
        desk.pricing.charge(desk.id(), desk.bank.payer)
    with pytest.raises(AgreementNotFound):
        desk.pricing.charge(desk.id(), 12345, basis=desk.basis())
    with pytest.raises(PriceNotFound) as missing:
        desk.pricing.price(desk.basis("nothing"))
    assert missing.value.facts["fee"] == "nothing"
    with pytest.raises(PriceBookNotFound):
        desk.pricing.price(desk.basis(book="other"))
    euros = replace(STANDARD, code="euro", currency="EUR")
    desk.pricing.publish(desk.id(), euros)
    with pytest.raises(Malformed, match="CNY"):
        desk.pricing.charge(desk.id(), desk.bank.payer, basis=desk.basis(book="euro"))


def test_a_version_comes_into_force_on_its_day_and_can_be_withdrawn_before(desk: Desk) -> None:
    coming = dt.date(2026, 11, 1)
    cheap = replace(TRANSFER, free=None, kind=FeeKind.FLAT, bands=(Band(minor=100),))
    made = desk.pricing.publish(desk.id(), replace(STANDARD, prices=(cheap,), since=coming))
    assert (made.version, made.state) == (2, BookState.COMING)
    basis = Basis(fees=("transfer.out",), amount_minor=1)
    assert desk.pricing.price(basis).total_minor == 500
    assert desk.pricing.price(replace(basis, date=coming)).total_minor == 100
    desk.bank.day = coming
    assert desk.pricing.price(basis).version == 2
    assert [one.state for one in desk.pricing.versions("standard")] == [
        BookState.IN_FORCE,
        BookState.PAST,
    ]
    with pytest.raises(PriceBookRefused):
        desk.pricing.withdraw(desk.id(), "standard", 2)
    with pytest.raises(PriceBookRefused):
        desk.pricing.publish(desk.id(), replace(STANDARD, since=dt.date(2026, 10, 31)))
    later = replace(STANDARD, since=dt.date(2027, 1, 1))
    third = desk.pricing.publish(desk.id(), later)
    gone = desk.pricing.withdraw(desk.id(), "standard", third.version)
    assert gone.state is BookState.WITHDRAWN
    assert desk.pricing.book("standard").version == 2
    assert [one.version for one in desk.pricing.books()] == [2]


def test_free_uses_are_never_used_twice_by_those_who_come_at_once(desk: Desk) -> None:
    one_free = replace(TRANSFER, free=Free(count=5))
    desk.pricing.publish(desk.id(), replace(STANDARD, prices=(one_free,)))
    found: list[int] = []
    failed: list[BaseException] = []

    def charge() -> None:
        try:
            for _ in range(3):
                made = desk.pricing.charge(desk.id(), desk.bank.payer, basis=desk.basis())
                found.append(made.priced.total_minor)
        except BaseException as error:
            failed.append(error)

    before = desk.balance
    threads = [threading.Thread(target=charge) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert not failed
    assert sorted(found) == [0] * 5 + [500] * 7
    assert desk.balance == before - 7 * 500


def test_a_business_has_its_book_by_an_overlay(desk: Desk) -> None:
    cheap = replace(TRANSFER, free=None, kind=FeeKind.FLAT, bands=(Band(minor=100),))
    desk.pricing.publish(desk.id(), replace(STANDARD, code="campus", prices=(cheap,)))
    overlay = Overlay(
        name="campus",
        point="pricing/book",
        at=Coordinate(business="campus-card"),
        value="campus",
    )
    desk.bank.doors[OverlaysApi].put(desk.id(), overlay)
    basis = Basis(fees=("transfer.out",), business="campus-card")
    assert (desk.pricing.price(basis).book, desk.pricing.price(basis).total_minor) == (
        "campus",
        100,
    )
    assert desk.pricing.price(replace(basis, book="standard")).book == "standard"
    assert desk.pricing.price(replace(basis, business="other")).book == "standard"


def test_a_rate_is_that_of_the_book_in_force(desk: Desk) -> None:
    rule = RateRule(
        code="deposit",
        zh="存款利率",
        en="Deposit rate",
        base_ppm=15_000,
        spreads=(Spread(code="year", ppm=2_500, from_days=365),),
    )
    desk.pricing.publish(desk.id(), replace(STANDARD, rates=(rule,)))
    found = desk.pricing.rate("deposit", term_days=365)
    assert (found.ppm, [one.code for one in found.parts]) == (17_500, ["base", "year"])
    with pytest.raises(PriceNotFound):
        desk.pricing.rate("loan")


def test_a_change_is_tried_on_volumes_before_it_is_published(desk: Desk) -> None:
    dear = Price(
        fee="transfer.out",
        code="flat",
        zh="统一价",
        en="One price",
        kind=FeeKind.FLAT,
        bands=(Band(minor=700),),
    )
    volumes = pa.record_batch(
        {
            "amount_minor": pa.array([100_000, 2_000_000, 100_000], pa.int64()),
            "segment": pa.array(["", "", "vip"]),
            "used": pa.array([9, 9, 9], pa.int64()),
            "times": pa.array([1_000, 100, 10], pa.int64()),
        }
    )
    found = desk.pricing.simulate(replace(STANDARD, prices=(dear,)), "transfer.out", volumes)
    assert found.before_minor == 1_000 * 500 + 100 * 1_000 + 10 * 200
    assert found.after_minor == 1_110 * 700
    assert (found.change_minor, found.times) == (777_000 - 602_000, 1_110)
    assert desk.pricing.book("standard").version == 1
    answers = desk.pricing.quote_all("transfer.out", volumes.drop_columns(["times"]))
    assert answers["total_minor"].to_pylist() == [500, 1_000, 200]
    assert set(answers["status"].to_pylist()) == {PriceStatus.PRICED}
    with pytest.raises(Malformed, match="amount_minor"):
        desk.pricing.quote_all("transfer.out", volumes.drop_columns(["amount_minor"]))

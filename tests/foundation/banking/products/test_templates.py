"""Goal: a value set for a template reaches those opened under it that have none of their own.

Method: agreements of a card under two templates and under none, on the real tables and ledger;
changes at each level, today and later, in the order that would betray a mixed-up level.
"""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.foundation.banking.agreements.comparing import check, check_proven, in_tables
from tests.foundation.banking.bank import FIRST_DAY, Bank, open_bank
from yunjin.foundation.banking.api.agreements import Cause, Opening
from yunjin.foundation.banking.api.registry import TermsChange
from yunjin.foundation.banking.errors import TemplateNotFound
from yunjin.kernel.errors import Malformed
from yunjin.kernel.ids import uuid7

CARD = "credit-card"


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[Bank]:
    with open_bank(tmp_path, general_ledger=in_tables) as bank:
        yield bank


def _set(bank: Bank, template: str, value: int, *, days: int = 0, parameter: str = "rate") -> None:
    change = TermsChange(
        product=CARD,
        template=template,
        parameter=parameter,
        value=value,
        since=FIRST_DAY + dt.timedelta(days=days),
    )
    bank.registry.set_terms(uuid7(bank.clock), change)


def _open(bank: Bank, template: str, **terms: int) -> int:
    given = {"limit": 1_000_000} | terms
    opening = Opening(product=CARD, party_id="p-1", terms=given, template=template)
    return bank.agreements.open(uuid7(bank.clock), [opening])[0]


def _rates(bank: Bank, *ids: int) -> list[int]:
    return [bank.agreements.agreement(one).terms["rate"] for one in ids]


def test_a_template_overrides_the_product_and_an_agreement_overrides_both(bank: Bank) -> None:
    _set(bank, "gold", 100_000)
    _set(bank, "plain", 10, parameter="least")
    gold, own = _open(bank, "gold"), _open(bank, "gold", rate=50_000)
    plain, none = _open(bank, "plain"), _open(bank, "")
    assert _rates(bank, gold, own, plain, none) == [100_000, 50_000, 182_500, 182_500]
    _set(bank, "", 150_000)  # of the product: the template stays what it is
    assert _rates(bank, gold, own, plain, none) == [100_000, 50_000, 150_000, 150_000]
    _set(bank, "gold", 90_000, days=1)
    _set(bank, "plain", 120_000, days=1)
    assert _rates(bank, gold, plain) == [100_000, 150_000]
    bank.days.close()
    assert _rates(bank, gold, own, plain, none) == [90_000, 50_000, 120_000, 150_000]
    assert _rates(bank, _open(bank, "gold"), _open(bank, "plain")) == [90_000, 120_000]
    causes = {
        one: [change.cause for change in bank.agreements.term_changes(one)]
        for one in (gold, own, plain, none)
    }
    assert causes == {
        gold: [Cause.TEMPLATE],
        own: [],
        plain: [Cause.PRODUCT, Cause.TEMPLATE],
        none: [Cause.PRODUCT],
    }
    check_proven(bank)
    check(bank)


def test_a_template_is_found_again_when_the_bank_opens(tmp_path: Path) -> None:
    with open_bank(tmp_path) as bank:
        _set(bank, "gold", 100_000)
        gold = _open(bank, "gold")
        bank.days.close()
        late = _open(bank, "gold")
    with open_bank(tmp_path) as bank:
        _set(bank, "gold", 80_000, days=1)
        assert _rates(bank, gold, late) == [80_000, 80_000]
        (found,) = bank.registry.templates(CARD)
        assert (found.name, dict(found.terms)) == ("gold", {"rate": 80_000})


def test_what_a_template_gives_must_not_be_given_again(bank: Bank) -> None:
    with pytest.raises(Malformed, match="a value of limit"):
        bank.open(CARD)
    _set(bank, "gold", 5_000_000, parameter="limit")
    opening = Opening(product=CARD, party_id="p-1", template="gold")
    (gold,) = bank.agreements.open(uuid7(bank.clock), [opening])
    assert bank.agreements.agreement(gold).terms["limit"] == 5_000_000


def test_templates_that_will_not_do_are_refused(bank: Bank) -> None:
    with pytest.raises(TemplateNotFound, match="was silver"):
        _open(bank, "silver")
    with pytest.raises(Malformed, match="from 0 to 182500, was 182501"):
        _set(bank, "gold", 182_501)
    with pytest.raises(Malformed, match="a template's name"):
        _set(bank, "金", 1)
    level = TermsChange(
        product="money-market", template="gold", parameter="income", value=1, since=FIRST_DAY
    )
    with pytest.raises(Malformed, match="to be set for the product, was for a template"):
        bank.registry.set_terms(uuid7(bank.clock), level)

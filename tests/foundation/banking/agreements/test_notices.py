"""Goal: what a customer was told of an agreement is kept with what it was told of, and read again.

Method: a product that tells two things at every entry, on both engines.
"""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.foundation.banking.bank import FIRST_DAY, Bank, open_bank
from yunjin.foundation.banking.api.agreements import AgreementQuery
from yunjin.foundation.banking.errors import AgreementNotFound
from yunjin.foundation.database import wiring as database
from yunjin.kernel.errors import Malformed
from yunjin.kernel.ids import uuid7

TELLING = '''
from yunjin.foundation.banking.domain.products.vocabulary import Account, Product, Slot, notice


class Telling(Product):
    """Tells its customer two things of every entry."""

    code = "telling"
    main = Account(Slot.DEPOSITS)

    def after_post(self, at):
        yield notice("came", at.amount > 0)
        yield notice("seen")
'''


@pytest.fixture
def bank(tmp_path: Path, database_url: str) -> Iterator[Bank]:
    with open_bank(tmp_path, database_settings=database.Settings(url=database_url)) as bank:
        bank.registry.register(uuid7(bank.clock), TELLING)
        yield bank


def codes(bank: Bank, agreement_id: int, limit: int) -> list[list[str]]:
    """Return the codes of an agreement's notices, a list a page."""
    pages, cursor = [], None
    while True:
        page = bank.agreements.notices(agreement_id, limit=limit, cursor=cursor)
        pages.append([one.code for one in page.items])
        cursor = page.next_cursor
        if cursor is None:
            return pages


def test_notices_are_read_newest_first_and_page_by_page(bank: Bank) -> None:
    an, bo = bank.open("telling", 2)
    bank.post(bank.entry(an, 500), bank.entry(bo, 500))
    bank.days.close()
    bank.post(bank.entry(an, -200))
    assert codes(bank, an, 50) == [["seen", "seen", "came"]]
    assert codes(bank, an, 2) == [["seen", "seen"], ["came"]]
    assert codes(bank, bo, 1) == [["seen"], ["came"]]
    newest, *_, oldest = bank.agreements.notices(an).items
    assert (oldest.date, newest.date) == (FIRST_DAY, FIRST_DAY + dt.timedelta(days=1))
    assert oldest.at <= newest.at


def test_an_agreement_that_nobody_was_told_of_has_none(bank: Bank) -> None:
    (silent,) = bank.open("wallet")
    bank.post(bank.entry(silent, 500))
    assert codes(bank, silent, 50) == [[]]
    with pytest.raises(AgreementNotFound):
        bank.agreements.notices(99)


def test_a_cursor_leads_on_in_its_own_list_only(bank: Bank) -> None:
    an, _ = bank.open("telling", 2)
    bank.post(bank.entry(an, 500))
    of_notices = bank.agreements.notices(an, limit=1).next_cursor
    of_agreements = bank.agreements.find(AgreementQuery(limit=1)).next_cursor
    with pytest.raises(Malformed, match="notices"):
        bank.agreements.notices(an, cursor=of_agreements)
    with pytest.raises(Malformed, match="list of agreements"):
        bank.agreements.find(AgreementQuery(cursor=of_notices))
    for limit in (0, 201):
        with pytest.raises(Malformed, match="limit"):
            bank.agreements.notices(an, limit=limit)

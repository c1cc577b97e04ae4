"""Goal: a statement says what the ledger says, to the unit, in either language, and can be checked.

Method: a ledger of a few lines; the CSV is compared whole with what a person would write.
"""

import csv as csv_module
import dataclasses
import datetime as dt
import tracemalloc
from collections.abc import Sequence
from typing import Any, overload

import pytest

from tests.foundation.banking.statements.fakes import (
    DAY_NS,
    OPENED_NS,
    FakeLedger,
    Posting,
    SumLedger,
    a_quarter,
    agreement,
    services,
)
from yunjin.foundation.banking.api.statements import (
    Form,
    Kind,
    Lang,
    PaperOrder,
    StatementQuery,
)
from yunjin.foundation.banking.errors import AgreementNotFound, StatementTooLong
from yunjin.foundation.banking.service.statements.csv_form import safe
from yunjin.foundation.banking.service.statements.reading import first_on, head_of
from yunjin.kernel.errors import Malformed

FIRST_DAY = dt.date(2026, 1, 5)
JANUARY, MARCH_END = dt.date(2026, 1, 1), dt.date(2026, 3, 31)
QUARTER = StatementQuery(agreement_id=77, start=JANUARY, end=MARCH_END)
GOLDEN = """\
云锦示范银行
Account statement

Agreement,77
Customer,p-1
Product,current-account
Branch,head
Currency,CNY
Issued (business date),2026-04-08
Account,Deposit 1001
Period (both days included),2026-01-01 – 2026-03-31

Opening balance,0.00,CNY

Booked,Value date,Posted (UTC),Text,Counterparty,Reference,Transfer,\
Debit (CNY),Credit (CNY),Balance (CNY)
2026-01-05,2026-01-05,2026-01-05 01:00:00Z,Transfer in,Clearing,,\
01990000-0000-7000-8000-000000000000,,5000000.00,5000000.00
2026-01-05,2026-01-05,2026-01-05 01:00:00Z,Transfer out,Clearing,\
00000000-0000-0000-0000-00000000004d,01990000-0000-7000-8000-000000000001,1234.56,,4998765.44
2026-03-20,2026-03-20,2026-03-16 01:00:00Z,Interest,Interest payable,,\
01990000-0000-7000-8000-000000000003,,2763.96,5001529.40
2026-03-23,2026-03-20,2026-03-17 01:00:00Z,Transfer out,Deposit 6222020000000000123,,\
01990000-0000-7000-8000-000000000004,1000.00,,5000529.40

Total debits,2234.56,CNY
Total credits,5002763.96,CNY
Lines,4
Closing balance,5000529.40,CNY
"""


def csv(ledger: FakeLedger, lang: Lang = Lang.EN, **changes: Any) -> str:
    """Return a quarter's statement as text."""
    order = PaperOrder(
        kind=Kind.STATEMENT,
        form=Form.CSV,
        agreement_id=77,
        lang=lang,
        start=JANUARY,
        end=MARCH_END,
    )
    _, writer = services(ledger, **changes)
    return b"".join(writer.write(order)).decode()


def test_a_statement_as_csv_is_what_a_person_would_write() -> None:
    text = csv(a_quarter())
    assert text.startswith("\ufeff")  # or a spreadsheet takes Chinese for something else
    rows = [row.rstrip(",") for row in text.removeprefix("\ufeff").split("\r\n")]
    assert "\n".join(rows).startswith(GOLDEN)


@pytest.mark.parametrize("has_mark", [True, False])
def test_every_row_has_as_many_fields_as_the_widest(has_mark: bool) -> None:
    order = PaperOrder(
        kind=Kind.STATEMENT,
        form=Form.CSV,
        agreement_id=77,
        start=JANUARY,
        end=MARCH_END,
        has_mark=has_mark,
    )
    about = agreement(note='"quoted", divided\nand broken')
    body = b"".join(services(a_quarter(), about=about)[1].write(order))
    assert body.startswith(b"\xef\xbb\xbf") is has_mark
    assert body.endswith(b"\r\n")
    assert body.count(b"\n") == body.count(b"\r\n")
    rows = list(csv_module.reader(body.decode("utf-8-sig").splitlines()))
    assert {len(row) for row in rows} == {10}
    assert ["备注", '"quoted", divided and broken'] in [row[:2] for row in rows]


def test_the_same_statement_speaks_chinese() -> None:
    text = csv(a_quarter(), Lang.ZH)
    for word in (
        "账户对账单",
        "期初余额,0.00",
        "转入,清算",
        "利息,应付利息",
        "期末余额,5000529.40",
    ):
        assert word in text


def test_a_hold_is_no_line_and_the_sums_agree() -> None:
    service, _ = services(a_quarter())
    found = service.statement(QUARTER)
    assert found.line_count == found.lines.num_rows == 4
    assert found.opening_minor - found.debit_minor + found.credit_minor == found.closing_minor
    assert found.lines["balance_minor"].to_pylist()[-1] == found.closing_minor


def test_the_next_period_opens_with_what_the_last_one_closed_with() -> None:
    service, _ = services(a_quarter())
    first = service.statement(QUARTER)
    later = StatementQuery(agreement_id=77, start=dt.date(2026, 4, 1), end=dt.date(2026, 4, 30))
    second = service.statement(later)
    assert second.opening_minor == first.closing_minor
    assert second.lines["credit_minor"].to_pylist() == [10_00]


@pytest.mark.parametrize("month", [2, 5, 12], ids=["between", "after", "long after"])
def test_an_empty_period_says_so_and_keeps_the_balance(month: int) -> None:
    service, _ = services(a_quarter())
    query = StatementQuery(
        agreement_id=77, start=dt.date(2026, month, 1), end=dt.date(2026, month, 25)
    )
    found = service.statement(query)
    expected = 4_998_765_44 if month == 2 else 5_000_539_40
    assert (found.line_count, found.opening_minor, found.closing_minor) == (0, expected, expected)


def test_before_an_account_was_opened_there_is_nothing() -> None:
    service, _ = services(a_quarter())
    query = StatementQuery(agreement_id=77, start=dt.date(2020, 1, 1), end=dt.date(2020, 2, 1))
    found = service.statement(query)
    assert (found.line_count, found.opening_minor, found.closing_minor) == (0, 0, 0)
    assert "Nothing was booked in this period." in csv(FakeLedger())


def test_the_first_line_of_every_business_date_is_found() -> None:
    postings = [
        Posting(OPENED_NS + at * at * 1_000_003, FIRST_DAY + dt.timedelta(days=at // 37), 1)
        for at in range(700)
    ]
    ledger: Any = FakeLedger(postings)
    head = head_of(ledger)
    assert head is not None
    for day in range(25):
        date = dt.date(2026, 1, 1) + dt.timedelta(days=day)
        found = first_on(ledger, 1001, date, head)
        expected = next((one.at_ns for one in postings if one.date >= date), head.timestamp + 1)
        assert found == expected, date
    assert ledger.asked < 25 * 60, "expected some ten questions a search"


def test_a_seal_holds_after_more_was_booked_and_breaks_when_a_line_changes() -> None:
    ledger = a_quarter()
    service, _ = services(ledger)
    seal = service.statement(QUARTER).seal
    at = ledger.postings[-1].at_ns + DAY_NS
    grown = FakeLedger([*ledger.postings, Posting(at, MARCH_END, 1_00)], ledger.aliases)
    assert services(grown)[0].verify(QUARTER, seal).is_genuine
    changed = list(ledger.postings)
    changed[3] = dataclasses.replace(changed[3], amount_minor=9_999_99)
    found = services(FakeLedger(changed))[0].verify(QUARTER, seal)
    assert (found.is_chained, found.is_same) == (True, False)
    other = services(dataclasses.replace(ledger, hash="cd" * 32))[0].verify(QUARTER, seal)
    assert (other.is_chained, other.is_genuine) == (False, False)


def test_the_digest_can_be_written_down_by_anybody() -> None:
    import hashlib

    ledger = FakeLedger([Posting(OPENED_NS + 5, dt.date(2026, 1, 5), 100)])
    service, _ = services(ledger)
    text = (
        "yunjin.statement.v1|77|1001|CNY|2026-01-01|2026-03-31|0\n"
        f"{OPENED_NS + 5}|01990000-0000-7000-8000-000000000000|2026-01-05|2026-01-05|0|100|100\n"
        "100\n"
    )
    expected = hashlib.sha256(text.encode()).hexdigest()
    assert service.statement(QUARTER).seal.digest == expected


def test_balances_stand_at_the_close_of_a_day_or_at_an_instant() -> None:
    service, _ = services(a_quarter())
    on = service.balances(77, date=dt.date(2026, 3, 22))
    assert on.balances == {"main": 5_001_529_40}
    at = service.balances(77, timestamp=OPENED_NS + 3_600_000_000_000)
    assert at.balances == {"main": 5_000_000_00}
    assert service.balances(77).balances == {"main": 5_000_539_40}
    assert service.balances(77, timestamp=OPENED_NS - 1).balances == {"main": 0}


def test_what_cannot_be_is_refused() -> None:
    service, writer = services(a_quarter(), lines_max=2)
    with pytest.raises(StatementTooLong, match="expected at most 2 lines"):
        service.statement(QUARTER)
    with pytest.raises(Malformed, match="first and a last day"):
        service.statement(dataclasses.replace(QUARTER, end=dt.date(2025, 1, 1)))
    with pytest.raises(Malformed, match="first and a last day"):
        service.statement(dataclasses.replace(QUARTER, end=dt.date(9999, 12, 31)))
    with pytest.raises(Malformed, match="expected an account, one of main"):
        service.statement(dataclasses.replace(QUARTER, account="savings"))
    with pytest.raises(AgreementNotFound):
        service.statement(dataclasses.replace(QUARTER, agreement_id=78))
    with pytest.raises(Malformed, match="both"):
        service.balances(77, date=JANUARY, timestamp=1)
    with pytest.raises(Malformed, match="expected a date up to"):
        service.balances(77, date=dt.date(2026, 4, 9))
    with pytest.raises(Malformed, match="period"):
        writer.write(PaperOrder(kind=Kind.STATEMENT, form=Form.CSV, agreement_id=77))


def test_hostile_words_stay_words_in_a_spreadsheet() -> None:
    bad = '=HYPERLINK("http://x","y")\r\n伪造,1.00\u202e\x07\x00'
    text = csv(a_quarter(), about=agreement(note=bad, party_id="@SUM(A1)"), institution="+1")
    rows = [row.rstrip(",") for row in text.removeprefix("\ufeff").split("\r\n")]
    assert rows[0].rstrip(",") == "'+1"
    assert "Customer,'@SUM(A1)" in rows
    assert 'Note,"\'=HYPERLINK(""http://x"",""y"") 伪造,1.00"' in rows
    assert not [char for char in text.replace("\r\n", "") if char < " " or char == "\u202e"]


def test_text_is_quoted_where_a_spreadsheet_would_do_something_with_it() -> None:
    for text in ("=1+1", "+86", "-x", "@A1", "＝1", "|calc", "6222020000000000123"):
        assert safe(text) == f"'{text}"
    for text in ("", "云锦", "281474976710657", "a=b"):
        assert safe(text) == text


def test_an_overdrawn_balance_is_a_number_and_no_formula() -> None:
    ledger = FakeLedger([Posting(OPENED_NS, dt.date(2026, 1, 5), -5_00)])
    assert ",5.00,,-5.00\r\n" in csv(ledger)


class Many(Sequence[Posting]):
    """Postings that are made when they are looked at."""

    def __init__(self, count: int) -> None:
        self.count = count

    def __len__(self) -> int:
        return self.count

    @overload
    def __getitem__(self, at: int) -> Posting: ...
    @overload
    def __getitem__(self, at: slice) -> list[Posting]: ...
    def __getitem__(self, at: int | slice) -> Any:
        if isinstance(at, slice):
            return [self[one] for one in range(*at.indices(self.count))]
        date = dt.date(2026, 1, 5) + dt.timedelta(days=(at % self.count) * 80 // self.count)
        return Posting(OPENED_NS + at, date, 100)


@pytest.mark.parametrize("count", [4_000, pytest.param(100_000, marks=pytest.mark.slow)])
def test_a_long_history_streams_in_bounded_memory(count: int) -> None:
    ledger = SumLedger(Many(count))
    _, writer = services(ledger)
    order = PaperOrder(
        kind=Kind.STATEMENT, form=Form.CSV, agreement_id=77, start=JANUARY, end=MARCH_END
    )
    empty: Any = ledger
    empty.balance_at = FakeLedger().balance_at
    parts = writer.write(order)
    tracemalloc.start()
    lines = sum(part.count(b"\r\n") for part in parts)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert lines > count
    assert peak < 4_000_000, f"{peak} bytes"

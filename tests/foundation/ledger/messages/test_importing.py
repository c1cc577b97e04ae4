"""Goal: money of a file moves once, to the right accounts, and the report tells the truth. Method:
golden and made files into a real ledger, again, changed, broken off; the ledger is asked after.
"""

import json
import re
from collections import Counter
from dataclasses import replace
from typing import Any
from uuid import UUID

import pyarrow as pa
import pytest

from tests.foundation.ledger.messages.office import Office, golden, told
from tests.foundation.ledger.messages.synthetic import camt_053, iban, pain_001
from yunjin.app import reporting
from yunjin.foundation.ledger.api import (
    AccountFlag,
    Alias,
    ImportCode,
    ImportFile,
    LineOutcome,
    TransferQuery,
)
from yunjin.foundation.ledger.errors import ImportRefused, WritesStopped
from yunjin.foundation.ledger.service import posting
from yunjin.foundation.ledger.service.identity import reference_id
from yunjin.foundation.ledger.service.importing import Importer

DAY = golden("iso20022/camt.053.001.02.one_day.xml")
SALARIES = golden("iso20022/pain.001.001.03.salaries.xml")


def test_a_transfer_carries_what_the_line_says(office: Office) -> None:
    report = office.take(DAY)
    first = report.lines[1]
    row = office.transfer(first.transfer_id)
    [owner, nostro] = report.opened
    assert (row["debit_account_id"], row["credit_account_id"]) == (
        nostro.account_id,
        owner.account_id,
    )
    assert row["amount_minor"] == 5050
    assert row["code"] == ImportCode.CAMT_053
    assert row["user_data_64"] == report.batch_id
    assert row["user_data_32"] == 20_151  # 2025-03-04
    assert row["user_data_128_hi"] << 64 | row["user_data_128_lo"] == reference_id("A-1").int
    assert first.transfer_id is not None
    assert first.transfer_id.version == 8


def test_a_message_is_found_again_by_batch_and_reference(office: Office) -> None:
    report = office.take(DAY)
    found, _ = office.ledger.find_transfers(TransferQuery(user_data_64=report.batch_id))
    assert found.num_rows == report.count(LineOutcome.TAKEN)
    found, _ = office.ledger.find_transfers(TransferQuery(user_data_128=reference_id("E-42")))
    assert found["amount_minor"].to_pylist() == [400]


def test_opened_accounts_have_history_and_alias(office: Office) -> None:
    report = office.take(DAY)
    for opened in report.opened:
        assert opened.account_id is not None
        row = office.ledger.accounts([opened.account_id]).to_pylist()[0]
        assert row["flags"] == AccountFlag.HISTORY
        assert office.ledger.aliases_of([opened.account_id])[0].kind == opened.kind
    assert [(each.kind, each.currency) for each in report.opened] == [
        ("iban", "EUR"),
        ("nostro", "EUR"),
    ]


def test_nothing_is_opened_unless_told_to(office: Office) -> None:
    report = office.take(DAY, opens_accounts=False)
    reasons = Counter(reason for _, outcome, reason in told(report.lines) if outcome == "refused")
    assert reasons == {"ACCOUNT_UNKNOWN": 5}
    assert report.opened == ()
    assert office.ledger.state().account_count == 0
    assert not report.is_clean


def test_a_line_that_is_refused_all_the_same_opens_nothing(office: Office) -> None:
    """Neither its account, nor a nostro, nor a ledger: nobody would find them half-opened."""
    office.take(DAY)
    accounts, ledgers = office.ledger.state().account_count, office.ledger.ledgers()
    strangers = SALARIES.replace(b"DE89370400440532013000", b"DE75512108001245126199")
    for currency, options in (
        (b"SEK", {"nostros": {"": "nostro-eur"}}),  # the nostro is in another currency
        (b"ZZZ", {}),
        (b"EUR", {"nostros": {"": " "}}),
    ):
        report = office.take(strangers.replace(b"EUR", currency), **options)
        assert report.count(LineOutcome.TAKEN) == 0
        assert report.opened == ()
    assert (office.ledger.state().account_count, office.ledger.ledgers()) == (accounts, ledgers)


def test_a_line_in_another_currency_than_its_new_account_opens_no_second_nostro(
    office: Office,
) -> None:
    text = DAY.replace(b'Ccy="EUR">50.50', b'Ccy="SEK">50.50')
    report = office.take(text)
    assert [reason for _, _, reason in told(report.lines)].count("CURRENCY_NOT_KEPT") == 1
    assert {each.currency for each in report.opened} == {"EUR"}


def test_what_was_refused_for_want_of_an_account_is_taken_once_it_is_there(office: Office) -> None:
    office.take(DAY, opens_accounts=False)
    assert office.take(DAY).is_clean
    assert office.balance("DE89370400440532013000") == 16_350


def test_another_spelling_of_the_same_message_meets_the_same_transfers(office: Office) -> None:
    office.take(DAY)
    again = office.take(DAY.replace(b"    ", b"\t").replace(b"camt.053.001.02", b"camt.053.001.03"))
    assert {outcome for _, outcome, _ in told(again.lines)} == {"known", "skipped"}


def test_a_changed_line_under_the_same_ids_is_refused_alone(office: Office) -> None:
    office.take(DAY)
    before = office.totals()
    again = office.take(DAY.replace(b">50.50<", b">50.51<"))
    assert [each for each in told(again.lines) if each[1] == "refused"] == [
        (22, "refused", "EXISTS_WITH_DIFFERENT_AMOUNT")
    ]
    assert office.totals() == before
    [statement] = again.reconciliations
    assert statement.difference is not None
    assert statement.difference.line == 22
    assert (statement.difference.stated_minor, statement.difference.ledger_minor) == (
        15_051,
        15_050,
    )


def test_a_dry_run_foresees_and_changes_nothing(office: Office) -> None:
    head = office.ledger.state().head
    dry = office.take(DAY, is_dry_run=True)
    assert office.ledger.state().head == head
    real = office.take(DAY)
    assert told(dry.lines) == told(real.lines)
    assert dry.totals == real.totals
    assert all(each.account_id is None for each in dry.opened)
    assert dry.reconciliations == real.reconciliations
    again = office.take(DAY.replace(b">50.50<", b">50.51<"), is_dry_run=True)
    assert Counter(outcome for _, outcome, _ in told(again.lines)) == {
        "known": 4,
        "skipped": 2,
        "refused": 1,
    }


def test_an_order_between_two_of_our_accounts_needs_no_nostro(office: Office) -> None:
    office.take(DAY.replace(b"DE89 3704 0044 0532 0130 00", b"NL91ABNA0417164300"))
    office.take(SALARIES)
    assert office.balance("NL91ABNA0417164300") == 16_350 + 120_000
    assert office.balance("DE89370400440532013000") == -270_000
    assert office.balance("nostro-eur") == 150_000 - 16_350


def test_an_account_that_became_known_later_changes_nothing_posted(office: Office) -> None:
    office.take(SALARIES)
    office.take(DAY.replace(b"DE89 3704 0044 0532 0130 00", b"NL91ABNA0417164300"))
    again = office.take(SALARIES)
    dry = office.take(SALARIES, is_dry_run=True)
    for report in (again, dry):
        assert [outcome for _, outcome, _ in told(report.lines)] == [
            "known",
            "known",
            "skipped",
            "refused",
        ]
    assert office.balance("NL91ABNA0417164300") == 16_350


def test_a_nostro_may_be_named_for_all_or_for_one_currency(office: Office) -> None:
    office.take(DAY, nostros={"EUR": "target2", "": "elsewhere"})
    assert office.balance("target2") == -16_350
    refused = office.take(
        SALARIES.replace(b"EUR", b"SEK"), nostros={"": "target2"}, opens_accounts=False
    )
    assert {reason for _, outcome, reason in told(refused.lines) if outcome == "refused"} == {
        "CURRENCY_NOT_KEPT",
        "NOT_DUE",
    }
    unknown = office.take(SALARIES, nostros={"": "nowhere"}, opens_accounts=False)
    assert told(unknown.lines)[0][2] == "NOSTRO_UNKNOWN"


def test_an_account_is_found_under_any_kind_of_alias(office: Office) -> None:
    report = office.take(DAY)
    owner = report.opened[0].account_id
    assert owner is not None
    wallet = Alias(kind="wallet", value="w-1", account_id=owner)
    office.ledger.bind_alias(UUID(int=1), wallet)
    text = DAY.replace(b"<IBAN>DE89 3704 0044 0532 0130 00</IBAN>", b"<Othr><Id>W-1</Id></Othr>")
    again = office.take(text.replace(b"YJ-20250303-001", b"second"), opens_accounts=False)
    assert again.count(LineOutcome.TAKEN) == 5
    assert office.balance("w-1") == 16_350 + 6_350


def test_a_wrong_control_sum_refuses_the_file_only_where_it_must(office: Office) -> None:
    wrong = SALARIES.replace(b"2703.50", b"2703.51")
    with pytest.raises(ImportRefused, match=r"CtrlSum: expected 2703\.51, was 2703\.50"):
        office.take(wrong, requires_controls=True)
    assert office.ledger.state().account_count == 0
    report = office.take(wrong)
    assert report.count(LineOutcome.TAKEN) == 2
    assert not report.is_clean
    assert [control.what for control in report.controls if not control.holds] == ["CtrlSum"]


def test_a_statement_that_follows_another_is_reconciled_with_it(office: Office) -> None:
    office.take(DAY)
    closing = DAY.replace(b"YJ-20250303-001", b"YJ-20250304-001")
    closing = closing.replace(b">163.50<", b">227.00<").replace(b">100.00<", b">163.50<")
    report = office.take(closing)
    assert [each.holds for each in report.reconciliations] == [True]
    assert office.balance("DE89370400440532013000") == 22_700


def test_money_moved_by_others_is_a_difference_before_the_first_line(office: Office) -> None:
    office.take(DAY)
    office.take(SALARIES)
    report = office.take(DAY.replace(b"YJ-20250303-001", b"next"))
    [statement] = report.reconciliations
    assert statement.difference is not None
    assert statement.difference.path.endswith("Bal[1]")
    assert statement.difference.ledger_minor == 16_350 - 270_000


class _BreaksOff:
    """A ledger that stops writing after some batches."""

    def __init__(self, ledger: Any, batches: int) -> None:
        self._ledger, self._batches = ledger, batches

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ledger, name)

    def post_transfers(self, transfers: pa.RecordBatch, *, balances: bool) -> pa.RecordBatch:
        if not self._batches:
            raise WritesStopped("expected a disk, was none")
        self._batches -= 1
        return self._ledger.post_transfers(transfers, balances=balances)


class _SomebodyIsFaster:
    """A ledger in which an alias is bound by somebody else right before the import binds it."""

    def __init__(self, ledger: Any, account_id: int) -> None:
        self._ledger, self._account_id = ledger, account_id

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ledger, name)

    def bind_aliases(self, command: UUID, aliases: list[Alias]) -> list[Alias]:
        for number, alias in enumerate(aliases):
            if alias.kind == "iban":
                theirs = replace(alias, account_id=self._account_id)
                self._ledger.bind_alias(UUID(int=number), theirs)
        return self._ledger.bind_aliases(command, aliases)


def test_an_alias_that_somebody_else_binds_meanwhile_is_taken_as_it_is(office: Office) -> None:
    first = office.take(DAY.replace(b"DE89 3704 0044 0532 0130 00", b"NL91ABNA0417164300"))
    theirs = first.opened[0].account_id
    assert theirs is not None
    ledger = _SomebodyIsFaster(office.ledger, theirs)
    command = ImportFile(
        name="x", content=DAY.replace(b"YJ-20250303-001", b"next"), opens_accounts=True
    )
    report = Importer(ledger, office.clock).import_file(command)
    assert report.opened == ()
    assert office.balance("NL91ABNA0417164300") == 16_350 + 6_350


@pytest.mark.parametrize("batches", [0, 1, 2])
def test_an_import_that_broke_off_is_finished_by_importing_again(
    office: Office, batches: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posting, "BATCH_ROWS", 500)
    made = camt_053(1_200, seed=7)
    command = ImportFile(name="big", content=made.content, opens_accounts=True)
    with pytest.raises(WritesStopped):
        Importer(_BreaksOff(office.ledger, batches), office.clock).import_file(command)
    report = Importer(office.ledger, office.clock).import_file(command)
    assert report.is_clean
    # The opening balances of accounts with postings by then are in the ledger, not in the report.
    known, taken = report.count(LineOutcome.KNOWN), report.count(LineOutcome.TAKEN)
    assert batches * 500 - 10 <= known <= batches * 500
    assert known + taken == 1_210 - (batches * 500 - known)
    for statement in report.reconciliations:
        assert office.balance(statement.account) == statement.closing_stated_minor


def test_a_large_statement_is_posted_in_few_batches_and_agrees(office: Office) -> None:
    made = camt_053(17_000, seed=1, accounts=100)
    report = office.take(made.content)
    assert report.is_clean
    rows = [row for row in office.ledger.journal(limit=200) if row.kind == "transfers"]
    assert len(rows) == 3
    entries = [line for line in report.lines if line.reference != "opening balance"]
    assert sum(e.amount_minor or 0 for e in entries if e.side == "credit") == made.credits_minor
    assert sum(e.amount_minor or 0 for e in entries if e.side == "debit") == made.debits_minor
    for statement in report.reconciliations:
        assert office.balance(statement.account) == statement.closing_stated_minor


def test_a_large_order_holds_its_control_sums(office: Office) -> None:
    made = pain_001(3_000, seed=2)
    report = office.take(made.content)
    assert report.is_clean
    assert len(report.controls) == 2 + 2 * 10
    assert office.balance("nostro-eur") == made.debits_minor
    assert office.balance(iban(3)) < 0


def test_progress_is_told_while_reading_and_while_posting(office: Office) -> None:
    seen: list[tuple[str, int, int]] = []
    made = camt_053(9_000, seed=3)
    importer = Importer(office.ledger, office.clock)
    command = ImportFile(name="x", content=made.content, opens_accounts=True)
    importer.import_file(command, progress=lambda *told: seen.append(told))
    assert [phase for phase, _, _ in seen] == sorted((p for p, _, _ in seen), reverse=True)
    assert ("reading", len(made.content), len(made.content)) in seen
    posting = [(done, total) for phase, done, total in seen if phase == "posting"]
    assert [done for done, _ in posting] == [8_190, posting[-1][1]]


def test_a_report_travels_as_json_with_ids_as_strings(office: Office) -> None:
    values = json.loads(json.dumps(reporting.document(office.take(DAY))))
    assert values["is_clean"] is True
    assert re.fullmatch(r"\d+", values["batch_id"])
    assert re.fullmatch(r"\d+", values["opened"][0]["account_id"])
    assert values["lines"][1]["value_date"] == "2025-03-04"
    assert values["lines"][1]["amount_minor"] == 5050


def batch_entry(*amounts: int) -> bytes:
    """Return the day's statement with an entry of 13.00 in pieces."""
    pieces = "".join(
        f'<TxDtls><AmtDtls><TxAmt><Amt Ccy="EUR">{amount}</Amt></TxAmt></AmtDtls></TxDtls>'
        for amount in amounts
    )
    inside = re.compile(rb"<NtryDtls>\s*<Btch>.*?</NtryDtls>", re.DOTALL)
    return inside.sub(f"<NtryDtls>{pieces}</NtryDtls>".encode(), DAY)


@pytest.mark.parametrize("first", [(9, 4), (9, 5), (1, 2, 10), ()])
@pytest.mark.parametrize("second", [(9, 4), (9, 5), (1, 2, 10), (10, 3), ()])
def test_an_entry_is_never_posted_both_whole_and_in_pieces(
    office: Office, first: tuple[int, ...], second: tuple[int, ...]
) -> None:
    office.take(batch_entry(*first))
    report = office.take(batch_entry(*second))
    assert office.balance("DE89370400440532013000") == 16_350
    is_whole = [sum(pieces) != 13 for pieces in (first, second)]
    same = first == second or all(is_whole)
    assert report.count(LineOutcome.REFUSED) == (
        0 if same else max(1, len(second) * (not is_whole[1]))
    )


def test_a_chain_of_pieces_is_never_cut_by_a_batch(office: Office) -> None:
    entries = re.compile(rb"<Ntry>.*</Ntry>", re.DOTALL)
    piece = b'<TxDtls><Amt Ccy="EUR">0.01</Amt></TxDtls>'
    entry = (
        b'<Ntry><Amt Ccy="EUR">%.2f</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts>'
        b"<NtryDtls>%b</NtryDtls></Ntry>"
    )
    sizes = [5_000, 5_000, 8_190, 8_191, 2]
    made = b"".join(entry % (size / 100, piece * size) for size in sizes)
    report = office.take(entries.sub(made, DAY))
    assert report.count(LineOutcome.TAKEN) == 1 + 5_000 + 5_000 + 8_190 + 1 + 2
    assert office.balance("DE89370400440532013000") == 10_000 + sum(sizes)
    assert [warning.what for warning in report.warnings] == [
        "8191 details are not the entry exactly: posted as one line"
    ]

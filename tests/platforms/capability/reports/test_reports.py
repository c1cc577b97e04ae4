"""Goal: a report says what the centres say, is kept as it ran, and can be made anew.

Method: a small bank in which something of everything has happened, on both engines.
"""

import datetime as dt
import json
from dataclasses import replace
from typing import Any

import pytest

from tests.platforms.capability.reports.conftest import Office
from yunjin.foundation.banking.api.gl_reports import TrialBalance, TrialRow
from yunjin.kernel.errors import IdempotencyConflict
from yunjin.platforms.capability.api.reports import (
    ColumnKind,
    Definition,
    Fold,
    Form,
    Measure,
    Source,
    SourceColumn,
    Where,
)
from yunjin.platforms.capability.domain.report_presets import PRESETS
from yunjin.platforms.capability.domain.reports import check_definition, fold, written
from yunjin.platforms.capability.errors.reports import (
    ReportNotFound,
    ReportRefused,
    RunNotFound,
)
from yunjin.platforms.capability.service.reports.reports import SCHEDULE, daily_id
from yunjin.platforms.capability.service.reports.sources import general_ledger, payments

BY_STATE = Definition(
    code="by-state",
    zh="按状态",
    en="By state",
    source="payments",
    dimensions=("state", "currency"),
    measures=(Measure(column="count"), Measure(column="amount")),
    chart="state",
)


def test_each_report_says_what_the_centres_say(office: Office) -> None:
    assert office.rows("payments") == [
        ("cnaps", "refused", "out", "CNY", 1, 10**12),
        ("cnaps", "settled", "out", "CNY", 1, 30_000),
        ("within", "settled", "out", "CNY", 2, 30_000),
    ]
    assert office.rows("limits") == [("credit", "CNY", "open", 1, 500_000, 0, 0)]
    assert office.rows("points") == [("card", "CNY", 1, 100, 0, 50)]
    assert office.rows("fees")[0][:5] == ("loan.service", "charged", "CNY", 1, 0)
    assert {row[0] for row in office.rows("tasks")} >= {"banking"}
    assert office.rows("trial-balance") == []  # the general ledger books at a day's close
    assert [one.code for one in office.reports.definitions()] == sorted(PRESETS)


def test_a_run_is_kept_as_it_ran_and_made_anew_to_the_byte(office: Office) -> None:
    command = office.id()
    first = office.reports.run(command, "fees", by="王芳")
    office.charge(2_000_000)
    assert office.reports.run(command, "fees", by="王芳") == first
    second = office.reports.run(office.id(), "fees")
    third = office.reports.run(office.id(), "fees")
    assert (second.hash, second.source_hash) == (third.hash, third.source_hash)
    assert first.hash != second.hash
    assert all(office.reports.verify(one.run_id) for one in (first, second))
    with pytest.raises(IdempotencyConflict):
        office.reports.run(command, "points")
    listed = office.reports.runs(code="fees").items
    assert [one.run_id for one in listed] == [third.run_id, second.run_id, first.run_id]
    with pytest.raises(RunNotFound):
        office.reports.table(office.id())


def test_the_difference_of_two_runs_names_what_has_changed(office: Office) -> None:
    before = office.reports.run(office.id(), "payments")
    office.bank.pay(office.bank.order(5_000, counter_agreement_id=office.bank.payee))
    after = office.reports.run(office.id(), "payments")
    found = office.reports.difference(before.run_id, after.run_id)
    assert found.same == 2
    [changed] = found.changed
    assert changed.key == ("within", "settled", "out", "CNY")
    assert (changed.before, changed.after) == ((2, 30_000), (3, 35_000))
    other = office.reports.run(office.id(), "points")
    with pytest.raises(ReportRefused):
        office.reports.difference(before.run_id, other.run_id)


def test_daily_reports_run_once_a_day_is_closed(office: Office) -> None:
    assert office.reports.run_due() == 0
    office.closed = office.today
    assert office.reports.run_due() == len(PRESETS)
    assert office.reports.run_due() == 0
    run = office.reports.result(daily_id("payments", office.today))
    assert (run.by, run.day, run.rows) == (SCHEDULE, office.today, 3)


def test_a_report_is_taken_away_as_csv_and_as_json(office: Office) -> None:
    run = office.reports.run(office.id(), "payments")
    lines = office.reports.export(run.run_id, Form.CSV).decode("utf-8-sig").splitlines()
    assert lines[0] == "channel,state,direction,currency,count,amount"
    assert lines[3] == "within,settled,out,CNY,2,300.00"
    found = json.loads(office.reports.export(run.run_id, Form.JSON))
    assert (found["report"], found["sha256"]) == ("payments", run.hash)
    assert found["rows"][2]["amount"] == 30_000


def test_a_report_is_defined_anew_and_what_has_run_stays(office: Office) -> None:
    office.reports.define(office.id(), BY_STATE)
    first = office.reports.run(office.id(), "by-state")
    only = replace(BY_STATE, where=(Where(column="state", values=("settled",)),))
    office.reports.define(office.id(), only)
    second = office.reports.run(office.id(), "by-state")
    assert (first.version, second.version) == (1, 2)
    assert office.reports.table(second.run_id).rows == (("settled", "CNY", 3, 60_000),)
    assert office.reports.verify(first.run_id)
    assert office.reports.definition("by-state", 1) == BY_STATE
    mine = replace(PRESETS["points"], is_daily=False)
    office.reports.define(office.id(), mine)
    assert office.reports.run(office.id(), "points").version == 2
    assert office.reports.definition("points", 1) == PRESETS["points"]
    with pytest.raises(ReportNotFound):
        office.reports.definition("by-state", 3)
    with pytest.raises(ReportNotFound):
        office.reports.run(office.id(), "nothing")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_day_that_the_source_does_not_know_is_refused(office: Office) -> None:
    past, coming = (office.today + dt.timedelta(days=days) for days in (-1, 1))
    assert office.rows("payments", day=past) == []
    for code, day in (("payments", coming), ("points", past)):
        with pytest.raises(ReportRefused) as refused:
            office.reports.run(office.id(), code, day=day)
        assert str(office.today) in refused.value.facts["why"]
    with pytest.raises(ReportRefused) as refused:
        office.reports.define(office.id(), replace(BY_STATE, source="nothing"))
    assert "no source" in refused.value.facts["why"]


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ({"dimensions": ("state", "colour")}, "no column"),
        ({"dimensions": ("state",)}, "currency"),
        ({"dimensions": ("state", "currency", "count")}, "each column once"),
        ({"measures": ()}, "measures"),
        ({"measures": (Measure(column="channel", fold=Fold.MOST),)}, "words"),
        ({"chart": "channel"}, "among the dimensions"),
        ({"where": (Where(column="amount", values=("1",)),)}, "words to group"),
    ],
)
def test_a_definition_that_will_not_do_is_refused_with_its_cure(
    wrong: dict[str, Any], word: str
) -> None:
    door: Any = None
    source = payments(door).source
    check_definition(BY_STATE, source)
    with pytest.raises(ReportRefused) as refused:
        check_definition(replace(BY_STATE, **wrong), source)
    assert word in refused.value.facts["why"]


def test_the_trial_balance_comes_without_its_totals() -> None:
    class Ledger:
        def trial_balance(self, start: dt.date, end: dt.date) -> TrialBalance:
            facts = {"name_en": "", "element": "asset", "parent": "", "branch": ""}
            rows = tuple(
                TrialRow(
                    account=account,
                    name_zh=name,
                    depth=len(account) // 2,
                    is_total=is_total,
                    currency="CNY",
                    opening_minor=1,
                    debits_minor=5,
                    credits_minor=2,
                    closing_minor=4,
                    **facts,
                )
                for account, name, is_total in (("10", "资产", True), ("1001", "现金", False))
            )
            return TrialBalance(start=start, end=end, branch="", currency="", rows=rows, totals=())

    door: Any = Ledger()
    found = general_ledger(door).read(dt.date(2026, 10, 5))
    assert found == [("1001", "现金", "asset", "CNY", 1, 5, 2, 4)]


def test_rows_are_folded_as_the_measure_says() -> None:
    columns = tuple(
        SourceColumn(name=name, kind=kind, zh=name, en=name)
        for name, kind in (
            ("day", ColumnKind.WORD),
            ("currency", ColumnKind.WORD),
            ("amount", ColumnKind.MINOR),
            ("seconds", ColumnKind.SECONDS),
        )
    )
    source = Source(code="s", zh="源", en="Source", columns=columns, knows_past=True)
    one = Definition(
        code="r",
        zh="表",
        en="Report",
        source="s",
        dimensions=("currency",),
        measures=(Measure(column="amount"), Measure(column="seconds", fold=Fold.MOST)),
    )
    check_definition(one, source)
    rows = [("a", "JPY", 700, 3), ("b", "CNY", 55, 1), ("b", "JPY", -50, 9)]
    table = fold(one, source, rows)
    assert table.rows == (("CNY", 55, 1), ("JPY", 650, 9))
    assert [written(table, row, 1) for row in table.rows] == ["0.55", "650"]
    assert fold(replace(one, dimensions=()), source, []).rows == ()

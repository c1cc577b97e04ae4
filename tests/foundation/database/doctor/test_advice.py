"""Goal: slow statements get advice that helps; growth is foreseen whatever odd days there were.

Method: plans as MariaDB's EXPLAIN FORMAT=JSON gives them; samples made by a rule.
"""

import random
from typing import Any

from yunjin.foundation.database.domain.doctor.advice import (
    Wait,
    advise,
    explain_wait,
    fingerprint,
    key_columns,
    roots,
)
from yunjin.foundation.database.domain.doctor.forecast import POINTS_MAX, forecast


def plan_of(**table: Any) -> dict[str, Any]:
    told = {"table_name": "goods", "access_type": "ALL", "rows": 20_000, **table}
    return {"query_block": {"nested_loop": [{"table": told}]}}


def test_a_scan_with_a_condition_asks_for_an_index_on_its_columns() -> None:
    [advice] = advise(plan_of(attached_condition="goods.price = 77 and goods.`at` > '2026-01-01'"))
    assert advice.code == "missing-index"
    assert advice.statement == "CREATE INDEX `ix_price_at` ON `goods` (`price`, `at`)"
    assert "20000" in advice.zh
    assert "20000" in advice.en


def test_columns_compared_with_equality_come_before_one_range() -> None:
    condition = "o.made > 5 and o.paid < 9 and o.shop = 3 and o.state in ('a','b')"
    assert key_columns(condition) == ["shop", "state", "made"]


def test_what_stands_in_a_text_is_no_column() -> None:
    assert key_columns("t.name = 'x.y = 3 and z.w = 4'") == ["name"]


def test_a_column_inside_a_function_is_named_instead() -> None:
    [advice] = advise(plan_of(attached_condition="year(goods.`at`) = 2025"))
    assert advice.code == "wrapped-column"
    assert "year()" in advice.en


def test_a_function_of_no_column_is_nothing_to_move() -> None:
    [advice] = advise(plan_of(attached_condition="goods.price = 1 and round(7.5) = 8"))
    assert advice.statement == "CREATE INDEX `ix_price` ON `goods` (`price`)"


def test_a_scan_without_a_condition_is_told_to_narrow() -> None:
    assert [one.code for one in advise(plan_of())] == ["reads-all"]


def test_small_tables_and_index_reads_get_no_advice() -> None:
    assert advise(plan_of(rows=100, attached_condition="goods.price = 1")) == []
    assert advise(plan_of(access_type="ref")) == []


def test_tables_deep_in_a_plan_are_seen() -> None:
    inner = {"subqueries": [plan_of(attached_condition="goods.price = 1")]}
    assert [one.code for one in advise({"query_block": inner})] == ["missing-index"]


def test_statements_that_differ_by_their_values_are_one() -> None:
    first = fingerprint("SELECT *  FROM t\n WHERE a = 'it''s' AND b IN (1, 2, 3)")
    assert first == fingerprint("SELECT * FROM t WHERE a = 'x' AND b IN (7, 8)")
    assert first == "SELECT * FROM t WHERE a = ? AND b IN (?, …)"
    assert fingerprint("SELECT a1 FROM t2") == "SELECT a1 FROM t2"


def wait(waiter: int, blocker: int, blocking: str = "") -> Wait:
    return Wait(
        waiter=waiter,
        blocker=blocker,
        waited_s=20,
        table="shop.goods",
        index="PRIMARY",
        mode="X",
        waiting="UPDATE goods SET price = 1",
        blocking=blocking,
        blocker_age_s=90,
    )


def test_the_one_who_keeps_a_chain_waiting_is_found() -> None:
    assert roots([wait(1, 2), wait(2, 3), wait(4, 3)]) == [3]
    assert roots([]) == []


def test_an_idle_holder_of_locks_is_told_from_one_at_work() -> None:
    idle = explain_wait(wait(1, 2))
    assert (idle.code, idle.statement) == ("idle-blocker", "KILL CONNECTION 2")
    assert explain_wait(wait(1, 2, "UPDATE goods SET price = 2")).code == "long-blocker"


def growing(days: int, per_day: int, seed: int = 1) -> list[tuple[int, int]]:
    chance = random.Random(seed)
    return [
        (hour, 1_000_000 + per_day * hour // 24 + chance.randint(-500, 500))
        for hour in range(days * 24)
    ]


def test_steady_growth_is_foreseen_to_the_day() -> None:
    seen = forecast(growing(30, 10_000), limit=1_000_000 + 10_000 * 60)
    assert seen is not None
    assert seen.days is not None
    assert abs(seen.days - 30) <= 1
    assert abs(seen.per_day - 10_000) < 200
    assert seen.days_early is not None
    assert seen.days_late is not None
    assert seen.days_early <= seen.days <= seen.days_late


def test_a_bulk_load_and_a_purge_do_not_bend_the_line() -> None:
    samples = growing(30, 10_000)
    odd = [(hour, value + (2_000_000 if 100 <= hour < 200 else 0)) for hour, value in samples]
    seen = forecast(odd, limit=1_000_000 + 10_000 * 60)
    assert seen is not None
    assert seen.days is not None
    assert abs(seen.days - 30) <= 3


def test_what_does_not_grow_is_never_full() -> None:
    seen = forecast(growing(30, -1_000), limit=5_000_000)
    assert seen is not None
    assert seen.days is None


def test_too_few_samples_say_nothing() -> None:
    assert forecast(growing(30, 10_000)[:4], limit=9) is None
    assert forecast(growing(30, 10_000)[:20], limit=9) is None


def test_years_of_samples_are_thinned() -> None:
    samples = growing(400, 1_000)
    assert len(samples) > 40 * POINTS_MAX
    seen = forecast(samples, limit=2_000_000)
    assert seen is not None
    assert abs(seen.per_day - 1_000) < 50

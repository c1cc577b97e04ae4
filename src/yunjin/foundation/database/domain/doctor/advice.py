"""What is advised about a slow statement, from how the server means to run it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

ROWS_MANY: Final = 1_000  # read for one statement without an index
_LITERAL: Final = re.compile(
    r"'(?:[^'\\]|\\.|'')*'|\"(?:[^\"\\]|\\.)*\"|\b\d+(?:\.\d+)?\b|\bx'[^']*'"
)
_LIST: Final = re.compile(r"\(\s*\?(?:\s*,\s*\?)+\s*\)")
# the server names columns with their table in the conditions of a plan
_NAME: Final = r"(?:`?[A-Za-z_]\w*`?\.)+`?(\w+)`?"
_EQUAL: Final = re.compile(rf"(?<![\w`.(]){_NAME}\s*(?:=|<=>|\bin\b)", re.IGNORECASE)
_RANGE: Final = re.compile(
    rf"(?<![\w`.(]){_NAME}\s*(?:>=?|<=?|\bbetween\b|\blike\b)", re.IGNORECASE
)
_WRAPPED: Final = re.compile(rf"(\w+)\(\s*{_NAME}[^()]*\)\s*(?:=|<|>)", re.IGNORECASE)
_KEY_COLUMNS_MAX: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """A sentence in both languages, and the statement that would help where there is one."""

    code: str
    zh: str
    en: str
    statement: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """A transaction that waits for another's lock."""

    waiter: int  # connections
    blocker: int
    waited_s: int
    table: str
    index: str
    mode: str
    waiting: str  # the statement that waits
    blocking: str  # what the blocker runs now; empty: it sits idle
    blocker_age_s: int


def fingerprint(statement: str) -> str:
    """Return a statement with its values taken out, so that alike ones are one."""
    text = _LITERAL.sub("?", " ".join(statement.split()))
    return _LIST.sub("(?, …)", text)


def advise(plan: Mapping[str, Any], *, rows_many: int = ROWS_MANY) -> list[Advice]:
    """Return advice from the document that EXPLAIN FORMAT=JSON gives."""
    found = [one for table in _tables(plan) for one in _of_table(table, rows_many)]
    text = str(plan)
    if "filesort" in text and not found:
        found.append(
            Advice(
                code="sorts",
                zh="结果须另行排序：若常用此顺序，按 WHERE 的等值列加 ORDER BY 的列建立索引。",
                en="The result is sorted apart: where it is often asked for in this order, an "
                "index on the columns compared with = and then those of ORDER BY spares it.",
            )
        )
    return found


def _tables(document: Any) -> Iterator[Mapping[str, Any]]:
    """Yield every table of a plan, however deep."""
    if isinstance(document, Mapping):
        for key, value in document.items():
            if key == "table" and isinstance(value, Mapping):
                yield value
            yield from _tables(value)
    elif isinstance(document, list):
        for each in document:
            yield from _tables(each)


def _of_table(table: Mapping[str, Any], rows_many: int) -> Iterator[Advice]:
    name, rows = str(table.get("table_name", "?")), int(table.get("rows", 0) or 0)
    if table.get("access_type") not in ("ALL", "index") or rows < rows_many:
        return
    condition = str(table.get("attached_condition", ""))
    wrapped = _WRAPPED.search(_LITERAL.sub("?", condition))
    columns = key_columns(condition)
    if wrapped is not None:
        yield Advice(
            code="wrapped-column",
            zh=f"表 {name} 逐行读取 {rows} 行：条件中 {wrapped[2]} 被 {wrapped[1]}() 包住，"
            "索引用不上。把函数移到另一边，改写为范围。",
            en=f"Table {name} is read row by row ({rows} rows): {wrapped[2]} stands inside "
            f"{wrapped[1]}(), so no index helps. Move the function to the other side, as a range.",
        )
    elif columns:
        listed = ", ".join(f"`{column}`" for column in columns)
        yield Advice(
            code="missing-index",
            zh=f"表 {name} 没有可用索引，逐行读取 {rows} 行：按 {', '.join(columns)} 建立索引。",
            en=f"Table {name} has no index for this and is read row by row ({rows} rows): make one "
            f"on {', '.join(columns)}.",
            statement=f"CREATE INDEX `{('ix_' + '_'.join(columns))[:64]}` ON `{name}` ({listed})",
        )
    else:
        yield Advice(
            code="reads-all",
            zh=f"表 {name} 被整个读取（{rows} 行），没有可缩小范围的条件：加上条件或分页。",
            en=f"Table {name} is read whole ({rows} rows): nothing in the statement narrows it. "
            "Add a condition, or ask page by page.",
        )


def key_columns(condition: str) -> list[str]:
    """Return which columns an index for a condition has: those compared with =, then one range."""
    plain = _LITERAL.sub("?", condition)
    equal = list(dict.fromkeys(found[1] for found in _EQUAL.finditer(plain)))
    ranges = [found[1] for found in _RANGE.finditer(plain) if found[1] not in equal]
    return [*equal[:_KEY_COLUMNS_MAX], *ranges[:1]]


def explain_wait(wait: Wait) -> Advice:
    """Return why a transaction waits, and what is to be done."""
    if not wait.blocking:
        return Advice(
            code="idle-blocker",
            zh=f"连接 {wait.blocker} 的事务已开 {wait.blocker_age_s} 秒，现在什么也不做，"
            f"却锁住 {wait.table}：应用应尽快提交；也可结束该连接。",
            en=f"The transaction of connection {wait.blocker} has been open for "
            f"{wait.blocker_age_s} s, does nothing now and still holds {wait.table}: the "
            "application ought to commit sooner; or end the connection.",
            statement=f"KILL CONNECTION {wait.blocker}",
        )
    return Advice(
        code="long-blocker",
        zh=f"连接 {wait.blocker} 仍在执行（{wait.blocker_age_s} 秒），锁住 {wait.table}"
        f"（索引 {wait.index}）：分批提交，或先查其慢的原因。",
        en=f"Connection {wait.blocker} is still at work ({wait.blocker_age_s} s) and holds "
        f"{wait.table} (index {wait.index}): commit in smaller parts, or see why it is slow.",
    )


def roots(waits: Sequence[Wait]) -> list[int]:
    """Return the connections that block others and wait for nobody: who keeps it all up."""
    waiters = {wait.waiter for wait in waits}
    return sorted({wait.blocker for wait in waits} - waiters)

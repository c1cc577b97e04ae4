"""What reports are made of: read models that the centres and the core publish, by their doors."""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from yunjin.foundation.banking.api.general_ledger import GeneralLedgerApi
from yunjin.kernel.page import LIMIT_MAX, Page
from yunjin.platforms.capability.api.lending import LendingApi
from yunjin.platforms.capability.api.limits import LimitsApi
from yunjin.platforms.capability.api.payments import PaymentsApi
from yunjin.platforms.capability.api.points import PointsApi
from yunjin.platforms.capability.api.pricing import PricingApi
from yunjin.platforms.capability.api.reports import Cell, ColumnKind, Source, SourceColumn
from yunjin.platforms.capability.api.tasks import TasksApi

Rows = list[tuple[Cell, ...]]
K = ColumnKind
_YES: Final = {True: "yes", False: "no"}
_CURRENCY: Final = ("currency", K.WORD, "币种", "Currency")
_STATE: Final = ("state", K.WORD, "状态", "State")
_COUNT: Final = ("count", K.COUNT, "笔数", "Count")


@dataclass(frozen=True, slots=True)
class Reading:
    """A source, and what reads it as of a business date. Raises: Outage."""

    source: Source
    read: Callable[[dt.date], Rows]


def payments(door: PaymentsApi) -> Reading:
    """Return the source of payments: a business day's, by channel and state."""

    def read(day: dt.date) -> Rows:
        return [
            (
                one.channel,
                one.state.value,
                "in" if one.is_incoming else "out",
                one.currency,
                one.count,
                one.amount_minor,
            )
            for one in door.sums(day)
        ]

    return _reading(
        "payments",
        ("支付", "Payments"),
        [
            ("channel", K.WORD, "渠道", "Channel"),
            _STATE,
            ("direction", K.WORD, "方向", "Direction"),
            _CURRENCY,
            _COUNT,
            ("amount", K.MINOR, "金额", "Amount"),
        ],
        read,
        knows_past=True,
    )


def limits(door: LimitsApi) -> Reading:
    """Return the source of limits as they stand now."""

    def read(_: dt.date) -> Rows:
        return [
            (
                one.kind,
                one.state.value,
                one.period.value,
                _YES[len(one.path) == 1],
                one.currency,
                1,
                one.ceiling_minor,
                one.held_minor,
                one.used_minor,
            )
            for one in _every(lambda **more: door.limits(**more))
        ]

    return _reading(
        "limits",
        ("额度", "Limits"),
        [
            ("kind", K.WORD, "种类", "Kind"),
            _STATE,
            ("period", K.WORD, "周期", "Period"),
            ("is_root", K.WORD, "是否树根", "Is a root"),
            _CURRENCY,
            ("count", K.COUNT, "个数", "Count"),
            ("ceiling", K.MINOR, "总额", "Ceiling"),
            ("held", K.MINOR, "占用", "Held"),
            ("used", K.MINOR, "使用", "Used"),
        ],
        read,
    )


def fees(door: PricingApi) -> Reading:
    """Return the source of fees: each line of a business day's charges."""

    def read(day: dt.date) -> Rows:
        return [
            (
                line.fee,
                line.price,
                charge.priced.book,
                charge.state.value,
                charge.priced.currency,
                1,
                int(line.is_free),
                line.fee_minor,
                line.off_minor,
                line.tax_minor,
                line.total_minor,
            )
            for charge in _every(lambda **more: door.charges(day=day, **more))
            for line in charge.priced.lines
        ]

    return _reading(
        "fees",
        ("收费", "Fees"),
        [
            ("fee", K.WORD, "费用", "Fee"),
            ("price", K.WORD, "价格", "Price"),
            ("book", K.WORD, "价目", "Price book"),
            _STATE,
            _CURRENCY,
            _COUNT,
            ("free", K.COUNT, "免费笔数", "Free"),
            ("fee_before", K.MINOR, "优惠前", "Before discounts"),
            ("off", K.MINOR, "优惠", "Off"),
            ("tax", K.MINOR, "税额", "Tax"),
            ("total", K.MINOR, "实收", "Total"),
        ],
        read,
        knows_past=True,
    )


def points(door: PointsApi) -> Reading:
    """Return the source of points: what each programme's would cost now."""

    def read(_: dt.date) -> Rows:
        return [
            (one.programme, one.currency, one.accounts, one.points, one.owed, one.value_minor)
            for one in door.liability()
        ]

    return _reading(
        "points",
        ("积分", "Points"),
        [
            ("programme", K.WORD, "计划", "Programme"),
            _CURRENCY,
            ("accounts", K.COUNT, "账户数", "Accounts"),
            ("points", K.POINTS, "积分", "Points"),
            ("owed", K.POINTS, "欠分", "Owed"),
            ("value", K.MINOR, "负债", "Liability"),
        ],
        read,
    )


def tasks(door: TasksApi) -> Reading:
    """Return the source of tasks: what waits in each queue now, and what is over its time."""

    def read(_: dt.date) -> Rows:
        return [(one.queue.code, one.open, one.overdue, one.queue.sla_s) for one in door.queues()]

    return _reading(
        "tasks",
        ("待办", "Tasks"),
        [
            ("queue", K.WORD, "队列", "Queue"),
            ("open", K.COUNT, "未办", "Open"),
            ("overdue", K.COUNT, "超时", "Overdue"),
            ("sla", K.SECONDS, "时限", "Time allowed"),
        ],
        read,
    )


def lending(door: LendingApi) -> Reading:
    """Return the source of lending: applications that are on their way now."""

    def read(_: dt.date) -> Rows:
        return [(state, count) for state, count in sorted(door.counts().items())]

    return _reading(
        "lending",
        ("信贷", "Lending"),
        [_STATE, ("count", K.COUNT, "笔数", "Count")],
        read,
    )


def general_ledger(door: GeneralLedgerApi) -> Reading:
    """Return the source of the general ledger: a day's trial balance, without its totals."""

    def read(day: dt.date) -> Rows:
        found = door.trial_balance(day, day)
        return [
            (
                row.account,
                row.name_zh,
                row.element,
                row.currency,
                row.opening_minor,
                row.debits_minor,
                row.credits_minor,
                row.closing_minor,
            )
            for row in found.rows
            if not row.is_total
        ]

    return _reading(
        "general-ledger",
        ("总账", "General ledger"),
        [
            ("account", K.WORD, "科目", "Account"),
            ("name", K.WORD, "科目名称", "Name"),
            ("element", K.WORD, "类别", "Element"),
            _CURRENCY,
            ("opening", K.MINOR, "期初", "Opening"),
            ("debits", K.MINOR, "借方", "Debits"),
            ("credits", K.MINOR, "贷方", "Credits"),
            ("closing", K.MINOR, "期末", "Closing"),
        ],
        read,
        knows_past=True,
    )


_MAKERS: Final[tuple[tuple[type, Callable[[Any], Reading]], ...]] = (
    (PaymentsApi, payments),
    (LimitsApi, limits),
    (LendingApi, lending),
    (PricingApi, fees),
    (PointsApi, points),
    (TasksApi, tasks),
    (GeneralLedgerApi, general_ledger),
)


def readings(doors: Callable[[type], Any]) -> dict[str, Reading]:
    """Return the sources over those doors that there are. doors: None for one that is not."""
    found = [make(door) for api, make in _MAKERS if (door := doors(api)) is not None]
    return {one.source.code: one for one in found}


def _reading(
    code: str,
    words: tuple[str, str],
    columns: list[tuple[str, ColumnKind, str, str]],
    read: Callable[[dt.date], Rows],
    *,
    knows_past: bool = False,
) -> Reading:
    made = [SourceColumn(name=name, kind=kind, zh=zh, en=en) for name, kind, zh, en in columns]
    source = Source(code=code, zh=words[0], en=words[1], columns=tuple(made), knows_past=knows_past)
    return Reading(source, read)


def _every(page: Callable[..., Page[Any]]) -> Iterator[Any]:
    """Yield all items of a list that comes in pages."""
    cursor: str | None = None
    while True:
        found = page(limit=LIMIT_MAX, cursor=cursor)
        yield from found.items
        cursor = found.next_cursor
        if cursor is None:
            return

"""The reports that come with the centre; an institution defines others, or these otherwise."""

from typing import Final

from yunjin.platforms.capability.api.reports import Definition, Fold, Measure, Where


def _report(
    code: str,
    words: tuple[str, str],
    source: str,
    by: tuple[str, ...],
    sums: tuple[str, ...],
    *,
    chart: str = "",
    where: tuple[Where, ...] = (),
) -> Definition:
    return Definition(
        code=code,
        zh=words[0],
        en=words[1],
        source=source,
        dimensions=by,
        measures=tuple(Measure(column=name, fold=Fold.SUM) for name in sums),
        where=where,
        is_daily=True,
        chart=chart,
    )


PRESETS: Final = {
    one.code: one
    for one in (
        _report(
            "payments",
            ("支付日报", "Payments of the day"),
            "payments",
            ("channel", "state", "direction", "currency"),
            ("count", "amount"),
            chart="channel",
        ),
        _report(
            "limits",
            ("额度使用", "Use of limits"),
            "limits",
            ("kind", "currency", "state"),
            ("count", "ceiling", "held", "used"),
            chart="kind",
            where=(Where(column="is_root", values=("yes",)),),
        ),
        _report(
            "lending",
            ("信贷进度", "Lending pipeline"),
            "lending",
            ("state",),
            ("count",),
            chart="state",
        ),
        _report(
            "fees",
            ("收费日报", "Fees of the day"),
            "fees",
            ("fee", "state", "currency"),
            ("count", "free", "fee_before", "off", "tax", "total"),
            chart="fee",
        ),
        _report(
            "points",
            ("积分负债", "Points' liability"),
            "points",
            ("programme", "currency"),
            ("accounts", "points", "owed", "value"),
            chart="programme",
        ),
        _report(
            "tasks",
            ("待办时限", "Tasks and their deadlines"),
            "tasks",
            ("queue",),
            ("open", "overdue"),
            chart="queue",
        ),
        _report(
            "trial-balance",
            ("科目余额表", "Trial balance"),
            "general-ledger",
            ("account", "name", "element", "currency"),
            ("opening", "debits", "credits", "closing"),
        ),
    )
}

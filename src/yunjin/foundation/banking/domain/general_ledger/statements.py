"""Balance sheet 资产负债表 and income statement 利润表, from debits less credits of accounts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from yunjin.foundation.banking.api.gl_reports import StatementCheck, StatementRow
from yunjin.foundation.banking.domain.general_ledger.chart import Account, Chart
from yunjin.foundation.banking.domain.general_ledger.trial import Figures, Node, tree
from yunjin.foundation.banking.domain.products.slots import Element

Pair = tuple[int, int]  # this day's or period's, and the one it is compared with
Nets = Mapping[str, Mapping[str, Pair]]  # debits less credits by currency and account
_ASSETS, _LIABILITIES, _EQUITY = "assets", "liabilities", "equity"


@dataclass(frozen=True, slots=True)
class Heading:
    """A row that is no account."""

    key: str
    name_zh: str
    name_en: str


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the income statement: accounts by how their codes begin, and the sum after it.

    profit : what the sum of everything so far is called, None where nothing stands there.
    """

    name: str
    total: Heading
    accounts: tuple[str, ...]
    profit: Heading | None = None


# 商业银行利润表 in substance: net interest, net fees, other income, costs, and what is left.
_PARTS: Final = (
    Part(
        "interest", Heading("net_interest", "利息净收入", "Net interest income"), ("6011", "6411")
    ),
    Part("fees", Heading("net_fees", "手续费及佣金净收入", "Net fee income"), ("6021", "6421")),
    Part(
        "other_income",
        Heading("other_income", "其他营业净收入", "Other operating income"),
        ("60", "61", "62"),
        Heading("operating_income", "营业收入", "Operating income"),
    ),
    Part(
        "expenses",
        Heading("operating_expenses", "营业支出", "Operating expenses"),
        ("64", "65", "66", "6701", "6702"),
        Heading("operating_profit", "营业利润", "Operating profit"),
    ),
    Part(
        "outside",
        Heading("non_operating", "营业外收支净额", "Non-operating, net"),
        ("63", "67", "69", "6"),
        Heading("profit_before_tax", "利润总额", "Profit before tax"),
    ),
    Part(
        "tax",
        Heading("tax", "所得税费用", "Income tax"),
        ("68",),
        Heading("net_profit", "净利润", "Net profit"),
    ),
)
_UNCLOSED: Final = Heading("profit", "本年利润（未结转）", "Profit not carried yet")
_TOTALS: Final = {
    _ASSETS: Heading("total_assets", "资产总计", "Total assets"),
    _LIABILITIES: Heading("total_liabilities", "负债合计", "Total liabilities"),
    _EQUITY: Heading("total_equity", "所有者权益合计", "Total equity"),
}
_ALL: Final = Heading(
    "total_liabilities_and_equity", "负债和所有者权益总计", "Total liabilities and equity"
)


def balance_sheet(
    chart: Chart, nets: Nets
) -> tuple[tuple[StatementRow, ...], tuple[StatementCheck, ...]]:
    """Return the rows of every currency, and what is left between its two sides."""
    rows: list[StatementRow] = []
    checks: list[StatementCheck] = []
    for currency in sorted(nets):
        sections = _sections(chart, nets[currency])
        sums: dict[str, Pair] = {}
        for section in (_ASSETS, _LIABILITIES, _EQUITY):
            sign = 1 if section == _ASSETS else -1
            leaves = {code: _times(sign, pair) for code, pair in sections[section].items()}
            total = _plus(leaves.values())
            rows += (_of(node, section, currency) for node in tree(chart, leaves))
            if section == _EQUITY:
                profit = _times(-1, _plus(_profits(chart, nets[currency]).values()))
                total = _plus((total, profit))
                if any(profit):
                    rows.append(_headed(_UNCLOSED, section, currency, profit))
            rows.append(_headed(_TOTALS[section], section, currency, total))
            sums[section] = total
        owed = _plus((sums[_LIABILITIES], sums[_EQUITY]))
        rows.append(_headed(_ALL, _EQUITY, currency, owed))
        checks.append(_check(currency, sums[_ASSETS], owed))
    return tuple(rows), tuple(checks)


def income_statement(
    chart: Chart, nets: Nets
) -> tuple[tuple[StatementRow, ...], tuple[StatementCheck, ...]]:
    """Return the rows of every currency: income > 0, expense < 0, so that all of it adds up."""
    rows: list[StatementRow] = []
    checks: list[StatementCheck] = []
    for currency in sorted(nets):
        profits = _profits(chart, nets[currency])
        if not any(map(any, profits.values())):
            continue
        so_far: Pair = (0, 0)
        for part in _PARTS:
            leaves = {c: _times(-1, pair) for c, pair in profits.items() if part_of(c) is part}
            total = _plus(leaves.values())
            so_far = _plus((so_far, total))
            rows += (_of(node, part.name, currency) for node in tree(chart, leaves))
            if leaves:
                rows.append(_headed(part.total, part.name, currency, total))
            if part.profit is not None:
                rows.append(_headed(part.profit, part.name, currency, so_far))
        checks.append(_check(currency, so_far, _times(-1, _plus(profits.values()))))
    return tuple(rows), tuple(checks)


def part_of(code: str) -> Part:
    """Return the part of the income statement that names the longest beginning of a code."""
    return max(
        _PARTS,
        key=lambda part: max((len(a) for a in part.accounts if code.startswith(a)), default=0),
    )


def _profits(chart: Chart, nets: Mapping[str, Pair]) -> dict[str, Pair]:
    return {code: pair for code, pair in nets.items() if chart.account(code).is_profit}


def _sections(chart: Chart, nets: Mapping[str, Pair]) -> dict[str, dict[str, Pair]]:
    """Return what stands in which section; a common account stands where its balance is."""
    found: dict[str, dict[str, Pair]] = {_ASSETS: {}, _LIABILITIES: {}, _EQUITY: {}}
    for code, (now, prior) in nets.items():
        account = chart.account(code)
        if account.is_common:
            for section, pair in (
                (_ASSETS, (max(now, 0), max(prior, 0))),
                (_LIABILITIES, (min(now, 0), min(prior, 0))),
            ):
                if any(pair):
                    found[section][code] = pair
        elif not account.is_profit and (now or prior):
            found[_section(account)][code] = (now, prior)
    return found


def _section(account: Account) -> str:
    names = {Element.ASSET: _ASSETS, Element.LIABILITY: _LIABILITIES, Element.EQUITY: _EQUITY}
    return names[account.element]


def _plus(pairs: Iterable[Pair]) -> Pair:
    now = prior = 0
    for one, other in pairs:
        now, prior = now + one, prior + other
    return now, prior


def _times(sign: int, pair: Pair) -> Pair:
    return sign * pair[0], sign * pair[1]


def _of(node: Node, section: str, currency: str) -> StatementRow:
    code = node.account.code
    heading = Heading(code, node.account.name_zh, node.account.name_en)
    return _row(heading, code, section, currency, node.figures, node.depth + 1, node.is_total)


def _headed(heading: Heading, section: str, currency: str, pair: Pair) -> StatementRow:
    return _row(heading, "", section, currency, pair, 0, True)


def _row(
    heading: Heading,
    account: str,
    section: str,
    currency: str,
    figures: Figures,
    depth: int,
    is_total: bool,
) -> StatementRow:
    return StatementRow(
        key=heading.key,
        account=account,
        name_zh=heading.name_zh,
        name_en=heading.name_en,
        section=section,
        depth=depth,
        is_total=is_total,
        currency=currency,
        amount_minor=figures[0],
        prior_minor=figures[1],
    )


def _check(currency: str, one: Pair, other: Pair) -> StatementCheck:
    return StatementCheck(
        currency=currency,
        difference_minor=one[0] - other[0],
        prior_difference_minor=one[1] - other[1],
    )

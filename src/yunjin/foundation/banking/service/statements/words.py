"""What papers say, in Chinese and English."""

from collections.abc import Mapping
from typing import Final

from yunjin.foundation.banking.api.statements import Lang
from yunjin.foundation.banking.domain.products.slots import Slot
from yunjin.kernel import check

Pair = tuple[str, str]  # Chinese, English
_MANUAL: Final = 5  # code of a manual entry

SLOTS: Final[Mapping[int, Pair]] = {
    Slot.CASH: ("现金", "Cash"),
    Slot.CLEARING: ("清算", "Clearing"),
    Slot.FUND_SOURCE: ("资金来源", "Fund source"),
    Slot.INTER_BRANCH: ("辖内往来", "Inter-branch"),
    Slot.LOANS: ("未到期本金", "Principal not due"),
    Slot.LOANS_OVERDUE: ("到期本金", "Principal due"),
    Slot.OVERDRAFTS: ("透支", "Overdraft"),
    Slot.CARD_RECEIVABLE: ("信用卡透支", "Card balance"),
    Slot.INTEREST_RECEIVABLE: ("应收利息", "Interest due"),
    Slot.FEES_RECEIVABLE: ("应收费用", "Fees due"),
    Slot.PENALTY_RECEIVABLE: ("应收罚息", "Penalty interest due"),
    Slot.INTEREST_ACCRUED: ("应计利息", "Accrued interest"),
    Slot.PROVISION: ("损失准备", "Provision"),
    Slot.DEPOSITS: ("存款", "Deposit"),
    Slot.TERM_DEPOSITS: ("定期存款", "Term deposit"),
    Slot.WALLETS: ("钱包", "Wallet"),
    Slot.WEALTH_UNITS: ("理财份额", "Wealth units"),
    Slot.INTEREST_PAYABLE: ("应付利息", "Interest payable"),
    Slot.SUSPENSE: ("待处理", "Suspense"),
    Slot.OVERPAYMENTS: ("预收款", "Paid in"),
    Slot.DORMANT: ("久悬未取", "Dormant"),
    Slot.INTEREST_INCOME: ("利息收入", "Interest income"),
    Slot.FEE_INCOME: ("手续费", "Fees"),
    Slot.PENALTY_INCOME: ("罚息收入", "Penalty interest income"),
    Slot.RECOVERIES: ("核销收回", "Recoveries"),
    Slot.INTEREST_EXPENSE: ("利息支出", "Interest expense"),
    Slot.FEE_EXPENSE: ("手续费支出", "Fee expense"),
    Slot.IMPAIRMENT: ("信用减值", "Impairment"),
    Slot.WRITE_OFF: ("核销", "Write-off"),
}
# slot of the other account → what a credit is, what a debit is
_MOVES: Final[Mapping[int, tuple[Pair, Pair]]] = {
    Slot.CASH: (("现金存入", "Cash in"), ("现金支取", "Cash out")),
    Slot.CLEARING: (("转入", "Transfer in"), ("转出", "Transfer out")),
    Slot.FUND_SOURCE: (("转入", "Transfer in"), ("转出", "Transfer out")),
    Slot.INTER_BRANCH: (("转入", "Transfer in"), ("转出", "Transfer out")),
    Slot.INTEREST_PAYABLE: (("利息", "Interest"), ("利息冲回", "Interest taken back")),
    Slot.INTEREST_EXPENSE: (("利息", "Interest"), ("利息冲回", "Interest taken back")),
    Slot.INTEREST_ACCRUED: (("利息退回", "Interest given back"), ("利息", "Interest charged")),
    Slot.INTEREST_INCOME: (("利息退回", "Interest given back"), ("利息", "Interest charged")),
    Slot.PENALTY_INCOME: (("罚息退回", "Penalty given back"), ("罚息", "Penalty interest")),
    Slot.FEE_INCOME: (("费用退回", "Fee given back"), ("手续费", "Fee")),
    Slot.WRITE_OFF: (("核销", "Written off"), ("核销冲回", "Write-off reversed")),
}
_OWN: Final[Mapping[tuple[int, int], Pair]] = {  # slots of this and the other account
    (Slot.LOANS, Slot.LOANS_OVERDUE): ("本金到期", "Principal falls due"),
    (Slot.LOANS_OVERDUE, Slot.LOANS): ("本金到期", "Principal falls due"),
    (Slot.INTEREST_RECEIVABLE, Slot.INTEREST_RECEIVABLE): ("利息到期", "Interest falls due"),
    (Slot.LOANS, Slot.OVERPAYMENTS): ("提前还本", "Principal paid early"),
    (Slot.OVERPAYMENTS, Slot.LOANS): ("提前还本", "Principal paid early"),
}
PARTIES: Final = (  # another customer's: its number is shown
    Slot.DEPOSITS,
    Slot.TERM_DEPOSITS,
    Slot.WALLETS,
    Slot.WEALTH_UNITS,
    Slot.LOANS,
    Slot.CARD_RECEIVABLE,
    Slot.OVERPAYMENTS,
)


def posting(code: int, slot: int, other: int, *, is_debit: bool, is_own: bool) -> Pair:
    """Return what a movement is: kind of posting, slots of both accounts, side.

    is_own: whether the other account belongs to the same agreement.
    """
    if code == _MANUAL:
        return "手工调整", "Manual entry"
    if is_own:
        if Slot.OVERPAYMENTS in (slot, other) and is_debit == (other == Slot.OVERPAYMENTS):
            return "支用", "Drawn"
        usual = ("还款", "Repayment") if Slot.OVERPAYMENTS in (slot, other) else ("结转", "Moved")
        return _OWN.get((slot, other), usual)
    if slot == Slot.LOANS and is_debit and other in (Slot.CLEARING, Slot.CASH, Slot.DEPOSITS):
        return "放款", "Paid out"
    if slot == Slot.PENALTY_RECEIVABLE and other == Slot.INTEREST_ACCRUED:
        return _MOVES[Slot.PENALTY_INCOME][is_debit]
    return _MOVES.get(other, _MOVES[Slot.CLEARING])[is_debit]


def counterparty(other: int, number: str) -> Pair:
    """Return who stands against: a word, and the number where one is shown."""
    chinese, english = SLOTS.get(other, ("其他", "Other"))
    return f"{chinese} {number}".rstrip(), f"{english} {number}".rstrip()


WORDS: Final[Mapping[str, Pair]] = {
    "statement": ("账户对账单", "Account statement"),
    "interest": ("利息证明", "Interest certificate"),
    "schedule": ("还款计划表", "Repayment schedule"),
    "payoff": ("提前还款试算", "Payoff quote"),
    "cost": ("贷款年化综合成本明示", "Annual cost of the loan"),
    "agreement": ("合约编号", "Agreement"),
    "account": ("账户", "Account"),
    "product": ("产品", "Product"),
    "party": ("客户编号", "Customer"),
    "branch": ("机构", "Branch"),
    "currency": ("币种", "Currency"),
    "note": ("备注", "Note"),
    "period": ("期间（首尾日均含）", "Period (both days included)"),
    "issued": ("出具日（营业日）", "Issued (business date)"),
    "as_of": ("截至（营业日终）", "As of (close of business)"),
    "opening": ("期初余额", "Opening balance"),
    "closing": ("期末余额", "Closing balance"),
    "debits": ("借方合计", "Total debits"),
    "credits": ("贷方合计", "Total credits"),
    "lines": ("笔数", "Lines"),
    "business_date": ("记账日", "Booked"),
    "value_date": ("起息日", "Value date"),
    "posted_at": ("入账时间（UTC）", "Posted (UTC)"),
    "text": ("摘要", "Text"),
    "counterparty": ("对方", "Counterparty"),
    "reference": ("附言编号", "Reference"),
    "transfer": ("流水号", "Transfer"),
    "debit": ("借方", "Debit"),
    "credit": ("贷方", "Credit"),
    "balance": ("余额", "Balance"),
    "no_lines": ("本期间无入账记录。", "Nothing was booked in this period."),
    "dates": (
        "记账日与起息日为本机构营业日；入账时间为世界协调时（UTC），二者可不在同一日。",
        "Booked and value dates are business dates of the institution; times are UTC, "
        "which may fall on another day.",
    ),
    "verification": ("核验", "Verification"),
    "digest": ("数据摘要（SHA-256）", "SHA-256 of the data"),
    "head": ("账本日志位置与哈希", "Journal row and its hash"),
    "check": (
        "凭以上两项可对照账本核验本文件。",
        "Both can be checked against the ledger.",
    ),
    "date": ("日期", "Date"),
    "kind": ("类别", "Kind"),
    "amount": ("金额", "Amount"),
    "earned": ("存款利息（已付客户）", "Interest earned"),
    "charged": ("应计收利息", "Interest charged"),
    "paid": ("已还利息", "Interest paid"),
    "penalty": ("罚息", "Penalty interest"),
    "accrued_earned": ("已计提未付利息（出具日）", "Accrued, not yet paid (day of issue)"),
    "accrued_charged": ("已计提未收利息（出具日）", "Accrued, not yet charged (day of issue)"),
    "rates": ("利率", "Rates"),
    "since": ("自", "From"),
    "rate_name": ("利率名称", "Rate"),
    "rate": ("年利率", "A year"),
    "number": ("期次", "No."),
    "due": ("应还日", "Due"),
    "principal": ("本金", "Principal"),
    "interest_part": ("利息", "Interest"),
    "fee": ("费用", "Fees"),
    "total": ("合计", "Total"),
    "paid_minor": ("已还", "Paid"),
    "paid_on": ("还清日", "Paid on"),
    "left": ("未到期本金", "Principal left"),
    "status": ("状态", "Status"),
    "status.paid": ("已还", "Paid"),
    "status.due": ("今日到期", "Due today"),
    "status.overdue": ("逾期", "Overdue"),
    "status.coming": ("未到期", "Coming"),
    "status.prepaid": ("提前还本", "Paid early"),
    "drawn": ("放款金额", "Paid out"),
    "overdue": ("逾期金额", "Overdue"),
    "schedule_note": (
        "未到期各期按截至日有效条款、并按期足额还款推算。",
        "What is to come is worked out by the terms in force then, if all is paid on its day.",
    ),
    "quote_date": ("试算日", "Payoff date"),
    "valid_until": ("有效至（营业日终）", "Valid until (close of business)"),
    "payoff_total": ("结清总额", "To settle in full"),
    "per_day": ("每推迟一日约增加", "A day later adds about"),
    "part": ("组成", "Made of"),
    "part.principal": ("未到期本金", "Principal not due"),
    "part.principal_due": ("到期本金", "Principal due"),
    "part.interest_due": ("到期利息", "Interest due"),
    "part.interest_put_off": ("未到期利息", "Interest put off"),
    "part.interest_accrued": ("截至当日应计利息", "Interest to the date"),
    "part.penalty_due": ("到期罚息", "Penalty interest due"),
    "part.penalty_accrued": ("应计罚息", "Penalty interest to the date"),
    "part.fees_due": ("到期费用", "Fees due"),
    "part.other": ("其他", "Other"),
    "part.paid_in": ("减：预收款", "Less: paid in"),
    "before": ("试算日前到期、视为按期偿还", "Due before, taken as paid on their days"),
    "payoff_note": (
        "试算日前若有其他入账，或利率变更，须重新试算。",
        "Another posting or a change of rate before that day needs a new quote.",
    ),
    "charged_total": ("息费合计", "Cost in all"),
    "paid_total": ("还款合计", "Paid in all"),
    "nominal": ("年化综合成本（单利）", "Annual cost, nominal (IRR)"),
    "effective": ("年化综合成本（复利）", "Annual cost, effective (IRR)"),
    "apr": ("APR（美国 Z 条例附录 J）", "APR (Regulation Z, Appendix J)"),
    "basis": ("计算周期", "Periods"),
    "basis.months": ("按月", "Months"),
    "basis.days": ("按日", "Days"),
    "warning": ("提示", "Warning"),
    "warning.above_protected": ("高于 24 %", "Above 24 %"),
    "warning.above_limit": ("高于 36 %", "Above 36 %"),
    "cost_note": (
        "按内部收益率计算，以放款额与按期足额还款为准（中国人民银行公告〔2021〕第3号）。",
        "By the internal rate of return of what is paid out and paid back on its days "
        "(PBC announcement 2021 no. 3).",
    ),
}


def say(key: str, lang: Lang) -> str:
    """Return a word in a language."""
    check.that(key in WORDS, f"expected a known word, was {key[:40]!r}")
    return pick(WORDS[key], lang)


def pick(pair: Pair, lang: Lang) -> str:
    """Return one of two."""
    return pair[0] if lang is Lang.ZH else pair[1]

"""GL slots: the places in the general ledger that products book to, whatever they are called.

A tenant's chart of accounts maps each slot to an account of its own; the preset follows the Chinese
accounting standards for enterprises (企业会计准则, account list of 2006 with later changes).
"""

from enum import IntEnum


class Element(IntEnum):
    """The elements of financial statements."""

    ASSET = 1
    LIABILITY = 2
    EQUITY = 3
    INCOME = 4
    EXPENSE = 5


class Slot(IntEnum):
    """A place to book to. The first digit is the element."""

    CASH = 100  # 库存现金
    CLEARING = 101  # 存放同业 / 清算资金往来
    FUND_SOURCE = 102  # 存放中央银行款项
    INTER_BRANCH = 103  # 辖内往来: nets to zero over all branches
    LOANS = 110  # 贷款本金
    LOANS_OVERDUE = 111  # 逾期贷款
    OVERDRAFTS = 112  # 透支
    CARD_RECEIVABLE = 113  # 信用卡透支
    INTEREST_RECEIVABLE = 120  # 应收利息
    FEES_RECEIVABLE = 121  # 应收手续费
    PENALTY_RECEIVABLE = 122  # 应收罚息
    INTEREST_ACCRUED = 123  # 应计利息
    PROVISION = 130  # 贷款损失准备 (a contra asset)
    DEPOSITS = 200  # 吸收存款
    TERM_DEPOSITS = 201  # 定期存款
    WALLETS = 202  # 客户备付金
    WEALTH_UNITS = 203  # 代理理财
    INTEREST_PAYABLE = 210  # 应付利息
    SUSPENSE = 220  # 待处理
    OVERPAYMENTS = 221  # 预收款
    DORMANT = 222  # 久悬未取
    EQUITY = 300  # 实收资本
    RETAINED = 301  # 未分配利润
    INTEREST_INCOME = 400  # 利息收入
    FEE_INCOME = 401  # 手续费及佣金收入
    PENALTY_INCOME = 402  # 罚息收入
    RECOVERIES = 403  # 已核销收回
    INTEREST_EXPENSE = 500  # 利息支出
    FEE_EXPENSE = 501  # 手续费支出
    IMPAIRMENT = 502  # 信用减值损失
    WRITE_OFF = 503  # 呆账核销

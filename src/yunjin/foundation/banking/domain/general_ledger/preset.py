"""The preset chart of accounts, and where each slot is booked.

Codes and names of four digits follow the account list of the Chinese accounting standards for
enterprises (企业会计准则应用指南, 2006) with the accounts added later (6702); 3003 and everything
of six digits is ours. A tenant adds accounts beneath or beside these; none is ever taken away.

Source: 财政部《企业会计准则——应用指南》附录《会计科目和主要账务处理》; 财会〔2017〕7号 (6702).
"""

from typing import Final

from yunjin.foundation.banking.domain.products.slots import Slot

# code, Chinese, English, marks: "-" grows on the other side (contra), "*" a heading, not booked to
ACCOUNTS: Final = """
1001 库存现金 | Cash on hand
1002 银行存款 | Cash at banks
1003 存放中央银行款项 | Due from the central bank
1011 存放同业 | Due from banks
1012 其他货币资金 | Other monetary funds
1021 结算备付金 | Settlement reserves
1031 存出保证金 | Margins paid
1101 交易性金融资产 | Financial assets held for trading
1111 买入返售金融资产 | Assets bought under resale agreements
1121 应收票据 | Notes receivable
1122 应收账款 | Accounts receivable *
112201 应收手续费 | Fees receivable
112209 其他应收账款 | Other accounts receivable
1123 预付账款 | Prepayments
1131 应收股利 | Dividends receivable
1132 应收利息 | Interest receivable *
113201 应收利息 | Interest due
113202 应收罚息 | Penalty interest due
113203 应计利息 | Interest accrued, not yet due
1221 其他应收款 | Other receivables
1231 坏账准备 | Allowance for doubtful receivables -
1301 贴现资产 | Discounted bills
1302 拆出资金 | Placements with banks
1303 贷款 | Loans *
130301 贷款本金 | Loan principal, not due
130302 逾期贷款 | Loan principal, overdue
130303 透支 | Overdrafts
130304 信用卡透支 | Credit card receivables
1304 贷款损失准备 | Allowance for loan losses -
1321 代理业务资产 | Assets managed as an agent
1501 债权投资 | Debt investments
1511 长期股权投资 | Long-term equity investments
1601 固定资产 | Fixed assets
1602 累计折旧 | Accumulated depreciation -
1604 在建工程 | Construction in progress
1701 无形资产 | Intangible assets
1702 累计摊销 | Accumulated amortisation -
1801 长期待摊费用 | Long-term deferred expenses
1811 递延所得税资产 | Deferred tax assets
1901 待处理财产损溢 | Assets awaiting disposal
2002 存入保证金 | Margins received
2003 拆入资金 | Placements from banks
2004 向中央银行借款 | Borrowings from the central bank
2011 吸收存款 | Deposits taken *
201101 活期存款 | Demand deposits
201102 定期存款 | Term deposits
201103 久悬未取款项 | Dormant deposits
2012 同业存放 | Deposits from banks
2021 贴现负债 | Rediscounted bills
2101 交易性金融负债 | Financial liabilities held for trading
2111 卖出回购金融资产款 | Assets sold under repurchase agreements
2202 应付账款 | Accounts payable
2203 预收账款 | Advances received *
220301 贷款预收款 | Loan repayments received in advance
220309 其他预收账款 | Other advances received
2211 应付职工薪酬 | Employee benefits payable
2221 应交税费 | Taxes payable
2231 应付利息 | Interest payable
2232 应付股利 | Dividends payable
2241 其他应付款 | Other payables *
224101 客户备付金 | Customers' wallet balances
224102 待处理款项 | Suspense
224109 其他应付款 | Other payables
2314 代理业务负债 | Liabilities as an agent
2502 应付债券 | Bonds payable
2801 预计负债 | Provisions
2901 递延所得税负债 | Deferred tax liabilities
3001 清算资金往来 | Clearing
3002 货币兑换 | Currency exchange
3003 辖内往来 | Between branches
4001 实收资本 | Paid-in capital
4002 资本公积 | Capital reserve
4101 盈余公积 | Surplus reserve
4102 一般风险准备 | General risk reserve
4103 本年利润 | Profit of the year
4104 利润分配 | Profit appropriation *
410401 未分配利润 | Retained earnings
410402 提取与分配 | Appropriations and dividends
4201 库存股 | Treasury shares -
6011 利息收入 | Interest income *
601101 贷款利息收入 | Interest on loans
601102 罚息收入 | Penalty interest
601109 其他利息收入 | Other interest income
6021 手续费及佣金收入 | Fee and commission income
6041 租赁收入 | Leasing income
6051 其他业务收入 | Other operating income *
605101 已核销贷款收回 | Recoveries of loans written off
605109 其他 | Other
6061 汇兑损益 | Exchange gains and losses
6101 公允价值变动损益 | Fair value gains and losses
6111 投资收益 | Investment income
6301 营业外收入 | Non-operating income
6402 其他业务成本 | Other operating costs
6403 税金及附加 | Taxes and surcharges
6411 利息支出 | Interest expense
6421 手续费及佣金支出 | Fee and commission expense
6601 业务及管理费 | Operating and administrative expenses
6701 资产减值损失 | Impairment of other assets *
670101 呆账核销损失 | Loans written off
670109 其他资产减值 | Other impairment
6702 信用减值损失 | Credit impairment
6711 营业外支出 | Non-operating expenses
6801 所得税费用 | Income tax
6901 以前年度损益调整 | Adjustments of earlier years
"""

SLOTS: Final[dict[Slot, str]] = {
    Slot.CASH: "1001",
    Slot.CLEARING: "3001",
    Slot.FUND_SOURCE: "1003",
    Slot.INTER_BRANCH: "3003",
    Slot.LOANS: "130301",
    Slot.LOANS_OVERDUE: "130302",
    Slot.OVERDRAFTS: "130303",
    Slot.CARD_RECEIVABLE: "130304",
    Slot.INTEREST_RECEIVABLE: "113201",
    Slot.FEES_RECEIVABLE: "112201",
    Slot.PENALTY_RECEIVABLE: "113202",
    Slot.INTEREST_ACCRUED: "113203",
    Slot.PROVISION: "1304",
    Slot.DEPOSITS: "201101",
    Slot.TERM_DEPOSITS: "201102",
    Slot.WALLETS: "224101",
    Slot.WEALTH_UNITS: "2314",
    Slot.INTEREST_PAYABLE: "2231",
    Slot.SUSPENSE: "224102",
    Slot.OVERPAYMENTS: "220301",
    Slot.DORMANT: "201103",
    Slot.EQUITY: "4001",
    Slot.RETAINED: "410401",
    Slot.INTEREST_INCOME: "601101",
    Slot.FEE_INCOME: "6021",
    Slot.PENALTY_INCOME: "601102",
    Slot.RECOVERIES: "605101",
    Slot.INTEREST_EXPENSE: "6411",
    Slot.FEE_EXPENSE: "6421",
    Slot.IMPAIRMENT: "6702",
    Slot.WRITE_OFF: "670101",
}

# Slots that agreements make up, or what is accrued and provided for them: no manual entry.
CONTROL: Final = frozenset(
    {
        Slot.INTER_BRANCH,
        Slot.LOANS,
        Slot.LOANS_OVERDUE,
        Slot.OVERDRAFTS,
        Slot.CARD_RECEIVABLE,
        Slot.INTEREST_RECEIVABLE,
        Slot.FEES_RECEIVABLE,
        Slot.PENALTY_RECEIVABLE,
        Slot.INTEREST_ACCRUED,
        Slot.PROVISION,
        Slot.DEPOSITS,
        Slot.TERM_DEPOSITS,
        Slot.WALLETS,
        Slot.WEALTH_UNITS,
        Slot.INTEREST_PAYABLE,
        Slot.OVERPAYMENTS,
        Slot.DORMANT,
    }
)

"""A loan contract's template, and what it is filled with."""

from yunjin.foundation.banking.api.statements import Lang
from yunjin.platforms.capability.api.documents import (
    Block,
    BlockKind,
    Body,
    NewDocumentTemplate,
    TemplateColumn,
    TemplateField,
    Value,
    ValueKind,
)
from yunjin.platforms.capability.api.tasks import Choice

FIELDS = (
    TemplateField(name="borrower", kind=ValueKind.TEXT, zh="借款人", en="Borrower"),
    TemplateField(name="amount", kind=ValueKind.AMOUNT, zh="金额", en="Amount", currency="CNY"),
    TemplateField(name="rate", kind=ValueKind.RATE, zh="年利率", en="Rate a year"),
    TemplateField(name="since", kind=ValueKind.DATE, zh="起息日", en="Since"),
    TemplateField(
        name="method",
        kind=ValueKind.CHOICE,
        zh="还款方式",
        en="Repayment",
        choices=(
            Choice(code="equal", zh="等额本息", en="Equal instalments"),
            Choice(code="bullet", zh="到期还本", en="Bullet"),
        ),
    ),
    TemplateField(
        name="plan",
        kind=ValueKind.TABLE,
        zh="还款计划",
        en="Schedule",
        columns=(
            TemplateColumn(zh="期次", en="No.", kind=ValueKind.COUNT),
            TemplateColumn(zh="到期日", en="Due", kind=ValueKind.DATE),
            TemplateColumn(zh="应还", en="Amount", kind=ValueKind.AMOUNT, currency="CNY"),
        ),
    ),
    TemplateField(name="note", kind=ValueKind.TEXT, zh="备注", en="Note", is_required=False),
)


def body(lang: Lang) -> Body:
    """Return the contract's words."""
    zh = lang is Lang.ZH
    return Body(
        lang=lang,
        title="借款合同：${borrower}" if zh else "Loan contract: ${borrower}",
        blocks=(
            Block(kind=BlockKind.HEADING, text="一、借款" if zh else "1. The loan"),
            Block(
                kind=BlockKind.PARAGRAPH,
                text="借款金额 ${amount}，自 ${since} 起计息。\n手续费 $$0。${note}"
                if zh
                else "A loan of ${amount} from ${since} on.\nNo fee ($$0). ${note}",
            ),
            Block(
                kind=BlockKind.FACTS,
                pairs=(("年利率", "${rate}"), ("还款方式", "${method}"))
                if zh
                else (("Rate", "${rate}"), ("Repayment", "${method}")),
            ),
            Block(kind=BlockKind.TABLE, text="plan"),
            Block(
                kind=BlockKind.SIGNATURES,
                pairs=(("借款人：${borrower}", "日期"), ("贷款人", "日期"))
                if zh
                else (("Borrower: ${borrower}", "Date"), ("Lender", "Date")),
            ),
        ),
    )


LOAN = NewDocumentTemplate(
    code="loan-contract",
    zh="借款合同",
    en="Loan contract",
    fields=FIELDS,
    bodies=(body(Lang.ZH), body(Lang.EN)),
)
GOOD = {
    "borrower": "王芳",
    "amount": "1000000",
    "rate": "43500",
    "since": "2026-01-05",
    "method": "equal",
}
PLAN = Value(name="plan", rows=(("1", "2026-02-05", "512345"), ("2", "2026-03-05", "500000")))


def filled(**changes: str) -> tuple[Value, ...]:
    """Return what a contract is filled with."""
    texts = {**GOOD, **changes}
    return (*(Value(name=name, text=text) for name, text in texts.items()), PLAN)

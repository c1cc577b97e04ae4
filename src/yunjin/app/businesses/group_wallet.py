"""集团钱包 Group wallet: a parent's money that its members spend, all of them under one limit.

The wallet is one agreement of the parent. Its ceiling is a tree of limits: the group's at the root,
a leaf for each member; a member's payment reserves from its leaf, and so from the root too.
"""

from typing import Any, Final
from uuid import UUID

from yunjin.chassis.flow import sleep
from yunjin.foundation.banking.api.agreements import AgreementsApi, Opening
from yunjin.platforms.capability.api.businesses import (
    Business,
    Case,
    CaseFlow,
    Centres,
    Deed,
    Scenario,
)
from yunjin.platforms.capability.api.centres import Point
from yunjin.platforms.capability.api.limits import LimitsApi, NewLimit, Period
from yunjin.platforms.capability.api.parties import PartiesApi
from yunjin.platforms.capability.api.payments import NewPayment, PaymentsApi
from yunjin.platforms.capability.api.tasks import FieldKind, FormField
from yunjin.platforms.capability.errors.businesses import CaseRefused
from yunjin.platforms.capability.flows.businesses import do, look

CODE: Final = "group-wallet"
KIND: Final = "group-wallet"  # of its limits
MEMBERS_MAX: Final = 50  # that are named at once
UNDER_WAY: Final = ("taken", "waiting", "held", "sent")


def open_wallet(centres: Centres, case: Case) -> CaseFlow:
    """Open the wallet, the group's limit, and a leaf for each member."""
    names = [one for one in case.values["members"].replace("，", ",").split(",") if one.strip()]
    members = [one.strip() for one in names]
    if not 1 <= len(set(members)) == len(members) <= MEMBERS_MAX:
        raise CaseRefused("Members are named once each.", why=f"1 to {MEMBERS_MAX} members")
    for member in members:
        yield look(centres[PartiesApi].party, member)
    wallet = yield from case.step("open", _agreement(centres, case))
    limits = centres[LimitsApi]
    root = yield _limit(limits, case, case.party_id, f"{wallet}", case.values["most"], None)
    leaves = {}
    for member in members:
        most = case.values.get("member_most", case.values["most"])
        leaf = yield _limit(limits, case, member, f"{wallet}", most, UUID(root["limit_id"]))
        leaves[member] = leaf["limit_id"]
    return {"wallet": wallet, "limit": root["limit_id"], "members": leaves}


def _agreement(centres: Centres, case: Case) -> CaseFlow:
    agreements, product = centres[AgreementsApi], case.parameter("product")
    opening = [Opening(product=product, party_id=case.party_id, note=KIND)]
    opened = yield do(
        agreements.open, opening, undo=lambda ids: (agreements.close, ids[0]), name="open_wallet"
    )
    return opened[0]


def _limit(
    limits: LimitsApi, case: Case, party: str, name: str, most: int, parent: UUID | None
) -> Any:
    new = NewLimit(
        name=name,
        kind=KIND,
        currency="CNY",
        ceiling_minor=most,
        parent_id=parent,
        party_id=party,
        period=Period(case.parameter("period")),
    )
    return do(
        limits.open, new, undo=lambda one: (limits.close, UUID(one["limit_id"])), name="open_limit"
    )


def pay(centres: Centres, case: Case) -> CaseFlow:
    """Pay out of the wallet on behalf of a member, from its part of the limit."""
    payments, given = centres[PaymentsApi], case.values
    leaf = yield from _leaf(centres, case.party_id, given["wallet"])
    if given["amount"] > case.number("payment-most"):
        raise CaseRefused("A payment of this wallet is smaller.", why="payment-most")
    yield from case.step("check", _nothing())
    order = NewPayment(
        payment_id=case.case_id,
        agreement_id=int(given["wallet"]),
        amount_minor=given["amount"],
        currency="CNY",
        counter_agreement_id=int(given.get("payee", "0")),
        creditor_name=given.get("payee_name", ""),
        creditor_account=given.get("payee_account", ""),
        remittance=given.get("remittance", ""),
        limit_id=UUID(leaf),
    )
    yield do(payments.pay, order)
    pause = 1
    while True:
        found = yield look(payments.payment, case.case_id)
        if found["state"] not in UNDER_WAY:
            break
        yield sleep(seconds=pause)
        pause = min(pause * 2, 300)
    if found["state"] != "settled":
        why = f"{found['state']} {found['reason']} {found['detail']}".strip()
        raise CaseRefused("The payment did not go through.", why=why)
    return {"payment": str(case.case_id), "amount_minor": given["amount"]}


def _nothing() -> CaseFlow:
    """A step that others may put something before, or in the place of."""
    return None
    yield


def _leaf(centres: Centres, member: str, wallet: str) -> CaseFlow:
    """Return the member's limit of a wallet."""
    found = yield look(centres[LimitsApi].limits, party_id=member, limit=200)
    for one in found["items"]:
        if one["kind"] == KIND and one["name"] == wallet and len(one["path"]) > 1:
            return one["limit_id"]
    raise CaseRefused("The party is not a member of this wallet.", why="not a member")


def add_member(centres: Centres, case: Case) -> CaseFlow:
    """Let one more member spend."""
    limits, given = centres[LimitsApi], case.values
    yield look(centres[PartiesApi].party, given["member"])
    found = yield look(limits.limits, party_id=case.party_id, limit=200)
    roots = [
        one
        for one in found["items"]
        if one["kind"] == KIND and one["name"] == given["wallet"] and len(one["path"]) == 1
    ]
    if not roots:
        raise CaseRefused("The wallet is not this group's.", why="another's wallet")
    root = UUID(roots[0]["limit_id"])
    leaf = yield _limit(limits, case, given["member"], given["wallet"], given["most"], root)
    return {"limit": leaf["limit_id"]}


def _amount(name: str, zh: str, en: str, *, is_required: bool = True) -> FormField:
    return FormField(
        name=name, kind=FieldKind.AMOUNT, zh=zh, en=en, currency="CNY", is_required=is_required
    )


def _text(name: str, zh: str, en: str, *, is_required: bool = True) -> FormField:
    return FormField(name=name, kind=FieldKind.TEXT, zh=zh, en=en, is_required=is_required)


_WALLET: Final = FormField(name="wallet", kind=FieldKind.NUMBER, zh="钱包账号", en="Wallet")

GROUP_WALLET: Final = Business(
    code=CODE,
    words=("集团钱包", "Group wallet"),
    purpose=("母子公司共用一个钱包与额度", "A parent and its members, one wallet under one limit"),
    uses=("party", "limit", "payment"),
    scenarios=(
        Scenario(code="desk", words=("柜面", "Desk")),
        Scenario(code="direct", words=("银企直连", "Bank-to-enterprise line")),
    ),
    deeds=(
        Deed(
            code="open",
            words=("开立集团钱包", "Open a group's wallet"),
            act=open_wallet,
            form=(
                _amount("most", "集团上限", "The group's ceiling"),
                _text("members", "成员客户号（逗号分隔）", "Members' party ids, with commas"),
                _amount("member_most", "每个成员上限", "Each member's ceiling", is_required=False),
            ),
        ),
        Deed(
            code="pay",
            words=("成员付款", "A member pays"),
            act=pay,
            form=(
                _WALLET,
                _amount("amount", "金额", "Amount"),
                FormField(
                    name="payee",
                    kind=FieldKind.NUMBER,
                    zh="本行收款账号",
                    en="Payee's account here",
                    is_required=False,
                ),
                _text("payee_name", "他行收款人", "Payee elsewhere", is_required=False),
                _text("payee_account", "他行账号", "Account elsewhere", is_required=False),
                _text("remittance", "附言", "Remittance", is_required=False),
            ),
        ),
        Deed(
            code="add-member",
            words=("增加成员", "Add a member"),
            act=add_member,
            form=(
                _WALLET,
                _text("member", "成员客户号", "Member's party id"),
                _amount("most", "成员上限", "The member's ceiling"),
            ),
        ),
    ),
    own_points=(
        Point(
            name="product", kind="product", words=("钱包产品", "Product"), default="current-account"
        ),
        Point(
            name="period",
            kind="parameter",
            words=("额度按什么周期", "Period of the limits"),
            default="month",
            choices=tuple(Period),
        ),
        Point(
            name="payment-most",
            kind="parameter",
            words=("单笔上限（分）", "Most of a payment, minor units"),
            default="100000000",
            least=1,
        ),
        Point(name="open", kind="step", words=("开户", "Opening")),
        Point(name="check", kind="step", words=("付款前检查", "Before paying")),
    ),
)

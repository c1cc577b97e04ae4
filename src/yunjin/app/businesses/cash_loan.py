"""现金贷 Cash loan: who one is, what one may borrow, a signature, the money; no centre is changed.

An app's customer signs electronically; in a branch an officer keeps where the paper is (an overlay
of the scenario "branch" puts that step in the other's place).
"""

from typing import Any, Final
from uuid import UUID

from yunjin.chassis.flow import ask_person, child
from yunjin.foundation.banking.api.statements import Lang
from yunjin.platforms.capability.api.businesses import (
    Business,
    Case,
    CaseFlow,
    Centres,
    Deed,
    Scenario,
)
from yunjin.platforms.capability.api.centres import Point
from yunjin.platforms.capability.api.decisions import Outcome, Rule, RuleSet, Test
from yunjin.platforms.capability.api.documents import (
    Block,
    BlockKind,
    Body,
    DocumentsApi,
    NewDocument,
    NewDocumentTemplate,
    TemplateField,
    Value,
    ValueKind,
)
from yunjin.platforms.capability.api.esign import Signer
from yunjin.platforms.capability.api.lending import (
    DISBURSAL,
    LendingApi,
    NewApplication,
    Payout,
    RepayKind,
)
from yunjin.platforms.capability.api.overlays import Coordinate, Overlay
from yunjin.platforms.capability.api.parties import PartiesApi
from yunjin.platforms.capability.api.tasks import (
    Choice,
    FieldKind,
    FormField,
    Link,
    NewTask,
    TasksApi,
)
from yunjin.platforms.capability.errors.businesses import CaseRefused
from yunjin.platforms.capability.flows.businesses import do, look, signed

CODE: Final = "cash-loan"
PAPER: Final = "cash-loan-contract"
TERMS: Final = ("3", "6", "12", "24")


def lend(centres: Centres, case: Case) -> CaseFlow:
    """Take an application, and bring it to the money or back to nothing."""
    lending, given = centres[LendingApi], case.values
    if given["amount"] > case.number("amount-most"):
        most = case.parameter("amount-most")
        raise CaseRefused("More is asked for than this business lends.", why="amount", most=most)
    account = int(given["account"])
    asked = NewApplication(
        party_id=case.party_id,
        product=case.parameter("loan"),
        amount_minor=given["amount"],
        term=int(given["term"]),
        purpose=given["purpose"],
        values={name: given[name] for name in given if name not in ("amount", "term", "purpose")},
        business=CODE,
        scenario=case.scenario,
        terms={"rate": case.number("rate-ppm")},
        payout=Payout(agreement_id=account),
        repay_agreement_id=account,
    )
    made = yield do(
        lending.apply, asked, undo=lambda one: (lending.withdraw, UUID(one["application_id"]))
    )
    loan = UUID(made["application_id"])
    yield from case.step("check", _check(lending, loan))
    offer = yield from case.step("decide", _decide(centres, case, loan))
    digest, paper = yield from case.step("sign", sign_electronically(centres, case))
    yield do(lending.accept, loan, digest, paper)
    paid = yield child(DISBURSAL, str(loan))
    return {"application": str(loan), "amount_minor": offer["amount_minor"], "paid": paid}


def _check(lending: LendingApi, loan: UUID) -> CaseFlow:
    verdict = yield do(lending.identify, loan)
    if verdict in ("mismatch", "not_found"):
        raise CaseRefused("The register knows somebody else.", why=f"identity {verdict}")


def _decide(centres: Centres, case: Case, loan: UUID) -> CaseFlow:
    lending = centres[LendingApi]
    decided = yield do(lending.decide, loan)
    if decided["state"] == "referred":
        answer = yield from ask_person(centres[TasksApi], _judgement(case, loan))
        outcome = Outcome.APPROVE if answer["values"]["approve"] else Outcome.DECLINE
        decided = yield do(lending.judge, loan, outcome, by=answer["by"])
    if decided["state"] != "approved":
        codes = ", ".join(one["code"] for one in decided["reasons"])
        raise CaseRefused("The loan is declined.", why=codes or "declined")
    return decided["offer"]


def sign_electronically(centres: Centres, case: Case) -> CaseFlow:
    """Have the contract made and signed by the signing service; answer its digest and place."""
    documents = centres[DocumentsApi]
    paper = yield from _paper(documents, case)
    party = yield look(centres[PartiesApi].party, case.party_id)
    signer = Signer(party_id=case.party_id, name=party["name"], role="borrower")
    digest = yield from signed(centres, UUID(paper), [signer])
    return digest, paper


def sign_on_paper(centres: Centres, case: Case) -> CaseFlow:
    """Have the contract signed in the branch: an officer keeps where the paper is."""
    documents = centres[DocumentsApi]
    paper = yield from _paper(documents, case)
    answer = yield from ask_person(centres[TasksApi], _signing(case, paper))
    place, by = answer["values"]["place"], answer["by"]
    kept = yield do(documents.sign_by_hand, UUID(paper), place, by=by)
    return kept["digest"], paper


def _paper(documents: DocumentsApi, case: Case) -> CaseFlow:
    given = case.values
    values = (
        Value(name="party", text=case.party_id),
        Value(name="amount", text=str(given["amount"])),
        Value(name="term", text=given["term"]),
        Value(name="rate", text=case.parameter("rate-ppm")),
        Value(name="purpose", text=given["purpose"]),
    )
    links = (Link(kind="party", id=case.party_id), Link(kind="flow", id=str(case.case_id)))
    paper = NewDocument(template=PAPER, values=values, links=links)
    made = yield do(
        documents.make,
        paper,
        undo=lambda one: (documents.void, (UUID(one["document_id"]), "the case is undone")),
    )
    return made["document_id"]


def settle(centres: Centres, case: Case) -> CaseFlow:
    """Pay all that is owed of a loan, today."""
    lending = centres[LendingApi]
    of = yield look(lending.of_agreement, int(case.values["loan"]))
    if of["asked"]["party_id"] != case.party_id or of["asked"]["business"] != CODE:
        raise CaseRefused("The loan is not this customer's cash loan.", why="another's loan")
    paid = yield do(
        lending.repay,
        UUID(of["application_id"]),
        kind=RepayKind.SETTLE,
        from_agreement_id=of["asked"]["repay_agreement_id"],
    )
    return {"amount_minor": paid["amount_minor"], "is_settled": paid["is_settled"]}


def _judgement(case: Case, loan: UUID) -> NewTask:
    field = FormField(name="approve", kind=FieldKind.YES_NO, zh="同意放款", en="Approve the loan")
    links = (Link(kind="party", id=case.party_id), Link(kind="application", id=str(loan)))
    return NewTask(queue="lending", title="现金贷审批 Cash loan", form=(field,), links=links)


def _signing(case: Case, paper: str) -> NewTask:
    field = FormField(name="place", kind=FieldKind.TEXT, zh="合同存放处", en="Where the paper is")
    links = (Link(kind="party", id=case.party_id), Link(kind="document", id=paper))
    return NewTask(queue="lending", title="合同面签 Signing", form=(field,), links=links)


def prepare(centres: Centres, new_id: Any) -> None:
    """Put the contract's template and the rules."""
    fields = (
        TemplateField(name="party", kind=ValueKind.TEXT, zh="借款人", en="Borrower"),
        TemplateField(name="amount", kind=ValueKind.AMOUNT, zh="金额", en="Amount", currency="CNY"),
        TemplateField(name="term", kind=ValueKind.COUNT, zh="期数", en="Instalments"),
        TemplateField(name="rate", kind=ValueKind.RATE, zh="年利率", en="Rate a year"),
        TemplateField(name="purpose", kind=ValueKind.TEXT, zh="用途", en="Purpose"),
    )
    said = "借款人 ${party} 借款人民币 ${amount}，分 ${term} 期，年利率 ${rate}，用于${purpose}。"
    blocks = (
        Block(kind=BlockKind.PARAGRAPH, text=said),
        Block(kind=BlockKind.SIGNATURES, pairs=(("borrower", "借款人"),)),
    )
    body = Body(lang=Lang.ZH, title="现金贷借款合同", blocks=blocks)
    paper = NewDocumentTemplate(
        code=PAPER, zh="现金贷合同", en="Cash loan contract", fields=fields, bodies=(body,)
    )
    centres[DocumentsApi].put_template(new_id("paper"), paper)
    rules = (
        Rule(
            fact="amount_minor",
            test=Test.ABOVE,
            value=5_000_000,
            outcome=Outcome.REFER,
            code="LARGE",
            zh="金额较大",
            en="A large amount",
        ),
    )
    centres[LendingApi].put_rules(new_id("rules"), RuleSet(code=CODE, rules=rules))


CASH_LOAN: Final = Business(
    code=CODE,
    words=("现金贷", "Cash loan"),
    purpose=(
        "个人小额借款：核身、审批、签约、放款",
        "Small loans, from the checks to the money",
    ),
    uses=("party", "lending", "document", "task"),
    scenarios=(
        Scenario(code="app", words=("手机", "App")),
        Scenario(code="branch", words=("网点", "Branch")),
    ),
    deeds=(
        Deed(
            code="apply",
            words=("申请借款", "Apply for a loan"),
            act=lend,
            form=(
                FormField(
                    name="amount", kind=FieldKind.AMOUNT, zh="金额", en="Amount", currency="CNY"
                ),
                FormField(
                    name="term",
                    kind=FieldKind.CHOICE,
                    zh="期数",
                    en="Months",
                    choices=tuple(Choice(code=one, zh=f"{one} 期", en=one) for one in TERMS),
                ),
                FormField(name="purpose", kind=FieldKind.TEXT, zh="用途", en="Purpose"),
                FormField(name="account", kind=FieldKind.NUMBER, zh="收款账户", en="Account"),
            ),
        ),
        Deed(
            code="settle",
            words=("提前结清", "Settle early"),
            act=settle,
            form=(FormField(name="loan", kind=FieldKind.NUMBER, zh="贷款账号", en="Loan"),),
        ),
    ),
    own_points=(
        Point(name="loan", kind="product", words=("产品", "Product"), default="instalment-loan"),
        Point(
            name="amount-most",
            kind="parameter",
            words=("最高金额（分）", "Most, minor units"),
            default="20000000",
            least=1,
        ),
        Point(
            name="rate-ppm",
            kind="parameter",
            words=("年利率（百万分之）", "Rate a year, ppm"),
            default="108000",
            least=0,
            most=240_000,
        ),
        Point(name="check", kind="step", words=("核身", "Who one is")),
        Point(name="decide", kind="step", words=("审批", "Decision")),
        Point(name="sign", kind="step", words=("签约", "Contract")),
    ),
    steps={"cash-loan.sign-on-paper": sign_on_paper},
    overlays=(
        Overlay(
            name="cash-loan.branch-signs-on-paper",
            point="cash-loan/sign",
            at=Coordinate(business=CODE, scenario="branch"),
            value="cash-loan.sign-on-paper",
            note="网点面签 The branch signs on paper",
        ),
    ),
    prepare=prepare,
)

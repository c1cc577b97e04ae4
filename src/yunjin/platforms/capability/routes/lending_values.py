"""What goes in and out at the addresses of lending."""

import datetime as dt
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from yunjin.chassis.transport.values import Answer, Command, Digits, Exact, Form, Int63, Minor
from yunjin.platforms.capability.api.decisions import Outcome, Rule, RuleSet, Test
from yunjin.platforms.capability.api.lending import (
    Application,
    ApplicationState,
    NewApplication,
    Payout,
    RepayKind,
)
from yunjin.platforms.capability.routes.values import Amount, Code, Note

Person = Annotated[str, Field(max_length=64)]
Named = Annotated[str, Field(min_length=1, max_length=64)]
ShortCode = Annotated[str, Field(max_length=40, pattern="^[!-~]*$")]
Rate = Annotated[int, Field(strict=True, ge=0, le=1_000_000)]
Value = str | int | bool | None
NotNegative = Annotated[Minor, Field(ge=0)]


class PayoutForm(Form):
    """Where the money goes: `agreement_id`, or name and account at another bank."""

    agreement_id: Int63 = 0
    name: Annotated[str, Field(max_length=140)] = ""
    account: Code = ""
    agent: Annotated[str, Field(max_length=35, pattern="^[!-~]*$")] = ""
    channel: ShortCode = ""


class ApplicationForm(Command):
    """An application; its id is the command's. run: the preset flow takes it on at once."""

    party_id: Annotated[str, Field(min_length=1, max_length=64, pattern="^[!-~]+$")]
    product: ShortCode = ""
    amount_minor: Amount
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] = "CNY"
    term: Annotated[int, Field(strict=True, ge=1, le=480)] = 12
    purpose: Note = ""
    values: dict[str, Value] = Field(default_factory=dict, max_length=100)
    business: ShortCode = ""
    scenario: ShortCode = ""
    terms: dict[str, Minor] = Field(default_factory=dict, max_length=50)
    template: ShortCode = ""
    payout: PayoutForm
    repay_agreement_id: Int63 = 0
    limit_id: UUID | None = None
    by: Person = ""
    run: bool = False

    def asked(self) -> NewApplication:
        """Return what is asked for."""
        facts = self.model_dump(exclude={"id", "by", "run", "payout"})
        return NewApplication(**facts, payout=Payout(**self.payout.model_dump()))


class CardForm(Command):
    """A card to check; empty: the payout's account."""

    card_number: Annotated[str, Field(max_length=19, pattern="^[0-9]*$")] = ""


class DecideForm(Command):
    """What the caller knows beside the form."""

    facts: dict[str, Value] = Field(default_factory=dict, max_length=100)


class WhyForm(Command):
    """Why an application is left to a person."""

    why: Annotated[str, Field(min_length=1, max_length=200)]


class JudgeForm(Command):
    """What a person decided."""

    outcome: Outcome
    by: Named
    amount_minor: NotNegative = 0
    rate_ppm: Rate = 0
    note: Note = ""


class AcceptForm(Command):
    """What the customer agreed to. text_hash: SHA-256 of the contract's text."""

    text_hash: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    ref: Note = ""
    by: Person = ""


class EndForm(Command):
    """Why an application ends."""

    note: Note = ""
    by: Person = ""


class RepayForm(Command):
    """Money for a loan. `from_agreement_id` 0: it has come in through clearing."""

    amount_minor: NotNegative = 0
    kind: RepayKind = RepayKind.DUE
    from_agreement_id: Int63 = 0
    by: Person = ""


class RuleForm(Form):
    """A rule: where the test holds of the fact, the outcome counts."""

    fact: Annotated[str, Field(min_length=1, max_length=60, pattern="^[!-~]+$")]
    test: Test
    value: Value | list[Value] = None
    outcome: Outcome
    code: Annotated[str, Field(min_length=1, max_length=60, pattern="^[!-~]+$")]
    zh: Note = ""
    en: Note = ""


class RulesForm(Command):
    """A rule set's next version."""

    rules: Annotated[list[RuleForm], Field(max_length=200)]
    limit_minor: NotNegative = 0
    rate_ppm: Rate = 0

    def made(self, code: str) -> RuleSet:
        """Return the rule set."""
        return RuleSet(
            code=code,
            rules=tuple(Rule(**one.model_dump()) for one in self.rules),
            limit_minor=self.limit_minor,
            rate_ppm=self.rate_ppm,
        )


class PayoutOut(Answer):
    """Where the money goes; of an account at another bank the last four digits."""

    agreement_id: Digits
    account: str
    agent: str
    channel: str


class OfferOut(Answer):
    """What was approved. rate_ppm: a year."""

    amount_minor: Exact
    rate_ppm: int
    term: int
    until: dt.date


class ReasonOut(Answer):
    """Why: what was seen, and what it was held to."""

    code: str
    seen: str
    bound: str
    zh: str
    en: str


class ContractOut(Answer):
    """What the customer agreed to."""

    text_hash: str
    ref: str
    by: str
    at: dt.datetime


class ApplicationOut(Answer):
    """An application as it stands now."""

    application_id: UUID
    state: ApplicationState
    party_id: str
    product: str
    amount_minor: Exact
    currency: str
    term: int
    purpose: str
    values: dict[str, Any]
    business: str
    scenario: str
    terms: dict[str, int]
    template: str
    payout: PayoutOut
    repay_agreement_id: Digits
    limit_id: UUID | None
    checks: dict[str, str]
    offer: OfferOut | None
    reasons: list[ReasonOut]
    decided_by: str
    contract: ContractOut | None
    agreement_id: Digits
    hold_id: UUID | None
    payment_id: UUID | None
    flow_id: UUID | None
    detail: str
    day: dt.date
    at: dt.datetime
    changed: dt.datetime


class ApplicationsOut(Answer):
    """A page of applications."""

    items: list[ApplicationOut]
    next_cursor: str | None


class RepaymentOut(Answer):
    """What came of a repayment."""

    application_id: UUID
    agreement_id: Digits
    amount_minor: Exact
    kind: RepayKind
    owed_minor: Exact
    due_minor: Exact
    is_settled: bool
    restored_minor: Exact


class EntryOut(Answer):
    """Something that was done, or said."""

    at: dt.datetime
    what: str
    by: str
    text: str


class CheckOut(Answer):
    """What a register or a card's bank said."""

    verdict: str


class RuleOut(Answer):
    """A rule of a set."""

    fact: str
    test: Test
    value: Any
    outcome: Outcome
    code: str
    zh: str
    en: str


class RulesOut(Answer):
    """A rule set."""

    code: str
    version: int
    rules: list[RuleOut]
    limit_minor: Exact
    rate_ppm: int


def out(one: Application) -> ApplicationOut:
    """Return an application as it goes out: accounts at other banks masked, names left out."""
    asked, to = one.asked, one.asked.payout
    names = (
        *("party_id", "product", "amount_minor", "currency", "term", "purpose", "business"),
        *("scenario", "template", "repay_agreement_id", "limit_id"),
    )
    own = [name for name in ApplicationOut.model_fields if hasattr(one, name)]
    return ApplicationOut(
        **{name: getattr(asked, name) for name in names},
        values=dict(asked.values),
        terms=dict(asked.terms),
        payout=PayoutOut(
            agreement_id=to.agreement_id,
            account=f"…{to.account[-4:]}" if to.account else "",
            agent=to.agent,
            channel=to.channel,
        ),
        **{name: _plain(one, name) for name in own},
    )


def _plain(one: Application, name: str) -> Any:
    value = getattr(one, name)
    match name:
        case "offer":
            return None if value is None else OfferOut.model_validate(value)
        case "contract":
            return None if value is None else ContractOut.model_validate(value)
        case "reasons":
            return [ReasonOut.model_validate(each) for each in value]
        case "checks":
            return dict(value)
    return value

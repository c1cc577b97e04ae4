"""Lending over HTTP: applications, decisions, contracts, money out and back, rule sets."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query

from yunjin.chassis.transport.values import INT64_MAX, Command, Key, id_of
from yunjin.platforms.capability.api.lending import ApplicationState, LendingApi
from yunjin.platforms.capability.routes.lending_values import (
    AcceptForm,
    ApplicationForm,
    ApplicationOut,
    ApplicationsOut,
    CardForm,
    CheckOut,
    DecideForm,
    EndForm,
    EntryOut,
    JudgeForm,
    RepayForm,
    RepaymentOut,
    RulesForm,
    RulesOut,
    WhyForm,
    out,
)
from yunjin.platforms.capability.routes.values import Code, Cursor, Limit

RuleCode = Annotated[str, Path(min_length=1, max_length=40, pattern="^[!-~]+$")]
Agreement = Annotated[int, Path(ge=1, le=INT64_MAX)]


class LendingRoutes:
    """The addresses of lending."""

    def __init__(self, lending: LendingApi) -> None:
        self._lending = lending

    def applications(
        self,
        state: ApplicationState | None = None,
        party_id: Code = "",
        product: Annotated[str, Query(max_length=40, pattern="^[!-~]*$")] = "",
        business: Annotated[str, Query(max_length=40, pattern="^[!-~]*$")] = "",
        limit: Limit = 50,
        cursor: Cursor = None,
    ) -> ApplicationsOut:
        """Return applications, newest first."""
        found = self._lending.applications(
            state=state,
            party_id=party_id,
            product=product,
            business=business,
            limit=limit,
            cursor=cursor,
        )
        items = [out(one) for one in found.items]
        return ApplicationsOut(items=items, next_cursor=found.next_cursor)

    def apply(self, form: ApplicationForm, key: Key = None) -> ApplicationOut:
        """Apply for a loan; with `run` the preset flow takes it on."""
        made = self._lending.apply(id_of(form, key), form.asked(), by=form.by, run=form.run)
        return out(made)

    def counts(self) -> dict[str, int]:
        """Return how many applications are in each state that is not an end."""
        return self._lending.counts()

    def application(self, application_id: UUID) -> ApplicationOut:
        """Return an application."""
        return out(self._lending.application(application_id))

    def timeline(self, application_id: UUID) -> list[EntryOut]:
        """Return what was done to an application, in its order."""
        found = self._lending.timeline(application_id)
        return [EntryOut.model_validate(one) for one in found]

    def of_agreement(self, agreement_id: Agreement) -> ApplicationOut:
        """Return the application that a loan came of."""
        return out(self._lending.of_agreement(agreement_id))

    def run(self, application_id: UUID, form: Command, key: Key = None) -> ApplicationOut:
        """Let the preset flow take an application on."""
        return out(self._lending.run(id_of(form, key), application_id))

    def identify(self, application_id: UUID, form: Command, key: Key = None) -> CheckOut:
        """Hold the borrower against the identity register."""
        return CheckOut(verdict=self._lending.identify(id_of(form, key), application_id).value)

    def check_card(self, application_id: UUID, form: CardForm, key: Key = None) -> CheckOut:
        """Hold a card against the card network."""
        verdict = self._lending.check_card(id_of(form, key), application_id, form.card_number)
        return CheckOut(verdict=verdict.value)

    def decide(self, application_id: UUID, form: DecideForm, key: Key = None) -> ApplicationOut:
        """Ask for a decision."""
        made = self._lending.decide(id_of(form, key), application_id, facts=form.facts)
        return out(made)

    def refer(self, application_id: UUID, form: WhyForm, key: Key = None) -> ApplicationOut:
        """Leave an application to a person."""
        return out(self._lending.refer(id_of(form, key), application_id, form.why))

    def judge(self, application_id: UUID, form: JudgeForm, key: Key = None) -> ApplicationOut:
        """Decide a referred application as a person."""
        made = self._lending.judge(
            id_of(form, key),
            application_id,
            form.outcome,
            by=form.by,
            amount_minor=form.amount_minor,
            rate_ppm=form.rate_ppm,
            note=form.note,
        )
        return out(made)

    def accept(self, application_id: UUID, form: AcceptForm, key: Key = None) -> ApplicationOut:
        """Keep that the customer agreed to the offer."""
        made = self._lending.accept(
            id_of(form, key), application_id, form.text_hash, form.ref, by=form.by
        )
        return out(made)

    def withdraw(self, application_id: UUID, form: EndForm, key: Key = None) -> ApplicationOut:
        """End an application before its money goes out."""
        made = self._lending.withdraw(id_of(form, key), application_id, form.note, by=form.by)
        return out(made)

    def disburse(self, application_id: UUID, form: Command, key: Key = None) -> ApplicationOut:
        """Begin to pay a loan out."""
        return out(self._lending.disburse(id_of(form, key), application_id))

    def repay(self, application_id: UUID, form: RepayForm, key: Key = None) -> RepaymentOut:
        """Take money for a loan."""
        made = self._lending.repay(
            id_of(form, key),
            application_id,
            form.amount_minor,
            kind=form.kind,
            from_agreement_id=form.from_agreement_id,
            by=form.by,
        )
        return RepaymentOut.model_validate(made)

    def rules(self) -> list[RulesOut]:
        """Return the newest version of each rule set."""
        return [RulesOut.model_validate(one) for one in self._lending.rules()]

    def rules_of(self, code: RuleCode) -> list[RulesOut]:
        """Return the versions of a rule set, the newest first."""
        return [RulesOut.model_validate(one) for one in self._lending.rules(code)]

    def put_rules(self, code: RuleCode, form: RulesForm, key: Key = None) -> RulesOut:
        """Keep a rule set's next version; it decides from now on."""
        made = self._lending.put_rules(id_of(form, key), form.made(code))
        return RulesOut.model_validate(made)


def router(lending: LendingApi) -> APIRouter:
    """Return the router of lending."""
    made, to = APIRouter(tags=["lending"]), LendingRoutes(lending)
    every, sets = "/lending/applications", "/lending/rule_sets"
    one = f"{every}/{{application_id}}"
    made.get(every, operation_id="loan_applications")(to.applications)
    made.post(every, status_code=201, operation_id="apply_for_loan")(to.apply)
    made.get("/lending/counts", operation_id="loan_counts")(to.counts)
    made.get(one, operation_id="loan_application")(to.application)
    made.get(f"{one}/timeline", operation_id="loan_timeline")(to.timeline)
    made.post(f"{one}/run", operation_id="run_loan")(to.run)
    made.post(f"{one}/identify", operation_id="identify_borrower")(to.identify)
    made.post(f"{one}/check_card", operation_id="check_borrower_card")(to.check_card)
    made.post(f"{one}/decide", operation_id="decide_loan")(to.decide)
    made.post(f"{one}/refer", operation_id="refer_loan")(to.refer)
    made.post(f"{one}/judge", operation_id="judge_loan")(to.judge)
    made.post(f"{one}/accept", operation_id="accept_loan")(to.accept)
    made.post(f"{one}/withdraw", operation_id="withdraw_loan")(to.withdraw)
    made.post(f"{one}/disburse", status_code=202, operation_id="disburse_loan")(to.disburse)
    made.post(f"{one}/repay", status_code=201, operation_id="repay_loan")(to.repay)
    made.get("/lending/loans/{agreement_id}", operation_id="application_of_loan")(to.of_agreement)
    made.get(sets, operation_id="rule_sets")(to.rules)
    made.get(f"{sets}/{{code}}", operation_id="rule_set")(to.rules_of)
    made.put(f"{sets}/{{code}}", operation_id="put_rule_set")(to.put_rules)
    return made

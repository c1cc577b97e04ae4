"""What overlays put at points of lending: rules, a product, fields, steps, stages of collection."""

from typing import Any

import pytest

from tests.platforms.capability.lending.conftest import NOTED, Lender
from yunjin.platforms.capability.api.collection import Stage
from yunjin.platforms.capability.api.lending import ApplicationState
from yunjin.platforms.capability.api.overlays import Coordinate, How, Overlay, OverlaysApi
from yunjin.platforms.capability.api.tasks import FieldKind, FormField
from yunjin.platforms.capability.errors.lending import ApplicationRefused

pytestmark = pytest.mark.parametrize("database_url", [""])
HERE = Coordinate(business="noting")


def put(lender: Lender, name: str, point: str, **more: Any) -> None:
    overlay = Overlay(name=name, point=point, **more)
    lender.doors[OverlaysApi].put(lender.id(), overlay)


def test_rules_and_product_follow_the_business(lender: Lender) -> None:
    put(lender, "r", "lending/rule-set", at=HERE, value="own-rules")
    put(lender, "p", "lending/product", at=HERE, value="instalment-loan")
    one = lender.applied(product="", business="noting")
    assert one.asked.product == "instalment-loan"
    lender.lending.decide(lender.id(), one.application_id)
    lender.lending.decide(lender.id(), lender.applied().application_id)
    assert [asked.rule_set for asked in lender.decisions.asked] == ["own-rules", ""]
    with pytest.raises(ApplicationRefused):
        lender.applied(product="")


def test_a_form_may_ask_for_more(lender: Lender) -> None:
    field = FormField(name="salary", kind=FieldKind.AMOUNT, zh="月薪", en="Salary", currency="CNY")
    put(lender, "f", "lending/application", at=HERE, how=How.ADD, adds=field)
    with pytest.raises(ApplicationRefused) as refused:
        lender.applied(business="noting")
    assert refused.value.facts["why"] == "月薪 Salary"
    assert lender.applied(business="noting", values={"salary": 5}).asked.values == {"salary": 5}
    assert lender.applied().state is ApplicationState.APPLIED


def test_a_step_comes_before_the_decision(lender: Lender) -> None:
    NOTED.clear()
    put(lender, "s", "lending/before-decision", at=HERE, how=How.BEFORE, value="noting.note")
    for business in ("noting", ""):
        one = lender.applied(business=business)
        lender.lending.run(lender.id(), one.application_id)
    lender.rest()
    assert set(NOTED) == {("before-decision", lender.party_id)}
    assert lender.lending.counts() == {"approved": 2}


def test_the_stages_of_collection_are_a_parameter(lender: Lender) -> None:
    put(lender, "c", "collection/stages", value="1 legal")
    one = lender.lent(1_200_000, terms={"first_due": 5})
    lender.next_day(7)
    [case] = lender.collection.cases().items
    assert (case.application_id, case.stage) == (one.application_id, Stage.LEGAL)
    put(lender, "c", "collection/stages", value="nonsense")
    lender.next_day()
    assert lender.collection.case(case.case_id).stage is Stage.REMINDER

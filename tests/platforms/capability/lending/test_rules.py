"""Rule sets and what is made of answers: pure rules, held against plain words of themselves."""

import datetime as dt
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yunjin.kernel.errors import Malformed
from yunjin.platforms.capability.adapters.bank_cards import is_card
from yunjin.platforms.capability.adapters.identity import NoRegister
from yunjin.platforms.capability.api.collection import STAGES, Stage
from yunjin.platforms.capability.api.decisions import (
    Decision,
    Outcome,
    Question,
    Reason,
    Rule,
    RuleSet,
)
from yunjin.platforms.capability.api.decisions import Test as Comparison
from yunjin.platforms.capability.api.identity import Person, Verdict
from yunjin.platforms.capability.api.lending import Offer
from yunjin.platforms.capability.domain.decisions import PRESET, check_rules, decided
from yunjin.platforms.capability.domain.lending import (
    checked_values,
    shape_of,
    sound,
    stage_of,
    stages_of,
    terms_of,
)

_ID = UUID(int=1)
WORST = (Outcome.APPROVE, Outcome.REFER, Outcome.DECLINE)
outcomes = st.sampled_from(WORST)
rules = st.builds(
    Rule,
    fact=st.sampled_from(["a", "b", "c"]),
    test=st.sampled_from([Comparison.ABOVE, Comparison.BELOW]),
    value=st.integers(-5, 5),
    outcome=outcomes,
    code=st.sampled_from(["r1", "r2"]),
)
facts = st.dictionaries(st.sampled_from(["a", "b", "c"]), st.integers(-5, 5))


def question(amount_minor: int = 100, **known: Any) -> Question:
    return Question(
        subject="s",
        party_id="p",
        business="b",
        scenario="",
        product="instalment-loan",
        currency="CNY",
        amount_minor=amount_minor,
        facts=known,
    )


@given(st.lists(rules, max_size=5), facts, st.integers(1, 1_000), st.integers(0, 500))
def test_the_worst_of_the_rules_that_hold_decides(
    wanted: list[Rule], known: dict[str, int], amount: int, limit: int
) -> None:
    given_rules = RuleSet(code="x", rules=tuple(wanted), limit_minor=limit)
    answer = decided(given_rules, question(amount, **known))
    hit = [
        one
        for one in wanted
        if one.fact in known
        and (
            known[one.fact] > one.value
            if one.test is Comparison.ABOVE
            else known[one.fact] < one.value
        )
    ]
    assert answer.outcome is max((one.outcome for one in hit), key=WORST.index, default=WORST[0])
    assert [one.code for one in answer.reasons if one.code != "limited"] == [
        one.code for one in hit
    ]
    if answer.outcome is Outcome.DECLINE:
        assert answer.limit_minor == 0
    else:
        assert answer.limit_minor == min(amount, limit or amount)
    assert decided(given_rules, question(amount, **known)) == answer


@pytest.mark.parametrize(
    ("test", "value", "seen", "holds"),
    [
        (Comparison.IS, "x", "x", True),
        (Comparison.IS, "x", "y", False),
        (Comparison.IS_NOT, "x", "y", True),
        (Comparison.ONE_OF, ["x", "y"], "y", True),
        (Comparison.NONE_OF, ["x", "y"], "z", True),
        (Comparison.NONE_OF, ["x", "y"], None, False),
        (Comparison.MISSING, None, None, True),
        (Comparison.MISSING, None, "", True),
        (Comparison.MISSING, None, 0, False),
        (Comparison.ABOVE, 5, "6", False),  # text is no number
        (Comparison.ABOVE, 5, True, False),  # nor is yes
    ],
)
def test_a_rule_looks_at_a_fact(test: Comparison, value: object, seen: object, holds: bool) -> None:
    rule = Rule(fact="f", test=test, value=value, outcome=Outcome.REFER, code="c")
    check_rules(RuleSet(code="x", rules=(rule,)))
    known: dict[str, Any] = {} if seen is None else {"f": seen}
    answer = decided(RuleSet(code="x", rules=(rule,)), question(**known))
    assert (answer.outcome is Outcome.REFER) is holds


def test_rules_that_cannot_be_applied_are_refused_with_their_name() -> None:
    check_rules(PRESET)
    for test, value in (
        (Comparison.ABOVE, "5"),
        (Comparison.ONE_OF, "x"),
        (Comparison.BELOW, True),
    ):
        rule = Rule(fact="f", test=test, value=value, outcome=Outcome.REFER, code="wrong-one")
        with pytest.raises(Malformed) as refused:
            check_rules(RuleSet(code="x", rules=(rule,)))
        assert refused.value.facts["rule"] == "wrong-one"
    for wrong in (RuleSet(code="", rules=()), RuleSet(code="x", rules=(), rate_ppm=-1)):
        with pytest.raises(Malformed):
            check_rules(wrong)


@given(
    outcomes, st.integers(-5, 500), st.integers(-5, 1_000_005), st.booleans(), st.integers(1, 100)
)
def test_what_contradicts_itself_is_a_person_s(
    outcome: Outcome, limit: int, rate: int, has_reason: bool, amount: int
) -> None:
    reasons = (Reason(code="r"),) if has_reason else ()
    answer = sound(
        Decision(outcome=outcome, limit_minor=limit, rate_ppm=rate, reasons=reasons),
        amount_minor=amount,
    )
    assert 0 <= answer.limit_minor <= amount
    assert 0 <= answer.rate_ppm <= 1_000_000
    if answer.outcome is Outcome.APPROVE:
        assert answer.limit_minor > 0
    is_unsound = outcome is Outcome.APPROVE and (limit <= 0 or not 0 <= rate <= 1_000_000)
    is_unsound |= outcome is Outcome.DECLINE and not has_reason
    assert answer.outcome is (Outcome.REFER if is_unsound else outcome)


def test_stages_follow_the_days() -> None:
    found = [stage_of(days) for days in (0, 1, 3, 4, 30, 31, 90, 91, 4_000)]
    R, C, V, L = Stage.REMINDER, Stage.CALL, Stage.VISIT, Stage.LEGAL
    assert found == [R, R, R, C, C, V, V, L, L]
    assert stages_of("1 reminder, 4 call, 31 visit, 91 legal") == STAGES
    for wrong in ("", "1", "x call", "4 call, 1 reminder", "0 call", "1 shout", "1 call, 1 visit"):
        with pytest.raises(Malformed):
            stages_of(wrong)


def test_a_product_s_terms_say_how_it_lends() -> None:
    loan = shape_of(["amount", "rate", "term", "surplus"], "CNY")
    line = shape_of(["limit", "rate", "months"], "CNY")
    assert loan is not None
    assert line is not None
    assert (loan.is_paid_out, line.is_paid_out) == (True, False)
    assert shape_of(["overdraft_limit"], "CNY") is None
    offer = Offer(amount_minor=5, rate_ppm=7, term=9, until=dt.date(2026, 1, 1))
    more = {"surplus": 1, "term": 3, "rate": 2}
    assert terms_of(loan, offer, more) == {"amount": 5, "rate": 7, "term": 9, "surplus": 1}
    assert terms_of(line, offer, {}) == {"limit": 5, "rate": 7, "months": 9}


def test_a_form_holds_plain_values() -> None:
    checked_values({"a": "x", "b": 1, "c": True, "d": None})
    bad: list[dict[str, Any]] = [{"": 1}, {"名": 1}, {"a": 1.5}, {"a": []}, {"a": 2**53}]
    for wrong in (*bad, {"a": "x" * 1_001}):
        with pytest.raises(Malformed):
            checked_values(wrong)
    with pytest.raises(Malformed):
        checked_values({f"n{at}": at for at in range(101)})


def test_without_a_register_only_the_form_is_known() -> None:
    right = NoRegister().check(_ID, Person(name="李四", id_number="11010519491231002X"))
    wrong = NoRegister().check(_ID, Person(name="李四", id_number="110105194912310021"))
    assert (right.verdict, wrong.verdict) == (Verdict.UNASKED, Verdict.MISMATCH)
    assert is_card("4539578763621486")
    assert not is_card("4539578763621487")
    assert not is_card("１２３４５６７８９０１２")

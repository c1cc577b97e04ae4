"""Rule sets: what a set of rules says to a question. Pure: the same question, the same answer."""

from collections.abc import Mapping
from typing import Any, Final

from yunjin.kernel.errors import Malformed
from yunjin.kernel.money import MINOR_MAX
from yunjin.platforms.capability.api.decisions import (
    DEFAULT,
    RULES_MAX,
    Decision,
    Outcome,
    Question,
    Reason,
    Rule,
    RuleSet,
    Test,
)

_NUMBERS: Final = (Test.ABOVE, Test.BELOW)
_LISTS: Final = (Test.ONE_OF, Test.NONE_OF)
_WORST: Final = (Outcome.APPROVE, Outcome.REFER, Outcome.DECLINE)
RATE_PPM: Final = 120_000  # of the preset; far below what the law protects


def _rule(fact: str, test: Test, value: Any, outcome: Outcome, code: str, zh: str, en: str) -> Rule:
    return Rule(fact=fact, test=test, value=value, outcome=outcome, code=code, zh=zh, en=en)


# What applies until a tenant puts its own: a start, to be read and replaced.
PRESET: Final = RuleSet(
    code=DEFAULT,
    rate_ppm=RATE_PPM,
    rules=(
        _rule(
            "identity",
            Test.ONE_OF,
            ["mismatch", "not_found"],
            Outcome.DECLINE,
            "identity-mismatch",
            "身份信息不一致",
            "Name and id number are not one person's",
        ),
        _rule(
            "identity",
            Test.IS,
            "unsure",
            Outcome.REFER,
            "identity-unsure",
            "身份未能核实",
            "The identity could not be checked",
        ),
        _rule(
            "card",
            Test.ONE_OF,
            ["mismatch", "card_unusable"],
            Outcome.DECLINE,
            "card-mismatch",
            "银行卡四要素不一致",
            "The card is not the borrower's, or not usable",
        ),
        _rule(
            "card",
            Test.IS,
            "unsure",
            Outcome.REFER,
            "card-unsure",
            "银行卡未能核实",
            "The card could not be checked",
        ),
        _rule(
            "party_state",
            Test.IS,
            "blocked",
            Outcome.DECLINE,
            "party-blocked",
            "客户受限",
            "The customer is blocked",
        ),
        _rule(
            "kyc",
            Test.ONE_OF,
            ["refused", "expired"],
            Outcome.REFER,
            "kyc-not-valid",
            "尽职调查未通过或已过期",
            "What is known of the customer is refused or out of date",
        ),
        _rule("age", Test.BELOW, 18, Outcome.DECLINE, "under-age", "未满十八岁", "Under 18"),
        _rule(
            "overdue_days",
            Test.ABOVE,
            30,
            Outcome.DECLINE,
            "overdue",
            "现有贷款逾期超过 30 天",
            "A loan is overdue by more than 30 days",
        ),
        _rule(
            "overdue_days",
            Test.ABOVE,
            0,
            Outcome.REFER,
            "overdue-now",
            "现有贷款逾期",
            "A loan is overdue",
        ),
        _rule(
            "amount_minor",
            Test.ABOVE,
            20_000_000,
            Outcome.REFER,
            "large-amount",
            "金额超过自动审批上限",
            "More than is decided without a person",
        ),
    ),
)


def check_rules(rules: RuleSet) -> None:
    """Raises: Malformed where a set cannot be applied; names the rule."""
    if not (rules.code.isascii() and 0 < len(rules.code) <= 40):
        raise Malformed("expected a rule set's code of 1 to 40 ASCII characters, was another")
    if len(rules.rules) > RULES_MAX:
        raise Malformed(f"expected at most {RULES_MAX} rules, was {len(rules.rules)}")
    if not 0 <= rules.limit_minor <= MINOR_MAX or not 0 <= rules.rate_ppm <= 1_000_000:
        raise Malformed("expected a limit and a rate within bounds, was another")
    for one in rules.rules:
        is_named = one.fact.isascii() and 0 < len(one.fact) <= 60
        if not is_named or not (one.code.isascii() and 0 < len(one.code) <= 60):
            raise Malformed(f"expected a rule with a fact and a code, was {one.code[:60]!r}")
        if one.test in _NUMBERS and not _is_number(one.value):
            raise Malformed(f"expected a number to hold {one.fact} against", rule=one.code)
        if one.test in _LISTS and not isinstance(one.value, list | tuple):
            raise Malformed(f"expected a list to hold {one.fact} against", rule=one.code)


def decided(rules: RuleSet, asked: Question) -> Decision:
    """Collect every reason; the worst outcome decides."""
    facts = {**asked.facts, "amount_minor": asked.amount_minor}
    hit = [one for one in rules.rules if _holds(one, facts)]
    outcome = max((one.outcome for one in hit), key=_WORST.index, default=Outcome.APPROVE)
    reasons = tuple(_reason(one, facts) for one in hit)
    limit = asked.amount_minor
    if 0 < rules.limit_minor < limit and outcome is not Outcome.DECLINE:
        limit = rules.limit_minor
        bound = str(rules.limit_minor)
        seen = str(asked.amount_minor)
        words = {"zh": "按规则集上限批准", "en": "Approved up to the rule set's limit"}
        reasons += (Reason(code="limited", seen=seen, bound=bound, **words),)
    return Decision(
        outcome=outcome,
        limit_minor=0 if outcome is Outcome.DECLINE else limit,
        rate_ppm=asked.rate_ppm or rules.rate_ppm,
        reasons=reasons,
        decided_by=f"rules {rules.code} {rules.version}",
    )


def _holds(rule: Rule, facts: Mapping[str, Any]) -> bool:
    seen = facts.get(rule.fact)
    if rule.test is Test.MISSING:
        return seen is None or seen == ""
    if seen is None:
        return False
    match rule.test:
        case Test.ABOVE:
            return _is_number(seen) and bool(seen > rule.value)
        case Test.BELOW:
            return _is_number(seen) and bool(seen < rule.value)
        case Test.IS:
            return bool(seen == rule.value)
        case Test.IS_NOT:
            return bool(seen != rule.value)
        case Test.ONE_OF:
            return seen in rule.value
    return seen not in rule.value


def _reason(rule: Rule, facts: Mapping[str, Any]) -> Reason:
    bound = rule.value
    if isinstance(bound, list | tuple):
        bound = ", ".join(str(one) for one in bound)
    return Reason(
        code=rule.code,
        seen=str(facts.get(rule.fact, ""))[:100],
        bound="" if bound is None else str(bound)[:200],
        zh=rule.zh,
        en=rule.en,
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)

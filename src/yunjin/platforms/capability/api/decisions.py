"""Decisions 决策: whether something is approved, to which amount, at which rate, and why.

A port: the capability centre asks, whoever is bound to it answers. Where nobody is, rule sets
answer: thresholds as data, of a business or for all (`RuleSet`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, Protocol
from uuid import UUID

FACTS_MAX: Final = 200
RULES_MAX: Final = 200  # of a set
DEFAULT: Final = "default"  # the rule set of what has none of its own


class Outcome(StrEnum):
    """What was decided; the last is the worst, and the worst of all rules decides."""

    APPROVE = "approve"
    REFER = "refer"  # 转人工
    DECLINE = "decline"


class Test(StrEnum):
    """How a rule looks at a fact; it holds where the fact passes."""

    ABOVE = "above"
    BELOW = "below"
    IS = "is"
    IS_NOT = "is_not"
    ONE_OF = "one_of"  # the value is a list
    NONE_OF = "none_of"
    MISSING = "missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is to be decided.

    Parameters
    ----------
    subject : the id of what it is about, such as an application's.
    rule_set : which rules are wanted; "": those of the business, or the default.
    amount_minor, rate_ppm : what is asked for; 0: it is for the answer to say.
    facts : JSON values by name; a name that is not there is not known.
    """

    subject: str
    party_id: str
    business: str
    scenario: str
    product: str
    currency: str
    amount_minor: int
    rate_ppm: int = 0
    rule_set: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why: a code, what was seen, which bound it was held to. zh, en: in words."""

    code: str
    seen: str = ""
    bound: str = ""
    zh: str = ""
    en: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """An answer.

    Parameters
    ----------
    limit_minor : the most that is approved; 0 where nothing is.
    rate_ppm : parts per million a year; 0: the product's own.
    decided_by : who answered and by what, such as "rules default 3".
    reference : the answerer's own id of it.
    """

    outcome: Outcome
    limit_minor: int = 0
    rate_ppm: int = 0
    reasons: tuple[Reason, ...] = ()
    decided_by: str = ""
    reference: str = ""


class Decisions(Protocol):
    """Whoever decides."""

    def decide(self, command_id: UUID, asked: Question) -> Decision:
        """Answer a question; the same id has the same answer, however often it is asked.

        Raises: Outage (nothing was decided), Unknown, Malformed.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A line of a rule set: where the test holds of a fact, its outcome counts.

    value : what the fact is held against; a list for ONE_OF and NONE_OF, None for MISSING.
    A fact that is not known passes MISSING alone.
    """

    fact: str
    test: Test
    value: Any
    outcome: Outcome
    code: str
    zh: str = ""
    en: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet:
    """Rules as data, of a version; the tenant's own.

    Parameters
    ----------
    code : a business's, or `DEFAULT`, or any that is named in a question.
    limit_minor : approved at most, per question; 0: as much as is asked for.
    rate_ppm : the rate of what is approved; 0: the product's own.
    """

    code: str
    rules: tuple[Rule, ...]
    limit_minor: int = 0
    rate_ppm: int = 0
    version: int = 0  # given by the centre, counted from 1

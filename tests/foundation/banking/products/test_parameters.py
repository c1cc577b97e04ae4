"""Goal: the value of a parameter on a date is the newest at the lowest level that says anything.

Method: Hypothesis makes settings; a plain search through all of them must agree.
"""

import datetime as dt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from yunjin.foundation.banking.domain.products.declarations import Count, Level, Money, Rate
from yunjin.foundation.banking.domain.products.parameters import Setting, in_force
from yunjin.kernel.errors import Malformed

PARAMETERS = {
    "limit": Money(level=Level.INSTANCE, default=7),
    "rate": Rate(level=Level.TEMPLATE, default=1),
    "term": Count(level=Level.PRODUCT, default=3),
}
for _name, _one in PARAMETERS.items():
    _one.name = _name
DAY = dt.date(2026, 1, 1)


@st.composite
def settings_of(draw: st.DrawFn) -> list[Setting]:
    made = []
    for _ in range(draw(st.integers(0, 12))):
        name = draw(st.sampled_from(sorted(PARAMETERS)))
        allowed = [level for level in Level if level <= PARAMETERS[name].level]
        since = DAY + dt.timedelta(days=draw(st.integers(0, 5)))
        made.append(
            Setting(
                parameter=name,
                level=draw(st.sampled_from(allowed)),
                since=np.datetime64(since, "D"),
                value=draw(st.integers(0, 9)),
            )
        )
    return made


@given(made=settings_of(), after=st.integers(0, 6))
def test_the_newest_at_the_lowest_level_holds(made: list[Setting], after: int) -> None:
    date = np.datetime64(DAY, "D") + after
    expected = {name: one.default for name, one in PARAMETERS.items()}
    for level in Level:
        for day in range(after + 1):
            for one in made:
                if one.level == level and one.since == np.datetime64(DAY, "D") + day:
                    expected[one.parameter] = one.value
    assert in_force(PARAMETERS, made, date) == expected


def setting(name: str, value: int, level: Level = Level.PRODUCT) -> Setting:
    """Return a setting of the first day."""
    return Setting(parameter=name, level=level, since=np.datetime64(DAY, "D"), value=value)


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (setting("nothing", 1), "expected a parameter, one of limit, rate, term"),
        (setting("term", 1, Level.INSTANCE), "expected term at level product or above"),
        (setting("rate", -1), "expected rate from 0 to"),
    ],
)
def test_a_setting_that_will_not_do_is_refused(wrong: Setting, reason: str) -> None:
    with pytest.raises(Malformed, match=reason):
        in_force(PARAMETERS, [wrong], np.datetime64(DAY, "D"))


def test_a_parameter_without_any_value_is_refused() -> None:
    must = Count(level=Level.INSTANCE)
    must.name = "must"
    with pytest.raises(Malformed, match="expected a value of must, was none"):
        in_force({"must": must}, [], np.datetime64(DAY, "D"))

"""Goal: what is preset stays, what is narrower applies, and what clashes does not come in.

Method: a room with two invented businesses that leave points open; Hypothesis draws overlays and
compares what applies with a plain search, and what is refused with a look at every coordinate.
"""

from collections.abc import Iterator
from itertools import product
from pathlib import Path
from threading import Thread
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.mariadb import database_url, mariadb
from yunjin.foundation.database import wiring as database
from yunjin.foundation.database.api import DatabaseApi
from yunjin.kernel import tenant
from yunjin.kernel.clock import SystemClock
from yunjin.kernel.errors import Bug, IdempotencyConflict
from yunjin.platforms.capability import wiring
from yunjin.platforms.capability.api.centres import Point
from yunjin.platforms.capability.api.overlays import (
    Coordinate,
    How,
    OpenPoint,
    Overlay,
    OverlaysApi,
    Verdict,
)
from yunjin.platforms.capability.api.tasks import FieldKind, FormField
from yunjin.platforms.capability.domain import overlays as rules
from yunjin.platforms.capability.errors.overlays import (
    OverlayNotFound,
    OverlayRefused,
    OverlaysConflict,
)
from yunjin.platforms.capability.service.overlays import OverlayService

__all__ = ["database_url", "mariadb"]

POINTS = (
    Point(name="most", kind="parameter", words=("上限", "Most"), default="100", least=1, most=500),
    Point(name="tone", kind="parameter", words=("口吻", "Tone"), choices=("warm", "dry")),
    Point(name="loan", kind="product", words=("产品", "Product"), default="plain-loan"),
    Point(name="check", kind="step", words=("核验", "Check")),
    Point(name="open.form", kind="field", words=("表单", "Form")),
)
OPEN = [OpenPoint(owner=owner, point=one) for owner in ("loan", "wallet") for one in POINTS]
BY_NAME = {one.name: one for one in OPEN}
STEPS = ("ask-mother", "ask-father", "look-away")
FIELD = FormField(name="school", kind=FieldKind.TEXT, zh="学校", en="School")


def overlay(name: str, point: str = "loan/most", value: str = "200", **at: str) -> Overlay:
    return Overlay(name=name, point=point, value=value, at=Coordinate(**at))


@pytest.fixture
def room(tmp_path: Path, database_url: str) -> Iterator[Any]:
    with tenant.entered("demo"):
        tables = database.build(
            database.Settings(url=database_url), tenant="demo", clock=SystemClock(), home=tmp_path
        )
        yield wiring.prepare(tables.doors[DatabaseApi])
        if tables.close is not None:
            tables.close()


@pytest.fixture
def centre(room: Any) -> OverlaysApi:
    return OverlayService(room, points=OPEN, steps=STEPS)


def value_at(centre: OverlaysApi, point: str, business: str = "", scenario: str = "") -> str:
    [laid] = centre.at([point], business, scenario)
    return laid.value


def test_the_narrower_overlay_applies_and_the_page_can_say_why(centre: OverlaysApi) -> None:
    assert value_at(centre, "loan/most", "loan") == "100"
    centre.put(uuid4(), overlay("all"))
    centre.put(uuid4(), overlay("of-loan", value="300", business="loan"))
    centre.put(uuid4(), overlay("in-app", value="50", business="loan", scenario="app"))
    assert value_at(centre, "loan/most") == "200"
    assert value_at(centre, "loan/most", "loan") == "300"
    assert value_at(centre, "loan/most", "loan", "app") == "50"
    assert value_at(centre, "wallet/most", "loan", "app") == "100"
    [laid] = centre.at(["loan/most"], "loan", "branch")
    assert [(one.overlay.name, one.verdict, one.narrower) for one in laid.layers] == [
        ("all", Verdict.NARROWER, "of-loan"),
        ("in-app", Verdict.ELSEWHERE, ""),
        ("of-loan", Verdict.APPLIES, ""),
    ]
    assert len(centre.laid("loan", "app")) == len(OPEN)


def test_of_two_that_are_equally_narrow_the_second_is_refused_with_a_cure(
    centre: OverlaysApi,
) -> None:
    centre.put(uuid4(), overlay("of-loan", business="loan"))
    with pytest.raises(OverlaysConflict) as caught:
        centre.put(uuid4(), overlay("in-app", scenario="app"))
    assert caught.value.facts["other"] == "of-loan"
    assert caught.value.facts["cure"] == (
        "name the business and the scenario in one of them, or withdraw one"
    )
    with pytest.raises(OverlaysConflict) as caught:
        centre.put(uuid4(), overlay("again", business="loan"))
    assert caught.value.facts["cure"] == "withdraw one of them"
    centre.put(uuid4(), overlay("of-loan", value="7", business="loan"))  # its own name: changed
    assert value_at(centre, "loan/most", "loan") == "7"
    assert [one.name for one in centre.overlays()] == ["of-loan"]


def test_steps_stand_before_after_and_instead(centre: OverlaysApi) -> None:
    for name, how, step in (
        ("b", How.BEFORE, "ask-mother"),
        ("c", How.BEFORE, "ask-father"),
        ("a", How.AFTER, "look-away"),
        ("r", How.REPLACE, "look-away"),
    ):
        at = Coordinate(business="loan") if name == "b" else Coordinate()
        centre.put(uuid4(), Overlay(name=name, point="loan/check", how=how, value=step, at=at))
    [laid] = centre.at(["loan/check"], "loan")
    assert laid.before == ("ask-father", "ask-mother")  # the wider ones first
    assert (laid.instead, laid.after, laid.value) == ("look-away", ("look-away",), "")
    [laid] = centre.at(["loan/check"], "wallet")
    assert laid.before == ("ask-father",)


def test_a_field_is_added_to_a_form_and_replaces_one_of_its_name(centre: OverlaysApi) -> None:
    def adding(name: str, field: FormField, **at: str) -> Overlay:
        return Overlay(
            name=name, point="loan/open.form", how=How.ADD, adds=field, at=Coordinate(**at)
        )

    other = FormField(name="grade", kind=FieldKind.TEXT, zh="年级", en="Grade")
    optional = FormField(
        name="school", kind=FieldKind.TEXT, zh="学校", en="School", is_required=False
    )
    centre.put(uuid4(), adding("school", FIELD))
    centre.put(uuid4(), adding("grade", other))
    centre.put(uuid4(), adding("lax", optional, scenario="app"))
    [laid] = centre.at(["loan/open.form"], "loan", "app")
    assert set(laid.fields) == {optional, other}
    base = (FormField(name="school", kind=FieldKind.TEXT, zh="校", en="S"), other)
    assert rules.form_with(base, [FIELD]) == (FIELD, other)
    with pytest.raises(OverlaysConflict):
        centre.put(uuid4(), adding("strict", FIELD, business="loan"))


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (overlay("x", point="loan/nothing"), "a point that is open"),
        (overlay("x", value="501"), "a whole number of 1 to 500"),
        (overlay("x", value="many"), "a whole number of 1 to 500"),
        (overlay("x", value=""), "a value of 1 to"),
        (overlay("x", point="loan/tone", value="loud"), "one of warm, dry"),
        (overlay("x", point="loan/check", value="rm -rf"), "a step that is registered"),
        (overlay("x", point="loan/open.form"), "one of add at a field"),
        (Overlay(name="x", point="loan/most", value="7", adds=FIELD), "a field at a point"),
        (Overlay(name="x", point="loan/most", how=How.BEFORE, value="7"), "one of replace"),
        (overlay("x", tenant="another"), "one's own tenant"),
    ],
)
def test_what_a_point_does_not_take_is_refused_and_says_what_it_takes(
    centre: OverlaysApi, wrong: Overlay, why: str
) -> None:
    with pytest.raises(OverlayRefused) as caught:
        centre.put(uuid4(), wrong)
    assert why in caught.value.facts["why"]
    assert centre.overlays() == []


def test_a_command_acts_once_and_a_withdrawn_overlay_is_gone(centre: OverlaysApi) -> None:
    put_id, back_id = uuid4(), uuid4()
    one = overlay("of-loan", business="loan")
    assert centre.put(put_id, one) == centre.put(put_id, one)
    with pytest.raises(IdempotencyConflict):
        centre.put(put_id, overlay("other"))
    assert centre.withdraw(back_id, "of-loan") == centre.withdraw(back_id, "of-loan") == one
    assert value_at(centre, "loan/most", "loan") == "100"
    with pytest.raises(OverlayNotFound):
        centre.withdraw(uuid4(), "of-loan")


def test_of_two_that_clash_and_come_at_once_one_is_refused(centre: OverlaysApi) -> None:
    told: list[str] = []

    def put(one: Overlay) -> None:
        with tenant.entered("demo"):
            try:
                centre.put(uuid4(), one)
                told.append("put")
            except OverlaysConflict:
                told.append("refused")

    both = (overlay("of-loan", business="loan"), overlay("in-app", scenario="app"))
    threads = [Thread(target=put, args=(one,)) for one in both]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(told) == ["put", "refused"]


@pytest.mark.parametrize("database_url", [""])
def test_overlays_that_came_with_the_code_hold_and_cannot_be_changed(room: Any) -> None:
    coded = [overlay("shipped", business="loan")]
    centre = OverlayService(room, points=OPEN, steps=STEPS, coded=coded)
    assert value_at(centre, "loan/most", "loan") == "200"
    with pytest.raises(OverlayRefused):
        centre.put(uuid4(), overlay("shipped"))
    with pytest.raises(OverlayNotFound):
        centre.withdraw(uuid4(), "shipped")
    with pytest.raises(OverlaysConflict):
        centre.put(uuid4(), overlay("other", business="loan"))
    centre.put(uuid4(), overlay("other", value="9", business="loan", scenario="app"))
    assert value_at(centre, "loan/most", "loan", "app") == "9"
    [laid] = centre.at(["loan/most"], "loan")
    assert [one.is_coded for one in laid.layers] == [True, False]
    with pytest.raises(OverlaysConflict):
        OverlayService(room, points=OPEN, coded=[*coded, overlay("in-app", scenario="app")])
    with pytest.raises(Bug):
        OverlayService(room, points=OPEN, coded=[*coded, *coded])


parts = st.sampled_from(["", "a", "b"])
coordinates = st.builds(Coordinate, tenant=parts, business=parts, scenario=parts)
ALL = [Coordinate(tenant=t, business=b, scenario=s) for t, b, s in product("abc", repeat=3)]


@given(st.lists(coordinates, max_size=8))
def test_what_was_let_in_never_leaves_it_open_which_applies(drawn: list[Coordinate]) -> None:
    point, held = BY_NAME["loan/most"], list[Overlay]()
    for number, at in enumerate(drawn):
        one = Overlay(name=f"o{number}", point="loan/most", value=str(number + 1), at=at)
        try:
            rules.check_alone(one, held)
        except OverlaysConflict as problem:
            other = next(each for each in held if each.name == problem.facts["other"])
            here = [at for at in ALL if rules.is_at(one, at) and rules.is_at(other, at)]
            assert here, "expected a coordinate where both apply"
            continue
        held.append(one)
    for at in ALL:
        matching = [one for one in held if rules.is_at(one, at)]
        widths = [sum(map(bool, one.at.parts())) for one in matching]
        laid = rules.laid(point, held, at, frozenset())
        if not matching:
            assert laid.value == "100"
            continue
        best = [one for one, n in zip(matching, widths, strict=True) if n == max(widths)]
        assert len(best) == 1, "expected one that is narrowest"
        assert laid.value == best[0].value
        applied = [one.overlay for one in laid.layers if one.verdict is Verdict.APPLIES]
        assert applied == best

"""Goal: a flow's page draws it, with what is done, what is under way and where it stopped marked.

Method: the flows of the pages' own office, their charts and states read without a browser; one
visit of the page.
"""

from pathlib import Path
from uuid import UUID

import pytest
from nicegui.testing.user import User

from tests.chassis.flow.shop import opened
from tests.chassis.flow_pages.test_flow_pages import Office, closing, failing, listening, trying
from tests.console import text_of
from yunjin.chassis.flow import Definition, FlowLimits, Registry
from yunjin.chassis.flow.drawing import Chart, Shape, ShapeKind
from yunjin.chassis.flow_pages.picture import chart_for, states_of


@pytest.fixture
def office(tmp_path: Path) -> Office:
    shop = opened(
        f"sqlite:///{tmp_path / 'rooms.db'}",
        closing,
        failing,
        listening,
        trying,
        limits=FlowLimits(callers=0),
    )
    made = {one.name: shop.started(one) for one in (failing, listening, trying)}
    made["closing"] = shop.started(closing, "2026-11-24")
    shop.engine.drain()
    return Office(shop, tmp_path, made)


def states(office: Office, name: str) -> dict[str, str]:
    flows, flow_id = office.shop.flows, office.ids[name]
    state = flows.state(flow_id)
    chart = chart_for(flows, state)
    assert chart is not None
    return states_of(chart, state, flows.history(flow_id, newest_first=True))


def test_each_step_stands_as_its_journal_says(office: Office) -> None:
    assert states(office, "closing") == {"accrue": "done", "post": "bad"}
    assert states(office, "failing") == {"accrue": "done", "refuse": "bad"}
    assert states(office, "trying") == {"wait_out": "open"}
    assert set(states(office, "listening").values()) == {"open"}
    office.shop.close()


def test_the_page_shows_the_picture(office: Office) -> None:
    async def story(user: User) -> None:
        await user.open(f"/shop/flows/{office.ids['closing']}")
        shown = text_of(user)
        assert 'class="yj-flow"' in shown
        assert '<g class="bad"><title>Post' in shown

    office.see(story)
    office.shop.close()


def test_a_flow_whose_code_is_gone_has_a_page_without_a_picture(office: Office) -> None:
    office.shop.flows.registry = Registry(failing)

    async def story(user: User) -> None:
        await user.open(f"/shop/flows/{office.ids['closing']}")
        assert 'class="yj-flow"' not in text_of(user)

    office.see(story)
    office.shop.close()


def test_a_person_who_was_asked_is_under_way_until_the_answer_is_heard(office: Office) -> None:
    """The step that opens a task is done at once; in the picture the person is still at it."""
    flows, flow_id = office.shop.flows, office.ids["failing"]
    asked = next(one for one in flows.history(flow_id) if one.name == "accrue")
    task = Shape(id="a", kind=ShapeKind.USER, name="Ask", step="accrue")
    chart = Chart(code="c", name="c", shapes=[task])
    waiting = flows.state(office.ids["listening"])
    assert states_of(chart, waiting, [asked])["accrue"] == "open"
    word = f"signal:task:{asked.answer}"
    heard = type(asked)(**{**facts(asked), "number": 2, "name": word})
    assert states_of(chart, waiting, [heard, asked])["accrue"] == "done"
    office.shop.close()


def facts(one: object) -> dict[str, object]:
    return {name: getattr(one, name) for name in type(one).__slots__}  # type: ignore[attr-defined]


def test_a_definition_may_bring_its_own_chart(office: Office) -> None:
    drawn = Chart(code="x", name="x")
    made = Definition("failing", 1, failing.function, drawn=lambda: drawn)
    office.shop.flows.registry = Registry(made)
    found = chart_for(office.shop.flows, office.shop.flows.state(UUID(str(office.ids["failing"]))))
    assert found is drawn
    office.shop.close()

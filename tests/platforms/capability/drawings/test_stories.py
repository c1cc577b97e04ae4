"""Goal: a drawing that a person made runs over the centres, and ends done or undone.

Method: drawings as Camunda Modeler and bpmn.io write them, real limit and task centres, an engine
that is turned by hand, a clock that is set.
"""

import pytest

from tests.platforms.capability.drawings.conftest import Studio
from yunjin.chassis.flow import State
from yunjin.kernel.errors import Malformed
from yunjin.platforms.capability.api.drawings import DrawingsApi
from yunjin.platforms.capability.errors.drawings import DrawingNotFound, DrawingRetired


def loan(studio: Studio, limit_id: object, amount_minor: int) -> object:
    inputs = {"limit_id": str(limit_id), "amount_minor": amount_minor, "application": "A-7"}
    return studio.start("cash_loan", inputs)


def test_a_drawing_tells_what_it_asks_for_and_what_it_is_started_with(studio: Studio) -> None:
    found = studio.brought("cash_loan")
    assert (found.code, found.version, found.name) == ("cash_loan", 1, "现金贷")
    assert found.operations == ("limit.confirm", "limit.reserve")
    assert found.inputs == ("amount_minor", "application", "limit_id")
    with pytest.raises(Malformed, match="application is missing"):
        studio.start("cash_loan", {"limit_id": "x", "amount_minor": 1})


def test_a_small_loan_needs_nobody(studio: Studio) -> None:
    studio.brought("cash_loan")
    limit = studio.limit()
    flow_id = loan(studio, limit.limit_id, 400)
    said = studio.ended(flow_id)
    assert said["end"] == "Event_done"
    assert said["variables"]["used_minor"] == 400
    now = studio.limits.limit(limit.limit_id)
    assert (now.held_minor, now.used_minor) == (0, 400)
    assert studio.steps(flow_id) == ["占用额度", "使用额度"]


def test_a_large_loan_waits_for_a_person_with_the_drawing_s_form(studio: Studio) -> None:
    studio.brought("cash_loan")
    limit = studio.limit()
    flow_id = loan(studio, limit.limit_id, 600)
    [task] = studio.waiting()
    assert (task.queue, task.title, task.note) == ("lending", "审批 A-7", "核对收入证明")
    assert [(one.name, one.zh, one.is_required) for one in task.form] == [
        ("approved", "同意", True),
        ("remark", "Remark", False),
    ]
    studio.complete(task, approved="yes")
    assert studio.ended(flow_id)["end"] == "Event_done"
    assert studio.limits.limit(limit.limit_id).used_minor == 600


def test_a_declined_loan_takes_back_what_it_had_reserved(studio: Studio) -> None:
    studio.brought("cash_loan")
    limit = studio.limit()
    flow_id = loan(studio, limit.limit_id, 600)
    studio.complete(studio.waiting()[0], approved="no")
    found = studio.state(flow_id)
    assert found.state is State.FAILED
    assert (found.outcome["code"], found.outcome["error"]) == (
        "capability/drawing-stopped",
        "loan/declined",
    )
    now = studio.limits.limit(limit.limit_id)
    assert (now.held_minor, now.used_minor) == (0, 0)


def test_a_person_who_is_too_slow_is_not_waited_for(studio: Studio) -> None:
    studio.brought("cash_loan")
    limit = studio.limit()
    flow_id = loan(studio, limit.limit_id, 600)
    studio.pass_time(2 * 86_400 - 1)
    assert studio.state(flow_id).state is State.WAITING
    studio.pass_time(2)
    assert studio.state(flow_id).state is State.FAILED
    assert studio.waiting() == []
    assert studio.limits.limit(limit.limit_id).held_minor == 0


def test_a_refusal_goes_the_way_that_is_drawn_for_its_code(studio: Studio) -> None:
    studio.brought("cash_loan")
    limit = studio.limit(ceiling_minor=100)
    said = studio.ended(loan(studio, limit.limit_id, 400))
    assert said["end"] == "Event_refused"
    assert said["variables"]["error"]["code"] == "capability/limit-exceeded"


def test_a_refusal_that_nobody_drew_a_way_for_ends_the_flow(studio: Studio) -> None:
    studio.brought("cash_loan")
    found = studio.state(loan(studio, studio.id(), 400))
    assert (found.state, found.outcome["code"]) == (State.FAILED, "capability/limit-not-found")


def test_a_flow_goes_on_after_a_crash_where_it_was(studio: Studio) -> None:
    studio.brought("cash_loan")
    limit = studio.limit()
    flow_id = loan(studio, limit.limit_id, 600)
    studio.engine.close()
    studio.made.elsewhere._kept.clear()
    from yunjin.chassis.flow import Engine

    studio.engine = Engine(studio.flows, holder="another")
    studio.complete(studio.waiting()[0], approved="yes")
    assert studio.ended(flow_id)["end"] == "Event_done"
    assert studio.limits.limit(limit.limit_id).used_minor == 600


def test_what_runs_keeps_its_version_and_what_is_new_takes_the_newest(studio: Studio) -> None:
    studio.brought("cash_loan")
    text = studio.drawings.text("cash_loan")
    limit = studio.limit(10_000)
    old = loan(studio, limit.limit_id, 600)
    newer = text.replace("&gt;= 500", "&gt;= 5000")
    assert studio.bring(newer).version == 2
    assert studio.bring(newer).version == 2  # the same is no new version
    new = loan(studio, limit.limit_id, 600)
    assert studio.state(new).state is State.DONE
    assert (studio.state(old).version, studio.state(new).version) == (1, 2)
    studio.complete(studio.waiting()[0], approved="yes")
    assert studio.ended(old)["end"] == "Event_done"
    assert studio.drawings.text("cash_loan", 1) == text


def test_a_retired_drawing_starts_nothing_until_it_is_brought_again(studio: Studio) -> None:
    studio.brought("cash_loan")
    studio.drawings.retire(studio.id(), "cash_loan", by="安娜")
    with pytest.raises(DrawingRetired):
        loan(studio, studio.id(), 400)
    assert studio.brought("cash_loan").version == 2
    limit = studio.limit()
    assert studio.ended(loan(studio, limit.limit_id, 400))["end"] == "Event_done"


def test_commands_sent_again_act_once(studio: Studio) -> None:
    door: DrawingsApi = studio.drawings
    studio.brought("cash_loan")
    again, limit = studio.id(), studio.limit()
    inputs = {"limit_id": str(limit.limit_id), "amount_minor": 400, "application": "A-7"}
    assert door.start(again, "cash_loan", inputs) == door.start(again, "cash_loan", inputs)
    studio.engine.drain()
    assert studio.limits.limit(limit.limit_id).used_minor == 400
    flow_id, cancel = loan(studio, limit.limit_id, 600), studio.id()
    for _ in range(2):
        door.cancel(cancel, flow_id, by="安娜", why="客户撤回")  # type: ignore[arg-type]
        studio.engine.drain()
    assert studio.state(flow_id).state is State.CANCELLED  # type: ignore[arg-type]
    assert studio.waiting() == []
    assert studio.limits.limit(limit.limit_id).held_minor == 0


@pytest.mark.parametrize("code", ["nothing", "没有", "x" * 99, ""])
def test_what_is_not_there_is_not_found(studio: Studio, code: str) -> None:
    for ask in (studio.drawings.drawing, studio.drawings.text, studio.drawings.picture):
        with pytest.raises(DrawingNotFound):
            ask(code)

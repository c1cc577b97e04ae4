"""The dialogs of what a person does to a flow: each asks who does it and why, and keeps both."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

import msgspec
from nicegui import ui

from yunjin.chassis.console import (
    Deed,
    Done,
    Markup,
    html,
    keep_person,
    person_field,
    t,
    text_field,
)
from yunjin.chassis.flow import Flows, FlowState, Person
from yunjin.chassis.flow_pages.showing import named, step_name

WHY_MAX: Final = 200


class FlowDeeds:
    """What one reader may do to a flow. done : is told after each deed."""

    def __init__(self, flows: Flows, done: Callable[[], Awaitable[None]]) -> None:
        self._flows, self._done = flows, done

    def retry(self, flow: FlowState, step: str) -> None:
        """Ask to let a flow go on, or try now what waits for its next try."""
        key = "flow.retry_effect" if step else "flow.retry_effect_start"
        self._ask(
            "retry",
            t("flow.retry_title"),
            t(key, step=step_name(step)),
            lambda by: self._flows.retry(flow.flow_id, by=by),
        )

    def cancel(self, flow: FlowState) -> None:
        """Ask to end a flow and undo what it did."""
        name = named("name", flow.name)
        self._ask(
            "cancel",
            t("flow.cancel_title", name=name),
            t("flow.cancel_effect"),
            lambda by: self._flows.cancel(flow.flow_id, by=by),
            typed=name,
        )

    def skip(self, flow: FlowState, number: int, step: str) -> None:
        """Ask to let a flow go on as if a step had been answered."""
        key = "flow.skip_effect" if number > 0 else "flow.skip_undo_effect"
        answers: list[ui.input] = []

        def more(deed: Deed) -> None:
            if number > 0:
                shown = text_field(
                    t("flow.skip_answer"), hint=t("flow.skip_answer_hint"), check=_complaint
                )
                shown.on_value_change(deed.changed)
                answers.append(shown)

        def skip(by: Person) -> None:
            answer = _read(str(answers[0].value or "")) if answers else None
            self._flows.skip(flow.flow_id, number, by=by, answer=answer)

        self._ask(
            "skip",
            t("flow.skip_title", step=step_name(step)),
            t(key),
            skip,
            more=more,
            is_fit=lambda: not answers or not _complaint(str(answers[0].value or "")),
        )

    def _ask(
        self,
        name: str,
        title: str,
        effect: str,
        act: Callable[[Person], None],
        *,
        typed: str = "",
        more: Callable[[Deed], None] = lambda _: None,
        is_fit: Callable[[], bool] = lambda: True,
    ) -> None:
        fields: dict[str, ui.input] = {}

        def person() -> Person:
            given = {key: str(one.value or "").strip() for key, one in fields.items()}
            return Person(given["who"], given["why"])

        def build(deed: Deed) -> None:
            html(Markup("<p>{}</p>").format(effect))
            fields["who"] = person_field()
            fields["why"] = text_field(t("flow.why")).props(f"autofocus maxlength={WHY_MAX}")
            more(deed)
            for one in fields.values():
                one.on_value_change(deed.changed)

        def said() -> str:
            by = person()
            is_whole = by.who and by.why and is_fit()
            return t("flow.deed_kept", who=by.who) if is_whole else ""

        def do(_: object) -> Done:
            act(person())
            return Done(t(f"flow.did.{name}"))

        async def done() -> None:
            keep_person(person().who)
            await self._done()

        Deed(
            clock=self._flows.room.clock,
            title=title,
            action=t(f"flow.{name}"),
            build=build,
            effect=said,
            act=do,
            done=done,
            typed=typed,
        ).open()


def _complaint(text: str) -> str:
    """Return why a text is no answer; "" where it is one."""
    try:
        _read(text)
    except ValueError:
        return t("flow.skip_answer_wrong")
    return ""


def _read(text: str) -> Any:
    return msgspec.json.decode(text) if text.strip() else None

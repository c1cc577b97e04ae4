"""Banking's durable flows: the close of a business day, which survives whatever happens to us."""

from typing import Final, Protocol
from uuid import UUID

from yunjin.chassis.flow import PATIENT, Definition, Flow, Retry, call, flow

DAY_CLOSE: Final = "day.close"
WORDS: Final[dict[str, tuple[str, str]]] = {
    "flow.name.day.close": ("日终", "Day close"),
    "flow.step.close": ("计提与分类", "accrue and classify"),
    "flow.step.prove": ("记总账与核对", "book and prove"),
    "flow.step.open": ("开次日", "open the next day"),
    "flow.progress.close": ("计提与分类（页）", "accrue and classify (pages)"),
    "flow.progress.open": ("开次日（页）", "open the next day (pages)"),
}


class Closes(Protocol):
    """What closes a day."""

    def go_on(
        self, command_id: UUID, date: str, attempt: int, stage: str, place: int
    ) -> tuple[str, int]:
        """Close a day from a stage and a place on, for some pages of agreements.

        Returns where to go on; "" once the day after is open. Asked for again it acts once.
        """


def day_close(closes: Closes, retry: Retry = PATIENT) -> Definition:
    """Return the flow that closes a business day: once a date, and once more after a refusal.

    A part is some pages of agreements: a small bank is closed in one, a row of the journal a day.
    """

    @flow(DAY_CLOSE, version=1)
    def close(date: str, attempt: int) -> Flow:
        stage, place = "close", 0
        while stage:
            part = call(closes.go_on, date, attempt, stage, place, name=stage, retry=retry)
            stage, place = yield part
        return date

    return close

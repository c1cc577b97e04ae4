"""What waits for a person, over the whole bank; and what was settled."""

from yunjin.chassis.console import (
    Address,
    ask,
    box,
    html,
    page,
    panel,
    quiet,
    switch,
    t,
    title_row,
)
from yunjin.foundation.banking.pages.desk import Desk
from yunjin.foundation.banking.pages.tasks import TASKS_MAX, Tasks, count_words

STATES = ("waiting", "settled")


class WaitingPage:
    """One officer's list of tasks."""

    def __init__(self, desk: Desk) -> None:
        self._desk, self._address = desk, Address()

    async def draw(self) -> None:
        """Lay the page."""
        with title_row(t("banking.tasks"), note=t("banking.waiting_note")):
            pass
        states = {one: t(f"banking.tasks.{one}") for one in STATES}
        chosen = self._address.get("state")
        with box("yj-filter-row"):
            state = chosen if chosen in STATES else STATES[0]
            switch(states, state, self._choose, name=t("banking.state"))
        with box("yj-content") as self._box:
            pass
        await self._show()

    async def _choose(self, state: str) -> None:
        self._address.set(state="" if state == STATES[0] else state)
        await self._show()

    async def _show(self) -> None:
        is_done = self._address.get("state") == "settled"
        found = await ask(self._desk.doors.agreements.waiting, is_done=is_done, limit=TASKS_MAX)
        count = t("banking.tasks_count", count=count_words(len(found), TASKS_MAX))
        self._box.clear()
        with self._box, panel(t(f"banking.tasks.{STATES[is_done]}"), note=count):
            if is_done and not found:
                html(quiet("task_alt", t("banking.no_settled")))
            else:
                Tasks(self._desk, self._show).draw(found)


def register(desk: Desk) -> None:
    """Put the list of tasks on the console; staff find them among all tasks, in the task centre."""

    @page("/waiting", title="banking.tasks", active="banking.days")
    async def waiting() -> None:
        await WaitingPage(desk).draw()

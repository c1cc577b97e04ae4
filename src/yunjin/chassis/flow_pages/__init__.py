"""The staff pages of a room's flows: a list, and a flow with its journal.

A room's wiring makes one FlowPages of its Flows and hands its menu entry, words, search and pages
on. Names of flows, steps and lines of progress are shown by the room's words `flow.name.<name>`,
`flow.step.<name>` and `flow.progress.<name>`, where it has them.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final
from uuid import UUID

from yunjin.chassis.flow_pages.words import WORDS
from yunjin.kernel.errors import NotFound
from yunjin.kernel.room import Hit, MenuEntry

if TYPE_CHECKING:
    from yunjin.chassis.flow import Flows

__all__ = ["FlowPages"]
ICON: Final = "account_tree"


class FlowPages:
    """A room's flows on the console, below a path of their own.

    Parameters
    ----------
    flows, room : the room's flows, and its name.
    key : of the menu's entry and the list's title; `<room>.flows` by default.
    title : that word in Chinese and English.
    path : below the console's root; `/<room>/flows` by default.
    """

    def __init__(
        self,
        flows: "Flows",
        room: str,
        *,
        section: str,
        order: int = 100,
        title: tuple[str, str] = ("流程", "Flows"),
        key: str = "",
        path: str = "",
    ) -> None:
        self.flows, self.key = flows, key or f"{room}.flows"
        self.path = path or f"/{room}/flows"
        self.menu = MenuEntry(section=section, key=self.key, icon=ICON, path=self.path, order=order)
        self.words: Mapping[str, tuple[str, str]] = {**WORDS, self.key: title}

    def register(self) -> None:
        """Put the pages on the console; the room's `pages` calls it when the console is mounted."""
        from yunjin.chassis.flow_pages import fan_outs, flow, flows

        flows.register(self)
        fan_outs.register(self)
        flow.register(self)

    def search(self, query: str) -> list[Hit]:
        """Find a flow by its whole id. Raises: Outage."""
        try:
            found = self.flows.state(UUID(query.strip()))
        except (ValueError, NotFound):
            return []
        path = f"{self.path}/{found.flow_id}"
        return [Hit(kind="search.flow", title=found.name, path=path, note=str(found.flow_id))]

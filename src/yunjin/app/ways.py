"""Doors as they stand at the ways in: HTTP, Flight, the console.

A way finds the door of the tenant that the call is made for, asks whether the caller may do what is
asked, and has what was done or refused noted. Routes and pages are made once, over ways; behind
them, rooms call each other's services straight.
"""

import inspect
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final, Protocol

from yunjin.kernel import caller as callers
from yunjin.kernel.caller import Caller
from yunjin.kernel.errors import Problem

Find = Callable[[type], Any]


class Watch(Protocol):
    """What stands at every way in."""

    def admit(self, caller: Caller, act: "Act", arguments: Mapping[str, Any]) -> None:
        """Let a call pass. Raises: Refusal."""

    def ended(
        self, caller: Caller, act: "Act", arguments: Mapping[str, Any], problem: Problem | None
    ) -> None:
        """Note how a call ended."""


class Act:
    """One thing that a door does: its name as policies and the audit know it.

    name : "<room>.<api>.<method>", as "capability.payments.pay".
    changes : whether it may change something.
    """

    __slots__ = ("changes", "method", "name", "parameters")

    def __init__(self, room: str, api: type, method: str) -> None:
        self.method = method
        self.name = f"{room}.{door_name(api)}.{method}"
        function = getattr(api, method, None)
        names = list(inspect.signature(function).parameters)[1:] if function is not None else []
        self.parameters = tuple(names)
        self.changes = names[:1] == ["command_id"] or self.name in CHANGES

    def bound(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """Return arguments by their names."""
        return {**dict(zip(self.parameters, args, strict=False)), **kwargs}


# What changes something under an id that is not called a command's; a test holds it to all doors.
CHANGES: Final = frozenset(
    f"{door}.{method}"
    for door, methods in {
        "database.database": "backup",
        "database.fleet": "start start_node stop_node restart_node replace_node configure back_up"
        " back_up_due drill",
        "database.hosting": "change rotate use measure backup restore drop",
        "database.doctor": "approve reject",
        "database.topology": "strike",
        "ledger.ledger": "declare_ledgers allot_account_ids open_accounts post_transfers",
        "ledger.import": "import_file",
        "ledger.members": "hand_over",
        "ledger.clearing": "cross resolve adopt",
        "ledger.split": "split give_up",
        "banking.agreements": "post settle",
        "banking.days": "close",
        "banking.general_ledger": "enter finish_waiting",
        "banking.papers_port": "write",
        "banking.flows": "start cancel retry skip",
        "capability.flows": "start cancel retry skip",
    }.items()
    for method in methods.split()
)


@lru_cache
def door_name(api: type) -> str:
    """Return an api's name in names of acts: "GeneralLedgerApi" → "general_ledger"."""
    name = api.__name__.removesuffix("Api")
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")


class Way:
    """A door at the ways in. What it gives is its tenant's; what is no method is handed on."""

    def __init__(self, room: str, api: type, find: Find, watch: Watch) -> None:
        self._room, self._api, self._find, self._watch = room, api, find, watch
        self._acts: dict[str, Callable[..., Any]] = {}

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        known = self._acts.get(name)
        if known is not None:
            return known
        found = getattr(self._find(self._api), name)
        if not inspect.isroutine(found) or name.startswith("_"):
            return found
        act = Act(self._room, self._api, name)

        def asked(*args: Any, **kwargs: Any) -> Any:
            caller, arguments = callers.current(), act.bound(args, kwargs)
            self._watch.admit(caller, act, arguments)
            problem: Problem | None = None
            try:
                return getattr(self._find(self._api), name)(*args, **kwargs)
            except Problem as caught:
                problem = caught
                raise
            finally:
                self._watch.ended(caller, act, arguments, problem)

        self._acts[name] = asked
        return asked

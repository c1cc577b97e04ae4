"""Other cells, reached over Arrow Flight: whichever of their processes writes is found."""

import json
import threading
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from typing import Final, TypeVar

import numpy as np
import pyarrow as pa

from yunjin.chassis.transport.flight_caller import FlightCaller
from yunjin.foundation.ledger.adapters.asking import member_of
from yunjin.foundation.ledger.api import Ledger
from yunjin.foundation.ledger.api.members import Member
from yunjin.foundation.ledger.errors import AccountMoved
from yunjin.kernel.errors import Outage, Problem, Unknown
from yunjin.kernel.shares import Share

T = TypeVar("T")
_LEARN_S: Final = 2


class FlightCell:
    """A cell that other processes serve (CellPort). Safe for threads.

    What a process does not take is brought to the one that it names, else to the next: all that is
    sent acts once, by its ids.

    Parameters
    ----------
    addresses : grpc://HOST:PORT of its processes, of one at least.
    answer_s : how long an answer may take.
    cell : its number, to learn of its other processes; 0: another bank's, which are its own affair.
    """

    def __init__(self, addresses: Iterable[str], answer_s: int, cell: int = 0) -> None:
        self._chosen = tuple(addresses)
        self._known = self._chosen  # in the order in which they are asked
        self._answer_s, self._cell = answer_s, cell
        self._callers: dict[str, FlightCaller] = {}
        self._met: set[str] = set()  # were asked who else serves the cell
        self._lock = threading.Lock()

    @property
    def address(self) -> str:
        """The process that is asked next."""
        return self._known[0]

    def ledgers(self) -> list[Ledger]:
        items = json.loads(self._ask(lambda caller: caller.ask("ledgers", {})))["items"]
        return [Ledger(**item) for item in items]

    def open_accounts(self, accounts: pa.RecordBatch) -> pa.RecordBatch:
        return self._ask(lambda caller: caller.exchange("accounts", accounts))

    def post_transfers(self, transfers: pa.RecordBatch) -> pa.RecordBatch:
        return self._ask(lambda caller: caller.exchange("transfers", transfers))

    def accounts(self, account_ids: list[int]) -> pa.RecordBatch:
        ids = pa.record_batch([pa.array(np.array(account_ids, np.int64))], names=["id"])
        return self._ask(lambda caller: caller.exchange("lookup_accounts", ids))

    def also(self, address: str) -> None:
        """Learn of another process of the cell."""
        with self._lock:
            self._known = tuple(dict.fromkeys([*self._known, address]))

    def share(self) -> tuple[int, Share]:
        """Return the cell that is asked, and what it has of its home."""
        told = json.loads(self._ask(lambda caller: caller.ask("state", {})))
        return told["cell"], Share(told["home"], told["depth"], told["residue"])

    def members(self) -> list[Member]:
        """Return the processes of all cells that this one knows."""
        items = json.loads(self._ask(lambda caller: caller.ask("members", {})))["items"]
        return [member_of(one) for one in items]

    def close(self) -> None:
        """Hang up."""
        with self._lock:
            callers, self._callers = list(self._callers.values()), {}
        for caller in callers:
            caller.close()

    def _ask(self, act: Callable[[FlightCaller], T]) -> T:
        """Ask each process once, until one answers.

        Raises: its Refusal; else the first Unknown, or the first Outage where there was none.
        """
        failed: dict[str, Problem] = {}
        while waiting := [one for one in self._known if one not in failed]:
            address = waiting[0]
            try:
                answer = act(self._caller(address))
            except (Outage, Unknown) as problem:
                if problem.code == AccountMoved.code:  # it answers; the others say the same
                    raise
                failed[address] = problem
                self._turn(address, str(problem.facts.get("flight") or ""))
            else:
                if self._cell and (failed or address not in self._met):
                    self._learn(address, failed)
                return answer
        troubles = list(failed.values())
        raise next((one for one in troubles if isinstance(one, Unknown)), troubles[0])

    def _caller(self, address: str) -> FlightCaller:
        with self._lock:
            if address not in self._callers:
                self._callers[address] = FlightCaller(address, answer_s=self._answer_s)
            return self._callers[address]

    def _turn(self, address: str, told: str) -> None:
        """Ask this one last from now on, and first the one it names."""
        with self._lock:
            others = [one for one in self._known if one != address]
            if told in others or (self._cell and told.startswith("grpc")):
                others.insert(0, told)
            self._known = tuple(dict.fromkeys([*others, address]))

    def _learn(self, address: str, failed: Collection[str]) -> None:
        """Ask a process that answers who else serves its cell; the newest lease is asked first."""
        caller = FlightCaller(address, answer_s=_LEARN_S)
        with suppress(Problem):
            members = json.loads(caller.ask("members", {}))["items"]
            mine = [one for one in members if one["cell"] == self._cell and one["flight"]]
            mine.sort(key=lambda one: -int(one["epoch"]))
            reached = [str(one["flight"]) for one in mine]
            writer = [one for one in reached[:1] if mine[0]["epoch"] and one not in failed]
            with self._lock:
                self._met.add(address)
                self._known = tuple(dict.fromkeys([*writer, address, *reached, *self._chosen]))
        caller.close()

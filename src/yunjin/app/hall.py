"""The tenants that a process serves: each bank is opened when it is first asked for."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from yunjin.app.bootstrap import Bank, open_bank
from yunjin.app.settings import Settings
from yunjin.kernel import tenant as tenants
from yunjin.kernel.clock import Clock, SystemClock
from yunjin.kernel.errors import NotFound

Open = Callable[[Settings], Bank]


class TenantNotServed(NotFound):
    """Nobody of this name is served here."""

    code, title = "kernel/unknown-tenant", "Unknown tenant"


class Hall:
    """Banks by the names of their tenants.

    Parameters
    ----------
    settings : of the installation; each bank has its own `tenant`.
    is_known : whether a name is a tenant's whose bank may be opened. Raises: Refusal (suspended).
    """

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Clock | None = None,
        is_known: Callable[[str], bool],
        open: Callable[..., Bank] = open_bank,
    ) -> None:
        self._settings, self._clock = settings, clock or SystemClock()
        self._is_known, self._open = is_known, open
        self._banks: dict[str, Bank] = {}
        self._turns: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()

    def bank(self, name: str) -> Bank:
        """Return a tenant's bank, opened where it is not yet. Raises: TenantNotServed, Outage."""
        found = self._banks.get(name)
        if found is not None:
            return found
        with self._turn(name):
            found = self._banks.get(name)
            if found is None:
                if not self._is_known(tenants.checked(name)):
                    raise TenantNotServed("There is no such tenant here.")
                settings = self._settings.model_copy(update={"tenant": name})
                with tenants.entered(name):
                    found = self._banks[name] = self._open(settings, clock=self._clock)
        return found

    def find(self, api: type) -> Any:
        """Return the running call's own door."""
        return self.bank(tenants.current()).door(api)

    def names(self) -> list[str]:
        """Return whose banks are open."""
        return sorted(self._banks)

    def let_go(self, name: str) -> None:
        """Close a tenant's bank; it is opened again by the next call that may be served."""
        with self._turn(name):
            bank = self._banks.pop(name, None)
            if bank is not None:
                with tenants.entered(name):
                    bank.close()

    def close(self) -> None:
        """Close all, the last opened first."""
        for name in reversed(list(self._banks)):
            self.let_go(name)

    @contextmanager
    def _turn(self, name: str) -> Iterator[None]:
        with self._lock:
            turn = self._turns.setdefault(name, threading.Lock())
        with turn:
            yield

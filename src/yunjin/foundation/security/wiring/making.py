"""What a part of security is put together with, and what the room has of it then."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from yunjin.foundation.security.wiring.settings import Settings
from yunjin.kernel.clock import Clock
from yunjin.kernel.room import Way


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What every part stands on.

    Parameters
    ----------
    room : the room's tables.
    folder : the tenant's own, for what is kept apart from its tables.
    ports : what is bound for the room's ports, by Protocol: a key service, a directory.
    """

    settings: Settings
    tenant: str
    clock: Clock
    room: Any
    folder: Path
    ports: Mapping[type, Any] = field(default_factory=dict)

    @property
    def key(self) -> bytes:
        """What signs the cursors of pages."""
        return hashlib.sha256(f"security cursors of {self.tenant}".encode()).digest()[:16]


@dataclass(slots=True)
class Making:
    """The room as far as it is put together; each part adds to it, in order.

    Routers and pages are functions of the way to a door: they bring the weight of the web, which
    not all need, and are made once for all tenants.
    """

    ground: Ground
    doors: dict[type, Any] = field(default_factory=dict)
    jobs: list[Any] = field(default_factory=list)  # with `start` and `close`
    routers: list[Callable[[Way], Sequence[Any]]] = field(default_factory=list)
    pages: list[Callable[[Way], None]] = field(default_factory=list)
    search: list[Callable[[Way], Any]] = field(default_factory=list)
    probes: dict[str, Callable[[], str]] = field(default_factory=dict)

"""What a centre is put together with, and what the room has of it then."""

import datetime as dt
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from yunjin.chassis.flow import Flows, FlowWorker, Registry
from yunjin.foundation.banking.api.agreements import AgreementsApi
from yunjin.kernel.clock import Clock
from yunjin.kernel.room import Way
from yunjin.platforms.capability.api.businesses import Business
from yunjin.platforms.capability.api.centres import Centre
from yunjin.platforms.capability.api.channels import ChannelPort
from yunjin.platforms.capability.wiring.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What every centre stands on.

    Parameters
    ----------
    room : the room's tables.
    today : the business date.
    agreements, core : banking's, where there is a bank; core: all its doors, and the ledger's.
    channels : to others.
    centres : all there are, as the catalogue has them.
    businesses : what is assembled of them.
    ports : what is bound for the room's other ports, by Protocol.
    stands_by : whether another process does the bank's work now, and so the centres' flows.
    """

    settings: Settings
    tenant: str
    clock: Clock
    room: Any
    today: Callable[[], dt.date]
    agreements: AgreementsApi | None = None
    core: Mapping[type, Any] = field(default_factory=dict)
    channels: Sequence[ChannelPort] = ()
    centres: Sequence[Centre] = ()
    businesses: Sequence[Business] = ()
    ports: Mapping[type, Any] = field(default_factory=dict)
    stands_by: Callable[[], bool] = lambda: False

    @property
    def key(self) -> bytes:
        """What signs the cursors of pages."""
        return hashlib.sha256(f"capability cursors of {self.tenant}".encode()).digest()[:16]


@dataclass(slots=True)
class Making:
    """The room as far as it is put together; each centre adds to it, in the catalogue's order.

    Routers and pages are functions of the way to a door: they bring the weight of the web, which
    not all need, and are made once for all tenants.
    """

    ground: Ground
    flows: Flows
    doors: dict[type, Any] = field(default_factory=dict)
    definitions: list[Any] = field(default_factory=list)  # of flows
    elsewhere: Any = None  # finds flows that are not written in code
    jobs: list[Any] = field(default_factory=list)  # with `start` and `close`
    acting: list[Any] = field(default_factory=list)  # services that flows ask, for tests
    routers: list[Callable[[Way], Sequence[Any]]] = field(default_factory=list)
    pages: list[Callable[[Way], None]] = field(default_factory=list)
    search: list[Callable[[Way], Any]] = field(default_factory=list)


class CentreFlows:
    """The door by which the room's flows are found for their pages."""


def begun(ground: Ground) -> Making:
    """Return a room that has no centre yet."""
    settings = ground.settings.flows
    flows = Flows(ground.room, Registry(), limits=settings, cursor_key=ground.key)
    return Making(ground, flows)


def worker_of(made: Making, holder: str) -> FlowWorker:
    """Return what works the room's flows."""
    return FlowWorker(made.flows, holder=holder, stands_by=made.ground.stands_by)

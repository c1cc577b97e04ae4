"""The lending centre's door, put together of its parts."""

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from yunjin.chassis.flow import Flows
from yunjin.chassis.persistence import RoomDatabase
from yunjin.foundation.banking.api.agreements import Agreement, AgreementsApi
from yunjin.foundation.banking.api.statements import StatementsApi
from yunjin.platforms.capability.api.limits import LimitsApi
from yunjin.platforms.capability.api.parties import PartiesApi
from yunjin.platforms.capability.api.tasks import TasksApi
from yunjin.platforms.capability.service.lending.book import Book
from yunjin.platforms.capability.service.lending.deciding import Ports
from yunjin.platforms.capability.service.lending.overlaid import Overlaid
from yunjin.platforms.capability.service.lending.repaying import Repaying
from yunjin.platforms.capability.service.lending.shapes import Shapes

Heed = Callable[[Agreement, UUID | None], Any]


class LendingService(Repaying):
    """Lending over a room's tables, its flows, the core and the ports.

    Parameters
    ----------
    core : banking's doors.
    today : the business date.
    """

    def __init__(
        self,
        room: RoomDatabase,
        flows: Flows,
        agreements: AgreementsApi,
        *,
        core: Mapping[type, Any],
        parties: PartiesApi,
        limits: LimitsApi,
        tasks: TasksApi,
        ports: Ports,
        overlaid: Overlaid,
        today: Callable[[], dt.date],
        cursor_key: bytes,
    ) -> None:
        self.book, self.shapes = Book(room), Shapes(core)
        super().__init__(
            self.book,
            flows,
            parties=parties,
            shapes=self.shapes,
            overlaid=overlaid,
            today=today,
            cursor_key=cursor_key,
        )
        self._agreements, self._limits, self._tasks = agreements, limits, tasks
        self._ports = ports
        self._statements: StatementsApi | None = core.get(StatementsApi)
        self._heeds: Heed | None = None

    def heed(self, look: Heed) -> None:
        """Let somebody look at each loan that money has come in for."""
        self._heeds = look

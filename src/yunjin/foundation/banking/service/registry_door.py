"""RegistryApi: products registered, and the first agreements brought over to them."""

import datetime as dt
from collections.abc import Sequence
from uuid import UUID

from yunjin.foundation.banking.api.registry import ProductVersion, Template, TermsChange
from yunjin.foundation.banking.service.agreements import AgreementService
from yunjin.foundation.banking.service.days import DayService
from yunjin.foundation.banking.service.registry import Registry
from yunjin.kernel.errors import Malformed
from yunjin.kernel.ids import uuid7_of


class RegistryDoor:
    """Products as the bank sells them."""

    def __init__(self, registry: Registry, agreements: AgreementService, days: DayService) -> None:
        self._registry, self._agreements, self._days = registry, agreements, days

    def register(
        self,
        command_id: UUID,
        source: str,
        *,
        agreements: Sequence[int] | None = None,
        note: str = "",
    ) -> ProductVersion:
        for each in agreements or ():
            self._agreements.agreement(each)
        made = self._registry.register(command_id, source, agreements, note)
        if agreements:
            following = uuid7_of(command_id.int >> 80, (command_id.int + 1) & (2**74 - 1))
            self._agreements.convert(following, agreements, made.version)
        return made

    def release(self, command_id: UUID, code: str, version: int) -> ProductVersion:
        return self._registry.release(command_id, code, version)

    def set_terms(self, command_id: UUID, change: TermsChange) -> None:
        today = self._days.business_date()
        if change.since < today and not self._registry.has_change(command_id):
            raise Malformed(f"expected a day from {today} on, was {change.since}")
        self._registry.keep_change(command_id, change)
        self._days.bring_terms()

    def templates(self, code: str = "") -> list[Template]:
        today = (self._days.business_date() - dt.date(1970, 1, 1)).days
        return self._registry.templates(code, today)

    def terms(self, code: str = "") -> list[TermsChange]:
        return self._registry.terms(code)

    def versions(self, code: str = "") -> list[ProductVersion]:
        return self._registry.versions(code)

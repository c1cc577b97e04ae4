"""The steps that overlays put into the flow of an application."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from yunjin.chassis.flow import Flow, call
from yunjin.platforms.capability.api.businesses import Act, Case, Centres
from yunjin.platforms.capability.api.lending import LENDING, LendingApi
from yunjin.platforms.capability.api.overlays import OverlaysApi


class LendingPoints:
    """Runs what stands at a point for an application: before, instead and after are one row.

    Parameters
    ----------
    steps : those that are registered, by name.
    """

    def __init__(
        self,
        lending: LendingApi,
        overlays: OverlaysApi | None,
        steps: Mapping[str, Act],
        centres: Centres,
    ) -> None:
        self._lending, self._overlays = lending, overlays
        self._steps, self._centres = steps, centres

    def run(self, point: str, application_id: str) -> Flow:
        """Do the steps of a point; nothing where none stands there."""
        if self._overlays is None:
            return
        found = yield call(self._laid, point, application_id, name="laid")
        case = Case(case_id=UUID(application_id), centres=self._centres, laid={}, **found["case"])
        for name in found["steps"]:
            yield from self._steps[name](self._centres, case)

    def _laid(self, _: UUID, point: str, application_id: str) -> dict[str, Any]:
        asked = self._lending.application(UUID(application_id)).asked
        steps: list[str] = []
        if self._overlays is not None:
            name = f"{LENDING.code}/{point}"
            [laid] = self._overlays.at([name], asked.business, asked.scenario)
            steps = [*laid.before, *([laid.instead] if laid.instead else []), *laid.after]
        return {
            "steps": steps,
            "case": {
                "business": asked.business,
                "deed": point,
                "scenario": asked.scenario,
                "party_id": asked.party_id,
                "values": dict(asked.values),
                "steps": {},
            },
        }

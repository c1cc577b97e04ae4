"""Businesses: their cases are started here, and kept as their flows go on."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

import msgspec

from yunjin.chassis.flow import Flows
from yunjin.chassis.persistence import RoomDatabase, SqlUnitOfWork, instant_us
from yunjin.kernel.page import LIMIT_MAX, Page
from yunjin.platforms.capability.api.businesses import (
    Business,
    BusinessEntry,
    CaseFacts,
    CaseState,
    Centres,
    Deed,
    DeedForm,
)
from yunjin.platforms.capability.api.overlays import OverlaysApi
from yunjin.platforms.capability.api.parties import PartiesApi
from yunjin.platforms.capability.api.tasks import FieldValue
from yunjin.platforms.capability.domain.overlays import form_with
from yunjin.platforms.capability.domain.tasks import checked
from yunjin.platforms.capability.errors.businesses import BusinessNotFound, CaseNotFound
from yunjin.platforms.capability.events.businesses import CaseEnded, CaseStarted
from yunjin.platforms.capability.service.paging import page_of, position
from yunjin.platforms.capability.service.values import check_code
from yunjin.platforms.capability.store import businesses as store


class BusinessService:
    """The businesses there are, and their cases.

    Parameters
    ----------
    lines : that each business's module adds, by code.
    flow_of : the name of the flow of a business's deed.
    doors : what businesses are prepared over.
    """

    def __init__(
        self,
        room: RoomDatabase,
        flows: Flows,
        businesses: Sequence[Business],
        *,
        overlays: OverlaysApi,
        parties: PartiesApi,
        lines: Mapping[str, int],
        flow_of: Callable[[str, str], str],
        doors: Centres,
        cursor_key: bytes,
    ) -> None:
        self._room, self._flows, self._flow_of = room, flows, flow_of
        self._all = {one.code: one for one in businesses}
        self._overlays, self._parties = overlays, parties
        self._lines, self._key, self._doors = lines, cursor_key, doors
        self._prepared: set[str] = set()

    # the door -----------------------------------------------------------------------------------

    def start(
        self,
        command_id: UUID,
        business: str,
        deed: str,
        values: Sequence[FieldValue],
        *,
        scenario: str = "",
        party_id: str = "",
    ) -> CaseFacts:
        """Start a case. Raises: as BusinessesApi says."""
        of, act = self._deed(business, deed, scenario)
        check_code("party", party_id, least=1 if act.of_party else 0, most=64)
        given = [[one.name, one.value] for one in values]
        request = ["business.start", business, deed, given, scenario, party_id]

        if party_id:
            self._parties.party(party_id)
        facts = self._facts(of, act, values, scenario, party_id)
        self._prepare(of)

        def body(work: SqlUnitOfWork) -> dict[str, Any]:
            self._begin(work, command_id, of, act, facts)
            return {"case_id": command_id}

        self._room.command(command_id, request, body)
        self._flows.bell.set()
        return self.case(command_id)

    def businesses(self) -> list[BusinessEntry]:
        """Return the businesses there are."""
        return [
            BusinessEntry(
                code=one.code,
                words=one.words,
                purpose=one.purpose,
                uses=one.uses,
                deeds=tuple(each.code for each in one.deeds),
                scenarios=one.scenarios,
                lines=self._lines.get(one.code, 0),
            )
            for one in self._all.values()
        ]

    def form(self, business: str, deed: str, scenario: str = "") -> DeedForm:
        """Return what is filled in to start a case. Raises: BusinessNotFound."""
        of, act = self._deed(business, deed, scenario)
        [at] = self._overlays.at([f"{of.code}/{act.code}.form"], of.code, scenario)
        form = form_with(act.form, at.fields)
        return DeedForm(code=act.code, words=act.words, form=form, of_party=act.of_party)

    def case(self, case_id: UUID) -> CaseFacts:
        """Return a case. Raises: CaseNotFound."""
        found = self._room.read(lambda connection: store.one(connection, case_id))
        if found is None:
            raise CaseNotFound("There is no case of this id.", case_id=str(case_id))
        return found

    def cases(
        self,
        *,
        business: str = "",
        party_id: str = "",
        state: CaseState | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[CaseFacts]:
        """Return cases, newest first. Raises: Malformed (cursor)."""
        before, limit = position(cursor, self._key), min(limit, LIMIT_MAX)
        found = self._room.read(
            lambda connection: store.some(
                connection,
                business=business,
                party_id=party_id,
                state=state,
                before=before,
                limit=limit + 1,
            )
        )
        return page_of(found, limit, self._key, lambda one: one.case_id)

    # what a case's flow keeps -------------------------------------------------------------------

    def began(self, work: SqlUnitOfWork, case_id: str) -> str:
        """Nothing: it is there to be undone."""
        return case_id

    def undone(self, work: SqlUnitOfWork, answer: str, case_id: str) -> None:
        """Keep that what a case did is undone."""
        self._end(work, case_id, CaseState.REFUSED, reason="cancelled")

    def refused(self, work: SqlUnitOfWork, case_id: str, reason: str, detail: str) -> None:
        """Keep why a case is refused."""
        self._end(work, case_id, CaseState.REFUSED, reason=reason, detail=detail)

    def done(self, work: SqlUnitOfWork, case_id: str, outcome: Any) -> None:
        """Keep what a case came to."""
        self._end(work, case_id, CaseState.DONE, outcome=outcome)

    def _end(self, work: SqlUnitOfWork, case_id: str, state: CaseState, **more: Any) -> None:
        one, at_us = UUID(case_id), instant_us(self._room.clock.now_ns())
        if not store.end(work.connection, one, state, at_us=at_us, **more):
            return
        facts = store.one(work.connection, one)
        if facts is not None:
            work.outbox.add(
                CaseEnded(
                    case_id=case_id,
                    business=facts.business,
                    deed=facts.deed,
                    state=state.value,
                    reason=facts.reason,
                )
            )

    def _prepare(self, of: Business) -> None:
        """Put what a business's cases need; under ids that stay the same, so once for all."""
        if of.code in self._prepared:
            return

        def new_id(what: str) -> UUID:
            return uuid5(NAMESPACE_OID, f"business {of.code} {of.version} {what}")

        if of.prepare is not None:
            of.prepare(self._doors, new_id)
        self._prepared.add(of.code)

    def _facts(
        self,
        of: Business,
        deed: Deed,
        values: Sequence[FieldValue],
        scenario: str,
        party_id: str,
    ) -> dict[str, Any]:
        """Return what a case's flow is given: it keeps the overlays it began with."""
        points = [f"{of.code}/{one.name}" for one in of.points]
        laid = {one.point.point.name: one for one in self._overlays.at(points, of.code, scenario)}
        form = form_with(deed.form, laid[f"{deed.code}.form"].fields)
        return {
            "values": checked(form, values),
            "laid": {name: _kept(one) for name, one in laid.items()},
            "scenario": scenario,
            "party_id": party_id,
        }

    def _begin(
        self, work: SqlUnitOfWork, case_id: UUID, of: Business, deed: Deed, facts: dict[str, Any]
    ) -> None:
        now_us = instant_us(self._room.clock.now_ns())
        row = {
            "case_id": case_id,
            "business": of.code,
            "deed": deed.code,
            "scenario": facts["scenario"],
            "party_id": facts["party_id"],
            "given": facts["values"],
            "laid": facts["laid"],
            "state": CaseState.RUNNING.value,
            "reason": "",
            "detail": "",
            "outcome": {},
            "at_us": now_us,
            "changed_us": now_us,
        }
        store.put(work.connection, row)
        name = self._flow_of(of.code, deed.code)
        self._flows.start(case_id, name, str(case_id), facts, work=work)
        work.outbox.add(
            CaseStarted(
                case_id=str(case_id),
                business=of.code,
                deed=deed.code,
                scenario=facts["scenario"],
                party_id=facts["party_id"],
            )
        )

    def _deed(self, business: str, deed: str, scenario: str) -> tuple[Business, Deed]:
        of = self._all.get(business)
        if of is None:
            raise BusinessNotFound("There is no such business.", business=business[:40])
        if scenario and scenario not in {one.code for one in of.scenarios}:
            raise BusinessNotFound("The business has no such scenario.", scenario=scenario[:40])
        found = next((one for one in of.deeds if one.code == deed), None)
        if found is None:
            raise BusinessNotFound("The business does no such deed.", deed=deed[:40])
        return of, found


def _kept(laid: Any) -> dict[str, Any]:
    """Return what a case keeps of what stood at a point: values, and the overlays they are of."""
    plain: dict[str, Any] = msgspec.to_builtins(laid)
    kept = {name: plain[name] for name in ("value", "before", "instead", "after")}
    applied = [one.overlay.name for one in laid.layers if one.verdict.value == "applies"]
    return {**kept, "overlays": applied}

"""The centre of offers: drafted, opened, suspended, closed; asked for a party."""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from yunjin.chassis.persistence import RoomDatabase, SqlUnitOfWork
from yunjin.kernel.clock import instant
from yunjin.kernel.errors import Malformed
from yunjin.kernel.page import LIMIT_MAX, Page, seal, unseal
from yunjin.platforms.capability.api.offers import (
    Circumstances,
    Deal,
    NewOffer,
    Offer,
    Offering,
    OfferState,
    Term,
)
from yunjin.platforms.capability.api.parties import PartiesApi
from yunjin.platforms.capability.domain.offers import (
    agreed,
    check_offer,
    moved,
    reasons_of,
    refused,
)
from yunjin.platforms.capability.errors.offers import NotOffered, OfferNotFound
from yunjin.platforms.capability.events.offers import OfferChanged
from yunjin.platforms.capability.service.shelf import Shelf
from yunjin.platforms.capability.service.values import ahead, check_code, check_text, is_code
from yunjin.platforms.capability.store import offers as store

_SOLD = (OfferState.OPEN, OfferState.SUSPENDED)


class OfferService:
    """Offers over a room's tables, the bank's products and the parties."""

    def __init__(
        self,
        room: RoomDatabase,
        shelf: Shelf,
        parties: PartiesApi,
        *,
        today: Callable[[], dt.date],
        cursor_key: bytes,
    ) -> None:
        self._room, self._shelf, self._parties = room, shelf, parties
        self._today, self._key = today, cursor_key

    def draft(self, command_id: UUID, offer: NewOffer, *, by: str = "") -> Offer:
        """Draft the next version of an offer. Raises: as OffersApi says."""
        check_code("code of an offer", offer.code, least=1, most=40)
        check_code("product", offer.product, least=1, most=64)
        for text, most, least in ((offer.zh, 100, 1), (offer.en, 100, 1), (offer.note, 200, 0)):
            check_text("text", text, least=least, most=most)
        check_text("name of a person", by, most=64)

        parameters = ahead(lambda: self._shelf.parameters(offer.product, offer.product_version))

        def body(work: SqlUnitOfWork) -> dict[str, Any]:
            check_offer(offer, parameters())
            known = store.locked(work.connection, offer.code)
            facts = {name: getattr(offer, name) for name in NewOffer.__slots__}
            made = Offer(
                **facts,
                version=known[0].version + 1 if known else 1,
                state=OfferState.DRAFT,
                at=instant(self._room.clock.now_ns()),
                by=by,
                why="",
            )
            store.put(work.connection, made)
            _tell(work, made)
            return {"version": made.version}

        said = self._room.command(command_id, ["offer.draft", repr(offer), by], body)
        return self.offer(offer.code, said["version"])

    def open(self, command_id: UUID, code: str, version: int, *, by: str = "") -> Offer:
        """Sell a version. Raises: as OffersApi says."""
        return self._move(command_id, "open", code, version, OfferState.OPEN, "", by)

    def suspend(
        self, command_id: UUID, code: str, version: int, why: str, *, by: str = ""
    ) -> Offer:
        """Sell a version no more until it is resumed. Raises: as OffersApi says."""
        return self._move(command_id, "suspend", code, version, OfferState.SUSPENDED, why, by)

    def resume(self, command_id: UUID, code: str, version: int, *, by: str = "") -> Offer:
        """Sell a suspended version again. Raises: as OffersApi says."""
        return self._move(command_id, "resume", code, version, OfferState.OPEN, "", by)

    def close(self, command_id: UUID, code: str, version: int, why: str, *, by: str = "") -> Offer:
        """End a version. Raises: as OffersApi says."""
        return self._move(command_id, "close", code, version, OfferState.CLOSED, why, by)

    def _move(
        self,
        command_id: UUID,
        act: str,
        code: str,
        version: int,
        to: OfferState,
        why: str,
        by: str,
    ) -> Offer:
        check_text("reason", why, most=200)
        check_text("name of a person", by, most=64)
        if not is_code(code, 40):
            raise _not_found(code, version)

        def body(work: SqlUnitOfWork) -> dict[str, Any]:
            known = store.locked(work.connection, code)
            found = next((one for one in known if one.version == version), None)
            if found is None:
                raise _not_found(code, version)
            wanted = {"open": OfferState.DRAFT, "resume": OfferState.SUSPENDED}.get(act)
            if wanted is not None and found.state is not wanted:
                raise refused(f"expected a version that is {wanted}", found.state.value)
            moved(found, to, self._today(), lambda why: refused(f"The version is {why}.", why))
            for one in known:
                if to is OfferState.OPEN and one.version != version and one.state in _SOLD:
                    self._put(work, one, OfferState.CLOSED, f"version {version}", by)
            self._put(work, found, to, why, by)
            return {"version": version}

        self._room.command(command_id, [f"offer.{act}", code, version, why, by], body)
        return self.offer(code, version)

    def _put(self, work: SqlUnitOfWork, one: Offer, to: OfferState, why: str, by: str) -> None:
        now = instant(self._room.clock.now_ns())
        after = replace(one, state=to, at=now, by=by, why=why)
        store.keep(work.connection, after)
        _tell(work, after)

    def offer(self, code: str, version: int = 0) -> Offer:
        """Return a version; 0: the one that is sold. Raises: OfferNotFound."""
        if not is_code(code, 40):
            raise _not_found(code, version)
        found = self._room.read(lambda connection: store.one(connection, code, version))
        if found is None:
            raise _not_found(code, version)
        return found

    def offers(
        self,
        *,
        state: OfferState | None = None,
        product: str = "",
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Offer]:
        """Return versions of offers. Raises: Malformed (cursor)."""
        limit = max(1, min(limit, LIMIT_MAX))
        after = self._position(cursor)
        check_code("product", product, most=64)
        states = [state] if state else []
        found = self._room.read(
            lambda connection: store.some(
                connection, states=states, product=product, after=after, limit=limit + 1
            )
        )
        if len(found) <= limit:
            return Page(tuple(found))
        last = found[limit - 1]
        return Page(tuple(found[:limit]), seal([last.code, last.version], self._key))

    def _position(self, cursor: str | None) -> store.Position | None:
        if cursor is None:
            return None
        match unseal(cursor, self._key):
            case [str(code), int(version)]:
                return code, version
        raise Malformed("expected a cursor of this list, was another list's")

    def offers_for(
        self,
        party_id: str,
        at: dt.date | None = None,
        *,
        circumstances: Circumstances | None = None,
    ) -> list[Offering]:
        """Return what is sold, and whether a party may have it. Raises: PartyNotFound."""
        party, day = self._parties.party(party_id), at or self._today()
        occasion = circumstances or Circumstances()
        sold = self._room.read(
            lambda connection: store.some(
                connection, states=_SOLD, product="", after=None, limit=10_000
            )
        )
        found = []
        for one in sold:
            reasons = reasons_of(one, party, day, occasion)
            found.append(Offering(offer=one, is_offered=not reasons, reasons=reasons))
        return sorted(found, key=lambda one: not one.is_offered)

    def deal(
        self,
        code: str,
        party_id: str,
        terms: Sequence[Term] = (),
        *,
        version: int = 0,
        circumstances: Circumstances | None = None,
    ) -> Deal:
        """Return what an offer comes to for a party. Raises: as OffersApi says."""
        offer = self.offer(code, version)
        party = self._parties.party(party_id)
        reasons = reasons_of(offer, party, self._today(), circumstances or Circumstances())
        if reasons:
            names = ", ".join(one.rule for one in reasons)
            what = f"The offer is not for this party now: {names}."
            raise NotOffered(what, offer=code, why=[one.rule for one in reasons])
        product_version = self._shelf.version(offer.product, offer.product_version)
        parameters = self._shelf.parameters(offer.product, product_version)
        return Deal(
            offer=offer.code,
            version=offer.version,
            product=offer.product,
            product_version=product_version,
            terms=agreed(offer, terms, parameters),
        )


def _tell(work: SqlUnitOfWork, one: Offer) -> None:
    work.outbox.add(
        OfferChanged(
            code=one.code,
            version=one.version,
            product=one.product,
            state=one.state.value,
            why=one.why,
        )
    )


def _not_found(code: str, version: int) -> OfferNotFound:
    what = "There is no such offer, or no version of it is sold."
    return OfferNotFound(what, code=code[:40], version=version)

"""What can be asked of cases of collection."""

from uuid import UUID

from yunjin.chassis.persistence import RoomDatabase
from yunjin.kernel.page import LIMIT_MAX, Page
from yunjin.platforms.capability.api.collection import Case, Promise, Stage
from yunjin.platforms.capability.api.lending import LendingEntry
from yunjin.platforms.capability.errors.lending import CollectionNotFound
from yunjin.platforms.capability.service.paging import page_of, position
from yunjin.platforms.capability.store import collection as store
from yunjin.platforms.capability.store import lending


class CaseLists:
    """A part of `CollectionService`."""

    def __init__(self, room: RoomDatabase, *, cursor_key: bytes) -> None:
        self._room, self._key = room, cursor_key

    def case(self, case_id: UUID) -> Case:
        """Return a case. Raises: CollectionNotFound."""
        one = self._room.read(lambda connection: store.one(connection, case_id))
        if one is None:
            raise nothing(case_id)
        return one

    def cases(
        self,
        *,
        stage: Stage | None = None,
        party_id: str = "",
        agreement_id: int = 0,
        is_closed: bool = False,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Case]:
        """Return cases, newest first. Raises: Malformed (cursor)."""
        before, limit = position(cursor, self._key), min(limit, LIMIT_MAX)
        found = self._room.read(
            lambda connection: store.some(
                connection,
                stage=stage,
                party_id=party_id,
                agreement_id=agreement_id,
                is_closed=is_closed,
                before=before,
                limit=limit + 1,
            )
        )
        return page_of(found, limit, self._key, lambda one: one.case_id)

    def promises(self, case_id: UUID) -> list[Promise]:
        """Return the promises of a case. Raises: CollectionNotFound."""
        self.case(case_id)
        return self._room.read(lambda connection: store.promises_of(connection, case_id))

    def timeline(self, case_id: UUID) -> list[LendingEntry]:
        """Return what was done about a case. Raises: CollectionNotFound."""
        self.case(case_id)
        return self._room.read(lambda connection: lending.notes(connection, case_id))

    def counts(self) -> dict[str, int]:
        """Return how many open cases there are in each stage."""
        return self._room.read(store.counts)

    def found_promise(self, promise_id: UUID) -> Promise:
        """Return a promise. Raises: CollectionNotFound."""
        found = self._room.read(lambda connection: store.promise(connection, promise_id))
        if found is None:
            raise nothing(promise_id)
        return found


def nothing(case_id: UUID) -> CollectionNotFound:
    """Return the refusal of a case or a promise that is not there."""
    return CollectionNotFound("There is no such case or promise.", case_id=str(case_id))

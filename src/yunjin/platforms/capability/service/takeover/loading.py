"""Bringing a cell over: customers, then agreements in parts, each under an id of its own.

Whatever stops it, the same ids are made again from the same parts, and nothing is there twice.
"""

from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final
from uuid import UUID

import pyarrow as pa

from yunjin.chassis.persistence import SqlUnitOfWork
from yunjin.kernel import tenant as context
from yunjin.platforms.capability.api.party_facts import (
    PARTIES_MAX,
    ContactKind,
    DocumentType,
    NewContact,
    NewDocument,
    NewParty,
    Opening,
    PartyKind,
    Role,
)
from yunjin.platforms.capability.api.takeover import CellLine, CellState
from yunjin.platforms.capability.service.takeover.packed import (
    command_of,
    customer_command,
    party_ids,
)
from yunjin.platforms.capability.service.takeover.places import Places, check_state
from yunjin.platforms.capability.store import takeover as store
from yunjin.platforms.capability.store.limits import days_of

_OWN: Final = ("key", "customer")  # columns of a part that are not the bank's


class Loading:
    """Brings cells over."""

    def __init__(self, places: Places) -> None:
        self._places = places

    def load(self, command_id: UUID, run_id: UUID, cell: str, by: str) -> CellLine:
        """See TakeoverApi.load."""
        return self._over(command_id, run_id, cell, by, CellState.FROZEN)

    def forward(self, command_id: UUID, run_id: UUID, cell: str, by: str) -> CellLine:
        """See TakeoverApi.forward."""
        return self._over(command_id, run_id, cell, by, CellState.FALLEN_BACK)

    def _over(self, command_id: UUID, run_id: UUID, cell: str, by: str, of: CellState) -> CellLine:
        places, request = self._places, ["load", of.value]
        line = places.cell(run_id, cell)
        if places.is_done(command_id, request, line):
            return line
        check_state(line, of)
        source, number = places.plan(run_id).name, line.loads + 1
        for part, _, _ in places.parts(run_id, cell, "people"):
            self._people(source, places.part(run_id, cell, "people", part))
        self._agreements(line, source, number)
        today = days_of(places.today())

        def more(work: SqlUnitOfWork) -> dict[str, Any]:
            store.drop_parts(work.connection, run_id, cell, "people")  # the party centre has them
            return {"loads": number, "loaded_on": today, "proof": None}

        return places.command(command_id, request, line, CellState.LOADED, by, of=(of,), more=more)

    def _people(self, source: str, batch: pa.RecordBatch) -> None:
        """Open the parties of customers; those that are there stay as they are."""
        parties = self._places.doors.parties
        for start in range(0, batch.num_rows, PARTIES_MAX):
            some = batch.slice(start, PARTIES_MAX)
            known = parties.resolve(party_ids(source, some["key"]).to_pylist())
            fresh = [row for row, there in zip(some.to_pylist(), known, strict=True) if not there]
            made = [Opening(customer_command(source, row["key"]), _party(row)) for row in fresh]
            if made:
                parties.open_all(made[0].command_id, made, by=source)

    def _agreements(self, line: CellLine, source: str, number: int) -> None:
        """Bring over what did not come over in this load; the next part is read meanwhile."""
        places, run_id, cell = self._places, line.run_id, line.cell
        came = places.room.read(lambda connection: store.loads_of(connection, run_id, cell, number))
        there = {row.part for row in came}
        todo = [
            (part, facts)
            for part, _, facts in places.parts(run_id, cell, "agreements")
            if part not in there
        ]
        with ThreadPoolExecutor(1, "takeover-reading") as ahead:
            tenant = context.current()

            def read(part: int) -> pa.RecordBatch:
                with context.entered(tenant):
                    return self._batch(line, source, part, number)

            reading: list[Any] = [ahead.submit(read, part) for part, _ in todo[:1]]
            for place, (part, facts) in enumerate(todo):
                batch = reading[place].result()
                reading += [ahead.submit(read, one) for one, _ in todo[place + 1 : place + 2]]
                reading[place] = None  # as much memory as two parts, however many there are
                if batch.num_rows:
                    self._bring(line, facts["product"], part, number, batch)

    def _bring(
        self, line: CellLine, product: str, part: int, number: int, batch: pa.RecordBatch
    ) -> None:
        command = command_of("takeover", line.run_id, line.cell, part, number)
        brought = self._places.doors.bringing.bring(command, product, batch)
        row = {
            "first_id": brought.first,
            "run_id": line.run_id,
            "cell": line.cell,
            "part": part,
            "load": number,
            "step": brought.step,
            "row_count": brought.count,
            "wave": brought.wave,
        }

        def kept(work: SqlUnitOfWork) -> None:
            there = store.loads_of(work.connection, line.run_id, line.cell, number)
            if all(one.part != part for one in there):
                store.put_load(work.connection, row)

        self._places.room.run(kept)

    def _batch(self, line: CellLine, source: str, part: int, number: int) -> pa.RecordBatch:
        """Return a part as the bank takes it: as it was delivered, or as it was given back."""
        staged = self._places.part(line.run_id, line.cell, "agreements", part)
        people = party_ids(source, staged["customer"])
        if number > 1:
            return self._given_back(line, part, number, staged, people)
        names = [name for name in staged.schema.names if name not in _OWN]
        arrays = [people, *(staged[name] for name in names)]
        return pa.RecordBatch.from_arrays(arrays, names=["party_id", *names])

    def _given_back(
        self, line: CellLine, part: int, number: int, staged: pa.RecordBatch, people: pa.Array
    ) -> pa.RecordBatch:
        back = self._places.piece(line.run_id, line.cell, "back", part, number - 1)
        at = back["place"]
        names = [name for name in back.schema.names if name != "place"]
        arrays = [people.take(at), staged["note"].take(at), *(back[name] for name in names)]
        return pa.RecordBatch.from_arrays(arrays, names=["party_id", "note", *names])


def _party(row: dict[str, Any]) -> NewParty:
    number, phone = row["document"], row["phone"]
    return NewParty(
        kind=PartyKind(row["kind"]),
        name=row["name"].strip(),
        born=row["born"],
        documents=(
            (NewDocument(type=DocumentType(row["document_type"]), number=number),) if number else ()
        ),
        contacts=(NewContact(kind=ContactKind.PHONE, value=phone),) if phone else (),
        roles=(Role.CUSTOMER,),
    )

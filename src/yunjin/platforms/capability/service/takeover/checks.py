"""Checking a delivery, and keeping what it comes to, so that the files are not needed again."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, Final
from uuid import UUID

import pyarrow as pa

from yunjin.chassis.persistence import SqlUnitOfWork
from yunjin.kernel.clock import instant
from yunjin.kernel.errors import NotFound
from yunjin.platforms.capability.api.takeover import CellLine, CellState, Run, RunState
from yunjin.platforms.capability.domain.takeover.checking import check
from yunjin.platforms.capability.domain.takeover.controls import check_controls
from yunjin.platforms.capability.domain.takeover.finding import Findings
from yunjin.platforms.capability.domain.takeover.joined import Bounds, Joined, Ours
from yunjin.platforms.capability.domain.takeover.mapping import Mapping, refused
from yunjin.platforms.capability.domain.takeover.preparing import Part, parts, people
from yunjin.platforms.capability.errors.takeover import TakeoverNotFound
from yunjin.platforms.capability.events.takeover import TakeoverChecked
from yunjin.platforms.capability.service.takeover.delivery import Deliveries
from yunjin.platforms.capability.service.takeover.packed import packed, party_ranks
from yunjin.platforms.capability.service.takeover.places import BY_MAX, Places
from yunjin.platforms.capability.service.values import check_text
from yunjin.platforms.capability.store import takeover as store

FOUND_ROWS: Final = 5_000  # findings kept together
BYTES_A_STEP: Final = 3 << 20  # of a transaction
PPM: Final = 1_000_000


class Checks:
    """Reads deliveries, checks them, stages what is good."""

    def __init__(self, places: Places, deliveries: Deliveries) -> None:
        self._places, self._deliveries = places, deliveries

    def check(self, command_id: UUID, source: str, by: str) -> Run:
        """See TakeoverApi.check."""
        check_text("name of who does it", by, most=BY_MAX)
        places = self._places
        first = places.room.read(lambda connection: store.run(connection, command_id))
        if first is None:
            self._staged(command_id, source, by)
        elif first.source != source:
            places.room.command(command_id, ["check", source], lambda _: True)  # it conflicts
        found = places.room.read(lambda connection: store.run(connection, command_id))
        if found is None:
            raise TakeoverNotFound("There is no such run.", run_id=str(command_id))
        return found

    def _staged(self, run_id: UUID, source: str, by: str) -> None:
        places = self._places
        text, mapping = self._deliveries.mapping(source)
        ours = self._ours(mapping)
        sheets = self._deliveries.sheets(source, mapping)
        controls = sheets.pop("controls", None)
        found = Findings(mapping.policy)
        joined = check(mapping, sheets, ours, found)
        if controls is not None:
            check_controls(controls, sheets, joined, found)
        lost = int((~joined.good & ~joined.over).sum())
        too_many = lost * PPM > mapping.policy.refused_max_ppm * max(len(joined.agreements), 1)
        is_refused = bool(found.whole) or too_many
        places.room.run(lambda work: store.drop(work.connection, run_id))
        cells = {} if is_refused else self._keep_parts(run_id, joined, mapping)
        self._keep_found(run_id, found)
        run = Run(
            run_id=run_id,
            source=source,
            name=mapping.name,
            state=RunState.REFUSED if is_refused else RunState.CHECKED,
            as_of=mapping.as_of,
            customers=len(sheets["customers"]) if "customers" in sheets else 0,
            agreements=sum(cells.values()),
            movements=len(sheets["history"]) if "history" in sheets else 0,
            lines=sum(len(one) + len(one.broken) for one in sheets.values()),
            refused=lost,
            findings={kind.value: count for kind, count in sorted(found.counts.items())},
            at=instant(places.room.clock.now_ns()),
            by=by,
        )
        self._keep_run(run, text, cells)

    def _ours(self, mapping: Mapping) -> Ours:
        products: dict[str, tuple[str, Bounds]] = {}
        for code, one in mapping.products.items():
            with _named(code):
                ours = self._places.doors.bringing.declared(one.product)
            for part, names, known in (
                ("terms", one.terms, ours.terms),
                ("balances", one.balances, ours.accounts),
                ("accruals", one.accruals, ours.accruals),
                ("fields", one.fields, ours.fields),
                ("dates", one.dates, ours.dates),
                ("due", one.due, ours.events),
            ):
                for name in names:
                    if name not in known:
                        where = f"products.{code}.{part}.{name}"
                        raise refused(where, f"expected one of {', '.join(known)}")
            products[one.product] = (ours.currency, ours.terms)
        return Ours(products, self._taken(mapping.name))

    def _taken(self, name: str) -> pa.Array:
        """Return the keys of a source's agreements that other runs brought over, and kept."""
        places, found = self._places, [pa.array([], pa.string())]
        for run_id in places.room.read(lambda connection: store.runs_named(connection, name)):
            rows = places.room.read(partial(_loads, run_id=run_id))
            found += [
                places.part(run_id, row.cell, "agreements", row.part)["key"]
                for row in rows
                if row.back is None
            ]
        return pa.concat_arrays(found)

    def _keep_parts(self, run_id: UUID, joined: Joined, mapping: Mapping) -> dict[str, int]:
        """Keep what is to be brought over; return how many agreements each cell has."""
        counts: dict[str, int] = {}
        ranks = partial(party_ranks, mapping.name)
        rows: list[tuple[Any, ...]] = []
        for number, crowd in enumerate(people(joined, mapping, ranks)):
            body = packed(crowd.customers)
            rows.append((crowd.cell, "people", (number, 0), crowd.customers.num_rows, {}, body))
            rows = self._flush(run_id, rows)
        for number, part in enumerate(parts(joined, mapping, ranks)):
            counts[part.cell] = counts.get(part.cell, 0) + part.agreements.num_rows
            for row in _rows_of(number, part):
                rows = self._flush(run_id, [*rows, row])
        self._flush(run_id, rows, is_last=True)
        return counts

    def _flush(
        self, run_id: UUID, rows: list[tuple[Any, ...]], *, is_last: bool = False
    ) -> list[tuple[Any, ...]]:
        """Keep what has come together, once it is enough for a transaction."""
        if not is_last and sum(len(row[-1]) for row in rows) < BYTES_A_STEP:
            return rows

        def kept(work: SqlUnitOfWork) -> None:
            for cell, kind, place, count, facts, body in rows:
                store.put_part(work.connection, run_id, cell, kind, place, count, facts, body)

        self._places.room.run(kept)
        return []

    def _keep_found(self, run_id: UUID, found: Findings) -> None:
        table = found.table().combine_chunks()

        def kept(work: SqlUnitOfWork) -> None:
            for part, start in enumerate(range(0, table.num_rows, FOUND_ROWS)):
                [batch] = table.slice(start, FOUND_ROWS).combine_chunks().to_batches()
                store.put_found(work.connection, run_id, part, packed(batch))

        self._places.room.run(kept)

    def _keep_run(self, run: Run, text: str, cells: dict[str, int]) -> None:
        at_us = self._places.now_us()

        def body(work: SqlUnitOfWork) -> Any:
            store.put_run(work.connection, run, text.encode(), at_us)
            for name, count in sorted(cells.items()):
                line = CellLine(
                    run_id=run.run_id,
                    cell=name,
                    state=CellState.PREPARED,
                    agreements=count,
                    loaded=0,
                    loads=0,
                    changed=run.at,
                    by=run.by,
                )
                store.put_cell(work.connection, line, at_us)
            work.outbox.add(
                TakeoverChecked(
                    run_id=str(run.run_id),
                    state=run.state.value,
                    agreements=run.agreements,
                    refused=run.refused,
                )
            )
            return run.state.value

        self._places.room.command(run.run_id, ["check", run.source], body)


@contextmanager
def _named(code: str) -> Iterator[None]:
    """Say which line of the mapping names a product that we do not have."""
    try:
        yield
    except NotFound as problem:
        raise refused(f"products.{code}.product", problem.detail) from problem


def _rows_of(number: int, part: Part) -> Iterator[tuple[Any, ...]]:
    """Yield the rows that a part is kept as: its agreements, the pieces of its movements."""
    facts = {
        "product": part.product,
        "old_product": part.old_product,
        "currency": part.currency,
        "movements": sum(one.num_rows for one in part.movements),
    }
    count = part.agreements.num_rows
    yield part.cell, "agreements", (number, 0), count, facts, packed(part.agreements)
    for piece, movements in enumerate(part.movements):
        body = packed(movements)
        yield part.cell, "movements", (number, piece), movements.num_rows, {}, body


def _loads(connection: Any, run_id: UUID) -> list[Any]:
    return store.loads_of(connection, run_id)

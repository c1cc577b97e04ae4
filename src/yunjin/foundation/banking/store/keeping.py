"""Reading and writing the tables of agreements."""

from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from yunjin.foundation.banking.store.agreements import (
    agreements,
    books,
    branches,
    changes,
    days,
    pages,
    products,
    slots,
    tasks,
    waves,
)


def last_wave(connection: sa.Connection) -> int:
    """Return the sequence of the newest wave, 0 before the first."""
    found = connection.execute(sa.select(sa.func.max(waves.c.sequence))).scalar()
    return int(found or 0)


def first_wave(connection: sa.Connection, date: int | None) -> int:
    """Return the first wave of a business date; the next one to come where it has none."""
    query = sa.select(sa.func.min(waves.c.sequence)).where(waves.c.date == date)
    return int(connection.execute(query).scalar() or last_wave(connection) + 1)


def put_wave(
    connection: sa.Connection, sequence: int, date: int, part: str, at_us: int, body: bytes
) -> None:
    """Keep a wave; the second one of a sequence conflicts."""
    row = {"sequence": sequence, "date": date, "part": part, "at_us": at_us, "body": body}
    connection.execute(sa.insert(waves).values(**row, outcome=None))


def put_outcome(connection: sa.Connection, sequence: int, outcome: bytes) -> bool:
    """Say what the ledger answered to a wave; return whether nobody had said it before."""
    is_it = (waves.c.sequence == sequence) & waves.c.outcome.is_(None)
    query = sa.update(waves).where(is_it).values(outcome=outcome)
    return connection.execute(query).rowcount == 1


def outcome(connection: sa.Connection, sequence: int) -> bytes | None:
    """Return what the ledger answered to a wave, None where that is not known yet."""
    query = sa.select(waves.c.outcome).where(waves.c.sequence == sequence)
    found: bytes | None = connection.execute(query).scalar_one()
    return found


def told_of(connection: sa.Connection, sequences: Sequence[int]) -> set[int]:
    """Return which waves it is kept of what the ledger answered to them."""
    c, found = waves.c, set[int]()
    for start in range(0, len(sequences), 500):
        some = c.sequence.in_(sequences[start : start + 500])
        query = sa.select(c.sequence).where(some, c.outcome.is_not(None))
        found |= set(connection.execute(query).scalars())
    return found


def waves_after(connection: sa.Connection, sequence: int, limit: int) -> Sequence[Any]:
    """Return waves (sequence, date, part, body, outcome) after one, in order."""
    query = (
        sa.select(waves).where(waves.c.sequence > sequence).order_by(waves.c.sequence).limit(limit)
    )
    return connection.execute(query).all()


def waves_of(connection: sa.Connection, date: int, after: int, limit: int) -> Sequence[Any]:
    """Return a day's waves after a sequence, in order."""
    query = (
        sa.select(waves)
        .where(waves.c.date == date, waves.c.sequence > after)
        .order_by(waves.c.sequence)
        .limit(limit)
    )
    return connection.execute(query).all()


def parts_since(connection: sa.Connection, date: int) -> set[str]:
    """Return the parts that are kept of a day and those after it."""
    query = sa.select(waves.c.part).where(waves.c.date >= date, waves.c.part != "")
    return set(connection.execute(query).scalars())


def all_books(connection: sa.Connection) -> Sequence[Any]:
    """Return the books, by number."""
    return connection.execute(sa.select(books).order_by(books.c.book_id)).all()


def put_book(connection: sa.Connection, book_id: int, product: str, version: int) -> None:
    """Keep a book that has no pages yet."""
    row = {"book_id": book_id, "product": product, "version": version}
    connection.execute(sa.insert(books).values(**row))


def pages_of(connection: sa.Connection, book_id: int) -> Iterable[Any]:
    """Return a book's pages (name, page, wave, body); the one named "" says as of which wave."""
    query = sa.select(pages.c.name, pages.c.page, pages.c.wave, pages.c.body)
    return connection.execute(
        query.where(pages.c.book_id == book_id).order_by(pages.c.page, pages.c.name)
    )


def page_since(connection: sa.Connection, book_id: int, page: int, after: int) -> Sequence[Any]:
    """Return what of a page was kept by waves after one, as `pages_of` does."""
    c = pages.c
    query = sa.select(c.name, c.page, c.wave, c.body)
    is_it = (c.book_id == book_id, c.page == page, c.wave > after)
    return connection.execute(query.where(*is_it)).all()


def put_page(
    connection: sa.Connection, book_id: int, page: int, bodies: Mapping[str, bytes], wave: int
) -> None:
    """Keep columns of a page in place of what was there, and say as of which wave it is."""
    bodies = {**bodies, "": b""}
    c = pages.c
    of = (c.book_id == book_id, c.page == page)
    known = connection.execute(sa.select(c.name).where(*of)).scalars()
    gone = sorted(set(known) & bodies.keys())
    if gone:
        connection.execute(sa.delete(pages).where(*of, c.name.in_(gone)))
    rows = [
        {"book_id": book_id, "name": name, "page": page, "wave": wave, "body": body}
        for name, body in bodies.items()
    ]
    connection.execute(sa.insert(pages), rows)


def put_agreements(connection: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep new agreements, whose words were checked: many, so they go past SQLAlchemy's binding."""
    if rows:
        compiled = sa.insert(agreements).compile(dialect=connection.dialect)
        names = compiled.positiontup  # None: the driver takes them by name
        values: Any = list(map(itemgetter(*names), rows)) if names else list(rows)
        connection.exec_driver_sql(str(compiled), values)


def move_agreements(connection: sa.Connection, rows: Sequence[tuple[int, int, int]]) -> None:
    """Say where agreements are now: (agreement, book, row)."""
    for agreement_id, book_id, row in rows:
        query = sa.update(agreements).where(agreements.c.agreement_id == agreement_id)
        connection.execute(query.values(book_id=book_id, row=row))


def set_status(connection: sa.Connection, agreement_ids: Iterable[int], status: int) -> None:
    """Give agreements another status."""
    ids = list(agreement_ids)
    for start in range(0, len(ids), 500):
        some = agreements.c.agreement_id.in_(ids[start : start + 500])
        connection.execute(sa.update(agreements).where(some).values(status=status))


def about(connection: sa.Connection, agreement_ids: Sequence[int]) -> dict[int, Any]:
    """Return the rows of agreements by id."""
    found: dict[int, Any] = {}
    for start in range(0, len(agreement_ids), 500):
        some = agreements.c.agreement_id.in_(agreement_ids[start : start + 500])
        query = sa.select(agreements).where(some)
        found |= {row.agreement_id: row for row in connection.execute(query)}
    return found


def search(
    connection: sa.Connection, equal: Mapping[str, Any], *, before: int | None, limit: int
) -> list[int]:
    """Return ids of agreements whose columns have these values, newest first."""
    c = agreements.c
    rules = [c[name] == value for name, value in equal.items()]
    if before is not None:
        rules.append(c.agreement_id < before)
    query = sa.select(c.agreement_id).where(*rules).order_by(c.agreement_id.desc()).limit(limit)
    return list(connection.execute(query).scalars())


def all_branches(connection: sa.Connection) -> list[str]:
    """Return the codes of branches, by number from 0 on."""
    query = sa.select(branches.c.code).order_by(branches.c.number)
    return list(connection.execute(query).scalars())


def put_branch(connection: sa.Connection, number: int, code: str) -> None:
    """Keep a branch."""
    connection.execute(sa.insert(branches).values(number=number, code=code))


def all_slots(connection: sa.Connection) -> dict[tuple[int, str, str], int]:
    """Return the ledger's account of each (slot, branch, currency)."""
    return {
        (row.slot, row.branch, row.currency): row.account_id
        for row in connection.execute(sa.select(slots))
    }


def put_slot(
    connection: sa.Connection, slot: int, branch: str, currency: str, account_id: int
) -> None:
    """Keep a slot's account."""
    row = {"slot": slot, "branch": branch, "currency": currency, "account_id": account_id}
    connection.execute(sa.insert(slots).values(**row))


def newest_day(connection: sa.Connection) -> Any:
    """Return the newest business day, None before the first."""
    query = sa.select(days).order_by(days.c.date.desc()).limit(1)
    return connection.execute(query).one_or_none()


def newest_closed_day(connection: sa.Connection) -> Any:
    """Return the newest closed business day, None while none is closed."""
    query = sa.select(days).where(days.c.status == "closed").order_by(days.c.date.desc()).limit(1)
    return connection.execute(query).one_or_none()


def day(connection: sa.Connection, date: int) -> Any:
    """Return a business day, None where there is none."""
    return connection.execute(sa.select(days).where(days.c.date == date)).one_or_none()


def last_days(connection: sa.Connection, limit: int) -> Sequence[Any]:
    """Return business days, newest first."""
    query = sa.select(days).order_by(days.c.date.desc()).limit(limit)
    return connection.execute(query).all()


def put_day(
    connection: sa.Connection, date: int, status: str, report: Mapping[str, Any], at_us: int
) -> None:
    """Keep a business day in place of what was there."""
    row = {"status": status, "report": dict(report), "at_us": at_us}
    changed = connection.execute(sa.update(days).where(days.c.date == date).values(**row))
    if changed.rowcount == 0:
        connection.execute(sa.insert(days).values(date=date, **row))


def put_tasks(connection: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep what waits for a person."""
    if rows:
        connection.execute(sa.insert(tasks), [{"is_done": 0, "note": "", **row} for row in rows])


def open_tasks(connection: sa.Connection, *, is_done: bool, limit: int) -> Sequence[Any]:
    """Return what waits for a person, or did, newest first."""
    query = sa.select(tasks).where(tasks.c.is_done == int(is_done))
    return connection.execute(query.order_by(tasks.c.task_id.desc()).limit(limit)).all()


def task(connection: sa.Connection, task_id: int) -> Any:
    """Return a task, None where there is none."""
    return connection.execute(sa.select(tasks).where(tasks.c.task_id == task_id)).one_or_none()


def settle_task(connection: sa.Connection, task_id: int, note: str) -> None:
    """Say that a task is done."""
    query = sa.update(tasks).where(tasks.c.task_id == task_id)
    connection.execute(query.values(is_done=1, note=note))


def count_tasks(connection: sa.Connection, date: int) -> int:
    """Return how many tasks of a day wait."""
    query = sa.select(sa.func.count()).where(tasks.c.date == date, tasks.c.is_done == 0)
    return int(connection.execute(query).scalar() or 0)


def all_changes(connection: sa.Connection) -> Sequence[Any]:
    """Return the changes of products' parameters, in the order they act."""
    return connection.execute(
        sa.select(changes).order_by(changes.c.date, changes.c.change_id)
    ).all()


def put_change(connection: sa.Connection, row: Mapping[str, Any]) -> None:
    """Keep a change of a product's parameter."""
    connection.execute(sa.insert(changes).values(**row))


def end_change(connection: sa.Connection, change_id: UUID) -> None:
    """Say that a change was brought to every agreement."""
    connection.execute(sa.update(changes).where(changes.c.change_id == change_id).values(is_done=1))


def all_products(connection: sa.Connection) -> Sequence[Any]:
    """Return the registered product versions, by code and version."""
    query = sa.select(products).order_by(products.c.code, products.c.version)
    return connection.execute(query).all()


def put_products(connection: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep product versions."""
    connection.execute(sa.insert(products), list(rows))


def open_lane(connection: sa.Connection, code: str, version: int) -> None:
    """Open a product version to everybody."""
    is_it = (products.c.code == code) & (products.c.version == version)
    lane = connection.execute(sa.select(products.c.lane).where(is_it)).scalar_one()
    query = sa.update(products).where(is_it).values(lane={**lane, "agreements": None})
    connection.execute(query)

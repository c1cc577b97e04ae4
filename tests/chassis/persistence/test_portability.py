"""Every table of every room means the same on every engine, and migrations lead to it.

Method: read all rooms' metadata against the rules, and compare what a room's migrations create with
what its code expects, on SQLite and MariaDB.
"""

import importlib
import pkgutil
import re
from collections.abc import Iterator
from types import ModuleType

import pytest
import sqlalchemy as sa
from sqlalchemy.schema import CreateTable

import yunjin
from tests.chassis.persistence.rooms import CLOCK, TABLES, opened
from yunjin.chassis.persistence import (
    Ascii,
    Int64,
    Migrator,
    complaints,
    key,
    metadata,
    migrations_of,
    table,
)
from yunjin.chassis.persistence.columns import COLLATION
from yunjin.kernel.errors import Bug

STOREYS = ("foundation", "platforms", "connections")


def rooms_with_migrations() -> Iterator[str]:
    for storey in STOREYS:
        package = importlib.import_module(f"yunjin.{storey}")
        for room in pkgutil.iter_modules(package.__path__):
            inside = importlib.import_module(f"yunjin.{storey}.{room.name}")
            if any(each.name == "migrations" for each in pkgutil.iter_modules(inside.__path__)):
                yield f"yunjin.{storey}.{room.name}"


def modules_of_store(room: str) -> Iterator[ModuleType]:
    store = importlib.import_module(f"{room}.store")
    yield store
    for each in pkgutil.iter_modules(getattr(store, "__path__", [])):
        yield importlib.import_module(f"{room}.store.{each.name}")


def expected_tables(room: str) -> dict[str, sa.Table]:
    """Return the tables a room's store works with, by name."""
    return {
        name: each
        for module in modules_of_store(room)
        for tables in vars(module).values()
        if isinstance(tables, sa.MetaData) and "room" in tables.info
        for name, each in tables.tables.items()
    }


ROOMS = sorted(rooms_with_migrations())


def test_rooms_are_found() -> None:
    assert {"yunjin.foundation.database", "yunjin.foundation.ledger"} <= set(ROOMS)
    assert yunjin.__doc__


@pytest.mark.parametrize("room", ROOMS)
def test_tables_are_portable(room: str) -> None:
    found = [
        complaint
        for module in modules_of_store(room)
        for tables in vars(module).values()
        if isinstance(tables, sa.MetaData) and "room" in tables.info
        for complaint in complaints(tables)
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("room", ROOMS)
def test_migrations_lead_to_the_tables_the_code_expects(room: str, database_url: str) -> None:
    name = room.rpartition(".")[2]
    found = opened(database_url, create=False)
    steps = migrations_of(importlib.import_module(f"{room}.migrations"))
    assert Migrator(found.database, name, steps, CLOCK).migrate()
    expected = expected_tables(room)
    with found.database.transaction(reads=True) as connection:
        there = sa.inspect(connection)
        assert set(there.get_table_names()) == {*expected, f"{name}_migrations", f"{name}_needs"}
        for table_name, each in expected.items():
            dialect = connection.dialect
            assert [
                (column["name"], plain(column["type"].compile(dialect=dialect)), column["nullable"])
                for column in there.get_columns(table_name)
            ] == [
                (column.name, plain(column.type.compile(dialect=dialect)), column.nullable)
                for column in each.columns
            ]
            assert there.get_pk_constraint(table_name)["constrained_columns"] == [
                column.name for column in each.primary_key.columns
            ]
            assert {
                (index["name"], tuple(index["column_names"]), bool(index["unique"]))
                for index in there.get_indexes(table_name)
            } == {
                (index.name, tuple(c.name for c in index.columns), index.unique)
                for index in each.indexes
            }
    found.database.close()


def plain(compiled: str) -> str:
    """Return a type without what says nothing: a server prints it or leaves it out."""
    text = re.sub(r" CHARACTER SET \w+|(?<=INT)\(\d+\)|(?<=INTEGER)\(\d+\)", "", compiled)
    return text.removesuffix(f" COLLATE {COLLATION}")


@pytest.mark.parametrize("room", ROOMS)
def test_every_migration_may_be_run_again(room: str, database_url: str) -> None:
    found = opened(database_url, create=False)
    steps = migrations_of(importlib.import_module(f"{room}.migrations"))
    for step in [*steps, *steps]:
        found.database.run(step.upgrade)
    there = found.database.read(lambda connection: set(sa.inspect(connection).get_table_names()))
    assert there == set(expected_tables(room))
    found.database.close()


def test_the_standard_tables_are_portable() -> None:
    assert complaints(TABLES) == []


def test_the_rules_see_what_is_not_portable() -> None:
    bad = metadata("shop")
    sa.Table("stray", bad, sa.Column("id", sa.Integer, primary_key=True))
    table(bad, "keyless", sa.Column("tenant", Ascii(20)))
    table(bad, "floats", key("item", Ascii(20)), sa.Column("price", sa.Float))
    table(bad, "child", key("id", Int64), sa.Column("of", Int64, sa.ForeignKey("stray.id")))
    table(bad, "served", key("id", Int64), sa.Column("at", Int64, server_default="0"))
    table(bad, "named", key("id", Int64), sa.Index("loose", "id"))
    text = "\n".join(complaints(bad))
    for expected in (
        "stray: expected the prefix shop_",
        "stray.id: expected autoincrement=False",
        "shop_keyless: expected a primary key",
        "shop_keyless: expected no tenant column",
        "shop_floats.price: expected a portable type",
        "shop_child: expected no foreign key",
        "shop_served.at: expected no value made by the server",
        "expected the prefix shop_ on index loose",
    ):
        assert expected in text


@pytest.mark.mariadb
def test_mysql_tables_say_their_engine_and_collation() -> None:
    from sqlalchemy.dialects import mysql

    for each in TABLES.sorted_tables:
        text = str(CreateTable(each).compile(dialect=mysql.dialect()))
        assert "ENGINE=InnoDB" in text
        assert "utf8mb4_bin" in text
        assert "AUTO_INCREMENT" not in text


def test_a_room_s_name_is_a_plain_word() -> None:
    with pytest.raises(Bug):
        metadata("Shop; DROP")

"""The peer on the same set: a row a transfer and two balances, by 16 clients, as programs do it.

Every transfer is a transaction of one INSERT and two UPDATEs in the order of their ids, on the node
that the set's writes go to.
"""

import random
import threading
import time
from contextlib import closing
from typing import Any, Final

import pymysql

from benchmarks.peers.sqlite_rows import Pace
from yunjin.chassis.persistence.nodes import SetUrl, set_url

CLIENTS: Final = 16
_SETUP: Final = (
    "create table peer_account (id bigint primary key, debits bigint not null default 0,"
    " credits bigint not null default 0)",
    "create table peer_transfer (id binary(16) primary key, debit bigint, credit bigint,"
    " amount bigint, ledger int, code int, at bigint)",
)
_RETRY: Final = (1213, 1205)


def run(url: str, *, accounts: int, seconds: float) -> Pace:
    """Transfer for a while with 16 clients; return the pace, CPU-seconds left to the caller."""
    where = set_url(url)
    with closing(_connect(where)) as connection, connection.cursor() as cursor:
        for statement in _SETUP:
            cursor.execute(statement)
        cursor.executemany(
            "insert into peer_account (id) values (%s)", [(n + 1,) for n in range(accounts)]
        )
        connection.commit()
        counts = [0] * CLIENTS
        until = time.perf_counter() + seconds
        threads = [
            threading.Thread(target=_client, args=(where, n, accounts, until, counts))
            for n in range(CLIENTS)
        ]
        start = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        took = time.perf_counter() - start
        cursor.execute("select sum(debits), sum(credits) from peer_account")
        [(debits, credits)] = cursor.fetchall()
    if not sum(counts) * 100 == debits == credits:
        raise RuntimeError(f"expected {sum(counts) * 100} on both sides, was {debits}, {credits}")
    return Pace(sum(counts) / took, 0.0)


def _connect(where: SetUrl) -> Any:
    host, port = where.nodes[0]
    return pymysql.connect(
        host=host,
        port=port,
        user=where.user,
        password=where.password,
        database=where.database,
        init_command="set session transaction isolation level read committed",
    )


def _client(where: SetUrl, number: int, accounts: int, until: float, counts: list[int]) -> None:
    chance = random.Random(number)
    with closing(_connect(where)) as connection:
        while time.perf_counter() < until:
            debit, credit = chance.sample(range(1, accounts + 1), 2)
            try:
                _transfer(connection, chance.randbytes(16), debit, credit)
            except pymysql.err.OperationalError as error:
                connection.rollback()
                if error.args[0] not in _RETRY:
                    raise
            else:
                counts[number] += 1


def _transfer(connection: Any, identity: bytes, debit: int, credit: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into peer_transfer values (%s, %s, %s, 100, 1, 1, %s)",
            (identity, debit, credit, time.time_ns()),
        )
        for account in sorted((debit, credit)):
            side = "debits" if account == debit else "credits"
            cursor.execute(
                f"update peer_account set {side} = {side} + 100 where id = %s", (account,)
            )
    connection.commit()

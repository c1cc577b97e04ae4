"""Goal: members of a cell know each other's release, and a release that knows nothing of that works
beside them. Method: members over one database; the older one's statements by hand."""

import fcntl
import threading
from pathlib import Path

import pytest

from tests.mariadb import MariaDb, mariadb
from yunjin.foundation.ledger.api.members import FOR_EVER_NS, Member
from yunjin.foundation.ledger.errors import NobodyFollows
from yunjin.foundation.ledger.service.membership import BEHIND_MAX, older_members, successor_of
from yunjin.foundation.ledger.store.journal import Journal
from yunjin.foundation.ledger.store.members import Members
from yunjin.foundation.ledger.store.mysql import SetEngine
from yunjin.foundation.ledger.store.turns import await_turn

__all__ = ["mariadb"]
NOW_NS = 1_796_055_815_000_000_000


def member(holder: str, version: str, *, sequence: int = 5_000, age_s: int = 1) -> Member:
    """Return a process of cell 1 that stands by."""
    return Member(
        cell=1,
        holder=holder,
        http=f"http://{holder}:1",
        flight=f"grpc://{holder}:1",
        sequence=sequence,
        seen_at_ns=NOW_NS - age_s * 10**9,
        epoch=0,
        version=version,
        form=1 if version else 0,
    )


def successor(*members: Member, to: str = "") -> str:
    """Return who gets the cell of a writer at row 5,000."""
    return successor_of(list(members), 1, 5_000, now_ns=NOW_NS, to=to, but="w").holder


def test_the_newest_release_that_has_read_up_to_now_gets_the_cell() -> None:
    old, new, newer = member("o", ""), member("n", "0.9.1"), member("r", "0.10")
    assert successor(member("w", "9"), old, new, newer) == "r"
    assert successor(old, new) == "n"
    assert successor(old, member("n", "0.9", sequence=4_990)) == "n"
    assert successor(old, member("n", "0.9", sequence=5_000 - BEHIND_MAX - 1)) == "o"
    assert successor(old, member("n", "0.9", age_s=6)) == "o"
    assert successor(old, new, to="o") == "o"
    assert successor(member("a", "0.9", sequence=10), member("b", "0.9", sequence=4_999)) == "b"


def test_that_all_are_behind_is_told() -> None:
    with pytest.raises(NobodyFollows, match="n is 4999 rows behind"):
        successor(member("n", "0.9", sequence=1))


def test_who_cannot_read_a_form_is_found() -> None:
    sign = member("sign", "", age_s=0)
    old, dead, new = member("o", ""), member("d", "", age_s=6), member("n", "0.1")
    for_ever = Member(**{**_values(sign), "seen_at_ns": FOR_EVER_NS})
    found = older_members([old, dead, new, for_ever], 1, 1, NOW_NS)
    assert [one.holder for one in found] == ["o"]
    assert [one.holder for one in older_members([old, new], 1, 2, NOW_NS)] == ["o", "n"]


def _values(one: Member) -> dict[str, object]:
    return {name: getattr(one, name) for name in Member.__slots__}


@pytest.mark.mariadb
def test_an_older_release_works_beside_newer_ones(mariadb: MariaDb) -> None:
    url = mariadb.fresh_url()
    members, engine = Members(SetEngine(url), 1), SetEngine(url)
    Journal(engine, 1)  # makes its tables
    where = {"http": "http://a:1", "flight": "grpc://a:1", "sequence": 7, "now_ns": NOW_NS}
    members.announce("new", **where, version="0.1.0", form=1)  # type: ignore[arg-type]
    members.announce("new", **where, version="0.1.0", form=1)  # type: ignore[arg-type]
    engine.execute("insert into ledger_member values (1, 'old', 'http://b:1', '', 7, 9)")
    assert [(one.holder, one.version, one.form) for one in members.all()] == [
        ("new", "0.1.0", 1),
        ("old", "", 0),
    ]
    engine.execute("delete from ledger_member where holder='new'")  # by one that knows no more
    members.forget(10)
    assert members.all() == []
    assert engine.execute("select count(*) from ledger_program") == [(0,)]
    for one in (members, engine):
        one.close()


def test_a_turn_is_waited_for_until_the_other_lets_go(tmp_path: Path) -> None:
    lock, over = tmp_path / "lock", threading.Event()
    waiting = threading.Thread(target=lambda: (await_turn(lock, 60), over.set()))
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        await_turn(lock, 0.01)  # who does not want to wait is not told more
        waiting.start()
        assert not over.is_set()
    waiting.join(20)
    assert over.is_set()

"""Goal: only a whole journal restores to a moment, and what is needed is never removed.

Method: backups and journals as data; Hypothesis for what may go.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yunjin.foundation.database.api.fleet import FullBackup, Place
from yunjin.foundation.database.domain.backups import (
    JournalFile,
    backup_place,
    journal_for,
    latest,
    may_go,
    refuse_uncovered,
    status_place,
)
from yunjin.foundation.database.domain.checksums import TableSum, differences, sum_statement
from yunjin.foundation.database.errors import RestoreRefused

SAID = (
    "[00] 2026-11-30 15:30:01 MySQL binlog position: filename 'journal.000015', position '381', "
    "GTID of the last change '0-1-5'"
)


def backup(taken: int, number: int, chain: str = "a") -> FullBackup:
    return FullBackup(
        id=f"{taken:04d}",
        set="s1",
        node="n3",
        chain=chain,
        at=Place(number=number, byte=4),
        taken_us=taken,
        version="",
        size_bytes=0,
        sha256="",
    )


def kept(*numbers: int, chain: str = "a") -> list[JournalFile]:
    return [
        JournalFile(chain=chain, number=n, closed_us=n * 1_000_000, size_bytes=1, sha256="")
        for n in numbers
    ]


def test_the_place_of_a_backup_is_read() -> None:
    assert backup_place(SAID) == Place(number=15, byte=381)
    assert status_place(("journal.000016", "97", "", "")) == Place(number=16, byte=97)
    with pytest.raises(RestoreRefused, match="is log_bin on"):
        backup_place("completed OK!")
    with pytest.raises(RestoreRefused, match="is log_bin on"):
        status_place(())


def test_the_newest_backup_before_a_moment_is_taken() -> None:
    both = [backup(10, 1), backup(20, 3)]
    assert latest(both).taken_us == 20
    assert latest(both, before_us=19).taken_us == 10
    with pytest.raises(RestoreRefused, match="from before that moment"):
        latest(both, before_us=9)


def test_a_journal_goes_on_from_its_backup() -> None:
    files = journal_for(backup(10, 3), kept(5, 1, 3, 4) + kept(6, chain="b"))
    assert [file.number for file in files] == [3, 4, 5]
    assert journal_for(backup(10, 9), kept(3)) == []


@pytest.mark.parametrize("numbers", [(4, 5), (3, 5)])
def test_a_journal_with_a_gap_restores_nothing_silently(numbers: tuple[int, ...]) -> None:
    with pytest.raises(RestoreRefused, match=r"lacks journal\.00000"):
        journal_for(backup(10, 3), kept(*numbers))


def test_a_moment_after_the_journals_end_is_refused_with_the_end() -> None:
    refuse_uncovered(backup(10, 3), kept(3, 4, 5), until_us=5_000_000)
    refuse_uncovered(backup(10, 3), kept(3, 4, 5), until_us=None)
    with pytest.raises(RestoreRefused, match="kept up to 1970-01-01T00:00:05Z only"):
        refuse_uncovered(backup(10, 3), kept(3, 4, 5), until_us=5_000_001)


def test_a_journal_that_began_anew_is_not_passed_over_in_silence() -> None:
    journal = kept(3, 4) + kept(8, chain="b")
    with pytest.raises(RestoreRefused, match="begins anew") as refused:
        refuse_uncovered(backup(10, 3), journal, until_us=None)
    assert refused.value.facts == {"until": "1970-01-01T00:00:04Z"}
    refuse_uncovered(backup(10, 3), journal, until_us=4_000_000)
    refuse_uncovered(backup(10, 8, chain="b"), journal, until_us=None)


def test_what_no_backup_needs_may_go() -> None:
    old, files = may_go(
        [backup(10, 1), backup(20, 4), backup(30, 6)],
        kept(1, 2, 3, 4, 5, 6, 7) + kept(1, 2, chain="lost"),
        keep=2,
    )
    assert [one.taken_us for one in old] == [10]
    assert [(file.chain, file.number) for file in files] == [
        ("a", 1),
        ("a", 2),
        ("a", 3),
        ("lost", 1),
        ("lost", 2),
    ]


def test_without_a_backup_nothing_goes() -> None:
    assert may_go([], kept(1, 2), keep=1) == ([], [])


@given(st.lists(st.integers(1, 30), min_size=1, max_size=8, unique=True), st.integers(1, 5))
def test_every_backup_that_stays_keeps_its_journal(numbers: list[int], keep: int) -> None:
    backups = [backup(at, number) for at, number in enumerate(sorted(numbers), 1)]
    journal = kept(*range(1, 40))
    old, gone = may_go(backups, journal, keep=keep)
    left = [file for file in journal if file not in gone]
    for one in backups:
        if one not in old:
            assert journal_for(one, left)[0].number == one.at.number


def test_tables_that_differ_are_named() -> None:
    one, other = (
        TableSum(table="a.t", row_count=2, digest="x"),
        TableSum(table="a.u", row_count=1, digest="y"),
    )
    changed = TableSum(table="a.t", row_count=2, digest="z")
    assert differences([one, other], [other, one]) == []
    assert differences([one, other], [changed]) == [
        "a.t: expected 2 rows alike, was 2 rows",
        "a.u: only in the original",
    ]


def test_names_are_quoted_in_a_checksum() -> None:
    statement = sum_statement("sh`op", "it's", ["id", "na`me"])
    assert "FROM `sh``op`.`it's`" in statement
    assert "SELECT 'sh`op.it''s'" in statement
    assert "SHA1(`na``me`)" in statement

"""Goal: who is whose is seen from both ends and never goes in a circle. Method: stories."""

import datetime as dt
import threading
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from tests.platforms.capability.conftest import Centre
from tests.platforms.capability.people import company, person
from yunjin.kernel.errors import Malformed
from yunjin.kernel.ids import uuid7
from yunjin.platforms.capability.api.parties import PartiesApi
from yunjin.platforms.capability.api.party_facts import NewRelation, Relation, RelationKind
from yunjin.platforms.capability.errors import (
    PartyClosed,
    PartyNotFound,
    RelationNotFound,
    RelationRefused,
)

OWNS, HEADS = RelationKind.PARENT_COMPANY, RelationKind.GROUP_HEAD


@pytest.fixture
def parties(centre: Centre) -> Any:
    return centre.door(PartiesApi)


@pytest.fixture
def new_id(centre: Centre) -> Callable[[], UUID]:
    return lambda: uuid7(centre.clock)


@pytest.fixture
def companies(parties: Any, new_id: Callable[[], UUID]) -> list[str]:
    return [parties.open(new_id(), company(f"{one}公司", 1)).party_id for one in "甲乙丙丁"]


@pytest.fixture
def related(parties: Any, new_id: Callable[[], UUID]) -> Callable[..., Relation]:
    def relate(one: str, kind: RelationKind, other: str, share: int = 0, **more: Any) -> Relation:
        new = NewRelation(kind=kind, from_id=one, to_id=other, share_ppm=share, **more)
        made: Relation = parties.relate(new_id(), new, by="柜员 07")
        return made

    return relate


def why(refused: Any) -> str:
    return str(refused.value.facts["why"])


def test_both_ends_see_a_relation_and_its_end(
    parties: Any, new_id: Callable[[], UUID], related: Callable[..., Relation]
) -> None:
    one = parties.open(new_id(), person("王小云", 1)).party_id
    other = parties.open(new_id(), person("李大江", 2)).party_id
    made = related(one, RelationKind.SPOUSE, other, since=dt.date(2020, 1, 1))
    assert parties.relations(one) == parties.relations(other) == [made]
    assert (made.from_name, made.to_name) == ("王小云", "李大江")
    with pytest.raises(RelationRefused) as again:
        related(other, RelationKind.SPOUSE, one)
    assert why(again) == "again"
    ended = parties.end_relation(new_id(), made.relation_id, until=dt.date(2025, 1, 1), why="离婚")
    assert parties.relations(other, on=dt.date(2025, 1, 1)) == []
    assert parties.relations(other, on=dt.date(2024, 12, 31)) == [ended]
    with pytest.raises(RelationRefused) as refused:
        parties.end_relation(new_id(), made.relation_id)
    assert why(refused) == "ended"
    related(other, RelationKind.SPOUSE, one, since=dt.date(2025, 6, 1))
    for end in (one, other):
        whats = [event.what for event in parties.timeline(end).items]
        assert whats == ["related", "unrelated", "related", "opened"]


def test_nobody_owns_or_heads_itself(
    companies: list[str], related: Callable[..., Relation]
) -> None:
    a, b, c, d = companies
    related(a, OWNS, b, 600_000)
    related(b, OWNS, c, 1_000_000)
    with pytest.raises(RelationRefused) as refused:
        related(c, OWNS, a, 1)
    assert why(refused) == "circle"
    with pytest.raises(RelationRefused) as itself:
        related(d, HEADS, d)
    assert why(itself) == "itself"
    related(c, HEADS, a)  # heading is not owning
    related(c, RelationKind.GUARANTOR, a)
    over = related(d, OWNS, a, 500_000, until=dt.date(2020, 1, 1))
    related(c, OWNS, d, 500_000, since=dt.date(2020, 1, 1))  # when d owns nothing any more
    assert over.until == dt.date(2020, 1, 1)


def test_no_more_than_the_whole_is_owned_on_any_day(
    companies: list[str], related: Callable[..., Relation]
) -> None:
    a, b, c, d = companies
    related(a, OWNS, d, 600_000, until=dt.date(2025, 1, 1))
    related(b, OWNS, d, 400_000)
    with pytest.raises(RelationRefused) as refused:
        related(c, OWNS, d, 1, since=dt.date(2024, 12, 31))
    assert why(refused) == "whole"
    related(c, OWNS, d, 600_000, since=dt.date(2025, 1, 1))


def test_a_relation_is_between_parties_of_its_kinds(
    parties: Any, companies: list[str], new_id: Callable[[], UUID], related: Callable[..., Relation]
) -> None:
    a, b, *_ = companies
    human = parties.open(new_id(), person()).party_id
    wrong: list[tuple[Any, ...]] = [
        ("kinds", human, OWNS, a, 1),
        ("kinds", a, RelationKind.LEGAL_REPRESENTATIVE, b),
        ("kinds", human, RelationKind.EMPLOYER, a),
        ("share", a, OWNS, b),
        ("share", a, OWNS, b, 1_000_001),
        ("share", human, RelationKind.LEGAL_REPRESENTATIVE, a, 5),
    ]
    for word, *rest in wrong:
        with pytest.raises(RelationRefused) as refused:
            related(*rest)
        assert why(refused) == word
    with pytest.raises(PartyNotFound):
        related(a, OWNS, "P0", 1)
    with pytest.raises(Malformed):
        related(a, OWNS, b, 1, since=dt.date(2025, 1, 1), until=dt.date(2025, 1, 1))
    with pytest.raises(RelationNotFound):
        parties.end_relation(new_id(), new_id())
    related(human, RelationKind.BENEFICIAL_OWNER, a, 250_000)
    parties.close(new_id(), b, by="柜员 07", why="注销")
    with pytest.raises(PartyClosed):
        related(a, OWNS, b, 1)


def test_two_at_once_do_not_close_a_circle_between_them(
    parties: Any, companies: list[str], new_id: Callable[[], UUID], related: Callable[..., Relation]
) -> None:
    a, b, c, d = companies
    related(a, OWNS, b, 1)
    related(c, OWNS, d, 1)
    outcomes: list[str] = []
    gate = threading.Barrier(2)

    def close(one: str, other: str) -> None:
        gate.wait()
        try:
            related(one, OWNS, other, 1)
            outcomes.append("related")
        except RelationRefused as refused:
            outcomes.append(str(refused.facts["why"]))

    threads = [threading.Thread(target=close, args=pair) for pair in ((b, c), (d, a))]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(outcomes) == ["circle", "related"]

"""Goal: two records of one party become one, and two again, exactly. Method: stories, an oracle.

The oracle keeps records that never change their ids and a pointer for each that was merged; what a
party is, is counted anew from these after every act of a random history.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.platforms.capability.conftest import Centre
from tests.platforms.capability.people import company, id_card, id_number, person
from yunjin.kernel.ids import uuid7
from yunjin.platforms.capability.api.parties import PartiesApi
from yunjin.platforms.capability.api.party_facts import (
    Kyc,
    NewConsent,
    NewRelation,
    PartyQuery,
    PartyState,
    RelationKind,
    Role,
)
from yunjin.platforms.capability.errors import MergeRefused, PartyNotFound, RelationRefused

WHO = {"by": "柜员 07", "why": "同一客户"}
OWNS = RelationKind.PARENT_COMPANY


@pytest.fixture
def parties(centre: Centre) -> Any:
    return centre.door(PartiesApi)


@pytest.fixture
def new_id(centre: Centre) -> Callable[[], UUID]:
    return lambda: uuid7(centre.clock)


def seen(parties: Any, party_id: str) -> tuple[Any, ...]:
    """Return all that is to be seen of a party, but for what happened."""
    ask = (
        parties.party,
        parties.documents,
        parties.contacts,
        parties.relations,
        parties.roles,
        parties.kyc_steps,
        parties.consents,
    )
    return tuple(one(party_id) for one in ask)


def test_those_with_the_same_document_or_name_and_birth_are_candidates(
    parties: Any, new_id: Callable[[], UUID]
) -> None:
    born = dt.date(1990, 3, 7)
    number = id_number(born, 1)
    one = parties.open(new_id(), person("王小云", 1))
    card = parties.open(new_id(), person("王晓云", 2, documents=(id_card(number),), born=None))
    twin = parties.open(new_id(), person("王小云", 3))
    parties.open(new_id(), person("王小云", 4, born=dt.date(1991, 3, 7)))
    parties.open(new_id(), company("王小云", 5, born=born))
    found = {each.party.party_id: each.why for each in parties.duplicates(one.party_id)}
    assert found == {card.party_id: ("document",), twin.party_id: ("name_and_birth",)}
    like = {each.party.party_id: each.why for each in parties.alike(person("王小云", 1))}
    assert like[one.party_id] == ("document", "name_and_birth")
    assert like[card.party_id] == ("document",)
    with pytest.raises(PartyNotFound):
        parties.duplicates("P0")


def test_a_merged_id_means_the_survivor_and_unmerging_brings_both_back(
    centre: Centre, parties: Any, new_id: Callable[[], UUID]
) -> None:
    one = parties.open(new_id(), person("王小云", 1)).party_id
    into = parties.open(new_id(), person("王晓云", 2, roles=(Role.GUARANTOR,))).party_id
    other = parties.open(new_id(), person("李大江", 3)).party_id
    for at, party_id in enumerate((one, into)):
        parties.step_kyc(new_id(), party_id, Kyc.PENDING, **WHO)
        consent = NewConsent(purpose=f"purpose-{at}", version="1", channel="app")
        parties.give_consent(new_id(), party_id, consent)
    parties.relate(new_id(), NewRelation(kind=RelationKind.SPOUSE, from_id=one, to_id=other))
    before = [seen(parties, each) for each in (one, into, other)]
    merging = new_id()
    merged = parties.merge(merging, one, into, **WHO)
    assert (merged.party_id, merged.aliases, merged.name) == (into, (one,), "王晓云")
    assert parties.party(one) == merged
    assert parties.resolve([one, into]) == [into, into]
    assert set(merged.roles) == {Role.CUSTOMER, Role.GUARANTOR}
    assert len(parties.documents(one)) == len(parties.contacts(one)) == 2
    assert parties.consented(into, "purpose-0", centre.today) is not None
    assert [each.from_id for each in parties.relations(other)] == [into]
    found = parties.find(PartyQuery(name="王小云")).items
    assert [each.party_id for each in found] == [into]
    assert parties.timeline(one).items[0].what == "merged"
    alone = parties.unmerge(new_id(), one, **WHO)
    assert (alone.party_id, alone.aliases) == (one, ())
    assert [seen(parties, each) for each in (one, into, other)] == before
    assert parties.merge(merging, one, into, **WHO).party_id == into  # a retry, not an act
    assert parties.resolve([one]) == [one]


def test_what_was_merged_in_turn_goes_with_what_it_was_merged_into(
    parties: Any, new_id: Callable[[], UUID]
) -> None:
    a, b, c, d = (parties.open(new_id(), person(f"云{at}", at)).party_id for at in range(4))
    parties.merge(new_id(), a, b, **WHO)
    parties.merge(new_id(), b, c, **WHO)
    parties.merge(new_id(), d, a, **WHO)  # a means c by now
    assert parties.resolve([a, b, c, d]) == [c, c, c, c]
    parties.unmerge(new_id(), b, **WHO)
    assert parties.resolve([a, b, c, d]) == [b, b, c, c]
    parties.unmerge(new_id(), a, **WHO)
    assert parties.resolve([a, b, c, d]) == [a, b, c, c]
    with pytest.raises(MergeRefused) as refused:
        parties.unmerge(new_id(), a, **WHO)
    assert refused.value.facts["why"] == "not_merged"


def test_what_cannot_be_one_is_refused(parties: Any, new_id: Callable[[], UUID]) -> None:
    human = parties.open(new_id(), person()).party_id
    a, b, c, closed, blocked = (
        parties.open(new_id(), company(f"公司{at}", at)).party_id for at in range(5)
    )
    parties.close(new_id(), closed, **WHO)
    parties.block(new_id(), blocked, **WHO)
    for one, other in ((a, b), (b, c)):
        new = NewRelation(kind=OWNS, from_id=one, to_id=other, share_ppm=9)
        parties.relate(new_id(), new)
    refusals = {
        (a, a): "same",
        (human, a): "kinds",
        (a, closed): "closed",
        (a, blocked): "blocked",
        (blocked, a): "blocked",
        (a, b): "related",
        (a, c): "circle",
    }
    for pair, word in refusals.items():
        with pytest.raises(MergeRefused) as refused:
            parties.merge(new_id(), *pair, **WHO)
        assert refused.value.facts["why"] == word, pair
    assert parties.merge(new_id(), closed, a, **WHO).aliases == (closed,)


def test_what_once_was_owned_is_in_nobodys_way(
    centre: Centre, parties: Any, new_id: Callable[[], UUID]
) -> None:
    a, b, c = (parties.open(new_id(), company(f"公司{at}", at)).party_id for at in range(3))
    for one, other in ((a, b), (b, c)):
        new = NewRelation(kind=OWNS, from_id=one, to_id=other, share_ppm=9)
        made = parties.relate(new_id(), new)
    with pytest.raises(MergeRefused):
        parties.merge(new_id(), c, a, **WHO)
    parties.end_relation(new_id(), made.relation_id)
    assert parties.merge(new_id(), c, a, **WHO).aliases == (c,)


def test_a_block_outlives_a_merge_undone(parties: Any, new_id: Callable[[], UUID]) -> None:
    one, into = (parties.open(new_id(), person(order=at)).party_id for at in range(2))
    parties.merge(new_id(), one, into, **WHO)
    assert parties.block(new_id(), one, **WHO).party_id == into
    assert parties.unmerge(new_id(), one, **WHO).state is PartyState.BLOCKED
    assert parties.party(into).state is PartyState.BLOCKED


@dataclass
class Oracle:
    """Records, pointers, and relations by the ids they were made with."""

    roles: dict[str, set[Role]] = field(default_factory=dict)
    merged: dict[str, str] = field(default_factory=dict)
    relations: dict[UUID, tuple[RelationKind, str, str]] = field(default_factory=dict)

    def root(self, party_id: str) -> str:
        while party_id in self.merged:
            party_id = self.merged[party_id]
        return party_id

    def family(self, root: str) -> set[str]:
        return {one for one in self.roles if self.root(one) == root}

    def edges(self) -> set[tuple[UUID, RelationKind, str, str]]:
        ends = {
            (key, kind, self.root(one), self.root(other))
            for key, (kind, one, other) in self.relations.items()
        }
        return {one for one in ends if one[2] != one[3]}

    def owns(self, one: str, other: str, also: tuple[str, str] | None = None) -> bool:
        """Whether a chain of owning leads from one party to another; also: as if one party."""
        same = {also[0]: also[1]} if also else {}
        below: dict[str, set[str]] = {}
        for _, kind, owner, owned in self.edges():
            owner, owned = same.get(owner, owner), same.get(owned, owned)
            if kind is OWNS and owner != owned:
                below.setdefault(owner, set()).add(owned)
        seen, waiting = set[str](), [one]
        while waiting:
            fresh = below.get(waiting.pop(), set()) - seen
            seen |= fresh
            waiting += fresh
        return other in seen


acts = st.tuples(
    st.sampled_from(["merge", "merge", "unmerge", "own", "own", "guarantee", "end", "role"]),
    st.integers(0, 5),
    st.integers(0, 5),
)


@given(st.lists(acts, min_size=1, max_size=20))
@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_history_of_merging_and_relating_is_what_the_oracle_counts(
    centre: Centre, history: list[tuple[str, int, int]]
) -> None:
    parties, oracle = centre.door(PartiesApi), Oracle()
    ids = [parties.open(uuid7(centre.clock), company(f"公司{at}", at)).party_id for at in range(6)]
    oracle.roles = {one: set() for one in ids}
    for word, first, second in history:
        act(parties, centre, oracle, word, ids[first], ids[second])
        assert parties.resolve(ids) == [oracle.root(one) for one in ids]
        for root in {oracle.root(one) for one in ids}:
            family = oracle.family(root)
            now = parties.party(root)
            assert {now.party_id, *now.aliases} == family
            assert set(now.roles) == set().union(*(oracle.roles[one] for one in family))
            found = {
                (one.relation_id, one.kind, one.from_id, one.to_id)
                for one in parties.relations(root, on=centre.today)
            }
            assert found == {one for one in oracle.edges() if root in one[2:]}
            assert not oracle.owns(root, root)


def why_not(call: Callable[[], Any]) -> str:
    """Return why a call is refused; "" where it is done."""
    try:
        call()
    except (MergeRefused, RelationRefused) as refused:
        return str(refused.facts["why"])
    return ""


def first_of(**reasons: bool) -> str:
    """Return the first reason that holds."""
    return next((name for name, holds in reasons.items() if holds), "")


def act(parties: Any, centre: Centre, oracle: Oracle, word: str, one: str, other: str) -> None:
    """Do one act with the centre and, where it is done, with the oracle."""
    at, root, into = uuid7(centre.clock), oracle.root(one), oracle.root(other)
    if word == "merge":
        tied = any({root, into} == {*edge[2:]} for edge in oracle.edges())
        circle = root != into and not tied and oracle.owns(into, into, (root, into))
        expected = first_of(same=root == into, related=tied, circle=circle)
        assert why_not(lambda: parties.merge(at, one, other, **WHO)) == expected
        if not expected:
            oracle.merged[root] = into
    elif word == "unmerge":
        expected = first_of(not_merged=one not in oracle.merged)
        assert why_not(lambda: parties.unmerge(at, one, **WHO)) == expected
        oracle.merged.pop(one, None)
    elif word in ("own", "guarantee"):
        kind, share = (OWNS, 1_000) if word == "own" else (RelationKind.GUARANTOR, 0)
        again = any(edge[1:] == (kind, root, into) for edge in oracle.edges())
        circle = kind is OWNS and oracle.owns(into, root)
        expected = first_of(itself=root == into, again=again, circle=circle)
        new = NewRelation(kind=kind, from_id=one, to_id=other, share_ppm=share, since=centre.today)
        assert why_not(lambda: parties.relate(at, new)) == expected
        if not expected:
            oracle.relations[at] = (kind, root, into)
    elif word == "end":
        centre.today += dt.timedelta(days=1)
        for key in [edge[0] for edge in oracle.edges() if one in edge[2:]][:1]:
            parties.end_relation(at, key)
            del oracle.relations[key]
    else:
        role = list(Role)[int(other[-1], 36) % 3]
        parties.give_role(at, one, role)
        if not any(role in oracle.roles[each] for each in oracle.family(root)):
            oracle.roles[root].add(role)

"""Goal: one identity of everybody, of which nothing is lost or told. Method: stories, both engines.

Personal data are looked for where they must not be: in events, answers, answers' hashes, lists.
"""

import datetime as dt
import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from tests.platforms.capability.conftest import Centre
from tests.platforms.capability.people import BORN, company, id_card, id_number, person
from yunjin.foundation.banking.api.agreements import AgreementQuery
from yunjin.kernel.errors import IdempotencyConflict, Malformed
from yunjin.kernel.ids import uuid7
from yunjin.platforms.capability.api.limits import LimitsApi, NewLimit
from yunjin.platforms.capability.api.parties import PartiesApi
from yunjin.platforms.capability.api.party_facts import (
    ContactKind,
    DocumentType,
    Kyc,
    NewConsent,
    NewContact,
    NewDocument,
    Opening,
    PartyKind,
    PartyQuery,
    PartyState,
    PartyStatus,
    Role,
)
from yunjin.platforms.capability.errors import (
    ConsentNotFound,
    ItemNotFound,
    KycRefused,
    PartyClosed,
    PartyInUse,
    PartyNotFound,
)
from yunjin.platforms.capability.service.parties import PartyService
from yunjin.platforms.capability.store.personal import Seal
from yunjin.platforms.capability.store.tables import tables

WHO = {"by": "柜员 07", "why": "按规定"}

WRONG = [
    person(" "),
    person("x" * 201),
    person(country="cn"),
    person(roles=(Role.CUSTOMER, Role.CUSTOMER)),
    person(documents=(id_card(id_number(BORN, 1)[:-1] + "x"),)),
    person(documents=(id_card("999999199013070012"),)),
    person(documents=(NewDocument(type=DocumentType.LEI, number="5493001KJTIIGC8Y1R13"),)),
    person(documents=(NewDocument(type=DocumentType.PASSPORT, number="号码"),)),
    person(contacts=(NewContact(kind=ContactKind.EMAIL, value="nowhere"),)),
    person(contacts=(NewContact(kind=ContactKind.PHONE, value="12ab"),)),
    company(documents=(NewDocument(type=DocumentType.CREDIT_CODE, number="9" * 18),)),
]


@pytest.fixture
def parties(centre: Centre) -> Any:
    return centre.door(PartiesApi)


@pytest.fixture
def new_id(centre: Centre) -> Callable[[], UUID]:
    return lambda: uuid7(centre.clock)


def found(parties: Any, **query: Any) -> list[str]:
    return [one.party_id for one in parties.find(PartyQuery(**query)).items]


def whats(parties: Any, party_id: str) -> list[str]:
    return [one.what for one in parties.timeline(party_id).items]


def test_a_person_is_opened_once_and_found_by_what_is_known_of_it(
    parties: Any, new_id: Callable[[], UUID]
) -> None:
    command, number = new_id(), id_number(BORN, 1)
    made = parties.open(command, person(other_name="Wang Xiaoyun"), by="柜员 07")
    assert parties.open(command, person(other_name="Wang Xiaoyun"), by="柜员 07") == made
    with pytest.raises(IdempotencyConflict):
        parties.open(command, person(other_name="Wang Xiaoyan"))
    assert (made.party_id[0], len(made.party_id), made.party_id.isascii()) == ("P", 27, True)
    assert (made.kyc, made.state, made.roles) == (Kyc.NONE, PartyState.OPEN, (Role.CUSTOMER,))
    for query in (
        {"name": "小云"},
        {"name": "WANG  xiaoyun"},
        {"document": number.lower()},
        {"phone": "+86 138-0000-0001"},
        {"kind": "person", "state": "open", "kyc": "none", "role": "customer"},
    ):
        assert found(parties, **query) == [made.party_id], query
    for query in ({"name": "小%"}, {"document": number[:-1]}, {"role": "supplier"}):
        assert found(parties, **query) == []
    with pytest.raises(PartyNotFound):
        parties.party("P0")


def test_many_are_opened_each_under_its_own_id(parties: Any, new_id: Callable[[], UUID]) -> None:
    first, second = new_id(), new_id()
    wanted = [Opening(first, person("甲", 1)), Opening(second, company("乙公司", 2))]
    opened = parties.open_all(new_id(), wanted)
    assert [one.status for one in opened] == [PartyStatus.OPENED] * 2
    third = [wanted[0], Opening(second, company("丙公司", 2)), Opening(new_id(), person("丁", 3))]
    assert [one.status for one in parties.open_all(new_id(), third)] == [
        PartyStatus.EXISTS,
        PartyStatus.EXISTS_OTHERWISE,
        PartyStatus.OPENED,
    ]
    assert len(found(parties)) == 3
    assert parties.resolve([opened[1].party_id, "nobody", "谁"]) == [opened[1].party_id, "", ""]


def test_what_is_no_party_is_refused_without_saying_whose_number_it_was(
    parties: Any, new_id: Callable[[], UUID]
) -> None:
    for wrong in WRONG:
        with pytest.raises(Malformed) as refused:
            parties.open(new_id(), wrong)
        for document in wrong.documents:
            assert document.number not in str(refused.value) + repr(wrong)
    assert found(parties) == []


def test_numbers_are_shown_masked_and_whole_only_to_who_says_why(
    parties: Any, new_id: Callable[[], UUID]
) -> None:
    number = id_number(BORN, 1)
    party_id = parties.open(new_id(), person()).party_id
    other_id = parties.open(new_id(), person("李四", 2)).party_id
    [card], [phone] = parties.documents(party_id), parties.contacts(party_id)
    assert (card.shown, phone.shown) == (f"99************{number[-4:]}", "138****0001")
    with pytest.raises(Malformed):
        parties.reveal(new_id(), party_id, card.document_id, by="", why="好奇")
    with pytest.raises(ItemNotFound):
        parties.reveal(new_id(), other_id, card.document_id, **WHO)
    assert "revealed" not in whats(parties, party_id) + whats(parties, other_id)
    command = new_id()
    assert parties.reveal(command, party_id, card.document_id, **WHO) == number
    assert parties.reveal(command, party_id, card.document_id, **WHO) == number
    assert whats(parties, party_id) == ["revealed", "opened"]
    mail = NewContact(kind=ContactKind.EMAIL, value="Yun@Example.com")
    added = parties.add_contact(new_id(), party_id, mail)
    assert added.shown == "y***@example.com"
    parties.end_item(new_id(), party_id, added.contact_id, why="停用")
    assert [one.ended for one in parties.contacts(party_id)] == [dt.date(2026, 1, 5), None]


def test_no_table_but_the_one_of_sealed_values_knows_a_number(
    parties: Any, new_id: Callable[[], UUID]
) -> None:
    number, phone = id_number(BORN, 77), "13800000077"
    party_id = parties.open(new_id(), person(order=77)).party_id
    passport = NewDocument(type=DocumentType.PASSPORT, number="E00000077")
    added = parties.add_document(new_id(), party_id, passport)
    parties.reveal(new_id(), party_id, added.document_id, **WHO)
    parties.change(new_id(), party_id, name="王大云")
    kept = {
        one.name: str(parties._room.read(lambda it, one=one: it.execute(sa.select(one)).all()))
        for one in tables.sorted_tables
        if one.name.split("_")[1] in ("party", "outbox", "heads", "answers", "inbox")
    }
    assert number in kept.pop("capability_party_personal")
    for name, text in kept.items():
        assert not any(one in text for one in (number, phone, "E00000077")), name
    assert "王" in kept["capability_party"]
    assert "王" not in kept["capability_outbox"] + kept["capability_answers"]
    assert "party.opened" in kept["capability_outbox"]


def test_knowing_a_customer_goes_its_way_and_ends_on_the_review_date(
    centre: Centre, parties: Any, new_id: Callable[[], UUID]
) -> None:
    party_id = parties.open(new_id(), person()).party_id
    review = dt.date(2026, 7, 1)
    with pytest.raises(KycRefused):
        parties.step_kyc(
            new_id(), party_id, Kyc.VERIFIED, **WHO, evidence_id="DOC-1", review=review
        )
    assert parties.step_kyc(new_id(), party_id, Kyc.PENDING, **WHO).kyc is Kyc.PENDING
    for wrong in ({}, {"review": review}, {"evidence_id": "DOC-1", "review": centre.today}):
        with pytest.raises(Malformed):
            parties.step_kyc(new_id(), party_id, Kyc.VERIFIED, **WHO, **wrong)
    known = parties.step_kyc(
        new_id(), party_id, Kyc.VERIFIED, **WHO, evidence_id="DOC-1", review=review
    )
    assert (known.kyc, known.review) == (Kyc.VERIFIED, review)
    assert found(parties, kyc="verified", review_by=review) == [party_id]
    centre.today = review
    assert parties.party(party_id).kyc is Kyc.EXPIRED
    assert (found(parties, kyc="expired"), found(parties, kyc="verified")) == ([party_id], [])
    parties.step_kyc(new_id(), party_id, Kyc.PENDING, **WHO)
    parties.step_kyc(new_id(), party_id, Kyc.REFUSED, by="合规部", why="材料不符")
    with pytest.raises(KycRefused):
        parties.step_kyc(new_id(), party_id, Kyc.REFUSED, **WHO)
    steps = parties.kyc_steps(party_id)
    assert [one.state for one in steps] == ["refused", "pending", "verified", "pending"]
    assert (steps[0].by, steps[0].why, steps[2].evidence_id) == ("合规部", "材料不符", "DOC-1")


def test_a_consent_is_asked_by_purpose_and_date(
    centre: Centre, parties: Any, new_id: Callable[[], UUID]
) -> None:
    party_id, command = parties.open(new_id(), person()).party_id, new_id()
    year = NewConsent(
        purpose="credit_report",
        version="v3",
        channel="app",
        given=dt.date(2025, 12, 1),
        until=dt.date(2026, 12, 1),
    )
    given = parties.give_consent(command, party_id, year)
    assert parties.give_consent(command, party_id, year) == given
    days = [dt.date(2025, 11, 30), dt.date(2025, 12, 1), dt.date(2026, 11, 30), year.until]
    asked = [parties.consented(party_id, "credit_report", day) for day in days]
    assert asked == [None, given, given, None]
    assert parties.consented(party_id, "marketing", days[1]) is None
    withdrawn = parties.withdraw_consent(new_id(), given.consent_id, why="客户要求")
    centre.today += dt.timedelta(days=1)
    assert parties.withdraw_consent(new_id(), given.consent_id) == withdrawn
    assert parties.consented(party_id, "credit_report", dt.date(2026, 1, 5)) is None
    assert parties.consented(party_id, "credit_report", dt.date(2026, 1, 4)) == withdrawn
    later = NewConsent(purpose="marketing", version="1", channel="app", given=days[2])
    with pytest.raises(Malformed):
        parties.give_consent(new_id(), party_id, later)
    with pytest.raises(ConsentNotFound):
        parties.withdraw_consent(new_id(), new_id())


def test_roles_are_given_once_and_end(
    centre: Centre, parties: Any, new_id: Callable[[], UUID]
) -> None:
    party_id = parties.open(new_id(), company()).party_id
    for _ in range(2):
        parties.give_role(new_id(), party_id, Role.SUPPLIER)
    assert parties.give_role(new_id(), party_id, Role.CORE_BUYER).roles == (
        Role.SUPPLIER,
        Role.CORE_BUYER,
    )
    centre.today += dt.timedelta(days=1)
    assert parties.end_role(new_id(), party_id, Role.SUPPLIER).roles == (Role.CORE_BUYER,)
    assert parties.end_role(new_id(), party_id, Role.SUPPLIER).roles == (Role.CORE_BUYER,)
    assert [(one.role, one.until) for one in parties.roles(party_id)] == [
        (Role.CORE_BUYER, None),
        (Role.SUPPLIER, centre.today),
    ]
    assert whats(parties, party_id) == ["role.ended", "role.given", "role.given", "opened"]


def test_a_blocked_party_is_unblocked_and_a_closed_one_is_left_alone(
    centre: Centre, parties: Any, new_id: Callable[[], UUID]
) -> None:
    party_id = parties.open(new_id(), person()).party_id
    assert parties.block(new_id(), party_id, **WHO).state is PartyState.BLOCKED
    assert found(parties, state="blocked") == [party_id]
    assert parties.unblock(new_id(), party_id, **WHO).state is PartyState.OPEN
    limits = centre.door(LimitsApi)
    new = NewLimit(name="授信", kind="credit", currency="CNY", ceiling_minor=9, party_id=party_id)
    limit = limits.open(new_id(), new)
    hold = limits.reserve(new_id(), limit.limit_id, 1)
    with pytest.raises(PartyInUse):
        parties.close(new_id(), party_id, **WHO)
    limits.cancel(new_id(), hold.hold_id)
    assert parties.close(new_id(), party_id, **WHO).state is PartyState.CLOSED
    assert parties.close(new_id(), party_id, **WHO).state is PartyState.CLOSED
    acts: list[Callable[[], Any]] = [
        lambda: parties.change(new_id(), party_id, name="新名"),
        lambda: parties.give_role(new_id(), party_id, Role.PARTNER),
        lambda: parties.step_kyc(new_id(), party_id, Kyc.PENDING, **WHO),
        lambda: parties.block(new_id(), party_id, **WHO),
    ]
    for act in acts:
        with pytest.raises(PartyClosed):
            act()
    assert whats(parties, party_id) == ["closed", "unblocked", "blocked", "opened"]


def test_a_party_with_an_agreement_is_not_closed_also_where_an_alias_has_it(
    centre: Centre, parties: Any, new_id: Callable[[], UUID]
) -> None:
    one, into = (parties.open(new_id(), person(order=at)).party_id for at in range(2))
    parties.merge(new_id(), one, into, **WHO)
    held = {(one, "stopped"): [SimpleNamespace(agreement_id=7)]}

    class Agreements:
        def find(self, query: AgreementQuery) -> Any:
            return SimpleNamespace(items=held.get((query.party_id, query.status), []))

    own: Any = Agreements()
    beside_a_bank = PartyService(
        parties._room,
        today=lambda: centre.today,
        seal=Seal("demo"),
        cursor_key=bytes(16),
        agreements=own,
    )
    with pytest.raises(PartyInUse) as refused:
        beside_a_bank.close(new_id(), into, **WHO)
    assert refused.value.facts == {"party_id": one, "agreement_id": "7"}
    held.clear()
    assert beside_a_bank.close(new_id(), into, **WHO).state is PartyState.CLOSED


def test_who_opens_one_twice_at_once_has_one(parties: Any, new_id: Callable[[], UUID]) -> None:
    command, opened = new_id(), list[str]()
    gate = threading.Barrier(4)

    def open_it() -> None:
        gate.wait()
        opened.append(parties.open(command, person()).party_id)

    threads = [threading.Thread(target=open_it) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(opened) == 4
    assert found(parties) == [opened[0]]
    assert whats(parties, opened[0]) == ["opened"]


def test_a_correction_is_found_by_the_new_name(parties: Any, new_id: Callable[[], UUID]) -> None:
    party_id = parties.open(new_id(), person()).party_id
    changed = parties.change(
        new_id(), party_id, name="王晓云", country="SG", by="柜员 07", why="笔误"
    )
    assert (changed.name, changed.country, changed.born) == ("王晓云", "SG", BORN)
    assert (found(parties, name="晓云"), found(parties, name="小云")) == ([party_id], [])
    [told, _] = parties.timeline(party_id).items
    assert (told.what, told.subject, told.by, told.why) == (
        "changed",
        "country,name",
        "柜员 07",
        "笔误",
    )
    with pytest.raises(Malformed):
        parties.change(new_id(), party_id)
    with pytest.raises(Malformed):
        parties.change(new_id(), party_id, country="中国")


def test_pages_of_parties_and_of_a_timeline_go_on_where_they_ended(
    parties: Any, new_id: Callable[[], UUID]
) -> None:
    made = [parties.open(new_id(), person(f"客户{at}", at)).party_id for at in range(5)]
    seen: list[str] = []
    page = parties.find(PartyQuery(limit=2))
    seen += [one.party_id for one in page.items]
    while page.next_cursor:
        page = parties.find(PartyQuery(limit=2, cursor=page.next_cursor))
        seen += [one.party_id for one in page.items]
    assert seen == made[::-1]
    for role in (Role.SUPPLIER, Role.MERCHANT, Role.PARTNER):
        parties.give_role(new_id(), made[0], role)
    first = parties.timeline(made[0], limit=3)
    rest = parties.timeline(made[0], limit=3, cursor=first.next_cursor)
    subjects = [one.subject for one in (*first.items, *rest.items)]
    assert subjects == ["partner", "merchant", "supplier", ""]
    with pytest.raises(Malformed):
        parties.find(PartyQuery(cursor="made-up"))
    assert parties.find(PartyQuery(kind=PartyKind.ORGANISATION)).items == ()

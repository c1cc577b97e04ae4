"""Made-up people and companies for tests, with numbers that pass their checks."""

import datetime as dt
from typing import Any, Final

from yunjin.platforms.capability.api.party_facts import (
    ContactKind,
    DocumentType,
    NewContact,
    NewDocument,
    NewParty,
    PartyKind,
    Role,
)

BORN: Final = dt.date(1990, 3, 7)
_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_SIGNS: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def id_number(born: dt.date, order: int) -> str:
    """Return the number of an id card of a region that there is not."""
    head = f"999999{born:%Y%m%d}{order:03d}"
    total = sum(int(one) * weight for one, weight in zip(head, _WEIGHTS, strict=True))
    return head + "10X98765432"[total % 11]


def credit_code(order: int) -> str:
    """Return a credit code of a region that there is not."""
    head = f"91999999MA{order:07d}"
    total = sum(_SIGNS.index(one) * pow(3, at, 31) for at, one in enumerate(head))
    return head + _SIGNS[-total % 31]


def person(name: str = "王小云", order: int = 1, **more: Any) -> NewParty:
    """Return a person who is a customer, with an id card and a phone."""
    born = more.pop("born", BORN)
    facts: dict[str, Any] = {
        "documents": (id_card(id_number(born or BORN, order)),),
        "contacts": (NewContact(kind=ContactKind.PHONE, value=f"1380000{order:04d}"),),
        "roles": (Role.CUSTOMER,),
        **more,
    }
    return NewParty(kind=PartyKind.PERSON, name=name, born=born, **facts)


def company(name: str = "云锦织造有限公司", order: int = 1, **more: Any) -> NewParty:
    """Return a company with its credit code."""
    document = NewDocument(type=DocumentType.CREDIT_CODE, number=credit_code(order))
    facts: dict[str, Any] = {"documents": (document,), "born": dt.date(2010, 5, 1), **more}
    return NewParty(kind=PartyKind.ORGANISATION, name=name, **facts)


def id_card(number: str, **more: Any) -> NewDocument:
    """Return an id card."""
    return NewDocument(type=DocumentType.ID_CARD, number=number, **more)

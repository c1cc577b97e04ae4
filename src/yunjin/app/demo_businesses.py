"""What the demo's businesses have done: a group's wallet, a cash loan, an invoice that is financed.

Each once, under ids that stay the same; some cases are left where a person has to say something,
so that there is something to do on the page of tasks.
"""

import datetime as dt
import hashlib
import time
from collections.abc import Callable
from typing import Any, Final, TypeVar
from uuid import UUID

import pyarrow as pa

from yunjin.foundation.banking.api.agreements import AgreementsApi, Opening
from yunjin.foundation.banking.api.days import DaysApi
from yunjin.kernel.errors import Outage
from yunjin.kernel.ids import uuid7_of
from yunjin.platforms.capability.api.businesses import BusinessesApi, CaseFacts, CaseState
from yunjin.platforms.capability.api.limits import LimitsApi, NewLimit
from yunjin.platforms.capability.api.parties import PartiesApi
from yunjin.platforms.capability.api.party_facts import (
    ContactKind,
    DocumentType,
    NewContact,
    NewDocument,
    NewParty,
    PartyKind,
    Role,
)
from yunjin.platforms.capability.api.tasks import FieldValue, Link, Task, TasksApi
from yunjin.platforms.capability.errors.businesses import CaseNotFound

PATIENCE_S: Final = 60
BORN: Final = dt.date(1990, 3, 7)
_LOOK_S: Final = 0.05
_BEGAN_MS: Final = 1_767_225_600_000  # the first instant of 2026
T = TypeVar("T")


class Story:
    """The demo's businesses.

    Parameters
    ----------
    door : returns what stands behind a Protocol.
    pause : lets flows go on before the next look at a case.
    """

    def __init__(
        self, door: Callable[[type], Any], pause: Callable[[], None] = lambda: time.sleep(_LOOK_S)
    ) -> None:
        self._door, self._pause = door, pause

    def live(self) -> dict[str, str]:
        """Let everything happen that has not yet; return each case's state. Raises: Outage."""
        states = {**self._wallet(), **self._loan(), **self._invoice()}
        return {name: state.value for name, state in states.items()}

    # a group and its wallet ---------------------------------------------------------------------

    def _wallet(self) -> dict[str, CaseState]:
        parent = self._company("云锦集团", "group")
        members = [self._company(f"云锦集团{place}公司", f"member {place}") for place in "苏杭"]
        opened = self._start(
            "group-wallet",
            "open",
            parent,
            most=20_000_000,
            members=",".join(members),
            member_most=12_000_000,
        )
        wallet = int(opened.outcome["wallet"])
        shop = self._account("shop", self._person("郭子仪先生"))
        self._fund("wallet", wallet, 50_000_000)
        given = {"wallet": wallet, "payee": shop}
        paid = self._start("group-wallet", "pay", members[0], "direct", amount=8_000_000, **given)
        over = self._start("group-wallet", "pay", members[0], "direct", amount=6_000_000, **given)
        return {"wallet": opened.state, "wallet_paid": paid.state, "wallet_over": over.state}

    # a cash loan --------------------------------------------------------------------------------

    def _loan(self) -> dict[str, CaseState]:
        who = self._person("苏小妹")
        given = {"term": 12, "account": self._account("loan", who)}
        paid = self._start(
            "cash-loan", "apply", who, "branch", amount=3_000_000, purpose="装修", **given
        )
        paid = self._answer(paid, place="档案柜 A-17")
        signed = self._start(
            "cash-loan", "apply", who, "app", amount=2_000_000, purpose="旅行", **given
        )
        signed = self._answer(signed)
        waits = self._start(
            "cash-loan", "apply", who, "branch", amount=8_000_000, purpose="购车", **given
        )
        return {"loan": paid.state, "loan_signed": signed.state, "loan_waiting": waits.state}

    # an invoice ---------------------------------------------------------------------------------

    def _invoice(self) -> dict[str, CaseState]:
        buyer = self._company("大运河重工", "buyer")
        supplier = self._company("运河轴承", "supplier")
        limit = NewLimit(
            name="应收账款",
            kind="receivable",
            currency="CNY",
            ceiling_minor=100_000_000,
            party_id=buyer,
        )
        self._door(LimitsApi).open(_id("limit"), limit)
        due = self._door(DaysApi).business_date() + dt.timedelta(days=90)
        given = {"buyer": buyer, "due": due, "account": self._account("supplier", supplier)}
        paid = self._start(
            "receivable", "finance", supplier, "portal", invoice="A-1001", amount=6_000_000, **given
        )
        paid = self._answer(paid, is_owed="yes")
        waits = self._start(
            "receivable", "finance", supplier, "portal", invoice="A-1002", amount=9_000_000, **given
        )
        return {"invoice": paid.state, "invoice_waiting": waits.state}

    # how it is done -----------------------------------------------------------------------------

    def _company(self, name: str, what: str) -> str:
        new = NewParty(kind=PartyKind.ORGANISATION, name=name, roles=(Role.CUSTOMER,))
        return str(self._door(PartiesApi).open(_id(what), new).party_id)

    def _person(self, name: str) -> str:
        new = NewParty(
            kind=PartyKind.PERSON,
            name=name,
            born=BORN,
            roles=(Role.CUSTOMER,),
            documents=(NewDocument(type=DocumentType.ID_CARD, number=_id_number(len(name))),),
            contacts=(NewContact(kind=ContactKind.PHONE, value=f"1380000{len(name):04d}"),),
        )
        return str(self._door(PartiesApi).open(_id(name), new).party_id)

    def _account(self, what: str, party: str) -> int:
        opening = Opening(product="current-account", party_id=party)
        return int(self._door(AgreementsApi).open(_id(f"account {what}"), [opening])[0])

    def _fund(self, what: str, agreement_id: int, amount_minor: int) -> None:
        own = _id(f"fund {what}").int
        columns = {
            "id_hi": pa.array([own >> 64], pa.uint64()),
            "id_lo": pa.array([own & 2**64 - 1], pa.uint64()),
            "agreement_id": pa.array([agreement_id], pa.int64()),
            "amount_minor": pa.array([amount_minor], pa.int64()),
        }
        self._door(AgreementsApi).post(pa.record_batch(columns))

    def _start(
        self, business: str, deed: str, party: str, scenario: str = "", **values: Any
    ) -> CaseFacts:
        """Start a case, or find it; return it once it has ended or waits for a person."""
        given = [FieldValue(name=name, value=str(value)) for name, value in values.items()]
        door = self._door(BusinessesApi)
        told = f"{business} {deed} {party} {values.get('amount', '')} {values.get('invoice', '')}"
        case_id = _id(told)
        try:
            door.case(case_id)  # it is there, of another day
        except CaseNotFound:
            door.start(case_id, business, deed, given, scenario=scenario, party_id=party)
        return self._until(lambda: self._settled(case_id, party))

    def _settled(self, case_id: UUID, party: str) -> CaseFacts | None:
        case: CaseFacts = self._door(BusinessesApi).case(case_id)
        waits = case.state is CaseState.RUNNING and not self._tasks(party)
        waits = waits and case.scenario != "app"  # nobody has to do anything there
        return None if waits else case

    def _answer(self, case: CaseFacts, **values: str) -> CaseFacts:
        """Do the task that a case waits for, if any; return it once it has ended."""
        if case.state is CaseState.RUNNING and values:
            [task, *_] = self._tasks(case.party_id)
            given = [FieldValue(name=name, value=value) for name, value in values.items()]
            command_id = _id(f"task {task.task_id}")
            self._door(TasksApi).complete(command_id, task.task_id, given, "柜员 07")
        door = self._door(BusinessesApi)
        ended: CaseFacts = self._until(
            lambda: one if (one := door.case(case.case_id)).state is not CaseState.RUNNING else None
        )
        return ended

    def _tasks(self, party: str) -> list[Task]:
        return list(self._door(TasksApi).tasks(link=Link(kind="party", id=party)).items)

    def _until(self, found: Callable[[], T | None]) -> T:
        for _ in range(int(PATIENCE_S / _LOOK_S)):
            if (one := found()) is not None:
                return one
            self._pause()
        raise Outage("The demo's businesses were not done in time; start it again.")


def _id_number(order: int) -> str:
    """Return the number of an id card of a region that there is not."""
    head = f"999999{BORN:%Y%m%d}{order:03d}"
    total = sum(int(one) * pow(2, 17 - at, 11) for at, one in enumerate(head))
    return head + "10X98765432"[total % 11]


def _id(what: str) -> UUID:
    """Return the id of a command, the same every time."""
    digest = hashlib.sha256(f"yunjin demo {what}".encode()).digest()
    return uuid7_of(_BEGAN_MS, int.from_bytes(digest[:9], "big"))

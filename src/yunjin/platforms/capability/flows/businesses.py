"""The flow of a business's case, and what its module writes flows with."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol
from uuid import UUID

import msgspec

from yunjin.chassis.flow import PATIENT, Definition, Flow, Retry, call, flow, own_id, signal, step
from yunjin.foundation.banking.api.days import DaysApi
from yunjin.kernel.errors import Refusal
from yunjin.platforms.capability.api.businesses import Act, Business, Case, Centres, Deed
from yunjin.platforms.capability.api.documents import DocumentsApi
from yunjin.platforms.capability.api.esign import Signer
from yunjin.platforms.capability.errors.businesses import CaseRefused

SIGNED_WITHIN: Final = dt.timedelta(days=14)


class Cases(Protocol):
    """What keeps cases; each inside the flow's unit of work."""

    def began(self, work: Any, case_id: str) -> str:
        """Nothing: it is there to be undone."""

    def undone(self, work: Any, answer: str, case_id: str) -> None:
        """Keep that what a case did is undone."""

    def refused(self, work: Any, case_id: str, reason: str, detail: str) -> None:
        """Keep why a case is refused."""

    def done(self, work: Any, case_id: str, outcome: Any) -> None:
        """Keep what a case came to."""


def name_of(business: str, deed: str) -> str:
    """Return the name of the flow of a business's deed."""
    return f"case.{business}.{deed}"


def do(
    command: Callable[..., Any],
    *args: Any,
    undo: Callable[..., tuple[Callable[..., Any], Any]] | None = None,
    retry: Retry = PATIENT,
    name: str = "",
    **named: Any,
) -> Any:
    """Ask a centre for a command, under an id that is the same on every try.

    `hold = yield do(limits.reserve, limit_id, 100, undo=lambda hold: (limits.cancel, hold["id"]))`
    answers JSON values: the fields of what the command answers, by name.

    Parameters
    ----------
    undo : of the answer makes (the command that takes it back, its argument or a tuple of them);
        where that is refused there is nothing left to take back.
    named : the command's arguments by name.
    """

    def act(command_id: UUID, *given: Any) -> Any:
        return msgspec.to_builtins(command(command_id, *given, **named))

    def take_back(command_id: UUID, answer: Any, *_: Any) -> bool:
        if undo is None:
            return False
        back, of = undo(answer)
        try:
            back(command_id, *(of if isinstance(of, tuple) else (of,)))
        except Refusal:
            return False
        return True

    said = name or command.__name__
    return call(act, *args, undo=take_back if undo else None, retry=retry, name=said)


def look(query: Callable[..., Any], *args: Any, name: str = "", **named: Any) -> Any:
    """Ask a centre a question; what it answered once is what the flow goes on with."""

    def act(_: UUID, *given: Any) -> Any:
        return msgspec.to_builtins(query(*given, **named))

    return call(act, *args, name=name or query.__name__)


def signed(centres: Centres, document_id: UUID, signers: Sequence[Signer]) -> Flow:
    """Have a document signed and wait: `digest = yield from signed(centres, paper, signers)`.

    Where the flow is cancelled, what people are to sign is withdrawn.

    Raises: CaseRefused where it is not signed, and what `ask_signatures` refuses.
    """
    documents: DocumentsApi = centres[DocumentsApi]  # type: ignore[type-abstract]
    flow_id = UUID((yield own_id()))
    today = yield look(centres[DaysApi].business_date)  # type: ignore[type-abstract]
    midnight = dt.datetime.combine(dt.date.fromisoformat(today), dt.time(), dt.UTC)
    expires_at = midnight + SIGNED_WITHIN

    def ask(command_id: UUID) -> str:
        documents.ask_signatures(command_id, document_id, signers, expires_at, flow_id=flow_id)
        return str(document_id)

    def withdraw(command_id: UUID, _: str) -> bool:
        try:
            documents.withdraw_signatures(command_id, document_id, "the case is undone")
        except Refusal:  # it has ended
            return False
        return True

    yield call(ask, undo=withdraw, name="ask_signatures")
    told = yield signal(f"document:{document_id}")
    if told["state"] != "signed":
        why = f"{told['state']}: {told['why']}"
        raise CaseRefused("The document was not signed.", why=why)
    found = yield look(documents.document, document_id)
    return found["signed_digest"] or found["digest"]


def case_flow(
    cases: Cases, centres: Centres, business: Business, deed: Deed, steps: Mapping[str, Act]
) -> Definition:
    """Return the flow of a business's deed."""

    @flow(name_of(business.code, deed.code), version=deed.version)
    def run(case_id: str, facts: dict[str, Any]) -> Flow:
        case = Case(
            case_id=UUID(case_id),
            business=business.code,
            deed=deed.code,
            scenario=facts["scenario"],
            party_id=facts["party_id"],
            values=facts["values"],
            laid=facts["laid"],
            centres=centres,
            steps=steps,
        )
        yield step(cases.began, case_id, undo=cases.undone)
        try:
            outcome = yield from deed.act(centres, case)
        except Refusal as refusal:
            yield step(cases.refused, case_id, refusal.code, str(refusal))
            raise
        yield step(cases.done, case_id, outcome)
        return outcome

    return run

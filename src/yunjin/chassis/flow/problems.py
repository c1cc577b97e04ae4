"""What the flows of a room refuse, and why a flow may wait for a person."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from yunjin.chassis.persistence import dump_json
from yunjin.kernel.errors import Bug, NotFound, Problem, Refusal, of_document

DETAIL_LENGTH: Final = 400
DOCUMENT_BYTES_MAX: Final = 8_000  # of a problem that is kept


class NoSuchFlow(NotFound):
    """No flow of this id was started here."""

    code, status, title = "flow/not-found", 404, "No such flow"


class FlowUnknown(NotFound):
    """No function is registered under this name."""

    code, status, title = "flow/unknown", 404, "Flow unknown"


class FlowEnded(Refusal):
    """The flow has come to its end; nothing reaches it any more."""

    code, status, title = "flow/ended", 409, "Flow ended"


class FlowNotParked(Refusal):
    """Only a flow that waits for a person, or for its next try, can be tried again."""

    code, status, title = "flow/not-parked", 409, "Flow not parked"


class NothingToSkip(Refusal):
    """The flow does not stand at this step any more, or nothing there can be skipped."""

    code, status, title = "flow/nothing-to-skip", 409, "Nothing to skip"


class ItemBroken(Bug):
    """An item of a fan-out failed by a defect; the others went on."""

    code, status, title = "flow/item-broken", 500, "Item broken"


class FlowCancelled(Refusal):
    """Somebody asked for the flow's end before it was done."""

    code, status, title = "flow/cancelled", 409, "Flow cancelled"


class TooLarge(Refusal):
    """Arguments or a payload are larger than flows may carry."""

    code, status, title = "flow/too-large", 413, "Too large for a flow"


class Fenced(Exception):
    """Another engine has taken the flows over; what this one was about to save is void."""


class Parked(Exception):
    """The flow cannot go on without a person. Carries what that person needs to see.

    Parameters
    ----------
    kind : the class of the error, or `flow changed`, `version missing`, `answer refused`.
    step, number : where it happened; empty and 0 before the first.
    """

    def __init__(self, kind: str, reason: str, *, step: str = "", number: int = 0) -> None:
        super().__init__(reason)
        self.kind, self.reason, self.step, self.number = kind, _plain(reason), step, number

    def document(self) -> dict[str, Any]:
        """Return what is kept of it."""
        return {
            "kind": self.kind,
            "reason": self.reason,
            "step": self.step,
            "number": self.number,
        }


def described(problem: Problem) -> dict[str, Any]:
    """Return a problem as it is kept in a journal: short, and made of JSON values only."""
    document = problem.document()
    document["detail"] = _plain(str(document["detail"]))
    try:
        is_fit = len(dump_json(document).encode()) <= DOCUMENT_BYTES_MAX
    except (TypeError, ValueError, RecursionError):
        is_fit = False
    if is_fit:
        return document
    return {key: document[key] for key in ("type", "title", "status", "detail", "code")}


def _plain(text: str) -> str:
    """Return text short and fit for every encoding."""
    return text[:DETAIL_LENGTH].encode("utf-8", "replace").decode()


class ProblemClasses:
    """Finds a problem's class by its code, so that a flow catches the class it imported."""

    def __init__(self) -> None:
        self._known: dict[str, type[Problem]] = {}

    def problem(self, document: dict[str, Any]) -> Problem:
        """Return the problem that a journal tells of."""
        code = document["code"]
        if code not in self._known:
            self._known = {kind.code: kind for kind in _kinds([Problem])}
        kind = self._known.get(code)
        return of_document(document, [kind] if kind else [])


def _kinds(of: Iterable[type[Problem]]) -> Iterator[type[Problem]]:
    """Return the classes below in an order that lets the most general of a code win."""
    for kind in of:
        yield from _kinds(kind.__subclasses__())
        yield kind

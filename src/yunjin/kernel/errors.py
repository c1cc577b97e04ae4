"""The kinds of trouble, each with one meaning for the caller.

Problem
├── Refusal   a rule said no; nothing was done; the same command will be refused again
├── Outage    something is down; nothing was done; try again after `retry_after_s`
├── Unknown   the answer was lost; it may have been done: ask by the command's id
└── Bug       a check failed; the command was stopped
"""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Final


class Problem(Exception):
    """An answer that is not a result; travels as application/problem+json (RFC 9457)."""

    code: ClassVar[str] = "kernel/problem"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "Problem"

    def __init__(self, detail: str, **facts: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.facts = facts

    def __str__(self) -> str:
        """Return detail and facts: what a program that does not catch it shows its user."""
        facts = ", ".join(f"{name} {value}" for name, value in self.facts.items())
        return f"{self.detail} ({facts})" if facts else self.detail

    def document(self, *, instance: str = "", trace_id: str = "") -> dict[str, Any]:
        """Return the problem's members; facts may not shadow the standard ones."""
        head = {
            "type": f"/problems/{self.code}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
        }
        seen = {"instance": instance, "trace_id": trace_id}
        return {**self.facts, **head, **{key: value for key, value in seen.items() if value}}


class Refusal(Problem):
    """A business rule said no. Expected; never pages anybody."""

    code, status, title = "kernel/refused", 409, "Refused"


class Malformed(Refusal):
    """The payload is not of the form the command asks for."""

    code, status, title = "kernel/malformed", 422, "Malformed request"


class AmountTooLarge(Malformed):
    """The amount has more minor units than every reader of JSON keeps exact: 2^53 - 1 at most."""

    code, status, title = "kernel/amount-too-large", 422, "Amount too large"


class NotFound(Refusal):
    """There is no such thing for this tenant."""

    code, status, title = "kernel/not-found", 404, "Not found"


class IdempotencyConflict(Refusal):
    """The id was used before for a command with other content."""

    code, status, title = "kernel/idempotency-key-reused", 409, "Id used for another request"


class Outage(Problem):
    """Something this command needs is down; nothing was done."""

    code, status, title = "kernel/outage", 503, "Temporarily unavailable"
    retry_after_s: ClassVar[int] = 1


class Unknown(Problem):
    """The answer was lost on the way; ask by the command's id before trying again."""

    code, status, title = "kernel/unknown-outcome", 504, "Outcome unknown"


class Bug(Problem):
    """A check that always holds did not; the command was stopped."""

    code, status, title = "kernel/bug", 500, "Internal error"


_STANDARD: Final = {"type", "title", "status", "detail", "code", "instance", "trace_id"}


def of_document(document: Mapping[str, Any], known: Iterable[type[Problem]] = ()) -> Problem:
    """Return the problem that a document tells of, ready to be raised on this side.

    It has the class in `known` with the document's code, or else one of the right kind made for
    that code, so that a caller who only tells Refusal from Outage from Unknown is served too.
    """
    code, status = str(document.get("code", "")), int(document.get("status", 500))
    found = next((kind for kind in known if kind.code == code), None)
    if found is None:
        kind = {503: Outage, 504: Unknown}.get(status, Bug if status >= 500 else Refusal)
        title = str(document.get("title", kind.title))
        found = type(kind.__name__, (kind,), {"code": code, "status": status, "title": title})
    facts = {key: value for key, value in document.items() if key not in _STANDARD}
    return found(str(document.get("detail", "")), **facts)

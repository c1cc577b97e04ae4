"""What a database can answer instead of a result.

RolledBack  nothing was done, tries used up     → Outage
Unreachable no server answered, tries used up   → Outage
Stopped     nothing was done, nor will it soon  → Outage
Damaged     the file is not what was written    → Outage
LostAnswer  COMMIT was sent, its answer lost    → Unknown
Conflict    a unique key was taken              → Refusal
Misused     the statement is wrong              → Bug
"""

from typing import Final

from sqlalchemy import exc

from yunjin.chassis.persistence import verdicts
from yunjin.chassis.persistence.verdicts import Flavour, Verdict
from yunjin.kernel.errors import Bug, Outage, Problem, Refusal, Unknown


class RolledBack(Outage):
    """The engine undid the transaction, again and again; nothing was done."""

    code, status, title = "persistence/rolled-back", 503, "Database busy"


class Stopped(Outage):
    """The engine takes no writes or no connections now; nothing was done."""

    code, status, title = "persistence/stopped", 503, "Database stopped"


class Unreachable(RolledBack):
    """No server answers where the database should be; nothing was done."""

    code, status, title = "persistence/unreachable", 503, "Database not reached"


class Damaged(Stopped):
    """The file is no sound database: restore it from the last backup, and keep the damaged one."""

    code, status, title = "persistence/damaged", 503, "Database damaged"


class LostAnswer(Unknown):
    """The connection ended between COMMIT and its answer; ask by the command's id."""

    code, status, title = "persistence/lost-answer", 504, "Outcome unknown"


class Conflict(Refusal):
    """Something of this name is there already."""

    code, status, title = "persistence/conflict", 409, "Already there"


class DatabaseNewer(Refusal):
    """The database was written by a newer version of this program, which alone may change it."""

    code, status, title = "persistence/database-newer", 409, "Database newer than the program"


class OlderProgramLives(Refusal):
    """A change of form that a program which runs could not live with; it is named in `holder`."""

    code, status, title = "persistence/older-program-lives", 409, "An older program still runs"


class Misused(Bug):
    """The engine refuses the statement whatever is in the tables."""

    code, status, title = "persistence/misused", 500, "Internal error"


_PROBLEMS: Final[dict[Verdict, tuple[type[Problem], str]]] = {
    Verdict.ROLLED_BACK: (RolledBack, "The database rolled the transaction back."),
    Verdict.STOPPED: (Stopped, "The database cannot do this now."),
    Verdict.UNKNOWN: (LostAnswer, "The database's answer to COMMIT was lost."),
    Verdict.CONFLICT: (Conflict, "Something with the same key is there already."),
    Verdict.NEVER: (Misused, "The database refused a statement."),
}


def problem_of(
    error: exc.SQLAlchemyError,
    *,
    flavour: Flavour,
    committing: bool,
    connecting: bool = False,
    place: str = "",
) -> Problem:
    """Return the problem an engine's error is to our callers; values of rows stay out of it.

    Parameters
    ----------
    committing, connecting : how far the transaction had come.
    place : of the database, as OpenEngine tells it.
    """
    if isinstance(error, exc.StatementError) and isinstance(error.orig, Problem):
        return error.orig  # a column type refused a value
    found = verdicts.verdict(error, flavour=flavour, committing=committing)
    cause = getattr(error, "orig", None)
    kind, detail = _PROBLEMS[found]
    facts = {
        "engine": flavour.value,
        "engine_code": verdicts.code_of(cause),
        "cause": type(error).__name__,
    }
    if place:
        facts["database"] = place
    if verdicts.is_damaged(cause, flavour):
        kind, facts["reason"] = Damaged, _said(error)
        detail = (
            f"{place or 'The database'} is damaged: {facts['reason']}. Stop, move the file aside, "
            "and restore it from the last backup."
        )
    elif connecting and verdicts.is_unreachable(cause, flavour):
        kind, facts["reason"] = Unreachable, _said(error)
        detail = (
            f"No database answers at {place or 'its address'}: {facts['reason']}. See that the "
            "server runs, that database.url names it and that no firewall is between."
        )
    elif found is Verdict.STOPPED:
        facts["reason"] = _said(error)
        detail = f"The database {place} cannot do this now: {facts['reason']}.".replace("  ", " ")
    return kind(detail, **facts)


def _said(error: exc.SQLAlchemyError) -> str:
    """Return the engine's own words; for errors of no statement's values only."""
    if isinstance(error, exc.TimeoutError):
        return "no connection became free in time"
    cause = getattr(error, "orig", None)
    return str(cause.args[-1] if cause is not None and cause.args else cause).rstrip(".")

"""What went wrong, said on the command line: what happened, what was expected, what to do next."""

import errno
import json
import sys
import tempfile
import traceback
from typing import Final

from yunjin.kernel.errors import Bug, Outage, Problem

_LEDGER_PAGE: Final = "docs/ledger.md says what each result code means."
_ADVICE: Final = {
    "ledger/account-refused": _LEDGER_PAGE,
    "ledger/alias-not-found": "An account is named by its id, or by an IBAN, card or wallet number "
    "that was bound to it.",
    "ledger/journal-damaged": "Delete nothing; docs/operator.md, Restore, says how to get the bank "
    "back. `ledger verify` names the row.",
    "ledger/transfer-refused": _LEDGER_PAGE,
    "ledger/writes-stopped": "Make room on the disk or replace it, then give the command again: "
    "what was acknowledged is kept, and ids act once.",
    "persistence/damaged": "Delete nothing; docs/operator.md, Restore, says how.",
    "persistence/rolled-back": "See whether the database answers and another process holds it, "
    "then try again.",
    "persistence/stopped": "See whether its disk is full, and whether the folder may be read and "
    "written; then try again.",
}
_ADVICE_OF_SYSTEM: Final = {
    errno.ENOSPC: "Make room on the disk, then give the command again.",
    errno.EACCES: "This user may not read or write there.",
    errno.EROFS: "The disk may only be read; name another folder.",
}


def tell(problem: Problem, *, as_json: bool) -> None:
    """Say a problem on stderr; for programs, also as one JSON object on stdout."""
    facts = ", ".join(f"{key} {value}" for key, value in problem.facts.items())
    _say(f"{problem.title}: {problem.detail}")
    _say(f"  {problem.code}" + (f" ({facts})" if facts else ""))
    if advice := _ADVICE.get(problem.code):
        _say(f"  {advice}")
    if isinstance(problem, Bug):
        _keep_trace(problem)
    if as_json:
        print(json.dumps(problem.document(), ensure_ascii=False, default=str))


def tell_system(error: OSError, *, as_json: bool) -> None:
    """Say what the operating system refused."""
    place = f"{error.filename}: " if error.filename else ""
    _say(f"{place}{error.strerror or error}")
    if advice := _ADVICE_OF_SYSTEM.get(error.errno or 0):
        _say(f"  {advice}")
    if as_json:
        print(json.dumps(Outage(f"{place}{error.strerror or error}").document()))


def tell_stop() -> None:
    """Say what Ctrl+C leaves behind."""
    _say("Stopped. What was done is kept; the same command goes on from there.")


def tell_surprise(error: Exception, *, as_json: bool) -> None:
    """Say that the program is at fault, and where the developers find what they need."""
    surprise = Bug(f"{type(error).__name__}: {error}")
    surprise.__cause__ = error
    tell(surprise, as_json=as_json)


def _keep_trace(error: Exception) -> None:
    """Write the traceback to a file that only this user reads."""
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="yunjin-", suffix=".txt", delete=False, encoding="utf-8"
        ) as file:
            file.writelines(traceback.format_exception(error))
    except OSError as full:
        _say(f"  Please report this; its traceback could not be kept: {full}")
        return
    _say(f"  This is a fault of the program. Please report it with {file.name}")


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)

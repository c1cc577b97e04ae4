"""What every command opens: the settings and the bank of a folder, with what is wrong in words."""

import datetime as dt
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

if TYPE_CHECKING:
    from rich.table import Table

    from yunjin.app.settings import Settings

Progress = Callable[[str, int, int], None]  # phase, done, total
_SETTINGS_FILE: Final = Path("yunjin.toml")
_PREFIX: Final = "YUNJIN_"
_PIPE_COLUMNS: Final = 160


def load_settings(home: Path | None = None) -> "Settings":
    """Read the settings; a folder given on the command line wins.

    Raises: Malformed, in words, where one is wrong.
    """
    from tomllib import TOMLDecodeError

    from pydantic import ValidationError

    from yunjin.app.settings import Settings
    from yunjin.kernel.errors import Malformed

    _warn_of_strangers(Settings.model_fields)
    try:
        return Settings(home=home) if home else Settings()
    except TOMLDecodeError as error:
        raise Malformed(f"expected {_SETTINGS_FILE.absolute()} in TOML, was: {error}") from None
    except UnicodeDecodeError as error:
        raise Malformed(f"expected {_SETTINGS_FILE.absolute()} in UTF-8, was: {error}") from None
    except ValidationError as error:
        raise Malformed("; ".join(map(_complaint, error.errors()))) from None


def _complaint(found: Any) -> str:
    """Say what is wrong with one setting, and where it was set."""
    name = ".".join(str(part) for part in found["loc"])
    variable = f"{_PREFIX}{name.replace('.', '__').upper()}"
    place = variable if variable in os.environ else str(_SETTINGS_FILE)
    if found["type"] == "extra_forbidden":
        return f"expected a setting that `config show` lists, was {name} ({place})"
    wanted = re.sub(r"^\w+ should (be )?", "expected ", found["msg"]).replace(
        "expected match", "expected to match"
    )
    wanted = wanted.removeprefix("Value error, ")
    was = "" if name.endswith("url") else f", was {str(found['input'])[:40]!r}"  # no passwords
    return f"{name}: {wanted}{was} ({place})"


def _warn_of_strangers(known: Any) -> None:
    """Tell of variables that look like settings and are none: else they are missed in silence."""
    for variable in sorted(os.environ):
        first = variable.removeprefix(_PREFIX).partition("__")[0].lower()
        if variable.startswith(_PREFIX) and first not in known:
            print(f"{variable} is no setting and changes nothing.", file=sys.stderr)


@contextmanager
def bank_of(home: Path | None, *, may_be_new: bool = False) -> Iterator[Any]:
    """Open the bank of a folder for one command.

    Raises: NotFound where there is none yet, unless it `may_be_new`; Refusal where the folder is
    none, or may not be written; LeaseHeld; Outage.
    """
    settings = load_settings(home)
    check_folder(settings, may_be_new=may_be_new)
    from yunjin.app.bootstrap import opened

    with opened(settings) as bank:
        yield bank


def check_folder(settings: "Settings", *, may_be_new: bool) -> None:
    """See that a bank can be opened in its folder, before anything is made there.

    Raises: NotFound, Malformed, Refusal.
    """
    from yunjin.kernel import tenant
    from yunjin.kernel.errors import Malformed, NotFound, Refusal

    folder = settings.home.absolute() / tenant.checked(settings.tenant)
    there = next(path for path in (folder, *folder.parents) if os.path.exists(path))
    if not there.is_dir():
        raise Malformed(f"expected a folder for the data, was the file {there}")
    is_kept_elsewhere = bool(settings.ledger.journal_url)
    journal = folder / f"cell-{settings.ledger.cell}.journal.db"
    if not (may_be_new or is_kept_elsewhere or os.path.exists(journal)):
        raise NotFound(
            f"There is no bank in {folder}. Another folder is named by --home or YUNJIN_HOME; "
            "`ledger open`, `agreements open`, `serve` and `demo` begin a new one."
        )
    if os.statvfs(there).f_flag & os.ST_RDONLY:
        raise Refusal(
            f"The disk of {there} may only be read; reading a bank needs writing too, since it "
            "takes the lease. Mount it for writing, or copy the folder to another disk."
        )
    if not os.access(there, os.W_OK | os.X_OK):
        raise Refusal(
            f"The folder {there} may not be written by this user; reading needs it too, "
            "since it takes the lease. Change its owner, or use a copy of it."
        )


def check_target(file: Path) -> None:
    """See that a file can be written, before the work for it is done. Raises: Malformed."""
    from yunjin.kernel.errors import Malformed

    if file.is_dir():
        raise Malformed(f"expected a file to write, was the folder {file}")
    if not file.parent.is_dir():
        raise Malformed(f"expected a file in a folder that is there, was {file}")
    if not os.access(file if file.exists() else file.parent, os.W_OK):
        raise Malformed(f"expected a file that this user may write, was {file}")


def check_source(path: Path, what: str = "file") -> None:
    """See that a file is there to be read (`what` "folder": a folder). Raises: Malformed."""
    from yunjin.kernel.errors import Malformed

    if not path.exists():
        raise Malformed(f"expected a {what} that is there, was {path}")
    if path.is_dir() != (what == "folder"):
        raise Malformed(
            f"expected a {what}, was the {'folder' if path.is_dir() else 'file'} {path}"
        )
    if not os.access(path, os.R_OK):
        raise Malformed(f"expected a {what} that this user may read, was {path}")


def day_of(text: str) -> dt.date:
    """Read a date. Raises: Malformed."""
    from yunjin.kernel.errors import Malformed

    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise Malformed(f"expected a date such as 2026-01-31, was {text[:40]!r}") from None


def command_of(text: str, what: str = "command") -> UUID:
    """Return the id of a try, said before it is sent: all that is needed to try again.

    Raises: Malformed.
    """
    from yunjin.kernel.clock import SystemClock
    from yunjin.kernel.errors import Malformed
    from yunjin.kernel.ids import uuid7

    try:
        identity = UUID(text) if text else uuid7(SystemClock())
    except ValueError:
        raise Malformed(f"expected a UUID, was {text[:50]!r}") from None
    print(f"{what} {identity}", file=sys.stderr, flush=True)
    return identity


def print_table(table: "Table") -> None:
    """Print a table; a pipe has no width of its own, so that there every row is whole."""
    from rich.console import Console

    Console(width=None if sys.stdout.isatty() else _PIPE_COLUMNS).print(table)


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """Show progress on the terminal, if there is one."""
    if not sys.stderr.isatty():
        yield lambda phase, done, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description:8}"), BarColumn(), TimeRemainingColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda phase, done, total: bar.update(
            task, description=phase, completed=done, total=total
        )

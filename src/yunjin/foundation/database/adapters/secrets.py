"""Passwords of a set: made at random, kept in one file that only this user reads."""

import json
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from yunjin.chassis.persistence import private_file, private_folder

_BYTES: Final = 24


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Secrets:
    """The passwords that a set's own users have."""

    application: str  # the platform: all rights in its own database
    doctor: str  # probes: may see, and write its heartbeat
    sst: str  # one node copying from another, on the socket only


def new_password() -> str:
    """Return 192 bits of chance as letters, digits, - and _."""
    return secrets.token_urlsafe(_BYTES)


def secrets_of(folder: Path, name: str) -> Secrets:
    """Return a set's passwords; the first time they are made."""
    file = folder / f"{name}.json"
    if not file.exists() or not file.stat().st_size:
        save(
            folder,
            name,
            Secrets(application=new_password(), doctor=new_password(), sst=new_password()),
        )
    return Secrets(**json.loads(file.read_text(encoding="utf-8")))


def save(folder: Path, name: str, made: Secrets) -> None:
    """Keep a set's passwords, in place of those before."""
    private_folder(folder)
    file, part = folder / f"{name}.json", folder / f".{name}.json.part"
    private_file(part)
    part.write_text(json.dumps(asdict(made)), encoding="utf-8")
    part.replace(file)

"""Bytes between a program on a host and a file here: compressed, summed, in place at the end."""

import gzip
import hashlib
import os
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from yunjin.chassis.persistence import private_file, private_folder
from yunjin.foundation.database.adapters.runners import Runner
from yunjin.foundation.database.errors import HostUnreachable

_CHUNK: Final = 1 << 20
_LEVEL: Final = 1  # a backup waits for the disk, not for the compressor
Moved = Callable[[int], None]  # hears how many bytes have gone through


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulled:
    """A file that was written from a program's output."""

    size_bytes: int  # of the file
    plain_bytes: int
    sha256: str  # of the file
    said: str  # on stderr


def pull(
    runner: Runner,
    words: Sequence[str],
    to: Path,
    *,
    moved: Moved = lambda count: None,
    forgives: Callable[[str], bool] = lambda said: False,
) -> Pulled:
    """Write what a program prints into a gzip file; on failure no file is left.

    Parameters
    ----------
    forgives : whether a program that failed has only said what does not matter.

    Raises: HostUnreachable with the program's complaint.
    """
    private_folder(to.parent)
    part = to.with_name(f".{to.name}.part")
    private_file(part)
    try:
        with tempfile.TemporaryFile() as said, part.open("wb") as file:
            with _program(runner, words, stdout=subprocess.PIPE, stderr=said) as program:
                plain = 0
                with gzip.GzipFile("", "wb", _LEVEL, file, mtime=0) as packed:
                    while chunk := program.stdout.read(_CHUNK):  # type: ignore[union-attr]
                        plain += packed.write(chunk)
                        moved(plain)
            said.seek(0)
            text = said.read().decode("utf-8", "replace")
            if program.returncode and not forgives(text):
                raise _failed(words, text)
            file.flush()
            os.fsync(file.fileno())
        part.rename(to)
        return Pulled(
            size_bytes=to.stat().st_size, plain_bytes=plain, sha256=sha256_of(to), said=text
        )
    finally:
        part.unlink(missing_ok=True)


def push(
    runner: Runner, words: Sequence[str], file: Path, *, moved: Moved = lambda count: None
) -> None:
    """Give a gzip file's content to a program. Raises: HostUnreachable with its complaint."""
    with tempfile.TemporaryFile() as said:
        with _program(runner, words, stdin=subprocess.PIPE, stderr=said, stdout=said) as program:
            plain = 0
            try:
                with gzip.open(file, "rb") as packed:
                    while chunk := packed.read(_CHUNK):
                        plain += program.stdin.write(chunk)  # type: ignore[union-attr]
                        moved(plain)
                program.stdin.close()  # type: ignore[union-attr]
            except BrokenPipeError:
                pass  # it says why, below
        if program.returncode:
            said.seek(0)
            raise _failed(words, said.read().decode("utf-8", "replace"))


def sha256_of(file: Path) -> str:
    """Return the hash of a file's content."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _program(runner: Runner, words: Sequence[str], **pipes: Any) -> "subprocess.Popen[bytes]":
    try:
        return subprocess.Popen(runner.words(words), **pipes)
    except OSError as error:
        raise HostUnreachable(f"{words[0]} could not be run: {error}.") from error


def _failed(words: Sequence[str], said: str) -> HostUnreachable:
    return HostUnreachable(f"{words[0]} failed: {said.strip()[-600:]}", program=words[0])

"""How programs are run on a host: one port, and what reaches it here, in a namespace, by ssh."""

import os
import shlex
import stat
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from yunjin.foundation.database.domain.topology import Host, Reach
from yunjin.foundation.database.errors import HostUnreachable
from yunjin.kernel import check

_SSH_FAILED: Final = 255
_SOCKET_FOLDER_MAX: Final = 48  # ssh adds 58 characters; a socket's path has 107
_PATHS: Final = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What came of a program."""

    code: int
    out: bytes
    err: bytes

    @property
    def text(self) -> str:
        """Return what it printed."""
        return self.out.decode("utf-8", "replace")

    @property
    def complaint(self) -> str:
        """Return the end of what it complained of."""
        return (self.err or self.out).decode("utf-8", "replace").strip()[-600:]


class Runner(Protocol):
    """Runs programs on one host. All that is done there goes through this one method."""

    def run(self, words: Sequence[str], *, stdin: bytes = b"", wait_s: int = 60) -> Ran:
        """Run a program to its end, whatever its exit code.

        Raises: HostUnreachable where it could not be run, or has not ended in time.
        """

    def words(self, words: Sequence[str]) -> list[str]:
        """Return the command that runs a program there from here: for streams and tests."""


class LocalRunner:
    """Runs programs on this machine."""

    def __init__(self, prefix: Sequence[str] = ()) -> None:
        self._prefix = tuple(prefix)

    def words(self, words: Sequence[str]) -> list[str]:
        return [*self._prefix, "env", _PATHS, "LC_ALL=C", *words]

    def run(self, words: Sequence[str], *, stdin: bytes = b"", wait_s: int = 60) -> Ran:
        try:
            done = subprocess.run(
                self.words(words), input=stdin, capture_output=True, timeout=wait_s, check=False
            )
        except subprocess.TimeoutExpired:
            raise HostUnreachable(
                f"{words[0]} has not ended in {wait_s} s.", program=words[0]
            ) from None
        except OSError as error:
            raise HostUnreachable(f"{words[0]} could not be run: {error}.") from error
        return Ran(code=done.returncode, out=done.stdout, err=done.stderr)


class NamespaceRunner(LocalRunner):
    """Runs programs in a network namespace of this machine; needs root."""

    def __init__(self, namespace: str) -> None:
        check.that(bool(namespace), "expected the name of a namespace, was none")
        super().__init__(("ip", "netns", "exec", namespace))


class SshRunner:
    """Runs programs on another machine by OpenSSH, with the user's own keys and known hosts.

    One connection is kept open for all commands, so that each costs a round trip only.
    """

    def __init__(self, address: str, *, user: str, port: int = 22) -> None:
        self._head = [
            "ssh",
            "-oBatchMode=yes",
            "-oConnectTimeout=5",
            "-oServerAliveInterval=5",
            *_shared_connection(),
            f"-p{port}",
            f"-l{user}",
            "--",
            address,
        ]
        self._address = address

    def words(self, words: Sequence[str]) -> list[str]:
        return [*self._head, shlex.join(["env", _PATHS, "LC_ALL=C", *words])]

    def run(self, words: Sequence[str], *, stdin: bytes = b"", wait_s: int = 60) -> Ran:
        try:
            done = subprocess.run(
                self.words(words), input=stdin, capture_output=True, timeout=wait_s, check=False
            )
        except subprocess.TimeoutExpired:
            raise HostUnreachable(
                f"{words[0]} on {self._address} has not ended in {wait_s} s.", host=self._address
            ) from None
        except OSError as error:
            raise HostUnreachable(f"ssh could not be run: {error}.") from error
        ran = Ran(code=done.returncode, out=done.stdout, err=done.stderr)
        if ran.code == _SSH_FAILED:
            raise HostUnreachable(
                f"{self._address} is not reached by ssh: {ran.complaint}", host=self._address
            )
        return ran


def _shared_connection() -> list[str]:
    """Return the options that keep one connection open, by a socket that only this user reaches."""
    folder = Path(tempfile.gettempdir(), f"yunjin-ssh-{os.geteuid()}")
    folder.mkdir(mode=0o700, exist_ok=True)
    made = folder.lstat()
    is_ours = stat.S_ISDIR(made.st_mode) and made.st_uid == os.geteuid()
    if not is_ours or made.st_mode & 0o077 or len(str(folder)) > _SOCKET_FOLDER_MAX:
        return []  # somebody else made it, or the path is too long: each command connects anew
    return ["-oControlMaster=auto", "-oControlPersist=60", f"-oControlPath={folder}/%C"]


def runner_of(host: Host) -> Runner:
    """Return what runs programs on a host of the fleet."""
    if host.reach is Reach.NAMESPACE:
        return NamespaceRunner(host.namespace)
    if host.reach is Reach.SSH:
        return SshRunner(host.address, user=host.user, port=host.ssh_port)
    return LocalRunner()

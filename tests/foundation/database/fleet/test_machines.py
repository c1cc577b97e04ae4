"""Goal: what is done on a host is done whole, whichever way commands get there. Method: this
machine as the host; ssh as a program of the test's own that runs what it is given."""

import os
import signal
import sys
from pathlib import Path

import pytest

from yunjin.foundation.database.adapters.machines import Machine
from yunjin.foundation.database.adapters.runners import (
    LocalRunner,
    NamespaceRunner,
    SshRunner,
    runner_of,
)
from yunjin.foundation.database.adapters.streams import pull, push, sha256_of
from yunjin.foundation.database.domain.topology import Host
from yunjin.foundation.database.errors import HostUnreachable

SSH = f"""#!{sys.executable}
import os, sys
words = sys.argv[1:]
if "unreachable" in words:
    sys.stderr.write("Connection refused"); sys.exit(255)
os.execvp("sh", ["sh", "-c", words[words.index("--") + 2]])
"""


@pytest.fixture
def here() -> Machine:
    """This machine."""
    return Machine("here", LocalRunner())


@pytest.fixture
def by_ssh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """This machine, reached by a program that is called ssh."""
    program = tmp_path / "bin" / "ssh"
    program.parent.mkdir()
    program.write_text(SSH)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    return Machine("there", SshRunner("10.0.0.1", user="yunjin"))


def check_files(machine: Machine, folder: Path) -> None:
    """Do with files what a node needs."""
    file = f"{folder}/new/a file's $NAME"
    machine.make_folder(f"{folder}/new")
    machine.write(file, "gold\n'quoted' \"twice\" $HOME `x`\n")
    assert machine.read(file) == "gold\n'quoted' \"twice\" $HOME `x`\n"
    assert machine.tail(file, 1).startswith("'quoted'")
    assert Path(file).stat().st_mode & 0o777 == 0o600
    assert Path(file).parent.stat().st_mode & 0o777 == 0o700
    assert machine.names(f"{folder}/new") == ["a file's $NAME"]
    assert machine.read(f"{folder}/none") == ""
    assert machine.names(f"{folder}/none") == []
    assert machine.disk(str(folder)).free_bytes > 0
    assert machine.clock_ns() > 1_700_000_000 * 10**9
    packed = machine.pack(f"{folder}/new", without=["*.log"])
    machine.make_folder(f"{folder}/copy")
    machine.unpack(f"{folder}/copy", packed)
    assert machine.names(f"{folder}/copy") == ["a file's $NAME"]
    machine.remove(f"{folder}/new")
    assert machine.names(f"{folder}/new") == []


def test_files_are_worked_on_here(here: Machine, tmp_path: Path) -> None:
    check_files(here, tmp_path)
    assert here.user()


def test_files_are_worked_on_by_ssh(by_ssh: Machine, tmp_path: Path) -> None:
    check_files(by_ssh, tmp_path)


def test_a_program_goes_on_by_itself_till_it_is_ended(here: Machine, tmp_path: Path) -> None:
    pid = here.start(["sleep", "600"], pid=f"{tmp_path}/pid", log=f"{tmp_path}/log")
    assert here.read(f"{tmp_path}/pid").strip() == str(pid)
    assert "sleep 600" in here.command_of(pid)
    assert not here.wait_end(pid, 0)
    here.send(pid, signal.SIGKILL)
    assert here.wait_end(pid, 30)
    here.send(pid, signal.SIGKILL)  # one that is gone is no error
    assert here.command_of(pid) == ""


def test_listeners_are_seen_with_their_program(here: Machine) -> None:
    import socket

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        found = here.listeners()
    assert str(os.getpid()) in found["127.0.0.1", port]


def test_a_program_that_fails_or_hangs_is_an_outage(here: Machine) -> None:
    with pytest.raises(HostUnreachable, match="no such thing"):
        here.done(["sh", "-c", "echo no such thing >&2; exit 3"])
    with pytest.raises(HostUnreachable, match="not ended in 1 s"):
        here.run(["sleep", "60"], wait_s=1)
    assert here.run(["sh", "-c", "exit 3"]).code == 3


def test_a_host_that_ssh_does_not_reach_is_an_outage(by_ssh: Machine) -> None:
    runner = SshRunner("unreachable", user="yunjin")
    with pytest.raises(HostUnreachable, match="Connection refused"):
        runner.run(["true"])
    assert by_ssh.run(["true"]).code == 0


def test_each_reach_has_its_runner() -> None:
    def host(**values: str) -> Host:
        return Host(name="h", data_centre="a", address="10.0.0.1", folder="/srv/x", **values)

    assert runner_of(host()).words(["true"])[-1] == "true"
    inside = runner_of(host(reach="namespace", namespace="dc1"))
    assert isinstance(inside, NamespaceRunner)
    assert inside.words(["true"])[:4] == ["ip", "netns", "exec", "dc1"]
    far = runner_of(host(reach="ssh", user="db", ssh_port=2222)).words(["a b"])
    assert far[0] == "ssh"
    assert "-p2222" in far
    assert "-ldb" in far
    assert far[-1].endswith("'a b'")


def test_a_stream_is_kept_whole_or_not_at_all(tmp_path: Path) -> None:
    file, runner, heard = tmp_path / "kept" / "x.gz", LocalRunner(), []
    pulled = pull(runner, ["head", "-c", "3000000", "/dev/zero"], file, moved=heard.append)
    assert (pulled.plain_bytes, pulled.sha256) == (3_000_000, sha256_of(file))
    assert heard[-1] == 3_000_000
    push(runner, ["sh", "-c", f"wc -c >{tmp_path}/count"], file)
    assert (tmp_path / "count").read_text().strip() == "3000000"
    with pytest.raises(HostUnreachable, match="half way"):
        pull(runner, ["sh", "-c", "echo x; echo half way >&2; exit 1"], tmp_path / "kept" / "y.gz")
    with pytest.raises(HostUnreachable, match="will not"):
        push(runner, ["sh", "-c", "echo will not >&2; exit 1"], file)
    assert [path.name for path in file.parent.iterdir()] == ["x.gz"]

"""Goal: what befalls a node's machine is answered by the real step, and the node comes back.

Method: as in test_faults; a disk that turns read-only under the server, a clock that a real chronyd
is asked to step, a node that is stopped because it never catches up. What this machine does not
let us do is skipped, and says so.
"""

import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from tests.foundation.database.doctor.hospital import Hospital
from tests.foundation.database.doctor.test_faults import QUICK, same, sell, write_on
from yunjin.foundation.database.api.doctor import ActionState, Remedy
from yunjin.foundation.database.domain.doctor.policy import Policy

pytestmark = [pytest.mark.slow, pytest.mark.galera]
AHEAD = """#!/bin/sh
[ "$1" = +%s%N ] && echo "$(($(/bin/date +%s%N) + 30000000000))"
"""
ASK = """#!/bin/sh
exec "{program}" -h "{socket}" "$@"
"""
STEP = """#!/bin/sh
echo "200 OK" && rm "{date}"
"""


def test_a_disk_that_turns_read_only_ends_its_node_until_it_is_mended(hospital: Hospital) -> None:
    if not hospital.disk.can_fail:
        pytest.skip("needs root and ext4 on a loop device: to have a disk fail")
    with hospital.watch(limits=replace(QUICK, disk_free_back=1 << 20)) as watch:
        sell(hospital, 0)
        hospital.disk.fail()
        watch.until(lambda: watch.done() == ["disk-failed"])
        assert hospital.node("n3").pid() == 0
        sell(hospital, 1)  # the others go on
        watch.more_rounds(10)
        assert watch.done() == ["disk-failed"]  # neither restarts nor copies onto such a disk
        hospital.disk.mend()
        watch.until_done("disk-failed", "disk-mended")
        assert same(hospital, 2)


def test_a_node_that_never_catches_up_is_stopped_and_comes_back_rested(hospital: Hospital) -> None:
    pulse = "LOCK TABLES shop.goods READ; SELECT SLEEP(1.2); UNLOCK TABLES; SELECT SLEEP(0.05);"

    def hold() -> None:
        with suppress(Exception):  # the server ends it
            hospital.node("n3").ask(pulse * 60, wait_s=200)

    holder = threading.Thread(target=hold)
    with hospital.watch(limits=replace(QUICK, queue_max=100, rest_s=5)) as watch:
        holder.start()
        writer = write_on(hospital, 6_000)
        watch.until(lambda: "node-never-catches-up" in watch.done())
        watch.until(lambda: "node-rested" in watch.done())
        assert watch.done()[:3] == ["node-slow", "node-never-catches-up", "node-rested"]
        writer.join(180)
        holder.join(60)
        watch.until(lambda: not watch.worries())
    assert same(hospital, 6_000)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a short name: the path of a socket has 107 bytes at most."""
    made = Path(
        tempfile.mkdtemp(prefix="yj-c-")
    )  # for this user alone, or chronyd does not trust it
    yield made
    shutil.rmtree(made)


@contextmanager
def chronyd(folder: Path) -> Iterator[Path]:
    """Run a time service that leaves the clock of this machine alone (-x); give its socket."""
    program = shutil.which("chronyd", path="/usr/sbin:/usr/bin")
    if program is None:
        pytest.skip("needs chrony: apt-get install chrony")
    config = folder / "chrony.conf"
    socket = folder / "chronyd.sock"
    config.write_text(
        f"local stratum 10\nport 0\ncmdport 0\nbindcmdaddress {socket}\npidfile {folder}/pid\n"
        f"driftfile {folder}/drift\n"
    )
    words = [program, "-x", "-d", "-u", "root", "-f", str(config)]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        try:
            for line in server.stderr:
                if "Running with root privileges" in line:
                    break
            yield socket
        finally:
            server.terminate()


def test_a_clock_is_stepped_by_the_hosts_time_service(hospital: Hospital, folder: Path) -> None:
    """A real chronyd is asked, and may not: this machine's clock is not ours to set. One that may
    is stood in for, with the answer that it gives; the clock that the host shows is then right."""
    client = shutil.which("chronyc", path="/usr/sbin:/usr/bin")
    with chronyd(folder) as socket:
        date, step = folder / "date", folder / "chronyc"
        date.write_text(AHEAD)
        step.write_text(ASK.format(program=client, socket=socket))
        for each in (date, step):
            each.chmod(0o755)
        with hospital.watch(policy=Policy(asks=frozenset())) as watch:
            hospital.faults.clocks["h3"] = folder
            watch.until(lambda: any(one.state is ActionState.FAILED for one in watch.actions()))
            step.write_text(STEP.format(date=date))
            watch.until(lambda: watch.done() == ["clock-off"] and not watch.worries())
            refused, *_, stepped = watch.actions()
    assert (refused.finding.remedy, refused.finding.node) == (Remedy.SET_CLOCK, "n3")
    assert "500 Failure" in refused.outcome
    assert stepped.outcome == "200 OK"

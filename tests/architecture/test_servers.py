"""Goal: a server that tests start lives as long as its test process, and no longer.

Method: a program that does nothing, started from a thread that ends, and by a process that is
killed; the kernel tells when it is gone.
"""

import os
import select
import signal
import subprocess
import sys
import threading

from tests.data import ROOT
from tests.mariadb import spawned

SLEEPS = ["sleep", "600"]


def test_a_server_outlives_the_thread_that_asked_for_it() -> None:
    started: list[subprocess.Popen[bytes]] = []
    asking = threading.Thread(target=lambda: started.append(spawned(SLEEPS)))
    asking.start()
    asking.join()
    other = spawned(["true"])  # one that ends by itself: the kernel had its turn
    other.wait(60)
    try:
        assert started[0].poll() is None
    finally:
        started[0].kill()
        started[0].wait()


def test_a_server_dies_with_a_test_process_that_is_killed() -> None:
    script = f"""
from tests.mariadb import spawned
print(spawned({SLEEPS}).pid, flush=True)
input()
"""
    parent = subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    server = os.pidfd_open(int(parent.stdout.readline()))
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    gone, _, _ = select.select([server], [], [], 60)
    os.close(server)
    assert gone, "it goes on without its parent"

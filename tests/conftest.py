"""What holds for every test: no network, printed seeds, skips that are seen, files in memory.

The normal lane (-m "not slow") asks Hypothesis for few examples, the slow one for as many as usual.
"""

import ipaddress
import os
import re
import secrets
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from yunjin.chassis.transport.logs import configure_plain_logs

OPTIONAL_MARKS = {"mariadb": "MariaDB", "galera": "Galera", "browser": "Chromium"}
EXAMPLES_QUICK = 30
BOTH_ENGINES = ("app", "platforms", "connections")  # whose tests run on each engine
OWN_NETWORKS: list[ipaddress.IPv4Network] = []  # of namespaces that a test made on this machine
LOOPBACK_NAMES = {"localhost", "localhost.localdomain", "ip6-localhost"}

_database = {"database": None} if "CI" in os.environ else {}
settings.register_profile(
    "usual",
    max_examples=200,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
    **_database,
)
settings.register_profile("quick", settings.get_profile("usual"), max_examples=EXAMPLES_QUICK)
settings.register_profile("thorough", settings.get_profile("usual"), max_examples=1_000)
MEMORY = Path("/dev/shm")  # an fsync there costs nothing; no test is about the machine's own disk
MEMORY_FREE_MIN = 4 << 30  # bytes
FOLDER = "yunjin-tests-"


class NetworkUsed(RuntimeError):
    """A test tried to leave this machine, or to listen where others could reach it."""


def is_loopback(host: object) -> bool:
    """Return whether a host (name, literal, None for "any reply here") is this machine's own."""
    if host is None or host in LOOPBACK_NAMES:
        return True
    text = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host)
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return text in LOOPBACK_NAMES
    return address.is_loopback or any(address in network for network in OWN_NETWORKS)


@contextmanager
def own_network(number: int) -> Iterator[None]:
    """Let a test reach 10.number.7.0/24, whose hosts are namespaces of its own, for a block."""
    network = ipaddress.IPv4Network(f"10.{number}.7.0/24")
    OWN_NETWORKS.append(network)
    try:
        yield
    finally:
        OWN_NETWORKS.remove(network)


def network_guard(event: str, arguments: tuple[Any, ...]) -> None:
    """Throw at any socket that does not stay on the loopback (an audit hook: nothing undoes it)."""
    if event == "socket.getaddrinfo":
        host = arguments[0]
    elif event in ("socket.connect", "socket.bind", "socket.sendto"):
        address = arguments[1]
        if not isinstance(address, tuple):
            return  # a Unix socket
        host = address[0]
    else:
        return
    if not is_loopback(host):
        raise NetworkUsed(f"expected only loopback in a test, was {event} of {host!r}")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Choose a seed where none was given, so that a red run can be had again exactly."""
    sys.addaudithook(network_guard)
    profile = "quick" if config.option.markexpr == "not slow" else "usual"
    settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", profile))
    if not hasattr(config, "workerinput"):  # workers are told by the environment
        config.stash[_folder] = use_memory()
    configure_plain_logs()  # structlog's own way writes out the locals of every frame
    pytest.register_assert_rewrite("tests.foundation.ledger.story")
    if config.getoption("--hypothesis-seed") is None:
        config.option.hypothesis_seed = secrets.randbelow(2**32)


_folder = pytest.StashKey[Path | None]()


def use_memory() -> Path | None:
    """Let temporary files be in memory, where there is enough; return their folder.

    Folders that processes left which are gone by now are removed.
    """
    if "TMPDIR" in os.environ or not os.access(MEMORY, os.W_OK):
        return None
    for left in MEMORY.glob(f"{FOLDER}*"):
        owner = Path("/proc", left.name.removeprefix(FOLDER).partition("-")[0])
        if not owner.exists():
            shutil.rmtree(left, ignore_errors=True)
    if shutil.disk_usage(MEMORY).free < MEMORY_FREE_MIN:
        return None
    folder = tempfile.mkdtemp(prefix=f"{FOLDER}{os.getpid()}-", dir=MEMORY)
    os.environ["TMPDIR"], tempfile.tempdir = folder, None
    return Path(folder)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Give the memory back."""
    folder = config.stash.get(_folder, None)
    if folder is not None:
        shutil.rmtree(folder, ignore_errors=True)


def pytest_report_header(config: pytest.Config) -> str:
    """Say how to get the same run again."""
    profile = settings.get_current_profile_name()
    return f"hypothesis: --hypothesis-seed={config.getoption('--hypothesis-seed')} ({profile})"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave most of a file's tests on MariaDB to the slow lane, where the same SQL is SQLite's too.

    How rooms speak SQL is tried on both engines whole, in the chassis; of each file of a business
    room the first test and every fifth one stay in the normal lane.
    """
    seen: Counter[str] = Counter()
    for item in items:
        folder = item.nodeid.split("/")[1]
        if "[" not in item.nodeid or "mariadb" not in item.nodeid.rpartition("[")[2]:
            continue
        if folder in BOTH_ENGINES:
            file = item.nodeid.partition("::")[0]
            if seen[file] % 5:
                item.add_marker(pytest.mark.slow)
            seen[file] += 1


def reason_of(report: pytest.TestReport) -> str:
    """Return why a test was skipped, without pytest's own words."""
    text = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return text.removeprefix("Skipped: ")


def lacking(report: pytest.TestReport) -> str | None:
    """Return the optional thing a test was skipped for, None for any other reason."""
    named = re.match(r"needs ([^:]+): ", reason_of(report))
    if named:
        return named[1]
    return next((what for mark, what in OPTIONAL_MARKS.items() if mark in report.keywords), None)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Say in the last lines what this machine could not test, and the seed of a red run."""
    reports = [report for report in terminalreporter.stats.get("skipped", []) if lacking(report)]
    for what, count in sorted(Counter(map(lacking, reports)).items()):
        why = next(reason_of(report) for report in reports if lacking(report) == what)
        terminalreporter.write_line(
            f"NOT TESTED HERE: {what}: {count} skipped ({why})", yellow=True
        )
    if terminalreporter.stats.get("failed"):
        terminalreporter.write_line(pytest_report_header(config))

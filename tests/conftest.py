"""What holds for every test: no network, seeds that are printed, skips that are seen."""

import ipaddress
import os
import re
import secrets
import sys
from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

OPTIONAL_MARKS = {"mariadb": "MariaDB", "browser": "Chromium"}
LOOPBACK_NAMES = {"localhost", "localhost.localdomain", "ip6-localhost"}

settings.register_profile(
    "default", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("ci", settings.get_profile("default"), database=None)
settings.register_profile("thorough", settings.get_profile("default"), max_examples=1_000)
settings.load_profile(
    os.environ.get("HYPOTHESIS_PROFILE", "ci" if "CI" in os.environ else "default")
)


class NetworkUsed(RuntimeError):
    """A test tried to leave this machine, or to listen where others could reach it."""


def is_loopback(host: object) -> bool:
    """Return whether a host (name, literal, None for "any reply here") is this machine's own."""
    if host is None or host in LOOPBACK_NAMES:
        return True
    text = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host)
    try:
        return ipaddress.ip_address(text.partition("%")[0]).is_loopback
    except ValueError:
        return text in LOOPBACK_NAMES


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
    pytest.register_assert_rewrite("tests.foundation.ledger.story")
    if config.getoption("--hypothesis-seed") is None:
        config.option.hypothesis_seed = secrets.randbelow(2**32)


def pytest_report_header(config: pytest.Config) -> str:
    """Say how to get the same run again."""
    profile = settings.get_current_profile_name()
    return f"hypothesis: --hypothesis-seed={config.getoption('--hypothesis-seed')} ({profile})"


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

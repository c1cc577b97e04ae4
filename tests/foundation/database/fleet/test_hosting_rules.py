"""Goal: an application's user has rights in its own database and nowhere else; the quota closes
and opens it. Method: the SQL as text, and the rule as a function."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yunjin.foundation.database.adapters.secrets import new_password
from yunjin.foundation.database.api.hosting import HostedState
from yunjin.foundation.database.domain import hosting as rules
from yunjin.foundation.database.domain.users import first_statements, quoted_secret
from yunjin.kernel.errors import Malformed

MB = 1 << 20


@pytest.mark.parametrize(
    "name", ["mysql", "yunjin", "yunjin_doctor", "root", "Shop", "a-b", "a`b", "", "x" * 33, "1a"]
)
def test_a_name_that_is_not_for_applications_is_refused(name: str) -> None:
    with pytest.raises(Malformed):
        rules.checked_database(name)


def test_an_underscore_in_a_name_stands_for_itself_only() -> None:
    made = rules.create_statements("a_b", new_password(), 5)
    assert "ON `a\\_b`.* TO `a_b`@`%`" in made
    assert "MAX_USER_CONNECTIONS 5" in made
    assert "CREATE DATABASE IF NOT EXISTS `a_b`" in made
    assert "*.*" not in made


@pytest.mark.parametrize("secret", ["short", "it's a quote but long enough", "x" * 200, ""])
def test_a_password_that_is_not_ours_never_reaches_sql(secret: str) -> None:
    with pytest.raises(Malformed):
        quoted_secret(secret)


def test_the_sets_own_users_have_what_they_need_and_no_more() -> None:
    secret = new_password()
    made = first_statements(database="bank_1", application=secret, doctor=secret, sst=secret)
    assert "GRANT ALL ON `bank\\_1`.* TO `yunjin`@`%`" in made
    assert "`yunjin_sst`@`localhost`" in made
    assert "`yunjin_sst`@`%`" not in made
    assert "GRANT ALL ON *.*" not in made


@pytest.mark.parametrize(
    ("state", "size_bytes", "becomes"),
    [
        (HostedState.OPEN, 10 * MB, HostedState.OPEN),
        (HostedState.OPEN, 10 * MB + 1, HostedState.FULL),
        (HostedState.FULL, 10 * MB, HostedState.FULL),  # at the edge it stays closed
        (HostedState.FULL, 95 * MB // 10, HostedState.OPEN),
        (HostedState.RESTORING, 99 * MB, HostedState.RESTORING),
        (HostedState.CREATING, 99 * MB, HostedState.CREATING),
    ],
)
def test_the_quota_closes_and_opens(
    state: HostedState, size_bytes: int, becomes: HostedState
) -> None:
    assert rules.state_by_size(state, size_bytes, 10) is becomes


@given(st.integers(0, 2**50), st.integers(1, 10**6))
def test_a_database_does_not_flap(size_bytes: int, quota_mb: int) -> None:
    for state in (HostedState.OPEN, HostedState.FULL):
        once = rules.state_by_size(state, size_bytes, quota_mb)
        assert rules.state_by_size(once, size_bytes, quota_mb) is once


def test_limits_have_limits() -> None:
    rules.checked_limits(1, 1)
    for quota, connections in ((0, 1), (1, 0), (10**8, 1), (1, 501)):
        with pytest.raises(Malformed):
            rules.checked_limits(quota, connections)

"""Hosted databases: the SQL that makes, limits, closes and opens them; the quota's rule."""

from typing import Final

from yunjin.foundation.database.api.hosting import HostedState
from yunjin.foundation.database.domain.users import checked_name, pattern_of, quoted_secret
from yunjin.kernel.errors import Malformed

CONNECTIONS_MAX: Final = 500
QUOTA_MB_MAX: Final = 10_000_000
_NAME_LENGTH: Final = 32
_SYSTEM: Final = frozenset(
    {"mysql", "sys", "information_schema", "performance_schema", "test", "root", "mariadb"}
)
_OURS: Final = "yunjin"
_WRITES: Final = (
    "INSERT, UPDATE, CREATE, ALTER, INDEX, CREATE TEMPORARY TABLES, CREATE VIEW, "
    "CREATE ROUTINE, ALTER ROUTINE, EXECUTE, EVENT, TRIGGER"
)
_READS: Final = "SELECT, DELETE, DROP, LOCK TABLES, SHOW VIEW"
SIZES: Final = """
SELECT SUBSTRING_INDEX(name, '/', 1), SUM(file_size)
  FROM information_schema.innodb_sys_tablespaces WHERE name LIKE '%/%' GROUP BY 1;
"""


def checked_database(name: str) -> str:
    """Return a name that a hosted database, and its user, may have. Raises: Malformed."""
    checked_name(name, "database name")
    if name in _SYSTEM or name.startswith(_OURS) or len(name) > _NAME_LENGTH:
        raise Malformed(
            f"expected a database name of at most {_NAME_LENGTH} characters that is not the "
            f"platform's or the server's own, was {name[:60]!r}"
        )
    return name


def checked_limits(quota_mb: int, connections_max: int) -> None:
    """Refuse limits that are none. Raises: Malformed."""
    if not 1 <= quota_mb <= QUOTA_MB_MAX:
        raise Malformed(f"expected a quota of 1 to {QUOTA_MB_MAX} MB, was {quota_mb}")
    if not 1 <= connections_max <= CONNECTIONS_MAX:
        raise Malformed(f"expected 1 to {CONNECTIONS_MAX} connections, was {connections_max}")


def create_statements(name: str, password: str, connections_max: int) -> str:
    """Return what makes a database and its user; fit to be run again."""
    return f"""
CREATE DATABASE IF NOT EXISTS `{name}` CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;
CREATE OR REPLACE USER `{name}`@`%` IDENTIFIED BY {quoted_secret(password)}
  WITH MAX_USER_CONNECTIONS {connections_max:d};
GRANT {_READS}, {_WRITES} ON `{pattern_of(name)}`.* TO `{name}`@`%`;
"""


def limit_statement(name: str, connections_max: int) -> str:
    """Return what gives a user another number of connections."""
    return f"ALTER USER `{name}`@`%` WITH MAX_USER_CONNECTIONS {connections_max:d};"


def password_statement(name: str, password: str) -> str:
    """Return what gives a user another password."""
    return f"ALTER USER `{name}`@`%` IDENTIFIED BY {quoted_secret(password)};"


def close_writes(name: str) -> str:
    """Return what leaves a user reading and deleting."""
    return f"REVOKE {_WRITES} ON `{pattern_of(name)}`.* FROM `{name}`@`%`;"


def open_writes(name: str) -> str:
    """Return what lets a user write again."""
    return f"GRANT {_WRITES} ON `{pattern_of(name)}`.* TO `{name}`@`%`;"


def end_connections(name: str) -> str:
    """Return what ends a user's connections on a node: rights are looked at when one begins."""
    return f"KILL CONNECTION USER `{name}`@`%`;"


def lock_statement(name: str, *, is_locked: bool) -> str:
    """Return what shuts a user out, or lets it in again."""
    return f"ALTER USER `{name}`@`%` ACCOUNT {'LOCK' if is_locked else 'UNLOCK'};"


def empty_statements(name: str, loader: str, password: str) -> str:
    """Return what empties a database and makes a user who may fill it, and nothing else."""
    return f"""
DROP DATABASE IF EXISTS `{name}`;
CREATE DATABASE `{name}` CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;
CREATE OR REPLACE USER `{loader}`@`localhost` IDENTIFIED BY {quoted_secret(password)};
GRANT ALL ON `{pattern_of(name)}`.* TO `{loader}`@`localhost`;
GRANT SET USER, BINLOG ADMIN ON *.* TO `{loader}`@`localhost`;
"""


def drop_statements(name: str) -> str:
    """Return what removes a database and its user."""
    return f"DROP USER IF EXISTS `{name}`@`%`;\nDROP DATABASE IF EXISTS `{name}`;"


def state_by_size(state: HostedState, size_bytes: int, quota_mb: int) -> HostedState:
    """Return the state of a database that has a size: full above its quota.

    It opens again at 95 % of it, so that one at the edge does not open and close all the time.
    """
    quota_bytes = quota_mb << 20
    if state is HostedState.OPEN and size_bytes > quota_bytes:
        return HostedState.FULL
    if state is HostedState.FULL and size_bytes * 100 <= quota_bytes * 95:
        return HostedState.OPEN
    return state

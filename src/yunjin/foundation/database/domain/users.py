"""Users of a set: the platform's own, the doctor's, and the one that copies a node."""

import re
from typing import Final

from yunjin.foundation.database.domain.rendering import SST_USER
from yunjin.kernel.errors import Malformed

APPLICATION: Final = "yunjin"
DOCTOR: Final = "yunjin_doctor"  # its user and its database
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,47}")
_SECRET: Final = re.compile(r"[A-Za-z0-9_\-]{16,128}")
_CHARACTERS: Final = "CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
# Whoever connects from outside needs what a probe needs; the copying user never leaves the socket.
_PROBE_RIGHTS: Final = "PROCESS, REPLICATION CLIENT, REPLICA MONITOR, BINLOG MONITOR"
_SST_RIGHTS: Final = "RELOAD, PROCESS, LOCK TABLES, BINLOG MONITOR, REPLICA MONITOR"


def checked_name(name: str, what: str = "name") -> str:
    """Return a name that needs no quoting anywhere. Raises: Malformed."""
    if not _NAME.fullmatch(name):
        raise Malformed(
            f"expected a {what} of small letters, digits and _, at most 48, was {name[:60]!r}"
        )
    return name


def quoted_secret(secret: str) -> str:
    """Return a password as SQL text. Raises: Malformed for one that this program did not make."""
    if not _SECRET.fullmatch(secret):
        raise Malformed("expected a password of 16 to 128 letters, digits, - and _")
    return f"'{secret}'"


def pattern_of(name: str) -> str:
    """Return a database's name for GRANT, where `_` would stand for any character."""
    return name.replace("_", "\\_")


def first_statements(*, database: str, application: str, doctor: str, sst: str) -> str:
    """Return what makes a new set's own users and databases; fit to be run again.

    Parameters
    ----------
    database : the platform's.
    application, doctor, sst : passwords.

    Raises: Malformed.
    """
    name = checked_name(database, "database")
    return f"""
CREATE DATABASE IF NOT EXISTS `{name}` {_CHARACTERS};
CREATE DATABASE IF NOT EXISTS `{DOCTOR}` {_CHARACTERS};
CREATE OR REPLACE USER `{APPLICATION}`@`%` IDENTIFIED BY {quoted_secret(application)};
GRANT ALL ON `{pattern_of(name)}`.* TO `{APPLICATION}`@`%`;
GRANT RELOAD ON *.* TO `{APPLICATION}`@`%`;
CREATE OR REPLACE USER `{DOCTOR}`@`%` IDENTIFIED BY {quoted_secret(doctor)};
GRANT {_PROBE_RIGHTS} ON *.* TO `{DOCTOR}`@`%`;
GRANT ALL ON `{pattern_of(DOCTOR)}`.* TO `{DOCTOR}`@`%`;
CREATE OR REPLACE USER `{SST_USER}`@`localhost` IDENTIFIED BY {quoted_secret(sst)};
GRANT {_SST_RIGHTS} ON *.* TO `{SST_USER}`@`localhost`;
DELETE FROM mysql.global_priv WHERE user = '' OR (user = 'root' AND host <> 'localhost');
FLUSH PRIVILEGES;
"""

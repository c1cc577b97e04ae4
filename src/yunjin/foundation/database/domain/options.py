"""Which options of a server an operator may set, and which of them act at once."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from yunjin.kernel.errors import Malformed


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One option: the form of its values, and whether a running server takes it."""

    form: str
    acts_at_once: bool = True


_SIZE: Final = r"[1-9][0-9]{0,9}[KMG]?"
_UNITS: Final = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
_COUNT: Final = r"[0-9]{1,9}"
_SWITCH: Final = r"ON|OFF"
OPTIONS: Final[dict[str, Option]] = {
    "gcache_size": Option(form=_SIZE, acts_at_once=False),
    "innodb_buffer_pool_size": Option(form=_SIZE),
    "innodb_flush_log_at_trx_commit": Option(form="[12]"),
    "innodb_io_capacity": Option(form=_COUNT),
    "innodb_io_capacity_max": Option(form=_COUNT),
    "innodb_lock_wait_timeout": Option(form=_COUNT),
    "innodb_log_file_size": Option(form=_SIZE),
    "innodb_flush_method": Option(
        form="fsync|O_DSYNC|O_DIRECT|O_DIRECT_NO_FSYNC", acts_at_once=False
    ),
    "innodb_print_all_deadlocks": Option(form=_SWITCH),
    "log_queries_not_using_indexes": Option(form=_SWITCH),
    "long_query_time": Option(form=r"[0-9]{1,4}(\.[0-9]{1,6})?"),
    "max_allowed_packet": Option(form=_SIZE),
    "max_connections": Option(form=_COUNT),
    "max_statement_time": Option(form=r"[0-9]{1,6}(\.[0-9]{1,6})?"),
    "performance_schema": Option(form=_SWITCH, acts_at_once=False),
    "slow_query_log": Option(form=_SWITCH),
    "sync_binlog": Option(form=_COUNT),
    "table_open_cache": Option(form=_COUNT),
    "thread_cache_size": Option(form=_COUNT),
    "tmp_table_size": Option(form=_SIZE),
    "wait_timeout": Option(form=_COUNT),
    "wsrep_max_ws_size": Option(form=_COUNT),
    "wsrep_slave_threads": Option(form=r"[1-9][0-9]?"),
    "wsrep_sync_wait": Option(form="[0-9]|1[0-5]"),
}


def checked_options(options: Mapping[str, str | int | bool]) -> dict[str, str]:
    """Return options as the server reads them.

    Raises: Malformed, with the names an operator may set, or the form of the value.
    """
    made: dict[str, str] = {}
    for name, value in options.items():
        option = OPTIONS.get(name)
        if option is None:
            raise Malformed(
                f"expected an option of the fleet's, was {name[:60]!r}", known=sorted(OPTIONS)
            )
        text = ("ON" if value else "OFF") if isinstance(value, bool) else str(value)
        if not re.fullmatch(option.form, text):
            raise Malformed(f"expected {option.form} as {name}, was {text[:60]!r}")
        made[name] = text
    return made


def needs_restart(options: Mapping[str, str | int | bool]) -> list[str]:
    """Return the options that a running server does not take."""
    return sorted(name for name in options if not OPTIONS[name].acts_at_once)


def set_statement(name: str, value: str) -> str:
    """Return the SQL that gives a running server a checked option."""
    unit = _UNITS.get(value[-1:]) if OPTIONS[name].form == _SIZE else None
    number = str(int(value[:-1]) * unit) if unit else value
    quoted = number if re.fullmatch(r"[0-9.]+", number) else f"'{number}'"
    return f"SET GLOBAL {name} = {quoted};"

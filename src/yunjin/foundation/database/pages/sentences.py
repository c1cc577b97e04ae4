"""Sentences that the fleet and the doctor record in English, told in the reader's language."""

import re
from typing import Final

from yunjin.chassis.console import t

# what is recorded → the word that tells it, with the same figures
_SENTENCES: Final = tuple(
    (re.compile(pattern), f"fleet.said.{key}")
    for pattern, key in (
        (r"in step at (?P<at>\d+), nothing was received", "in_step"),
        (r"in step at (?P<at>\d+), (?P<way>IST|SST) was received", "received"),
        (r"started at (?P<at>-?\d+); there is no majority to join yet", "alone"),
        (r"in a majority again: (?P<who>.+)", "majority"),
        (r"(?P<each>\w+ at -?\d+(?:, \w+ at -?\d+)*)", "all"),
        (r"started", "started"),
        (r"rolled back", "rolled_back"),
        (r"ended at once", "ended"),
        (r"stopped in order", "stopped"),
        (r"read-only", "read_only"),
        (r"takes writes again", "writes"),
        (r"stepped", "stepped"),
        (r"it is over", "over"),
        (r"set (?P<set>\w+) has one node: while that is down, so is the set", "one_node"),
        *(
            (
                rf"set (?P<set>\w+) has (?P<count>\d+) of (?P<votes>\d+) votes in {what} "
                r"(?P<name>[\w.-]+): losing it stops the set",
                f"votes_{what.replace(' ', '_')}",
            )
            for what in ("host", "data centre", "city")
        ),
    )
)
SAID: Final[dict[str, tuple[str, str]]] = {
    "fleet.said.in_step": ("已同步，序号 {at}", "in step at {at}"),
    "fleet.said.received": (
        "以 {way} 补齐并同步，序号 {at}",
        "in step at {at}, caught up by {way}",
    ),
    "fleet.said.alone": (
        "已从序号 {at} 启动，尚无多数可加入",
        "started at {at}; there is no majority to join yet",
    ),
    "fleet.said.majority": ("重新成为多数：{who}", "in a majority again: {who}"),
    "fleet.said.all": ("全部启动：{each}", "all started: {each}"),
    "fleet.said.started": ("已启动", "started"),
    "fleet.said.rolled_back": ("已回滚", "rolled back"),
    "fleet.said.ended": ("已立即结束", "ended at once"),
    "fleet.said.stopped": ("已按序停止", "stopped in order"),
    "fleet.said.read_only": ("已设为只读", "read-only"),
    "fleet.said.writes": ("已恢复写入", "takes writes again"),
    "fleet.said.stepped": ("已校时", "stepped"),
    "fleet.said.over": ("问题已消除", "it is over"),
    "fleet.said.one_node": (
        "集 {set} 只有一个节点：它停则集停",
        "set {set} has one node: while that is down, so is the set",
    ),
    "fleet.said.votes_host": (
        "主机 {name}：集 {set} 的 {votes} 票中有 {count} 票在此",
        "host {name}: {count} of {votes} votes of set {set}",
    ),
    "fleet.said.votes_data_centre": (
        "机房 {name}：集 {set} 的 {votes} 票中有 {count} 票在此",
        "data centre {name}: {count} of {votes} votes of set {set}",
    ),
    "fleet.said.votes_city": (
        "城市 {name}：集 {set} 的 {votes} 票中有 {count} 票在此",
        "city {name}: {count} of {votes} votes of set {set}",
    ),
}


def told(recorded: str) -> str:
    """Return a recorded sentence in the reader's language; one that is not known as it is."""
    for pattern, key in _SENTENCES:
        found = pattern.fullmatch(recorded)
        if found is not None:
            return t(key, **found.groupdict())
    return recorded

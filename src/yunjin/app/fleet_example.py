"""A fleet.toml to begin with: one for each topology that is shipped and tested."""

from enum import StrEnum
from typing import Final


class Shape(StrEnum):
    """Where the nodes of a set are."""

    MACHINE = "one-machine"  # outlives the death of a process
    CENTRES = "three-centres"  # of one city; outlives any one of them
    CITIES = "two-cities"  # and a witness in a third; outlives any one of them


PORTS: Final = 12  # neighbours, from the first one on
_CITIES: Final = {
    Shape.MACHINE: {"a": "shenzhen"},
    Shape.CENTRES: {"a": "shenzhen", "b": "shenzhen", "c": "shenzhen"},
    Shape.CITIES: {"a": "shenzhen", "b": "shanghai", "w": "chengdu"},
}
_NODES: Final = {Shape.MACHINE: "aaa", Shape.CENTRES: "abc", Shape.CITIES: "ab"}


def text(folder: str, port: int, shape: Shape = Shape.CENTRES) -> str:
    """Return a fleet of a shape, all on this machine.

    Parameters
    ----------
    folder : where the nodes keep their data, at most 60 characters.
    port : the first of the twelve ports that they listen on.
    """
    lines = ["# The fleet: docs/how-to/cluster.md", ""]
    for centre, city in _CITIES[shape].items():
        lines += [f"[data_centres.{centre}]", f'city = "{city}"', ""]
    for centre in _CITIES[shape]:
        lines += [
            f"[hosts.{centre}1]",
            f'data_centre = "{centre}"',
            'address = "127.0.0.1"',
            f'folder = "{folder.rstrip("/")}/{centre}"',
            "",
        ]
    profile = "wan" if shape is Shape.CITIES else "lan"
    lines += ["[sets.s1]", "cells = [1]", f'profile = "{profile}"']
    if shape is Shape.CITIES:
        lines.append(f'witness = {{ host = "w1", port = {port + PORTS - 1} }}')
    lines.append("nodes = [")
    for name, centre, first in zip(
        "abc", _NODES[shape], range(port, port + PORTS, 4), strict=False
    ):
        lines.append(
            f'  {{ name = "s1{name}", host = "{centre}1", port = {first}, '
            f"galera_port = {first + 1}, ist_port = {first + 2}, sst_port = {first + 3} }},"
        )
    return "\n".join([*lines, "]", ""])

"""A fleet.toml to begin with."""


def text(folder: str, port: int) -> str:
    """Return a fleet of three data centres of one node each, all on this machine.

    Parameters
    ----------
    folder : where the nodes keep their data, at most 60 characters.
    port : the first of the twelve ports that they listen on.
    """
    lines = ["# The fleet: docs/how-to/cluster.md", ""]
    for centre in "abc":
        lines += [f"[data_centres.{centre}]", 'city = "shenzhen"', ""]
    for centre in "abc":
        lines += [
            f"[hosts.{centre}1]",
            f'data_centre = "{centre}"',
            'address = "127.0.0.1"',
            f'folder = "{folder.rstrip("/")}/{centre}"',
            "",
        ]
    lines += ["[sets.s1]", "cells = [1]", 'profile = "lan"', "nodes = ["]
    for number, centre in enumerate("abc"):
        first = port + 4 * number
        lines.append(
            f'  {{ name = "s1{centre}", host = "{centre}1", port = {first}, '
            f"galera_port = {first + 1}, ist_port = {first + 2}, sst_port = {first + 3} }},"
        )
    return "\n".join([*lines, "]", ""])

"""The one import contract that import-linter lacks: rooms have doors."""

from collections.abc import Iterator
from typing import Any

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class DoorsContract(Contract):
    """An import from one room to another may enter only through a public file.

    A room is the third name of a module (`yunjin.foundation.ledger`). Its package itself is no
    door: what stands in an `__init__` would be an entrance that nobody watches.
    """

    root = fields.StringField()
    public = fields.StringField()  # files of a room that others may import
    composition_root = fields.StringField()  # the only package that may enter elsewhere
    rootless = fields.StringField()  # storeys without rooms

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Return every import between rooms that does not go through a door."""
        broken = [
            (source, target, _line(graph, source, target))
            for target in sorted(graph.modules)
            if self._is_private(target)
            for source in sorted(graph.find_modules_that_directly_import(target))
            if not self._may_enter(source, target)
        ]
        return ContractCheck(kept=not broken, metadata={"broken": broken})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Print a line for every breach, with where it is and what to do."""
        for message in self.messages(check):
            output.print_error(message)

    @staticmethod
    def messages(check: ContractCheck) -> Iterator[str]:
        """Return the breaches of a check as sentences."""
        for source, target, line in check.metadata["broken"]:
            yield f"{source}:{line} enters {target}; use its api, events or errors"

    def _is_private(self, module: str) -> bool:
        room = self._room(module)
        if room is None:
            return False
        return module == room or module.split(".")[3] not in self._words(self.public)

    def _may_enter(self, source: str, target: str) -> bool:
        inside = self._room(source) == self._room(target) and target != self._room(target)
        return inside or f"{source}.".startswith(f"{self.composition_root}.")

    def _room(self, module: str) -> str | None:
        parts = module.split(".")
        if len(parts) < 3 or parts[0] not in self._words(self.root):
            return None
        return None if parts[1] in self._words(self.rootless) else ".".join(parts[:3])

    @staticmethod
    def _words(field: Any) -> frozenset[str]:
        return frozenset(str(field).split())


def _line(graph: ImportGraph, source: str, target: str) -> int:
    [first, *_] = graph.get_import_details(importer=source, imported=target)
    return int(first["line_number"])

"""Operations of centres, asked by name with JSON values: what a drawing's service tasks do."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec

from yunjin.kernel.errors import Malformed
from yunjin.platforms.capability.domain.bpmn.operations import UNDONE, Operation, Operations


class Calling:
    """The doors of centres, by the names of their operations. Safe for threads."""

    def __init__(self, operations: Operations, doors: Mapping[type, Any]) -> None:
        self._operations, self._doors = operations, doors

    def act(self, command_id: UUID, name: str, inputs: Mapping[str, Any]) -> Any:
        """Ask a centre; return its answer as JSON values.

        Parameters
        ----------
        inputs : by the name of the parameter; `limit.name` is a part of a larger one.

        Raises: Malformed (an input), and what the operation raises.
        """
        operation = self._operations.get(name)
        if operation is None or operation.door not in self._doors:
            raise Malformed(f"There is no operation {name[:80]} here.", operation=name[:80])
        arguments = _arguments(operation, inputs)
        ask = getattr(self._doors[operation.door], operation.method)
        answer = ask(command_id, **arguments) if operation.is_command else ask(**arguments)
        return msgspec.to_builtins(answer)

    def can_undo(self, name: str) -> bool:
        """Return whether a command takes an operation back."""
        operation = self._operations.get(name)
        return operation is not None and bool(operation.undo)

    def undo(self, command_id: UUID, answer: Any, name: str, inputs: Mapping[str, Any]) -> Any:
        """Take a command back by the command that the catalogue names. Raises: as `act`."""
        operation = self._operations.get(name)
        if operation is None or not operation.undo:
            raise Malformed(f"Nothing undoes {name[:80]}.", operation=name[:80])
        told = answer if isinstance(answer, Mapping) else {}
        given: dict[str, Any] = {}
        for parameter, source in operation.undo_from.items():
            if "input" in source and inputs.get(parameter) is not None:
                given[parameter] = inputs[parameter]
            elif "answer" in source and parameter in told:
                given[parameter] = told[parameter]
            elif source == "why":
                given[parameter] = UNDONE
        return self.act(command_id, operation.undo, given)


def _arguments(operation: Operation, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return inputs as the operation's types. Raises: Malformed, which names the input."""
    nested: dict[str, Any] = {}
    for name, given in inputs.items():
        path, at = name.split("."), nested
        for part in path[:-1]:
            at = at.setdefault(part, {})
        at[path[-1]] = given
    found = {}
    for name, given in nested.items():
        kind = operation.types.get(name)
        if kind is None:
            raise Malformed(f"{operation.name} takes no {name[:40]!r}.", input=name[:40])
        try:
            found[name] = msgspec.convert(given, kind, strict=False)
        except (msgspec.ValidationError, TypeError, ValueError) as error:
            said = f"The input {name[:40]} of {operation.name}: {error}"
            raise Malformed(said[:300], input=name[:40]) from None
    return found

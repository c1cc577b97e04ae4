"""Drawings are brought in, checked, started, told; their text and their pictures are given out."""

import inspect
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from yunjin.chassis.flow import Flows, NoSuchFlow, Person
from yunjin.chassis.flow.drawing import bpmn, chart_of, svg
from yunjin.chassis.persistence import RoomDatabase, SqlUnitOfWork, instant_us
from yunjin.kernel.clock import instant
from yunjin.kernel.errors import Malformed
from yunjin.kernel.page import LIMIT_MAX, Page, seal, unseal
from yunjin.platforms.capability.adapters.spiff import Plan, check_installed
from yunjin.platforms.capability.api.drawings import (
    BYTES_MAX,
    CODE_LENGTH,
    FLOW,
    Checked,
    Drawing,
    Finding,
    Value,
)
from yunjin.platforms.capability.domain.bpmn.checks import check
from yunjin.platforms.capability.domain.bpmn.model import Kind, Model
from yunjin.platforms.capability.domain.bpmn.operations import Operations
from yunjin.platforms.capability.domain.bpmn.picture import chart
from yunjin.platforms.capability.domain.bpmn.reading import read
from yunjin.platforms.capability.errors.drawings import (
    DrawingNotFound,
    DrawingRefused,
    DrawingRetired,
)
from yunjin.platforms.capability.events import drawings as events
from yunjin.platforms.capability.service.drawings.running import MESSAGE
from yunjin.platforms.capability.service.values import check_text
from yunjin.platforms.capability.store import drawings as store

FINDINGS_MAX: Final = 50  # that are told at once
_TEXT_MAX: Final = 10_000  # characters of a value


class DrawingService:
    """Drawings over a room's tables.

    Parameters
    ----------
    operations : what drawings may ask of centres.
    doors : whose operations they are, for flows in code that are drawn.
    """

    def __init__(
        self,
        room: RoomDatabase,
        flows: Flows,
        operations: Operations,
        *,
        doors: Mapping[type, Any],
        cursor_key: bytes,
    ) -> None:
        self._room, self._flows, self._operations = room, flows, operations
        self._doors, self._key = doors, cursor_key

    def bring(self, command_id: UUID, text: str, *, by: str) -> Drawing:
        """Bring a drawing in. Raises: as DrawingsApi says."""
        check_text("name of a person", by, least=1, most=64)
        check_installed()
        model = self._checked(text)
        if model.findings:
            raise _refused(model.findings)
        Plan(model)  # what runs it must be able to read it

        def body(work: SqlUnitOfWork) -> dict[str, Any]:
            version, is_retired = store.locked(work.connection, model.code) or (0, False)
            digest = store.digest_of(text)
            is_live = bool(version) and not is_retired
            if is_live and store.digest(work.connection, model.code, version) == digest:
                return {"code": model.code, "version": version}
            now_us = instant_us(self._room.clock.now_ns())
            made = Drawing(
                code=model.code,
                version=version + 1,
                name=model.name,
                operations=_asked(model),
                inputs=model.inputs,
                by=by,
                at=instant(now_us * 1_000),
                is_retired=False,
            )
            store.put(work.connection, made, text, now_us)
            work.outbox.add(events.DrawingBrought(drawing=made.code, version=made.version, by=by))
            return {"code": made.code, "version": made.version}

        request = ["drawing.bring", store.digest_of(text).hex(), by]
        said = self._room.command(command_id, request, body)
        return self.drawing(said["code"], said["version"])

    def retire(self, command_id: UUID, code: str, *, by: str) -> Drawing:
        """Let a drawing start no more flows. Raises: as DrawingsApi says."""
        check_text("name of a person", by, least=1, most=64)
        self.drawing(code)

        def body(work: SqlUnitOfWork) -> dict[str, Any]:
            found = store.locked(work.connection, code)
            if found is None:
                raise _missing(code)
            if not found[1]:
                store.retire(work.connection, code)
                work.outbox.add(events.DrawingRetired(drawing=code, by=by))
            return {"code": code}

        self._room.command(command_id, ["drawing.retire", code, by], body)
        return self.drawing(code)

    def start(self, command_id: UUID, code: str, inputs: Mapping[str, Value]) -> UUID:
        """Start a flow of a drawing. Raises: as DrawingsApi says."""
        check_installed()
        found = self.drawing(code)
        if found.is_retired:
            raise DrawingRetired("The drawing is retired: bring it again.", code=code)
        _check_values(inputs)
        missing = [name for name in found.inputs if name not in inputs]
        unknown = sorted(set(inputs) - set(found.inputs))
        if missing or unknown:
            wanted = ", ".join(found.inputs) or "none"
            wrong = f"{missing[0]} is missing" if missing else f"{unknown[0][:40]} is not one"
            raise Malformed(f"expected the inputs {wanted[:200]}: {wrong}")
        self._flows.start(command_id, f"{FLOW}{code}", dict(inputs))
        return command_id

    def cancel(self, command_id: UUID, flow_id: UUID, *, by: str, why: str) -> None:
        """End a flow. Raises: as DrawingsApi says."""
        self._check_ours(flow_id)

        def body(work: SqlUnitOfWork) -> dict[str, Any]:
            self._flows.cancel(flow_id, by=Person(by, why), work=work)
            return {"flow_id": flow_id}

        self._room.command(command_id, ["drawing.cancel", flow_id, by, why], body)
        self._flows.bell.set()

    def tell(
        self, command_id: UUID, flow_id: UUID, message: str, values: Mapping[str, Value]
    ) -> None:
        """Tell a flow a message. Raises: as DrawingsApi says."""
        self._check_ours(flow_id)
        _check_values(values)
        self._flows.signal(flow_id, f"{MESSAGE}{message}", dict(values), signal_id=command_id)

    def _check_ours(self, flow_id: UUID) -> None:
        if not self._flows.state(flow_id).name.startswith(FLOW):
            raise NoSuchFlow("It is no flow of a drawing.", flow_id=str(flow_id))

    def check(self, text: str) -> Checked:
        """Say what is wrong with a drawing. Raises: as DrawingsApi says."""
        model = self._checked(text)
        return Checked(
            code=model.code,
            name=model.name,
            findings=tuple(model.findings[:FINDINGS_MAX]),
            operations=_asked(model),
            inputs=model.inputs,
        )

    def _checked(self, text: str) -> Model:
        if len(text) > BYTES_MAX:
            raise Malformed(f"expected a drawing of at most {BYTES_MAX} bytes, was {len(text)}")
        model = read(text)
        check(model, self._operations, lambda name: self._is_flow(name, model))
        return model

    def _is_flow(self, name: str, model: Model) -> bool:
        if name == model.code or self.parameters(name) is not None:
            return True
        try:
            return not self.drawing(name).is_retired
        except DrawingNotFound:
            return False

    def parameters(self, flow: str) -> list[str] | None:
        """Return the parameters of a flow that is written in code; None: it is none."""
        for one in self._flows.registry.definitions():
            if one.name == flow:
                return list(inspect.signature(one.function).parameters)
        return None

    def drawing(self, code: str, version: int = 0) -> Drawing:
        """Return a drawing. Raises: DrawingNotFound."""
        is_code = code.isascii() and len(code) <= CODE_LENGTH
        found = (
            self._room.read(lambda connection: store.one(connection, code, version))
            if is_code and 0 <= version < 2**31
            else None
        )
        if found is None:
            raise _missing(code)
        return found

    def drawings(self, *, limit: int = 50, cursor: str | None = None) -> Page[Drawing]:
        """Return the newest version of each drawing. Raises: Malformed (cursor)."""
        limit, after = max(1, min(limit, LIMIT_MAX)), ""
        if cursor is not None:
            match unseal(cursor, self._key):
                case [str(after)]:
                    pass
                case _:
                    raise Malformed("expected a cursor of this list, was another list's")
        found = self._room.read(lambda connection: store.some(connection, after, limit + 1))
        more = len(found) > limit
        items = tuple(found[:limit])
        return Page(items, seal([items[-1].code], self._key) if more else None)

    def text(self, code: str, version: int = 0) -> str:
        """Return a drawing's BPMN. Raises: DrawingNotFound."""
        number = self.drawing(code, version).version
        found = self._room.read(lambda connection: store.body(connection, code, number))
        if found is None:
            raise _missing(code)
        return found

    def picture(self, code: str, version: int = 0) -> str:
        """Return a drawing as SVG. Raises: DrawingNotFound."""
        return svg(chart(read(self.text(code, version))))

    def flows(self) -> list[str]:
        """Return the names of the flows that are written in code and can be drawn."""
        return sorted({one.name for one in self._flows.registry.definitions()})

    def drawn(self, flow: str) -> str:
        """Return a flow that is written in code as BPMN 2.0. Raises: FlowUnknown."""
        return bpmn(self._chart(flow))

    def drawn_picture(self, flow: str) -> str:
        """Return a flow that is written in code as SVG. Raises: FlowUnknown."""
        return svg(self._chart(flow))

    def _chart(self, flow: str) -> Any:
        return chart_of(self._flows.registry.newest(flow), self._operation_of)

    def _operation_of(self, owner: Any, method: str) -> tuple[str, list[str]] | None:
        """Return the operation that a method of a door is, and the names of its parameters."""
        for door, service in self._doors.items():
            found = self._operations.of_call(door, method) if service is owner else None
            if found is not None:
                return found.name, list(found.types)
        return None


def _asked(model: Model) -> tuple[str, ...]:
    return tuple(sorted({one.calls for one in model.nodes.values() if one.kind is Kind.CALL}))


def _check_values(values: Mapping[str, Value]) -> None:
    for name, given in values.items():
        is_fit = given is None or type(given) in (bool, int, str)
        if not is_fit or (isinstance(given, str) and len(given) > _TEXT_MAX):
            raise Malformed(f"expected a text, a whole number, true, false or null as {name[:40]}")


def _missing(code: str) -> DrawingNotFound:
    return DrawingNotFound("There is no such drawing.", code=code[:60])


def _refused(findings: list[Finding]) -> DrawingRefused:
    first = findings[0]
    more = f", and {len(findings) - 1} more" if len(findings) > 1 else ""
    told = [{"element": one.element, "reason": one.reason} for one in findings[:FINDINGS_MAX]]
    said = f"{first.element or 'the file'}: {first.reason}{more}"
    return DrawingRefused(said, findings=told)

"""A Protocol's methods as both ends of the wire read them: arguments, result, columns."""

import base64
import inspect
import types
import typing
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Final

import pyarrow as pa
from pydantic import GetCoreSchemaHandler, TypeAdapter
from pydantic_core import CoreConfig, SchemaSerializer, SchemaValidator, core_schema

from yunjin.kernel import check
from yunjin.kernel.money import MINOR_MAX

INT_MIN, UINT_MAX = -(2**63), 2**64 - 1
_DIGITS_MAX: Final = 40
_CONFIG: Final = CoreConfig(ser_json_inf_nan="constants")
Columns = list[pa.RecordBatch]  # those a message carries beside its JSON


@dataclass(frozen=True, slots=True)
class Codec:
    """A type on the wire: strict JSON, with columns by their number beside it."""

    validator: SchemaValidator
    serializer: SchemaSerializer

    @classmethod
    def of(cls, schema: core_schema.CoreSchema) -> "Codec":
        """Return the codec of a pydantic schema."""
        return cls(SchemaValidator(schema, _CONFIG), SchemaSerializer(schema, _CONFIG))

    def dump(self, value: Any, columns: Columns) -> bytes:
        """Return the JSON of a value; its record batches are appended to `columns`.

        Raises: PydanticSerializationError where the value is not of the type.
        """
        return self.serializer.to_json(value, context=columns, warnings="error")

    def load(self, text: bytes, columns: Columns) -> Any:
        """Return the value of a JSON text. Raises: ValidationError."""
        return self.validator.validate_json(text, strict=True, context=columns)


@dataclass(frozen=True, slots=True)
class Method:
    """One method of a Protocol."""

    name: str
    signature: inspect.Signature
    arguments: Codec
    result: Codec


def methods_of(api: type) -> Iterator[Method]:
    """Yield a Protocol's public methods.

    Raises: Bug for a method whose arguments or result cannot travel.
    """
    for name, function in inspect.getmembers(api, inspect.isfunction):
        if not name.startswith("_"):
            yield _method(name, function)


def _method(name: str, function: Callable[..., Any]) -> Method:
    hints = typing.get_type_hints(function, include_extras=True)
    check.that("return" in hints, "expected a result type, was none", method=name)
    result = hints.pop("return")
    signature = inspect.signature(function)
    fields = {}
    for parameter in list(signature.parameters.values())[1:]:
        is_named = parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
        check.that(is_named, "expected a named argument, was another", method=name)
        fields[parameter.name] = core_schema.typed_dict_field(
            _schema(hints[parameter.name], is_argument=True),
            required=parameter.default is parameter.empty,
        )
    form = core_schema.typed_dict_schema(fields, extra_behavior="forbid")
    return Method(name, signature, Codec.of(form), Codec.of(_schema(result, is_argument=False)))


def _schema(hint: Any, *, is_argument: bool) -> Any:
    """Return how a type travels. Arguments are bounded to 64 bits and know no other fields."""
    return _widened(TypeAdapter(_with_columns(hint)).core_schema, is_argument)


class _Column:
    """How pydantic sees a record batch: a number, its place among the columns."""

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        def take(number: int, info: core_schema.ValidationInfo) -> pa.RecordBatch:
            columns: Columns = info.context or []
            if not 0 <= number < len(columns):
                raise ValueError(f"expected one of {len(columns)} columns, was {number}")
            return columns[number]

        def put(batch: Any, info: core_schema.SerializationInfo) -> int:
            if not isinstance(batch, pa.RecordBatch) or info.context is None:
                raise ValueError(f"expected a RecordBatch, was {type(batch).__name__}")
            info.context.append(batch)
            return len(info.context) - 1

        return core_schema.with_info_after_validator_function(
            take,
            core_schema.int_schema(metadata={"is_column": True}),
            serialization=core_schema.plain_serializer_function_ser_schema(put, info_arg=True),
        )


def _with_columns(hint: Any) -> Any:
    """Return the type with every record batch in it replaced by one that pydantic can read."""
    if hint is pa.RecordBatch:
        return Annotated[pa.RecordBatch, _Column]
    parts = typing.get_args(hint)
    origin = typing.get_origin(hint)
    if not parts or origin in (Annotated, typing.Literal):
        return hint
    read = tuple(_with_columns(part) for part in parts)
    if read == parts:
        return hint
    if origin in (types.UnionType, typing.Union):
        return typing.Union[read]  # noqa: UP007 - the parts are known at run time only
    return origin[read] if origin is not None else hint


def _widened(node: Any, is_argument: bool) -> Any:
    """Return a core schema whose large integers and whose bytes travel as text, exactly."""
    if isinstance(node, list | tuple):
        return type(node)(_widened(part, is_argument) for part in node)
    if not isinstance(node, dict):
        return node
    if node.get("type") == "int" and not (node.get("metadata") or {}).get("is_column"):
        bounds = {"ge": INT_MIN, "le": UINT_MAX} if is_argument else {}
        return _as_text({**bounds, **node}, _integer, _integer_text)
    if node.get("type") == "bytes":
        return _as_text(node, _bytes, _bytes_text)
    if node.get("type") == "dataclass-args" and is_argument:
        node = {**node, "extra_behavior": "forbid"}
    return {
        key: value if key == "default" else _widened(value, is_argument)
        for key, value in node.items()
    }


def _as_text(node: Any, read: Callable[[Any], Any], write: Callable[[Any], Any]) -> Any:
    serial = core_schema.plain_serializer_function_ser_schema(write, when_used="json")
    return core_schema.no_info_before_validator_function(read, node, serialization=serial)


def _integer(value: Any) -> Any:
    """Read the strings that `_integer_text` writes, and no others."""
    is_text = isinstance(value, str) and len(value) <= _DIGITS_MAX
    if is_text and value.isascii() and value.removeprefix("-").isdigit():
        number = int(value)
        if abs(number) > MINOR_MAX:
            return number
    return value


def _integer_text(value: Any) -> int | str:
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError(f"expected int, was {type(value).__name__}")
    return int(value) if abs(value) <= MINOR_MAX else str(int(value))


def _bytes(value: Any) -> bytes:
    if not isinstance(value, str):
        raise ValueError(f"expected base64, was {type(value).__name__}")
    return base64.b64decode(value, validate=True)


def _bytes_text(value: Any) -> str:
    if not isinstance(value, bytes):
        raise ValueError(f"expected bytes, was {type(value).__name__}")
    return base64.b64encode(value).decode()

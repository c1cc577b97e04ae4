"""Messages: templates that hold together, masked addresses, and hours in which people sleep."""

import datetime as dt
from collections.abc import Sequence
from typing import Final
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from yunjin.kernel.errors import Malformed
from yunjin.platforms.capability.api.documents import Value
from yunjin.platforms.capability.api.message_channels import ChannelKind
from yunjin.platforms.capability.api.messages import (
    BATCH_MAX,
    FIELDS_MAX,
    TEXT_MAX,
    TITLE_MAX,
    MessageKind,
    MessageTemplate,
    MessageText,
)
from yunjin.platforms.capability.domain.filling import NAME, places
from yunjin.platforms.capability.errors.messages import (
    MessageTemplateNotFound,
    MessageTemplateRefused,
)

VALUE_MAX: Final = 500
ADDRESS_MAX: Final = 200
_PARTY_MAX: Final = 64
_SHOWN_HEAD, _SHOWN_TAIL = 3, 4


def check_template(template: MessageTemplate) -> None:
    """Raises: MessageTemplateRefused, which names the field and why."""
    fields = template.fields
    if len(fields) > FIELDS_MAX or len(set(fields)) < len(fields):
        raise _refused("", "fields", f"at most {FIELDS_MAX} fields, each name once")
    for name in fields:
        if not NAME.fullmatch(name) or name in ("party_id", "to"):
            raise _refused(name, "name", "a name of small letters, digits and _")
    ways = [(one.channel, one.lang) for one in template.texts]
    if not ways or len(set(ways)) < len(ways):
        raise _refused("", "texts", "a text, and one a channel and language")
    used: set[str] = set()
    for one in template.texts:
        used |= _check_text(one, set(fields))
    unused = sorted(set(fields) - used)
    if unused:
        raise _refused(unused[0], "unused", "a text that uses it")


def _check_text(one: MessageText, fields: set[str]) -> set[str]:
    is_sms = one.channel is ChannelKind.SMS
    if not 0 < len(one.text) <= TEXT_MAX or len(one.title) > TITLE_MAX:
        raise _refused("", "too-long", f"a text of at most {TEXT_MAX} characters")
    if is_sms == bool(one.title):
        raise _refused("", "title", "a title, but none of an SMS")
    asked: set[str] = set()
    for text in (one.title, one.text):
        found = places(text)
        if found is None:
            raise _refused("", "dollar", f"${{field}} or $$ in {text[:40]!r}, was a lone dollar")
        asked |= found
    unknown = sorted(asked - fields)
    if unknown:
        raise _refused(unknown[0], "unknown", "a declared field")
    return asked


def _refused(name: str, why: str, expected: str) -> MessageTemplateRefused:
    where = f" at {name[:40]}" if name else ""
    return MessageTemplateRefused(f"expected {expected}{where}", field=name[:40], why=why)


def words_of(template: MessageTemplate, channel: ChannelKind, lang: str) -> MessageText:
    """Return a template's words in a channel and language. Raises: MessageTemplateNotFound."""
    for one in template.texts:
        if one.channel is channel and one.lang == lang:
            return one
    what = f"The template has no words for {channel.value} in {lang}."
    raise MessageTemplateNotFound(what, code=template.code)


def values_of(template: MessageTemplate, values: Sequence[Value]) -> dict[str, str]:
    """Return values by name. Raises: Malformed where they are not the template's fields."""
    given = {one.name: one.text for one in values}
    if len(given) < len(values) or any(one.rows for one in values):
        raise Malformed("expected each field once, with a text")
    if set(given) != set(template.fields):
        wanted = ", ".join(template.fields) or "none"
        raise Malformed(f"expected the fields {wanted}; was {', '.join(sorted(given)) or 'none'}")
    for name, text in given.items():
        if not 0 < len(text) <= VALUE_MAX:
            raise Malformed(f"expected 1 to {VALUE_MAX} characters as {name}, was {len(text)}")
    return given


def checked_columns(template: MessageTemplate, messages: pa.RecordBatch) -> pa.RecordBatch:
    """Return the columns of a batch in one order, as strings. Raises: Malformed."""
    if not 0 < messages.num_rows <= BATCH_MAX:
        raise Malformed(f"expected 1 to {BATCH_MAX} messages, was {messages.num_rows}")
    names = list(messages.schema.names)
    wanted = {"party_id", *template.fields}
    if set(names) - {"to"} != wanted or len(set(names)) < len(names):
        said = ", ".join(sorted(wanted))
        raise Malformed(f"expected the columns {said} and maybe to; was {', '.join(names)[:200]}")
    columns = {"party_id": _texts(messages, "party_id", 1, _PARTY_MAX, is_ascii=True)}
    if "to" in names:
        columns["to"] = _texts(messages, "to", 0, ADDRESS_MAX)
    else:
        columns["to"] = pa.array([""] * messages.num_rows, pa.string())
    for name in template.fields:
        columns[name] = _texts(messages, name, 1, VALUE_MAX)
    return pa.record_batch(columns)


def _texts(
    messages: pa.RecordBatch, name: str, least: int, most: int, *, is_ascii: bool = False
) -> pa.Array:
    column = messages.column(name)
    if not pa.types.is_string(column.type) and not pa.types.is_large_string(column.type):
        raise Malformed(f"expected strings as {name}, was {column.type}")
    column = column.cast(pa.string())
    lengths = pc.fill_null(pc.utf8_length(column), -1)
    wrong = pc.or_(pc.less(lengths, least), pc.greater(lengths, most))
    if is_ascii:
        wrong = pc.or_(wrong, pc.invert(pc.fill_null(pc.string_is_ascii(column), False)))
    if pc.any(wrong).as_py():
        row = pc.index(wrong, True).as_py()
        raise Malformed(f"expected {least} to {most} characters as {name} in row {row}")
    return column


def masked(channel: ChannelKind, address: str) -> str:
    """Return an address as lists show it: 138****5678, w***@example.com."""
    if channel is ChannelKind.IN_APP or not address:
        return address
    if channel is ChannelKind.EMAIL and "@" in address:
        name, _, host = address.partition("@")
        return f"{name[:1]}***@{host}"
    if len(address) <= _SHOWN_HEAD + _SHOWN_TAIL:
        return "*" * len(address)
    hidden = min(len(address) - _SHOWN_HEAD - _SHOWN_TAIL, 4)
    return f"{address[:_SHOWN_HEAD]}{'*' * hidden}{address[-_SHOWN_TAIL:]}"


def quiet_until(
    kind: MessageKind, now: dt.datetime, *, zone: str, since: str, until: str
) -> dt.datetime | None:
    """Return when quiet hours end that a message of a kind has to wait for; None: it need not.

    since, until : local times such as "21:00"; the same: there are no quiet hours.
    """
    begin, end = dt.time.fromisoformat(since), dt.time.fromisoformat(until)
    local = now.astimezone(ZoneInfo(zone))
    at = local.time().replace(microsecond=0)
    is_quiet = begin <= at < end if begin < end else (at >= begin or at < end)
    if kind is MessageKind.SECURITY or begin == end or not is_quiet:
        return None
    days = 1 if at >= end else 0
    return dt.datetime.combine(local.date() + dt.timedelta(days=days), end, local.tzinfo)

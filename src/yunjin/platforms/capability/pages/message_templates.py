"""Templates of messages: their words by channel and language; adding one, or replacing it."""

from uuid import UUID

from yunjin.chassis.console import (
    Column,
    Fields,
    Markup,
    ask,
    box,
    button,
    choice_field,
    empty,
    grid,
    html,
    markup,
    one_of,
    page,
    panel,
    t,
    table_html,
    text_field,
    title_row,
    value_deed,
)
from yunjin.foundation.banking.api.statements import Lang
from yunjin.kernel.clock import Clock
from yunjin.platforms.capability.api.message_channels import ChannelKind
from yunjin.platforms.capability.api.messages import (
    MessageKind,
    MessagesApi,
    MessageTemplate,
    MessageText,
)


class Templates:
    """One reader's list of templates."""

    def __init__(self, messages: MessagesApi, clock: Clock) -> None:
        self._messages, self._clock = messages, clock

    async def draw(self) -> None:
        """Lay the list."""
        lead = title_row(
            t("message.templates"), note=markup.link(t("message.messages"), "/messages")
        )
        with lead, box("yj-push"):
            button(t("paper.deed.message_template"), self._put, icon="add", primary=True)
        with panel(classes="yj-panel-table") as self._panel:
            self._shown = html("")
        await self._again()

    async def _again(self) -> None:
        found = await ask(self._messages.templates)
        if found:
            self._shown.set_content(str(_table(found)))
            return
        with self._panel:
            empty(t("message.no_templates"), hint=t("message.no_templates_hint"), icon="sms")

    def _put(self) -> None:
        """Add a text to a template, or a template of one text."""

        def build(fields: Fields) -> None:
            with grid():
                fields["code"] = text_field(t("message.code")).props("maxlength=40 autofocus")
                fields["kind"] = choice_field(
                    t("message.kind"),
                    {one.value: t(f"message.kind.{one.value}") for one in MessageKind},
                    MessageKind.SERVICE.value,
                )
                fields["zh"] = text_field(t("document.name_zh")).props("maxlength=100")
                fields["en"] = text_field(t("document.name_en")).props("maxlength=100")
                fields["channel"] = choice_field(
                    t("message.channel"),
                    {one.value: t(f"message.channel.{one.value}") for one in ChannelKind},
                    ChannelKind.SMS.value,
                )
                fields["lang"] = choice_field(
                    t("message.lang"),
                    {one.value: t(f"document.lang.{one.value}") for one in Lang},
                    Lang.ZH.value,
                )
                fields["fields"] = text_field(t("message.fields"), hint=t("message.fields_hint"))
                fields["title"] = text_field(t("message.title")).props("maxlength=200")
            fields["text"] = text_field(t("message.text")).props("maxlength=2000")

        value_deed(
            self._clock,
            "paper",
            "message_template",
            build=build,
            made=_made,
            effect=lambda one: t("paper.effect.message_template", code=one.code),
            keep=self._keep,
            done=self._again,
        )

    def _keep(self, command_id: UUID, one: MessageTemplate) -> None:
        """Keep a template with the texts that it has in other channels and languages."""
        known = [each for each in self._messages.templates() if each.code == one.code]
        [text] = one.texts
        way = (text.channel, text.lang)
        others = [each for old in known for each in old.texts if (each.channel, each.lang) != way]
        facts = {name: getattr(one, name) for name in MessageTemplate.__slots__}
        self._messages.put_template(
            command_id, MessageTemplate(**{**facts, "texts": (*others, text)})
        )


def _made(fields: Fields) -> MessageTemplate | None:
    given = {key: str(one.value or "").strip() for key, one in fields.items()}
    channel = ChannelKind(given["channel"])
    is_whole = all(given[name] for name in ("code", "zh", "en", "text"))
    if not is_whole or (channel is ChannelKind.SMS) == bool(given["title"]):
        return None
    text = MessageText(
        channel=channel, lang=Lang(given["lang"]), text=given["text"], title=given["title"]
    )
    names = given["fields"].replace(",", " ").replace("，", " ").split()
    return MessageTemplate(
        code=given["code"],
        kind=MessageKind(given["kind"]),
        zh=given["zh"],
        en=given["en"],
        fields=tuple(names),
        texts=(text,),
    )


def _table(found: list[MessageTemplate]) -> Markup:
    columns = [
        Column(key="name", label=t("message.template"), card="lead"),
        Column(key="kind", label=t("message.kind"), card="side"),
        Column(key="way", label=t("message.channel"), card="left"),
        Column(key="text", label=t("message.text"), card="line"),
    ]
    rows = [
        {
            "name": markup.stacked(one_of(one.zh, one.en), one.code),
            "kind": t(f"message.kind.{one.kind.value}"),
            "way": markup.stacked(
                t(f"message.channel.{text.channel.value}"), t(f"document.lang.{text.lang}")
            ),
            "text": markup.stacked(text.text, text.title),
        }
        for one in found
        for text in one.texts
    ]
    return table_html(columns, rows, caption=t("message.templates"))


def register(messages: MessagesApi, clock: Clock) -> None:
    """Put the templates of messages on the console."""

    @page("/message-templates", title="message.templates", active="message.messages")
    async def listed() -> None:
        await Templates(messages, clock).draw()

"""Goal: a message reaches whoever may be told, at most once, in people's hours, or is seen dead.

Method: channels that are down, refuse, bounce, lose answers, lie and repeat themselves; consents
and opting out; 10,000 messages in one call (in the slow lane).
"""

import datetime as dt
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.platforms.capability.papers.conftest import Office, opened
from yunjin.foundation.banking.api.statements import Lang
from yunjin.kernel import tenant
from yunjin.kernel.errors import Malformed
from yunjin.platforms.capability.api.documents import Value
from yunjin.platforms.capability.api.message_channels import ChannelKind, Receipt
from yunjin.platforms.capability.api.messages import (
    Message,
    MessageKind,
    MessageState,
    MessageTemplate,
    MessageText,
    NewMessage,
)
from yunjin.platforms.capability.api.parties import PartiesApi
from yunjin.platforms.capability.api.party_facts import ContactKind, NewConsent, NewContact
from yunjin.platforms.capability.domain.messages import masked, quiet_until
from yunjin.platforms.capability.errors.messages import (
    MessageNotFound,
    MessageRefused,
    MessageTemplateNotFound,
    MessageTemplateRefused,
)

PHONE = NewContact(kind=ContactKind.PHONE, value="13812345678")


def template(kind: MessageKind = MessageKind.SERVICE, code: str = "due") -> MessageTemplate:
    """Return a template in every channel."""
    title, text = "还款提醒", "您有 ${amount} 将于 ${day} 到期。"
    return MessageTemplate(
        code=code,
        kind=kind,
        zh="还款提醒",
        en="Due",
        fields=("amount", "day"),
        texts=tuple(
            MessageText(
                channel=channel,
                lang=Lang.ZH,
                title="" if channel is ChannelKind.SMS else title,
                text=text,
            )
            for channel in ChannelKind
        ),
    )


VALUES = (Value(name="amount", text="100.00"), Value(name="day", text="1月8日"))


def sent(office: Office, party_id: str, **more: Any) -> Message:
    """Take a message and let everything come to rest."""
    facts = {"template": "due", "channel": ChannelKind.SMS, "values": VALUES, **more}
    made = office.messages.send(office.id(), NewMessage(party_id=party_id, **facts))
    office.rest()
    found: Message = office.messages.message(made.message_id)
    return found


def batch(count: int, party_ids: list[str]) -> pa.RecordBatch:
    """Return so many messages to parties in turn, each to a phone of its own."""
    return pa.record_batch(
        {
            "party_id": [party_ids[at % len(party_ids)] for at in range(count)],
            "to": [f"139{at:08d}" for at in range(count)],
            "amount": [f"{at}.00" for at in range(count)],
            "day": ["1月8日"] * count,
        }
    )


def test_a_message_goes_to_the_newest_phone_and_its_receipt_comes_back(office: Office) -> None:
    office.messages.put_template(office.id(), template())
    party_id = office.person(contacts=(PHONE,))
    one = sent(office, party_id, subject="loan-7")
    assert (one.state, one.shown, one.tries) == (MessageState.DELIVERED, "138****5678", 1)
    assert [each[1:] for each in office.sms.sent] == [
        ("13812345678", "您有 100.00 将于 1月8日 到期。")
    ]
    looked = office.door(PartiesApi).timeline(party_id).items
    assert any(each.by == "messages" for each in looked)  # who looked at the phone is on record
    said = office.messages.text(one.message_id, by="li", why="客户询问")
    assert said == "您有 100.00 将于 1月8日 到期。"


@pytest.mark.parametrize("count", [1_100, pytest.param(10_000, marks=pytest.mark.slow)])
def test_many_go_in_one_call_once_each(office: Office, count: int) -> None:
    office.messages.put_template(office.id(), template())
    people = [office.person(f"客户{at}") for at in range(3)]
    command_id, columns = office.id(), batch(count, people)
    for _ in range(2):
        made = office.messages.send_all(command_id, "due", ChannelKind.SMS, columns)
    assert made.count == count
    office.rest()
    after = office.messages.batch(command_id)
    assert (after.laid, after.states) == (count, {"delivered": count})
    assert max(Counter(one[0] for one in office.sms.sent).values()) == 1
    assert len({one[1] for one in office.sms.sent}) == count
    page = office.messages.messages(batch_id=command_id, limit=200)
    assert len(page.items) == 200
    assert page.next_cursor
    assert all("****" in one.shown for one in page.items)


def test_marketing_needs_consent_and_stops_at_opting_out(office: Office) -> None:
    office.messages.put_template(office.id(), template(MessageKind.MARKETING))
    parties, party_id = office.door(PartiesApi), office.person(contacts=(PHONE,))
    assert sent(office, party_id).why == "no-consent"
    consent = NewConsent(purpose="marketing", version="1", channel="app")
    given_consent = parties.give_consent(office.id(), party_id, consent)
    assert sent(office, party_id).state is MessageState.DELIVERED
    office.messages.opt_out(office.id(), party_id, ChannelKind.SMS, why="太多")
    one = sent(office, party_id)
    assert (one.state, one.why) == (MessageState.DROPPED, "opted-out")
    [opt] = office.messages.opt_outs(party_id)
    assert (opt.channel, opt.why) == (ChannelKind.SMS, "太多")
    assert office.messages.opt_in(office.id(), party_id) == []
    assert sent(office, party_id).state is MessageState.DELIVERED
    parties.withdraw_consent(office.id(), given_consent.consent_id)
    assert sent(office, party_id).why == "no-consent"


def test_what_is_about_security_comes_always(office: Office) -> None:
    office.messages.put_template(office.id(), template(MessageKind.SECURITY))
    party_id = office.person(contacts=(PHONE,))
    office.messages.opt_out(office.id(), party_id)
    office.clock.advance(8 * 3_600)  # midnight in Shanghai
    assert sent(office, party_id).state is MessageState.DELIVERED


def test_others_wait_until_the_morning(office: Office) -> None:
    office.messages.put_template(office.id(), template())
    party_id = office.person(contacts=(PHONE,))
    office.clock.advance(8 * 3_600)
    one = sent(office, party_id)
    assert one.state is MessageState.WAITING
    office.clock.advance(9 * 3_600)
    office.rest()
    assert office.messages.message(one.message_id).state is MessageState.DELIVERED


@pytest.mark.parametrize(
    ("hour", "waits"), [(7, 8), (8, None), (20, None), (21, 8), (23, 8), (0, 8)]
)
def test_quiet_hours_go_round_midnight(hour: int, waits: int | None) -> None:
    local = dt.datetime(2026, 1, 5, hour, tzinfo=dt.timezone(dt.timedelta(hours=8)))
    end = quiet_until(
        MessageKind.SERVICE, local, zone="Asia/Shanghai", since="21:00", until="08:00"
    )
    assert (end.hour if end else None) == waits
    assert end is None or dt.timedelta() < end - local <= dt.timedelta(hours=11)


def test_who_cannot_be_reached_is_seen_and_why(office: Office) -> None:
    office.messages.put_template(office.id(), template())
    assert sent(office, office.person()).why == "no-address"
    assert sent(office, "P00000000000000000000000000").why == "no-party"
    office.sms.refuses["110"] = "blacklisted"
    refused = sent(office, office.person(), to="110")
    assert (refused.state, refused.why) == (MessageState.DEAD, "blacklisted")
    office.sms.bounces["13900000000"] = "absent"
    bounced = sent(office, office.person(), to="13900000000")
    assert (bounced.state, bounced.why) == (MessageState.DEAD, "absent")
    dead = office.messages.messages(state=MessageState.DEAD).items
    assert {one.message_id for one in dead} == {refused.message_id, bounced.message_id}


def test_a_channel_that_stays_down_leaves_dead_letters_that_can_be_tried_again(
    office: Office,
) -> None:
    office.messages.put_template(office.id(), template())
    office.sms.is_down = True
    one = sent(office, office.person(), to="13900000001")
    office.settle(seconds=1_000)
    dead = office.messages.message(one.message_id)
    assert (dead.state, dead.why) == (MessageState.DEAD, "channel-down")
    office.sms.is_down = False
    command_id = office.id()
    for _ in range(2):
        office.messages.retry(command_id, [one.message_id], by="li")
    office.rest()
    assert office.messages.message(one.message_id).state is MessageState.DELIVERED
    assert len(office.sms.sent) == 1
    with pytest.raises(MessageRefused):
        office.messages.retry(office.id(), [one.message_id], by="li")


def test_a_person_may_give_a_dead_letter_up(office: Office) -> None:
    office.messages.put_template(office.id(), template())
    office.sms.refuses["110"] = "blacklisted"
    one = sent(office, office.person(), to="110")
    [after] = office.messages.give_up(office.id(), [one.message_id], "号码有误", by="li")
    assert (after.state, after.why) == (MessageState.DROPPED, "given-up: 号码有误")


def test_a_lost_answer_is_asked_again_where_the_channel_knows_ids(office: Office) -> None:
    office.messages.put_template(office.id(), template())
    office.sms.loses_answers = 2
    one = sent(office, office.person(), to="13900000001")
    office.settle()
    assert office.messages.message(one.message_id).state is MessageState.DELIVERED
    assert len(office.sms.sent) == 1


def test_a_lost_answer_is_left_to_a_person_where_it_does_not(office: Office) -> None:
    office.messages.put_template(office.id(), template())
    office.mail.loses_answers = 1
    office.mail.repeats = 0
    one = sent(office, office.person(), channel=ChannelKind.EMAIL, to="wang@example.com")
    office.settle()
    dead = office.messages.message(one.message_id)
    assert (dead.state, dead.why, dead.shown) == (
        MessageState.DEAD,
        "unknown",
        "w***@example.com",
    )
    assert len(office.mail.sent) == 1


def test_an_answer_about_other_messages_is_no_answer(office: Office) -> None:
    office.messages.put_template(office.id(), template())
    office.sms.lies, office.sms.repeats = True, 0
    one = sent(office, office.person(), to="13900000001")
    assert office.messages.message(one.message_id).state is MessageState.SENDING
    office.sms.lies = False
    office.settle(times=2)
    assert office.messages.message(one.message_id).state is MessageState.SENT
    assert len(office.sms.sent) == 1


def test_receipts_of_nothing_and_after_the_end_change_nothing(office: Office) -> None:
    office.messages.put_template(office.id(), template())
    one = sent(office, office.person(), to="13900000001")
    office.sms._out += [
        Receipt(receipt_id="r-8", message_id=one.message_id, is_delivered=False, why="late"),
        Receipt(receipt_id="r-9", message_id=office.id(), is_delivered=True),
    ]
    office.rest()
    assert office.messages.message(one.message_id).state is MessageState.DELIVERED


def test_a_message_in_the_app_is_there_at_once(office: Office) -> None:
    office.messages.put_template(office.id(), template())
    party_id = office.person()
    one = sent(office, party_id, channel=ChannelKind.IN_APP)
    assert (one.state, one.shown) == (MessageState.DELIVERED, party_id)
    said = office.messages.text(one.message_id, by=party_id, why="app")
    assert said.startswith("还款提醒\n您有")


def test_words_are_those_of_the_day_the_message_was_taken(office: Office) -> None:
    office.messages.put_template(office.id(), template())
    office.sms.is_down = True
    one = sent(office, office.person(), to="13900000001")
    changed = MessageText(channel=ChannelKind.SMS, lang=Lang.ZH, text="新 ${amount} ${day}")
    newer = MessageTemplate(
        code="due",
        kind=MessageKind.SERVICE,
        zh="新",
        en="New",
        fields=("amount", "day"),
        texts=(changed,),
    )
    office.messages.put_template(office.id(), newer)
    office.sms.is_down = False
    office.settle()
    assert office.sms.sent[0][0] == one.message_id
    assert office.sms.sent[0][2].startswith("您有")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"fields": ("amount", "day", "rate")}, "unused"),
        ({"fields": ("amount",)}, "unknown"),
        ({"fields": ("to", "day")}, "name"),
        ({"texts": ()}, "texts"),
        ({"texts": (MessageText(channel=ChannelKind.SMS, lang=Lang.ZH, text="$x"),)}, "dollar"),
        ({"texts": (MessageText(channel=ChannelKind.EMAIL, lang=Lang.ZH, text="x"),)}, "title"),
    ],
)
def test_a_template_that_does_not_hold_together_is_refused(
    office: Office, changes: dict[str, Any], why: str
) -> None:
    facts = {name: getattr(template(), name) for name in MessageTemplate.__slots__}
    with pytest.raises(MessageTemplateRefused) as refused:
        office.messages.put_template(office.id(), MessageTemplate(**{**facts, **changes}))
    assert refused.value.facts["why"] == why


def test_a_batch_that_does_not_fit_is_refused_whole_and_its_row_is_named(office: Office) -> None:
    office.messages.put_template(office.id(), template())
    good, send_all = batch(3, ["P1"]), office.messages.send_all
    cases = [
        (good.drop_columns(["day"]), "columns"),
        (good.append_column("extra", good["day"]), "columns"),
        (good.set_column(2, "amount", pa.array(["1", "", "3"])), "row 1"),
        (good.set_column(2, "amount", pa.array(["1", "2", None])), "row 2"),
        (good.set_column(2, "amount", pa.array([1, 2, 3])), "strings"),
        (good.slice(0, 0), "messages"),
    ]
    for columns, said in cases:
        with pytest.raises(Malformed, match=said):
            send_all(office.id(), "due", ChannelKind.SMS, columns)
    with pytest.raises(MessageRefused):
        send_all(office.id(), "due", ChannelKind.WECHAT, good)  # no such channel is connected
    with pytest.raises(MessageTemplateNotFound):
        send_all(office.id(), "due", ChannelKind.SMS, good, lang=Lang.EN)
    with pytest.raises(MessageNotFound):
        office.messages.batch(office.id())
    assert office.messages.messages().items == ()


@pytest.mark.parametrize(
    ("channel", "address", "shown"),
    [
        (ChannelKind.SMS, "13812345678", "138****5678"),
        (ChannelKind.SMS, "110", "***"),
        (ChannelKind.EMAIL, "wang@example.com", "w***@example.com"),
        (ChannelKind.EMAIL, "nobody", "******"),
        (ChannelKind.IN_APP, "P1", "P1"),
    ],
)
def test_lists_show_addresses_masked(channel: ChannelKind, address: str, shown: str) -> None:
    assert masked(channel, address) == shown


@pytest.mark.slow
@settings(max_examples=15, deadline=None)
@given(
    count=st.sampled_from([1, 3, 501]),
    fails=st.integers(0, 8),
    loses=st.integers(0, 3),
    repeats=st.integers(0, 2),
    refuses=st.booleans(),
    channel=st.sampled_from([ChannelKind.SMS, ChannelKind.EMAIL]),
)
def test_whatever_the_channel_does_nobody_is_told_twice(
    count: int, fails: int, loses: int, repeats: int, refuses: bool, channel: ChannelKind
) -> None:
    with tempfile.TemporaryDirectory() as home, tenant.entered("demo"):
        office = opened("", Path(home))
        office.messages.put_template(office.id(), template())
        port = office.sms if channel is ChannelKind.SMS else office.mail
        port.fails, port.loses_answers, port.repeats = fails, loses, repeats
        port.refuses = {"13900000000": "no"} if refuses else {}
        batch_id = office.id()
        office.messages.send_all(batch_id, "due", channel, batch(count, [office.person()]))
        office.settle(times=12, seconds=1_000)
        after = office.messages.batch(batch_id)
        assert sum(after.states.values()) == count
        assert set(after.states) <= {"sent", "delivered", "dead"}
        told = Counter(one[0] for one in port.sent)
        assert max(told.values(), default=1) == 1
        for one in office.messages.messages(batch_id=batch_id, limit=200).items:
            if one.state in (MessageState.SENT, MessageState.DELIVERED):
                assert told[one.message_id] == 1
            elif one.why != "unknown":
                assert told[one.message_id] == 0
        assert not any(office.made.flows.counts().values())
        office.engine.close()
        office.tables.close()

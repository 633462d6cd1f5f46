"""Every event survives its JSON; older and newer versions are met."""

from __future__ import annotations

import pytest

from hermes_tui.capabilities.state import codec
from hermes_tui.domain.errors import JournalUnreadable
from hermes_tui.domain.events import EVENT_TYPES, Event, MessageGiven, ModelFinished
from hermes_tui.domain.messages import Source, Text
from tests.capabilities.state.samples import EVENTS


def test_samples_cover_every_event() -> None:
    assert {type(event).__name__ for event in EVENTS} == set(EVENT_TYPES)


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_round_trip(event: Event) -> None:
    assert codec.decode(type(event).__name__, codec.encode(event)) == event


def test_version_0_is_brought_up_to_date() -> None:
    given = codec.decode("MessageGiven", b'{"text":"hi","author":"kernel"}', v=0)
    assert given == MessageGiven(text="hi", source=Source.KERNEL)
    reply = (
        b'{"request_id":"r","model":"m","message":{"role":"model","content":[{"text":"a","source":"model","type":"text"}]},'
        b'"stop":"end","usage":{},"usd":null,"first_token_s":0,"seconds":1}'
    )
    finished = codec.decode("ModelFinished", reply, v=0)
    assert isinstance(finished, ModelFinished)
    assert finished.message.content == (Text(text="a"),)


@pytest.mark.parametrize(
    ("name", "body", "v"),
    [
        ("MessageGiven", b"{}", 99),
        ("Unheard", b"{}", 1),
        ("MessageGiven", b"{}", 1),
        ("MessageGiven", b'{"text"', 1),
        ("MessageGiven", b"\xff", 1),
        ("MessageGiven", b"[]", 0),
        ("ModelFinished", b'{"message":{"role":"model","content":[{"kind":"x"}]}}', 1),
        ("ModelFinished", b"{}", 0),
    ],
)
def test_what_cannot_be_read_is_said(name: str, body: bytes, v: int) -> None:
    with pytest.raises(JournalUnreadable):
        codec.decode(name, body, v=v)


def test_lone_surrogates_are_replaced() -> None:
    event = MessageGiven(text="a\udcffb")
    with pytest.raises(UnicodeEncodeError):
        codec.encode(event)
    assert codec.scrubbed(event) == MessageGiven(text="a?b")

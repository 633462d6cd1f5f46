"""What every provider promises, whichever dialect it speaks and whichever client it uses."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import replace

import pytest

from hermes_tui.domain.messages import Opaque
from hermes_tui.domain.parts import StopReason, ToolCallDelta, ToolCallFinished, ToolCallStarted
from hermes_tui.domain.usage import Usage
from tests.capabilities.providers.speakers import KEY, SPEAKERS, Speaker, ask, hear, listen, streamed
from tests.fakes import Call, FakeServer, Outcome, Reply, Scenario, Stop, say
from tests.fakes import Usage as Billed

BILL = Billed(
    input_tokens=50, output_tokens=30, cached_tokens=20, cache_write_tokens=5, reasoning_tokens=7, cost_usd=0.25
)
CALLS = (Call("shell", {"command": "ls -la"}), Call("grep", {"pattern": "ü", "deep": {"a": [1]}}))
WORK = Reply("Grüße, I look.", thinking="First list the files.", tool_calls=CALLS, usage=BILL)

each = pytest.mark.parametrize("speaker", SPEAKERS, ids=str)


def wire(name: str) -> Speaker:
    return next(speaker for speaker in SPEAKERS if speaker.name == name)


@each
async def test_text_streams_as_it_comes_and_ends_with_stop(speaker: Speaker) -> None:
    heard = await hear(speaker, Reply("One, two, three."))

    assert (heard.error, heard.text, heard.stop) == (None, "One, two, three.", StopReason.END)
    assert len(heard.parts) > 3


@each
async def test_thinking_text_and_parallel_calls_come_whole_and_in_order(speaker: Speaker) -> None:
    heard = await hear(speaker, WORK)

    assert (heard.error, heard.thinking, heard.text) == (None, WORK.thinking, WORK.text)
    assert heard.calls == [(call.name, call.arguments) for call in CALLS]
    assert [part.index for part in heard.of(ToolCallStarted)] == [0, 1]
    assert heard.stop is StopReason.TOOL_CALLS


@each
async def test_streamed_arguments_add_up_to_the_whole(speaker: Speaker) -> None:
    heard = await hear(speaker, replace(WORK, interleaved=True))

    finished = {part.index: part.arguments for part in heard.of(ToolCallFinished)}
    streams = dict.fromkeys(finished, "")
    for part in heard.of(ToolCallDelta):
        streams[part.index] += part.arguments
    assert streams == (dict.fromkeys(finished, "") if speaker.dialect == "ollama" else finished)


@each
async def test_a_call_without_arguments_has_an_empty_object(speaker: Speaker) -> None:
    heard = await hear(speaker, Reply(tool_calls=[Call("now")]))

    assert heard.calls == [("now", {})]


@each
async def test_usage_counts_are_disjoint(speaker: Speaker) -> None:
    heard = await hear(speaker, WORK)

    apart = Usage(input_tokens=25, cache_read_tokens=20, cache_write_tokens=5, output_tokens=30, reasoning_tokens=7)
    expected = {
        "ollama": Usage(input_tokens=50, output_tokens=30),
        "openrouter": replace(apart, reported_usd=BILL.cost_usd),
    }
    assert heard.usage == expected.get(speaker.dialect, apart)
    assert len(heard.of(Usage)) == 1


@each
async def test_a_reply_without_usage_reports_none(speaker: Speaker) -> None:
    heard = await hear(speaker, Reply("Hi.", usage=Billed(hidden=True)))

    assert heard.stop is StopReason.END
    assert heard.usage is None or speaker.dialect == "anthropic"  # its fake always tells


@each
@pytest.mark.parametrize(
    ("stop", "expected"),
    [
        (Stop.LENGTH, StopReason.LENGTH),
        (Stop.REFUSAL, StopReason.REFUSAL),
        (Stop.CONTENT_FILTER, StopReason.REFUSAL),
        ("pause_turn", StopReason.PAUSE),
        ("a_word_of_tomorrow", StopReason.END),
    ],
)
async def test_every_reason_to_stop_is_told(speaker: Speaker, stop: str, expected: StopReason) -> None:
    heard = await hear(speaker, Reply("Hi.", stop=stop))

    says_only_length = speaker.dialect == "ollama" and expected is not StopReason.LENGTH
    no_pause = expected is StopReason.PAUSE and speaker.dialect != "anthropic"
    assert heard.stop is (StopReason.END if says_only_length or no_pause else expected)


@each
async def test_signed_thinking_is_kept_for_its_own_provider_and_model(speaker: Speaker) -> None:
    heard = await hear(speaker, WORK)

    kept = heard.of(Opaque)
    assert len(kept) == (speaker.dialect in ("anthropic", "openai_responses"))
    assert [(part.provider, part.model) for part in kept] == [(speaker.name.partition("-")[0], "fake-large")] * len(
        kept
    )


@each
async def test_a_key_goes_into_the_header_of_its_provider_and_nowhere_else(speaker: Speaker) -> None:
    async with FakeServer(say("Hi.")) as server:
        await listen(speaker.provider(server), ask())
        exchange = server.log[0]

    carriers = {name for name, value in exchange.headers.items() if KEY in value}
    assert carriers <= {"authorization", "x-api-key"}
    assert len(carriers) == 1
    assert KEY not in str(exchange.body) + exchange.path


@each
async def test_without_a_key_no_header_speaks_of_one(speaker: Speaker, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "OLLAMA_API_KEY", "OPENAI_ORG_ID"):
        monkeypatch.setenv(name, "sk-of-somebody-else")

    async with FakeServer(say("Hi.")) as server:
        heard = await listen(speaker.provider(server, key=None), ask())
        headers = server.log[0].headers

    assert heard.text == "Hi."
    assert not {"authorization", "x-api-key"} & set(headers)
    assert "sk-of-somebody-else" not in str(headers)


@each
async def test_a_stream_that_is_left_closes_its_connection(speaker: Speaker) -> None:
    left = Reply("one two three four", token_s=0.01, fault=None)
    async with FakeServer(Scenario(replies=[replace(left, deltas=("x ",) * 500)])) as server:
        async with aclosing(streamed(speaker.provider(server), ask())) as parts:
            first = await anext(parts)
        await asyncio.to_thread(server.log.wait, lambda log: log[0].outcome is not Outcome.RUNNING)
        outcome = server.log[0].outcome

    assert getattr(first, "text", "") == "x "
    assert outcome is Outcome.CLIENT_LEFT


@each
async def test_a_finished_stream_leaves_its_connection_for_the_next(speaker: Speaker) -> None:
    async with FakeServer(say("Hi.")) as server:
        provider = speaker.provider(server)
        await listen(provider, ask())
        first = set(server._connections)
        await listen(provider, ask())
        second = set(server._connections)

    assert len(first) == 1
    assert second == first

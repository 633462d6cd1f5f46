"""Anthropic messages, judged by the Anthropic SDK."""

import pytest
from anthropic.types import Message

from tests.fakes import Call, FakeServer, RateLimits, Repeat, Reply, Scenario, Stop, Usage
from tests.test_fakes.clients import HI, anthropic_client

WORK = Reply(
    "Grüße, I look.",
    thinking="First list the files.",
    tool_calls=[Call("shell", {"command": "ls -la"}, id="mine"), Call("grep", {"pattern": "x"})],
    usage=Usage(input_tokens=50, output_tokens=30, cached_tokens=20, cache_write_tokens=5, reasoning_tokens=7),
)


def always(reply: Reply) -> FakeServer:
    return FakeServer(Scenario(replies=[reply], repeat=Repeat.LAST))


async def streamed(reply: Reply) -> Message:
    async with (
        always(reply) as server,
        anthropic_client(server) as client,
        client.messages.stream(model="m", max_tokens=100, messages=[{"role": "user", "content": HI}]) as stream,
    ):
        return await stream.get_final_message()


async def whole(reply: Reply) -> Message:
    async with always(reply) as server, anthropic_client(server) as client:
        return await client.messages.create(model="m", max_tokens=100, messages=[{"role": "user", "content": HI}])


@pytest.mark.parametrize("ask", [streamed, whole])
async def test_a_message_holds_thinking_text_and_calls(ask: type) -> None:
    message: Message = await ask(WORK)

    assert [block.to_dict(exclude_unset=True) for block in message.content] == [
        {"type": "thinking", "thinking": WORK.thinking, "signature": "ZmFrZS1zaWduYXR1cmU="},
        {"type": "text", "text": WORK.text},
        {"type": "tool_use", "id": "mine", "name": "shell", "input": {"command": "ls -la"}},
        {"type": "tool_use", "id": "toolu_0_1", "name": "grep", "input": {"pattern": "x"}},
    ]


async def test_input_tokens_leave_the_cache_out() -> None:
    usage = (await streamed(WORK)).usage

    assert (usage.input_tokens, usage.cache_read_input_tokens, usage.cache_creation_input_tokens) == (25, 20, 5)
    assert usage.output_tokens == 30
    assert usage.output_tokens_details is not None
    assert usage.output_tokens_details.thinking_tokens == 7


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (Reply(HI), "end_turn"),
        (WORK, "tool_use"),
        (Reply(HI, stop=Stop.LENGTH), "max_tokens"),
        (Reply(HI, stop=Stop.REFUSAL), "refusal"),
        (Reply(HI, stop="pause_turn"), "pause_turn"),
    ],
)
async def test_a_message_says_why_it_stopped(reply: Reply, reason: str) -> None:
    assert (await streamed(reply)).stop_reason == reason
    assert (await whole(reply)).stop_reason == reason


async def test_models_and_token_counts() -> None:
    async with FakeServer() as server, anthropic_client(server) as client:
        models = await client.models.list()
        count = await client.messages.count_tokens(model="m", messages=[{"role": "user", "content": HI}])

    assert [(model.id, model.max_input_tokens) for model in models.data] == [
        ("fake-large", 32_768),
        ("fake-small", 32_768),
    ]
    assert count.input_tokens > 0


async def test_rate_limit_headers_come_on_request() -> None:
    async with always(Reply(HI, rate_limits=RateLimits(tokens_left=9))) as server, anthropic_client(server) as client:
        raw = await client.messages.with_raw_response.create(
            model="m", max_tokens=9, messages=[{"role": "user", "content": HI}]
        )

    assert raw.headers["anthropic-ratelimit-tokens-remaining"] == "9"

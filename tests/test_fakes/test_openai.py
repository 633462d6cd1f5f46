"""OpenAI chat and responses, judged by the OpenAI SDK."""

import pytest
from openai.types.chat import ChatCompletionChunk
from openai.types.responses import (
    Response,
    ResponseCompletedEvent,
    ResponseFunctionToolCall,
    ResponseIncompleteEvent,
    ResponseReasoningItem,
)

from tests.fakes import Call, FakeServer, RateLimits, Repeat, Reply, Scenario, Stop, Usage
from tests.test_fakes.clients import HI, openai_client

WORK = Reply(
    "Grüße, I look. 🚀",
    thinking="First list the files.",
    tool_calls=[Call("shell", {"command": "ls -la /tmp/übung"}), Call("grep", {"pattern": "x", "path": "."})],
    usage=Usage(input_tokens=50, output_tokens=30, cached_tokens=20, reasoning_tokens=7),
)


def always(reply: Reply) -> FakeServer:
    return FakeServer(Scenario(replies=[reply], repeat=Repeat.LAST))


async def chunks_of(reply: Reply) -> list[ChatCompletionChunk]:
    async with always(reply) as server, openai_client(server) as client:
        stream = await client.chat.completions.create(
            model="m",
            messages=[{"role": "user", "content": HI}],
            stream=True,
            stream_options={"include_usage": True},
        )
        return [chunk async for chunk in stream]


async def response_to(reply: Reply) -> Response:
    async with always(reply) as server, openai_client(server) as client:
        stream = await client.responses.create(model="m", input=HI, stream=True)
        last = [event async for event in stream][-1]
    assert isinstance(last, ResponseCompletedEvent | ResponseIncompleteEvent)
    return last.response


async def test_chat_streams_text_and_reasoning() -> None:
    chunks = await chunks_of(WORK)

    deltas = [chunk.choices[0].delta for chunk in chunks if chunk.choices]
    assert "".join(delta.content or "" for delta in deltas) == WORK.text
    thoughts = [(delta.model_extra or {}).get("reasoning_content", "") for delta in deltas]
    assert "".join(thoughts) == WORK.thinking


async def test_chat_streams_parallel_calls_as_indexed_fragments() -> None:
    chunks = await chunks_of(WORK)

    pieces = [piece for c in chunks if c.choices for piece in c.choices[0].delta.tool_calls or []]
    arguments = {0: "", 1: ""}
    for piece in pieces:
        assert piece.function is not None
        arguments[piece.index] += piece.function.arguments or ""
    assert arguments == {0: '{"command": "ls -la /tmp/übung"}', 1: '{"pattern": "x", "path": "."}'}
    assert [piece.id for piece in pieces if piece.id] == ["call_0_0", "call_0_1"]
    assert len(pieces) > 4


async def test_chat_interleaves_fragments_on_request() -> None:
    calls = [Call("a", {"text": "0123456789"}), Call("b", {"text": "0123456789"})]

    chunks = await chunks_of(Reply(tool_calls=calls, interleaved=True))

    order = [piece.index for c in chunks if c.choices for piece in c.choices[0].delta.tool_calls or []]
    assert order == [0, 1, 0, 1, 0, 1, 0, 1]


async def test_chat_tells_usage_in_a_last_chunk_without_choices() -> None:
    last = (await chunks_of(WORK))[-1]

    assert last.choices == []
    assert last.usage is not None
    assert (last.usage.prompt_tokens, last.usage.completion_tokens) == (50, 30)
    assert last.usage.prompt_tokens_details is not None
    assert last.usage.prompt_tokens_details.cached_tokens == 20
    assert last.usage.completion_tokens_details is not None
    assert last.usage.completion_tokens_details.reasoning_tokens == 7


async def test_chat_tells_no_usage_that_is_hidden() -> None:
    chunks = await chunks_of(Reply(HI, usage=Usage(hidden=True)))

    assert all(chunk.usage is None for chunk in chunks)


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (Reply(HI), "stop"),
        (Reply(tool_calls=[Call("shell")]), "tool_calls"),
        (Reply(HI, stop=Stop.LENGTH), "length"),
        (Reply(HI, stop=Stop.CONTENT_FILTER), "content_filter"),
        (Reply(HI, stop="function_call"), "function_call"),
    ],
)
async def test_chat_says_why_it_stopped(reply: Reply, reason: str) -> None:
    chunks = await chunks_of(reply)

    assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == reason


async def test_chat_refuses_in_its_own_field() -> None:
    chunks = await chunks_of(Reply("I will not.", stop=Stop.REFUSAL))

    assert "".join(c.choices[0].delta.refusal or "" for c in chunks if c.choices) == "I will not."


async def test_chat_answers_in_one_piece() -> None:
    async with always(WORK) as server, openai_client(server) as client:
        completion = await client.chat.completions.create(model="m", messages=[{"role": "user", "content": HI}])

    choice = completion.choices[0]
    assert (choice.message.content, choice.finish_reason) == (WORK.text, "tool_calls")
    assert [call.id for call in choice.message.tool_calls or []] == ["call_0_0", "call_0_1"]
    assert completion.usage is not None
    assert completion.usage.total_tokens == 80


async def test_responses_streams_reasoning_text_and_calls() -> None:
    response = await response_to(WORK)

    reasoning, _, *calls = response.output
    assert isinstance(reasoning, ResponseReasoningItem)
    assert reasoning.summary[0].text == WORK.thinking
    assert response.output_text == WORK.text
    assert [call.arguments for call in calls if isinstance(call, ResponseFunctionToolCall)] == [
        '{"command": "ls -la /tmp/übung"}',
        '{"pattern": "x", "path": "."}',
    ]


async def test_responses_accumulate_in_the_sdk() -> None:
    async with (
        always(WORK) as server,
        openai_client(server) as client,
        client.responses.stream(model="m", input=HI) as stream,
    ):
        kinds = [event.type async for event in stream]
        final = await stream.get_final_response()

    assert (kinds[0], kinds[-1]) == ("response.created", "response.completed")
    assert final.output_text == WORK.text


async def test_responses_tells_usage() -> None:
    usage = (await response_to(WORK)).usage

    assert usage is not None
    assert (usage.input_tokens, usage.output_tokens, usage.total_tokens) == (50, 30, 80)
    assert usage.input_tokens_details.cached_tokens == 20
    assert usage.output_tokens_details.reasoning_tokens == 7


async def test_responses_cut_for_length_is_incomplete() -> None:
    response = await response_to(Reply(HI, stop=Stop.LENGTH))

    assert response.status == "incomplete"
    assert response.incomplete_details is not None
    assert response.incomplete_details.reason == "max_output_tokens"


async def test_responses_refuses_in_its_own_part() -> None:
    response = await response_to(Reply("I will not.", stop=Stop.REFUSAL))

    assert response.output[0].to_dict()["content"] == [{"type": "refusal", "refusal": "I will not."}]


async def test_responses_answers_in_one_piece() -> None:
    async with always(WORK) as server, openai_client(server) as client:
        response = await client.responses.create(model="m", input=HI)

    assert (response.status, response.output_text) == ("completed", WORK.text)


async def test_rate_limit_headers_come_on_request() -> None:
    reply = Reply(HI, rate_limits=RateLimits(requests_left=3))
    async with always(reply) as server, openai_client(server) as client:
        raw = await client.chat.completions.with_raw_response.create(
            model="m", messages=[{"role": "user", "content": HI}]
        )

    assert raw.headers["x-ratelimit-remaining-requests"] == "3"


async def test_models_are_listed() -> None:
    async with FakeServer(Scenario(models=["a", "b"])) as server, openai_client(server) as client:
        models = await client.models.list()

    assert [model.id for model in models.data] == ["a", "b"]


async def test_openrouter_always_tells_the_cost() -> None:
    reply = Reply(HI, usage=Usage(cost_usd=0.0125))
    async with always(reply) as server, openai_client(server, server.openrouter_url) as client:
        stream = await client.chat.completions.create(
            model="m", messages=[{"role": "user", "content": HI}], stream=True
        )
        last = [chunk async for chunk in stream][-1]

    assert last.usage is not None
    assert (last.usage.model_extra or {})["cost"] == 0.0125

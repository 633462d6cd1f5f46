"""Ollama and LM Studio, judged by the Ollama SDK and a plain client."""

# The Ollama SDK leaves the type of a tool function open.
# pyright: reportUnknownMemberType=false

import pytest
from ollama import ChatResponse

from tests.fakes import Call, FakeServer, Repeat, Reply, Scenario, Stop, Usage
from tests.test_fakes.clients import HI, ollama_client, raw_client

WORK = Reply(
    "Grüße, I look.",
    thinking="First list the files.",
    tool_calls=[Call("shell", {"command": "ls -la"}), Call("grep", {"pattern": "x"})],
    usage=Usage(input_tokens=50, output_tokens=30),
)


def always(reply: Reply) -> FakeServer:
    return FakeServer(Scenario(replies=[reply], repeat=Repeat.LAST))


async def streamed(reply: Reply) -> list[ChatResponse]:
    async with always(reply) as server, ollama_client(server) as client:
        stream = await client.chat("m", messages=[{"role": "user", "content": HI}], stream=True)
        return [part async for part in stream]


async def test_chat_streams_thinking_text_and_whole_calls() -> None:
    parts = await streamed(WORK)

    assert "".join(part.message.thinking or "" for part in parts) == WORK.thinking
    assert "".join(part.message.content or "" for part in parts) == WORK.text
    calls = [call.function for part in parts for call in part.message.tool_calls or []]
    assert [(call.name, dict(call.arguments)) for call in calls] == [
        ("shell", {"command": "ls -la"}),
        ("grep", {"pattern": "x"}),
    ]


@pytest.mark.parametrize(("stop", "reason"), [("", "stop"), (Stop.LENGTH, "length"), ("load", "load")])
async def test_only_the_last_line_is_done_and_counts(stop: str, reason: str) -> None:
    *parts, last = await streamed(Reply("one two three", stop=stop, usage=Usage(input_tokens=50, output_tokens=30)))

    assert not any(part.done for part in parts)
    assert (last.done, last.done_reason, last.prompt_eval_count, last.eval_count) == (True, reason, 50, 30)


async def test_chat_answers_in_one_piece() -> None:
    async with always(WORK) as server, ollama_client(server) as client:
        answer = await client.chat("m", messages=[{"role": "user", "content": HI}])

    assert (answer.message.content, answer.message.thinking) == (WORK.text, WORK.thinking)
    assert answer.done


async def test_the_catalogue_has_its_five_pages() -> None:
    async with FakeServer() as server, ollama_client(server) as client, raw_client(server) as raw:
        listed, running, shown = await client.list(), await client.ps(), await client.show("fake-large")
        embedded = await client.embed("m", ["a", "b", "a"])
        version = (await raw.get("/api/version")).json()

    assert [model.model for model in listed.models] == ["fake-large", "fake-small"]
    assert [model.model for model in running.models] == ["fake-large"]
    assert shown.modelinfo == {"general.architecture": "fake", "fake.context_length": 32_768}
    assert embedded.embeddings[0] == embedded.embeddings[2] != embedded.embeddings[1]
    assert version["version"]


async def test_lm_studio_and_openrouter_list_models_their_way() -> None:
    async with FakeServer() as server, raw_client(server) as raw:
        studio = (await raw.get("/api/v0/models")).json()["data"]
        router = (await raw.get("/api/v1/models")).json()["data"]

    assert [(model["id"], model["state"]) for model in studio] == [
        ("fake-large", "loaded"),
        ("fake-small", "not-loaded"),
    ]
    assert router[0]["pricing"]["prompt"] == "0.000001"

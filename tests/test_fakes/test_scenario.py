"""Which reply a request gets: order, rules, functions, files."""

from pathlib import Path

import httpx2
import pytest

from tests.fakes import Asked, Call, FakeServer, Fault, FaultKind, Moment, Repeat, Reply, Rule, Scenario, Usage
from tests.fakes.loading import load, scenario_from
from tests.test_fakes.clients import raw_client


async def texts(scenario: Scenario, *messages: dict[str, str], model: str = "m") -> list[str]:
    """Ask once per message and collect what is said."""
    async with FakeServer(scenario) as server, raw_client(server) as client:
        bodies = [
            (await client.post("/v1/chat/completions", json={"model": model, "messages": [message]})).json()
            for message in messages
        ]
    return [
        body["choices"][0]["message"]["content"] if "choices" in body else body["error"]["message"] for body in bodies
    ]


ASK = {"role": "user", "content": "please"}


@pytest.mark.parametrize(
    ("repeat", "said"),
    [
        (Repeat.NEVER, ["a", "b", "The fake provider's scenario has no reply left."]),
        (Repeat.LAST, ["a", "b", "b"]),
        (Repeat.LOOP, ["a", "b", "a"]),
    ],
)
async def test_replies_are_used_in_order(repeat: Repeat, said: list[str]) -> None:
    scenario = Scenario(replies=[Reply("a"), Reply("b")], repeat=repeat)

    assert await texts(scenario, ASK, ASK, ASK) == said


async def test_the_first_rule_that_matches_answers() -> None:
    scenario = Scenario(
        rules=[
            Rule(replies=[Reply("wrong model")], model="other"),
            Rule(replies=[Reply("a tool answered")], has_tool_result=True),
            Rule(replies=[Reply("once")], contains="lea", repeat=Repeat.NEVER),
        ],
        replies=[Reply("nobody else")],
    )

    said = await texts(scenario, ASK, {"role": "tool", "content": "42"}, ASK)

    assert said == ["once", "a tool answered", "nobody else"]


async def test_a_function_may_answer_or_pass() -> None:
    def respond(asked: Asked) -> Reply | None:
        return Reply(f"heard {asked.last_text}") if asked.last_text != "please" else None

    scenario = Scenario(respond=respond, replies=[Reply("passed")])

    assert await texts(scenario, ASK, {"role": "user", "content": "x"}) == ["passed", "heard x"]


async def test_a_function_that_fails_is_reported_when_the_server_ends() -> None:
    def respond(_: Asked) -> Reply | None:
        raise LookupError

    with pytest.raises(ExceptionGroup) as caught:  # noqa: PT012  the server raises when it ends
        async with FakeServer(Scenario(respond=respond)) as server, raw_client(server) as client:
            with pytest.raises(httpx2.TransportError):
                await client.post("/v1/chat/completions", json={})

    assert isinstance(caught.value.exceptions[0], LookupError)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/chat/completions", {"messages": [{"role": "tool", "content": "42"}]}),
        ("/v1/responses", {"input": [{"type": "function_call_output", "output": "42"}]}),
        (
            "/v1/messages",
            {"messages": [{"role": "user", "content": [{"type": "tool_result", "content": [{"text": "42"}]}]}]},
        ),
        ("/api/chat", {"messages": [{"role": "tool", "content": "42"}]}),
    ],
)
async def test_every_dialect_recognises_a_tool_result(path: str, body: dict[str, object]) -> None:
    heard: list[Asked] = []

    def respond(asked: Asked) -> Reply:
        heard.append(asked)
        return Reply("ok")

    async with FakeServer(Scenario(respond=respond)) as server, raw_client(server) as client:
        await client.post(path, json=body | {"model": "m", "tools": [{"name": "shell"}]})

    assert [(a.last_text, a.has_tool_result, a.tools) for a in heard] == [("42", True, ("shell",))]


def test_a_file_says_the_same_as_python(tmp_path: Path) -> None:
    file = tmp_path / "scenario.yaml"
    file.write_text(
        """
repeat: loop
models: [a]
replies:
  - Hello
  - text: Look
    thinking: Hm
    tool_calls: [{name: shell, arguments: {command: ls}}]
    usage: {input_tokens: 10}
    fault: reset@mid_text:3
rules:
  - contains: broken
    replies: [{fault: {status: 429, retry_after_s: 2}}]
"""
    )

    assert load(file) == Scenario(
        repeat=Repeat.LOOP,
        models=["a"],
        replies=[
            Reply("Hello"),
            Reply(
                "Look",
                thinking="Hm",
                tool_calls=[Call("shell", {"command": "ls"})],
                usage=Usage(input_tokens=10),
                fault=Fault(FaultKind.RESET, Moment.MID_TEXT, after_tokens=3),
            ),
        ],
        rules=[
            Rule(
                contains="broken",
                replies=[Reply(fault=Fault(FaultKind.STATUS, status=429, retry_after_s=2), tool_calls=[])],
            )
        ],
    )


@pytest.mark.parametrize("data", [{"reply": []}, [{"txt": ""}], [{"fault": "flood"}], [3]])
def test_a_file_with_an_unknown_word_is_refused(data: object) -> None:
    with pytest.raises(ValueError, match=r"knows no|is not a valid|Expected an object"):
        scenario_from(data)

"""What goes out: valid for the vendor's own types, with everything the request asked for."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import cache
from typing import Annotated, Any, Final, cast

import ollama
import pytest
from anthropic.types import message_create_params
from openai.types.chat import completion_create_params
from openai.types.responses import response_create_params
from pydantic import BaseModel, BeforeValidator, ConfigDict, TypeAdapter

from hermes_tui.capabilities.providers import _content, openrouter
from hermes_tui.capabilities.providers._schema import closed, is_strict
from hermes_tui.domain.messages import Message, Role
from hermes_tui.domain.parts import Effort, ModelRequest
from tests.capabilities.providers.conversation import PICTURE, PIXEL, RICH, SCHEMA
from tests.capabilities.providers.speakers import WIRES, Speaker, ask, hear, listen, said, sent
from tests.fakes import FakeServer, Reply

EFFORT_FIELDS: Final = ("thinking", "output_config", "reasoning", "reasoning_effort", "think")
SAID_AS: Final[dict[str, Callable[[Effort], dict[str, object]]]] = {
    "anthropic": lambda effort: {
        "thinking": {"type": "adaptive", "display": "summarized"},
        "output_config": {"effort": effort},
    },
    "responses": lambda effort: {"reasoning": {"effort": effort, "summary": "auto"}},
    "openai": lambda effort: {"reasoning_effort": effort},
    "lmstudio": lambda effort: {"reasoning_effort": effort},
    "openrouter": lambda effort: {"reasoning": {"effort": effort}},
    "ollama": lambda effort: {"think": effort},
}

each = pytest.mark.parametrize("speaker", WIRES, ids=str)
named = {speaker.name: speaker for speaker in WIRES}


def wrapped(message: dict[str, Any]) -> dict[str, Any]:
    """Return a message with its pictures as the package holds them before it writes them as text."""
    return {**message, "images": [{"value": data} for data in message.get("images", [])]}


class OllamaRequest(BaseModel):
    """The body of a chat as the package describes it, without what it does not know."""

    model_config = ConfigDict(extra="forbid")

    model: str
    messages: list[Annotated[ollama.Message, BeforeValidator(wrapped)]]
    stream: bool
    tools: list[ollama.Tool] = []
    options: ollama.Options
    think: bool | str | None = None
    format: dict[str, Any] | None = None


@cache
def vendor_type(dialect: str) -> TypeAdapter[Any]:
    """Return the vendor's own type of a request body."""
    types: dict[str, Any] = {
        "anthropic": message_create_params.MessageCreateParamsStreaming,
        "openai_chat": completion_create_params.CompletionCreateParamsStreaming,
        "openrouter": completion_create_params.CompletionCreateParamsStreaming,
        "openai_responses": response_create_params.ResponseCreateParamsStreaming,
        "ollama": OllamaRequest,
    }
    return TypeAdapter(types[dialect])


def walked(value: object) -> object:
    """Read every lazily validated list to its end: that is where pydantic would find a mistake."""
    if isinstance(value, dict):
        return {key: walked(inner) for key, inner in cast("dict[str, object]", value).items()}
    if isinstance(value, str | bytes | int | float | BaseModel) or value is None:
        return value
    return [walked(inner) for inner in cast("Iterator[object]", value)]


def all_text(body: dict[str, Any]) -> str:
    return json.dumps(body, ensure_ascii=False)


def schema_in(body: dict[str, Any], dialect: str) -> object:
    """Return what stands where a dialect carries the schema of a reply."""
    places = {
        "anthropic": ("output_config", "format", "schema"),
        "openai_responses": ("text", "format", "schema"),
        "ollama": ("format",),
    }
    found: Any = body
    for key in places.get(dialect, ("response_format", "json_schema", "schema")):
        found = found[key]
    return cast("object", found)


@each
@pytest.mark.parametrize("request_", [RICH, ask(), ask(tools=(), system="")], ids=["rich", "plain", "bare"])
async def test_a_request_is_valid_for_the_vendors_own_types(speaker: Speaker, request_: ModelRequest) -> None:
    body = await sent(speaker, request_)

    walked(vendor_type(speaker.dialect).validate_python(body))


@pytest.mark.parametrize("dialect", ["anthropic", "openai_chat", "openai_responses", "ollama"])
def test_the_vendors_types_refuse_a_broken_history(dialect: str) -> None:
    broken: dict[str, Any] = {
        "model": "m",
        "max_tokens": 1,
        "stream": True,
        "options": {},
        "messages": [{"role": 7}],
        "input": [7],
    }

    with pytest.raises(ValueError, match="validation error"):
        walked(vendor_type(dialect).validate_python(broken))


@each
async def test_a_picture_goes_out_with_its_bytes_and_a_lost_one_as_a_note(speaker: Speaker) -> None:
    body = all_text(await sent(speaker, RICH))

    assert body.count("iVBORw0KGgo=") == 1
    assert body.count(_content.LOST) == 1


@each
async def test_thinking_and_foreign_bytes_are_not_sent(speaker: Speaker) -> None:
    body = all_text(await sent(speaker, RICH))

    assert "I should look." not in body
    assert "somebody" not in body


@each
async def test_calls_that_do_not_parse_still_make_a_valid_history(speaker: Speaker) -> None:
    body = all_text(await sent(speaker, RICH))

    assert "malformed" in body
    assert "The arguments are no JSON." in body


@each
async def test_the_wanted_form_of_a_reply_is_asked_for(speaker: Speaker) -> None:
    body = await sent(speaker, RICH)

    expected = json.loads(SCHEMA) if speaker.dialect == "ollama" else closed(SCHEMA)
    assert schema_in(body, speaker.dialect) == expected


def test_a_schema_is_closed_without_touching_names_or_values() -> None:
    form = closed(SCHEMA)

    assert form == {
        "type": "object",
        "properties": {"answer": {"type": "string"}, "enum": {"enum": ["a", "b"]}},
        "required": ["answer", "enum"],
        "additionalProperties": False,
    }
    assert is_strict(form)


@pytest.mark.parametrize(
    "schema",
    [
        '{"type": "object", "properties": {"a": {}, "b": {}}, "required": ["a"]}',
        '{"type": "object", "additionalProperties": {"type": "string"}}',
        '{"type": "array", "items": {"type": "object", "properties": {"a": {}}}}',
        '{"anyOf": [{"type": "object", "properties": {"a": {}}}]}',
    ],
)
def test_a_schema_with_a_choice_of_properties_is_not_strict(schema: str) -> None:
    assert not is_strict(closed(schema))


@each
async def test_signed_parts_go_back_to_their_model_as_they_came(speaker: Speaker) -> None:
    kept = (await hear(speaker, Reply("Hi.", thinking="Hm."))).parts_kept()

    history = (said("hi"), Message(role=Role.MODEL, content=kept), said("more"))
    same, other = await sent(speaker, ask(*history)), await sent(speaker, ask(*history, model="another"))

    replayed = [bytes.fromhex(part.data).decode() for part in kept]
    assert len(replayed) == (speaker.dialect in ("anthropic", "openai_responses"))
    for value in map(json.loads, replayed):
        assert json.dumps(value, sort_keys=True) in json.dumps(same, sort_keys=True)
        assert json.dumps(value, sort_keys=True) not in json.dumps(other, sort_keys=True)


async def test_anthropic_marks_the_ends_of_tools_system_and_history_for_its_cache() -> None:
    body = await sent(named["anthropic"], RICH)

    marked = [body["tools"][-1], body["system"][-1], body["messages"][-1]["content"][-1]]
    assert all(block["cache_control"] == {"type": "ephemeral"} for block in marked)
    assert all_text(body).count("cache_control") == 3


@pytest.mark.parametrize(("model", "marks"), [("anthropic/claude-sonnet-5.5", 2), ("openai/gpt-6.1-sol", 0)])
async def test_openrouter_marks_the_cache_for_the_models_that_need_it(model: str, marks: int) -> None:
    body = await sent(named["openrouter"], ask(model=model))

    assert all_text(body).count("cache_control") == marks


@pytest.mark.parametrize("effort", [None, "low", "medium", "high"])
@each
async def test_how_much_to_reason_is_said_as_each_wire_says_it_and_auto_says_nothing(
    speaker: Speaker, effort: Effort | None
) -> None:
    body = await sent(speaker, ask(effort=effort))

    told = {
        key: body[key] for key in ("thinking", "output_config", "reasoning", "reasoning_effort", "think") if key in body
    }
    assert told == ({} if effort is None else SAID_AS[speaker.name.removesuffix("-sdk")](effort))


async def test_openrouters_routing_object_is_passed_on_untouched() -> None:
    routing = {"order": ["a", "b"], "sort": {"by": "price"}, "zdr": True, "unheard_of": [1, None]}
    async with FakeServer() as server:
        await listen(openrouter.build("openrouter", f"{server.base_url}/api/v1", None, routing=routing), ask())
        body = server.log[0].body or {}

    assert body["provider"] == routing


async def test_requests_with_one_prefix_share_a_cache_key_and_others_do_not() -> None:
    speaker = named["responses"]
    one, longer, other = [
        (await sent(speaker, request))["prompt_cache_key"]
        for request in (ask(), ask(said("a"), said("b")), ask(system="You are another."))
    ]

    assert one == longer != other


async def test_ollama_is_told_the_window_or_it_would_cut_the_history_silently() -> None:
    body = await sent(named["ollama"], RICH)

    assert body["options"]["num_ctx"] == 16_384


async def test_a_server_that_is_not_openais_own_gets_the_field_that_bounds_its_output() -> None:
    body = await sent(named["openai"], ask())

    assert (body["max_tokens"], "max_completion_tokens" in body) == (500, False)


def test_pictures_are_named_by_the_hash_of_their_bytes() -> None:
    assert RICH.images[PICTURE.sha256] == PIXEL

"""Everything that is not a reply: model lists, token counts, embeddings."""

import hashlib
from collections.abc import Callable
from typing import TypeAlias

from tests.fakes.scenario import JsonObject, Scenario
from tests.fakes.usage import tokens_in
from tests.fakes.wire import Request

EMBEDDING_SIZE = 16
OLLAMA_VERSION = "0.12.0"
_DATE = "2026-01-01T00:00:00Z"
_DETAILS: JsonObject = {
    "parent_model": "",
    "format": "gguf",
    "family": "fake",
    "families": ["fake"],
    "parameter_size": "7B",
    "quantization_level": "Q4_K_M",
}

Page: TypeAlias = Callable[[Scenario, Request], JsonObject]


def find(method: str, path: str) -> Page | None:
    """Return the page at a path, if there is one."""
    if method == "GET" and path.startswith("/v1/models/"):
        return _v1_model
    return _PAGES.get((method, path))


def _openai_model(name: str) -> JsonObject:
    return {"id": name, "object": "model", "created": 0, "owned_by": "fake"}


def _anthropic_model(scenario: Scenario, name: str) -> JsonObject:
    return {
        "type": "model",
        "id": name,
        "display_name": name.title(),
        "created_at": _DATE,
        "lifecycle": "active",
        "max_input_tokens": scenario.context_tokens,
        "max_tokens": 8192,
    }


def _v1_models(scenario: Scenario, request: Request) -> JsonObject:
    """List models in the shape of OpenAI, or of Anthropic if its header is there."""
    names = scenario.models
    if "anthropic-version" not in request.headers:
        return {"object": "list", "data": [_openai_model(name) for name in names]}
    data = [_anthropic_model(scenario, name) for name in names]
    ends = {"first_id": names[0], "last_id": names[-1]} if names else {}
    return {"data": data, "has_more": False, **ends}


def _v1_model(scenario: Scenario, request: Request) -> JsonObject:
    name = request.path.removeprefix("/v1/models/")
    if "anthropic-version" in request.headers:
        return _anthropic_model(scenario, name)
    return _openai_model(name)


def _openrouter_models(scenario: Scenario, _: Request) -> JsonObject:
    pricing = {"prompt": "0.000001", "completion": "0.000004", "input_cache_read": "0.0000001"}
    shared: JsonObject = {
        "created": 0,
        "context_length": scenario.context_tokens,
        "pricing": pricing,
        "supported_parameters": ["tools", "reasoning", "max_tokens"],
        "architecture": {"input_modalities": ["text"], "output_modalities": ["text"]},
        "top_provider": {"context_length": scenario.context_tokens, "is_moderated": False},
    }
    return {"data": [{"id": name, "name": name} | shared for name in scenario.models]}


def _lmstudio_models(scenario: Scenario, _: Request) -> JsonObject:
    """List models as LM Studio does; only the first is loaded."""
    data = [
        {
            "id": name,
            "object": "model",
            "type": "llm",
            "publisher": "fake",
            "arch": "fake",
            "compatibility_type": "gguf",
            "quantization": "Q4_K_M",
            "state": "not-loaded" if index else "loaded",
            "max_context_length": scenario.context_tokens,
            **({} if index else {"loaded_context_length": scenario.context_tokens}),
            "capabilities": ["tool_use"],
        }
        for index, name in enumerate(scenario.models)
    ]
    return {"object": "list", "data": data}


def _ollama_model(name: str) -> JsonObject:
    digest = hashlib.sha256(name.encode()).hexdigest()
    return {"name": name, "model": name, "size": 4_000_000_000, "digest": digest} | {"details": _DETAILS}


def _ollama_tags(scenario: Scenario, _: Request) -> JsonObject:
    models = [_ollama_model(name) | {"modified_at": _DATE} for name in scenario.models]
    return {"models": models}


def _ollama_running(scenario: Scenario, _: Request) -> JsonObject:
    """List loaded models: the first one."""
    loaded = {
        "expires_at": "2099-01-01T00:00:00Z",
        "size_vram": 4_000_000_000,
        "context_length": scenario.context_tokens,
    }
    return {"models": [_ollama_model(name) | loaded for name in scenario.models[:1]]}


def _ollama_loaded(_: Scenario, request: Request) -> JsonObject:
    """Answer a request without a prompt: the model is loaded, and that is all."""
    model = (request.json() or {}).get("model")
    return {"model": model, "created_at": _DATE, "response": "", "done": True, "done_reason": "load"}


def _ollama_show(scenario: Scenario, request: Request) -> JsonObject:
    embeds = "embed" in str((request.json() or {}).get("model", ""))
    return {
        "modelfile": "FROM fake",
        "parameters": "",
        "template": "{{ .Prompt }}",
        "details": _DETAILS,
        "model_info": {
            "general.architecture": "fake",
            "fake.context_length": scenario.context_tokens,
        },
        "capabilities": ["embedding"] if embeds else ["completion", "tools", "thinking"],
        "modified_at": _DATE,
    }


def _inputs(request: Request) -> list[str]:
    given = (request.json() or {}).get("input", [])
    return [given] if isinstance(given, str) else [str(text) for text in given]


def embed(text: str) -> list[float]:
    """Make a vector from a text: the same for the same text, of length one or so."""
    digest = hashlib.sha256(text.encode()).digest()[:EMBEDDING_SIZE]
    return [round(byte / 255 - 0.5, 6) for byte in digest]


def _ollama_embed(_: Scenario, request: Request) -> JsonObject:
    texts = _inputs(request)
    return {
        "model": str((request.json() or {}).get("model", "")),
        "embeddings": [embed(text) for text in texts],
        "total_duration": 1_000_000,
        "load_duration": 1_000_000,
        "prompt_eval_count": sum(tokens_in(text) for text in texts),
    }


def _openai_embeddings(_: Scenario, request: Request) -> JsonObject:
    texts = _inputs(request)
    tokens = sum(tokens_in(text) for text in texts)
    return {
        "object": "list",
        "model": str((request.json() or {}).get("model", "")),
        "data": [{"object": "embedding", "index": index, "embedding": embed(text)} for index, text in enumerate(texts)],
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    }


def _count_tokens(_: Scenario, request: Request) -> JsonObject:
    return {"input_tokens": tokens_in(request.body)}


def _version(_: Scenario, __: Request) -> JsonObject:
    return {"version": OLLAMA_VERSION}


_PAGES: dict[tuple[str, str], Page] = {
    ("GET", "/v1/models"): _v1_models,
    ("POST", "/v1/messages/count_tokens"): _count_tokens,
    ("POST", "/v1/embeddings"): _openai_embeddings,
    ("GET", "/api/v1/models"): _openrouter_models,
    ("GET", "/api/v0/models"): _lmstudio_models,
    ("GET", "/api/tags"): _ollama_tags,
    ("GET", "/api/ps"): _ollama_running,
    ("POST", "/api/generate"): _ollama_loaded,
    ("POST", "/api/show"): _ollama_show,
    ("POST", "/api/embed"): _ollama_embed,
    ("GET", "/api/version"): _version,
}

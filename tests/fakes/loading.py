"""Scenarios from a YAML or JSON file, in the words of the dataclasses."""

from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar, cast

import yaml

from tests.fakes.faults import Fault, FaultKind, Moment
from tests.fakes.scenario import Call, JsonObject, RateLimits, Repeat, Reply, Rule, Scenario
from tests.fakes.usage import Usage

_T = TypeVar("_T")

ONLY_IN_PYTHON = frozenset({"respond", "when"})


def load(path: Path) -> Scenario:
    """Read a scenario file; JSON is YAML too.

    Raises:
        ValueError: A word the scenario does not know, or a value that makes no sense.
    """
    return scenario_from(yaml.safe_load(path.read_text(encoding="utf-8")))


def scenario_from(data: object) -> Scenario:
    """Build a scenario; a bare list is its replies, a bare string one reply.

    Raises:
        ValueError: A word the scenario does not know, or a value that makes no sense.
    """
    words: JsonObject = {"replies": data} if isinstance(data, list | str) else _object(data)
    words["replies"] = _replies(words.get("replies", []))
    words["rules"] = [_rule(rule) for rule in words.get("rules", [])]
    if "repeat" in words:
        words["repeat"] = Repeat(words["repeat"])
    if "catalog_fault" in words:
        words["catalog_fault"] = _fault(words["catalog_fault"])
    return _build(Scenario, words)


def _replies(data: object) -> list[Reply]:
    items = cast("list[object]", data) if isinstance(data, list) else [data]
    return [_reply(item) for item in items]


def _rule(data: object) -> Rule:
    words = _object(data)
    words["replies"] = _replies(words.get("replies", []))
    if "repeat" in words:
        words["repeat"] = Repeat(words["repeat"])
    return _build(Rule, words)


def _reply(data: object) -> Reply:
    if isinstance(data, str):
        return Reply(data)
    words = _object(data)
    words["tool_calls"] = [_build(Call, _object(call)) for call in words.get("tool_calls", [])]
    if "usage" in words:
        words["usage"] = _build(Usage, _object(words["usage"]))
    if "rate_limits" in words:
        words["rate_limits"] = _build(RateLimits, _object(words["rate_limits"]))
    if "fault" in words:
        words["fault"] = _fault(words["fault"])
    return _build(Reply, words)


def _fault(data: object) -> Fault:
    """Build a fault from `reset@mid_text:3`, a status number, or an object."""
    if isinstance(data, str | int):
        return Fault.parse(str(data))
    words = _object(data)
    words["kind"] = FaultKind(words.get("kind", FaultKind.STATUS))
    if "moment" in words:
        words["moment"] = Moment(words["moment"])
    return _build(Fault, words)


def _object(data: object) -> JsonObject:
    if not isinstance(data, dict):
        message = f"Expected an object, found {data!r}."
        raise ValueError(message)  # noqa: TRY004  a file's content, not a programming error
    return dict(cast("JsonObject", data))


def _build(kind: type[_T], words: dict[str, Any]) -> _T:
    known = {field.name for field in fields(cast("Any", kind))} - ONLY_IN_PYTHON
    if unknown := sorted(set(words) - known):
        message = f"{kind.__name__} knows no {', '.join(unknown)}; it knows {', '.join(sorted(known))}."
        raise ValueError(message)
    return kind(**words)

"""What every dialect can do: read a request, write an answer, report an error."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, cast

from tests.fakes.faults import Fault
from tests.fakes.frames import Frame
from tests.fakes.scenario import Asked, JsonObject, RateLimits, Reply
from tests.fakes.usage import Bill

CREATED_AT = 1_767_225_600
"""Every answer was created on 2026-01-01, so that answers compare equal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A reply on its way to the wire; `serial` makes its ids unique."""

    asked: Asked
    reply: Reply
    bill: Bill
    serial: int

    @property
    def model(self) -> str:
        """The model that answers."""
        return self.reply.model or self.asked.model

    def call_id(self, index: int, prefix: str) -> str:
        """Name the call at `index`, unless the scenario did."""
        return self.reply.tool_calls[index].id or f"{prefix}_{self.serial}_{index}"


class Dialect(Protocol):
    """One provider's way of speaking."""

    @property
    def name(self) -> str:
        """The name in the log."""
        ...

    @property
    def stream_type(self) -> str:
        """Content type of a stream."""
        ...

    def read(self, body: JsonObject, headers: Mapping[str, str]) -> Asked:
        """Understand a request body."""
        ...

    def frames(self, answer: Answer) -> list[Frame]:
        """Encode an answer as a stream, terminal marker included."""
        ...

    def whole(self, answer: Answer) -> JsonObject:
        """Build an answer in one piece."""
        ...

    def error(self, status: int, fault: Fault) -> JsonObject:
        """Build the body of an HTTP error."""
        ...

    def error_event(self, fault: Fault, answer: Answer) -> bytes:
        """Encode an error in the middle of a stream."""
        ...

    def line(self, payload: bytes) -> bytes:
        """Frame raw bytes as one event of a stream."""
        ...

    def rate_headers(self, limits: RateLimits) -> dict[str, str]:
        """Name the rate-limit headers."""
        ...


def objects(value: object) -> list[JsonObject]:
    """Keep the objects of a JSON array; anything else is empty."""
    if not isinstance(value, list):
        return []
    items = cast("list[object]", value)
    return [cast("JsonObject", item) for item in items if isinstance(item, dict)]


def text_of(content: object) -> str:
    """Flatten message content, a string or a list of parts, to its text."""
    if isinstance(content, str):
        return content
    return "".join(_part_text(part) for part in objects(content))


def _part_text(part: JsonObject) -> str:
    inner = part.get("text", part.get("content", part.get("output", "")))
    return text_of(inner)


def tool_names(body: JsonObject) -> tuple[str, ...]:
    """List the tools offered, whether or not they sit under `function`."""
    found = (tool.get("function", tool).get("name") for tool in objects(body.get("tools")))
    return tuple(name for name in found if isinstance(name, str))

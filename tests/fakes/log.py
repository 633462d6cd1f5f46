"""The record of what reached a fake and what it answered."""

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from tests.fakes.scenario import JsonObject
from tests.fakes.usage import NOTHING, Bill

SECRET_HEADERS = frozenset({"authorization", "x-api-key", "cookie", "proxy-authorization"})


class Outcome(StrEnum):
    """How an exchange ended."""

    RUNNING = "running"
    COMPLETE = "complete"
    """Every byte the scenario wanted was sent, fault included."""
    CLIENT_LEFT = "client_left"


@dataclass(slots=True, kw_only=True)
class Exchange:
    """One request and its answer; every `_s` is a `time.monotonic()` reading.

    Attributes:
        accepted_s: Connection accepted; on a reused one, first byte of the request.
        received_s: Request complete.
        first_byte_s: First byte of the answer sent.
        last_byte_s: Last byte of the answer sent so far.
        body: The parsed JSON body, if it is an object.
        reply_index: How many replies were handed out before this one.
        bill: What the reply costs, whether or not the client got to read it.
        fault: The fault, in the words of `Fault.parse`; `exhausted` if no reply was left.
    """

    index: int
    method: str
    path: str
    headers: Mapping[str, str]
    body: JsonObject | None
    accepted_s: float
    received_s: float
    dialect: str | None = None
    status: int | None = None
    first_byte_s: float | None = None
    last_byte_s: float | None = None
    sent_bytes: int = 0
    reply_index: int | None = None
    bill: Bill | None = None
    fault: str | None = None
    outcome: Outcome = Outcome.RUNNING

    def to_json(self) -> JsonObject:
        """Return everything as JSON values, secrets in headers masked."""
        values: dict[str, Any] = asdict(self)
        values["headers"] = {name: "***" if name in SECRET_HEADERS else value for name, value in self.headers.items()}
        return values

    def __str__(self) -> str:
        """Summarise on one line, for a person watching."""
        bill = self.bill or NOTHING
        took_ms = 1000 * ((self.last_byte_s or self.received_s) - self.received_s)
        fault = f"  fault {self.fault}" if self.fault else ""
        return (
            f"{self.method} {self.path} {self.status or '-'}  {self.dialect or '-'}"
            f"  in {bill.input_tokens} out {bill.output_tokens}  {took_ms:.0f} ms"
            f"  {self.outcome}{fault}"
        )


@dataclass(slots=True)
class Log:
    """Exchanges in order of arrival; safe to read from any thread.

    `on_done` is called with each exchange that has ended, in the server's thread.
    """

    on_done: Callable[[Exchange], None] | None = None
    exchanges: list[Exchange] = field(default_factory=list[Exchange])
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def __len__(self) -> int:
        return len(self.exchanges)

    def __iter__(self) -> Iterator[Exchange]:
        return iter(list(self.exchanges))

    def __getitem__(self, index: int) -> Exchange:
        return self.exchanges[index]

    @property
    def replies(self) -> list[Exchange]:
        """The exchanges that used up a reply of the scenario."""
        return [exchange for exchange in self if exchange.reply_index is not None]

    @property
    def total(self) -> Bill:
        """The sum of all bills."""
        return sum((exchange.bill for exchange in self if exchange.bill), NOTHING)

    def add(self, exchange: Exchange) -> None:
        """Record a request that has arrived."""
        with self._changed:
            self.exchanges.append(exchange)
            self._changed.notify_all()

    def done(self, exchange: Exchange) -> None:
        """Report that an exchange has ended."""
        with self._changed:
            self._changed.notify_all()
        if self.on_done is not None:
            self.on_done(exchange)

    def wait(self, until: Callable[["Log"], bool], timeout_s: float = 10.0) -> None:
        """Block until `until(log)` holds; it is tried at every arrival and end.

        From a coroutine: `await asyncio.to_thread(log.wait, until)`.

        Raises:
            TimeoutError: It did not hold within `timeout_s`.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: until(self), timeout_s):
                raise TimeoutError(self.describe())

    def describe(self) -> str:
        """List all exchanges, one line each."""
        return "\n".join(str(exchange) for exchange in self) or "no request arrived"


def append_to(path: Path) -> Callable[[Exchange], None]:
    """Make an `on_done` that appends JSON lines to a file."""

    def append(exchange: Exchange) -> None:
        with path.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(exchange.to_json()) + "\n")

    return append


def now_s() -> float:
    """Read the clock of the log."""
    return time.monotonic()

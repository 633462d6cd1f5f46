"""The counter: an external effect over HTTP, to prove that nothing happens twice."""

import json
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TypeAlias
from urllib.parse import parse_qs, urlsplit

from tests.fakes.log import now_s
from tests.fakes.scenario import JsonObject

HOST = "127.0.0.1"


class HangUp(Exception):
    """Raised by a hook to close the connection without an answer."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One request to the counter; `count` is the value after it."""

    method: str
    path: str
    key: str | None
    count: int
    at_s: float


Hook: TypeAlias = Callable[[str | None], None]


@dataclass(slots=True, kw_only=True)
class Counter:
    """A number that grows with every POST, and its memory of idempotency keys.

    Attributes:
        honours_keys: Answer a known Idempotency-Key again instead of counting again.
        before: Called with the key before counting; may block, kill or raise `HangUp`.
        after: The same, after counting and before answering.
        hits: Every request, in order of completion.
    """

    honours_keys: bool = True
    before: Hook | None = None
    after: Hook | None = None
    count: int = 0
    hits: list[Hit] = field(default_factory=list[Hit])
    url: str = ""
    _results: dict[str, JsonObject] = field(default_factory=dict[str, JsonObject])
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _ended: threading.Event = field(default_factory=threading.Event)

    def hang(self, _: str | None = None) -> None:
        """Serve as a hook: block until the counter ends, then hang up.

        Raises:
            HangUp: Always.
        """
        self._ended.wait()
        raise HangUp

    def increment(self, key: str | None) -> JsonObject:
        """Count once, or repeat the answer to a key already seen."""
        with self._lock:
            if self.honours_keys and key in self._results:
                return self._results[key]
            self.count += 1
            result: JsonObject = {"count": self.count, "key": key}
            if key is not None:
                self._results[key] = result
            return result

    def probe(self, key: str) -> JsonObject | None:
        """Return the result counted under a key, if there is one."""
        with self._lock:
            return self._results.get(key)

    def record(self, method: str, path: str, key: str | None) -> None:
        """Log a request."""
        with self._lock:
            self.hits.append(Hit(method, path, key, self.count, now_s()))

    def close(self) -> None:
        """Let hanging requests go."""
        self._ended.set()


class _Server(ThreadingHTTPServer):
    """Serves one counter; a client that vanishes is part of the test, not news."""

    def __init__(self, counter: Counter) -> None:
        super().__init__((HOST, 0), _Desk)
        self.counter = counter

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: the client sees a closed connection."""


class _Desk(BaseHTTPRequestHandler):
    """Translates HTTP to the counter."""

    server: _Server  # pyright: ignore[reportIncompatibleVariableOverride]  only ever served by it

    def do_POST(self) -> None:
        """POST /count, with or without an Idempotency-Key."""
        self.rfile.read(int(self.headers.get("content-length", "0")))
        key = self.headers.get("idempotency-key")
        counter = self.server.counter
        if self.path != "/count":
            self._send(404, {"error": "no such page"})
            return
        try:
            if counter.before is not None:
                counter.before(key)
            result = counter.increment(key)
            counter.record("POST", self.path, key)
            if counter.after is not None:
                counter.after(key)
        except HangUp:
            self.close_connection = True
            return
        self._send(200, result)

    def do_GET(self) -> None:
        """GET /count and GET /probe?key=K."""
        counter = self.server.counter
        url = urlsplit(self.path)
        key = parse_qs(url.query).get("key", [""])[0]
        counter.record("GET", self.path, key or None)
        if url.path == "/count":
            self._send(200, {"count": counter.count})
        elif url.path == "/probe" and (result := counter.probe(key)) is not None:
            self._send(200, {"done": True, "result": result})
        else:
            self._send(404, {"done": False})

    def _send(self, status: int, body: JsonObject) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base's name
        """Say nothing: the counter keeps its own log."""


@contextmanager
def running_counter(
    *, honours_keys: bool = True, before: Hook | None = None, after: Hook | None = None
) -> Generator[Counter]:
    """Serve a counter on its own threads while the block runs."""
    counter = Counter(honours_keys=honours_keys, before=before, after=after)
    server = _Server(counter)
    counter.url = f"http://{HOST}:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), name="fake-counter", daemon=True)
    thread.start()
    try:
        yield counter
    finally:
        counter.close()
        server.shutdown()
        server.server_close()
        thread.join()

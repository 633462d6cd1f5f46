"""Faults as they look on the wire, in every dialect."""

import asyncio
import json
from dataclasses import dataclass

import httpx2
import pytest

from tests.fakes import Call, FakeServer, Fault, FaultKind, Moment, Repeat, Reply, Scenario, refused_url
from tests.test_fakes.clients import NO_TLS, PATIENCE_S, raw_client

MARKERS = {
    "/v1/chat/completions": b"[DONE]",
    "/v1/responses": b'"type":"response.completed"',
    "/v1/messages": b'"type":"message_stop"',
    "/api/chat": b'"done":true',
    "/api/v1/chat/completions": b"[DONE]",
}
"""The terminal marker of every dialect's stream."""

every_dialect = pytest.mark.parametrize("path", MARKERS)
TEXT = "one two three four five six"
CALL = Call("shell", {"command": "echo 0123456789"})


@dataclass(slots=True)
class Seen:
    """What a plain client got to see."""

    status: int | None = None
    body: bytes = b""
    error: type[Exception] | None = None


async def look(path: str, fault: str | Fault, *, stream: bool = True, timeout_s: float = 5) -> Seen:
    """Ask for a reply that fails and note everything until the end or an error."""
    struck = Fault.parse(fault) if isinstance(fault, str) else fault
    reply = Reply(TEXT, tool_calls=[CALL], fault=struck)
    seen = Seen()
    body = {"model": "m", "stream": stream, "stream_options": {"include_usage": True}}
    async with FakeServer(Scenario(replies=[reply])) as server, raw_client(server, timeout_s) as client:
        try:
            async with client.stream("POST", path, json=body) as response:
                await _read(response, seen)
        except httpx2.HTTPError as error:
            seen.error = type(error)
    return seen


async def _read(response: httpx2.Response, seen: Seen) -> None:
    seen.status = response.status_code
    async for data in response.aiter_raw():
        seen.body += data


def tokens_in(body: bytes) -> list[str]:
    """List the words of TEXT that are somewhere in a body, each as a delta."""
    return [word for word in TEXT.split() if f'"{word}"'.encode() in body or f'" {word}"'.encode() in body]


@every_dialect
async def test_without_a_fault_the_marker_comes_last(path: str) -> None:
    seen = await look(path, Fault(FaultKind.DRIP))

    assert (seen.status, seen.error) == (200, None)
    assert MARKERS[path] in seen.body
    assert tokens_in(seen.body) == TEXT.split()


@every_dialect
@pytest.mark.parametrize("kind", ["end_clean", "end_eof"])
@pytest.mark.parametrize("moment", ["before_token", "mid_text:2", "mid_arguments", "before_end"])
async def test_a_silent_end_looks_like_a_normal_one_without_marker(path: str, kind: str, moment: str) -> None:
    seen = await look(path, f"{kind}@{moment}")

    words = {"before_token": [], "mid_text:2": ["one", "two"]}.get(moment, TEXT.split())
    assert (seen.status, seen.error, tokens_in(seen.body)) == (200, None, words)
    assert MARKERS[path] not in seen.body


@every_dialect
async def test_a_stream_can_lack_its_last_byte(path: str) -> None:
    whole, short = await look(path, Fault(FaultKind.DRIP)), await look(path, "end_clean@last_byte")

    assert short.body == whole.body[:-1]


@every_dialect
@pytest.mark.parametrize("kind", ["cut_chunk", "reset"])
@pytest.mark.parametrize("moment", ["before_token", "mid_text:2", "mid_arguments", "last_byte"])
async def test_a_broken_connection_is_an_error(path: str, kind: str, moment: str) -> None:
    seen = await look(path, f"{kind}@{moment}")

    assert seen.status == 200
    assert seen.error in {httpx2.RemoteProtocolError, httpx2.ReadError}
    assert (tokens_in(seen.body) == []) is (moment == "before_token")


@pytest.mark.parametrize("kind", ["end_eof", "cut_chunk", "reset"])
async def test_a_connection_can_break_before_the_first_byte(kind: str) -> None:
    seen = await look("/v1/messages", f"{kind}@before_headers")

    assert seen.status is None
    assert seen.error in {httpx2.RemoteProtocolError, httpx2.ReadError}


@every_dialect
@pytest.mark.parametrize(
    ("moment", "words"), [("before_headers", 0), ("before_token", 0), ("mid_text:3", 3), ("mid_arguments", 6)]
)
async def test_a_stall_lasts_until_the_client_gives_up(path: str, moment: str, words: int) -> None:
    seen = await look(path, f"stall@{moment}", timeout_s=PATIENCE_S)

    assert seen.error is httpx2.ReadTimeout
    assert len(tokens_in(seen.body)) == words
    assert (seen.status is None) is (moment == "before_headers")


@every_dialect
@pytest.mark.parametrize("moment", list(Moment))
async def test_after_a_short_stall_the_answer_is_whole(path: str, moment: Moment) -> None:
    seen = await look(path, Fault(FaultKind.STALL, moment, stall_s=0.001))

    assert (seen.error, MARKERS[path] in seen.body) == (None, True)


async def test_a_stall_can_be_released() -> None:
    scenario = Scenario(replies=[Reply(TEXT, fault=Fault.parse("stall@mid_text"))])
    async with FakeServer(scenario) as server, raw_client(server) as client, asyncio.TaskGroup() as group:
        asking = group.create_task(client.post("/api/chat", json={}))
        await asyncio.to_thread(server.log.wait, lambda log: len(log) == 1)
        server.release()

    assert MARKERS["/api/chat"] in asking.result().content


@every_dialect
async def test_bad_json_is_one_broken_line_in_a_whole_stream(path: str) -> None:
    seen = await look(path, "bad_json@mid_text:2")

    lines = [line.removeprefix("data: ") for line in seen.body.decode().splitlines()]
    assert lines.count('{"broken": ') == 1
    assert MARKERS[path] in seen.body


@every_dialect
@pytest.mark.parametrize("stream", [True, False])
async def test_bad_utf8_cannot_be_decoded(path: str, stream: bool) -> None:
    seen = await look(path, "bad_utf8", stream=stream)

    with pytest.raises(UnicodeDecodeError):
        seen.body.decode()


@every_dialect
@pytest.mark.parametrize("kind", ["error_event", "failed_event"])
async def test_an_error_event_ends_the_stream(path: str, kind: str) -> None:
    seen = await look(path, f"{kind}@mid_text:2")

    assert (seen.status, tokens_in(seen.body)) == (200, ["one", "two"])
    assert b"error" in seen.body.splitlines()[-2 if path != "/api/chat" else -1]
    assert MARKERS[path] not in seen.body


@every_dialect
@pytest.mark.parametrize("kind", ["error_event", "bad_json"])
async def test_an_answer_in_one_piece_can_be_spoiled(path: str, kind: str) -> None:
    seen = await look(path, kind, stream=False)

    assert seen.status == 200
    if kind == "error_event":
        assert json.loads(seen.body)["error"]
    else:
        with pytest.raises(json.JSONDecodeError):
            json.loads(seen.body)


@every_dialect
async def test_a_page_or_nothing_can_come_instead(path: str) -> None:
    page, nothing = await look(path, "html_page"), await look(path, "empty_body")

    assert (page.status, page.body[:15]) == (200, b"<!DOCTYPE html>")
    assert (nothing.status, nothing.body) == (200, b"")


@every_dialect
async def test_half_arguments_end_as_if_they_were_whole(path: str) -> None:
    seen = await look(path, "half_arguments", stream=False)

    assert b"0123456789" not in seen.body
    assert b"shell" in seen.body


@every_dialect
async def test_an_unknown_tool_is_called(path: str) -> None:
    assert b'"no_such_tool"' in (await look(path, "unknown_tool")).body


@pytest.mark.parametrize("path", [path for path in MARKERS if path != "/api/chat"])
async def test_two_calls_share_an_id(path: str) -> None:
    seen = await look(path, "duplicate_ids", stream=False)

    assert seen.body.count(b'"call_same"') == 2


@every_dialect
async def test_sizes_can_be_absurd(path: str) -> None:
    huge = await look(path, Fault(FaultKind.HUGE_DELTA, size=100_000))
    many = await look(path, Fault(FaultKind.MANY_DELTAS, size=2_000))

    assert b"x" * 100_000 in huge.body
    assert many.body.count(b'"x"') >= 2_000


async def test_a_header_can_be_giant() -> None:
    seen = await look("/v1/messages", "giant_header")

    assert seen.error is httpx2.RemoteProtocolError


async def test_a_refused_connection_is_refused() -> None:
    async with httpx2.AsyncClient(trust_env=False, verify=NO_TLS) as client:
        with pytest.raises(httpx2.ConnectError):
            await client.get(refused_url())


@pytest.mark.parametrize("path", ["/v1/models", "/api/tags"])
async def test_the_catalogue_can_fail_too(path: str) -> None:
    refused = Scenario(catalog_fault=Fault.parse("401"))
    broken = Scenario(catalog_fault=Fault.parse("reset"), repeat=Repeat.LAST)
    async with FakeServer(refused) as server, raw_client(server) as client:
        assert (await client.get(path)).status_code == 401
    async with FakeServer(broken) as server, raw_client(server) as client:
        with pytest.raises(httpx2.TransportError):
            await client.get(path)


@pytest.mark.parametrize("words", ["429@mid_text", "drip@last_byte", "bad_json@before_headers", "flood", "reset@noon"])
def test_a_fault_that_makes_no_sense_is_refused(words: str) -> None:
    with pytest.raises(ValueError, match=r"takes no moment|cannot come before|is not a valid"):
        Fault.parse(words)


@pytest.mark.parametrize("words", ["429", "reset@mid_text:3", "stall@before_headers", "drip", "quota"])
def test_a_fault_is_logged_in_the_words_that_make_it(words: str) -> None:
    assert Fault.parse(words).label == words

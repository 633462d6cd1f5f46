"""The bytes of HTTP/1.1: what is read whole, what is refused, and that it does not matter how they arrive."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hermes_tui.capabilities.providers._framing import Broken, Chunked, Framing, Sized, framing_of
from hermes_tui.capabilities.providers._http1 import (
    AddressInvalid,
    HeaderInvalid,
    Request,
    address_of,
    head_of,
    spelled,
)


def fed(framing: Framing, *pieces: bytes) -> bytes:
    """Return the body of all the pieces."""
    return b"".join(framing.feed(piece) for piece in pieces)


def chunked(*chunks: bytes, trailer: bytes = b"") -> bytes:
    """Return a chunked body."""
    return b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n" + trailer + b"\r\n"


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=8), st.lists(st.integers(0, 400), max_size=6))
def test_a_chunked_body_is_the_same_wherever_the_network_cuts_it(chunks: list[bytes], cuts: list[int]) -> None:
    sent, framing = chunked(*chunks, trailer=b"x-sum: 1\r\n"), Chunked()
    places = [0, *sorted(min(cut, len(sent)) for cut in cuts), len(sent)]
    pieces = [sent[start:end] for start, end in pairwise(places) if start < end]

    body = fed(framing, *pieces)

    assert body == b"".join(chunks)
    assert framing.ended


@given(st.lists(st.binary(min_size=1, max_size=40), min_size=1, max_size=5), st.data())
def test_a_chunked_body_that_ends_early_is_never_whole(chunks: list[bytes], data: st.DataObject) -> None:
    sent, framing = chunked(*chunks), Chunked()
    cut = data.draw(st.integers(1, len(sent) - 1))

    framing.feed(sent[:cut])

    assert not framing.ended
    with pytest.raises(Broken):
        framing.feed(b"")


@pytest.mark.parametrize(
    "sent",
    [
        b"-5\r\nhello\r\n",
        b"+5\r\nhello\r\n",
        b"0x5\r\nhello\r\n",
        b"1_0\r\nhello\r\n",
        b"\r\nhello\r\n",
        b"g\r\nhello\r\n",
        b"1234567890abcdef0\r\nhello\r\n",
        b"5\r\nhello!\r\n",
        b"0\r\n\r\nHTTP/1.1 200 OK\r\n",
        b"5" * 9_000,
    ],
)
def test_a_broken_frame_is_refused(sent: bytes) -> None:
    with pytest.raises(Broken):
        Chunked().feed(sent)


@pytest.mark.parametrize("sent", [b"", b"hello!"])
def test_a_body_of_a_known_length_is_neither_shorter_nor_longer(sent: bytes) -> None:
    with pytest.raises(Broken):
        Sized(5).feed(sent)


@pytest.mark.parametrize(
    "headers",
    [
        {"transfer-encoding": "chunked", "content-length": "5"},
        {"transfer-encoding": "gzip, chunked"},
        {"content-length": "5, 6"},
        {"content-length": "-1"},
        {"content-length": "٣"},
    ],
    ids=str,
)
def test_a_head_that_two_readers_could_take_differently_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(Broken):
        framing_of(200, headers)


@pytest.mark.parametrize("text", ["", "HTTP/2 200 OK", "HTTP/1.1 20 OK", "SSH-2.0-x", "HTTP/1.1 200 OK\r\n folded: x"])
def test_what_is_no_head_of_http_is_refused(text: str) -> None:
    with pytest.raises(Broken):
        head_of(text)


def test_headers_are_found_whatever_their_case_and_equal_ones_are_joined() -> None:
    head = head_of("HTTP/1.0 429 Too Many\r\nRetry-After: 7 \r\nVia: a\r\nvia:b\r\nX-Empty:")

    assert (head.status, head.kept) == (429, False)
    assert head.headers == {"retry-after": "7", "via": "a, b", "x-empty": ""}


@pytest.mark.parametrize("value", ["a\r\nx-more: 1", "a\nb", "schlüssel", "", " a", "a\0"])
def test_a_header_that_would_end_early_or_cannot_be_written_is_never_sent(value: str) -> None:
    with pytest.raises(HeaderInvalid, match="x-api-key"):
        spelled(Request(url="http://h/", address=address_of("http://h/"), headers={"x-api-key": value}))


@pytest.mark.parametrize(
    ("url", "host", "port", "path", "field"),
    [
        ("http://h", "h", 80, "/", "h"),
        ("https://h/v1?a=b", "h", 443, "/v1?a=b", "h"),
        ("http://[::1]:8080/v1", "::1", 8080, "/v1", "[::1]:8080"),
        ("https://bücher.example/v1", "xn--bcher-kva.example", 443, "/v1", "xn--bcher-kva.example"),
    ],
)
def test_an_address_is_taken_apart(url: str, host: str, port: int, path: str, field: str) -> None:
    address = address_of(url)

    assert (address.host, address.port, address.path, address.host_field) == (host, port, path, field)


@pytest.mark.parametrize(
    "url",
    ["", "h", "file:///etc/passwd", "http://", "http://h:0", "http://h:99999", "http://h/a b", "http://h/\r\nx: y"],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(AddressInvalid):
        address_of(url)


def test_a_login_in_the_address_goes_into_its_header_and_a_key_goes_before_it() -> None:
    address = address_of("http://me:p%40ss@h/v1")

    alone = spelled(Request(url="", address=address))
    with_key = spelled(Request(url="", address=address, headers={"authorization": "Bearer k"}))

    assert b"authorization: Basic bWU6cEBzcw==\r\n" in alone
    assert b"authorization: Bearer k\r\n" in with_key
    assert b"Basic" not in with_key
    assert b"me" not in alone.partition(b"\r\n")[0]

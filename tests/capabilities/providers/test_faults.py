"""Every way the fake provider can fail, and the one class and reason that each becomes."""

from __future__ import annotations

import pytest

from hermes_tui.domain.errors import (
    FailureReason,
    ProviderError,
    ProviderRefused,
    ProviderUnreachable,
    ReplyMalformed,
    StreamTruncated,
)
from hermes_tui.domain.parts import Clocks, StopReason
from tests.capabilities.providers.speakers import (
    IMPATIENT,
    RESTLESS,
    SPEAKERS,
    Heard,
    Speaker,
    ask,
    hear,
    listen,
    refused_root,
    struck,
)
from tests.fakes import Call, Fault, FaultKind, Moment, Reply

REPLY = Reply("one two three four five six", tool_calls=[Call("shell", {"command": "echo 0123456789"})])

each = pytest.mark.parametrize("speaker", SPEAKERS, ids=str)
inside = pytest.mark.parametrize(
    "moment", [Moment.BEFORE_TOKEN, Moment.MID_TEXT, Moment.MID_ARGUMENTS, Moment.BEFORE_END]
)


def verdict(heard: Heard) -> tuple[type[ProviderError] | None, FailureReason | None]:
    """Return class and reason of what ended a stream; a reply that failed never stops."""
    if heard.error is None:
        return None, None
    assert heard.stop is None
    return type(heard.error), heard.error.reason


async def strike(speaker: Speaker, words: str | Fault, clocks: Clocks = Clocks()) -> Heard:
    return await hear(speaker, struck(words, REPLY), ask(clocks=clocks))


@each
@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (400, FailureReason.INVALID_REQUEST),
        (401, FailureReason.AUTHENTICATION),
        (402, FailureReason.QUOTA),
        (403, FailureReason.PERMISSION),
        (404, FailureReason.MODEL_MISSING),
        (413, FailureReason.CONTEXT_LENGTH),
        (422, FailureReason.INVALID_REQUEST),
        (429, FailureReason.RATE_LIMITED),
        (500, FailureReason.SERVER),
        (501, FailureReason.UNSUPPORTED),
        (502, FailureReason.SERVER),
        (503, FailureReason.OVERLOADED),
        (529, FailureReason.OVERLOADED),
    ],
)
async def test_a_status_is_refused_for_its_reason(speaker: Speaker, status: int, reason: FailureReason) -> None:
    assert verdict(await strike(speaker, str(status))) == (ProviderRefused, reason)


@each
async def test_too_long_a_request_is_told_from_a_bad_one(speaker: Speaker) -> None:
    assert verdict(await strike(speaker, "context_length")) == (ProviderRefused, FailureReason.CONTEXT_LENGTH)


@each
async def test_an_empty_account_is_told_from_too_many_requests(speaker: Speaker) -> None:
    bills = speaker.dialect != "ollama"

    expected = FailureReason.QUOTA if bills else FailureReason.RATE_LIMITED
    assert verdict(await strike(speaker, "quota")) == (ProviderRefused, expected)


@each
async def test_the_wait_that_a_provider_asks_for_is_kept(speaker: Speaker) -> None:
    heard = await strike(speaker, Fault(FaultKind.STATUS, status=429, retry_after_s=7))

    assert heard.error is not None
    # The Ollama package keeps no headers.
    assert heard.error.retry_after_s == (None if speaker.name == "ollama-sdk" else 7)


@each
async def test_what_the_provider_said_is_in_the_message(speaker: Speaker) -> None:
    heard = await strike(speaker, Fault(FaultKind.STATUS, status=400, message="tools.0: no such thing"))

    assert "tools.0: no such thing" in str(heard.error)


@each
async def test_a_web_page_is_no_reply(speaker: Speaker) -> None:
    assert verdict(await strike(speaker, "html_page")) == (ReplyMalformed, FailureReason.MALFORMED)


@each
async def test_nothing_at_all_is_no_reply(speaker: Speaker) -> None:
    assert verdict(await strike(speaker, "empty_body")) == (StreamTruncated, FailureReason.TRUNCATED)


@each
@inside
@pytest.mark.parametrize("kind", [FaultKind.END_CLEAN, FaultKind.END_EOF])
async def test_a_silent_end_is_never_taken_for_a_reply(speaker: Speaker, kind: FaultKind, moment: Moment) -> None:
    assert verdict(await strike(speaker, Fault(kind, moment))) == (StreamTruncated, FailureReason.TRUNCATED)


@each
@inside
@pytest.mark.parametrize("kind", [FaultKind.CUT_CHUNK, FaultKind.RESET])
async def test_a_broken_connection_is_lost(speaker: Speaker, kind: FaultKind, moment: Moment) -> None:
    assert verdict(await strike(speaker, Fault(kind, moment))) == (StreamTruncated, FailureReason.CONNECTION_LOST)


@each
@pytest.mark.parametrize("kind", [FaultKind.END_EOF, FaultKind.CUT_CHUNK, FaultKind.RESET])
async def test_a_connection_that_breaks_before_the_answer_is_lost(speaker: Speaker, kind: FaultKind) -> None:
    heard = await strike(speaker, Fault(kind, Moment.BEFORE_HEADERS))

    assert verdict(heard) == (StreamTruncated, FailureReason.CONNECTION_LOST)
    assert heard.parts == []


@each
@pytest.mark.parametrize(
    ("moment", "reason"),
    [
        (Moment.BEFORE_HEADERS, FailureReason.TIMEOUT_FIRST_TOKEN),
        (Moment.BEFORE_TOKEN, FailureReason.TIMEOUT_FIRST_TOKEN),
        (Moment.MID_TEXT, FailureReason.TIMEOUT_IDLE),
        (Moment.MID_ARGUMENTS, FailureReason.TIMEOUT_IDLE),
        (Moment.BEFORE_END, FailureReason.TIMEOUT_IDLE),
    ],
)
async def test_silence_ends_with_the_clock_it_belongs_to(
    speaker: Speaker, moment: Moment, reason: FailureReason
) -> None:
    clocks = IMPATIENT if reason is FailureReason.TIMEOUT_FIRST_TOKEN else RESTLESS

    heard = await strike(speaker, Fault(FaultKind.STALL, moment), clocks)

    assert verdict(heard) == (ProviderUnreachable, reason)


@each
async def test_a_reply_that_drips_for_ever_ends_with_the_total_clock(speaker: Speaker) -> None:
    clocks = Clocks(connect_s=5, first_token_s=5, idle_s=5, total_s=0.2)

    heard = await strike(speaker, Fault(FaultKind.DRIP, every_s=0.02), clocks)

    assert verdict(heard) == (ProviderUnreachable, FailureReason.TIMEOUT_TOTAL)


@each
@pytest.mark.parametrize("kind", [FaultKind.BAD_JSON, FaultKind.BAD_UTF8])
@pytest.mark.parametrize("moment", [Moment.BEFORE_TOKEN, Moment.MID_TEXT, Moment.MID_ARGUMENTS, Moment.BEFORE_END])
async def test_bytes_that_are_not_the_dialect_are_malformed(speaker: Speaker, kind: FaultKind, moment: Moment) -> None:
    assert verdict(await strike(speaker, Fault(kind, moment))) == (ReplyMalformed, FailureReason.MALFORMED)


@each
@inside
@pytest.mark.parametrize("kind", [FaultKind.ERROR_EVENT, FaultKind.FAILED_EVENT])
async def test_an_error_inside_a_reply_refuses_it(speaker: Speaker, kind: FaultKind, moment: Moment) -> None:
    reason = FailureReason.OVERLOADED if speaker.dialect == "anthropic" else FailureReason.SERVER

    assert verdict(await strike(speaker, Fault(kind, moment))) == (ProviderRefused, reason)


@each
async def test_an_error_inside_a_reply_can_say_that_the_request_is_too_long(speaker: Speaker) -> None:
    heard = await strike(speaker, Fault(FaultKind.ERROR_EVENT, message="This model's maximum context length is 9."))

    assert verdict(heard) == (ProviderRefused, FailureReason.CONTEXT_LENGTH)


@each
async def test_a_line_without_end_is_too_large(speaker: Speaker) -> None:
    heard = await strike(speaker, "huge_delta")

    assert verdict(heard) == (ReplyMalformed, FailureReason.TOO_LARGE)


@each
async def test_a_giant_header_is_not_read(speaker: Speaker) -> None:
    assert (await strike(speaker, "giant_header")).error is not None


@each
async def test_a_closed_port_is_unreachable(speaker: Speaker) -> None:
    heard = await listen(speaker.at(refused_root()), ask())

    assert verdict(heard) == (ProviderUnreachable, FailureReason.UNREACHABLE)


@each
@pytest.mark.parametrize("url", ["nonsense", "ftp://127.0.0.1", "http://127.0.0.1:999999"])
async def test_an_address_that_is_none_is_unreachable(speaker: Speaker, url: str) -> None:
    heard = await listen(speaker.at(url), ask())

    assert verdict(heard) == (ProviderUnreachable, FailureReason.UNREACHABLE)


@each
@pytest.mark.parametrize("kind", [FaultKind.END_CLEAN, FaultKind.CUT_CHUNK, FaultKind.RESET, FaultKind.STALL])
async def test_after_the_terminal_marker_a_reply_is_whole_whatever_happens(speaker: Speaker, kind: FaultKind) -> None:
    whole = await hear(speaker, REPLY)
    heard = await strike(speaker, Fault(kind, Moment.LAST_BYTE))

    assert whole.stop is StopReason.TOOL_CALLS
    assert heard == whole


@each
async def test_many_small_deltas_are_only_a_long_reply(speaker: Speaker) -> None:
    heard = await strike(speaker, Fault(FaultKind.MANY_DELTAS, size=2_000))

    assert (heard.error, heard.text) == (None, "x" * 2_000)


@each
async def test_a_call_of_an_unknown_tool_is_passed_on(speaker: Speaker) -> None:
    heard = await strike(speaker, "unknown_tool")

    assert heard.calls == [("no_such_tool", {"command": "echo 0123456789"})]


@each
async def test_two_calls_with_one_id_stay_two(speaker: Speaker) -> None:
    heard = await strike(speaker, "duplicate_ids")

    assert [name for name, _ in heard.calls] == ["shell", "shell"]

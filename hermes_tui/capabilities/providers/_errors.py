"""One taxonomy for every way a provider fails: from status, headers and body to a `FailureReason`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final, cast

from hermes_tui.capabilities.providers._json import Fields, fields_of
from hermes_tui.domain.errors import (
    FailureReason,
    ProviderRefused,
    ProviderUnreachable,
    ReplyMalformed,
    StreamTruncated,
)
from hermes_tui.domain.patterns import later

_BY_STATUS: Final = {
    400: FailureReason.INVALID_REQUEST,
    401: FailureReason.AUTHENTICATION,
    402: FailureReason.QUOTA,
    403: FailureReason.PERMISSION,
    404: FailureReason.NOT_FOUND,
    408: FailureReason.TIMEOUT_FIRST_TOKEN,
    413: FailureReason.CONTEXT_LENGTH,
    422: FailureReason.INVALID_REQUEST,
    429: FailureReason.RATE_LIMITED,
    501: FailureReason.UNSUPPORTED,
    503: FailureReason.OVERLOADED,
    529: FailureReason.OVERLOADED,
}

# What the words say more exactly than any status does; the first that is found wins.
_REFINED: Final = (
    (later(r"insufficient_quota|billing|credit balance|insufficient credits"), FailureReason.QUOTA),
    (
        later(r"context_length|context length|context window|prompt is too long|maximum context"),
        FailureReason.CONTEXT_LENGTH,
    ),
    (later(r"content_filter|content_policy|content policy"), FailureReason.CONTENT_FILTER),
    (
        later(r"model_not_found|model ['\"`]?[\w./:-]+['\"`]? (not found|does not exist)|the model does not exist"),
        FailureReason.MODEL_MISSING,
    ),
    (
        later(r"not_found_error\W+message\W+model: |no endpoints found|not a valid model id"),
        FailureReason.MODEL_MISSING,
    ),
)
_REFINABLE: Final = {
    FailureReason.QUOTA: (400, 401, 402, 403, 429),
    FailureReason.CONTEXT_LENGTH: (400, 413, 422, 500, 502),
    FailureReason.CONTENT_FILTER: (400, 403, 422),
    FailureReason.MODEL_MISSING: (400, 404),
}

# The word of an error event inside a reply that began with status 200; there is no status to go by.
_BY_WORD: Final = {
    "overloaded": FailureReason.OVERLOADED,
    "rate_limit": FailureReason.RATE_LIMITED,
    "authentication_error": FailureReason.AUTHENTICATION,
    "invalid_api_key": FailureReason.AUTHENTICATION,
    "permission_error": FailureReason.PERMISSION,
    "not_found": FailureReason.NOT_FOUND,
    "invalid_prompt": FailureReason.CONTENT_FILTER,
    "invalid_request": FailureReason.INVALID_REQUEST,
}
_HINTS: Final = {
    FailureReason.AUTHENTICATION: "`hermes keys set` gives another; so does F3 in the workstation.",
    FailureReason.QUOTA: "Add credit, or choose another provider with -m.",
    FailureReason.NOT_FOUND: "Check the model's name and the base URL.",
    FailureReason.MODEL_MISSING: "Check the model's name; a local one must be pulled first.",
    FailureReason.CONTEXT_LENGTH: "The request is larger than the model's window.",
}
BODY_CHARS: Final = 500
_DATES: Final = ("%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %d %H:%M:%S %Y")
"""The three forms of a date in a header (RFC 9110, 5.6.7). The parser of mail dates would load half of `email`."""


def refused(name: str, status: int, headers: Mapping[str, str], body: bytes) -> ProviderRefused:
    """Describe an answer with an error status."""
    text = body.decode("utf-8", errors="replace")
    said = said_in(text) or _plain(text)
    hint = ""
    if 300 <= status < 400:
        hint = f"It redirects to {headers.get('location', 'another address')}; keys follow no redirect: set base_url."
    elif "does not support thinking" in said:  # so Ollama says it
        hint = "Leave how much it reasons to the model: /effort auto."
    reason = reason_of(status, text)
    what = "key" if reason is FailureReason.AUTHENTICATION else "request"
    return ProviderRefused(
        f"{name} refused the {what} ({status}): {said}",
        reason=reason,
        hint=hint or _HINTS.get(reason, ""),
        retry_after_s=_wait_s(headers),
    )


def reason_of(status: int, text: str) -> FailureReason:
    """Return the class of an error status with a body."""
    default = FailureReason.SERVER if status >= 500 else FailureReason.INVALID_REQUEST
    refined = _refined(text)
    if refined is not None and status in _REFINABLE[refined]:
        return refined
    return _BY_STATUS.get(status, default)


def failed_midway(name: str, error: object) -> ProviderRefused:
    """Describe an error event inside a reply that began with status 200."""
    text = error if isinstance(error, str) else json.dumps(error)
    code = fields_of(error).get("code")
    if isinstance(code, int) and 400 <= code < 600:  # OpenRouter repeats the status of the provider behind it
        reason = reason_of(code, text)
    else:
        words = text.lower()
        named = next((reason for word, reason in _BY_WORD.items() if word in words), FailureReason.SERVER)
        reason = _refined(text) or named
    return ProviderRefused(
        f"{name} broke off: {said_in(text) or _plain(text)}", reason=reason, hint=_HINTS.get(reason, "")
    )


def _refined(text: str) -> FailureReason | None:
    words = text[: 4 * BODY_CHARS].lower()
    return next((reason for pattern, reason in _REFINED if pattern.search(words)), None)


def _plain(text: str) -> str:
    """Return the words of a body that is not JSON; a proxy's web page says nothing worth showing."""
    return "a web page" if text.lstrip()[:1] == "<" else text[:BODY_CHARS] or "no body"


def said_in(text: str) -> str:
    """Return the message inside an error body of any dialect, empty where there is none."""
    try:
        body: object = json.loads(text)
    except (ValueError, RecursionError):
        return ""
    while isinstance(body, dict):
        fields = cast("Fields", body)
        body = fields.get("error") or fields.get("message", "")
    return body[:BODY_CHARS] if isinstance(body, str) else ""


def _wait_s(headers: Mapping[str, str]) -> float | None:
    milliseconds = retry_after_s(headers.get("retry-after-ms"))
    return retry_after_s(headers.get("retry-after")) if milliseconds is None else milliseconds / 1000


def retry_after_s(value: str | None) -> float | None:
    """Return the seconds of a `Retry-After` header: a number or an HTTP date (RFC 9110, 10.2.3)."""
    if value is None:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    for form in _DATES:
        try:
            at = datetime.strptime(value.strip(), form).replace(tzinfo=UTC)
        except ValueError:
            continue
        return max(0.0, (at - datetime.now(UTC)).total_seconds())
    return None


def unreachable(name: str, url: str, why: str = "") -> ProviderUnreachable:
    """Describe a provider to which there is no connection."""
    message = f"{name} could not be reached at {url}{f': {why}' if why else ''}."
    return ProviderUnreachable(message, reason=FailureReason.UNREACHABLE, hint="Is it running? Check its base URL.")


def connected_late(name: str, url: str, connect_s: float) -> ProviderUnreachable:
    """Describe a connection that did not come about in time."""
    message = f"{name} could not be reached at {url} within {connect_s:g} s."
    return ProviderUnreachable(message, reason=FailureReason.TIMEOUT_CONNECT)


def lost(name: str, error: BaseException) -> StreamTruncated:
    """Describe a connection that broke."""
    message = f"The connection to {name} broke: {str(error) or type(error).__name__}."
    return StreamTruncated(message, reason=FailureReason.CONNECTION_LOST)


def malformed(name: str, what: str) -> ReplyMalformed:
    """Describe bytes that are not the dialect."""
    return ReplyMalformed(f"{name} {what}.", reason=FailureReason.MALFORMED)


def unsendable(name: str, header: str) -> ProviderRefused:
    """Describe a request that was not sent because one of its headers cannot be written."""
    message = f"Nothing was sent to {name}: its header {header} would hold what no header can."
    hint = "Is there a line break or a letter outside ASCII in its key?"
    return ProviderRefused(message, reason=FailureReason.AUTHENTICATION, hint=hint)

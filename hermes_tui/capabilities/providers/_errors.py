"""One taxonomy for every way a provider fails: from status, headers and body to a `FailureReason`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final, cast

from hermes_tui.domain.errors import FailureReason, ProviderRefused

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
    503: FailureReason.OVERLOADED,
    529: FailureReason.OVERLOADED,
}
_BY_WORD: Final = {
    "insufficient_quota": FailureReason.QUOTA,
    "billing": FailureReason.QUOTA,
    "context_length_exceeded": FailureReason.CONTEXT_LENGTH,
    "prompt is too long": FailureReason.CONTEXT_LENGTH,
    "content_filter": FailureReason.CONTENT_FILTER,
    "content_policy": FailureReason.CONTENT_FILTER,
    "overloaded": FailureReason.OVERLOADED,
    "rate_limit": FailureReason.RATE_LIMITED,
    "authentication_error": FailureReason.AUTHENTICATION,
    "invalid_api_key": FailureReason.AUTHENTICATION,
    "permission_error": FailureReason.PERMISSION,
    "invalid_request": FailureReason.INVALID_REQUEST,
    "not_found": FailureReason.NOT_FOUND,
}
_HINTS: Final = {
    FailureReason.AUTHENTICATION: "Check the key in the provider's variable.",
    FailureReason.QUOTA: "Add credit, or choose another provider with -m.",
    FailureReason.NOT_FOUND: "Check the model's name and the base URL.",
    FailureReason.CONTEXT_LENGTH: "The request is larger than the model's window.",
}
BODY_CHARS: Final = 500


def refused(name: str, status: int, headers: Mapping[str, str], body: bytes) -> ProviderRefused:
    """Describe an answer with an error status."""
    text = body.decode("utf-8", errors="replace")
    said = _said(text)
    default = FailureReason.SERVER if status >= 500 else FailureReason.INVALID_REQUEST
    reason = _reason(f"{said} {text[:BODY_CHARS]}", _BY_STATUS.get(status, default))
    message = f"{name} refused the request ({status}): {said or text[:BODY_CHARS] or 'no body'}"
    return ProviderRefused(
        message, reason=reason, hint=_HINTS.get(reason, ""), retry_after_s=retry_after_s(headers.get("retry-after"))
    )


def failed_midway(name: str, error: object) -> ProviderRefused:
    """Describe an error event inside a reply that began with status 200."""
    text = json.dumps(error) if not isinstance(error, str) else error
    reason = _reason(text, FailureReason.SERVER)
    return ProviderRefused(f"{name} broke off: {_said(text) or text[:BODY_CHARS]}", reason=reason)


def _reason(text: str, default: FailureReason) -> FailureReason:
    lowered = text.lower()
    specific = next((reason for word, reason in _BY_WORD.items() if word in lowered), default)
    busy = default in (FailureReason.RATE_LIMITED, FailureReason.OVERLOADED)
    return default if busy and specific is not FailureReason.QUOTA else specific


def _said(text: str) -> str:
    """Return the message inside an error body of any dialect."""
    try:
        body: object = json.loads(text)
    except ValueError:
        return ""
    while isinstance(body, dict):
        fields = cast("dict[str, object]", body)
        body = fields.get("error", fields.get("message", ""))
    return body[:BODY_CHARS] if isinstance(body, str) else ""


def retry_after_s(value: str | None) -> float | None:
    """Return the seconds of a `Retry-After` header: a number or an HTTP date (RFC 9110, 10.2.3)."""
    if value is None:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None

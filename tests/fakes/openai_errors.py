"""Error bodies and rate-limit headers of the two OpenAI dialects."""

from tests.fakes.faults import Fault, FaultKind
from tests.fakes.scenario import JsonObject, RateLimits

_BY_STATUS: dict[int, tuple[str, str | None, str]] = {
    400: ("invalid_request_error", None, "Invalid request."),
    401: ("invalid_request_error", "invalid_api_key", "Incorrect API key provided: sk-fake."),
    403: ("invalid_request_error", "unsupported_value", "You are not allowed to use this model."),
    404: ("invalid_request_error", "model_not_found", "The model does not exist."),
    413: ("invalid_request_error", None, "Request body is too large."),
    429: ("requests", "rate_limit_exceeded", "Rate limit reached. Please try again in 1s."),
    503: ("server_error", None, "The engine is currently overloaded, please try again later."),
    529: ("server_error", None, "The server is overloaded."),
}
_OTHERWISE = ("server_error", None, "The server had an error while processing your request.")

_BY_KIND: dict[FaultKind, tuple[str, str | None, str]] = {
    FaultKind.CONTEXT_LENGTH: (
        "invalid_request_error",
        "context_length_exceeded",
        "This model's maximum context length is 32768 tokens. However, your messages resulted"
        " in 40000 tokens. Please reduce the length of the messages.",
    ),
    FaultKind.QUOTA: (
        "insufficient_quota",
        "insufficient_quota",
        "You exceeded your current quota, please check your plan and billing details.",
    ),
}


def error_body(status: int, fault: Fault) -> JsonObject:
    """Build the `{"error": …}` object for a status or a named refusal."""
    known = _BY_KIND.get(fault.kind) or _BY_STATUS.get(status, _OTHERWISE)
    kind, code, usual = known
    message = fault.message or usual
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


def rate_headers(limits: RateLimits) -> dict[str, str]:
    """Name OpenAI's rate-limit headers; resets are durations such as `60s`."""
    return {
        "x-ratelimit-limit-requests": str(limits.requests),
        "x-ratelimit-remaining-requests": str(limits.requests_left),
        "x-ratelimit-reset-requests": f"{limits.resets_in_s}s",
        "x-ratelimit-limit-tokens": str(limits.tokens),
        "x-ratelimit-remaining-tokens": str(limits.tokens_left),
        "x-ratelimit-reset-tokens": f"{limits.resets_in_s}s",
    }

"""`fetch`: one HTTP request; reading asks for the host, anything else also for the effect."""

# ruff: noqa: D417 - the kernel gives `context`; the model never reads of it

from __future__ import annotations

import asyncio
import json
import time
from typing import Annotated, Literal, cast
from urllib.parse import quote, urljoin

from hermes_tui.capabilities import registry
from hermes_tui.capabilities.tools._schema import Bounds
from hermes_tui.capabilities.tools._tool import tool
from hermes_tui.capabilities.tools._url import Address, Exchange, Reply, parse_url
from hermes_tui.domain.approval import ResolvedCall
from hermes_tui.domain.errors import ArgumentsInvalid, ToolError
from hermes_tui.domain.patterns import later
from hermes_tui.domain.ports import ToolContext, ToolOutcome
from hermes_tui.domain.tasks import Effect, Reach

REDIRECTS = 5
_READS = ("GET", "HEAD")
_TOKEN = later(r"[A-Za-z0-9-]{1,64}")
_VALUE = later(r"[\t\x20-\x7e]{0,4096}")
_OURS = frozenset(
    {
        "host",
        "content-length",
        "transfer-encoding",
        "connection",
        "idempotency-key",
        "accept-encoding",
        "upgrade",
        "te",
        "expect",
    }
)
_TEXTUAL = ("text/", "application/json", "application/xml", "application/javascript", "application/x-ndjson")

Method = Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
Body = Annotated[str, Bounds(max_length=1_000_000)]
Headers = Annotated[dict[str, str], Bounds(max_length=20)]


def _resolve(url: str, probe: str, headers: dict[str, str], context: ToolContext, **rest: object) -> ResolvedCall:
    address = parse_url(url)
    _check_headers(headers)
    if probe:
        _probe_address(probe, address, context.key)
    method = str(rest["method"])
    reads = method in _READS and not rest["body"]
    known = "" if address.host in context.egress or address.name in context.egress else " (new host)"
    return ResolvedCall(
        tool="fetch",
        effect=Effect.READ if reads else Effect.EXTERNAL,
        reach=Reach.NETWORK,
        summary=f"{method} {url}{known}",
        targets=(address.name,),
        hosts=(address.name,),
    )


async def _probed(url: str, probe: str, context: ToolContext, **_others: object) -> ToolOutcome | None:
    if not probe:
        raise ToolError("The call named no probe; nobody can tell.", kind="no_probe")
    target = _probe_address(probe, parse_url(url), context.key)
    request = Exchange(method="GET", address=target)
    reply = await asyncio.to_thread(_exchanged, request, context.egress, time.monotonic() + context.timeout_s)
    if reply.status in (404, 410):
        return None
    if 200 <= reply.status < 300:
        return _outcome(reply, "GET")
    raise ToolError(f"The probe answered {reply.status}.", kind="no_probe")


@tool(effect=Effect.READ, reach=Reach.NETWORK, timeout_s=60.0, resolve=_resolve, probe=_probed)
async def fetch(
    url: str,
    context: ToolContext,
    method: Method = "GET",
    body: Body = "",
    headers: Headers = {},  # noqa: B006 - a schema default; never changed
    probe: str = "",  # noqa: ARG001 - read by the probe alone
) -> ToolOutcome:
    """Send an HTTP request; needs a grant for the host. Other than GET and HEAD it acts outside, once.

    Args:
        url: http or https.
        method: HTTP method.
        body: Text to send.
        headers: Further headers.
        probe: URL on the same host with {key}, that answers 404 until this call happened.
    """
    address = parse_url(url)
    _check_headers(headers)
    key = {} if method in _READS and not body else {"Idempotency-Key": context.key}
    request = Exchange(method=method, address=address, body=body.encode(), headers={**headers, **key})
    until = time.monotonic() + context.timeout_s
    reply = await asyncio.to_thread(_follow, request, url, context.egress, until)
    return _outcome(reply, method)


def _follow(request: Exchange, url: str, egress: tuple[str, ...], until: float) -> Reply:
    """Exchange, and follow a reading request's redirects on the same host."""
    reply = _exchanged(request, egress, until)
    for _ in range(REDIRECTS):
        if not (reply.status in (301, 302, 303, 307, 308) and reply.location and request.method in _READS):
            break
        url = urljoin(url, reply.location)
        following = parse_url(url)
        if (following.name, following.scheme) != (request.address.name, request.address.scheme) or request.body:
            break
        request = Exchange(method=request.method, address=following, headers=request.headers)
        reply = _exchanged(request, egress, until)
    return reply


def _exchanged(request: Exchange, egress: tuple[str, ...], until: float) -> Reply:
    """Send one request and read its reply; the standard library's client is loaded for the first one."""
    return cast("Reply", registry.load_private("tools", "_http").exchange(request, egress, until))


def _outcome(reply: Reply, method: str) -> ToolOutcome:
    kind, _, charset = reply.content_type.partition("; charset=")
    text = _text(reply.body, kind, charset)
    head = f"{reply.status} {kind}" + (f" -> {reply.location[:500]} (not followed)" if reply.status // 100 == 3 else "")
    cut = "\n[cut at 2 MB]" if reply.cut else ""
    data = {"status": reply.status, "type": kind, "location": reply.location, "body": text, "cut": reply.cut}
    return ToolOutcome(
        output=head if method == "HEAD" else f"{head}\n\n{text}{cut}",
        data=json.dumps(data, ensure_ascii=False),
        ok=reply.status < 400,
        error_kind="" if reply.status < 400 else f"http_{reply.status}",
    )


def _text(body: bytes, kind: str, charset: str) -> str:
    if not kind.startswith(_TEXTUAL) and not kind.endswith(("+json", "+xml")):
        return f"[{len(body)} bytes of {kind}]"
    try:
        return body.decode(charset, errors="replace")
    except LookupError:
        return body.decode(errors="replace")


def _check_headers(headers: dict[str, str]) -> None:
    for name, value in headers.items():
        if not _TOKEN.fullmatch(name) or not _VALUE.fullmatch(value) or name.casefold() in _OURS:
            raise ArgumentsInvalid(f"fetch: headers: {name[:60]!r} cannot be set so.")


def _probe_address(probe: str, address: Address, key: str) -> Address:
    if "{key}" not in probe:
        raise ArgumentsInvalid("fetch: probe: has no {key}.")
    found = parse_url(probe.replace("{key}", quote(key, safe="")))
    if found.name != address.name:
        raise ArgumentsInvalid("fetch: probe: must be on the host of url.")
    return found

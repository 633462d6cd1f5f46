"""Who may reach the workstation in the browser: this machine, its own page, and only with this run's secret."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hmac import compare_digest
from http.cookies import CookieError, SimpleCookie
from secrets import token_urlsafe
from typing import Final, Literal

ADDRESS: Final = "127.0.0.1"
SECRET_BYTES: Final = 32
SOCKET: Final = "/ws"
HEADERS: Final = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

Passage = Literal["enter", "pass", "refuse"]


def _secret() -> str:
    return token_urlsafe(SECRET_BYTES)


@dataclass(frozen=True, slots=True)
class Gate:
    """Judges each request by its headers alone, before anything looks at the rest of it.

    Any page of the web can send a request to this machine, and a name of its own can be made to lead here. So the host
    must be this address (DNS rebinding), a page must be our own (cross-site WebSockets carry cookies and no preflight),
    and the secret must be there: the token in the printed address, exchanged at once for a cookie.
    """

    port: int
    token: str = field(default_factory=_secret)
    cookie: str = field(default_factory=_secret)

    @property
    def origin(self) -> str:
        """Where our own page comes from."""
        return f"http://{ADDRESS}:{self.port}"

    @property
    def address(self) -> str:
        """What the operator opens."""
        return f"{self.origin}/?token={self.token}"

    @property
    def cookie_name(self) -> str:
        """The cookie's name; cookies of an address hold for all of its ports."""
        return f"hermes-{self.port}"

    @property
    def set_cookie(self) -> str:
        """The header that hands the cookie over: no script reads it, no other site's page sends it."""
        return f"{self.cookie_name}={self.cookie}; HttpOnly; SameSite=Strict; Path=/"

    @property
    def content_policy(self) -> str:
        """What our page may load: its own files and its own socket, nothing from anywhere else."""
        socket = f"ws://{ADDRESS}:{self.port}"
        return (
            f"default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self'; "
            f"img-src 'self' data:; connect-src 'self' {socket}; frame-ancestors 'none'; base-uri 'none'; "
            f"form-action 'none'"
        )

    def judge(self, path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Passage:
        """Return whether a request passes, brings the token to exchange, or is refused."""
        if headers.get("Host", "") != f"{ADDRESS}:{self.port}":
            return "refuse"
        origin = headers.get("Origin")
        if origin not in (None, self.origin) or (path == SOCKET and origin is None):
            return "refuse"
        if self._knows(headers.get("Cookie", "")):
            return "pass"
        brought = query.get("token", "")
        return "enter" if path == "/" and compare_digest(brought.encode(), self.token.encode()) else "refuse"

    def _knows(self, header: str) -> bool:
        try:
            brought = SimpleCookie(header).get(self.cookie_name)
        except CookieError:
            return False
        return brought is not None and compare_digest(brought.value.encode(), self.cookie.encode())

"""What holds for every test: a temporary home, no keys, no colour settings, and only this machine's network."""

from __future__ import annotations

import os
import sys
from ipaddress import ip_address
from typing import Final

import pytest

SECRET_ENDINGS: Final = ("_API_KEY", "_TOKEN", "_SECRET", "_ACCESS_KEY", "_PASSWORD")
OWN: Final = ("HERMES_TUI_", "XDG_CONFIG_", "XDG_DATA_", "XDG_CACHE_", "XDG_STATE_")
SETTINGS: Final = (
    *("NO_COLOR", "FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLORTERM", "TEXTUAL", "TEXTUAL_THEME"),
    *("OPENAI_BASE_URL", "ANTHROPIC_BASE_URL", "OPENROUTER_BASE_URL", "LMSTUDIO_BASE_URL", "OLLAMA_HOST"),
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"),
)
CONNECTS: Final = ("socket.connect", "socket.sendto")


class LeftTheMachine(AssertionError):
    """A test tried to reach an address other than this machine's."""


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Give the test a home of its own and an environment without keys or settings."""
    for name in list(os.environ):
        if name in SETTINGS or name.startswith(OWN) or name.upper().endswith(SECRET_ENDINGS):
            monkeypatch.delenv(name)
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("HERMES_TUI_HOME", str(home / "hermes-tui"))


def leaves(address: object) -> bool:
    """Say whether a socket address is outside this machine; Unix sockets and names of loopback are inside."""
    if not isinstance(address, tuple) or not address:
        return False
    host = str(address[0]).partition("%")[0]  # pyright: ignore[reportUnknownArgumentType] sockets give plain tuples
    if host in ("", "localhost"):
        return False
    try:
        return not ip_address(host).is_loopback
    except ValueError:
        return True


def _guard(event: str, args: tuple[object, ...]) -> None:
    if event in CONNECTS and len(args) > 1 and leaves(args[1]):
        message = f"a test may only reach 127.0.0.1, not {args[1]!r}"
        raise LeftTheMachine(message)


# An audit hook sees every socket of the process, whoever opened it, and nothing has to be patched (PEP 578).
sys.addaudithook(_guard)

"""The guard of conftest.py lets loopback through and stops everything else."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from tests.conftest import leaves


def test_a_connection_to_another_machine_is_refused() -> None:
    with socket.socket() as probe, pytest.raises(AssertionError, match="only reach"):
        probe.connect(("192.0.2.1", 9))  # TEST-NET-1, RFC 5737


def test_loopback_and_unix_sockets_are_inside() -> None:
    inside = [("127.0.0.1", 80), ("::1", 80, 0, 0), ("localhost", 80), "/run/some.sock", b"\0abstract"]

    assert [leaves(address) for address in inside] == [False] * len(inside)
    assert leaves(("example.org", 443))


def test_no_key_of_the_operator_reaches_a_test_and_the_home_is_empty() -> None:
    assert not [name for name in os.environ if name.endswith("_API_KEY")]
    assert not Path(os.environ["HERMES_TUI_HOME"]).exists()

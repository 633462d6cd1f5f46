"""The first frame in a real terminal: keys are kept in order, and nothing is left behind however it ends."""

from __future__ import annotations

import os
import signal
import termios
from pathlib import Path

import pytest

from tests.fakes import Reply, Scenario
from tests.fakes.running import running_server
from tests.interfaces.processes import Shop, shop
from tests.interfaces.terminal import Terminal, terminal

__all__ = ["shop"]

TERM = {"TERM": "xterm-256color", "LANG": "C.UTF-8"}
ALTERNATE, BACK = b"\x1b[?1049h", b"\x1b[?1049l"


def mode(screen: Terminal) -> list[object]:
    return termios.tcgetattr(screen.descriptor)[:4]


def test_what_is_typed_from_the_first_frame_on_is_in_the_prompt_in_order(shop: Shop) -> None:
    with running_server(Scenario(replies=[Reply("Seen: the goal.")])) as server:
        shop.env |= {"OPENAI_BASE_URL": server.openai_url, "OPENAI_API_KEY": "fake"}
        environment = {**shop.environment(), **TERM}
        with terminal(["-m", "openai:fake-large"], environment, shop.work, (120, 36)) as screen:
            before = mode(screen)
            screen.until("starting")
            for key in ("f", "i", "z", "\x7f", "x", " it", "\r", "one", "\x1b[200~ two\r\nthr", "ee\x1b[201~", " four"):
                screen.type(key)
            screen.until("› fix it  sent when ready")
            screen.until("Seen: the goal.")
            screen.type(" five")
            screen.until("three four five")
            screen.type("\x03\x03\x03")
            code, after = screen.ended(), mode(screen)

        asked = [str(one.body) for one in server.log.exchanges if "fix it" in str(one.body)]

    assert code == 0
    assert asked, "Enter sent the goal"
    assert "one two" in screen.text.partition("Enter send")[2], "a paste stands in the prompt as it was pasted"
    assert (screen.raw.count(ALTERNATE), screen.raw.count(BACK)) == (1, 1)
    assert after == before
    assert not any("one two" in body for body in asked)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_in_the_first_frame_gives_the_terminal_back(shop: Shop, number: signal.Signals) -> None:
    with terminal([], {**shop.environment(), **TERM}, shop.work) as screen:
        before = mode(screen)
        screen.until("starting")
        os.kill(screen.pid, number)
        code, after = screen.ended(), mode(screen)

    assert code == -number
    assert screen.raw.rstrip().endswith(BACK)
    assert after == before


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_in_the_workstation_gives_the_terminal_back(shop: Shop, number: signal.Signals) -> None:
    with terminal([], {**shop.environment(), **TERM}, shop.work) as screen:
        before = mode(screen)
        screen.until("F1 help")
        os.kill(screen.pid, number)
        code, after = screen.ended(), mode(screen)

    assert code == 128 + number
    assert (screen.raw.count(ALTERNATE), screen.raw.count(BACK)) == (1, 1)
    assert after == before


def test_what_cannot_be_loaded_is_said_on_the_terminal_as_it_was(shop: Shop, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    (broken / "textual").mkdir(parents=True)
    (broken / "textual" / "__init__.py").write_text("raise ImportError('no toolkit here')\n")
    environment = {**shop.environment(), **TERM}
    environment["PYTHONPATH"] = f"{broken}:{environment.get('PYTHONPATH', '')}"
    with terminal([], environment, shop.work) as screen:
        before = mode(screen)
        code, after = screen.ended(), mode(screen)

    assert code == 1
    assert "no toolkit here" in screen.raw.rpartition(BACK)[2].decode()
    assert after == before


def test_an_unusable_config_is_said_on_the_terminal_as_it_was(shop: Shop) -> None:
    shop.home.mkdir()
    (shop.home / "config.yaml").write_text("version: 1\nui:\n  theme: 7\n  colour: red\n")
    with terminal([], {**shop.environment(), **TERM}, shop.work) as screen:
        code = screen.ended()

    assert code == 2
    assert "config.yaml" in screen.raw.rpartition(BACK)[2].decode()


def test_a_model_that_nobody_provides_is_said_on_the_terminal_as_it_was(shop: Shop) -> None:
    with terminal(["-m", "nope:model"], {**shop.environment(), **TERM}, shop.work) as screen:
        before = mode(screen)
        screen.until("starting")
        code, after = screen.ended(), mode(screen)

    said = screen.raw.rpartition(BACK)[2].decode()
    assert code == 2
    assert "hermes: " in said
    assert "nope" in said
    assert "F1 help" not in screen.text
    assert after == before


HANGING = """
import sys, threading

class Hanging:
    def find_spec(self, name, path=None, target=None):
        if name == "hermes_tui.services.live_session":
            threading.Event().wait()

sys.meta_path.insert(0, Hanging())
"""


def test_a_session_that_never_opens_can_be_left_with_the_terminal_as_it_was(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(HANGING, encoding="utf-8")
    environment = {**shop.environment(), **TERM}
    environment["PYTHONPATH"] = f"{tmp_path}:{environment.get('PYTHONPATH', '')}"
    with terminal([], environment, shop.work) as screen:
        before = mode(screen)
        screen.until("F1 help")
        screen.type("fix it\r\x03")
        screen.until("Ctrl+C again leaves")
        screen.type("\x03\x03")
        code, after = screen.ended(), mode(screen)

    assert code == 0
    assert "Left while the session was opening; nothing was sent." in screen.raw.rpartition(BACK)[2].decode()
    assert after == before


@pytest.mark.parametrize("size", [(39, 30), (100, 9)])
def test_a_terminal_too_small_for_it_gets_no_first_frame(shop: Shop, size: tuple[int, int]) -> None:
    with terminal([], {**shop.environment(), **TERM}, shop.work, size) as screen:
        screen.until("Enlarge it")

    assert "starting" not in screen.text


@pytest.mark.parametrize("term", ["dumb", "unknown"])
def test_a_terminal_that_cannot_be_drawn_on_gets_no_frame_but_line_mode(shop: Shop, term: str) -> None:
    with terminal([], {**shop.environment(), "TERM": term}, shop.work) as screen:
        screen.until("Enter sends a goal")
        screen.until("No brain is connected yet")

    assert "starting" not in screen.text
    assert b"\x1b" not in screen.raw

"""A window of the bench: what a program prints is found, questions to the terminal are answered, memory is weighed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.bench.programs import ProgramFailed, environment
from tests.bench.windows.window import Window, window

PROGRAM = r"""
import sys, tty
sys.stdout.write("\x1b[1mhel\x1b[0m\x1b[31mlo\x1b[0m \x1b[6n"); sys.stdout.flush()
tty.setraw(0)
print("raw", flush=True)
print(repr(sys.stdin.buffer.raw.read(64)), flush=True)
print("typed " + repr(sys.stdin.buffer.raw.read(1)), flush=True)
sys.stdin.buffer.raw.read(1)
"""


def program(tmp_path: Path) -> tuple[list[str], dict[str, str], Path]:
    return [sys.executable, "-c", PROGRAM], environment(), tmp_path


def test_words_are_found_through_colours_and_a_question_to_the_terminal_is_answered(tmp_path: Path) -> None:
    with window(*program(tmp_path)) as opened:
        said = opened.until_said("hello")
        opened.until_said("raw")
        opened.until_said("[1;1R")
        typed = opened.type("k")
        echoed = opened.until_said("typed b'k'")
        takes_keys, weight, share, spent = opened.takes_keys, opened.rss_mib(), opened.pss_mib(), opened.cpu_s()

    assert opened.began <= said <= typed <= echoed
    assert takes_keys
    assert weight >= share > 0
    assert spent > 0


def test_a_program_that_ends_says_what_it_printed(tmp_path: Path) -> None:
    with window([sys.executable, "-c", "print('bye')"], environment(), tmp_path) as opened:
        assert isinstance(opened, Window)
        with pytest.raises(ProgramFailed, match="bye"):
            opened.until_said("never said")

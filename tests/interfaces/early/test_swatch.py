"""Colours and settings that are read without a parser say what the parser says."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest
from rich.console import Console

from hermes_tui.interfaces._swatch import ALL, NONE, SIXTEEN, XTERM, colours_in, depth_of, look_of
from hermes_tui.interfaces.tui.themes import read_theme
from hermes_tui.services.homes import built_in_folder

DEPTHS = {"standard": SIXTEEN, "256": XTERM, "truecolor": ALL}
THEMES = sorted((built_in_folder() / "themes").glob("*.yaml"))


@pytest.mark.parametrize("path", THEMES, ids=lambda path: path.stem)
def test_every_theme_that_comes_along_is_read_line_by_line(path: Path) -> None:
    assert colours_in(path.read_text(encoding="utf-8")) == dict(read_theme(path).colours)


@pytest.mark.parametrize(
    "text", ["bg: '#101418'\n", 'bg: "#10141"\n', 'bg: "#101418"\nbg: "#101418"\n', "- 1\n", 'bg: "#101418" # x\n']
)
def test_what_is_written_otherwise_is_left_to_the_parser(text: str) -> None:
    assert colours_in(text) is None


def test_the_home_names_the_theme_and_its_own_file_comes_first(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("version: 1\nui:\n  # dim\n  theme: mine # x\n  glyphs: ascii\n")
    (tmp_path / "themes").mkdir()
    (tmp_path / "themes" / "mine.yaml").write_text('bg: "#010203"\n')

    assert look_of(str(tmp_path), str(built_in_folder())) == ({"bg": "#010203"}, "ascii")


def test_without_a_config_it_is_night(tmp_path: Path) -> None:
    colours, glyphs = look_of(str(tmp_path), str(built_in_folder()))

    assert (colours["bg"], glyphs) == ("#101418", "auto")


@pytest.mark.parametrize("term", ["", "dumb", "UNKNOWN", "linux", "xterm", "xterm-256color", "256color"])
@pytest.mark.parametrize("colorterm", [None, "", "truecolor", " 24bit ", "yes"])
@pytest.mark.parametrize("forced", ["auto", "standard", "256", "truecolor"])
def test_a_terminal_has_the_colours_that_the_toolkit_takes_it_for(
    term: str, colorterm: str | None, forced: Literal["auto", "standard", "256", "truecolor"]
) -> None:
    environ = {"TERM": term} | ({} if colorterm is None else {"COLORTERM": colorterm})
    system = Console(force_terminal=True, legacy_windows=False, _environ=environ, color_system=forced).color_system
    environ |= {} if forced == "auto" else {"TEXTUAL_COLOR_SYSTEM": forced}

    assert depth_of(environ) == (DEPTHS[system] if system else NONE)
    assert depth_of({**environ, "NO_COLOR": ""}) == NONE


@pytest.mark.parametrize("term", ["xterm-kitty", "rxvt-16color", "alacritty", "screen"])
def test_a_name_without_colours_in_it_means_sixteen_unless_rich_knows_better(term: str) -> None:
    system = Console(force_terminal=True, legacy_windows=False, _environ={"TERM": term}).color_system

    assert system is not None
    assert depth_of({"TERM": term}) == DEPTHS[system]

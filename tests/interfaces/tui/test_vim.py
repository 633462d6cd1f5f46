"""Vim in the prompt: what each command makes of a text, and how the prompt shows its mode."""

from __future__ import annotations

import pytest

from hermes_tui.interfaces.tui.vim import REDO, Mode, Vim
from tests.fakes import Repeat, Reply, Scenario
from tests.interfaces.tui.stand import Table, workstation

HELLO = Scenario(replies=[Reply("Hello.")], repeat=Repeat.LAST)
TEXT = "the cat sat\n  on a mat\nand slept"
"""Offsets: 0 the, 4 cat, 8 sat, 14 on, 17 a, 19 mat, 23 and, 27 slept."""


def after(keys: str, text: str, at: int = 0) -> tuple[str, int]:
    """Return text and cursor after some keys in normal mode; `<` stands for Esc."""
    vim = Vim(text=text, at=at, mode=Mode.NORMAL)
    for key in keys:
        if key == "<":
            vim.escape()
        else:
            vim.press(key)
    return vim.text, vim.at


@pytest.mark.parametrize(
    ("keys", "start", "end"),
    [
        ("l", 0, 1),
        ("3l", 0, 3),
        ("h", 0, 0),
        ("99l", 0, 10),
        ("w", 0, 4),
        ("2w", 0, 8),
        ("3w", 0, 14),
        ("b", 8, 4),
        ("b", 14, 8),
        ("e", 0, 2),
        ("2e", 0, 6),
        ("$", 0, 10),
        ("2$", 0, 21),
        ("0", 8, 0),
        ("^", 20, 14),
        ("10l", 0, 10),
        ("j", 4, 16),
        ("k", 16, 4),
        ("2j", 10, 31),
        ("G", 0, 23),
        ("2G", 0, 12),
        ("gg", 27, 0),
        ("fa", 0, 5),
        ("2fa", 0, 9),
        ("ta", 0, 4),
        ("fa;", 0, 9),
        ("ta;", 0, 8),
        ("fa;,", 0, 5),
        ("Fc", 9, 4),
        ("Tc", 9, 5),
        ("fz", 3, 3),
    ],
)
def test_a_motion_leads_where_vim_leads(keys: str, start: int, end: int) -> None:
    assert after(keys, TEXT, start) == (TEXT, end)


@pytest.mark.parametrize(
    ("keys", "text", "at", "expected"),
    [
        ("x", "abc", 1, ("ac", 1)),
        ("2x", "abc", 2, ("ab", 1)),
        ("X", "abc", 2, ("ac", 1)),
        ("dd", "one\ntwo\nsix", 4, ("one\nsix", 4)),
        ("dd", "one\ntwo", 5, ("one", 0)),
        ("2dd", "one\ntwo\nsix", 0, ("six", 0)),
        ("dd", "one", 1, ("", 0)),
        ("dw", "one two six", 0, ("two six", 0)),
        ("d2w", "one two six", 0, ("six", 0)),
        ("2dw", "one two six", 0, ("six", 0)),
        ("dw", "one two\nsix", 4, ("one \nsix", 3)),
        ("de", "one two", 0, (" two", 0)),
        ("d$", "one two", 3, ("one", 2)),
        ("D", "one two", 3, ("one", 2)),
        ("d0", "one two", 4, ("two", 0)),
        ("dfo", "one two four", 4, ("one  four", 4)),
        ("dto", "one two", 0, ("o", 0)),
        ("dt ", "one two", 0, (" two", 0)),
        ("diw", "one two six", 5, ("one  six", 4)),
        ("daw", "one two six", 5, ("one six", 4)),
        ("daw", "one two", 5, ("one", 2)),
        ("dG", "one\ntwo\nsix", 4, ("one", 0)),
        ("dj", "one\ntwo\nsix", 0, ("six", 0)),
        ("rz", "one", 1, ("oze", 1)),
        ("~", "one", 1, ("oNe", 2)),
        ("J", "one\n  two", 0, ("one two", 3)),
        ("yyp", "one\ntwo", 0, ("one\none\ntwo", 4)),
        ("yyP", "one\ntwo", 4, ("one\ntwo\ntwo", 4)),
        ("yw$p", "one two", 0, ("one twoone ", 10)),
        ("xp", "abc", 0, ("bac", 1)),
        ("yiw2P", "ab", 0, ("ababab", 3)),
        ("ddu", "one\ntwo", 0, ("one\ntwo", 0)),
        ("xxu", "abc", 0, ("bc", 0)),
        (f"xxuu{REDO}", "abc", 0, ("bc", 0)),
        (f"xx2u2{REDO}", "abc", 0, ("c", 0)),
        ("vlld", "abcdef", 1, ("aef", 1)),
        ("viwd", "one two", 5, ("one ", 3)),
        ("vhd", "abc", 2, ("a", 0)),
        ("Vjd", "one\ntwo\nsix", 0, ("six", 0)),
        ("vly$p", "abc", 0, ("abcab", 4)),
        ("d<x", "abc", 0, ("bc", 0)),
        ("dzx", "abc", 0, ("bc", 0)),
    ],
)
def test_an_operator_changes_what_vim_changes(keys: str, text: str, at: int, expected: tuple[str, int]) -> None:
    assert after(keys, text, at) == expected


@pytest.mark.parametrize(
    ("keys", "text", "at", "expected"),
    [
        ("i", "one", 1, ("one", 1)),
        ("a", "one", 2, ("one", 3)),
        ("I", "  one", 4, ("  one", 2)),
        ("A", "one\ntwo", 0, ("one\ntwo", 3)),
        ("o", "one\ntwo", 0, ("one\n\ntwo", 4)),
        ("O", "one\ntwo", 4, ("one\n\ntwo", 4)),
        ("cw", "one two", 0, (" two", 0)),
        ("c2w", "one two six", 0, (" six", 0)),
        ("ciw", "one two six", 5, ("one  six", 4)),
        ("cc", "one\ntwo", 1, ("\ntwo", 0)),
        ("C", "one two", 3, ("one", 3)),
        ("s", "one", 0, ("ne", 0)),
        ("vec", "one two", 0, (" two", 0)),
    ],
)
def test_a_change_goes_on_writing(keys: str, text: str, at: int, expected: tuple[str, int]) -> None:
    vim = Vim(text=text, at=at, mode=Mode.NORMAL)

    for key in keys:
        vim.press(key)

    assert (vim.mode, vim.text, vim.at) == (Mode.INSERT, *expected)
    assert not vim.pending


async def test_esc_commands_and_the_rule_says_the_mode(table: Table) -> None:
    table.configure("ui: {vim: true}\n")
    async with workstation(table, HELLO) as app:
        await app.type("fix the the test")
        writing = app.text
        await app.pilot.press("escape", "b", "b", "d", "w")
        await app.pilot.pause()

        assert "goal · insert ═" in writing
        assert "goal · normal ═" in app.text
        assert app.workspace.prompt.text == "fix the test"
        assert app.workspace.prompt.cursor_location == (0, 8)


async def test_enter_sends_from_normal_mode_and_the_next_line_is_written(table: Table) -> None:
    table.configure("ui: {vim: true}\n")
    async with workstation(table, HELLO) as app:
        await app.type("say hello")
        await app.pilot.press("escape", "enter")
        await app.until(lambda: "✓ done" in app.text)
        await app.type("dd")

        assert app.rows[1].startswith("› say hello")
        assert app.workspace.prompt.text == "dd"


async def test_k_on_the_first_line_brings_back_the_earlier_prompt_and_v_selects(table: Table) -> None:
    table.configure("ui: {vim: true}\n")
    async with workstation(table, HELLO) as app:
        await app.enter("/find alpha")
        await app.pilot.press("escape", "k", "0", "v", "e")
        await app.pilot.pause()

        assert app.workspace.prompt.text == "/find alpha"
        assert app.workspace.prompt.selected_text == "/find"
        assert "goal · visual ═" in app.text


async def test_without_vim_esc_leaves_letters_letters(table: Table) -> None:
    async with workstation(table, HELLO) as app:
        await app.type("one")
        await app.pilot.press("escape")
        await app.type("dd")

        assert app.workspace.prompt.text == "onedd"

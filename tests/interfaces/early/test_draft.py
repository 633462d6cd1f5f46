"""What the first frame makes of the bytes that are typed into it."""

from __future__ import annotations

import pytest

from hermes_tui.interfaces.early.draft import COLLAPSE_CHARACTERS, COLLAPSE_LINES, Draft
from hermes_tui.interfaces.tui import prompt


def typed(*pieces: bytes) -> Draft:
    draft = Draft()
    for piece in pieces:
        draft.feed(piece)
    return draft


@pytest.mark.parametrize(
    ("pieces", "text", "entered"),
    [
        ([b"ab", b"c"], "abc", []),
        ([b"abc\x7f\x08d"], "ad", []),
        ([b"\x7f"], "", []),
        ([b"one two\x17"], "one ", []),
        ([b"one\ntwo\x15"], "one\n", []),
        ([b"one\rtwo"], "two", ["one"]),
        ([b" \rtwo\r"], "", ["two"]),
        ([b"a\nb\x1b\rc"], "a\nb\nc", []),
        ([b"a\x1b[Db\x1bOPc\x1b[1;5Hd"], "abcd", []),
        ([b"a\x1b[200~x\r\ny\x1b[201~z"], "ax\nyz", []),
        ([b"a\x1b[20", b"0~x\x1b[2", b"01~z"], "axz", []),
        ([b"\x1b[200~a\x1b[31mb\x1b[201~"], "a\x1b[31mb", []),
        ([b"gr\xc3", b"\xbc\xc3\x9fe"], "grüße", []),
        ([b"a\x00\x03b"], "ab", []),
    ],
)
def test_what_is_typed_is_shown_as_the_prompt_will_have_it(pieces: list[bytes], text: str, entered: list[str]) -> None:
    draft = typed(*pieces)

    assert (draft.text, draft.entered) == (text, entered)


def test_a_long_paste_is_one_mark_worded_as_in_the_prompt() -> None:
    lines = b"\n".join([b"line"] * 40)

    draft = typed(b"see \x1b[200~" + lines + b"\x1b[201~", b"!")

    assert draft.text == "see [pasted 1: 40 lines, 199 characters]!"


def test_a_paste_is_collapsed_from_the_same_size_on_as_in_the_prompt() -> None:
    assert (COLLAPSE_LINES, COLLAPSE_CHARACTERS) == (prompt.COLLAPSE_LINES, prompt.COLLAPSE_CHARACTERS)

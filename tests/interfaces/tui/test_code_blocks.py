"""Code in a reply: numbered, whole, copied without its numbers, and each line drawn once while it streams in."""

from __future__ import annotations

import random

import pytest
from textual.geometry import Offset
from textual.selection import Selection

from hermes_tui.interfaces.tui.drawing.cells import Line
from hermes_tui.interfaces.tui.drawing.code import coloured
from hermes_tui.interfaces.tui.drawing.fences import opened_by
from hermes_tui.interfaces.tui.drawing.flow import Flow
from hermes_tui.interfaces.tui.drawing.line_view import LINES_PER_ROW
from hermes_tui.interfaces.tui.drawing.markdown import draw
from hermes_tui.interfaces.tui.rows import Origin, Reply
from tests.interfaces.tui.test_drawn_lines import on_screen, shown

CODE = "```python\ndef half():\n    return 30.5\n```"
MIXED = (
    "# Title\n\nSome words\nthat go on.\n- one\n- two\n  more of two\n\n```python linenums=9\nx = 1\n\ny = '''a\nb'''\n"
    "```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```\nplain\n\n```\nAnd so on.\n~~~sh\nls\n~~~\n\n1. last\n"
)


def texts(lines: list[Line]) -> list[str]:
    return [line.text for line in lines]


def test_the_lines_of_code_are_numbered_behind_the_name_of_its_language() -> None:
    lines = draw(CODE, 40)

    assert texts(lines) == ["python", " 1  def half():", " 2      return 30.5"]
    assert lines[1].spans[0] == (" 1  ", "muted")


@pytest.mark.parametrize(
    ("info", "language", "first"),
    [
        ("python", "python", 1),
        ('python linenums="17"', "python", 17),
        ("js startline=8", "js", 8),
        ("{.python .numberLines startFrom=5}", "python", 5),
        ("python tests/test_clock.py:17", "python", 17),
        ("tests/test_clock.py#L17-L19", "py", 17),
        ("17:19:tests/test_clock.py", "py", 17),
        ("test_clock.py:17", "py", 17),
        ("python {1,3}", "python", 1),
        ("c++", "c++", 1),
        ("", "", 0),
        ("sh", "sh", 0),
        ("text", "text", 0),
        ("text notes.txt:4", "text", 4),
    ],
)
def test_code_begins_with_the_line_that_its_fence_names(info: str, language: str, first: int) -> None:
    fence = opened_by(f"```{info}")

    assert fence is not None
    assert (fence.language, fence.first) == (language, first)


def test_code_set_in_one_line_of_prose_opens_no_block() -> None:
    assert texts(draw("```pip install x```\nthen go on", 40)) == ["pip install x then go on"]


def test_code_in_a_list_loses_the_indentation_of_the_list_alone() -> None:
    assert texts(draw("1. so:\n   ```python\n   if x:\n       y()\n   ```", 40))[1:] == [
        "python",
        " 1  if x:",
        " 2      y()",
    ]


def test_a_long_line_of_code_goes_on_below_itself_and_nothing_of_it_is_lost() -> None:
    lines = draw("```python\nabcdefghijkl = 'mnop qrst'\n```", 16)[1:]

    assert texts(lines) == [" 1  abcdefghijkl", "     = 'mnop qrs", "    t'"]
    assert [line.joined for line in lines] == [False, True, True]


async def test_what_is_copied_of_code_has_neither_numbers_nor_breaks_of_the_screen() -> None:
    source = "def half():\n    return 'a text that is longer than the screen is wide, by some words'"
    app = shown()
    async with app.run_test(size=(40, 20)) as pilot:
        app.view.extend([Reply(origin=Origin(key="r"), text=f"```python\n{source}\n```")])
        await pilot.pause()
        drawn = on_screen(app)
        whole = app.view.get_selection(Selection(None, None))
        part = app.view.get_selection(Selection(Offset(0, 1), Offset(12, 1)))

    assert drawn[:3] == ["python", "1  def half():", "2      return 'a text that is longer"]
    assert whole == (f"python\n{source}", "\n")
    assert part == ("def ha", "\n")
    assert len(drawn) < LINES_PER_ROW


@pytest.mark.parametrize("seed", range(8))
def test_a_reply_looks_the_same_while_it_streams_in_as_when_it_is_whole(seed: int) -> None:
    dice, flow, rest = random.Random(seed), Flow(), MIXED
    while rest:
        size = dice.randint(1, 9)
        flow.push(rest[:size])
        rest = rest[size:]
        flow.draw(60, 2)

    assert flow.draw(60, 2) == draw(MIXED, 60, 2)
    assert flow.draw(30, 2) == draw(MIXED, 30, 2)
    assert flow.text == MIXED
    assert flow.words == len(MIXED.split())
    assert flow.said_bytes == len(MIXED)


def test_a_fence_that_closes_is_at_no_moment_shown_as_code() -> None:
    flow = Flow()
    flow.push("```python\nx = 1\n``")

    assert texts(flow.draw(40)) == ["python", " 1  x = 1"]


def test_a_line_of_code_that_streams_in_is_drawn_once_however_long_the_block_is() -> None:
    flow = Flow()
    flow.push("Look:\n```python\n")
    for number in range(90):
        flow.push(f"first_{number} = {number}\n")
    flow.draw(60)
    before = coloured.cache_info()
    for number in range(9):
        flow.push(f"later_{number} = ")
        flow.draw(60)
        flow.push(f"{number}\n")
        flow.draw(60)
    after = coloured.cache_info()

    assert (after.hits + after.misses) - (before.hits + before.misses) == 18
    assert texts(flow.draw(60))[-1] == "99  later_8 = 8"


def test_the_hundredth_line_makes_room_for_its_number_in_every_line() -> None:
    flow = Flow()
    flow.push("```python\n" + "x\n" * 99)
    before = texts(flow.draw(60))[1]
    flow.push("x\n")

    assert (before, texts(flow.draw(60))[1], texts(flow.draw(60))[100]) == (" 1  x", "  1  x", "100  x")


def test_a_long_list_that_streams_in_is_not_drawn_anew_with_each_item() -> None:
    flow = Flow()
    flow.push("".join(f"- item {number}\n" for number in range(200)))
    settled = flow.draw(60)
    flow.push("- one more")

    assert all(one is other for one, other in zip(settled[:199], flow.draw(60)[:199], strict=True))

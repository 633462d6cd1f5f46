"""Long transcripts: only what is on screen is drawn, however much there is."""

from __future__ import annotations

from collections.abc import Sequence

from hermes_tui.interfaces.tui.drawing.cells import Line
from hermes_tui.interfaces.tui.drawing.flow import Flow
from hermes_tui.interfaces.tui.drawing.row_window import Room, RowWindow
from hermes_tui.interfaces.tui.rows import Origin, Reply


class Counting(Reply):
    """A reply that counts how often it is drawn."""

    drawn = 0

    def lines(self, room: Room) -> Sequence[Line]:
        Counting.drawn += 1
        return super().lines(room)


def rows(count: int) -> list[Counting]:
    Counting.drawn = 0
    text = "# Heading\n\nSome **words** and `code`.\n\n```python\nx = 1\n```\n"
    return [Counting(origin=Origin(key=number), text=f"{text}\nnumber {number}") for number in range(count)]


def window_of(count: int) -> RowWindow:
    window = RowWindow(clock=lambda: 0.0, width=80, height=24)
    window.extend(rows(count))
    return window


def test_a_frame_of_5000_messages_draws_a_screenful() -> None:
    window = window_of(5000)
    layout = window.layout()

    assert len(layout) == 24
    assert layout[-1][0] == 4999
    assert Counting.drawn <= 24


def test_scrolling_through_5000_messages_draws_what_passes_by() -> None:
    window = window_of(5000)
    for _ in range(10):
        window.scroll(-20)
        window.layout()

    assert not window.following
    assert Counting.drawn <= 24 + 10 * 24


def test_a_message_more_costs_one_message() -> None:
    window = window_of(5000)
    window.layout()
    before = Counting.drawn
    window.extend([Counting(origin=Origin(key="new"), text="One more.")])
    window.layout()

    assert Counting.drawn - before <= 2


def test_jumping_to_the_start_and_the_end_draws_a_screenful_each() -> None:
    window = window_of(5000)
    window.layout()
    before = Counting.drawn
    window.move_to(0)
    window.layout()
    window.move_to(4999)
    window.layout()

    assert Counting.drawn - before <= 3 * 24


def test_scrolled_up_the_top_row_stays_while_messages_arrive() -> None:
    window = window_of(500)
    window.scroll(-100)
    top = window.layout()[0]
    window.extend([Counting(origin=Origin(key=("new", number)), text="more") for number in range(50)])

    assert window.layout()[0] == top
    assert window.unseen == 50


def test_what_has_settled_of_a_stream_is_drawn_once() -> None:
    flow = Flow()
    for number in range(200):
        flow.push(f"Paragraph {number} has some words.\n\n")
    first = flow.draw(80)
    flow.push("The last one grows")
    second = flow.draw(80)

    assert second[: len(first) - 1] == first[:-1]

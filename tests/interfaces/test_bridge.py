"""When the screen hears: parts at once after a pause, records in bursts, neither more often than frames come."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

import pytest

from hermes_tui.domain.events import RunPaused
from hermes_tui.domain.ids import Seq, SessionId
from hermes_tui.domain.parts import TextDelta
from hermes_tui.domain.records import Place, Record
from hermes_tui.interfaces._bridge import BURST_S, FRAME_S, Batch, Bridge

if TYPE_CHECKING:
    from contextvars import Context

PLACE = Place(session=SessionId("s1"))
SLOW_S = 0.25
LATER_S = 10.0


class Screen:
    """A loop whose time is moved by hand; it keeps what was delivered, and when."""

    def __init__(self, *, frame_s: float = FRAME_S) -> None:
        self.now = 100.0
        self.heard: list[tuple[float, Batch]] = []
        self._timers: list[asyncio.TimerHandle] = []
        self.bridge = Bridge(lambda batch: self.heard.append((self.now, batch)), frame_s=frame_s)
        self.loop = cast("asyncio.AbstractEventLoop", self)
        self.bridge.open(self.loop)
        self.pass_by(LATER_S)

    def time(self) -> float:
        return self.now

    def is_closed(self) -> bool:
        return False

    def get_debug(self) -> bool:
        return False

    def call_soon_threadsafe(
        self, callback: Callable[..., object], *args: object, context: Context | None = None
    ) -> asyncio.Handle:
        callback(*args)
        return asyncio.Handle(callback, args, self.loop, context)

    def call_at(
        self, when: float, callback: Callable[..., object], *args: object, context: Context | None = None
    ) -> asyncio.TimerHandle:
        timer = asyncio.TimerHandle(when, callback, args, self.loop, context)
        self._timers.append(timer)
        return timer

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        self._timers.remove(handle)

    def pass_by(self, seconds: float) -> None:
        """Let time pass, and what is due happen."""
        end = self.now + seconds
        while due := [timer for timer in self._timers if timer.when() <= end]:
            first = min(due, key=asyncio.TimerHandle.when)
            self._timers.remove(first)
            self.now = max(self.now, first.when())
            first._run()
        self.now = end

    @property
    def shown(self) -> list[tuple[int, str]]:
        """Text that was delivered, and how many microseconds after the first moment."""
        begin = 100.0 + LATER_S
        texts = (
            (at, "".join(part.text for _, part in batch.parts if isinstance(part, TextDelta)))
            for at, batch in self.heard
        )
        return [(round(1e6 * (at - begin)), text) for at, text in texts if text]


def record(seq: int) -> Record:
    return Record(seq=Seq(seq), at=0.0, place=PLACE, body=RunPaused(by="operator"))


def test_the_first_words_after_a_pause_are_shown_at_once_and_the_next_a_frame_later() -> None:
    screen = Screen()

    for word in "abc":
        screen.bridge.part(PLACE, TextDelta(word))
        screen.pass_by(0.001)
    screen.pass_by(LATER_S)

    assert screen.shown == [(0, "a"), (round(1e6 * FRAME_S), "bc")]


def test_the_first_words_do_not_wait_for_the_frame_of_the_records_before_them() -> None:
    screen = Screen()
    screen.bridge.record(record(1))
    screen.pass_by(BURST_S)
    screen.bridge.record(record(2))
    screen.pass_by(0.002)

    screen.bridge.part(PLACE, TextDelta("a"))
    screen.pass_by(0)

    assert screen.shown == [(round(1e6 * (BURST_S + 0.002)), "a")]
    assert [len(batch.records) for _, batch in screen.heard] == [1, 1]


def test_records_that_come_in_a_burst_are_shown_together() -> None:
    screen = Screen()
    for seq in range(1, 5):
        screen.bridge.record(record(seq))
        screen.pass_by(BURST_S / 5)

    screen.pass_by(LATER_S)

    assert [len(batch.records) for _, batch in screen.heard] == [4]


def test_with_slow_frames_nothing_comes_more_often_than_they_do() -> None:
    screen = Screen(frame_s=SLOW_S)
    screen.bridge.record(record(1))
    screen.pass_by(BURST_S)

    screen.bridge.part(PLACE, TextDelta("a"))
    screen.pass_by(LATER_S)

    first, second = (at for at, _ in screen.heard)
    assert second - first == pytest.approx(SLOW_S)


def test_a_stream_comes_once_a_frame_however_fast_it_is() -> None:
    screen = Screen()
    for _ in range(1_000):
        screen.bridge.part(PLACE, TextDelta("x"))
        screen.pass_by(0.0005)

    screen.pass_by(LATER_S)

    assert 15 <= len(screen.heard) <= 17
    assert sum(len(text) for _, text in screen.shown) == 1_000

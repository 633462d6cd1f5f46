"""Who is called, when and how: only where the operator may look elsewhere, and never by more than one line."""

from __future__ import annotations

from collections.abc import Callable

from textual import events

from hermes_tui.domain.events import RunEnded
from hermes_tui.interfaces.tui.beacon import AWAY_S, EVERY_S, Beacon
from tests.fakes import Call, Reply, Scenario
from tests.interfaces.tui.stand import Table, workstation


class Desk:
    """A clock and a terminal; `wait` lets time pass, and does what is due by then."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.written: list[str] = []
        self.due: list[tuple[float, Callable[[], None]]] = []
        self.beacon = Beacon(lambda: self.now, self.written.append, self.later)

    def later(self, seconds: float, act: Callable[[], None]) -> None:
        self.due.append((self.now + seconds, act))

    def wait(self, seconds: float) -> None:
        self.now += seconds
        due, self.due = [act for at, act in self.due if at <= self.now], [one for one in self.due if one[0] > self.now]
        for act in due:
            act()


def test_an_operator_who_looks_elsewhere_is_called_with_a_word_at_most_once_in_ten_seconds() -> None:
    desk = Desk()
    desk.beacon.noticed(events.AppBlur())

    desk.beacon.call("done · make it\ngreen\x1b]0;owned\a")
    desk.beacon.call("again")
    desk.now += EVERY_S
    desk.beacon.call("later")

    assert desk.written == ["\a\x1b]9;done · make it green\\x1b]0;owned\\x07\a", "\a\x1b]9;later\a"]


def test_an_operator_who_is_here_is_not_called() -> None:
    desk = Desk()
    desk.beacon.noticed(events.AppBlur())
    desk.beacon.noticed(events.AppFocus())
    desk.now += 10 * AWAY_S

    desk.beacon.call("done")

    assert desk.written == []


def test_where_the_terminal_cannot_tell_a_while_without_a_key_counts() -> None:
    desk = Desk()
    desk.beacon.noticed(events.Key("a", "a"))

    desk.beacon.call("at once")
    desk.now += AWAY_S
    desk.beacon.call("after a while")

    assert desk.written == ["\a\x1b]9;after a while\a"]


def test_what_comes_too_soon_is_said_once_it_may_be_and_the_newest_of_it_alone() -> None:
    desk = Desk()
    desk.beacon.noticed(events.AppBlur())

    desk.beacon.call("done")
    desk.wait(3)
    desk.beacon.call("needs you: a")
    desk.beacon.call("needs you: b")
    desk.wait(EVERY_S - 4)
    before = list(desk.written)
    desk.wait(1)
    desk.wait(10 * AWAY_S)

    assert before == ["\a\x1b]9;done\a"]
    assert desk.written == ["\a\x1b]9;done\a", "\a\x1b]9;needs you: b\a"]


def test_who_comes_back_meanwhile_is_not_called_for_what_stands_on_the_screen() -> None:
    desk = Desk()
    desk.beacon.noticed(events.AppBlur())

    desk.beacon.call("done")
    desk.beacon.call("needs you")
    desk.beacon.noticed(events.AppFocus())
    desk.beacon.noticed(events.AppBlur())
    desk.wait(EVERY_S)

    assert desk.written == ["\a\x1b]9;done\a"]


def test_where_the_terminal_cannot_tell_a_question_soon_after_a_key_calls_once_no_other_key_followed() -> None:
    left, stayed = Desk(), Desk()
    for desk in (left, stayed):
        desk.beacon.noticed(events.Key("enter", None))
        desk.wait(AWAY_S - 5)
        desk.beacon.call("needs you")
    stayed.beacon.noticed(events.Key("down", None))
    for desk in (left, stayed):
        desk.wait(5)
        desk.wait(AWAY_S)

    assert left.written == ["\a\x1b]9;needs you\a"]
    assert stayed.written == []


async def test_a_question_and_the_end_of_a_run_call_an_operator_who_is_away(table: Table) -> None:
    write = Reply("I write.", tool_calls=[Call("write", {"path": "a.txt", "content": "x"})])
    async with workstation(table, Scenario(replies=[write, Reply("Done.")])) as app:
        desk = Desk()
        app.beacon = desk.beacon
        desk.beacon.noticed(events.AppBlur())
        await app.enter("make a.txt")
        await app.until(lambda: desk.written)
        desk.now += EVERY_S
        app.clerk.obey("yes", "")
        await app.until_event(RunEnded)
        await app.until(lambda: len(desk.written) == 2)

    assert desk.written == ["\a\x1b]9;Hermes needs you: write a.txt\a", "\a\x1b]9;Hermes: done · make a.txt\a"]

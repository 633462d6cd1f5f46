"""In which mode a run begins: the operator's, the one a goal file asks for, or the one a session was left in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from hermes_tui.domain.commands import SetMode, Submit
from hermes_tui.domain.events import ModeChanged, RunEnded, RunStarted
from hermes_tui.domain.tasks import Mode
from tests.fakes import Reply, Scenario, running_server
from tests.services.test_desk import WAIT_S, Open, open_desk

__all__ = ["open_desk"]


def test_a_mode_on_the_command_line_wins_over_the_mode_that_a_session_was_left_in(
    open_desk: Callable[..., Open],
) -> None:
    with running_server(Scenario(replies=[Reply("First."), Reply("Second.")])) as server:
        first = open_desk(server.openai_url)
        first.desk.send(SetMode(mode=Mode.PLAN))
        first.desk.send(Submit(text="one"))
        first.seen.wait_for(RunEnded)
        first.desk.close(timeout_s=WAIT_S)

        later = open_desk(server.openai_url, session=first.desk.session_id, mode="auto-edit")
        changed = later.seen.wait_for(ModeChanged)
        later.desk.send(Submit(text="two"))
        started = later.seen.wait_for(RunStarted)

    assert isinstance(changed, ModeChanged)
    assert isinstance(started, RunStarted)
    assert (changed.mode, started.mode) == (Mode.AUTO_EDIT, Mode.AUTO_EDIT)


def test_the_mode_that_a_goal_file_asks_for_holds_for_its_run_alone(
    open_desk: Callable[..., Open], tmp_path: Path
) -> None:
    file = tmp_path / "goal.md"
    file.write_text("---\nmode: plan\n---\nLook around.\n")
    with running_server(Scenario(replies=[Reply("First."), Reply("Second."), Reply("Third.")])) as server:
        table = open_desk(server.openai_url)
        for number, said in enumerate(
            (Submit(text="one"), Submit(text="", path=str(file)), Submit(text="two")), start=1
        ):
            table.desk.send(said)
            table.seen.wait_for(RunEnded, number)

    modes = [started.mode for started in table.seen.of(RunStarted) if isinstance(started, RunStarted)]
    assert modes == [Mode.ASK, Mode.PLAN, Mode.ASK]


def test_a_mode_that_the_operator_chose_during_the_run_of_a_goal_file_is_kept_when_the_session_is_opened_again(
    open_desk: Callable[..., Open], tmp_path: Path
) -> None:
    file = tmp_path / "goal.md"
    file.write_text("---\nmode: auto\n---\nLook around.\n")
    with running_server(Scenario(replies=[Reply("First."), Reply("Second.")])) as server:
        first = open_desk(server.openai_url)
        first.desk.send(Submit(text="", path=str(file)))
        first.seen.wait_for(RunEnded)
        first.desk.send(SetMode(mode=Mode.PLAN))
        first.seen.wait_for(ModeChanged)
        first.desk.close(timeout_s=WAIT_S)

        later = open_desk(server.openai_url, session=first.desk.session_id)
        later.desk.send(Submit(text="two"))
        started = later.seen.wait_for(RunStarted)

    assert isinstance(started, RunStarted)
    assert started.mode is Mode.PLAN

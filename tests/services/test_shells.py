"""Commands beside a session: on record before they run, spooled as they print, gone with the session."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hermes_tui.capabilities.governance.redact import SecretRedactor
from hermes_tui.domain.commands import StartShell, StopShell
from hermes_tui.domain.errors import UsageInvalid
from hermes_tui.domain.events import ShellEnded, ShellStarted
from hermes_tui.domain.records import Place
from hermes_tui.domain.state.shells import Shell, ShellState
from hermes_tui.domain.tasks import Effect, Reach
from hermes_tui.interfaces._shells import beside, output_lines, stop_of
from hermes_tui.services import history, shells
from hermes_tui.services.desk import Desk
from hermes_tui.services.premises import RunOptions
from tests.interfaces.processes import needs_sandbox
from tests.services.test_desk import WAIT_S, Open

STARTED = ShellStarted(
    shell_id="s9",
    command="make serve",
    output="/nowhere/shell-s9.txt",
    effect=Effect.WRITE,
    reach=Reach.SANDBOX,
    targets=("/w",),
    timeout_s=60.0,
)


@pytest.fixture
def sit(tmp_path: Path) -> Iterator[Callable[[], Open]]:
    opened: list[Desk] = []
    (tmp_path / "workspace").mkdir()
    options = RunOptions(workspace=tmp_path / "workspace", home=tmp_path / "home")

    def make() -> Open:
        opened.append(Desk(options, opened[-1].session_id if opened else None))
        return Open(opened[-1])

    yield make
    for desk in opened:
        desk.close()


def until(seen: Callable[[], object]) -> None:
    """Wait for a file that another process writes."""
    end = time.monotonic() + WAIT_S
    while not seen():
        assert time.monotonic() < end
        time.sleep(0.02)


@needs_sandbox
def test_a_command_is_on_record_with_its_effect_and_prints_to_a_private_file(sit: Callable[[], Open]) -> None:
    table = sit()

    table.desk.send(StartShell(command="echo begun; echo wrong >&2; exit 3"))
    ended = table.seen.wait_for(ShellEnded)

    shell = table.desk.state.shells.by_id["s1"]
    assert isinstance(ended, ShellEnded)
    assert (ended.end, ended.exit_code, ended.output_bytes) == ("exited", 3, 12)
    assert sorted(output_lines(shell)) == ["begun", "wrong"]
    assert Path(shell.started.output).stat().st_mode & 0o777 == 0o600
    assert (shell.started.effect, shell.started.reach) == (Effect.WRITE, Reach.SANDBOX)


@needs_sandbox
def test_output_is_read_while_the_command_runs_and_stopping_ends_it(sit: Callable[[], Open]) -> None:
    table = sit()

    table.desk.send(StartShell(command="echo ready; sleep 600"))
    table.seen.wait_for(ShellStarted)
    until(lambda: "s1" in table.desk.state.shells.by_id)
    until(lambda: output_lines(table.desk.state.shells.by_id["s1"]) == ["ready"])
    table.desk.send(StopShell(shell_id="s1"))
    ended = table.seen.wait_for(ShellEnded)

    assert isinstance(ended, ShellEnded)
    assert (ended.end, ended.exit_code, ended.output_bytes) == ("stopped", None, 6)
    until(lambda: not table.desk.state.shells.running)


@needs_sandbox
def test_commands_end_with_their_session_and_one_that_was_cut_off_has_an_unknown_end(sit: Callable[[], Open]) -> None:
    table = sit()
    table.desk.send(StartShell(command="sleep 600"))
    table.seen.wait_for(ShellStarted)
    table.desk.close(timeout_s=WAIT_S)
    with table.desk.station.own(table.desk.session_id, []) as owned:
        owned.session.emit(STARTED, Place(session=table.desk.session_id))

    later = sit()
    later.seen.wait_for(ShellEnded)
    later.desk.close(timeout_s=WAIT_S)

    kept = history.records(table.desk.station.sessions(), table.desk.session_id)
    assert [record.body.end for record in kept if isinstance(record.body, ShellEnded)] == ["stopped", "lost"]


@needs_sandbox
def test_more_than_the_most_are_refused_and_an_unknown_one_cannot_be_stopped(
    sit: Callable[[], Open],
) -> None:
    table = sit()

    for _ in range(shells.MOST + 1):
        table.desk.send(StartShell(command="sleep 600"))
    table.desk.send(StopShell(shell_id="s9"))
    table.seen.wait(lambda: len(table.seen.troubles) == 2)

    said = [trouble.message for trouble in table.seen.troubles]
    assert said == ["8 shells run already.", "No shell 's9' runs. Running: s1, s2, s3, s4, s5, s6, s7, s8."]


def test_a_secret_that_comes_in_two_pieces_is_masked_in_the_file() -> None:
    stream = io.BytesIO()
    spool = shells.Spool(stream=stream, redactor=SecretRedactor())

    for piece in (b"key sk-ant-api03-", b"A" * 60, b"\nnext"):
        spool.take(piece)
    written = stream.getvalue()
    spool.take(b" line")

    assert b"AAAA" not in written
    assert written.endswith(b"\n")


@pytest.mark.parametrize(
    ("typed", "command"),
    [("npm run dev &", "npm run dev"), ("make && make install", ""), ("a &&", ""), ("ls", ""), ("&", "")],
)
def test_a_single_ampersand_at_the_end_runs_a_command_beside(typed: str, command: str) -> None:
    assert beside(typed) == command


def test_stop_without_a_name_means_the_only_one_that_runs() -> None:
    state = ShellState(by_id={"s9": Shell(started=STARTED, started_at=1.0)})

    assert stop_of(state, "stop") == StopShell(shell_id="s9")
    assert stop_of(state, "s9") is None
    with pytest.raises(UsageInvalid, match="Known: s9"):
        stop_of(state, "stop s2")

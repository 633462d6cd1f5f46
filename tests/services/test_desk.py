"""An interactive session through its door: say, steer, answer, interrupt, switch, go on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hermes_tui.capabilities.state.lock import is_free
from hermes_tui.domain.approval import Scope
from hermes_tui.domain.commands import (
    Decide,
    EditPlan,
    Freeze,
    GoOn,
    Interrupt,
    RaiseCap,
    SetMode,
    Submit,
    SwitchBrain,
    Thaw,
)
from hermes_tui.domain.errors import HermesError, UsageInvalid
from hermes_tui.domain.events import (
    ApprovalAsked,
    CapRaised,
    Event,
    ModelChosen,
    RunEnded,
    RunStarted,
    ToolFinished,
)
from hermes_tui.domain.messages import Role
from hermes_tui.domain.parts import Part, TextDelta
from hermes_tui.domain.records import Place, Record
from hermes_tui.domain.tasks import Mode
from hermes_tui.services.desk import Desk
from hermes_tui.services.kits import agent_of
from hermes_tui.services.premises import RunOptions
from tests.fakes import Call, Fault, Reply, Scenario, running_server

WAIT_S = 20.0
AGENT = agent_of("goal")


class Watcher:
    """Collects what the desk shows and waits for it."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.text = ""
        self.troubles: list[HermesError] = []
        self._moved = threading.Condition()

    def record(self, record: Record) -> None:
        with self._moved:
            self.records.append(record)
            self._moved.notify_all()

    def part(self, place: Place, part: Part) -> None:
        assert place.session
        with self._moved:
            self.text += part.text if isinstance(part, TextDelta) else ""
            self._moved.notify_all()

    def trouble(self, error: HermesError) -> None:
        with self._moved:
            self.troubles.append(error)
            self._moved.notify_all()

    def wait(self, seen: Callable[[], bool]) -> None:
        with self._moved:
            assert self._moved.wait_for(seen, WAIT_S), [type(record.body).__name__ for record in self.records]

    def of(self, kind: type[Event]) -> list[Event]:
        return [record.body for record in self.records if isinstance(record.body, kind)]

    def wait_for(self, kind: type[Event], count: int = 1) -> Event:
        self.wait(lambda: len(self.of(kind)) >= count)
        return self.of(kind)[count - 1]


class Open:
    """A desk with someone watching."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.seen = Watcher()
        desk.start(on_record=self.seen.record, on_part=self.seen.part, on_trouble=self.seen.trouble)


@pytest.fixture
def open_desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Open]]:
    opened: list[Desk] = []
    workspace = tmp_path / "workspace"
    workspace.mkdir()

    def make(url: str, *, home: str = "home", session: str | None = None, mode: str | None = None) -> Open:
        monkeypatch.setenv("OPENAI_BASE_URL", url)
        monkeypatch.setenv("OPENAI_API_KEY", "k-test")
        options = RunOptions(workspace=workspace, home=tmp_path / home, mode=mode)
        desk = Desk(options, session)  # type: ignore[arg-type]  # a plain text in tests
        opened.append(desk)
        return Open(desk)

    yield make
    for desk in opened:
        desk.close()


def test_two_messages_are_two_runs_of_one_conversation(open_desk: Callable[..., Open]) -> None:
    with running_server(Scenario(replies=[Reply("First."), Reply("Second.")])) as server:
        table = open_desk(server.openai_url)

        table.desk.send(Submit(text="one"))
        table.seen.wait_for(RunEnded)
        table.desk.send(Submit(text="two"))
        ended = table.seen.wait_for(RunEnded, 2)

        assert isinstance(ended, RunEnded)
        assert ended.answer == "Second."
        assert table.seen.text == "First.Second."
        said = [(message.role, message.text) for message in table.desk.state.talk.of(AGENT).messages]
        assert said == [
            (Role.OPERATOR, "one"),
            (Role.MODEL, "First."),
            (Role.OPERATOR, "two"),
            (Role.MODEL, "Second."),
        ]
        assert table.desk.state.spend.total.calls == 2
        assert table.desk.state.spend.run.calls == 1


def test_an_answer_lets_the_waiting_call_run_and_the_rule_spares_the_next_question(
    open_desk: Callable[..., Open],
) -> None:
    write = Call("write", {"path": "a.txt", "content": "x"})
    again = Call("write", {"path": "a.txt", "content": "y"})
    replies = [Reply("", tool_calls=[write]), Reply("", tool_calls=[again]), Reply("Done.")]
    with running_server(Scenario(replies=replies)) as server:
        table = open_desk(server.openai_url)

        table.desk.send(Submit(text="write it"))
        asked = table.seen.wait_for(ApprovalAsked)
        assert isinstance(asked, ApprovalAsked)
        table.desk.send(Decide(approval_id=asked.approval_id, allow=True, scope=Scope.RUN))
        if asked.rule:
            table.seen.wait_for(RunEnded)
        else:
            second = table.seen.wait_for(ApprovalAsked, 2)
            assert isinstance(second, ApprovalAsked)
            table.desk.send(Decide(approval_id=second.approval_id, allow=True))
            table.seen.wait_for(RunEnded)

        assert [event.ok for event in table.seen.of(ToolFinished) if isinstance(event, ToolFinished)] == [True, True]
        assert (Path(table.desk.facts.workspace) / "a.txt").read_text() == "y"


def test_a_denial_with_a_reason_is_read_by_the_model(open_desk: Callable[..., Open]) -> None:
    write = Call("write", {"path": "a.txt", "content": "x"})
    with running_server(Scenario(replies=[Reply("", tool_calls=[write]), Reply("Understood.")])) as server:
        table = open_desk(server.openai_url)

        table.desk.send(Submit(text="write it"))
        asked = table.seen.wait_for(ApprovalAsked)
        assert isinstance(asked, ApprovalAsked)
        table.desk.send(Decide(approval_id=asked.approval_id, allow=False, reason="not that file"))
        table.seen.wait_for(RunEnded)

        told = table.desk.state.talk.of(AGENT).messages[-2].content[0]
        assert "not that file" in getattr(told, "output", "")
        assert not (Path(table.desk.facts.workspace) / "a.txt").exists()


def test_what_is_said_while_a_run_is_live_steers_it(open_desk: Callable[..., Open]) -> None:
    listing = Call("list", {"path": "."})
    replies = [Reply("Looking.", tool_calls=[listing]), Reply("Then."), Reply("As you say.")]
    with running_server(Scenario(replies=replies)) as server:
        table = open_desk(server.openai_url)

        table.desk.send(Submit(text="look"))
        table.desk.send(Submit(text="and look again"))
        ended = table.seen.wait_for(RunEnded)

        assert isinstance(ended, RunEnded)
        assert ended.status == "done"
        operator = [m.text for m in table.desk.state.talk.of(AGENT).messages if m.role is Role.OPERATOR]
        assert operator == ["look", "and look again"]
        assert len(table.seen.of(RunEnded)) == 1


def test_an_interrupt_keeps_what_is_done_and_the_next_message_goes_on(open_desk: Callable[..., Open]) -> None:
    stalled = Reply("never whole", fault=Fault.parse("stall@mid_text:2"))
    with running_server(Scenario(replies=[stalled, Reply("Here again.")])) as server:
        table = open_desk(server.openai_url)

        table.desk.send(Submit(text="begin"))
        table.seen.wait(lambda: bool(table.seen.text))
        table.desk.send(Interrupt())
        ended = table.seen.wait_for(RunEnded)
        table.desk.send(Submit(text="go on"))
        table.seen.wait_for(RunEnded, 2)

        assert isinstance(ended, RunEnded)
        assert ended.status == "interrupted"
        assert [message.text for message in table.desk.state.talk.of(AGENT).messages] == [
            "begin",
            "go on",
            "Here again.",
        ]
        assert not table.desk.state.spend.reserved


def test_switching_now_asks_the_same_step_of_the_other_brain(open_desk: Callable[..., Open]) -> None:
    stalled = Reply("never whole", fault=Fault.parse("stall@mid_text:2"))
    with running_server(Scenario(replies=[stalled, Reply("From the other.")])) as server:
        table = open_desk(server.openai_url)

        table.desk.send(Submit(text="begin"))
        table.seen.wait(lambda: bool(table.seen.text))
        table.desk.send(SwitchBrain(model="openai:gpt-5-mini", now=True))
        table.seen.wait(lambda: any(getattr(e, "status", "") == "done" for e in table.seen.of(RunEnded)))

        assert any(getattr(event, "model", "") == "openai:gpt-5-mini" for event in table.seen.of(ModelChosen))
        models = [(exchange.body or {}).get("model") for exchange in server.log.exchanges]
        assert models[-1] == "gpt-5-mini"
        assert [message.text for message in table.desk.state.talk.of(AGENT).messages] == ["begin", "From the other."]


def test_nothing_is_asked_while_frozen(open_desk: Callable[..., Open]) -> None:
    with running_server(Scenario(replies=[Reply("Warm."), Reply("Thawed.")])) as server:
        table = open_desk(server.openai_url)
        table.desk.send(Submit(text="warm up"))
        table.seen.wait_for(RunEnded)

        table.desk.send(Freeze())
        table.desk.send(Submit(text="now"))
        table.desk.send(SetMode(mode=Mode.AUTO))
        table.seen.wait(lambda: table.desk.state.run.mode is Mode.AUTO)
        asked_while_frozen = len(server.log.exchanges)
        table.desk.send(Thaw())
        table.seen.wait_for(RunEnded, 2)

        assert asked_while_frozen == 1


def test_a_wrong_command_is_told_and_changes_nothing(open_desk: Callable[..., Open]) -> None:
    with running_server(Scenario(replies=[Reply("Hello.")])) as server:
        table = open_desk(server.openai_url)

        table.desk.send(SwitchBrain(model="nobody"))
        table.desk.send(EditPlan(base_rev=7, why="late", ops=()))
        table.seen.wait(lambda: len(table.seen.troubles) == 2)
        table.desk.send(Submit(text="hi"))
        ended = table.seen.wait_for(RunEnded)

        assert isinstance(ended, RunEnded)
        assert ended.answer == "Hello."


def test_a_desk_that_is_left_while_it_opens_its_session_ends_once_that_is_open(
    open_desk: Callable[..., Open],
) -> None:
    with running_server(Scenario(replies=[])) as server:
        before = set(threading.enumerate())
        table = open_desk(server.openai_url)
        (kernel,) = (one for one in threading.enumerate() if one not in before and one.name == "kernel")
        table.desk.close(timeout_s=0.0)

        kernel.join(WAIT_S)
        assert not kernel.is_alive()


def test_a_desk_whose_session_never_opens_can_be_left(tmp_path: Path) -> None:
    never = threading.Event()

    class Hanging(Desk):
        def _run(self, on_record: Callable[[Record], None], on_part: Callable[[Place, Part], None]) -> None:
            del on_record, on_part
            never.wait()

    (tmp_path / "workspace").mkdir()
    desk = Hanging(RunOptions(workspace=tmp_path / "workspace", home=tmp_path / "home"))
    desk.start(on_record=Watcher().record, on_part=Watcher().part)

    assert not desk.close(timeout_s=0.1)
    never.set()


def test_a_session_opened_again_holds_the_whole_conversation(open_desk: Callable[..., Open]) -> None:
    with running_server(Scenario(replies=[Reply("First."), Reply("Second.")])) as server:
        table = open_desk(server.openai_url)
        table.desk.send(Submit(text="one"))
        table.seen.wait_for(RunEnded)
        table.desk.close()

        later = open_desk(server.openai_url, session=table.desk.session_id)
        later.desk.send(Submit(text="two"))
        later.seen.wait_for(RunEnded)

        assert [m.text for m in later.desk.state.talk.of(AGENT).messages] == ["one", "First.", "two", "Second."]


def test_a_run_that_hermes_itself_fails_is_told_ends_on_record_and_can_go_on(open_desk: Callable[..., Open]) -> None:
    replies = [Reply("", tool_calls=[Call("write", {"path": "a.txt", "content": "x"})]), Reply("Written.")]
    with running_server(Scenario(replies=replies)) as server:
        table = open_desk(server.openai_url)
        images = Path(table.desk.facts.home) / "state" / "images"
        images.write_text("a file where a folder should be")

        table.desk.send(SetMode(mode=Mode.AUTO))
        table.desk.send(Submit(text="write it"))
        failed = table.seen.wait_for(RunEnded)
        images.unlink()
        table.desk.send(GoOn())
        ended = table.seen.wait_for(RunEnded, 2)

        assert isinstance(failed, RunEnded)
        assert isinstance(ended, RunEnded)
        assert (failed.status, failed.exit_code, ended.answer) == ("error", 1, "Written.")
        assert [trouble.hint.startswith("Report: ") for trouble in table.seen.troubles] == [True]


def test_a_cap_that_is_moved_between_two_runs_holds_for_the_next_one_alone(open_desk: Callable[..., Open]) -> None:
    with running_server(Scenario(replies=[Reply("First."), Reply("Second."), Reply("Third.")])) as server:
        table = open_desk(server.openai_url)
        for number, cap in enumerate((None, 3.0, None), start=1):
            if cap is not None:
                table.desk.send(RaiseCap(usd=cap))
            table.desk.send(Submit(text=f"message {number}"))
            table.seen.wait_for(RunEnded, number)

    usual, moved, after = (event.limits.usd for event in table.seen.of(RunStarted) if isinstance(event, RunStarted))
    assert usual == after
    assert (moved, len(table.seen.of(CapRaised))) == (3.0, 1)


def test_what_is_said_to_a_session_that_another_process_owns_is_answered(open_desk: Callable[..., Open]) -> None:
    table = open_desk("http://127.0.0.1:9/v1", session="mine")
    table.seen.wait(lambda: not is_free(table.desk.station.sessions() / "mine.lock"))
    second = open_desk("http://127.0.0.1:9/v1", session="mine")
    second.seen.wait(lambda: bool(second.seen.troubles))

    second.desk.close()
    second.desk.send(Submit(text="hello"))

    said = [trouble.message for trouble in second.seen.troubles]
    assert (len(said), "in use" in said[0], "not open here" in said[1]) == (2, True, True)


def test_a_key_is_asked_for_only_where_a_provider_takes_one(open_desk: Callable[..., Open]) -> None:
    with running_server(Scenario()) as server:
        errands = open_desk(server.openai_url).desk.errands

    assert errands.variable_of_key("openai") == "OPENAI_API_KEY"
    with pytest.raises(UsageInvalid, match="nope takes no key"):
        errands.variable_of_key("nope")

"""What the workstation says: first what happened, then what to press; one row for each thing that is said."""

from __future__ import annotations

import pytest

from hermes_tui.domain.approval import Decision, Ruling, Scope
from hermes_tui.domain.errors import FailureReason, UsageInvalid
from hermes_tui.domain.events import (
    ApprovalAsked,
    ApprovalGiven,
    BudgetRefused,
    CapRaised,
    CircuitMoved,
    ConfigRefused,
    ContextCompacted,
    EditKind,
    Event,
    LoopNoticed,
    MessageGiven,
    ModelChosen,
    ModelFailed,
    ModelFinished,
    ModelRequested,
    PlanEdited,
    PlanOp,
    RetryScheduled,
    RunEnded,
    RunStarted,
    ShellEnded,
    ShellStarted,
    ToolRequested,
    ToolResolved,
)
from hermes_tui.domain.ids import AgentId, ApprovalId, CallId, RequestId, RunId, Seq, SessionId, TaskId
from hermes_tui.domain.messages import Message, Role, Source, Text
from hermes_tui.domain.parts import StopReason
from hermes_tui.domain.processes import SandboxLevel
from hermes_tui.domain.records import Place, Record
from hermes_tui.domain.state.shells import ShellState
from hermes_tui.domain.tasks import Effect, Goal, Mode, Reach, Task, TaskKind
from hermes_tui.domain.usage import Bound, Limits, Usage
from hermes_tui.domain.values import replace
from hermes_tui.interfaces import _orders as orders
from hermes_tui.interfaces._shells import stop_of
from hermes_tui.interfaces.tui.drawing.glyphs import DONE
from hermes_tui.interfaces.tui.drawing.row_window import Room
from hermes_tui.interfaces.tui.rows import Notice, Origin
from hermes_tui.interfaces.tui.transcript import Transcript

PLACE = Place(session=SessionId("k7q2"), run=RunId("r1"))
CAP = Limits(usd=1.0)
START = RunStarted(goal=Goal(text="go"), goal_digest="", mode=Mode.ASK, limits=CAP)
SHELL = ShellStarted(
    shell_id="s1",
    command="make",
    output="/o",
    effect=Effect.WRITE,
    reach=Reach.SANDBOX,
    targets=(),
    timeout_s=60.0,
)


def answered(decision: Decision, reason: str = "") -> ApprovalGiven:
    return ApprovalGiven(
        approval_id=ApprovalId("a1"), decision=decision, scope=Scope.ONCE, by="operator", reason=reason
    )


def ended(status: str, reason: str, limit: str | None = None) -> RunEnded:
    return RunEnded(status=status, exit_code=3, answer="", reason=reason, limit=limit)  # type: ignore[arg-type]


def reply(usd: float) -> ModelFinished:
    said = Message(role=Role.MODEL, content=(Text(text="Hm.", source=Source.MODEL),))
    return ModelFinished(
        request_id=RequestId("q1"),
        model="fake:m",
        message=said,
        usage=Usage(input_tokens=9, output_tokens=1),
        usd=usd,
        seconds=1.0,
        stop=StopReason.END,
        first_token_s=0.1,
    )


def shown(*events: Event, place: Place = PLACE) -> str:
    """Return what the last of these events adds to the transcript, as one line of a wide terminal."""
    transcript = Transcript()
    rows = [
        transcript.take(Record(seq=Seq(at + 1), at=36_502.0 + at, place=place, body=event))
        for at, event in enumerate(events)
    ][-1]
    room = Room(width=200, opened=False, now=36_510.0)
    return "\n".join(" ".join(line.text.split()) for row in rows for line in row.lines(room) if line.text.strip())


REQUESTED = ToolRequested(
    call_id=CallId("c1"),
    tool="shell",
    arguments='{"command": "pip install x"}',
    summary="pip install x",
    effect=Effect.EXTERNAL,
    reach=Reach.NETWORK,
    ruling=Ruling(decision=Decision.ASK, rule="mode"),
)
ASKED = ApprovalAsked(
    approval_id=ApprovalId("a1"),
    call_id=CallId("c1"),
    tool="shell",
    what="pip install x",
    why="property tests",
    reach=Reach.NETWORK,
    undo="",
    digest="d",
)
ASKING = ModelRequested(
    request_id=RequestId("q1"),
    model="m",
    bound=Bound(tokens=9, usd=0.06),
    request_bytes=9,
    max_tokens=9,
    role="cortex",
    why="",
    step=1,
)
FAILED = ModelFailed(
    request_id=RequestId("q1"),
    model="openai:mini",
    reason=FailureReason.AUTHENTICATION,
    message="openai refused the key (401): Incorrect API key.",
    fragment="",
    usage=Usage(),
    usd=None,
    seconds=0.1,
)
CUT = replace(
    FAILED,
    model="anthropic:haiku",
    reason=FailureReason.CONNECTION_LOST,
    message="The connection to anthropic broke: reset.",
    fragment="It begins",
    usage=Usage(input_tokens=9, output_tokens=212, source="estimated"),
)
SWITCHED = ModelChosen(role="cortex", model="openai:mini", why="it could not", before="anthropic:haiku")


def planned(*names: str) -> PlanEdited:
    """Return the first revision of a plan with these tasks."""
    made = (Task(id=TaskId(name), kind=TaskKind.AGENT, title=f"do {name}") for name in names)
    ops = tuple(PlanOp(kind=EditKind.ADD, target=task.id, task=task) for task in made)
    return PlanEdited(base_rev=0, by="kernel", why="because", ops=ops)


SAID: dict[str, tuple[tuple[Event, ...], str]] = {
    "near the cap": (
        (START, reply(0.5), reply(0.31)),
        "Hm. m · 10 tokens · $0.31 · 1.0 s\n■ 81 % of the run cap is spent: $0.81 of 1.00 F6 raise",
    ),
    "near the cap is said once": ((START, reply(0.85), reply(0.01)), "Hm. m · 10 tokens · $0.01 · 1.0 s"),
    "a raised cap is watched anew": (
        (START, reply(0.85), CapRaised(limits=Limits(usd=1.05), by="operator"), reply(0.02)),
        "Hm. m · 10 tokens · $0.02 · 1.0 s\n■ 83 % of the run cap is spent: $0.87 of 1.05 F6 raise",
    ),
    "a call that does not fit": (
        (START, BudgetRefused(limit="usd", bound=Bound(tokens=9, usd=0.06), left_usd=0.04, left_tokens=None)),
        "■ stopped at the run cap: the next call may cost up to $0.06, $0.04 are left F6 raise",
    ),
    "a call that nearly fits": (
        (START, BudgetRefused(limit="usd", bound=Bound(tokens=9, usd=0.0139), left_usd=0.012, left_tokens=None)),
        "■ stopped at the run cap: the next call may cost up to $0.0139, $0.0120 are left F6 raise",
    ),
    "a call that takes too many tokens": (
        (START, BudgetRefused(limit="tokens", bound=Bound(tokens=900, usd=None), left_usd=None, left_tokens=80)),
        "■ stopped at the run cap: the next call may cost up to 900 tokens, 80 tokens are left F6 raise",
    ),
    "a cap of a role": (
        (START, BudgetRefused(limit="role_usd", bound=Bound(tokens=9, usd=0.06), left_usd=0.0, left_tokens=None)),
        "■ stopped at the role cap: the next call may cost up to $0.06, $0.00 are left F6 raise",
    ),
    "stopped at the cap": (
        (START, ended("limited", "Stopped at the run cap: $0.96 is spent. Work is kept.", "usd")),
        "■ stopped at the run cap: $0.96 is spent. Work is kept · $0.00 · 0:01 F6 raise",
    ),
    "stopped in a loop": (
        (START, ended("limited", "Stopped by the loop guard: pytest failed 5 times.", "loop")),
        "■ stopped by the loop guard: pytest failed 5 times · $0.00 · 0:01 say how to go on · F3 brains",
    ),
    "interrupted": (
        (START, ended("interrupted", "Interrupted; finished work is kept.")),
        "■ interrupted; finished work is kept · $0.00 · 0:01 /resume goes on",
    ),
    "interrupted after its first step": (
        (START, ASKING, ended("interrupted", "Interrupted; finished work is kept.")),
        "■ interrupted at step 1; finished work is kept · $0.00 · 0:02 /resume goes on",
    ),
    "a reply that is interrupted": (
        (START, replace(CUT, reason=FailureReason.CANCELLED, message="Interrupted.")),
        "■ anthropic:haiku: interrupted; what had arrived is kept, not used ►",
    ),
    "waits for an answer": (
        (START, ended("needs_approval", "Waits for you: shell: pip install x.")),
        "◊ waits for you: shell: pip install x · $0.00 · 0:01 F7 answer",
    ),
    "no brain answers": (
        (START, ended("no_provider", "No brain can answer for cortex.")),
        "× no brain answers for cortex · $0.00 · 0:01 F3 brains\n"
        "The run is saved at record 2. Connect a brain, then /resume goes on.",
    ),
    "a wrong key": ((START, FAILED), "× openai:mini: openai refused the key (401): Incorrect API key. F3 another key"),
    "another try": (
        (
            START,
            RetryScheduled(
                request_id=RequestId("q1"),
                model="m",
                reason=FailureReason.OVERLOADED,
                attempt=2,
                delay_s=6.0,
                message="anthropic refused the request (529): Overloaded.",
            ),
        ),
        "○ m overloaded (529), try 2 of 3 in 6 s F3 switch now",
    ),
    "a plan after another one": (
        (START, planned("t1", "t2"), ended("done", ""), START, planned("t3")),
        "• plan · 1 task F2 ►",
    ),
    "a plan of which a task was taken out": (
        (START, planned("t1", "t2"), PlanEdited(
            base_rev=1, by="operator", why="too much", ops=(PlanOp(kind=EditKind.REMOVE, target=TaskId("t2")),)
        )),
        "• plan rev 2 · 1 task · too much F2",
    ),
    "another brain": (
        (START, ModelChosen(role="cortex", model="openai:mini", why="connection cut", before="anthropic:haiku")),
        "• switched: anthropic:haiku → openai:mini, from this step on: connection cut F3 brains",
    ),
    "another brain for the same step": (
        (START, replace(FAILED, model="anthropic:haiku"), SWITCHED),
        "• switched: anthropic:haiku → openai:mini, same step, nothing lost F3 brains ►\n"
        "cause openai refused the key (401): Incorrect API key",
    ),
    "another brain in the middle of a reply": (
        (START, CUT, SWITCHED),
        "• switched: anthropic:haiku → openai:mini, same step, nothing lost F3 brains ►\n"
        "cause connection cut after about 212 tokens; the fragment is kept, not used",
    ),
    "another brain after a run that was stopped": (
        (START, replace(CUT, reason=FailureReason.CANCELLED), ended("interrupted", ""), START, SWITCHED),
        "• switched: anthropic:haiku → openai:mini, from this step on: it could not F3 brains",
    ),
    "a config that is refused": (
        (ConfigRefused(file="/h/config.yaml", line=14, message="idle clock 0 is below 1 s."),),
        "× config.yaml line 14 is refused, what held before stays in force: idle clock 0 is below 1 s.",
    ),
    "denied with a reason": (
        (START, REQUESTED, ASKED, answered(Decision.DENY, "use plain loops")),
        "× shell pip install x refused ►\nuse plain loops\n"
        "× denied: shell pip install x · “use plain loops” · by operator · the agent has your reason and goes on",
    ),
    "denied without one": (
        (START, REQUESTED, ASKED, answered(Decision.DENY)),
        "× shell pip install x refused ►\n× denied: shell pip install x · by operator · the agent goes on",
    ),
    "a compaction": (
        (START, ContextCompacted(upto=9, summary="S", kept=(), before_tokens=31_000, after_tokens=6_000, by="m")),
        "• main compacted 31.0k → 6.0k tokens: goal, plan, rules and open items kept. "
        "/context shows what left, /compact undo brings it back. ►",
    ),
    "a circuit that opens": (
        (START, CircuitMoved(circuit="host x.test", flow="open", failures=5, open_until=36_540.0, why="no route")),
        "■ host x.test is left alone until 10:09:00: 5 failures in a row, the last: no route",
    ),
    "the loop guard": (
        (START, LoopNoticed(layer="identical", action="warned", key="k", count=3, why="the same error 3 times")),
        "• loop guard warned: the same error 3 times",
    ),
    "what was in doubt": (
        (START, ToolResolved(call_id=CallId("c1"), how="done", evidence="the operator said so")),
        "? c1 was in doubt: done: the operator said so",
    ),
    "an operator's shell": ((SHELL,), "● ! s1 make runs beside · not sent to the model /shells s1"),
    "an agent's shell": (
        (replace(SHELL, by="goal"), ShellEnded(
            shell_id="s1", end="stopped", exit_code=None, output_bytes=0, seconds=2.0, why="its run ended"
        )),
        "■ ! s1 make stopped: its run ended · 2.0 s · of goal /shells s1",
    ),
    "words while a run is live": (
        (START, MessageGiven(text="also this")),
        "› also this steers at the next step · 10:08:23",
    ),
    "words that were read": (
        (
            START,
            MessageGiven(text="also this"),
            ASKING,
        ),
        "› also this read 10:08:24 · 10:08:23\n○ m: waiting for the first token, 6 s Esc stop · F3 switch",
    ),
    "words after the run": (
        (START, ended("done", ""), MessageGiven(text="and now")),
        "› and now 10:08:24",
    ),
    "a shell whose end nobody knows": (
        (SHELL, ShellEnded(
            shell_id="s1", end="lost", exit_code=None, output_bytes=0, seconds=0.0, why="Hermes ended before it did"
        )),
        "? ! s1 make end unknown: Hermes ended before it did · – · not sent to the model /shells s1",
    ),
    "what the kernel tells a model": (
        (START, MessageGiven(text="s1: exit 1.", source=Source.KERNEL)),
        "• told the model: s1: exit 1.",
    ),
}  # fmt: skip


def test_an_agent_that_is_denied_something_or_condensed_is_named_in_what_follows() -> None:
    place = replace(PLACE, agent=AgentId("ledger-tests"))
    compacted, _ = SAID["a compaction"]

    denied = shown(START, REQUESTED, ASKED, answered(Decision.DENY, "use plain loops"), place=place)
    condensed = shown(*compacted, place=place)

    assert denied.endswith("by operator · ledger-tests has your reason and goes on")
    assert "/compact undo ledger-tests brings it back." in condensed


@pytest.mark.parametrize("what", SAID)
def test_what_happened_is_said_first_then_what_to_press(what: str) -> None:
    events, said = SAID[what]

    assert shown(*events) == said


def test_a_hostile_command_in_the_background_reaches_no_terminal_raw() -> None:
    said = shown(replace(SHELL, command="echo \x1b]0;x\x07\u202e", by="\x1b[31mgoal"))

    assert "\x1b" not in said
    assert "\\x1b]0;x\\x07" in said


def test_a_sandbox_that_does_not_confine_is_said_with_the_way_to_raise_it() -> None:
    weak = SandboxLevel(name="limits only", confines=False, why="no namespaces")

    assert weak.warning == (
        "No sandbox here: commands run with limits only, so each one asks. hermes doctor says how to raise it."
    )
    assert not replace(weak, confines=True).warning


@pytest.mark.parametrize("name", orders.ALSO)
def test_a_name_that_fingers_know_from_elsewhere_is_a_command_here(name: str) -> None:
    meant = orders.ALSO[name]

    assert orders.heard(f"/{name} x") == orders.heard(f"/{meant} x")
    assert meant in orders.BY_NAME
    assert name not in orders.BY_NAME
    assert meant in [order.name for order in orders.closest(name[:3])]


@pytest.mark.parametrize("width", range(24, 121))
def test_a_notice_is_never_cut_however_long_its_hint_and_however_narrow_the_pane(width: int) -> None:
    said = "stopped at the run cap: $0.96 is spent, the next call may cost up to $0.06. Work is kept."
    notice = Notice(origin=Origin(key="n"), sign=DONE, spans=((said, "text"),), hint="/resume goes on", details="more")

    lines = notice.lines(Room(width=width))

    assert max(line.width for line in lines) <= width
    drawn = " ".join(" ".join(line.text for line in lines).replace("✓", "").replace("►", "").split())
    assert drawn.replace(" /resume goes on", "") == said
    assert "/resume goes on" in drawn


def test_a_command_without_what_it_needs_says_what_that_is() -> None:
    said = {order.name: orders.lacking(order.name, "") for order in orders.ORDERS}

    assert {name for name, text in said.items() if text} == {
        *("run", "queue", "edit", "steer", "transcript", "recall", "open", "find")
    }
    assert said["find"] == "/find needs TEXT: search the transcript."
    assert not any(orders.lacking(order.name, "x") for order in orders.ORDERS)
    assert stop_of_none("stop") == "No shell runs. /shells lists all."


def stop_of_none(typed: str) -> str:
    with pytest.raises(UsageInvalid) as stopped:
        stop_of(ShellState(), typed)
    return str(stopped.value)

"""Rows in little room: what gives way is what can be missed, and what is told is what was counted."""

from __future__ import annotations

from typing import Literal

import pytest

from hermes_tui.domain.approval import Decision, Ruling
from hermes_tui.domain.events import ApprovalAsked, Event, TaskWaiting, ToolFinished, ToolRequested
from hermes_tui.domain.ids import MAIN_AGENT, ApprovalId, CallId, RunId, Seq, SessionId, TaskId
from hermes_tui.domain.messages import Message, Role, Text
from hermes_tui.domain.ports import Brain
from hermes_tui.domain.records import Place, Record
from hermes_tui.domain.state import SessionState
from hermes_tui.domain.state.log import Log
from hermes_tui.domain.state.spend import Spent
from hermes_tui.domain.state.talk import Conversation, TalkState
from hermes_tui.domain.tasks import Effect, Reach
from hermes_tui.domain.usage import FREE, Usage
from hermes_tui.domain.values import replace
from hermes_tui.interfaces._orders import ORDERS
from hermes_tui.interfaces.tui import meter
from hermes_tui.interfaces.tui.choices import of_brains
from hermes_tui.interfaces.tui.chronicle import Asked, Chronicle
from hermes_tui.interfaces.tui.dock import card_lines
from hermes_tui.interfaces.tui.drawing import wording
from hermes_tui.interfaces.tui.drawing.row_window import Room
from hermes_tui.interfaces.tui.graph.detail import conversation
from hermes_tui.interfaces.tui.memory_rows import ChangeRow
from hermes_tui.interfaces.tui.mind_rows import MindLog
from hermes_tui.interfaces.tui.panes.budget import note_of
from hermes_tui.interfaces.tui.screens.chooser import Choice, aligned
from hermes_tui.interfaces.tui.transcript import Transcript
from hermes_tui.services.memory.notebook import Change
from hermes_tui.services.missing import Missing
from tests.fakes import Scenario
from tests.interfaces.tui.stand import Table, workstation

PLACE = Place(session=SessionId("k7q2"), run=RunId("r1"), task=TaskId("report"))
NO_BRAIN = "No brain can answer for cortex.\n  openai: no key. Set OPENAI_API_KEY.\n  ollama: no server."
CALL = CallId("c1")
ASKED = ToolRequested(
    call_id=CALL,
    tool="shell",
    arguments='{"command": "make test"}',
    summary="make test",
    effect=Effect.WRITE,
    reach=Reach.SANDBOX,
    ruling=Ruling(decision=Decision.ALLOW, rule="mode"),
)


def recorded(event: Event, at: float = 36_502.0) -> Record:
    return Record(seq=Seq(1), at=at, place=PLACE, body=event)


def waiting(event: TaskWaiting, *, opened: bool = False) -> list[str]:
    row = Transcript().take(recorded(event))[0]
    return [line.text.rstrip() for line in row.lines(Room(width=100, opened=opened))]


def test_a_task_without_a_brain_says_in_one_line_what_is_missing_and_the_rest_when_opened() -> None:
    folded = waiting(TaskWaiting(what="provider", why=NO_BRAIN))
    opened = waiting(TaskWaiting(what="provider", why=NO_BRAIN), opened=True)

    assert len(folded) == 1
    assert folded[0].startswith("○ report: waits for provider: No brain can answer for cortex.")
    assert folded[0].endswith("F3 brains ►")
    assert "ollama: no server." in "\n".join(opened[1:])


@pytest.mark.parametrize("later", [600.0, 200_000.0])
def test_a_task_that_waits_for_a_time_says_when_that_is_and_not_in_seconds_since_1970(later: float) -> None:
    due = 36_502.0 + later
    said = waiting(TaskWaiting(what="timer", why=f"due at {due:.0f}", until=due))[0]

    assert "waits until " in said
    assert ("Jan 03 " in said) == (later > 86_400)
    assert f"{due:.0f}" not in said


def test_a_whole_name_is_never_followed_by_the_mark_of_a_cut_that_is_not_its_own() -> None:
    model = Choice(value="m", name="openai:gpt-5-mini", about="in use", right="window 400k · $0.25 in, $2 out per M")
    (narrow,) = aligned([model])[0].lines(Room(width=60))
    (roomy,) = aligned([model])[0].lines(Room(width=80))

    assert "openai:gpt-5-mini  " in narrow.text
    assert "…" not in narrow.text
    assert "openai:gpt-5-mini  in use" in roomy.text


@pytest.mark.parametrize("width", [80, 100, 119])
def test_what_a_command_does_is_read_whole_beside_its_name_from_80_columns_on(width: int) -> None:
    choices = aligned([Choice(value=one.name, name=one.usage, about=one.does, right="Ctrl+P") for one in ORDERS])
    rows = [choice.lines(Room(width=width))[0].text for choice in choices]
    begins = {row.index(one.does[:12]) for one, row in zip(ORDERS, rows, strict=True)}
    interrupts = next(row for one, row in zip(ORDERS, rows, strict=True) if one.name == "interrupt")

    assert len(begins) == 1
    assert "stop what runs; finished work is kept " in interrupts
    assert {len(row) for row in rows} == {width}


def test_a_brain_that_is_missing_says_its_remedy_where_there_is_room_for_all_of_it() -> None:
    found = [Missing("anthropic", "no key in $ANTHROPIC_API_KEY", "Set ANTHROPIC_API_KEY, or run `hermes keys set`.")]
    row = aligned(of_brains(found, ""))[0]
    narrow, wide = (row.lines(Room(width=width))[0].text.rstrip() for width in (80, 120))

    assert narrow.endswith("no key in $ANTHROPIC_API_KEY.")
    assert wide.endswith("Set ANTHROPIC_API_KEY, or run `hermes keys set`.")


def test_a_change_of_a_note_never_touches_what_stands_beside_it() -> None:
    change = Change(commit="ef2d0c1", at=36_502.0, author="operator", subject="remember: " + "long " * 40)
    row = ChangeRow(change).lines(Room(width=60, now=36_510.0))[0].text

    assert row.rstrip().endswith("…")
    assert row.endswith(" ")
    assert len(row) == 60


def test_what_is_spent_in_a_minute_is_told_of_the_time_that_it_was_counted_over() -> None:
    chronicle = Chronicle()
    chronicle.began, chronicle.spending = 1_000.0, [(1_004.0, 0.02), (1_010.0, 0.02)]
    told = [
        next(line.text for line in meter.detail(SessionState(), chronicle, now, 120) if "/min" in line.text)
        for now in (1_012.0, 1_720.0)
    ]

    assert "$0.20/min, last 0:12 " in told[0]
    assert "$0.00/min, last 6 min " in told[1]


def test_before_anything_is_spent_the_rate_is_unknown_and_said_once() -> None:
    lines = meter.detail(SessionState(), Chronicle(), 1_012.0, 120)

    assert [line.text.strip() for line in lines if "rate" in line.text] == ["rate  –  no forecast yet"]


@pytest.mark.parametrize(
    ("source", "unknown", "said"),
    [
        ("reported", 0, "no call with an unknown price · usage as the providers reported it"),
        ("estimated", 0, "no call with an unknown price · usage is an estimate where none was reported"),
        ("reported", 2, "2 calls with an unknown price: not in the sum · usage as the providers reported it"),
    ],
)
def test_the_budget_says_whether_its_tokens_are_counted_or_estimated(
    source: Literal["reported", "estimated"], unknown: int, said: str
) -> None:
    assert note_of(Spent(usage=Usage(source=source), unknown=unknown)) == said


def test_who_said_what_last_can_be_told_by_a_mark_that_stands_alone() -> None:
    said = (
        Message(role=Role.KERNEL, content=(Text(text="Mend it."),)),
        Message(role=Role.MODEL, content=(Text(text="The function rounds a half to the even number."),)),
    )
    talk = TalkState(by_agent={MAIN_AGENT: Conversation(messages=Log[Message]().append(said[0]).append(said[1]))})
    lines = conversation(replace(SessionState(), talk=talk), MAIN_AGENT, 30)

    assert [line.text.rstrip() for line in lines] == [
        " » Mend it.",
        " • The function rounds a half",
        "   to the even number.",
    ]
    assert [line.spans[1][1] for line in lines] == ["muted", "text", "text"]


async def test_a_brain_that_costs_nothing_is_free(table: Table) -> None:
    async with workstation(table, Scenario()) as app:
        found = next(one for one in app.brains if isinstance(one, Brain))
        free = replace(found, price=FREE, local=False, window_tokens=32_768)

        assert of_brains([free], "")[0].right == "window 32.8k · free"


def test_a_question_of_the_kernel_is_told_from_the_words_that_ask_it() -> None:
    what = "Task gone failed: nowhere.txt does not exist. Try it once more?"
    asked = ApprovalAsked(
        approval_id=ApprovalId("a1"),
        call_id=CALL,
        tool="recover",
        what=what,
        why="",
        reach=Reach.NONE,
        undo="",
        digest="d",
    )
    card = card_lines(Asked(asked, 36_502.0, MAIN_AGENT, None), 36_505.0, 120)

    assert card[0].text.startswith(f"◊ the kernel asks: {what} ")
    assert wording.wanted("recover", what) == what
    assert wording.wanted("shell", "make") == "shell make"


def test_a_failed_command_stands_in_the_mind_log_with_the_last_line_of_what_it_printed() -> None:
    mind = MindLog()
    mind.take(recorded(ASKED))
    output = "=" * 60 + "\nFAIL: test_half\n\nFAILED (failures=1)\n"
    failed = ToolFinished(call_id=CALL, tool="shell", ok=False, output=output, data="", seconds=0.4)
    (row,) = mind.take(recorded(failed))

    assert row.lines(Room(width=48))[1].text.strip() == "FAILED (failures=1)"

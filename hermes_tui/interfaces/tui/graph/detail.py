"""What is known of the row under the cursor of the task graph: facts, then what its agent said and did."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import cast

from hermes_tui.domain.ids import AgentId, TaskId
from hermes_tui.domain.state import SessionState
from hermes_tui.domain.state.agents import AgentStatus
from hermes_tui.domain.state.spend import Spent
from hermes_tui.domain.values import mutable
from hermes_tui.interfaces.tui.chronicle import Asked
from hermes_tui.interfaces.tui.drawing import wording
from hermes_tui.interfaces.tui.drawing.cells import EMPTY, Line, foreign, one_line, wrap
from hermes_tui.interfaces.tui.drawing.glyphs import NEEDS_YOU, UNKNOWN, WAITING
from hermes_tui.interfaces.tui.graph.folding import agent_of, speaker_of, tries
from hermes_tui.interfaces.tui.graph.rows import AgentRow, GraphRow, GroupRow, StepRow, TaskRow
from hermes_tui.interfaces.tui.panes._pane import View
from hermes_tui.interfaces.tui.spend_tables import spent_text
from hermes_tui.services import subagents

Fact = tuple[str, str, str]
Keys = tuple[tuple[str, str], ...]
TASK_KEYS = (
    *(("Enter", "transcript"), ("a", "answer"), ("m", "mind"), ("t", "travel")),
    *(("r", "retry"), ("s", "skip"), ("p", "pause"), ("x", "cancel"), ("e", "edit")),
    *(("+ -", "priority"), ("u", "undo edit"), ("d", "plan diff"), ("v", "picture")),
)
AGENT_KEYS = (("Enter", "all of it"), ("i", "steer"), ("p", "pause"), ("x", "end it"), ("a", "answer"))
GROUP_KEYS = (("Space", "unfold"), ("Z", "fold all but what is under way"))
STEP_KEYS = (("Enter", "transcript"), ("m", "mind"), ("t", "travel"))
FACT_LINES, RESULT = 8, 800
LAST_SAID, LAST_LINES = 12, 40
"""So much of a conversation stands in the detail; Enter shows all of it."""


@mutable
class LastSaid:
    """The end of an agent's conversation as lines; drawn again only when that conversation went on."""

    _drawn: tuple[object, object, tuple[AgentId, int]] | None = None
    _lines: Sequence[Line] = ()

    def lines(self, state: SessionState, agent: AgentId | None, width: int) -> Sequence[Line]:
        """Return the end of what an agent heard, said and did."""
        if agent is None or agent not in state.talk.by_agent:
            return ()
        heard, status = state.talk.by_agent[agent], state.agents.by_id.get(agent)
        last = self._drawn
        # By identity: what is said is never changed, and comparing it would take as long as drawing it.
        if last is None or last[0] is not heard or last[1] is not status or last[2] != (agent, width):
            self._drawn, self._lines = (heard, status, (agent, width)), list(_conversation(state, agent, width))
        return self._lines


def detail_lines(
    row: GraphRow, view: View, width: int, rows: Mapping[TaskId, TaskRow], last_said: LastSaid
) -> list[Line]:
    """Return what is known of one row; `rows` are those of all tasks."""
    facts, keys = _known(row, view, rows)
    head = Line(((" ", ""), (f"{row.sign.glyph} ", row.sign.role), *foreign(_stands(row, view), row.sign.role)))
    lines = [line for name, text, role in facts if text for line in _fact(name, text, role, width)]
    said = last_said.lines(view.state, speaker_of(view.state, row), width)
    return [head, *lines, EMPTY, *_key_lines(keys, width), *said]


def _known(row: GraphRow, view: View, rows: Mapping[TaskId, TaskRow]) -> tuple[list[Fact], Keys]:
    match row:
        case TaskRow():
            return _task_facts(row, view, rows), TASK_KEYS
        case AgentRow():
            return _agent_facts(row, view), AGENT_KEYS
        case GroupRow():
            return _group_facts(row), GROUP_KEYS
        case StepRow():
            return _step_facts(row, view), STEP_KEYS


def _stands(row: GraphRow, view: View) -> str:
    """Return how it stands with a row: for how long, or after how long, what it waits for and until when."""
    if not isinstance(row, TaskRow):
        return row.sign.word
    asked, seconds = _question(row, view), row.seconds(view.now)
    if asked is not None:
        return f"{row.word} for {wording.elapsed(view.now - asked.at)}, no time limit"
    waits = view.chronicle.waits.get(row.task.id)
    if row.sign is WAITING and waits is not None:
        until = f", until {wording.moment(waits.until, view.now)}" if waits.until else ""
        return f"{row.word} for {waits.what}{until}"
    if seconds is None:
        return row.word
    return f"{row.word} {'for' if row.live else 'after'} {wording.elapsed(seconds)}"


def _fact(name: str, text: str, role: str, width: int) -> list[Line]:
    wrapped = wrap(foreign(text, role), max(width - 11, 12))
    if len(wrapped) > FACT_LINES:
        wrapped = [*wrapped[: FACT_LINES - 1], [(f"… {len(wrapped) - FACT_LINES + 1} lines more", "muted")]]
    return [Line(((f" {name if at == 0 else '':<9}", "muted"), *spans)) for at, spans in enumerate(wrapped)]


def _task_facts(row: TaskRow, view: View, rows: Mapping[TaskId, TaskRow]) -> list[Fact]:
    task, status, state = row.task, row.status, view.state
    asked, agent = _question(row, view), agent_of(state, task.id)
    following = tuple(one.id for one in state.graph.tasks.values() if task.id in one.needs)
    return [
        ("asks", wording.wanted(asked.question.tool, asked.question.what) if asked is not None else "", "text"),
        ("note", "" if row.sign is NEEDS_YOU else status.note, "text"),
        ("kind", f"{task.kind.value} {task.use}".strip(), "text"),
        ("agent", f"{agent.agent} · step {agent.steps}" if agent is not None else "", "text"),
        ("brain", view.chronicle.task_models.get(task.id, ""), "text"),
        ("tries", tries(task, status, " of ") if status.attempts else "", "text"),
        ("cost", _cost(state.spend.by_task.get(task.id), task.budget.usd if task.budget else None), "text"),
        ("needs", _named(rows, task.needs), "text"),
        ("feeds", _named(rows, following), "text"),
        ("writes", ", ".join(task.write), "text"),
        ("changed", _changed(agent), "text"),
        ("priority", str(task.priority) if task.priority else "", "text"),
        ("result", _result(status.result), "text"),
    ]


def _question(row: TaskRow, view: View) -> Asked | None:
    """Return the question that a task waits with."""
    if row.status.state.ended:
        return None
    return next((one for one in view.chronicle.asked.values() if one.task == row.task.id), None)


def _named(rows: Mapping[TaskId, TaskRow], tasks: Iterable[TaskId]) -> str:
    """Return tasks by their titles, a line each, with how it stands with them."""
    found = [rows[name] for name in tasks if name in rows]
    return "\n".join(f"{row.sign.glyph} {one_line(row.task.title)}" for row in found)


def _changed(agent: AgentStatus | None) -> str:
    return ", ".join(f"{one.change} {path}" for path, one in agent.changed.items()) if agent is not None else ""


def _agent_facts(row: AgentRow, view: View) -> list[Fact]:
    agent, spawned = row.agent, row.agent.spawned
    spent = view.state.spend.by_agent.get(agent.agent)
    ended = agent.ended
    return [
        ("why", ended.why if ended is not None else "", "text"),
        ("sent by", str(spawned.parent or "the plan"), "text"),
        ("task", spawned.task, "text"),
        ("role", spawned.role, "text"),
        ("steps", f"{agent.steps}, {wording.count(agent.calls, 'call')}, {agent.failed_calls} failed", "text"),
        ("cost", _cost(spent, spawned.limits.usd), "text"),
        ("tools", ", ".join(spawned.tools), "text"),
        ("writes", ", ".join(spawned.write), "text"),
        ("changed", _changed(agent), "text"),
        ("answer", ended.answer[:400] if ended is not None else "", "text"),
    ]


def _group_facts(row: GroupRow) -> list[Fact]:
    counts: dict[str, int] = {}
    for member in row.members:
        counts[member.word] = counts.get(member.word, 0) + 1
    shown = ", ".join(f"{number} {word}" for word, number in counts.items())
    titles = "\n".join(f"{member.sign.glyph} {member.task.title}" for member in row.members[:6])
    return [("tasks", shown, "text"), ("such as", titles, "text")]


def _step_facts(row: StepRow, view: View) -> list[Fact]:
    step = row.step
    times = f"{row.count} calls alike, one after the other" if row.count > 1 else ""
    return [
        ("call", step.what, "text"),
        ("times", times, "text"),
        ("agent", str(step.agent), "text"),
        ("time", wording.took((step.ended_at or view.now) - step.at), "text"),
    ]


def _key_lines(keys: Keys, width: int) -> list[Line]:
    """Return the keys of a row, as many in a line as fit."""
    lines: list[list[tuple[str, str]]] = [[]]
    for key, means in keys:
        piece = [(f" {key}", "accent"), (f" {means} ", "muted")]
        if lines[-1] and sum(len(text) for text, _ in (*lines[-1], *piece)) > width:
            lines.append([])
        lines[-1] += piece
    return [Line(tuple(line)) for line in lines]


def _conversation(state: SessionState, agent: AgentId, width: int) -> Iterator[Line]:
    said = deque(subagents.transcript(state, agent), maxlen=LAST_SAID)
    yield EMPTY
    yield Line(((f" {one_line(agent)}, what was said last", "muted"),))
    yield from [line for text in said for line in _said(text, width)][-LAST_LINES:]


def conversation(state: SessionState, agent: AgentId, width: int) -> list[Line]:
    """Return all that an agent heard, said and did, as lines."""
    if agent not in state.talk.by_agent:
        return []
    return [line for text in subagents.transcript(state, agent) for line in _said(text, width)]


def _said(text: str, width: int) -> Iterator[Line]:
    """Yield what was said at once: the mark that says by whom stands alone before it; what no model said is muted."""
    mark, _, words = text.partition(" ")
    if len(mark) > 1:
        mark, words = " ", text
    role = "text" if mark in ("•", ">") else "muted"
    for at, spans in enumerate(wrap(foreign(words, role), max(width - 4, 12))):
        yield Line(((f" {mark if at == 0 else ' '} ", "muted"), *spans))


def _cost(spent: Spent | None, cap: float | None) -> str:
    """Return what was spent of a share, and the tokens that it went into."""
    of = f" of {cap:.2f}" if cap else ""
    if spent is None or not spent.calls:
        return f"{UNKNOWN}{of}"
    return f"{spent_text(spent)}{of} · {wording.tokens(spent.usage.total_tokens)} tokens"


def _result(text: str) -> str:
    if not text or text == "null":
        return ""
    try:
        value: object = json.loads(text)
    except ValueError:
        return text[:RESULT]
    if isinstance(value, dict):
        named = cast("dict[str, object]", value)
        return "\n".join(f"{key}: {_plain(held)}" for key, held in named.items())[:RESULT]
    return _plain(value)[:RESULT]


def _plain(value: object) -> str:
    """Return a value as it is read: a text by itself, with its lines."""
    return value.rstrip("\n") if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

"""What a subagent is sent out with, and what it comes back with; pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import count
from typing import Any, Final, cast

from hermes_tui.domain.errors import ToolError
from hermes_tui.domain.events import AgentEnded, AgentSpawned, Evidence
from hermes_tui.domain.events.agent import AgentEnd
from hermes_tui.domain.ids import AgentId, CallId
from hermes_tui.domain.records import Place
from hermes_tui.domain.state import SessionState
from hermes_tui.domain.state.agents import AgentStatus
from hermes_tui.domain.state.spend import Spent
from hermes_tui.domain.tasks import Task
from hermes_tui.domain.text import first_line
from hermes_tui.domain.usage import Limits
from hermes_tui.domain.values import replace
from hermes_tui.kernel import budget
from hermes_tui.kernel.kit import Kit

DEEPEST: Final = 2
MOST_LIVE: Final = 64
SHARE: Final = 0.25
"""The part of what is left that a child gets where nobody says how much."""
REPORT_CHARACTERS: Final = 1_200
EVIDENCE_ITEMS: Final = 50
SHOWN_ITEMS: Final = 4
DELEGATE: Final = "delegate"


def commission(kit: Kit, wanted: dict[str, Any], targets: Sequence[str], call_id: CallId, place: Place) -> AgentSpawned:
    """Return what a call of `delegate` asks for, never more than the caller has itself.

    Args:
        kit: The caller's own.
        wanted: The arguments of the call, checked against its schema.
        targets: The real absolute paths that the child may change.
        call_id: The call.
        place: The caller's place.

    Raises:
        ToolError: it asks for a tool, a budget or a depth that the caller cannot give.
    """
    state = kit.session.state
    above = tuple(state.agents.above(place.agent))
    if len(above) >= DEEPEST:
        raise ToolError(f"Subagents go {DEEPEST} deep, no further.", hint="Do it yourself.", kind="depth")
    if len(state.agents.live()) >= MOST_LIVE:
        raise ToolError(f"{MOST_LIVE} subagents are out already.", hint="Wait until some are back.", kind="crowd")
    names = tuple(wanted.get("tools") or kit.tools)
    if unknown := [name for name in names if name not in kit.tools]:
        raise ToolError(
            f"You have no tool {unknown[0]!r} to give.", hint=f"Yours: {', '.join(kit.tools)}.", kind="scope"
        )
    role = str(wanted.get("model") or wanted.get("role") or (above[0].spawned.role if above else "cortex"))
    return AgentSpawned(
        parent=place.agent,
        title=first_line(str(wanted.get("title", "")), 80) or first_line(str(wanted["task"]), 80),
        task=str(wanted["task"]),
        role=role,
        tools=tuple(name for name in names if name != DELEGATE or len(above) + 1 < DEEPEST),
        write=tuple(targets),
        limits=_slice(wanted, budget.left(state, place.agent)),
        depth=len(above) + 1,
        instructions=str(wanted.get("instructions") or ""),
        returns=tuple(wanted.get("returns") or ()),
        call_id=call_id,
    )


def _slice(wanted: dict[str, Any], left: budget.Left) -> Limits:
    usd, minutes, steps = wanted.get("budget_usd"), wanted.get("minutes"), wanted.get("steps")
    if usd is not None and left.usd is not None and usd > left.usd:
        raise ToolError(f"${usd:.4f} is more than the ${left.usd:.4f} that are left.", kind="budget")
    if usd is None and left.usd is not None:
        usd = max(0.0, left.usd) * SHARE
    return Limits(
        usd=usd,
        tokens=None if left.tokens is None else int(max(0, left.tokens) * SHARE),
        steps=None if steps is None else int(steps),
        seconds=None if minutes is None else float(minutes) * 60,
    )


def of_task(kit: Kit, task: Task, text: str, write: tuple[str, ...]) -> AgentSpawned:
    """Return what an agent task of the plan is carried out with; its caps are the task's own."""
    own = task.budget or Limits()
    seconds = [one for one in (own.seconds, task.timeout_s) if one is not None]
    return AgentSpawned(
        parent=None,
        title=task.title,
        task=text,
        role=task.model or task.kind.value,
        tools=tuple(kit.tools),
        write=write,
        limits=Limits(usd=own.usd, tokens=own.tokens, steps=own.steps, seconds=min(seconds, default=None)),
        depth=1,
    )


def system_text(base: str, spawned: AgentSpawned, root: str) -> str:
    """Return the child's system text: what all agents of the run share comes first, so that it is cached."""
    write = ", ".join(path.removeprefix(root).lstrip("/") or "the workspace" for path in spawned.write) or "nothing"
    answer = (
        f"Answer with one JSON object that has the fields {', '.join(spawned.returns)}, and nothing else."
        if spawned.returns
        else "Answer in at most 150 words: what was asked for, then the files that show it."
    )
    lines = [
        "# You are a subagent",
        "You carry out one task for another agent. It reads your last message only, never your steps or your files.",
        f"You may change: {write}. Put long results into a file there and name it.",
        answer,
        *([spawned.instructions] if spawned.instructions else []),
    ]
    return "\n".join([base, *lines])


def own_words(kit: Kit, spawned: AgentSpawned) -> Kit:
    """Return the kit of a child as far as its requests show it: its tools and its system text."""
    root = str(kit.workspace.root)
    return replace(
        kit,
        tools={name: kit.tools[name] for name in spawned.tools if name in kit.tools},
        instructions=system_text(kit.instructions, spawned, root),
        brief_instructions=system_text(kit.brief_instructions or kit.instructions, spawned, root),
    )


def fields_of(answer: str, returns: Sequence[str]) -> str | None:
    """Return the JSON object in `answer` with all of `returns` among its fields, None if there is none."""
    begin, end = answer.find("{"), answer.rfind("}")
    try:
        found: object = json.loads(answer[begin : end + 1]) if 0 <= begin < end else None
    except ValueError:
        return None
    if not isinstance(found, dict) or any(name not in found for name in returns):
        return None
    return json.dumps(cast("dict[str, object]", found), ensure_ascii=False)


def homecoming(
    state: SessionState, status: AgentStatus, end: tuple[AgentEnd, str], answer: str, at: float, artifact: str = ""
) -> AgentEnded:
    """Return how the child ends; `end` is its status and why. What it did is told by the journal, not by its words."""
    spent = state.spend.by_agent.get(status.agent, Spent())
    ended = AgentEnded(
        parent=status.spawned.parent,
        status=end[0],
        why=end[1],
        answer=answer,
        report="",
        calls=status.calls,
        failed_calls=status.failed_calls,
        steps=status.steps,
        usage=spent.usage,
        usd=spent.usd,
        seconds=max(0.0, at - status.at),
        evidence=_evidence(state, status),
        artifact=artifact,
    )
    return _with_report(status, ended)


def _evidence(state: SessionState, status: AgentStatus) -> tuple[Evidence, ...]:
    seen = dict(state.calls.seen.get(status.agent, {}))
    root = state.run.workspace
    changed: list[Evidence] = []
    for path in status.changed:
        full = path if path.startswith("/") else f"{root}/{path}"
        changed.append(Evidence(kind="changed", path=path, sha256=seen.pop(full, "")))
    read = [Evidence(kind="read", path=path.removeprefix(f"{root}/"), sha256=sha) for path, sha in seen.items()]
    return tuple([*changed, *read][:EVIDENCE_ITEMS])


def _with_report(status: AgentStatus, ended: AgentEnded) -> AgentEnded:
    """Write what the parent's model reads: short, with what the journal proves and where the rest is."""
    answer = ended.answer.strip()
    if len(answer) > REPORT_CHARACTERS:
        rest = f"; all of it: read {ended.artifact}" if ended.artifact else ""
        answer = f"{answer[:REPORT_CHARACTERS]}… [cut at {REPORT_CHARACTERS:,} of {len(answer):,} characters{rest}]"
    why = f" ({ended.why})" if ended.why else ""
    files = [f"{one.kind} {one.path}" for one in ended.evidence[:SHOWN_ITEMS]]
    if len(ended.evidence) > SHOWN_ITEMS:
        files.append(f"{len(ended.evidence) - SHOWN_ITEMS} files more")
    failed = f", {ended.failed_calls} failed" if ended.failed_calls else ""
    proof = "; ".join([*files, f"{ended.calls} calls{failed}", f"{ended.steps} steps"])
    head = f"[subagent {status.agent}, {status.spawned.title}: {ended.status}{why}]"
    report = "\n".join(filter(None, [head, answer, f"[the journal shows: {proof}]"]))
    return replace(ended, report=report)


def next_id(state: SessionState) -> AgentId:
    """Return the name of the session's next child, one that no agent and no task has."""
    number = 1 + sum(status.spawned.parent is not None for status in state.agents.by_id.values())
    taken = {*state.agents.by_id, *state.talk.by_agent, *state.graph.tasks}
    return next(AgentId(f"c{n}") for n in count(number) if f"c{n}" not in taken)

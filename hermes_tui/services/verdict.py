"""The result of a run, read off its state; code and people get the same numbers."""

from __future__ import annotations

from typing import Any, Final

from hermes_tui.domain.approval import answering
from hermes_tui.domain.errors import HermesError
from hermes_tui.domain.ids import ApprovalId, SessionId, TaskId
from hermes_tui.domain.state import SessionState
from hermes_tui.domain.state.graph import GraphState
from hermes_tui.domain.state.spend import Spent
from hermes_tui.domain.state.standing import standing
from hermes_tui.domain.values import frozen, replace

SCHEMA: Final = "hermes.result/1"
_STATUS: Final = {3: "limited", 5: "no_provider", 130: "interrupted", 143: "interrupted"}
"""What a code says of a run that has no end of its own on record; any other one is an error."""
Fields = dict[str, Any]


@frozen
class Result:
    """A `hermes.result/1` object before it is printed."""

    fields: Fields

    @property
    def exit_code(self) -> int:
        """The process's exit code."""
        return int(self.fields["exit_code"])

    @property
    def answer(self) -> str:
        """What goes to stdout in text mode."""
        return str(self.fields.get("answer", ""))

    def as_json(self) -> Fields:
        """Return the whole object; what is left out has its empty value (`results.ResultModel` is its model)."""
        return {**_empty(), **self.fields}

    def lines(self) -> list[str]:
        """Return what a person reads on stderr after the run."""
        whole = self.as_json()
        usage = whole["usage"]
        head, *more = str(whole["reason"]).splitlines() or [""]
        lines = [f"{whole['status']}: {head}" if head else str(whole["status"]), *more]
        if whole["status"] != "done":
            lines += [f"{name:9} {', '.join(tasks)}" for name, tasks in _open(whole["standing"]).items() if tasks]
        lines += [f"{'✓' if check['ok'] else '×'} {check['text']}" for check in whole["criteria"]]
        for asked in whole["approvals"]:
            if asked["decision"] is None:
                asker = f"{asked['agent']} ({asked['errand']}), " if asked["agent"] else ""
                lines.append(f"◊ {asker}{asked['tool']}: {asked['what']}")
                command = answering(asked["id"], asked["tool"], str(whole["session_id"]))
                lines.append(f"  answer it: {command}   then run the same command again")
        tokens = usage["input_tokens"] + usage["cached_tokens"] + usage["output_tokens"]
        lines.append(
            f"session {whole['session_id']} · {usage['calls']} calls · {tokens:,} tokens · ${usage['usd']:.4f}"
        )
        return lines

    def interrupted_by(self, signal: int) -> Result:
        """Return the result with the exit code of a signal."""
        return replace(self, fields={**self.fields, "exit_code": 128 + signal, "status": "interrupted"})


def _standing(graph: GraphState) -> Fields:
    where = standing(graph)
    return {
        "done": [*where.done],
        "left": [*where.left],
        "blocked": [{"task": one.task, "why": one.why} for one in where.blocked],
    }


def _open(where: Fields) -> dict[str, list[str]]:
    return {"left": list(where["left"]), "blocked": [one["task"] for one in where["blocked"]]}


def failure(error: HermesError, code: int) -> Result:
    """Return the result of a run that could not begin."""
    status = _STATUS.get(code, "error")
    return Result(fields={"goal": "", "status": status, "exit_code": code, "reason": str(error)})


def result_of(state: SessionState, session: SessionId, ended_at: float) -> Result:
    """Return the result of the session's run as it stands."""
    run, ended = state.run, state.run.ended
    return Result(
        fields={
            "run_id": run.run,
            "session_id": session,
            "goal": run.goal.text if run.goal else "",
            "status": ended.status if ended else "interrupted",
            "verified": ended.verified if ended else False,
            "exit_code": ended.exit_code if ended else 130,
            "answer": ended.answer if ended else "",
            "reason": ended.reason if ended else "",
            "criteria": [{"text": c.text, "ok": c.ok, "evidence": c.evidence} for c in run.criteria],
            "tasks": [_task(state, task) for task in state.graph.tasks],
            "standing": _standing(state.graph),
            "usage": _usage(state.spend.run),
            "limits": _limits(state, ended_at),
            "approvals": [_approval(state, key) for key in state.calls.asked],
            "artifacts": _artifacts(state),
            "changed_files": [{"path": c.path, "change": c.change} for c in state.calls.changed.values()],
            "started_at": run.started_at,
            "ended_at": ended_at,
        }
    )


def _empty() -> Fields:
    """Return a result of which nothing is known."""
    lists: Fields = {key: [] for key in ("criteria", "tasks", "approvals", "artifacts", "changed_files")}
    return {
        "kpis": {},
        "schema": SCHEMA,
        **dict.fromkeys(("run_id", "session_id", "started_at", "ended_at")),
        "goal": "",
        "status": "error",
        "verified": False,
        "exit_code": 2,
        "answer": "",
        "reason": "",
        **lists,
        "standing": _standing(GraphState()),
        "usage": _usage(Spent()),
        "limits": _no_limits(),
    }


def _no_limits() -> Fields:
    caps: Fields = {cap: {"cap": None, "spent": 0.0} for cap in ("usd", "tokens", "steps", "seconds")}
    return {"hit": None, **caps}


def _task(state: SessionState, task: TaskId) -> Fields:
    status = state.graph.status[task]
    spent = state.spend.by_task.get(task, Spent())
    return {
        "id": task,
        "title": state.graph.tasks[task].title,
        "kind": state.graph.tasks[task].kind,
        "state": status.state,
        "model": state.graph.tasks[task].model,
        "usd": spent.usd,
        "tokens": spent.usage.total_tokens,
        "seconds": status.seconds,
        "attempts": status.attempts,
    }


def _usage(spent: Spent) -> Fields:
    usage = spent.usage
    return {
        "calls": spent.calls,
        "input_tokens": usage.input_tokens + usage.cache_write_tokens,
        "output_tokens": usage.output_tokens,
        "cached_tokens": usage.cache_read_tokens,
        "usd": spent.usd,
        "usd_unknown_calls": spent.unknown,
    }


def _limits(state: SessionState, ended_at: float) -> Fields:
    limits, spent = state.run.limits, state.spend.run
    steps = sum(conversation.steps for conversation in state.talk.by_agent.values()) - state.run.steps_before
    return {
        "hit": state.run.ended.limit if state.run.ended else None,
        "usd": {"cap": limits.usd, "spent": spent.usd},
        "tokens": {"cap": limits.tokens, "spent": spent.usage.total_tokens},
        "steps": {"cap": limits.steps, "spent": steps},
        "seconds": {"cap": limits.seconds, "spent": max(0.0, ended_at - state.run.resumed_at)},
    }


def _approval(state: SessionState, approval_id: ApprovalId) -> Fields:
    asked, given = state.calls.asked[approval_id], state.calls.given.get(approval_id)
    return {
        "id": approval_id,
        "task": state.calls.askers.get(approval_id),
        "agent": asked.agent,
        "errand": asked.errand,
        "tool": asked.tool,
        "what": asked.what,
        "reach": asked.reach.name.lower(),
        "decision": given.decision if given else None,
        "by": given.by if given else None,
        "reason": given.reason if given else "",
    }


def _artifacts(state: SessionState) -> list[Fields]:
    newest = {made.path: made for made in state.run.artifacts}
    return [
        {"path": made.path, "sha256": made.sha256, "bytes": made.size_bytes, "task": None} for made in newest.values()
    ]

"""Tool calls in flight, in doubt and done; approvals asked and given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any, Final, TypeVar

from hermes_tui.domain.events.approval import ApprovalAsked, ApprovalEvent, ApprovalGiven
from hermes_tui.domain.events.tool import (
    FileChange,
    ToolEvent,
    ToolFinished,
    ToolIntended,
    ToolRefused,
    ToolRequested,
    ToolResolved,
)
from hermes_tui.domain.ids import AgentId, ApprovalId, CallId, TaskId
from hermes_tui.domain.messages import Source
from hermes_tui.domain.provenance import source_of
from hermes_tui.domain.records import Place, Record
from hermes_tui.domain.values import frozen, replace

T = TypeVar("T")

EGRESS: Final = "egress("
"""How a rule begins that lets a run contact hosts: `egress(pypi.org files.pythonhosted.org)`."""
EGRESS_S: Final = 3600.0
"""How long leave to contact a host holds in its run."""
RECOVER: Final = "recover"
"""Stands where a question names its tool, when it is about a failed task and not about a call."""


@frozen
class OpenIntent:
    """An intent whose result is not known: running now, or in doubt after a crash."""

    intent: ToolIntended
    place: Place


@frozen
class CallState:
    """Requested calls, open intents, settled doubts, changed files, approvals, and what each agent has seen.

    `askers` names the task that waits for each approval. `sources` is where text came from that any agent of the
    session has read: what one read, another may have been told. `egress_until` says until which Unix second the run may
    contact a host that the operator allowed it.
    """

    requested: Mapping[CallId, ToolRequested] = field(default_factory=dict[CallId, ToolRequested])
    intents: Mapping[CallId, OpenIntent] = field(default_factory=dict[CallId, OpenIntent])
    resolved: Mapping[CallId, ToolResolved] = field(default_factory=dict[CallId, ToolResolved])
    attempts: Mapping[CallId, int] = field(default_factory=dict[CallId, int])
    changed: Mapping[str, FileChange] = field(default_factory=dict[str, FileChange])
    asked: Mapping[ApprovalId, ApprovalAsked] = field(default_factory=dict[ApprovalId, ApprovalAsked])
    askers: Mapping[ApprovalId, TaskId] = field(default_factory=dict[ApprovalId, TaskId])
    given: Mapping[ApprovalId, ApprovalGiven] = field(default_factory=dict[ApprovalId, ApprovalGiven])
    seen: Mapping[AgentId, Mapping[str, str]] = field(default_factory=dict[AgentId, Mapping[str, str]])
    sources: frozenset[Source] = frozenset()
    egress_until: Mapping[str, float] = field(default_factory=dict[str, float])

    @property
    def waiting(self) -> tuple[ApprovalAsked, ...]:
        """Approvals without an answer whose call is still wanted, oldest first."""
        return tuple(
            asked
            for key, asked in self.asked.items()
            if key not in self.given
            and (asked.tool == RECOVER or asked.call_id in self.requested or asked.call_id in self.intents)
        )

    def rules(self, now: float) -> tuple[str, ...]:
        """Return what answers allow from now on; leave to contact a host ends by itself."""
        kept = tuple(given.rule for given in self.given.values() if given.rule and not given.rule.startswith(EGRESS))
        return (*kept, *(f"{EGRESS}{host})" for host, until in self.egress_until.items() if now < until))


def fold_calls(state: CallState, record: Record, body: ToolEvent) -> CallState:
    """Return the calls after one event of their family."""
    match body:
        case ToolRequested():
            return replace(state, requested={**state.requested, body.call_id: body})
        case ToolRefused():
            return replace(state, requested=_without(state.requested, body.call_id))
        case ToolIntended():
            opened = OpenIntent(intent=body, place=record.place)
            return replace(
                state,
                intents={**state.intents, body.call_id: opened},
                resolved=_without(state.resolved, body.call_id),
                attempts={**state.attempts, body.call_id: body.attempt},
            )
        case ToolResolved():
            return replace(
                state,
                resolved={**state.resolved, body.call_id: body},
                intents=_without(state.intents, body.call_id),
            )
        case ToolFinished():
            return _finished(state, record, body)


def _finished(state: CallState, record: Record, body: ToolFinished) -> CallState:
    """Return the calls after one ended; most read what was read before and had no intent."""
    after: dict[str, Any] = {"requested": _without(state.requested, body.call_id)}
    if state.intents:
        after["intents"] = _without(state.intents, body.call_id)
    if state.resolved:
        after["resolved"] = _without(state.resolved, body.call_id)
    if body.changed:
        after["changed"] = _merged(state.changed, body.changed)
    if body.seen:
        after["seen"] = _seen(state.seen, record.place.agent, body.seen)
    source = source_of(body.tool, body.data, body.provenance)
    if source not in state.sources:
        after["sources"] = state.sources | {source}
    return replace(state, **after)


def without_run(state: CallState) -> CallState:
    """Return the calls when another run begins: nobody waits for leave to try a task of the last plan again."""
    asked = {key: one for key, one in state.asked.items() if one.tool != RECOVER or key in state.given}
    return state if len(asked) == len(state.asked) else replace(state, asked=asked)


def fold_changes(state: CallState, changed: tuple[FileChange, ...]) -> CallState:
    """Return the calls after files changed that no call is answerable for alone."""
    return replace(state, changed=_merged(state.changed, changed)) if changed else state


def _without(items: Mapping[CallId, T], call_id: CallId) -> Mapping[CallId, T]:
    if call_id not in items:
        return items
    return {key: value for key, value in items.items() if key != call_id}


def _seen(
    old: Mapping[AgentId, Mapping[str, str]], agent: AgentId, new: tuple[tuple[str, str], ...]
) -> Mapping[AgentId, Mapping[str, str]]:
    known = old.get(agent, {})
    if all(known.get(path) == digest for path, digest in new):
        return old
    return {**old, agent: {**known, **dict(new)}}


def _merged(old: Mapping[str, FileChange], new: tuple[FileChange, ...]) -> Mapping[str, FileChange]:
    merged = dict(old)
    for change in new:
        before = merged.get(change.path)
        if before is not None and before.change == "created":
            if change.change == "deleted":
                del merged[change.path]
            continue
        merged[change.path] = change
    return merged


def fold_approval(state: CallState, record: Record, body: ApprovalEvent) -> CallState:
    """Return the approvals after a question or an answer."""
    match body:
        case ApprovalAsked():
            task = record.place.task
            askers = state.askers if task is None else {**state.askers, body.approval_id: task}
            return replace(state, asked={**state.asked, body.approval_id: body}, askers=askers)
        case ApprovalGiven():
            hosts = body.rule.removeprefix(EGRESS).removesuffix(")").split() if body.rule.startswith(EGRESS) else ()
            until = {**state.egress_until, **dict.fromkeys(hosts, record.at + EGRESS_S)}
            return replace(state, given={**state.given, body.approval_id: body}, egress_until=until)

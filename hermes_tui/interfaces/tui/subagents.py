"""Subagents and windows in words: sent out, held, come back; pruned, condensed, brought back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from hermes_tui.domain.events import (
    AgentEnded,
    AgentEvent,
    AgentPaused,
    AgentSpawned,
    AgentUnpaused,
    BoardSet,
    CompactionAsked,
    ContextCompacted,
    ContextEvent,
    ContextRestored,
    MessagePinned,
    OutputsPruned,
)
from hermes_tui.domain.ids import MAIN_AGENT, AgentId
from hermes_tui.domain.records import Record
from hermes_tui.domain.state import SessionState
from hermes_tui.domain.values import frozen
from hermes_tui.interfaces.tui.drawing import wording
from hermes_tui.interfaces.tui.drawing.cells import EMPTY, Line, Span, ends, fit, foreign, one_line, pad, wrap
from hermes_tui.interfaces.tui.drawing.glyphs import DONE, FAILED, STOPPED, UNKNOWN, Sign
from hermes_tui.interfaces.tui.meter import bar
from hermes_tui.interfaces.tui.notices import KERNEL
from hermes_tui.services import contexts

_ENDS: Final = {"done": DONE, "failed": FAILED, "limited": STOPPED, "cancelled": STOPPED, "killed": STOPPED}


@frozen(kw_only=False)
class Told:
    """What is said of an event: its sign, what happened, why or what came of it, and the whole of it."""

    sign: Sign
    what: str
    why: str = ""
    details: str = ""


def told(record: Record, body: AgentEvent | ContextEvent) -> Told | None:
    """Return what an event of subagents or windows says, None where it is no news."""
    agent = str(record.place.agent)
    match body:
        case AgentSpawned():
            caps = f"{wording.money(body.limits.usd)} at most" if body.limits.usd else "no cap of its own"
            return Told(KERNEL, f"{agent} sent out", f"{one_line(body.title)} · {caps}", body.task)
        case AgentPaused():
            return Told(STOPPED, f"{agent} paused", f"by {body.by}")
        case AgentUnpaused():
            return Told(KERNEL, f"{agent} goes on", f"by {body.by}")
        case AgentEnded():
            facts = f"{wording.count(body.steps, 'step')} · {wording.money(body.usd)} · {wording.took(body.seconds)}"
            why = f"{one_line(body.why)} · " if body.why else ""
            return Told(_ENDS[body.status], f"{agent} {body.status}", f"{why}{facts}", body.answer)
        case BoardSet():
            return Told(
                KERNEL, f"{agent} wrote {one_line(body.key)} v{body.version} on the board", one_line(body.value)
            )
        case _:
            return _of_window(record, agent, body)


def _of_window(record: Record, agent: str, body: ContextEvent) -> Told | None:
    match body:
        case ContextCompacted():
            sizes = f"{wording.tokens(body.before_tokens)} → {wording.tokens(body.after_tokens)} tokens"
            undo = "/compact undo" if record.place.agent == MAIN_AGENT else f"/compact undo {one_line(agent)}"
            said = f"goal, plan, rules and open items kept. /context shows what left, {undo} brings it back."
            return Told(KERNEL, f"{agent} compacted {sizes}", said, f"by {body.by}\n\n{body.summary}")
        case OutputsPruned():
            sizes = f"{wording.tokens(body.before_tokens)} → {wording.tokens(body.after_tokens)} tokens"
            what = f"{agent} carries {wording.count(len(body.digests), 'output')} as a digest, {sizes}"
            return Told(KERNEL, what, one_line(body.why))
        case CompactionAsked():
            return Told(KERNEL, f"{agent} condenses older messages before its next request", f"by {body.by}")
        case ContextRestored():
            return Told(KERNEL, f"{agent} took its compaction back", f"by {body.by}")
        case MessagePinned():
            return Told(
                KERNEL, f"{agent}: message {body.index} {'pinned' if body.pinned else 'unpinned'}", f"by {body.by}"
            )
        case _:
            return None


def context_lines(state: SessionState, wanted: AgentId | None, width: int) -> Iterator[Line]:
    """Yield what is in the windows and why: of one agent, or of each that ever asked a model."""
    asked = [agent for agent in state.talk.by_agent if "~" not in agent]
    shown = [agent for agent in asked if wanted in (None, agent)]
    if not shown:
        who = f" {one_line(wanted)}" if wanted else ""
        yield Line(((f" Nobody{who} has a window yet. A goal begins the first.", "muted"),))
    for agent in shown:
        yield from _window_lines(state, AgentId(agent), width)
        yield EMPTY


def _window_lines(state: SessionState, agent: AgentId, width: int) -> Iterator[Line]:
    own = state.windows.of(agent)
    filled = own.filled
    if filled is None:
        yield Line(((f" {one_line(agent)}", "text bold"), ("  has not asked a model yet", "muted")))
        return
    used, out, whole = filled.used_tokens, filled.output_tokens, filled.window_tokens
    sizes = [wording.tokens(size) for size in (used, out, whole - used - out, whole)]
    facts = f"at most {sizes[0]} in, {sizes[1]} out, {sizes[2]} free of {sizes[3]} "
    yield ends(((f" {one_line(agent)}", "text bold"),), ((facts, "text"),), width)
    yield Line(((" ", ""), *bar(used, out, whole, max(width - 2, 10))))
    name_cells = max(len(one.section) for one in filled.portions) + 2 if filled.portions else 2
    for one in filled.portions:
        share = f"{wording.tokens(one.tokens):>7} of {wording.tokens(one.cap_tokens):>6}  "
        left: tuple[Span, ...] = ((f" {pad(one.section, name_cells)}", "text"), (share, "muted"))
        yield ends((*left, *foreign(one_line(one.why), "muted")), (), width)
    for text in filled.left_out:
        for at, spans in enumerate(wrap(foreign(text, "muted"), max(width - 12, 20))):
            yield Line(((f" {'left out' if at == 0 else '':<10}", "muted"), *spans))
    yield from _messages(state, agent, width)


def _messages(state: SessionState, agent: AgentId, width: int) -> Iterator[Line]:
    """Yield the conversation as the next request carries it, each message with its reason."""
    yield Line(
        ((f" {'message':<13}{'tokens':>7}  ", "muted"), (pad("why it is there", 34), "muted"), ("says", "muted"))
    )
    for one in contexts.items(state, agent):
        number = "summary" if one.index < 0 else str(one.index)
        left: tuple[Span, ...] = (
            (f" {number:>3} ", "text"),
            (f"{pad(one.role, 9)}", "muted"),
            (f"{wording.tokens(one.tokens) if one.tokens else UNKNOWN:>7}  ", "text"),
            (pad(fit(one.why, 32), 34), "muted"),
        )
        yield ends((*left, *foreign(one_line(one.text), "text")), (), width)

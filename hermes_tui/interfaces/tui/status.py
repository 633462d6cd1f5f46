"""The status line: am I needed, who thinks, how full, what it costs; it shrinks in a fixed order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from hermes_tui.domain.tasks import TaskState
from hermes_tui.domain.values import frozen
from hermes_tui.interfaces.tui.drawing import wording
from hermes_tui.interfaces.tui.drawing.cells import Line, Span, ends, one_line, width_of
from hermes_tui.interfaces.tui.meter import NEAR, Day, forecast
from hermes_tui.interfaces.tui.panes._pane import View
from hermes_tui.interfaces.tui.spend_tables import spent_text

CONFINED: Final = ("bubblewrap", "")
EXTENDED: Final = 160
HELP: Final[tuple[Span, ...]] = (("F1 help ", "muted"),)
GAP: Final = 2


@frozen(kw_only=False)
class _Facts:
    """What the line may say; each part gives way at its step."""

    view: View

    @property
    def brain(self) -> str:
        return one_line(self.view.chronicle.model or self.view.brain or "")

    @property
    def near_cap(self) -> bool:
        cap = self.view.state.run.limits.usd
        return bool(cap) and self.view.state.spend.run.usd >= NEAR * (cap or 0)


def _mode(facts: _Facts, _step: int) -> Sequence[Span]:
    mode = facts.view.chronicle.mode_in_force(facts.view.facts.config.policy.mode)
    chip = (f" {mode.value} ", "bg on-accent bold")
    return (chip, ("  ■ frozen", "warn")) if facts.view.frozen else (chip,)


def _brain(facts: _Facts, step: int) -> Sequence[Span]:
    if not facts.brain:
        looked = facts.view.brain is not None
        said = ("no brain", "warn") if looked else ("looking for a brain", "muted")
        return (said, (" F3", "accent")) if step < 9 else ()
    if step >= 9:
        return ()
    shown = facts.brain.partition(":")[2] or facts.brain if step >= 6 else facts.brain
    why = one_line(facts.view.chronicle.why)
    effort = facts.view.chronicle.effort
    reasons = ((f" {effort}", "muted"),) if step < 6 and effort else ()
    reason = ((f" {why}", "muted"),) if step < 1 and why else ()
    if facts.view.chronicle.loading and step < 6:
        reason = ((f" {facts.view.chronicle.loading}", "warn"),)
    return ((shown, "text"), *reasons, *reason)


def _context(facts: _Facts, step: int) -> Sequence[Span]:
    usage = facts.view.chronicle.context
    if usage is None:
        return ()
    used, window = usage.prompt_tokens + usage.output_tokens, facts.view.windows.get(facts.view.chronicle.model, 0)
    near = window > 0 and used >= NEAR * window
    if step >= 8 and not near:
        return ()
    role = "warn" if near else "text"
    hit = ((f" cached {wording.ratio(usage.cache_read_tokens, usage.prompt_tokens)}", "muted"),)
    cached = hit if step < 2 and usage.cache_read_tokens else ()
    if not window:
        return (("ctx ", "muted"), (wording.tokens(used), role), *cached)
    of = ((f" of {wording.tokens(window)}", "muted"),) if step < 1 else ()
    return (("ctx ", "muted"), (wording.ratio(used, window), role), *of, *cached)


def _money(facts: _Facts, step: int) -> Sequence[Span]:
    state = facts.view.state
    if step >= 10 and not facts.near_cap:
        return ()
    spend, cap = state.spend, state.run.limits.usd
    if state.run.run is None:
        cap = facts.view.facts.config.budgets.run.usd
    reserved = f"+{spend.reserved_usd:.2f}" if spend.reserved_usd >= 0.005 and step < 5 else ""
    of = f" of {cap:.2f}" if cap else ""
    return ((spent_text(spend.run), "warn" if facts.near_cap else "text"), (reserved, "muted"), (of, "muted"))


def _progress(facts: _Facts, step: int) -> Sequence[Span]:
    graph = facts.view.state.graph
    if len(graph.tasks) < 2 and step >= 3:
        return ()
    done = sum(status.state is TaskState.DONE for status in graph.status.values())
    spans: list[Span] = [(f"{done}/{len(graph.tasks)}", "text")] if len(graph.tasks) > 1 and step < 4 else []
    began = facts.view.chronicle.began
    if began and step < 3:
        until = facts.view.chronicle.ended or facts.view.chronicle.last_at
        seconds = (facts.view.now if facts.view.live else until) - began
        spans.append((f"{' ' if spans else ''}{wording.elapsed(seconds)}", "muted"))
    return tuple(spans)


def _shells(facts: _Facts, step: int) -> Sequence[Span]:
    running = len(facts.view.state.shells.running)
    return ((wording.count(running, "shell"), "accent"),) if running and step < 4 else ()


def _sandbox(facts: _Facts, step: int) -> Sequence[Span]:
    level = facts.view.facts.sandbox
    if level not in CONFINED:
        return ((f"weak sandbox: {level}", "warn"),)
    return (("bwrap", "muted"),) if step < 2 and level else ()


def _more(facts: _Facts, width: int) -> Sequence[Span]:
    if width < EXTENDED:
        return ()
    near = forecast(facts.view.state)
    said = [f"ends near {wording.money(near)}"] if near is not None else []
    day = Day(facts.view.day_usd, facts.view.facts.config.budgets.day.usd)
    said += [f"day {day.text}"] if day.usd is not None else []
    said.append(f"{facts.view.facts.session} · {wording.count(facts.view.state.seq, 'record')}")
    return (("  ".join(said), "muted"),)


def _needs(facts: _Facts, step: int) -> Sequence[Span]:
    count = len(facts.view.state.calls.waiting)
    if facts.view.past:
        return ()
    if not count:
        return ()
    return ((f" ◊ {count} {'needs you  F7' if step < 7 else 'F7'} ", "bg on-warn bold"),)


_PARTS: Final[tuple[Callable[[_Facts, int], Sequence[Span]], ...]] = (
    *(_mode, _brain, _context, _money, _progress, _shells, _sandbox),
)
STEPS: Final = 11


def status_line(view: View, width: int) -> Line:
    """Return the line in exactly `width` cells."""
    facts = _Facts(view)
    for step in range(STEPS):
        parts = [part for part in (part(facts, step) for part in _PARTS) if part]
        more = _more(facts, width) if step == 0 else ()
        left = _joined([*parts, more] if more else parts)
        asked = tuple(_needs(facts, step))
        right = asked or (() if view.past else HELP)
        free = width - width_of(left)
        if width_of(right) + (GAP if right else 0) <= free:
            return ends(left, right, width)
        # Help costs the reason of the brain and nothing else: it stands where there is room for it after that.
        if step == STEPS - 1 or (step and not asked and free >= 0):
            return ends(left, asked, width)
    raise AssertionError


def _joined(parts: Sequence[Sequence[Span]]) -> tuple[Span, ...]:
    spans: list[Span] = [(" ", "")]
    for at, part in enumerate(parts):
        spans += [("  ", "")] if at else []
        spans += part
    return tuple(spans)

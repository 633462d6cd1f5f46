"""What a plan will probably cost and take, and how likely it is to succeed, before anything runs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Final

from hermes_tui.domain.ids import TaskId
from hermes_tui.domain.tasks import Task, TaskKind
from hermes_tui.domain.usage import MILLION, Price
from hermes_tui.domain.values import frozen

STEP_SUCCESS: Final = 0.9
"""How likely a model step does what it should, until it was measured: ten in a row come to 35 %."""
ENOUGH: Final = 50
"""From how many samples on a measured rate is believed."""


@frozen
class Rates:
    """What is expected of one step; each figure holds until runs of this home have measured it.

    `tools` maps a tool to how often it succeeded, of those calls that enough are known of. `samples` counts the model
    steps that were measured.
    """

    step_success: float = STEP_SUCCESS
    prompt_tokens: float = 4000.0
    output_tokens: float = 350.0
    step_s: float = 8.0
    tool_s: float = 1.5
    agent_steps: float = 6.0
    tools: Mapping[str, float] = field(default_factory=dict[str, float])
    samples: int = 0


@frozen
class Estimate:
    """A plan before it runs: `usd` is None where the model's price is unknown, `seconds` follows its longest path."""

    tasks: int
    model_steps: float
    tool_steps: int
    tokens: int
    usd: float | None
    seconds: float
    chance: float
    measured: bool
    advice: str = ""


def estimate(tasks: Sequence[Task], rates: Rates, price: Price | None) -> Estimate:
    """Return what is to be expected of a plan; tasks that only undo others are left out."""
    dormant = {task.compensate for task in tasks if task.compensate}
    live = [task for task in tasks if task.id not in dormant]
    steps = sum(_steps(task, rates) for task in live)
    calls = [task for task in live if task.kind is TaskKind.TOOL]
    chance = rates.step_success**steps
    for task in calls:
        chance *= rates.tools.get(task.use, 1.0)
    tokens = steps * (rates.prompt_tokens + rates.output_tokens)
    return Estimate(
        tasks=len(live),
        model_steps=round(steps, 1),
        tool_steps=len(calls),
        tokens=round(tokens),
        usd=_usd(steps, rates, price),
        seconds=round(_longest(live, rates), 1),
        chance=round(chance, 3),
        measured=rates.samples >= ENOUGH,
        advice=_advice(steps, chance),
    )


def _steps(task: Task, rates: Rates) -> float:
    match task.kind:
        case TaskKind.AGENT:
            return rates.agent_steps
        case TaskKind.LLM:
            return 1.0
        case _:
            return 0.0


def _usd(steps: float, rates: Rates, price: Price | None) -> float | None:
    if not steps:
        return 0.0
    if price is None:
        return None
    one = (rates.prompt_tokens * price.input_usd + rates.output_tokens * price.output_usd) / MILLION
    return round(steps * one, 6)


def _longest(tasks: Sequence[Task], rates: Rates) -> float:
    """Return the time of the path of tasks that takes longest, each path being walked once."""
    ends: dict[TaskId, float] = {}
    waiting = {task.id: task for task in tasks}
    while waiting:
        ready = [task for task in waiting.values() if not any(need in waiting for need in task.waits_for)]
        if not ready:
            return max(ends.values(), default=0.0)
        for task in ready:
            begins = max((ends.get(need, 0.0) for need in task.waits_for), default=0.0)
            ends[task.id] = begins + seconds_of(task, rates)
            del waiting[task.id]
    return max(ends.values(), default=0.0)


def seconds_of(task: Task, rates: Rates) -> float:
    """Return how long one task will probably take; what waits for others or for the operator takes no time itself."""
    match task.kind:
        case TaskKind.AGENT | TaskKind.LLM:
            return _steps(task, rates) * rates.step_s
        case TaskKind.TOOL:
            return rates.tool_s
        case TaskKind.TIMER:
            given: object = json.loads(task.args).get("seconds", 0)
            return float(given) if isinstance(given, int | float) else 0.0
        case TaskKind.JOIN | TaskKind.APPROVAL:
            return 0.0


def _advice(steps: float, chance: float) -> str:
    if chance >= 0.8 or steps < 2:
        return ""
    return f"{steps:.0f} model steps; each one that becomes a tool task of the plan raises the chance."

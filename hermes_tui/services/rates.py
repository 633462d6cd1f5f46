"""What model steps and tools really did in this home's runs, for the estimate of the next plan."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import field
from pathlib import Path
from typing import Final

from hermes_tui.capabilities.state.reading import read_session
from hermes_tui.domain.errors import FailureReason, JournalUnreadable
from hermes_tui.domain.estimate import ENOUGH, STEP_SUCCESS, Rates
from hermes_tui.domain.events import ModelFailed, ModelFinished, ToolFinished, ToolRefused
from hermes_tui.domain.records import Record
from hermes_tui.domain.state import fold_all
from hermes_tui.domain.tasks import TaskKind
from hermes_tui.domain.values import mutable

MOST_SESSIONS: Final = 30
MOST_STEPS: Final = 1000
"""So many model steps say enough: no older session is read then."""
_FAULTS: Final = ("schema", "loop", "critic")
"""Where a call is refused that the model should not have made."""


@mutable
class _Counts:
    steps: int = 0
    lost: int = 0
    prompt: int = 0
    output: int = 0
    step_s: float = 0.0
    calls: Counter[str] = field(default_factory=Counter[str])
    good: Counter[str] = field(default_factory=Counter[str])
    tool_s: float = 0.0
    agents: set[tuple[str, str | None, str]] = field(default_factory=set[tuple[str, str | None, str]])
    agent_steps: int = 0

    def take(self, records: Iterable[Record]) -> None:
        """Count one session."""
        records = list(records)
        speaking = {name for name, task in fold_all(records).graph.tasks.items() if task.kind is TaskKind.AGENT}
        for record in records:
            self._one(record, agent=record.place.task in speaking)

    def _one(self, record: Record, *, agent: bool) -> None:
        body, place = record.body, record.place
        match body:
            case ModelFinished() if body.usage.asked:
                self.steps += 1
                self.prompt += body.usage.prompt_tokens
                self.output += body.usage.output_tokens
                self.step_s += body.seconds
                if agent:
                    self.agents.add((place.session, place.run, place.agent))
                    self.agent_steps += 1
            case ModelFailed() if body.reason is not FailureReason.CANCELLED:
                self.lost += 1
            case ToolRefused() if body.stage in _FAULTS:
                self.lost += 1
            case ToolFinished():
                self.calls[body.tool] += 1
                self.good[body.tool] += body.ok
                self.tool_s += body.seconds
            case _:
                pass

    def rates(self) -> Rates:
        """Return what was measured, and the defaults where too little was."""
        default, calls = Rates(), self.calls.total()
        tools = {tool: self.good[tool] / count for tool, count in self.calls.items() if count >= ENOUGH}
        known = self.steps >= ENOUGH
        return Rates(
            step_success=max(0.0, 1 - self.lost / self.steps) if known else STEP_SUCCESS,
            prompt_tokens=self.prompt / self.steps if known else default.prompt_tokens,
            output_tokens=self.output / self.steps if known else default.output_tokens,
            step_s=self.step_s / self.steps if known else default.step_s,
            tool_s=self.tool_s / calls if calls >= ENOUGH else default.tool_s,
            agent_steps=self.agent_steps / len(self.agents) if known and self.agents else default.agent_steps,
            tools=tools,
            samples=self.steps,
        )


def measured(folder: Path, besides: str = "") -> Rates:
    """Return the rates of the newest sessions in `folder`; `besides` names one that does not count."""
    counts = _Counts()
    found = [path for path in folder.glob("*.db") if path.stem != besides]
    for path in sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)[:MOST_SESSIONS]:
        if counts.steps >= MOST_STEPS:
            break
        try:
            counts.take(read_session(path))
        except JournalUnreadable:
            continue
    return counts.rates()

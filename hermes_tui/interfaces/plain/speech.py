"""What models say, line by line as it streams, and what else happens, in order; nothing is said twice."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from hermes_tui.domain.events import ModelFailed, ModelFinished, ModelRequested, ToolFinished, ToolRequested
from hermes_tui.domain.ids import AgentId
from hermes_tui.domain.parts import Part, TextDelta, ThinkingDelta
from hermes_tui.domain.records import Place, Record
from hermes_tui.interfaces._progress import CLOCK, Progress
from hermes_tui.interfaces.plain.sheet import Sheet

_FENCE: Final = re.compile(r"^\s*(?:```|~~~)\s*(\S*)")
_ROLES: Final = {"✓": "ok", "×": "fail", "◊": "warn", "■": "warn", "?": "warn"}


@dataclass(slots=True)
class _Voice:
    """One agent's reply on its way: all of it, how much of that is printed, and whether it is inside code."""

    text: str = ""
    printed: int = 0
    code: str | None = None
    thinking: bool = False


class Speech:
    """Prints records and parts; `show` takes finished lines."""

    def __init__(self, sheet: Sheet, show: Callable[[str], None]) -> None:
        self._sheet = sheet
        self._show = show
        self._progress = Progress()
        self._voices: dict[AgentId, _Voice] = {}
        self._speaker: AgentId | None = None
        self.replies: list[str] = []

    def hear(self, place: Place, part: Part) -> None:
        """Take what streams; whole lines and rows are printed at once."""
        voice = self._voices.setdefault(place.agent, _Voice())
        if isinstance(part, ThinkingDelta) and not voice.thinking:
            voice.thinking = True
            self._show(self._sheet.line("thinking"))
        elif isinstance(part, TextDelta):
            voice.text += part.text
            self._print(place.agent, voice, self._ready(voice))

    def _ready(self, voice: _Voice) -> int:
        """Return up to where a reply can be printed: whole lines, and of a long one as many words as fill a row."""
        end = voice.text.rfind("\n") + 1
        begun = max(end, voice.printed)
        if voice.code is None and len(voice.text) - begun > self._sheet.width:
            return max(end, voice.text.rfind(" ", begun, begun + self._sheet.width) + 1)
        return end

    def take(self, record: Record) -> None:
        """Take a record: the end of a reply first, then its line."""
        body, agent = record.body, record.place.agent
        if isinstance(body, ModelRequested):
            self._voices[agent] = _Voice()
        elif isinstance(body, ModelFinished | ModelFailed):
            self._end(agent, body.message.text if isinstance(body, ModelFinished) else body.fragment)
        line = self._progress.line(record)
        # A call that waits for an answer is shown with its question.
        self._line("" if isinstance(body, ToolRequested) else line)
        if isinstance(body, ToolFinished) and not body.ok and body.output.strip():
            self._show(self._sheet.line(f"           {body.output.strip().splitlines()[-1]}", "fail"))

    def _line(self, line: str) -> None:
        if line:
            self._speaker = None
            self._show(self._sheet.prose(self._progress.spoken(line), _ROLES.get(line[CLOCK], "text")))

    def _end(self, agent: AgentId, whole: str) -> None:
        """Print the rest of a reply; all of it where none or something else was streamed."""
        voice = self._voices.pop(agent, _Voice())
        if not whole.startswith(voice.text[: voice.printed]):
            voice = _Voice()
        voice.text = whole
        if whole.strip():
            self.replies.append(whole)
            self._print(agent, voice, len(whole))

    def _print(self, agent: AgentId, voice: _Voice, end: int) -> None:
        ready = voice.text[voice.printed : end]
        if not ready:
            return
        voice.printed = end
        if self._speaker != agent:
            self._speaker = agent
            self._show(self._sheet.line(f"{agent} says", "accent"))
        for line in ready.removesuffix("\n").split("\n"):
            self._show(self._spoken(voice, line))

    def _spoken(self, voice: _Voice, line: str) -> str:
        fence = _FENCE.match(line)
        if fence is not None:
            voice.code = fence[1] if voice.code is None else None
            return self._sheet.line(line)
        if voice.code is not None:
            return self._sheet.code(line, voice.code)
        return self._sheet.prose(line, "bold" if line.startswith("#") else "text")

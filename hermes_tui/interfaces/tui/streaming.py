"""A reply on its way: what it says so far, what that comes to, and how long it is waited for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product

from rich.cells import cell_len

from hermes_tui.domain.parts import Part, TextDelta, ThinkingDelta, ToolCallDelta, ToolCallStarted
from hermes_tui.domain.usage import Usage
from hermes_tui.domain.values import frozen, replace
from hermes_tui.interfaces.tui import so_far
from hermes_tui.interfaces.tui.drawing import wording
from hermes_tui.interfaces.tui.drawing.cells import SIGN_CELLS, Line, Span, ends, one_line
from hermes_tui.interfaces.tui.drawing.flow import Flow
from hermes_tui.interfaces.tui.drawing.glyphs import WAITING
from hermes_tui.interfaces.tui.drawing.row_window import Room
from hermes_tui.interfaces.tui.rows import Entry, Origin


@frozen
class Streaming(Entry):
    """A reply that is on its way; `heard` changes with each part, so that the row is drawn again.

    `first_at` is when the first part came, `calls` the tool whose call comes in now, `call_bytes` what came of calls.
    `reported` is what the provider says it comes to, which few say before the end. With `whole_lines` a line stands
    there once the next one has begun, and nothing is counted meanwhile.
    """

    origin: Origin
    model: str
    flow: Flow
    thinking: Flow
    heard: int = 0
    first_at: float = 0.0
    first_token_s: float | None = None
    whole_lines: bool = False
    calls: str = ""
    call_bytes: int = 0
    request: so_far.Sent = so_far.NOTHING
    reported: Usage | None = None

    @property
    def live(self) -> bool:
        """A clock runs until the reply is whole."""
        return True

    def hear(self, part: Part, at: float) -> Streaming | None:
        """Return the row with one more part, None if nothing of the part shows."""
        heard = replace(self, heard=self.heard + 1, first_at=self.first_at or at)
        match part:
            case TextDelta():
                self.flow.push(part.text)
            case ThinkingDelta():
                self.thinking.push(part.text)
            case ToolCallStarted():
                return replace(heard, calls=part.name)
            case ToolCallDelta():
                return replace(heard, call_bytes=self.call_bytes + len(part.arguments.encode(errors="replace")))
            case Usage():
                return replace(heard, reported=part)
            case _:
                return None
        return heard

    def lines(self, room: Room) -> Sequence[Line]:
        """Draw what has arrived and what it comes to, or for how long the first of it has been waited for."""
        if not self.heard:
            return [self._waiting(max(room.now - self.origin.at, 0.0), room)]
        lines: list[Line] = []
        if self.thinking.said_bytes:
            words = f", {wording.count(self.thinking.words, 'word')}"
            state = "thought" if self.flow.said_bytes else "thinking"
            counted = words if self.flow.said_bytes or not self.whole_lines else ""
            lines.append(Line((("  ", ""), (f"► {state}{counted}", "muted"))))
        body = self.flow.draw(room.width - 3, SIGN_CELLS, whole_lines=self.whole_lines) if self.flow.said_bytes else []
        if body and not self.calls:
            last = body[-1]
            body[-1] = replace(last, spans=(*(last.spans or (("  ", ""),)), ("▌", "accent")))
        call = [Line((("  ", ""), (f"calls {one_line(self.calls)}", "muted")))] if self.calls else []
        return [*lines, *body, *call, self._foot(room)]

    def _foot(self, room: Room) -> Line:
        model = self.model.rpartition(":")[2]
        if self.whole_lines:
            # A clock that moves by steps has not begun to count before its first one.
            waited = max(room.now - self.origin.at, 0.0)
            facts: tuple[str, ...] = (wording.took(waited) if waited else "",)
        else:
            said_bytes = self.flow.said_bytes + self.thinking.said_bytes + self.call_bytes
            facts = so_far.told(said_bytes, room.now - (self.first_at or self.origin.at), self.request, self.reported)
        words = [" · ".join(filter(None, (model, fact))) for fact in (*facts, "")]
        keys = ("",) if room.past else ("Esc interrupt ", "")
        return _fitting(((said, hint) for said in words for hint in keys), "  ", "muted", room.width)

    def _waiting(self, seconds: float, room: Room) -> Line:
        limit = f" of {self.first_token_s:.0f}" if self.first_token_s else ""
        # Since when and until when are never cut: what there is no room for is a key, then words.
        short = f"first token, {seconds:.0f} s{limit}"
        words = (
            f"{self.model}: waiting for the {short}",
            f"{self.model}: {short}",
            f"{self.model.rpartition(':')[2]}: {short}",
        )
        keys = ("",) if room.past else ("Esc stop · F3 switch ", "Esc stop ", "")
        told = ((said, hint) for hint, said in product(keys, words))
        return _fitting(told, f"{WAITING.glyph} ", "text", room.width)

    def copy(self) -> str:
        """Return what has arrived."""
        return self.flow.text


def _fitting(choices: Iterable[tuple[str, str]], sign: str, role: str, width: int) -> Line:
    """Return the first choice of words and keys that fits behind a sign, else the last."""
    told = list(choices)
    room = width - SIGN_CELLS - 1
    said, hint = next((one for one in told if cell_len("".join(one)) <= room), told[-1])
    left: tuple[Span, ...] = ((sign, WAITING.role if sign.strip() else ""), (said, role))
    return ends(left, ((hint, "muted"),), width)

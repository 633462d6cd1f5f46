"""Vim's way of editing: keys in, text and cursor out; what a command looks like is a pattern."""

from __future__ import annotations

import re
from dataclasses import field
from enum import StrEnum
from typing import Final

from hermes_tui.domain.patterns import later
from hermes_tui.domain.values import mutable
from hermes_tui.interfaces.tui.vim_motions import (
    INCLUSIVE,
    LINEWISE,
    MOTIONS,
    REVERSED,
    Span,
    first_letter,
    line_end,
    line_number,
    line_start,
    lines_of,
    row_away,
    sought,
    word_around,
)

REDO: Final = "\x12"
"""What Ctrl+R is in a command."""
_MOST: Final = 999
_COMMAND: Final = later(
    r"""(?P<count>[1-9]\d*+)?
    (?: (?P<verb>[dcy]) (?P<again>[1-9]\d*+)? (?P<target>[hjklwbeWBE0$^G;,] | gg | [fFtT]. | [ia][wW] | (?P=verb))
      | (?P<motion>[hjklwbeWBE0$^G;,] | gg | [fFtT].)
      | (?P<act>[xXsSDCYpPuiaIAoOvVJ~\x12] | r.) )""",
    re.VERBOSE | re.DOTALL,
)
_CHOSEN: Final = later(
    r"(?P<count>[1-9]\d*+)?(?:(?P<motion>[hjklwbeWBE0$^G;,]|gg|[fFtT].|[ia][wW])|(?P<act>[dxcsyvVo]))", re.DOTALL
)
_BEGUN: Final = later(r"(?:[1-9]\d*+)?(?:[dcy](?:[1-9]\d*+)?[ia]?)?[gfFtTr]?")
_CHOICE_BEGUN: Final = later(r"(?:[1-9]\d*+)?[gfFtTia]?")


class Mode(StrEnum):
    """What a key does: writes, commands, or moves the end of a selection."""

    INSERT = "insert"
    NORMAL = "normal"
    VISUAL = "visual"
    LINES = "visual line"


@mutable
class Vim:
    """One text being edited. `at` is the cursor's offset, `anchor` where a selection began."""

    text: str = ""
    at: int = 0
    anchor: int = 0
    mode: Mode = Mode.INSERT
    pending: str = ""
    register: str = ""
    _register_lines: bool = False
    _sought: str = ""
    _before: list[tuple[str, int]] = field(default_factory=lambda: [("", 0)])
    _after: list[tuple[str, int]] = field(default_factory=list[tuple[str, int]])

    @property
    def chosen(self) -> Span | None:
        """What a selection covers."""
        low, high = sorted((self.anchor, self.at))
        match self.mode:
            case Mode.VISUAL:
                return Span(low, min(high + 1, len(self.text)))
            case Mode.LINES:
                return lines_of(self.text, low, high)
            case _:
                return None

    def begin(self) -> None:
        """Begin with an empty text, writing."""
        self.text, self.at, self.mode, self.pending = "", 0, Mode.INSERT, ""
        self._before, self._after = [("", 0)], []

    def escape(self) -> bool:
        """Leave what was begun; return whether anything was."""
        begun = bool(self.pending) or self.mode is not Mode.NORMAL
        if self.mode is Mode.INSERT and self.at > line_start(self.text, self.at):
            self.at -= 1
        self.mode, self.pending = Mode.NORMAL, ""
        self._settle()
        return begun

    def press(self, key: str) -> bool:
        """Take one key of a command, which is carried out once it is whole; return True, as every key is taken."""
        choosing = self.mode in (Mode.VISUAL, Mode.LINES)
        self.pending += key
        if found := (_CHOSEN if choosing else _COMMAND).fullmatch(self.pending):
            self.pending = ""
            (self._choose if choosing else self._carry_out)(found)
            self._settle()
        elif not (_CHOICE_BEGUN if choosing else _BEGUN).fullmatch(self.pending):
            self.pending = ""
        return True

    def _settle(self) -> None:
        """Keep the cursor on a letter, as there is nothing behind the last one to command."""
        self.at = min(max(self.at, 0), len(self.text))
        start, end = line_start(self.text, self.at), line_end(self.text, self.at)
        if self.mode is not Mode.INSERT and self.at == end > start:
            self.at = end - 1

    def _carry_out(self, found: re.Match[str]) -> None:
        count = min(int(found["count"] or 1) * int((found["verb"] and found["again"]) or 1), _MOST)
        if found["verb"]:
            counted = bool(found["count"] or found["again"])
            self._operate(found["verb"], self._target(found["verb"], found["target"], count, counted=counted))
        elif found["motion"]:
            self.at = self._moved(found["motion"], count, counted=bool(found["count"]))
        else:
            self._act(found["act"], count)

    def _choose(self, found: re.Match[str]) -> None:
        act, chosen = found["act"], self.chosen
        if found["motion"] and found["motion"][0] in "ia":
            word = word_around(self.text, self.at, found["motion"])
            self.anchor, self.at = word.start, max(word.end - 1, word.start)
        elif found["motion"]:
            self.at = self._moved(found["motion"], min(int(found["count"] or 1), _MOST), counted=bool(found["count"]))
        elif act == "o":
            self.anchor, self.at = self.at, self.anchor
        elif act in "vV":
            wanted = Mode.VISUAL if act == "v" else Mode.LINES
            self.mode = Mode.NORMAL if self.mode is wanted else wanted
        elif chosen is not None:
            self.mode = Mode.NORMAL
            self._operate({"x": "d", "s": "c"}.get(act, act), chosen)

    # moving

    def _moved(self, motion: str, count: int, *, counted: bool) -> int:
        """Return where a motion leads."""
        if motion[0] in "fFtT":
            self._sought = motion
        if motion in ";,":
            if not self._sought:
                return self.at
            kind = self._sought[0] if motion == ";" else REVERSED[self._sought[0]]
            motion = kind + self._sought[1]
            at = sought(self.text, self.at, motion, count)
            # From just before its letter, `t` would find the same one again.
            return at if at != self.at or kind in "fF" else sought(self.text, self.at, motion, count + 1)
        if motion[0] in "fFtT":
            return sought(self.text, self.at, motion, count)
        if motion in ("gg", "G"):
            last = line_start(self.text, len(self.text))
            return line_number(self.text, count) if counted or motion == "gg" else last
        return MOTIONS[motion](self.text, self.at, count)

    def _target(self, verb: str, target: str, count: int, *, counted: bool) -> Span:
        """Return what an operator is to work on."""
        if target == verb:
            return lines_of(self.text, self.at, row_away(self.text, self.at, count - 1))
        if target[0] in "ia":
            return word_around(self.text, self.at, target)
        if verb == "c" and target in ("w", "W") and self.text[self.at : self.at + 1].strip():
            # `cw` on a word leaves the blanks behind it.
            target = {"w": "e", "W": "E"}[target]
            end = word_around(self.text, self.at, f"i{'w' if target == 'e' else 'W'}").end
            to = end - 1 if count == 1 else MOTIONS[target](self.text, end - 1, count - 1)
            return Span(self.at, to + 1)
        to = self._moved(target, count, counted=counted)
        if target in LINEWISE or target == "gg":
            return lines_of(self.text, self.at, to)
        kind = self._sought[:1] if target in (";", ",") else target[0]
        kind = REVERSED.get(kind, kind) if target == "," else kind
        if target in ("w", "W") and line_end(self.text, self.at) < to:
            to = max(line_end(self.text, self.at), line_end(self.text, line_start(self.text, to) - 1))
        low, high = sorted((self.at, to))
        reached = kind in INCLUSIVE and to >= self.at and (to > self.at or target in ("e", "E"))
        return Span(low, min(high + 1, len(self.text)) if reached else high)

    # changing

    def _operate(self, verb: str, span: Span) -> None:
        if span.start == span.end and not span.lines and verb != "c":
            return
        self.register, self._register_lines = self.text[span.start : span.end], span.lines
        if verb == "y":
            self.at = span.start
        elif verb == "c":
            self._change(span, "")
            self.mode = Mode.INSERT
        elif span.lines:
            # The line goes with its line feed; the last one with the one before it.
            last = span.end == len(self.text)
            self._change(Span(max(span.start - last, 0), min(span.end + 1, len(self.text))), "")
            self.at = first_letter(self.text, min(self.at, len(self.text)) if not last else len(self.text))
        else:
            self._change(span, "")

    def _change(self, span: Span, text: str) -> None:
        """Put a text in the place of another, the cursor at its start."""
        self._remember()
        self.text = self.text[: span.start] + text + self.text[span.end :]
        self.at = span.start

    def _remember(self) -> None:
        if not self._before or self._before[-1][0] != self.text:
            self._before.append((self.text, self.at))
        self._after.clear()

    def _write(self, at: int, text: str = "") -> None:
        """Begin to write at a place, after a text that is put there first."""
        self._change(Span(at, at), text)
        self.at, self.mode = at + len(text), Mode.INSERT

    def _put(self, count: int, *, after: bool) -> None:
        if not self.register:
            return
        text, at = self.register, self.at
        if not self._register_lines:
            place = min(at + 1, line_end(self.text, at)) if after else at
            self._change(Span(place, place), text * count)
            self.at = place + len(text) * count - 1
        elif after:
            end = line_end(self.text, at)
            self._change(Span(end, end), f"\n{text}" * count)
            self.at = first_letter(self.text, end + 1)
        else:
            start = line_start(self.text, at)
            self._change(Span(start, start), f"{text}\n" * count)
            self.at = first_letter(self.text, start)

    def _restore(self, source: list[tuple[str, int]], kept: list[tuple[str, int]], count: int) -> None:
        for _ in range(count):
            while source and source[-1][0] == self.text:
                source.pop()
            if source:
                kept.append((self.text, self.at))
                self.text, self.at = source.pop()

    def _act(self, act: str, count: int) -> None:
        text, at = self.text, self.at
        start, end = line_start(text, at), line_end(text, at)
        match act[0]:
            case "x" | "X" | "s":
                low, high = (max(at - count, start), at) if act == "X" else (at, min(at + count, end))
                self._operate("c" if act == "s" else "d", Span(low, high))
            case "D" | "C":
                self._operate(act.lower(), Span(at, end))
            case "S" | "Y":
                self._operate("c" if act == "S" else "y", lines_of(text, at, at))
                self.at = start if act == "S" else at
            case "p" | "P":
                self._put(count, after=act == "p")
            case "u":
                self._restore(self._before, self._after, count)
            case "\x12":
                self._restore(self._after, self._before, count)
            case "v" | "V":
                self.mode, self.anchor = (Mode.VISUAL if act == "v" else Mode.LINES), at
            case _:
                self._edit(act, count, Span(start, end))

    def _edit(self, act: str, count: int, line: Span) -> None:
        text, at = self.text, self.at
        places = {"i": at, "a": min(at + 1, line.end), "I": first_letter(text, at), "A": line.end}
        if act in places:
            self._write(places[act])
        elif act == "o":
            self._write(line.end, "\n")
        elif act == "O":
            self._write(line.start, "\n")
            self.at = line.start
        elif act == "J" and line.end < len(text):
            following = len(text[line.end + 1 :]) - len(text[line.end + 1 :].lstrip(" \t"))
            self._change(Span(line.end, line.end + 1 + following), " ")
        elif act[0] in "r~" and at + count <= line.end:
            old = text[at : at + count]
            self._change(Span(at, at + count), act[1] * count if act[0] == "r" else old.swapcase())
            self.at = at + count - (act[0] == "r")

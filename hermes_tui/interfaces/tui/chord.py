"""One key before another: Ctrl+X and a digit for a key that desktop or terminal keeps to itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Final

from textual import events
from textual.binding import Binding

from hermes_tui.interfaces.tui.keymap import Key, Keymap, key_name

NUMBERED: Final = 9


class Chord:
    """Waits for the key after its leader, then returns the key that both stand for.

    The action of each binding is the id of what it stands for. `hold` shows what is waited for until it is called with
    an empty text, `say` says for a moment what came of a key that means nothing.
    """

    BINDINGS: ClassVar[list[Binding]] = [
        Binding("1", "app.help", "keys and commands", id="chord.help"),
        Binding("2", "pane.graph", "task graph", id="chord.graph"),
        Binding("3", "pane.brains", "brains: who answers", id="chord.brains"),
        Binding("4", "pane.mind", "mind-log", id="chord.mind"),
        Binding("5", "pane.memory", "memory", id="chord.memory"),
        Binding("6", "pane.budget", "budget", id="chord.budget"),
        Binding("7", "pane.approvals", "answer; again: the inbox", id="chord.approvals"),
        Binding("b", "", "then the number of a brain", id="chord.number"),
        Binding("escape,ctrl+c", "", "leave it", id="chord.leave"),
        *(
            Binding(str(number), f"app.brain_{number}", "the brain of that number on F3", id=f"number.brain_{number}")
            for number in range(1, NUMBERED + 1)
        ),
    ]

    def __init__(self, keys: Keymap, *, hold: Callable[[str], None], say: Callable[[str, str], None]) -> None:
        self._keys = keys
        self._hold = hold
        self._say = say
        self._pressed: tuple[str, ...] = ()

    @property
    def waits(self) -> bool:
        """Whether the next key belongs to it."""
        return bool(self._pressed)

    def begin(self) -> None:
        """Wait for the second key."""
        self._wait_after(self._keys.of("app.chord"))

    def take(self, key: str) -> events.Key | None:
        """Take the key that was waited for; return the one that is meant, None while or where there is none."""
        area = "chord" if len(self._pressed) == 1 else "number"
        name = self._keys.actions(area).get(key, "")
        if name == "chord.number":
            self._wait_after(*self._pressed, key_name(key))
            return None
        said = f"{' '.join((*self._pressed, key_name(key)))} means nothing; it could be {self._could_be}."
        self.leave()
        if not name and key not in self._key("chord.leave").keys:
            self._say(said, "warn")
        meant = next((one.action for one in self.BINDINGS if one.id == name), "")
        return events.Key(self._key(meant).keys[0], None) if meant else None

    def leave(self) -> None:
        """Wait no longer."""
        self._pressed = ()
        self._hold("")

    def _wait_after(self, *pressed: str) -> None:
        self._pressed = pressed
        self._hold(f"{' '.join(pressed)} … {self._could_be} · {self._keys.of('chord.leave')} leaves")

    @property
    def _could_be(self) -> str:
        """What may follow what was pressed, in words."""
        if len(self._pressed) > 1:
            return f"{self._span('number.brain_1', f'number.brain_{NUMBERED}')} for a brain"
        panes = f"{self._span('chord.help', 'chord.approvals')} for {self._span('app.help', 'pane.approvals')}"
        return f"{panes}, {self._keys.of('chord.number')} for a brain"

    def _span(self, first: str, last: str) -> str:
        return f"{self._keys.of(first)}–{self._keys.of(last)}"

    def _key(self, name: str) -> Key:
        return next(key for key in self._keys.keys if key.name == name)

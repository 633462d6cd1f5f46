"""Reads lines with prompt-toolkit while other lines are printed above the one being typed."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from prompt_toolkit import PromptSession
from prompt_toolkit.application import create_app_session
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.history import InMemoryHistory
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.output.plain_text import PlainTextOutput
from prompt_toolkit.output.vt100 import Vt100_Output
from prompt_toolkit.patch_stdout import StdoutProxy

from hermes_tui.interfaces._completion import Offered

if TYPE_CHECKING:
    from prompt_toolkit.document import Document

GATHER_S: Final = 0.05
"""What is printed within this time goes above the prompt at once."""


@dataclass(frozen=True, slots=True)
class Typed:
    """Enter: this line."""

    text: str


@dataclass(frozen=True, slots=True)
class Broken:
    """Ctrl+C, and what stood in the line."""

    text: str


@dataclass(frozen=True, slots=True)
class Left:
    """Ctrl+D in an empty line, or the terminal is gone."""


@dataclass(slots=True, kw_only=True)
class Habits:
    """What a line can be helped with: completions, earlier lines, keys that act, and vim's way of editing."""

    offer: Callable[[str], Offered]
    keys: Mapping[tuple[str, ...], Callable[[], None]] = field(
        default_factory=dict[tuple[str, ...], Callable[[], None]]
    )
    earlier: Sequence[str] = ()
    vi: bool = False


class _Offers(Completer):
    """The commands and files of the workstation as prompt-toolkit wants them."""

    def __init__(self, offer: Callable[[str], Offered]) -> None:
        self._offer = offer

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:  # noqa: ARG002 - the base class names it
        """Yield what may stand in place of the word before the cursor."""
        before = document.current_line_before_cursor
        offered = self._offer(before)
        for offer in offered.offers:
            blank = "" if offer.sends else " "
            yield Completion(
                offer.text + blank, offered.start - len(before), display=offer.text, display_meta=offer.about
            )


@contextmanager
def terminal() -> Generator[None]:
    """Let readers be made while this is open; a dumb terminal gets text alone, not even a sequence for its cursor."""
    if not _is_dumb():
        yield
        return
    with create_app_session(output=PlainTextOutput(sys.stdout)):
        yield


def _is_dumb() -> bool:
    return os.environ.get("TERM", "").lower() in ("dumb", "unknown", "")


class Reader:
    """One line at a time; `above` prints at any moment without harming what is being typed."""

    def __init__(self, habits: Habits, label: Callable[[], str], status: Callable[[], str]) -> None:
        self.dumb = _is_dumb()
        self._label = label
        self._status = status
        self._proxy: StdoutProxy | None = None
        self._reading = self._shown = self._stopped = False
        self._stood: str = ""  # what stood in the line when something was last printed above it
        self._reads: asyncio.Task[object] | None = None
        self._session: PromptSession[str] = PromptSession(
            message=label,
            output=None if self.dumb else _output(),
            completer=_Offers(habits.offer),
            complete_while_typing=False,
            history=InMemoryHistory(list(habits.earlier)),
            enable_history_search=False,
            enable_open_in_editor=True,
            enable_suspend=True,
            key_bindings=_bindings(habits.keys),
            rprompt=self._beside,
            multiline=True,
            vi_mode=habits.vi,
            prompt_continuation="  ",
            reserve_space_for_menu=4,
        )

    def _beside(self) -> str:
        """Return what stands at the right of an empty line; a line that is typed in, or was sent, has none."""
        return "" if self._session.default_buffer.text else self._status()

    @contextmanager
    def beside(self) -> Generator[None]:
        """Print above the prompt while this is open; what is typed between two lines waits unseen for the next."""
        with self._session.input.raw_mode(), ExitStack() as stack:
            if not self.dumb:
                self._proxy = stack.enter_context(StdoutProxy(sleep_between_writes=GATHER_S, raw=True))
            yield
        self._proxy = None

    async def read(self) -> Typed | Broken | Left:
        """Return what the operator does next."""
        self._reading = self._shown = True
        self._stood = ""
        self._reads = asyncio.current_task()
        try:
            return Typed(await self._session.prompt_async(handle_sigint=False))
        except KeyboardInterrupt:
            return Broken(self._session.default_buffer.text)
        except EOFError:
            return Left()
        except asyncio.CancelledError:
            if not self._stopped or self._reads is None:
                raise
            self._reads.uncancel()
            return Left()
        finally:
            self._reading = False

    async def secret(self, label: str) -> str:
        """Return a line that is neither shown nor kept; empty if it was broken off."""
        unseen: PromptSession[str] = PromptSession(message=label, is_password=True)
        try:
            return await unseen.prompt_async(handle_sigint=False)
        except (KeyboardInterrupt, EOFError):
            return ""

    def above(self, text: str) -> None:
        """Print whole lines; the prompt and what was typed stand below them again."""
        if self._proxy is not None:
            self._proxy.write(text)
        else:
            typed: str = self._session.default_buffer.text
            begun = self._reading and (self._shown or typed != self._stood)
            sys.stdout.write(f"\n{text}" if begun else text)
            sys.stdout.flush()
            self._shown, self._stood = False, typed

    def signal(self, control: str) -> None:
        """Send the terminal what shows nothing: a bell, a text for its clipboard."""
        if sys.__stdout__ is not None and not self.dumb:
            sys.__stdout__.write(control)
            sys.__stdout__.flush()

    def stop(self) -> None:
        """End the line being read as if the operator had left."""
        if not self._reading:
            return
        if self._session.app.is_running:
            self._session.app.exit(exception=EOFError())
        elif self._reads is not None:  # a dumb terminal's prompt has an application of its own, out of reach
            self._stopped = True
            self._reads.cancel()

    def refresh(self, *, quiet: bool) -> None:
        """Draw the prompt again; a dumb terminal shows it only where it is `quiet` or something is typed."""
        typed = self._session.default_buffer.text
        if self._reading and not self.dumb:
            self._session.app.invalidate()
        elif self._reading and not self._shown and typed != self._stood:
            # A dumb terminal shows what is typed as it is typed, prompt or not.
            self._shown = True
        elif self._reading and not self._shown and (quiet or typed):
            sys.stdout.write(f"{self._label()}{typed}")
            sys.stdout.flush()
            self._shown = True


def _output() -> Vt100_Output:
    """Return the terminal, never asked where its cursor is: one that does not answer would wait and get a warning."""
    output = Vt100_Output.from_pty(sys.stdout, term=os.environ.get("TERM"))
    output.enable_cpr = False
    return output


def _bindings(keys: Mapping[tuple[str, ...], Callable[[], None]]) -> KeyBindings:
    """Return the keys of the line: Enter sends, Alt+Enter begins a new one, others act."""
    bindings = KeyBindings()

    @bindings.add("enter")
    @bindings.add("c-j")
    def _send(event: KeyPressEvent) -> None:
        event.current_buffer.validate_and_handle()

    @bindings.add("escape", "enter")
    def _newline(event: KeyPressEvent) -> None:
        event.current_buffer.insert_text("\n")

    for sequence, act in keys.items():
        _bind(bindings, sequence, act)
    return bindings


def _bind(bindings: KeyBindings, sequence: tuple[str, ...], act: Callable[[], None]) -> None:
    @bindings.add(*sequence)
    def _act(_: KeyPressEvent) -> None:
        act()

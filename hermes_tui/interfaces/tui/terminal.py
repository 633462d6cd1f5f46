"""The terminal as the app drives it: woken by keys alone, and taken over from the first frame without a flicker."""

from __future__ import annotations

import os
import select
import termios
import threading
from codecs import getincrementaldecoder
from collections.abc import Iterable
from contextlib import suppress
from typing import IO, TYPE_CHECKING, Any, Final, Protocol

from textual import constants
from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

from hermes_tui.interfaces.tui.window_title import WindowTitle, takes_title

if TYPE_CHECKING:
    from textual.app import App

ALTERNATE_SCREEN: Final = "\x1b[?1049h"
PIECE: Final = 65_536
ESCAPE_S: Final = 1.2 * constants.ESCAPE_DELAY
"""An escape that nothing follows for so long is the key itself."""


class FirstFrame(Protocol):
    """What holds the terminal until the app is there; `interfaces.early.Curtain` is one."""

    attributes: list[Any]

    @property
    def up(self) -> bool:
        """Whether it still holds it."""
        ...

    def hand_over(self) -> bytes:
        """Let go; return what was typed, in order."""
        ...


class Sheet:
    """What is drawn on. Once the terminal is gone, drawing goes nowhere: who draws must be able to come to an end."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    def write(self, text: str) -> None:
        """Write, if there is still something to write on."""
        with suppress(OSError):
            self._file.write(text)

    def flush(self) -> None:
        """Let it be seen."""
        with suppress(OSError):
            self._file.flush()

    def fileno(self) -> int:
        """Return the number of the file below."""
        return self._file.fileno()


class Terminal(LinuxDriver):
    """Textual's driver with an input thread that waits instead of polling.

    Behind a first frame nothing is drawn and nothing read until `take_over` and `show`: so all that is typed is read by
    one parser in one order, and the screen changes once.
    """

    def __init__(
        self, app: App[Any], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)  # pyright: ignore[reportUnknownMemberType]  # theirs
        # Otherwise the app would begin with the size that Rich believes in: for a dumb terminal always the same.
        self._size = self._size or self._get_terminal_size()
        self._first: FirstFrame | None = getattr(app, "first_frame", None)
        self._held: list[str] | None = None
        self._listening = threading.Event()
        self._told, self._tell = os.pipe()
        # Its writing thread would die of the first error, and whoever has more to write would wait for it for good.
        self._file: Any = Sheet(self._file) if self._file is not None else None
        self._title = WindowTitle(self.write)
        self._titled = ""
        self._parser = XTermParser()
        self._decode = getincrementaldecoder("utf-8")("replace").decode

    @property
    def behind(self) -> bool:
        """Whether a first frame still stands before the app."""
        return self._first is not None

    def start_application_mode(self) -> None:
        """Begin; behind a first frame, without showing or reading anything yet."""
        if self._first is not None and self._first.up:
            self._held = []
            super().start_application_mode()  # type: ignore[no-untyped-call]  # theirs has no annotations
            self.attrs_before = self._first.attributes
            return
        self._first = None
        self._listening.set()
        super().start_application_mode()  # type: ignore[no-untyped-call]  # theirs has no annotations
        if self._titled:
            self.entitle(self._titled)

    def _sigcont_application(self, *signal: object) -> None:
        """Come back after a stop. The end of a terminal sends the same signal, and leaves nothing to come back to."""
        with suppress(termios.error):
            termios.tcgetattr(self.fileno)
            super()._sigcont_application(*signal)  # pyright: ignore[reportUnknownMemberType]  # theirs

    def entitle(self, title: str) -> None:
        """Show a title of the window, where this terminal has one."""
        if takes_title(os.environ.get("TERM", "")):
            self._title.show(title)

    def take_over(self) -> list[Message]:
        """Return the keys and pastes that were typed into the first frame."""
        if self._first is None:
            return []
        text = self._decode(self._first.hand_over())
        self._first = None
        return [one.set_sender(self._app) for one in self._parser.feed(text)] if text else []

    def show(self) -> None:
        """Draw what was held back, in one go, and listen from now on."""
        held, self._held = self._held, None
        if held is not None:
            self.write("".join(one for one in held if one != ALTERNATE_SCREEN))
        self._listening.set()

    def write(self, data: str) -> None:
        """Write to the terminal, or keep it until `show`."""
        if self._held is None:
            super().write(data)
        else:
            self._held.append(data)

    def disable_input(self) -> None:
        """Stop listening."""
        self._listening.set()
        if self._key_thread is not None and self._key_thread.is_alive():
            os.write(self._tell, b"q")
        super().disable_input()

    def stop_application_mode(self) -> None:
        """Give the terminal back as it was before the first frame."""
        self.take_over()
        self.show()
        self._titled = self._title.give_back()
        super().stop_application_mode()

    def run_input_thread(self) -> None:
        """Hand on what is typed; sleep while nothing is."""
        self._listening.wait()
        patience: float | None = None
        while True:
            ready = select.select([self.fileno, self._told], [], [], patience)[0]
            if self._told in ready:
                os.read(self._told, 64)
                return
            data = self._typed() if ready else b""
            if ready and not data:
                return
            if text := self._decode(data):
                self._process(self._parser.feed(text))
            self._process(self._parser.tick())
            patience = ESCAPE_S if data else None

    def _typed(self) -> bytes:
        """Return what was typed, nothing once the terminal is gone."""
        with suppress(OSError):
            return os.read(self.fileno, PIECE)
        return b""

    def _process(self, messages: Iterable[Message]) -> None:
        for message in messages:
            self.process_message(message)


def drive(app: App[Any]) -> None:
    """Give an app this driver where it would have had Textual's for a terminal."""
    if app.driver_class is LinuxDriver:
        app.driver_class = Terminal

"""Holds the terminal while the workstation loads: draws, reads keys on a thread, hands both over or gives them back."""

from __future__ import annotations

import os
import select
import signal
import sys
import termios
import threading

from hermes_tui.interfaces import _swatch
from hermes_tui.interfaces.early import frame
from hermes_tui.interfaces.early.draft import Draft

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import FrameType
    from typing import Any, TextIO

INPUT, OUTPUT = 0, 2
"""Where the workstation reads and writes, too."""
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
PIECE = 65_536


def raise_curtain(environ: Mapping[str, str], home: str | None, folder: str | None) -> Curtain | None:
    """Draw the first frame and take keys; None where there is no terminal that can show it."""
    if environ.get("TERM", "dumb") in ("dumb", "unknown", "") or not all(os.isatty(one) for one in (0, 1, 2)):
        return None
    width, height = os.get_terminal_size(OUTPUT)
    if width < frame.LEAST_WIDTH or height < frame.LEAST_HEIGHT:
        return None
    root = home or environ.get("HERMES_TUI_HOME") or _usual_home(environ)
    curtain = Curtain(_frame_for(environ, os.path.expanduser(root), os.path.abspath(folder or ".")))
    curtain.open()
    return curtain


def _usual_home(environ: Mapping[str, str]) -> str:
    if sys.platform == "darwin":
        return "~/Library/Application Support/hermes-tui"
    return os.path.join(environ.get("XDG_DATA_HOME") or "~/.local/share", "hermes-tui")


def _frame_for(environ: Mapping[str, str], home: str, folder: str) -> frame.Frame:
    package = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    own = os.path.join(package, "home")
    colours, glyphs = _swatch.look_of(home, own if os.path.isdir(own) else os.path.dirname(package))
    plain = _swatch.ascii_wanted(glyphs, environ)
    status = "".join(one if one.isprintable() else "?" for one in f"home {_short(home)}  folder {_short(folder)}")
    if plain:
        status = status.encode("ascii", "replace").decode("ascii")
    return frame.Frame(colours, _swatch.depth_of(environ), ascii_only=plain, status=status)


def _short(path: str) -> str:
    user = os.path.expanduser("~")
    return f"~{path.removeprefix(user)}" if path == user or path.startswith(f"{user}/") else path


class Curtain:
    """The terminal in raw mode with the first frame on it.

    `hand_over` gives the bytes on and leaves the frame for the workstation to draw over; `close` gives the terminal
    back as it was. Whatever is said on stderr meanwhile closes it first, so that it can be read.
    """

    def __init__(self, drawn: frame.Frame) -> None:
        self.attributes: list[Any] = termios.tcgetattr(INPUT)
        self.up = False
        self._frame = drawn
        self._draft = Draft()
        self._typed: list[bytes] = []
        self._ends: tuple[int, int] = os.pipe()
        self._thread = threading.Thread(target=self._listen, name="first-frame", daemon=True)
        self._signals: dict[int, Any] = {}
        self._stderr: TextIO = sys.stderr

    def open(self) -> None:
        """Take the terminal, draw, listen."""
        for number in ENDING:
            self._signals[number] = signal.signal(number, self._ended)
        self._signals[signal.SIGWINCH] = signal.signal(signal.SIGWINCH, self._resized)
        self.up = True
        aside: Any = _Aside(self._stderr, self.close)
        sys.stderr = aside
        self._draw(whole=True)
        termios.tcsetattr(INPUT, termios.TCSANOW, _raw(self.attributes))
        # What was typed before is lines in the terminal's eyes: Enter has become a line feed.
        if select.select([INPUT], [], [], 0)[0]:
            self._take(os.read(INPUT, PIECE).replace(b"\n", b"\r"))
        self._thread.start()

    def hand_over(self) -> bytes:
        """Stop listening and return what was typed, in order; the frame stays, the terminal stays raw."""
        self._stop()
        typed = b"".join(self._typed)
        self._typed.clear()
        self.up = False
        return typed

    def close(self) -> None:
        """Give the terminal back; what was typed and not handed over goes nowhere, least of all to the shell."""
        if not self.up:
            return
        self._stop()
        self.up = False
        self._write(frame.LEAVE)
        termios.tcsetattr(INPUT, termios.TCSAFLUSH, self.attributes)

    def _stop(self) -> None:
        if self._thread.is_alive() and threading.current_thread() is not self._thread:
            os.write(self._ends[1], b"q")
            self._thread.join()
        for number, before in self._signals.items():
            # The workstation may have taken one of them over already.
            if signal.getsignal(number) in (self._ended, self._resized):
                signal.signal(number, before)
        self._signals.clear()
        if isinstance(sys.stderr, _Aside):
            sys.stderr = self._stderr

    def _ended(self, number: int, _: FrameType | None) -> None:
        self.close()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    def _resized(self, _: int, __: FrameType | None) -> None:
        os.write(self._ends[1], b"r")

    def _listen(self) -> None:
        told = self._ends[0]
        while True:
            ready = select.select([INPUT, told], [], [])[0]
            if told in ready:
                if b"q" in os.read(told, 64):
                    return
                self._draw(whole=True)
            if INPUT in ready:
                data = os.read(INPUT, PIECE)
                if not data:
                    return
                self._take(data)

    def _take(self, data: bytes) -> None:
        self._typed.append(data)
        self._draft.feed(data)
        self._draw(whole=False)

    def _draw(self, *, whole: bool) -> None:
        size = os.get_terminal_size(OUTPUT)
        draw = self._frame.whole if whole else self._frame.entry
        self._write(draw(self._draft, size.columns, max(size.lines, frame.LEAST_HEIGHT)))

    def _write(self, text: str) -> None:
        data = text.encode()
        while data:
            data = data[os.write(OUTPUT, data) :]


class _Aside:
    """A stream that is what it stands for, but lifts the curtain before it is written to."""

    def __init__(self, stream: TextIO, lift: Callable[[], None]) -> None:
        self._stream = stream
        self._lift = lift

    def write(self, text: str) -> int:
        """Give the terminal back, then write."""
        self._lift()
        return self._stream.write(text)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the stream has
        return getattr(self._stream, name)


def _raw(attributes: list[Any]) -> list[Any]:
    """Return the mode in which each key arrives as it is typed; Ctrl+C alone still ends the process."""
    inputs, outputs, control, local, *speeds, characters = attributes
    inputs &= ~(termios.IXON | termios.IXOFF | termios.ICRNL | termios.INLCR | termios.IGNCR)
    local &= ~(termios.ECHO | termios.ICANON | termios.IEXTEN)
    characters = list(characters)
    characters[termios.VMIN], characters[termios.VTIME] = 1, 0
    nothing = os.fpathconf(INPUT, "PC_VDISABLE").to_bytes(1, "little")
    for key in (termios.VQUIT, termios.VSUSP):
        characters[key] = nothing
    return [inputs, outputs, control, local, *speeds, characters]

"""Parse the command line and open one interface; `--version` and `--help` load nothing else."""

from __future__ import annotations

import gc
import os
import sys
from contextlib import suppress
from importlib import import_module
from io import TextIOWrapper

from hermes_tui.version import VERSION

TYPE_CHECKING = False
"""As `typing` has it, whose import would take as long as the first frame may."""
if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence
    from types import ModuleType
    from typing import Any, Final, NoReturn

    from hermes_tui.interfaces.early import Curtain

COLLECT_AFTER: Final = (50_000, 20, 20)
"""When the cyclic collector runs once a door is open; before, while modules load, it would find nothing to free."""

SWITCH_S: Final = 0.001
"""How long a thread may keep the interpreter while another waits. By default, 5 ms, the journal's writer would wait
longer for its turn between two statements than for the disk."""

WORKSTATION: Final = "tui.door"
LINES_ONLY: Final = ("dumb", "unknown")
"""What a terminal is called that cannot move its cursor; as in an editor's shell."""


def entry() -> NoReturn:
    """Run the process's command line and end the process at once.

    Taking the interpreter apart would cost a tenth of a second, and nothing is left for it to do. When `main` returns,
    each door has left the blocks that own what outlives the process: the session's journal has committed and let go of
    its lock, the ledger commits each transaction before it goes on, `asyncio.run` has waited for the threads of its
    executor, and the log was closed, which writes what is queued. Nothing of Hermes is registered with `atexit`. What
    may still run are daemon threads, which Python would not wait for either.
    """
    sys.setswitchinterval(SWITCH_S)
    gc.set_threshold(*COLLECT_AFTER)
    gc.disable()
    # The pydantic inside a vendor's package would search every installed package for plug-ins; Hermes uses none.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    code = main()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            code = code or 1
    os._exit(code)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code (docs: README, exit codes)."""
    args = list(sys.argv[1:] if argv is None else argv)
    _prepare_streams()
    try:
        code = _dispatch(args)
        sys.stdout.flush()
    except SystemExit as ended:
        # argparse ends so, and may have left help in a buffer whose reader is gone.
        code = ended.code if isinstance(ended.code, int) else 2
        return _flushed(code)
    except KeyboardInterrupt:
        return 130
    except OSError as error:
        return _unwritten(error, 0)
    return code


def _prepare_streams() -> None:
    """Make output safe to write: a closed stream goes nowhere, and what cannot be encoded is shown as escapes."""
    if sys.stdout is None:
        sys.stdout = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
    if sys.stderr is None:
        sys.stderr = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _flushed(code: int) -> int:
    """Return `code` after a last flush."""
    try:
        sys.stdout.flush()
    except OSError as error:
        return _unwritten(error, code)
    return code


def _unwritten(error: OSError, code: int) -> int:
    """Return the code where output failed: nobody reading is no failure, a full disk is one and is said."""
    import_module("hermes_tui.interfaces.headless.outlet").silence(sys.stdout)
    if isinstance(error, BrokenPipeError):
        return code
    with suppress(OSError):
        sys.stderr.write(f"hermes: The output: {error.strerror or error}.\n")
    return code or 1


def _dispatch(args: list[str]) -> int:
    if args in (["--version"], ["-V"]):
        sys.stdout.write(f"hermes {VERSION}\n")
        return 0
    # Where there is nothing to parse, not even that comes before the first frame.
    curtain = _raised(None, None) if not args else None
    try:
        name, parsed = _parsed(args)
        if name == "run":
            return _run(parsed, curtain)
    finally:
        if curtain is not None:
            curtain.close()
    if name == "serve":
        return _serve(name, parsed)
    inspect = _opened("hermes_tui.interfaces.inspect")
    return int(import_module("asyncio").run(inspect.main(name, parsed)))


def _parsed(args: list[str]) -> tuple[str, Any]:
    """Return the command and its options; what most runs say is read without a parser, which takes longer to build."""
    said = import_module("hermes_tui.command_line").read(args)
    if said is not None:
        return "run", import_module("types").SimpleNamespace(**said)
    found: tuple[str, Namespace] = import_module("hermes_tui.arguments").parse(args)
    return found


def _run(parsed: Namespace, curtain: Curtain | None) -> int:
    """Pursue goals through the door that fits; before the workstation stands its first frame."""
    door = _interface(parsed)
    # Bytes that are no UTF-8 come in as halves of surrogate pairs, which nothing can send or store.
    parsed.goal = " ".join(parsed.goal).encode(errors="surrogateescape").decode(errors="replace")
    own = _raised(parsed.home, parsed.cd) if curtain is None and door == WORKSTATION and not parsed.served else None
    parsed.curtain = curtain or own
    if door == WORKSTATION:
        parsed.bundle = import_module("hermes_tui.bundle").of_workstation()
    try:
        return int(_opened(f"hermes_tui.interfaces.{door}").main("run", parsed))
    finally:
        if own is not None:
            own.close()


def _raised(home: str | None, folder: str | None) -> Curtain | None:
    """Draw the first frame, if there is a terminal for it."""
    raised: Curtain | None = import_module("hermes_tui.interfaces.early").raise_curtain(os.environ, home, folder)
    return raised


def _opened(door: str) -> ModuleType:
    """Load an interface; what that made stays for as long as the process, so the collector need not look at it."""
    module = import_module(door)
    gc.freeze()
    gc.enable()
    return module


def _serve(name: str, parsed: Namespace) -> int:
    """Open the door to the browser, whose packages are an extra."""
    try:
        door = _opened("hermes_tui.interfaces.serve")
    except ModuleNotFoundError as error:
        sys.stderr.write(f"hermes: {error.name} is missing.\n        Install it: pip install 'hermes-tui[serve]'\n")
        return 2
    return int(door.main(name, parsed))


def _interface(parsed: Namespace) -> str:
    """Return the module that pursues goals: the app wants a terminal that can be drawn on and no headless flag."""
    headless = parsed.print or parsed.batch or parsed.output_format != "text"
    if parsed.plain and not headless:
        return "plain"
    if parsed.served:
        return WORKSTATION
    if headless or not (sys.stdin.isatty() and sys.stdout.isatty()):
        return "headless"
    return "plain" if os.environ.get("TERM", "").lower() in LINES_ONLY else WORKSTATION

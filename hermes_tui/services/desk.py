"""An interactive session: commands in from any thread, records and parts out, the kernel on a thread of its own."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Final

from hermes_tui.domain.errors import HermesError, UsageInvalid
from hermes_tui.domain.ids import SessionId
from hermes_tui.domain.values import frozen
from hermes_tui.services.drawer import Drawer
from hermes_tui.services.premises import Premises, RunOptions, new_session
from hermes_tui.version import VERSION

if TYPE_CHECKING:
    from pathlib import Path

    from hermes_tui.domain.commands import Command
    from hermes_tui.domain.parts import Part
    from hermes_tui.domain.ports import Brain
    from hermes_tui.domain.records import Place, Record
    from hermes_tui.domain.state import SessionState
    from hermes_tui.services.brains import ConfiguredBrains, Missing
    from hermes_tui.services.config import HermesConfig  # noqa: TC004 - a name in `Facts`, which nobody evaluates
    from hermes_tui.services.errands import Errands
    from hermes_tui.services.live_session import LiveSession, Outlets
    from hermes_tui.services.outlook import Outlook
    from hermes_tui.services.workstation import Workstation

SWITCH_S: Final = 0.0005
"""How long a thread may keep the interpreter while another waits; the default of 5 ms is felt at the keyboard."""
OPENING_S: Final = 1.0
"""How long leaving waits for a session that is still being opened; it has nothing to lose."""


@frozen
class Facts:
    """What does not change while the desk is open."""

    session: SessionId
    workspace: str
    home: str
    sandbox: str
    version: str
    config: HermesConfig


class Desk:
    """One live session with an operator at it.

    A desk stands at once: it knows its premises and keeps what is sent. What the session works with is loaded and
    built by `prepare`, or when it is first asked for.

    `on_record` sees each record as it is appended, `on_part` what streams, `on_trouble` what went wrong outside a run;
    all three are called on the kernel's thread, `on_trouble` also on that of who sends what nobody can carry out.
    """

    def __init__(self, options: RunOptions, session: SessionId | None = None) -> None:
        """Read the config and choose the session file; nothing is opened yet.

        Raises:
            UsageInvalid: the home, the config or the workspace cannot be used, or nobody provides the model of the
                options.
        """
        self.premises = Premises(options)
        self.outlook: Outlook = self.premises.outlook
        """How the first screen looks; a config that was not known to be right has been read for it."""
        if options.model is not None:
            import_module("hermes_tui.services.chains").chain(self.premises.config, "cortex", options.model)
        self._drawer = Drawer(self.premises)
        self.session_id = session or new_session()
        self._building = threading.RLock()
        self._live: LiveSession | None = None
        self._state: SessionState | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._early: list[Command | None] = []
        self._was_open = False
        self._over = False
        self._lock = threading.Lock()
        self._sandbox = ""
        self._on_trouble: Callable[[HermesError], None] = lambda _: None

    # what is there from the start

    @property
    def state(self) -> SessionState:
        """The fold over every record so far; immutable."""
        if self._state is None:
            empty: SessionState = import_module("hermes_tui.domain.state").SessionState()
            self._state = empty
        return self._state

    @property
    def facts(self) -> Facts:
        """What the screen shows beside the state.

        Raises:
            UsageInvalid: the config cannot be used; it may have changed since its outlook was kept.
        """
        return Facts(
            session=self.session_id,
            workspace=str(self.premises.root),
            home=str(self.premises.home.root),
            sandbox=self._sandbox,
            version=VERSION,
            config=self.premises.config,
        )

    @property
    def drawer(self) -> Drawer:
        """What was left here before."""
        return self._drawer

    # what was before

    def take_up(self, wanted: str) -> None:
        """Sit down at a session that was begun before.

        Raises:
            UsageInvalid: there is none of that name, or it is an export.
        """
        folder, history = self.premises.sessions(), import_module("hermes_tui.services.history")
        path: Path = history.path_of(folder, wanted)
        if path.parent != folder:
            raise UsageInvalid(f"{path} is an export.", hint=f"To look into it: hermes runs show {path}")
        self.session_id = SessionId(path.stem)

    def take_up_latest(self) -> None:
        """Sit down at the session of this workspace that was written last.

        Raises:
            UsageInvalid: there is none.
        """
        sessions = import_module("hermes_tui.services.sessions")
        found: SessionId | None = sessions.latest(self.premises.sessions(), self.premises.root)
        if found is None:
            raise UsageInvalid("No session of this folder yet.", hint="Start one with `hermes`.")
        self.session_id = found

    def earlier(self) -> Sequence[Record]:
        """Return the records that are on disk; empty where the session has no file yet.

        Raises:
            JournalUnreadable: its file is damaged.
        """
        folder = self.premises.sessions()
        if not (folder / f"{self.session_id}.db").is_file():
            return ()
        found: list[Record] = import_module("hermes_tui.services.history").records(folder, self.session_id)
        return found

    # what is built when it is needed

    def prepare(self) -> None:
        """Load and build what the session works with, once; from any thread.

        Raises:
            UsageInvalid: a name in the config has nothing behind it.
        """
        self._prepared()

    def _prepared(self) -> LiveSession:
        with self._building:
            if self._live is None:
                live: LiveSession = import_module("hermes_tui.services.live_session").LiveSession(self.premises)
                self._live = live
            return self._live

    @property
    def station(self) -> Workstation:
        """Everything else that may be asked for."""
        return self._prepared().station

    @property
    def errands(self) -> Errands:
        """What is done beside the session."""
        return self._prepared().errands

    @property
    def brains(self) -> ConfiguredBrains:
        """Who answers."""
        return self._prepared().brains

    async def look(self) -> list[Brain | Missing]:
        """Return what each provider offers now; runs on the caller's loop with probes of its own."""
        return await self.station.brains(wanted=self.brains.wanted).look()

    # the session

    def start(
        self,
        *,
        on_record: Callable[[Record], None],
        on_part: Callable[[Place, Part], None],
        on_trouble: Callable[[HermesError], None] = lambda _: None,
    ) -> None:
        """Open the session on a thread of its own and return at once."""
        self._on_trouble = on_trouble
        sys.setswitchinterval(SWITCH_S)
        self._thread = threading.Thread(target=self._run, args=(on_record, on_part), name="kernel", daemon=True)
        self._thread.start()

    def send(self, command: Command) -> None:
        """Hand a command to the kernel; from any thread."""
        self._post(command)

    def close(self, timeout_s: float = 5.0) -> bool:
        """Stop what runs, resumably, and wait until the session file is closed; return whether it was ever open.

        One that is being opened ends as soon as it is open; one that hangs is not waited for as long.
        """
        patience_s = timeout_s if self._was_open else min(timeout_s, OPENING_S)
        if self._thread is not None:
            self._post(None)
            self._thread.join(patience_s)
        return self._was_open

    def _post(self, command: Command | None) -> None:
        with self._lock:
            if self._loop is not None and self._live is not None:
                self._loop.call_soon_threadsafe(self._live.commands.put_nowait, command)
                return
            if not self._over:
                self._early.append(command)
                return
        if command is not None:
            self._on_trouble(HermesError("The session is not open here; nothing was done.", hint="Open another."))

    def _run(self, on_record: Callable[[Record], None], on_part: Callable[[Place, Part], None]) -> None:
        """Be the kernel's thread."""
        try:
            live = self._prepared()

            def on_error(error: Exception) -> None:
                self._on_trouble(live.told(error))

            outlets: Outlets = import_module("hermes_tui.services.live_session").Outlets(
                on_record=on_record,
                on_part=on_part,
                on_state=self._show,
                on_sandbox=self._confined_by,
                on_trouble=on_error,
                on_open=self._open,
            )
            asyncio.run(live.run(self.session_id, outlets))
        except HermesError as error:
            self._on_trouble(error)
        finally:
            with self._lock:
                self._loop, self._over = None, True

    def _open(self, loop: asyncio.AbstractEventLoop) -> None:
        """Take commands, those first that came before the session was open."""
        live = self._prepared()
        with self._lock:
            self._loop, self._was_open = loop, True
            while self._early:
                live.commands.put_nowait(self._early.pop(0))

    def _show(self, state: SessionState) -> None:
        self._state = state

    def _confined_by(self, level: str) -> None:
        self._sandbox = level

"""The real thing on a folder: journal, ledger, policy, tools and kernel, wired as a command would."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hermes_tui.capabilities.governance.redact import SecretRedactor
from hermes_tui.capabilities.state.journal import SessionJournal
from hermes_tui.domain.ids import RunId, SessionId
from hermes_tui.domain.ports import Publish
from hermes_tui.domain.records import Place, Record
from hermes_tui.domain.tasks import Goal, Plan, Task
from hermes_tui.kernel.kit import Kit
from hermes_tui.services import wiring
from hermes_tui.services.clock import SystemClock
from hermes_tui.services.kits import pursuit_of
from hermes_tui.services.premises import RunOptions
from hermes_tui.services.workstation import Workstation

PLACE = Place(session=SessionId("bench"), run=RunId("r1"))


def ignore(_: Record) -> None:
    """Publish to nobody."""


@contextmanager
def open_journal(folder: Path, publish: Publish = ignore) -> Generator[SessionJournal]:
    """Own a journal in `folder` while the block runs."""
    journal = SessionJournal.open(
        folder / "sessions" / "bench.db", redactor=SecretRedactor(), clock=SystemClock(), publish=publish
    )
    try:
        yield journal
    finally:
        journal.close()


@dataclass(frozen=True, slots=True)
class Station:
    """A workstation with a workspace and a home of its own."""

    workspace: Path
    station: Workstation

    @classmethod
    def make(cls, folder: Path) -> Station:
        """Build one below `folder`."""
        workspace = folder / "workspace"
        workspace.mkdir(parents=True, exist_ok=True)
        options = RunOptions(workspace=workspace, home=folder / "home", mode="auto")
        return cls(workspace, Workstation(options))

    async def pursue(self, name: str, tasks: Sequence[Task], outfit: Callable[[Kit], None] = lambda _: None) -> float:
        """Carry `tasks` out in a new session; return the seconds from the plan on record to the durable end.

        `outfit` may change what the run is given.
        """
        session_id = SessionId(name)
        place = Place(session=session_id, run=RunId("r1"))
        goal = Goal(text="Measure.", plan=Plan(goal="Measure.", tasks=tuple(tasks)))
        clock = self.station.clock
        with self.station.own(session_id, ()) as owned:
            session = owned.session
            config = self.station.config
            self.station.begin(session, place, (goal, ""), (config.policy.mode, self.station.limits(goal, config)))
            kit = await self.station.kits.make(session, session_id, config, wiring.brains_of(config, "auto"))
            outfit(kit)
            began = clock.monotonic()
            ended = await pursuit_of(kit, place).run()
            seconds = clock.monotonic() - began
        if ended.status != "done":
            raise RuntimeError(f"the run ended {ended.status}: {ended.reason}")
        return seconds

"""A workstation to test with: the real app over a real desk and a fake provider, driven by keys."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual import events
from textual.pilot import Pilot

from hermes_tui.domain.events import Event
from hermes_tui.interfaces._bridge import Batch
from hermes_tui.interfaces.tui.app import HermesApp
from hermes_tui.services import history
from hermes_tui.services.desk import Desk
from hermes_tui.services.homes import built_in_folder
from hermes_tui.services.premises import RunOptions
from tests.fakes import Scenario
from tests.fakes.running import running_server

if TYPE_CHECKING:
    import pytest

WAIT_S = 30.0


class Stand(HermesApp):
    """The app, telling a test whenever something reached it."""

    moved: asyncio.Event
    pilot: Pilot[Any]

    def on_load(self) -> None:
        self.moved = asyncio.Event()
        self.told: list[str] = []
        for key in self.early:
            self.post_message(events.Key("enter" if key == "\n" else key, key if len(key) == 1 else None))

    def deliver(self, batch: Batch) -> None:
        super().deliver(batch)
        self.moved.set()

    def say(self, text: str, role: str = "text") -> None:
        super().say(text, role)
        self.said = text
        self.told.append(text)
        if self.listen is not None:
            self.listen(text)
        self.moved.set()

    async def look_for_brains(self) -> None:
        await super().look_for_brains()
        self.moved.set()

    @property
    def complete(self) -> bool:
        """Whether every pane is there and somebody has looked for brains."""
        if not self.furnished:
            return False
        return self.workspace.brains is not None and self.workspace.dock in self.workspace.showing

    said = ""
    listen: Callable[[str], None] | None = None
    early: Sequence[str] = ""

    async def until(self, seen: Callable[[], object]) -> None:
        """Wait until something is so; whatever changes the screen looks again."""
        loop = asyncio.get_running_loop()
        until = loop.time() + WAIT_S
        while not seen():
            assert loop.time() < until, f"never so; last said {self.said!r}\n{self.text}"
            with suppress(TimeoutError):
                await asyncio.wait_for(self.moved.wait(), 0.05)
            self.moved.clear()
            await self.pilot.pause()

    async def until_event(self, kind: type[Event], count: int = 1) -> None:
        """Wait until the journal holds so many events of a kind."""
        desk = self.seat
        assert isinstance(desk, Desk)
        await self.until(lambda: len(events_of(desk, kind)) >= count)

    async def type(self, text: str) -> None:
        """Type a text, letter by letter."""
        names = {" ": "space", "\n": "ctrl+j", "/": "slash", "@": "at", "!": "exclamation_mark", "#": "number_sign"}
        names |= {".": "full_stop", "-": "minus", ",": "comma", "?": "question_mark", ":": "colon", "_": "underscore"}
        await self.pilot.press(*(names.get(letter, letter) for letter in text))
        await self.pilot.pause()

    async def enter(self, text: str) -> None:
        """Type a text and send it."""
        await self.type(text)
        await self.pilot.press("enter")
        await self.pilot.pause()

    @property
    def rows(self) -> list[str]:
        """What is on the terminal, line by line."""
        return rows_of(self)

    @property
    def text(self) -> str:
        """What is on the terminal; nothing while a screen is new or has another size, and is not laid out yet."""
        return "\n".join(self.rows) if self.screen._compositor.size == self.size else ""


def rows_of(app: HermesApp) -> list[str]:
    """Return each line of the screen as plain text."""
    width, height = app.size
    lines = app.screen._compositor.render_strips()
    assert len(lines) == height
    rows = ["".join(segment.text for segment in strip) for strip in lines]
    assert {strip.cell_length for strip in lines} == {width}
    return rows


def events_of(desk: Desk, kind: type[Event]) -> list[Event]:
    """Return the events of a kind that the journal holds by now."""
    folder = desk.station.sessions()
    if not (folder / f"{desk.session_id}.db").is_file():
        return []
    return [record.body for record in history.records(folder, desk.session_id) if isinstance(record.body, kind)]


@asynccontextmanager
async def seated(
    desk: Desk,
    *,
    size: tuple[int, int] = (120, 36),
    goal: str = "",
    clock: Callable[[], float] | None = None,
    early: Sequence[str] = "",
    kind: type[Stand] = Stand,
) -> AsyncGenerator[Stand]:
    """Open the workstation at a desk; the keys of `early` are typed before it has a prompt."""

    def earlier() -> Sequence[Any]:
        folder = desk.station.sessions()
        known = (folder / f"{desk.session_id}.db").is_file()
        return history.records(folder, desk.session_id) if known else ()

    timed = {"clock": clock} if clock is not None else {}
    app = kind(desk, earlier=earlier, goal=goal, themes=[built_in_folder() / "themes"], **timed)
    app.early = early
    try:
        async with app.run_test(size=size) as pilot:
            app.pilot = pilot
            await app.until(lambda: app.complete)
            yield app
    finally:
        await asyncio.to_thread(desk.close)


class Table:
    """Makes desks in one home and one workspace."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, workspace: Path | None = None) -> None:
        self.workspace = workspace or folder / "workspace"
        self.home = folder / "home"
        self.workspace.mkdir(parents=True)
        self.monkeypatch = monkeypatch

    def configure(self, text: str) -> None:
        """Write the home's config."""
        self.home.mkdir(exist_ok=True)
        (self.home / "config.yaml").write_text(f"version: 1\n{text}", encoding="utf-8")

    def desk(self, url: str = "", session: str | None = None) -> Desk:
        """Return a desk whose only brain is behind `url`; without one there is none."""
        if not (self.home / "config.yaml").exists():
            self.configure("")
        if url:
            self.monkeypatch.setenv("OPENAI_BASE_URL", url)
            self.monkeypatch.setenv("OPENAI_API_KEY", "k-test")
        return Desk(RunOptions(workspace=self.workspace, home=self.home), session)  # type: ignore[arg-type]


@asynccontextmanager
async def workstation(
    table: Table, scenario: Scenario, *, size: tuple[int, int] = (120, 36), goal: str = "", url: bool = True
) -> AsyncGenerator[Stand]:
    """Open the workstation over a fake provider that plays a scenario; without its URL no brain is found."""
    with running_server(scenario) as server:
        async with seated(table.desk(server.openai_url if url else ""), size=size, goal=goal) as app:
            yield app

"""Line mode: what the kernel says is printed, what is typed is ordered, one line after the other."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final

from hermes_tui.domain.commands import Interrupt, Submit
from hermes_tui.domain.errors import HermesError
from hermes_tui.domain.events import (
    ApprovalAsked,
    ApprovalGiven,
    CapRaised,
    Event,
    ModeChanged,
    ModelChosen,
    ModelRequested,
    RunEnded,
    RunPaused,
    RunResumed,
    RunStarted,
    RunUnpaused,
)
from hermes_tui.domain.ids import Seq
from hermes_tui.domain.ports import Brain
from hermes_tui.domain.records import Record
from hermes_tui.domain.tasks import Mode
from hermes_tui.interfaces._bridge import Batch, Bridge, missing
from hermes_tui.interfaces._completion import Sources, offered_for
from hermes_tui.interfaces._opening import Parting, Sitting, sit_down
from hermes_tui.interfaces._orders import heard
from hermes_tui.interfaces.plain.card import answers_to, card_lines
from hermes_tui.interfaces.plain.clerk import MODES, Clerk
from hermes_tui.interfaces.plain.host import Host
from hermes_tui.interfaces.plain.reader import Broken, Habits, Left, Reader, Typed, terminal
from hermes_tui.interfaces.plain.speech import Speech
from hermes_tui.services import attachments
from hermes_tui.services.missing import Missing

if TYPE_CHECKING:
    from argparse import Namespace

FRAME_S: Final = 0.1
"""Records and parts are printed at most so often."""
BELL_S: Final = 10.0
TWICE_S: Final = 1.0
RECENT: Final = 40
"""How many lines of an earlier part of the session are printed when it is opened."""
F_KEYS: Final = {1: "help", 2: "graph", 3: "brain", 4: "mind", 5: "memory", 6: "budget", 7: "approvals", 8: "freeze"}


def main(_: str, args: Namespace) -> int:
    """Open line mode until the operator leaves; return the exit code."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        sys.stderr.write("hermes: line mode wants a terminal.\n        Without one: hermes -p GOAL\n")
        return 2
    return sit_down(args, _sit)


def _sit(sitting: Sitting) -> Parting:
    sitting.desk.prepare()
    with terminal():
        return Parting(asyncio.run(LineMode(sitting).run()))


class LineMode(Host):
    """One session, line by line. Its result names the session to open next: empty for a new one, None to leave."""

    def __init__(self, sitting: Sitting, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        super().__init__(sitting.desk, sitting.desk.earlier)
        self.goal = sitting.goal
        self.monotonic = monotonic
        self.sources = Sources()
        self.model = ""
        self.clerk = Clerk(self)
        self.take = self.take_line
        self.reader = Reader(self._habits(), self._label, self._status)
        self.speech = Speech(self.sheet, self.reader.above)
        self.bridge = Bridge(self._deliver, frame_s=FRAME_S)
        self._seen = Seq(0)
        self._asked_to_quit = self._rung = -BELL_S
        self._due: asyncio.TimerHandle | None = None

    def _habits(self) -> Habits:
        """Return what helps while typing; keys do what the orders do."""
        obey, by_number = self.clerk.obey, self.clerk.brain_of_number
        keys: dict[tuple[str, ...], Callable[[], None]] = {("c-t",): partial(obey, "mode", "")}
        keys |= {(f"f{number}",): partial(obey, name, "") for number, name in F_KEYS.items()}
        keys |= {("escape", str(number)): partial(by_number, number) for number in range(1, 10)}
        self.sources.arguments = {
            "mode": lambda: [mode.value for mode in MODES],
            "skill": lambda: list(self.seat.errands.station.skills.listed),
            "mcp": lambda: [row.name for row in self.seat.errands.servers()],
            "brain": lambda: [one.name for one in self.brains if isinstance(one, Brain)],
            "key": lambda: [one.provider for one in self.brains if isinstance(one, Missing)],
            "run": lambda: [name for name in self.sources.files if name.endswith(".md")],
        }
        return Habits(
            offer=lambda before: offered_for(before, self.sources),
            keys=keys,
            earlier=self.seat.errands.remembered(),
            vi=self.seat.facts.config.ui.vim,
        )

    # the loop

    async def run(self) -> str | None:
        """Read lines until the operator leaves."""
        with self.reader.beside():
            async with self.tasks:
                self.bridge.open(asyncio.get_running_loop())
                self._greet()
                self.seat.start(on_record=self.bridge.record, on_part=self.bridge.part, on_trouble=self.bridge.trouble)
                self.start(self._meet_brains())
                self.start(self._learn_files())
                if self.goal:
                    self.take_line(self.goal)
                while not self.left:
                    await self._turn()
        return self.following

    async def _turn(self) -> None:
        """Take one line, or a key that was asked for."""
        if self.wants_key:
            wanted, self.wants_key = self.wants_key, ""
            provider = wanted.partition(" ")[0]
            self.start(self.clerk.use_key(wanted, await self.reader.secret(f"key for {provider}, unseen: ")))
            return
        match await self.reader.read():
            case Typed(text=text) if text.strip():
                self._silence()
                self.start(asyncio.to_thread(self.seat.errands.remember, text.strip()))
                self.take_line(text.strip())
            case Typed():
                pass
            case Broken(text=text):
                self._broken(text)
            case Left():
                self.leave(None)

    def _broken(self, text: str) -> None:
        """Ctrl+C: an emptied line is all it does; else the run is interrupted; twice, leave."""
        if text:
            return
        if self.live:
            self.order(Interrupt())
        elif self.monotonic() - self._asked_to_quit < TWICE_S:
            self.leave(None)
        else:
            self._asked_to_quit = self.monotonic()
            self.say("Ctrl+C again to leave.")

    def take_line(self, text: str) -> None:
        """Do what a line says: answer a question, a command, a shell command, a note, or words for the model."""
        if self._answers(text):
            return
        said = heard(text)
        match said.kind:
            case "order":
                self.clerk.obey(said.name, said.text)
            case "shell":
                self.clerk.shell(said.text)
            case "note":
                self.clerk.do_remember(said.text)
            case "alone":
                self.say(said.text)
            case "words":
                self.start(self._say_words(said.text))

    async def _say_words(self, text: str) -> None:
        """Send words to the model, with the pictures of the workspace that they mention."""
        pictures = await asyncio.to_thread(self.seat.errands.pictures_in, text) if "@" in text else []
        if pictures:
            able = next((one.name for one in self.brains if isinstance(one, Brain)), "")
            attachments.require_sight(self.model or able, self.seat.errands.station.config)
        self.order(Submit(text=text, images=tuple(picture.image for picture in pictures)))
        if self.live:
            self.say("steers at the next step")

    def _answers(self, text: str) -> bool:
        """Whether the line was taken for an answer to the question above the prompt."""
        try:
            answer = self.answering.read(text, self.monotonic())
        except HermesError as error:
            answer = f"{error.message} {error.hint}"
        if isinstance(answer, str):
            self.say(answer, "warn")
        elif answer is not None:
            self.answering.given = True
            self.order(answer)
        return answer is not None

    async def _learn_files(self) -> None:
        self.sources.files = await asyncio.to_thread(self.seat.errands.files)

    # saying

    def _greet(self) -> None:
        facts = self.seat.facts
        self.show(f"hermes {facts.version} · {facts.workspace} · session {facts.session}", "bold")
        self.say("Enter sends a goal · / commands · @ file · ! shell command · # note · /help")
        for line in list(self.told())[-RECENT:]:
            self.say(line)

    async def _meet_brains(self) -> None:
        """Ask each provider what it offers; say who answers or what is missing."""
        await self.look_for_brains()
        able = [one for one in self.brains if isinstance(one, Brain)]
        if able:
            self.model = self.model or able[0].name
            self.say(f"{able[0].name} answers: {able[0].why}")
        else:
            self.say("No brain is connected yet. Everything else works.", "warn")
            for one in self.brains:
                if isinstance(one, Missing):
                    self.say(f"  {one.provider}: {one.found}. {one.remedy}")
            self.say("/demo shows a real goal with a scripted brain.")
            self.say("/key PROVIDER takes a key, unseen; it enters no file, history or log.")

    def _label(self) -> str:
        if self.answering.asked is not None and self.answering.open:
            return f"{answers_to(self.answering.asked)} › "
        return "steer › " if self.live else "goal › "

    def _status(self) -> str:
        parts = (self.policy_mode.value, self.model, self.spent(), self.seat.facts.sandbox)
        return "  ".join(part for part in parts if part)

    # from the kernel

    def _deliver(self, batch: Batch) -> None:
        if batch.overflowed:
            batch.records = missing(self.records(), self._seen)
        taken = 0
        for known, (place, part) in zip(batch.before, batch.parts, strict=True):
            for record in batch.records[taken:known]:
                self._take(record)
            taken = max(taken, known)
            self.speech.hear(place, part)
        for record in batch.records[taken:]:
            self._take(record)
        for error in batch.troubles:
            self.say(f"{error.message} {error.hint}".strip(), "fail")
        self._ask()
        self.refresh()

    def _take(self, record: Record) -> None:
        self._seen = record.seq
        body = record.body
        match body:
            case RunStarted():
                self.live, self.policy_mode = True, body.mode
            case RunResumed():
                self.live = True
            case RunPaused() | RunUnpaused():
                self.frozen = isinstance(body, RunPaused)
            case RunEnded():
                self.live = False
            case ApprovalAsked():
                return
            case ModelRequested() | ModelChosen():
                self.model = body.model
            case ModeChanged():
                self.policy_mode = body.mode
            case _:
                pass
        self._say_decided(body)
        self.speech.take(record)
        if isinstance(body, RunEnded):
            self._ended(body)

    def _say_decided(self, body: Event) -> None:
        """Say what an operator decided, here or elsewhere."""
        match body:
            case ModeChanged():
                self.say(f"mode {body.mode.value}")
            case CapRaised():
                cap = "no cap" if body.limits.usd is None else f"${body.limits.usd:.2f}"
                self.say(f"cap of the run is now {cap}, by {body.by}")
            case ApprovalGiven():
                allowed = body.decision == "allow"
                said = f"allowed {body.scope.value}" if allowed else f"denied: {body.reason or 'no reason'}"
                self.say(f"{said}, by {body.by}", "ok" if allowed else "fail")
            case _:
                return

    def _ended(self, body: RunEnded) -> None:
        """Say what the run cost and what can follow; begin what was queued."""
        self._ring()
        self.say(self.spent())
        if body.status == "done" and self.policy_mode is Mode.PLAN:
            self.say("/approve carries the plan out in mode ask; words change it first.", "accent")
        if body.status == "done" and self.queue:
            self.take_line(self.queue.pop(0))

    def _ask(self) -> None:
        """Print the oldest question if it is a new one."""
        waiting = self.state.calls.waiting
        asked = waiting[0] if waiting else None
        if asked == self.answering.asked:
            return
        self.answering.show(asked, self.monotonic())
        if asked is not None:
            for line, role in card_lines(asked, self.state):
                self.show(line, role)
            self._ring()

    def _ring(self) -> None:
        """Ring the bell, at most once in ten seconds: what comes sooner rings once they are over."""
        self._silence()
        wait_s = self._rung + BELL_S - self.monotonic()
        if wait_s > 0:
            self._due = asyncio.get_running_loop().call_later(wait_s, self._ring)
        else:
            self._rung = self.monotonic()
            self.reader.signal("\a")

    def _silence(self) -> None:
        """Take back a bell that is still to ring: there is somebody who reads."""
        if self._due is not None:
            self._due.cancel()
            self._due = None

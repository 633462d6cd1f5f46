"""One subagent under way in this process: its turns on its own loop, its deadline, its answer, its end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import field
from pathlib import Path
from typing import Any

from hermes_tui.domain.errors import ApprovalPending, JournalError, LimitReached, NoProvider, ProviderError, ToolError
from hermes_tui.domain.events import MessageGiven
from hermes_tui.domain.events.agent import AgentEnd
from hermes_tui.domain.ids import AgentId
from hermes_tui.domain.messages import Role, Source
from hermes_tui.domain.ports import Brains
from hermes_tui.domain.state import SessionState
from hermes_tui.domain.state.agents import AgentStatus
from hermes_tui.domain.values import mutable, replace
from hermes_tui.kernel.agents import assignment
from hermes_tui.kernel.agents.home import HomeBrains, HomeImages, HomeMemory, HomeShells, at_home
from hermes_tui.kernel.budget import SliceUsed
from hermes_tui.kernel.gate import Gate
from hermes_tui.kernel.in_doubt import settle_doubts
from hermes_tui.kernel.kit import Kit
from hermes_tui.kernel.loop_guard import LOOP
from hermes_tui.kernel.other_brains import OtherBrains
from hermes_tui.kernel.turn import run_turn
from hermes_tui.kernel.worker import Door


@mutable(eq=False)
class Subagent:
    """A child at work. `kit` is the run's, `door` leads to the child's loop, `home` to the run's.

    `waiting` is what an operator must answer first, `answered` is set when there was an answer to anything. `moved` is
    called when the child begins to wait. `before` is what is left of the child's last time out.
    """

    agent: AgentId
    kit: Kit
    home: Door
    door: Door
    gate: Gate
    moved: Callable[[], None]
    before: asyncio.Task[None] | None = None
    task: asyncio.Task[None] | None = None
    waiting: ApprovalPending | None = None
    answered: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def _state(self) -> SessionState:
        return self.kit.session.state

    @property
    def _status(self) -> AgentStatus:
        return self._state.agents.by_id[self.agent]

    async def pursue(self) -> None:
        """Carry the child to its end, through every question to the operator.

        Raises:
            HermesError: what stops the whole run leaves the child where it is.
        """
        if self.before is not None and not self.before.done():
            await asyncio.wait([self.before])
        await settle_doubts(self.kit, self._status.place, self.agent)
        while not await self._once():
            pass

    async def _once(self) -> bool:
        """Let the child work until it stops; return whether that was its end."""
        self.answered.clear()
        try:
            answer = await self._within_deadline()
        except ApprovalPending as pending:
            self.waiting = pending
            self.moved()
            await self.answered.wait()
            self.waiting = None
            return False
        except JournalError:
            raise
        except SliceUsed as used:
            end: tuple[AgentEnd, str] = ("limited", used.message)
        except LimitReached as reached:
            if reached.limit != LOOP:
                raise
            end = ("looped", reached.message)
        except ToolError as failed:
            end = ("failed", failed.message)
        except (NoProvider, ProviderError) as down:
            if not self._alone_in_this():
                raise
            end = ("failed", down.message)
        else:
            return self._handed_back(answer)
        end_agent(self.kit, self.agent, end, self._last_words())
        return True

    def _alone_in_this(self) -> bool:
        """Whether the child is answered by another brain than its parent, which can then go on without it."""
        own = self._status.spawned
        parent = self._state.agents.by_id.get(own.parent) if own.parent is not None else None
        return own.parent is not None and own.role != (parent.spawned.role if parent is not None else "cortex")

    async def _within_deadline(self) -> str:
        """Let the child work on its own loop until it hands back, or its time is up."""
        status, loop = self._status, self.home.loop
        limit_s = status.spawned.limits.seconds
        turn = loop.create_task(self.door.call(run_turn, self._own_kit(status), status.place, status.spawned.role))
        waits: set[asyncio.Task[Any]] = {turn}
        if limit_s is not None:
            waits.add(loop.create_task(self.kit.clock.sleep(self._left_s(status, limit_s))))
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            if turn.done():
                return turn.result()
            raise SliceUsed(f"Stopped after {limit_s:g} s, its deadline.", limit="seconds")
        finally:
            for one in waits:
                one.cancel()
            await asyncio.wait(waits)

    def _left_s(self, status: AgentStatus, limit_s: float) -> float:
        run = self._state.run
        used_s = self.kit.clock.now() - max(status.at, run.resumed_at) - run.paused_s
        return max(0.0, limit_s - max(0.0, used_s))

    def _own_kit(self, status: AgentStatus) -> Kit:
        """Return the child's own kit: its tools, its scope, its gate; what is not safe on its loop is done at home."""
        kit, spawned = self.kit, status.spawned
        return replace(
            assignment.own_words(kit, spawned),
            tools={name: at_home(self.home, kit.tools[name]) for name in spawned.tools if name in kit.tools},
            workspace=replace(kit.workspace, write=tuple(Path(path) for path in spawned.write)),
            gate=self.gate,
            images=HomeImages(self.home, kit.images),
            brains=self._brains(status),
            memory=HomeMemory(self.home, kit.memory) if kit.memory is not None else None,
            shells=HomeShells(self.home, kit.shells) if kit.shells is not None else None,
        )

    def _brains(self, status: AgentStatus) -> Brains:
        """Return who may answer the child: none of those that failed at its task before."""
        brains, tasks = HomeBrains(self.home, self.kit.brains), self._state.graph.status
        task = tasks.get(status.place.task) if status.place.task is not None else None
        return OtherBrains(brains, task.avoided) if task is not None and task.avoided else brains

    def _last_words(self) -> str:
        messages = self._state.talk.of(self.agent).messages
        return next((message.text for message in reversed(messages) if message.role is Role.MODEL), "")

    def _handed_back(self, answer: str) -> bool:
        """End a child that has answered; one that was told something since, or owes fields, goes on."""
        with self.kit.session.deciding:
            status, messages = self._status, self._state.talk.of(self.agent).messages
            if status.ended is None and messages[-1].role is not Role.MODEL:
                return False
            wanted = status.spawned.returns
            fields = assignment.fields_of(answer, wanted) if wanted else answer
            note = f"Answer with one JSON object with the fields {', '.join(wanted)}, nothing else."
            if fields is None and not any(message.text == note for message in messages):
                self.kit.session.emit(MessageGiven(text=note, source=Source.KERNEL), status.place)
                return False
            lacking: tuple[AgentEnd, str] = ("failed", "its answer lacks the fields that were asked for")
            end_agent(self.kit, self.agent, lacking if fields is None else ("done", ""), fields or answer)
            return True


def end_agent(kit: Kit, agent: AgentId, end: tuple[AgentEnd, str], answer: str) -> None:
    """Put a child's end on record, once."""
    with kit.session.deciding:
        state = kit.session.state
        status = state.agents.by_id.get(agent)
        if status is None or status.ended is not None:
            return
        long = len(answer) > assignment.REPORT_CHARACTERS
        path = kit.artifacts.keep(f"{agent}-answer.txt", answer.encode()) if long else ""
        kit.session.emit(assignment.homecoming(state, status, end, answer, kit.clock.now(), path), status.place)

"""The subagents of a run: sent out to worker loops, held, heard, and brought home whatever happens."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from hermes_tui.domain.errors import ApprovalPending, HermesError, ToolError
from hermes_tui.domain.events import (
    AgentEnded,
    AgentPaused,
    AgentSpawned,
    AgentUnpaused,
    ApprovalGiven,
    BoardSet,
    EditKind,
    MessageGiven,
    PlanEdited,
    TaskCancelled,
    TaskFailed,
    TaskFinished,
    TaskSkipped,
    ToolFinished,
)
from hermes_tui.domain.ids import AgentId, CallId, TaskId, child_session
from hermes_tui.domain.late import late
from hermes_tui.domain.messages import Role
from hermes_tui.domain.ports import ToolOutcome
from hermes_tui.domain.records import Place, Record
from hermes_tui.domain.state.agents import AgentStatus
from hermes_tui.domain.tasks import Task
from hermes_tui.domain.values import replace
from hermes_tui.kernel.gate import Gate
from hermes_tui.kernel.kit import Kit, News, Rest
from hermes_tui.kernel.loop_guard import LOOP
from hermes_tui.kernel.worker import Door, Workers

if TYPE_CHECKING:
    from hermes_tui.kernel.agents import assignment, subagent
else:
    assignment = late("hermes_tui.kernel.agents.assignment")
    subagent = late("hermes_tui.kernel.agents.subagent")

_ENDING: Final = frozenset({EditKind.CANCEL, EditKind.SKIP, EditKind.REMOVE, EditKind.EDIT, EditKind.RESTORE})
_TASK_ENDS: Final = frozenset({TaskFinished, TaskFailed, TaskSkipped, TaskCancelled, ToolFinished})
_STIRRING: Final = (AgentEnded, AgentSpawned, ApprovalGiven, BoardSet, MessageGiven)
_HEARD: Final = frozenset({*_STIRRING, AgentPaused, AgentUnpaused, PlanEdited})


class LoopCrew:
    """Runs the children that the journal says are out, as `kit.Crew`; every change of their fate is a record first.

    It lives on the run's own loop, its home; children run on worker loops. A child belongs to a task of the plan and
    ends with it; a run that stops leaves its children where they are, for the next process to take up.
    """

    def __init__(self, workers: Workers) -> None:
        self._workers = workers
        self._hands: dict[AgentId, subagent.Subagent] = {}
        self._tasks: dict[AgentId, asyncio.Task[None]] = {}
        self._doors: dict[AgentId, Door] = {}
        self._watchers: list[asyncio.Future[None]] = []
        self._stopped: BaseException | None = None
        self._open = False

    def open(self, kit: Kit, place: Place) -> Callable[[], Awaitable[None]]:
        """Take the run's children over on the running loop; return what brings them to a halt in the end."""
        self._kit, self._home = kit, Door(asyncio.get_running_loop())
        self._stopped, self._open = None, True
        kit.session.settle()
        bus = kit.session.bus
        leave = [bus.subscribe(self._hear, _HEARD), bus.subscribe(self._task_ended, _TASK_ENDS)]
        graph = kit.session.state.graph
        for status in kit.session.state.agents.live():
            task = status.place.task
            if status.place.run != place.run or task is None or task not in graph.status or graph.state_of(task).ended:
                self._end(status.agent, "what it was sent out for has ended")

        async def close() -> None:
            for each in leave:
                each()
            self._open = False
            for agent in tuple(self._hands):
                self._cancel(agent)
            await self._gone(tuple(self._tasks))

        return close

    async def delegate(
        self, kit: Kit, wanted: dict[str, Any], targets: Sequence[str], call_id: CallId, place: Place
    ) -> ToolOutcome:
        """Send a child out for the agent at `place`; a call that did so before a crash finds it again.

        Raises:
            ToolError: it asks for more than its parent has.
        """
        with kit.session.deciding:
            agents = kit.session.state.agents
            agent = next((one.agent for one in agents.by_id.values() if one.spawned.call_id == call_id), None)
            if agent is None:
                spawned = assignment.commission(kit, wanted, targets, call_id, place)
                agent = assignment.next_id(kit.session.state)
                child = replace(place, session=child_session(place.session, agent), agent=agent, turn=None)
                kit.session.emit(spawned, child)
        said = (
            f"{agent} is on its way. Its report will reach you as a message: do other work meanwhile, or end your turn "
            "with one line to wait for it. Do not do its task yourself."
        )
        return ToolOutcome(output=said, data=f'{{"agent": "{agent}"}}')

    def takes(self, task: Task, place: Place) -> bool:
        """Whether an agent task is a child's: the operator's own conversation, a plan's only task, is not."""
        state = self._kit.session.state
        status = state.agents.by_id.get(place.agent)
        if status is not None and status.place.run == place.run:
            return True
        return state.talk.of(place.agent).run != place.run and set(state.graph.tasks) != {task.id}

    async def carry_out(self, task: Task, text: str, place: Place) -> str:
        """Let a child carry out an agent task of the plan; return its answer.

        Raises:
            ToolError: it did not end well.
            ApprovalPending: it waits for an operator, and goes on by itself once there is an answer.
            HermesError: what stopped it stops the run.
        """
        agent = place.agent
        self._commission(task, text, place)
        self._start(agent)
        try:
            while True:
                self._check()
                ended = self._kit.session.state.agents.by_id[agent].ended
                if ended is not None:
                    return _result(ended)
                hand = self._hands.get(agent)
                if hand is not None and hand.waiting is not None:
                    raise ApprovalPending(hand.waiting.message, hint=hand.waiting.hint)
                await self._stir()
        except asyncio.CancelledError:
            self._cancel(agent)
            await self._gone([agent])
            raise

    def _commission(self, task: Task, text: str, place: Place) -> None:
        """Put the child on record, unless this very attempt did already."""
        known = self._kit.session.state.agents.by_id.get(place.agent)
        if known is not None and known.place.run == place.run:
            if known.ended is None or known.place.attempt == place.attempt:
                return
            before = f"An earlier attempt ended: {known.ended.status}, {known.ended.why}. What it did stands."
            text = "\n\n".join([text, before, *self._told_since(place.agent)])
        scope = self._kit.workspace
        write = tuple(str(scope.root / name) for name in task.write) or tuple(str(path) for path in scope.write)
        outside = [path for path in write if not any(Path(path).is_relative_to(own) for own in scope.write)]
        if outside:
            raise ToolError(f"{outside[0]} is outside the run's write scope.", kind="scope")
        spawned = assignment.of_task(self._kit, task, text, write)
        self._kit.session.emit(spawned, replace(place, session=child_session(place.session, place.agent)))

    def _told_since(self, agent: AgentId) -> list[str]:
        """Return what an agent that has ended was told since its last reply, such as why it is to try again."""
        talk = self._kit.session.state.talk.of(agent)
        said = [*talk.messages, *talk.unread]
        last = max((at for at, message in enumerate(said) if message.role is Role.MODEL), default=len(said) - 1)
        return [message.text for message in said[last + 1 :] if message.text]

    async def attend(self, agent: AgentId) -> None:
        """Start every child of `agent` that is out and not under way: after a crash, a stop or a pause."""
        await self._home.call(self._attend, agent)

    async def _attend(self, agent: AgentId) -> None:
        for status in self._kit.session.state.agents.children(agent):
            self._start(status.agent)

    async def rest(self, agent: AgentId, news: News) -> Rest:
        """Hold `agent` until there are news for it, or nothing that it could wait for.

        Raises:
            HermesError: what stopped a child stops the run.
        """
        return await self._home.call(self._rest, agent, news)

    async def _rest(self, agent: AgentId, news: News) -> Rest:
        while True:
            self._check()
            state = self._kit.session.state
            if news(state):
                return Rest.NEWS
            children = state.agents.children(agent)
            if not children:
                return Rest.ALONE
            if all((hand := self._hands.get(one.agent)) is None or hand.waiting is not None for one in children):
                return Rest.WAITING
            await self._stir()

    def _check(self) -> None:
        if self._stopped is not None:
            raise self._stopped

    async def until(self, news: News, seconds: float) -> None:
        """Hold who calls until there are news, or the time is over.

        Raises:
            HermesError: what stopped a child stops the run.
        """
        await self._home.call(self._until, news, seconds)

    async def _until(self, news: News, seconds: float) -> None:
        over = self._home.loop.create_task(self._kit.clock.sleep(seconds))
        try:
            while not news(self._kit.session.state) and not over.done():
                self._check()
                await asyncio.wait({over, self._stir()}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            over.cancel()

    def _stir(self) -> asyncio.Future[None]:
        """Return what ends when something has happened that may matter to who waits."""
        future: asyncio.Future[None] = self._home.loop.create_future()
        self._watchers.append(future)
        return future

    def _wake(self) -> None:
        watchers, self._watchers = self._watchers, []
        for future in watchers:
            if not future.done():
                future.set_result(None)

    def _hear(self, record: Record) -> None:
        """Follow the journal: whoever changes a child's fate does so by a record."""
        body, agent = record.body, record.place.agent
        hand = self._hands.get(agent)
        match body:
            case AgentSpawned() if body.parent is not None:
                self._start(agent)
            case AgentPaused() | AgentUnpaused() if hand is not None:
                (hand.gate.freeze if isinstance(body, AgentPaused) else hand.gate.thaw)()
            case AgentEnded():
                self._cancel(agent)
                for status in self._kit.session.state.agents.children(agent):
                    self._end(status.agent, "its parent has ended")
            case ApprovalGiven():
                for other in self._hands.values():
                    other.answered.set()
            case PlanEdited():
                self._follow_edit(body)
            case _:
                pass
        if isinstance(body, _STIRRING):
            self._wake()

    def _task_ended(self, record: Record) -> None:
        task, body = record.place.task, record.body
        if task is None or (isinstance(body, ToolFinished) and not body.ends_task):
            return
        if self._kit.session.state.agents.by_id:
            self._end_task(task, "the task it worked for has ended")

    def _follow_edit(self, edited: PlanEdited) -> None:
        for op in edited.ops:
            if op.kind in _ENDING:
                self._end_task(op.target, f"its task was changed or taken out of the plan: {edited.why}")
            elif op.kind is EditKind.PAUSE:
                for status in self._of_task(op.target):
                    self._cancel(status.agent)

    def _of_task(self, task: TaskId) -> list[AgentStatus]:
        return [status for status in self._kit.session.state.agents.live() if status.place.task == task]

    def _end_task(self, task: TaskId, why: str) -> None:
        for status in self._of_task(task):
            self._end(status.agent, why)

    def _end(self, agent: AgentId, why: str) -> None:
        subagent.end_agent(self._kit, agent, ("cancelled", why), "")

    def _cancel(self, agent: AgentId) -> None:
        """Stop what runs of a child; what it did stands, and the journal says whether it goes on some day."""
        hand = self._hands.pop(agent, None)
        if hand is not None and hand.task is not None and hand.task is not asyncio.current_task():
            hand.task.cancel()

    async def _gone(self, agents: Sequence[AgentId]) -> None:
        """Return when nothing of these children runs any more."""
        tasks = [self._tasks[agent] for agent in agents if agent in self._tasks]
        if tasks:
            await asyncio.wait(tasks)

    def _start(self, agent: AgentId) -> None:
        status = self._kit.session.state.agents.by_id.get(agent)
        if not self._open or agent in self._hands or status is None or status.ended is not None:
            return
        above = self._hands.get(status.spawned.parent) if status.spawned.parent is not None else None
        if agent not in self._doors:
            self._doors[agent] = self._workers.assign()
        gate = Gate(above.gate if above is not None else self._kit.gate)
        if status.paused:
            gate.freeze()
        hand = subagent.Subagent(
            agent, self._kit, self._home, self._doors[agent], gate, self._wake, self._tasks.get(agent)
        )
        self._hands[agent] = hand
        hand.task = self._tasks[agent] = self._home.loop.create_task(self._live(hand), name=f"agent:{agent}")

    async def _live(self, hand: subagent.Subagent) -> None:
        """Carry a child to its end; what stops the whole run leaves it where it is."""
        try:
            await hand.pursue()
        except HermesError as error:
            self._stopped = self._stopped or error
        except Exception as error:  # noqa: BLE001 - a worker ends here: whoever waits for the child raises it
            self._stopped = self._stopped or error
        finally:
            if self._hands.get(hand.agent) is hand:
                del self._hands[hand.agent]
            self._wake()


def _result(ended: AgentEnded) -> str:
    if ended.status != "done":
        kind = LOOP if ended.status == "looped" else ended.status
        raise ToolError(f"The subagent ended: {ended.status}. {ended.why}".strip(), kind=kind)
    return ended.answer

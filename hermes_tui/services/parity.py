"""Parity: one model in the shadow of another. It is asked what the other was asked; nothing that it wants is done."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import field
from pathlib import Path

from hermes_tui.domain.distance import calls_distance, distance, text_distance
from hermes_tui.domain.errors import LimitReached, NoProvider, ProviderError, UsageInvalid
from hermes_tui.domain.events import (
    AgentSpawned,
    ModelFinished,
    ModelRequested,
    RunEnded,
    RunStarted,
    SessionOpened,
    ToolRefused,
    WindowFilled,
)
from hermes_tui.domain.ids import AgentId, RequestId, RunId, SessionId
from hermes_tui.domain.messages import Message
from hermes_tui.domain.ports import Brain
from hermes_tui.domain.records import Place, Record
from hermes_tui.domain.state import SessionState, fold, fold_all
from hermes_tui.domain.tasks import Goal, Mode, TaskKind
from hermes_tui.domain.usage import Limits
from hermes_tui.domain.values import frozen, mutable, replace
from hermes_tui.kernel import context, window
from hermes_tui.kernel.agents import assignment
from hermes_tui.kernel.context import Filled
from hermes_tui.kernel.kit import Kit
from hermes_tui.kernel.step import take_step
from hermes_tui.services import history, kits, wiring
from hermes_tui.services.brains import ConfiguredBrains
from hermes_tui.services.premises import new_session
from hermes_tui.services.workstation import Workstation
from hermes_tui.version import VERSION

FAILED = 1.0
"""The distance of a turn that the shadow did not answer."""


@frozen(kw_only=False)
class Turn:
    """What a model was asked in a session, and what it replied; `errand` is that of the subagent that asked, if any."""

    number: int
    agent: AgentId
    messages: tuple[Message, ...]
    reply: ModelFinished
    errand: AgentSpawned | None = None


@frozen(kw_only=False)
class Pair:
    """Both replies to one request; `shadow` None is none, and `error` says why."""

    turn: Turn
    lead: ModelFinished
    shadow: ModelFinished | None
    error: str = ""

    @property
    def distance(self) -> float:
        """How far they are apart, from 0 to 1."""
        return FAILED if self.shadow is None else distance(self.lead.message, self.shadow.message)

    @property
    def calls_distance(self) -> float:
        """How far the calls are apart."""
        return FAILED if self.shadow is None else calls_distance(self.lead.message.calls, self.shadow.message.calls)

    @property
    def text_distance(self) -> float:
        """How far the words are apart."""
        return FAILED if self.shadow is None else text_distance(self.lead.message.text, self.shadow.message.text)


@mutable
class Parity:
    """What a comparison found. `kept_in` is the session that holds the shadow's replies; `stopped` names a cap."""

    lead: str
    shadow: str
    session: str
    kept_in: str
    most: float
    pairs: list[Pair] = field(default_factory=list[Pair])
    turns: int = 0
    stopped: LimitReached | None = None

    @property
    def distance(self) -> float:
        """The mean of all turns that were compared."""
        return sum(pair.distance for pair in self.pairs) / len(self.pairs) if self.pairs else FAILED

    @property
    def allowed(self) -> bool:
        """Whether the shadow may take over: every turn was compared, and they are close enough."""
        return self.stopped is None and self.distance <= self.most

    @property
    def code(self) -> int:
        """What a command ends with: 0 allowed, 1 refused, 3 a cap stopped it."""
        if self.stopped is not None:
            return 3
        return 0 if self.allowed else 1


async def run_with(station: Workstation, model: str, path: Path) -> str:
    """Run a goal file from its beginning with `model` in the lead; return its session."""
    leading = Workstation(replace(station.options, model=model, fresh=True))
    try:
        return str((await leading.pursue(path, [])).fields["session_id"])
    finally:
        leading.log.close()


async def compare(station: Workstation, lead: str, shadow: str, session: str, most: float) -> Parity:
    """Ask `shadow`, and `lead` where another answered, what the agents of a session were asked; see `Parity`.

    The replies are a session of their own, paid like any other; tools run in neither.

    Raises:
        UsageInvalid: no such session or model, it is of another workspace, or no agent ever spoke in it.
        NoProvider: a model cannot be asked at all.
    """
    records = history.records(station.sessions(), session)
    workspace = fold_all(records).run.workspace
    if workspace != str(station.root):
        raise UsageInvalid(f"{session} is a session of {workspace or 'no workspace'}.", hint=f"Add -C {workspace}.")
    turns = list(turns_of(records))
    if not turns:
        raise UsageInvalid(f"No agent was answered in {session}.", hint="Name a session whose model did something.")
    seats = _Seat(lead, _fixed(station, lead)), _Seat(shadow, _fixed(station, shadow))
    kept = new_session()
    found = Parity(
        lead=lead if any(turn.reply.model == lead for turn in turns) else await seats[0].name(),
        shadow=await seats[1].name(),
        session=session,
        kept_in=kept,
        most=most,
        turns=len(turns),
    )
    await _paired(station, seats, turns, found)
    return found


async def _paired(station: Workstation, seats: tuple[_Seat, _Seat], turns: Sequence[Turn], found: Parity) -> None:
    """Compare every turn, in a session of its own that is over in the end."""
    kept = SessionId(found.kept_in)
    place = Place(session=kept, run=RunId("r1"))
    with station.own(kept, []) as owned:
        goal = Goal(text=f"Compare {found.lead} with {found.shadow} on {found.session}.")
        caps = station.config.budgets.run
        owned.session.emit(SessionOpened(workspace="", version=VERSION), place)
        owned.session.emit(
            RunStarted(
                goal=goal,
                goal_digest=wiring.digest_of(goal.text),
                mode=Mode.PLAN,
                limits=Limits(usd=caps.usd, tokens=caps.tokens),
            ),
            place,
        )
        kit = await station.kits.make(owned.session, kept, station.config, seats[1].brains)
        await _all(_Bench(kit, place, *seats), turns, found)
        ended = RunEnded(
            status="done" if found.allowed else "not_done",
            exit_code=found.code,
            answer=f"The distance is {found.distance:.2f}; {found.most:.2f} is allowed.",
        )
        await owned.session.commit(owned.session.emit(ended, place))
        kit.day.give_back()


@frozen(kw_only=False)
class _Seat:
    """A model and the brains that know no other."""

    model: str
    brains: ConfiguredBrains

    async def name(self) -> str:
        """Return the whole name of the model.

        Raises:
            NoProvider: it cannot be asked.
        """
        offers = await self.brains.look(self.model)
        for offer in offers:
            if isinstance(offer, Brain):
                return offer.name
        missing = [offer for offer in offers if not isinstance(offer, Brain)]
        said = "; ".join(one.found for one in missing)
        raise NoProvider(f"{self.model} cannot answer: {said}.", hint=" ".join(one.remedy for one in missing))


def _fixed(station: Workstation, model: str) -> ConfiguredBrains:
    """Return brains that never fall back: the reply of another model would say nothing about this one."""
    return station.brains(replace(station.config, strategy="fixed"), wanted=model)


def turns_of(records: Sequence[Record]) -> Iterator[Turn]:
    """Yield every reply that an agent of a session or one of its subagents got, with what its request carried.

    They come in the order of the replies, as the journal holds them: agents that work side by side take turns.
    """
    state = SessionState()
    filled: set[RequestId] = set()
    asked: dict[RequestId, tuple[Message, ...]] = {}
    number = 0
    for record in records:
        body = record.body
        if isinstance(body, WindowFilled):
            filled.add(body.request_id)
        if isinstance(body, ModelRequested) and body.request_id in filled and _is_agent(state, record.place):
            asked[body.request_id] = window.said(state, record.place)
        if isinstance(body, ModelFinished) and body.usage.asked and body.request_id in asked:
            number += 1
            status = state.agents.by_id.get(record.place.agent)
            spawned = status.spawned if status is not None else None
            yield Turn(number, record.place.agent, asked.pop(body.request_id), body, spawned)
        state = fold(state, record)


def _is_agent(state: SessionState, place: Place) -> bool:
    """Whether an agent of the plan or one of its subagents speaks at `place`, and not what thinks on its behalf."""
    if place.agent in state.agents.by_id:
        return True
    task = state.graph.tasks.get(place.task) if place.task is not None else None
    return task is not None and task.kind is TaskKind.AGENT and place.agent == kits.agent_of(task.id)


@frozen(kw_only=False)
class _Bench:
    """Where both models are asked: a session of its own, in which no tool ever runs."""

    kit: Kit
    place: Place
    lead: _Seat
    shadow: _Seat

    async def pair(self, turn: Turn, lead_name: str) -> Pair:
        """Return both replies to what was asked in `turn`; what the leading model said already is not asked again.

        Raises:
            LimitReached: a cap leaves no room for it.
            NoProvider, ProviderError: the leading model did not answer.
        """
        lead = turn.reply if turn.reply.model == lead_name else await self._ask(self.lead, turn, "lead")
        try:
            return Pair(turn, lead, await self._ask(self.shadow, turn, "shadow"))
        except (NoProvider, ProviderError) as error:
            return Pair(turn, lead, None, error.message)

    async def _ask(self, seat: _Seat, turn: Turn, who: str) -> ModelFinished:
        kit = replace(self.kit, brains=seat.brains)
        place = replace(self.place, agent=AgentId(f"{who}-{turn.number}"))

        asking = kit if turn.errand is None else assignment.own_words(kit, turn.errand)

        async def build(brain: Brain) -> Filled:
            return Filled(context.request_of(asking, brain, turn.messages))

        record, _ = await take_step(kit, place, seat.model, build)
        reply = record.body
        if not isinstance(reply, ModelFinished):
            raise TypeError(record.type)
        for call in reply.message.calls:
            refused = ToolRefused(
                call_id=call.call_id, tool=call.name, stage="policy", reason="A comparison runs no tool."
            )
            kit.session.emit(refused, place)
        return reply


async def _all(bench: _Bench, turns: Sequence[Turn], found: Parity) -> None:
    for turn in turns:
        try:
            found.pairs.append(await bench.pair(turn, found.lead))
        except LimitReached as error:
            found.stopped = error
            return

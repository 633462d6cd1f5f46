"""Which rows the task graph has: lanes over tasks and folded groups, and below an open task its agents and steps."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from typing import Final

from hermes_tui.domain.estimate import Rates
from hermes_tui.domain.ids import AgentId, TaskId
from hermes_tui.domain.patterns import later
from hermes_tui.domain.state import SessionState
from hermes_tui.domain.state.agents import AgentStatus
from hermes_tui.domain.state.graph import GraphState, TaskStatus
from hermes_tui.domain.state.spend import Spent
from hermes_tui.domain.tasks import Task, TaskKind, TaskState
from hermes_tui.domain.values import mutable
from hermes_tui.interfaces._startable import states_now
from hermes_tui.interfaces.tui.chronicle import Chronicle, Step
from hermes_tui.interfaces.tui.drawing import wording
from hermes_tui.interfaces.tui.drawing.glyphs import DONE, FAILED, IN_DOUBT, LEFT, NEEDS_YOU, RUNNING, WAITING, Sign
from hermes_tui.interfaces.tui.graph.lanes import LaneRow, lay_out, longest_chain, order
from hermes_tui.interfaces.tui.graph.remaining import Remaining, expected_s, remaining
from hermes_tui.interfaces.tui.graph.rows import (
    MOST_LANES_WIDTH,
    AgentRow,
    GraphRow,
    GroupRow,
    Lanes,
    StepRow,
    TaskRow,
)
from hermes_tui.interfaces.tui.graph.signs import TASK

FOLD_ABOVE: Final = 40
"""With more tasks than this, groups begin folded."""
LEAST_GROUP: Final = 3
LAST_STEPS: Final = 4
"""So many steps of a running task stand below it by themselves; Space shows all of them."""
LEAST_WEIGHT: Final = 0.001
"""What a task that takes no time by itself, such as a join, adds to a chain: it belongs to it all the same."""
_STEM: Final = later(r"(.+?)[-_]?\d+|(.+)[-_][^-_]+")
_FIRST: Final = (NEEDS_YOU, IN_DOUBT, FAILED, RUNNING, WAITING, LEFT)

Node = tuple[str, str]


def needs_of(state: SessionState) -> dict[TaskId, list[TaskId]]:
    """Return what each task needs, its guard included."""
    found: dict[TaskId, list[TaskId]] = {}
    for task in state.graph.tasks.values():
        guard = [task.when.task] if task.when is not None else []
        found[task.id] = [need for need in (*task.needs, *guard) if need in state.graph.tasks]
    return found


def groups_of(tasks: Iterable[TaskId]) -> dict[str, tuple[TaskId, ...]]:
    """Return the tasks whose ids share a stem, such as `read-1` and `read-2`, where there are enough of them."""
    found: defaultdict[str, list[TaskId]] = defaultdict(list)
    for task in tasks:
        matched = _STEM.fullmatch(task)
        if matched is not None:
            found[matched[1] or matched[2]].append(task)
    return {stem: tuple(members) for stem, members in found.items() if len(members) >= LEAST_GROUP}


def sign_of(state: TaskState, *, asks: bool) -> Sign:
    """Return the sign of a task: an open question comes before its state."""
    return NEEDS_YOU if asks and not state.ended else TASK[state]


@mutable
class GraphRows:
    """The rows. Lanes are laid out again only when the plan, the critical path or what is folded changes.

    `toggled` are the groups and tasks that the operator opened or folded against what they begin as. `rates` say what
    such tasks take: by them the critical path is the one that takes longest; without them, the one of most tasks.
    """

    toggled: set[Hashable] = field(default_factory=set[Hashable])
    rates: Rates | None = None
    path: frozenset[TaskId] = frozenset()
    groups: Mapping[str, tuple[TaskId, ...]] = field(default_factory=dict[str, tuple[TaskId, ...]])
    remaining: Remaining = Remaining()
    width: int = 1
    _known: tuple[GraphState, frozenset[Hashable], Rates | None] | None = None
    _signature: object = None
    _laid: Sequence[LaneRow[Node]] = ()

    def tasks(self, state: SessionState, chronicle: Chronicle) -> dict[TaskId, TaskRow]:
        """Return a row for each task, without its lanes."""
        asking = {asked.task for asked in chronicle.asked.values()}
        return {
            name: self._task(state, chronicle, name, sign_of(now, asks=name in asking))
            for name, now in states_now(state).items()
        }

    def of(
        self, state: SessionState, chronicle: Chronicle, plain: Mapping[TaskId, TaskRow], *, steps: bool
    ) -> list[GraphRow]:
        """Return the rows in the order of the lanes; with `steps`, running tasks show theirs."""
        self._lay_out(state)
        rows: list[GraphRow] = []
        for laid in self._laid:
            lanes = Lanes(cells=laid.cells, width=self.width)
            if laid.node[0] == "group":
                rows.append(self._group(state, laid.node[1], lanes, plain))
                continue
            rows += self._with_steps(state, chronicle, plain[TaskId(laid.node[1])], (laid, lanes), steps=steps)
        return rows

    @property
    def tops(self) -> Mapping[TaskId, int]:
        """At which row each task stands that is not folded away."""
        return {TaskId(laid.node[1]): at for at, laid in enumerate(self._laid) if laid.node[0] == "task"}

    def fold_all(self, state: SessionState, plain: Mapping[TaskId, TaskRow]) -> None:
        """Fold every group but those with something under way or wrong."""
        begin_folded = len(state.graph.tasks) > FOLD_ABOVE
        self.toggled = {
            ("group", stem)
            for stem, members in self.groups.items()
            if any(plain[task].sign in _FIRST for task in members) is begin_folded
        }

    def folded(self, stem: str, count: int) -> bool:
        """Whether a group stands as one row, in a graph of `count` tasks."""
        return (count > FOLD_ABOVE) is not (("group", stem) in self.toggled)

    def group_of(self, task: TaskId) -> str:
        """Return the stem of the group that a task belongs to, empty if it does to none."""
        return next((stem for stem, members in self.groups.items() if task in members), "")

    # lanes

    def _lay_out(self, state: SessionState) -> None:
        known = (state.graph, frozenset(self.toggled), self.rates)
        if self._known is not None and known[0] is self._known[0] and known[1:] == self._known[1:]:
            return
        self._known = known
        expected = expected_s(state.graph, self.rates)
        weight = {
            name: 0.0 if status.state.ended or name in state.graph.dormant else LEAST_WEIGHT + expected.get(name, 1.0)
            for name, status in state.graph.status.items()
        }
        signature = (state.graph.rev, frozenset(self.toggled), tuple(weight.values()))
        if signature != self._signature:
            self._signature = signature
            self._draw_lanes(needs_of(state), weight)
        self.remaining = remaining(state.graph, self.path, expected)

    def _draw_lanes(self, needs: Mapping[TaskId, Sequence[TaskId]], weight: Mapping[TaskId, float]) -> None:
        chain = frozenset(longest_chain(needs, weight))
        self.path = chain if len(chain) > 1 else frozenset()
        self.groups = groups_of(needs)
        count = len(needs)
        home: dict[TaskId, Node] = {name: ("task", name) for name in needs}
        for stem, members in self.groups.items():
            if self.folded(stem, count):
                home |= dict.fromkeys(members, ("group", stem))
        folded: dict[Node, dict[Node, None]] = {home[name]: {} for name in needs}
        for name, some in needs.items():
            folded[home[name]] |= {home[need]: None for need in some if home[need] != home[name]}
        flat = {node: list(some) for node, some in folded.items()}
        path = frozenset(home[name] for name in self.path)
        self._laid = lay_out(flat, path, order(flat, path or frozenset(flat)))
        self.width = min(max((len(row.cells) for row in self._laid), default=1), MOST_LANES_WIDTH)

    # rows

    def _task(self, state: SessionState, chronicle: Chronicle, name: TaskId, sign: Sign) -> TaskRow:
        task, status = state.graph.tasks[name], state.graph.status[name]
        begun = status.state in (TaskState.RUNNING, TaskState.WAITING)
        if chronicle.ended and begun and sign is not NEEDS_YOU:
            sign = IN_DOUBT if name in chronicle.doubts else LEFT
        elif sign is RUNNING and task.kind is TaskKind.TOOL and chronicle.waits_its_turn(name):
            sign = WAITING
        return TaskRow(
            task=task,
            status=status,
            lanes=Lanes(cells="*", width=1),
            sign=sign,
            word=_word(task, status, sign),
            who=_who(chronicle, task),
            cost=wording.cents(state.spend.by_task.get(name)),
            until=chronicle.ended,
        )

    def _group(self, state: SessionState, stem: str, lanes: Lanes, plain: Mapping[TaskId, TaskRow]) -> GroupRow:
        members = tuple(plain[task] for task in self.groups[stem] if task in plain)
        present = [row.sign for row in members]
        sign = next((one for one in _FIRST if one in present), None)
        if sign is None:
            open_one = TASK[TaskState.READY if TASK[TaskState.READY] in present else TaskState.PENDING]
            sign = DONE if all(row.status.state.ended for row in members) else open_one
        spent = [share for row in members if (share := state.spend.by_task.get(row.task.id)) is not None]
        whole = Spent(
            calls=sum(one.calls for one in spent),
            usd=sum(one.usd for one in spent),
            unknown=sum(one.unknown for one in spent),
        )
        return GroupRow(stem=stem, members=members, lanes=lanes, sign=sign, cost=wording.cents(whole))

    def _with_steps(
        self,
        state: SessionState,
        chronicle: Chronicle,
        row: TaskRow,
        laid: tuple[LaneRow[Node], Lanes],
        *,
        steps: bool,
    ) -> Iterator[GraphRow]:
        below = Lanes(cells=laid[0].under, width=self.width)
        alone = row.task.kind is TaskKind.TOOL
        found = [] if alone else list(chronicle.steps.get(row.task.id, {}).values())
        agents = [one for one in state.agents.by_id.values() if one.place.task == row.task.id]
        sent = [one for one in agents if one.spawned.parent is not None]
        by_itself = steps and row.live
        opened = by_itself is not (row.key in self.toggled)
        mark = ("▼" if opened else "►") if found or sent else ""
        yield TaskRow(
            task=row.task,
            status=row.status,
            lanes=laid[1],
            sign=row.sign,
            word=row.word,
            who=row.who,
            cost=row.cost,
            mark=mark,
            until=row.until,
        )
        if not opened:
            return
        others = {one.agent for one in sent}
        own = [step for step in found if step.agent not in others]
        yield from _step_rows(own[-LAST_STEPS:] if by_itself else own, below, 1)
        asking = {asked.agent for asked in chronicle.asked.values()}
        for one in sent:
            cost = wording.cents(state.spend.by_agent.get(one.agent))
            yield AgentRow(agent=one, lanes=below, asks=one.agent in asking, cost=cost, until=chronicle.ended)
            mine = [step for step in found if step.agent == one.agent]
            if one.ended is None or row.key in self.toggled:
                yield from _step_rows(mine[-LAST_STEPS:] if by_itself else mine, below, 2)


def agent_of(state: SessionState, task: TaskId) -> AgentStatus | None:
    """Return the agent that the plan sent out for a task, the latest if there were several."""
    found = [one for one in state.agents.by_id.values() if one.place.task == task and one.spawned.parent is None]
    return found[-1] if found else None


def speaker_of(state: SessionState, row: GraphRow) -> AgentId | None:
    """Return the agent whose conversation belongs to a row."""
    match row:
        case AgentRow():
            return row.agent.agent
        case StepRow():
            return row.step.agent
        case TaskRow():
            status = agent_of(state, row.task.id)
            named = AgentId(str(row.task.id))
            return status.agent if status is not None else named if named in state.talk.by_agent else None
        case GroupRow():
            return None


def _step_rows(steps: Sequence[Step], lanes: Lanes, depth: int) -> Iterator[StepRow]:
    """Yield a row per step; neighbours alike that went well share one."""
    at = 0
    while at < len(steps):
        first, count = steps[at], 1
        alike = (first.tool, DONE)
        while at + count < len(steps) and alike == (steps[at + count].tool, steps[at + count].sign) == (
            first.tool,
            first.sign,
        ):
            count += 1
        yield StepRow(step=first, count=count, lanes=lanes, depth=depth)
        at += count


def _word(task: Task, status: TaskStatus, sign: Sign) -> str:
    if sign is RUNNING and status.attempts > 1:
        return f"try {tries(task, status, '/')}"
    return sign.word


def tries(task: Task, status: TaskStatus, of: str) -> str:
    """Return how often a task was tried and, as long as that is within what its plan allows, how often it may be."""
    return f"{status.attempts}{of}{task.retry + 1}" if task.retry >= status.attempts - 1 else f"{status.attempts}"


def _who(chronicle: Chronicle, task: Task) -> str:
    model = chronicle.task_models.get(task.id, "")
    return model.partition(":")[2] or model or task.use or task.kind.value

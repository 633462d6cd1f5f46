"""The ladder of a failed task: repair the call, retry, another model, simpler tasks, ask; each rung on record."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from hermes_tui.domain.approval import Decision
from hermes_tui.domain.errors import ApprovalPending, EditRefused, HermesError, JournalError, NoProvider, ToolError
from hermes_tui.domain.events import ApprovalAsked, RecoveryTried
from hermes_tui.domain.ids import ApprovalId, CallId
from hermes_tui.domain.records import Place
from hermes_tui.domain.state.calls import RECOVER
from hermes_tui.domain.state.graph import TaskStatus
from hermes_tui.domain.tasks import Reach, Rung, Task, TaskKind
from hermes_tui.domain.values import frozen
from hermes_tui.kernel import circuits
from hermes_tui.kernel.chance import up_to
from hermes_tui.kernel.consult import aside, consult
from hermes_tui.kernel.kit import Kit
from hermes_tui.kernel.tasks import replan

GOAL: Final = "goal"
REPAIRS: Final = 2
RETRIES: Final = 2
"""How often a planner's own task is tried again where the error may pass; a declared one says so itself."""
CEILING_S: Final = 30.0
TRANSIENT: Final = frozenset(
    {"deadline", "network", "sandbox", "rate_limited", "unavailable", "server", circuits.REFUSED}
)
"""What may pass by itself."""
PERMANENT: Final = frozenset(
    {"arguments", "path", "private_address", "too_large", "unanswered", "refusal", "loop"}
    | {f"refused_{stage}" for stage in ("schema", "policy", "critic", "approval", "budget", "loop")}
)
"""What the same call meets again each time."""
UNREPAIRABLE: Final = frozenset({"unanswered", "refused_policy", "refused_approval", "refused_budget", "refusal"})
REPAIR_TEXT: Final = """\
You repair the arguments of one tool call that failed. Answer with the JSON object of the new arguments, nothing else.
Change only what the error asks for. If no arguments can help, answer {}."""


@frozen
class _Fall:
    """A failed attempt at a task, and what is known of it."""

    kit: Kit
    task: Task
    place: Place
    error: ToolError

    @property
    def status(self) -> TaskStatus:
        return self.kit.session.state.graph.status[self.task.id]

    @property
    def declared(self) -> bool:
        """Whether an operator wrote the task, so that no model may change it."""
        return self.status.by in (GOAL, "operator", "abandon") and self.task.kind is TaskKind.TOOL

    @property
    def hopeless(self) -> bool:
        """Whether the very same call would fail again; an agent finds other calls."""
        return self.task.kind is TaskKind.TOOL and self.error.kind in PERMANENT

    def take(self, rung: Rung, why: str, *, args: str = "", avoided: str = "") -> None:
        """Put a rung on record."""
        self.kit.session.emit(RecoveryTried(rung=rung, why=why, args=args, avoided=avoided), self.place)


def is_final(kit: Kit, task: Task, place: Place, error: ToolError) -> bool:
    """Whether nothing is left to try for sure: the operator's own call would fail alike, or no retry is left to it.

    An operator who is there is asked only about what may end otherwise next time.
    """
    fall = _Fall(kit=kit, task=task, place=place, error=error)
    spent = not kit.attended and fall.status.ladder.count(Rung.RETRY) >= task.retry
    return fall.declared and (fall.hopeless or spent)


Climb = Callable[[_Fall], Awaitable[str]]
"""Tries a rung: empty if it was taken, else why it is not open."""


async def recover(kit: Kit, task: Task, place: Place, error: ToolError) -> bool:
    """Take the next rung that is open; return whether the task may run again.

    Raises:
        ApprovalPending: the operator was asked what to do about the task.
    """
    fall = _Fall(kit=kit, task=task, place=place, error=error)
    closed: list[str] = []
    for rung, climb in _LADDER.items():
        try:
            why = await climb(fall)
        except (ApprovalPending, JournalError):
            raise
        except HermesError as trouble:
            why = trouble.message
        if not why:
            return True
        closed.append(f"{rung}: {why}")
    kit.session.emit(RecoveryTried(rung=Rung.ASK, taken=False, why="; ".join(closed)), place)
    return False


async def _repair(fall: _Fall) -> str:
    """Ask a model for better arguments; the new call goes through schema, policy and approval like any other."""
    tool = fall.kit.tools.get(fall.task.use)
    if fall.task.kind is not TaskKind.TOOL or tool is None:
        return "it is no tool call"
    if fall.declared:
        return "its arguments are the operator's own"
    if fall.error.kind in UNREPAIRABLE or fall.error.kind in TRANSIENT:
        return f"the arguments are not at fault ({fall.error.kind})"
    if fall.status.ladder.count(Rung.REPAIR) >= REPAIRS:
        return f"tried {REPAIRS} times"
    old = fall.status.args or fall.task.args
    text = (
        f"Tool: {tool.spec.schema.name}\nSchema: {tool.spec.schema.parameters}\nArguments: {old}\nError: {fall.error}"
    )
    reply = await consult(fall.kit, aside(fall.place, "repair"), REPAIR_TEXT, text, "cortex")
    args = _object_in(reply)
    if not args or args == json.loads(old):
        return "no better arguments were found"
    fall.take(Rung.REPAIR, f"{fall.error.kind}: new arguments", args=json.dumps(args, ensure_ascii=False))
    return ""


def _object_in(reply: str) -> dict[str, object]:
    """Return the JSON object of a reply, empty if there is none."""
    first, last = reply.find("{"), reply.rfind("}")
    try:
        found: object = json.loads(reply[first : last + 1])
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}  # pyright: ignore[reportUnknownVariableType]


async def _retry(fall: _Fall) -> str:
    """Try the same again, after a while where the error may pass by itself."""
    if fall.error.kind in PERMANENT:
        return f"{fall.error.kind} would come again"
    transient = fall.error.kind in TRANSIENT
    tried = fall.status.ladder.count(Rung.RETRY)
    most = fall.task.retry if fall.declared or not transient else max(fall.task.retry, RETRIES)
    if tried >= most:
        return f"tried {tried} times" if most else "the plan allows none"
    delay_s = up_to(min(CEILING_S, 2.0**tried)) if transient else 0.0
    if fall.error.kind == circuits.REFUSED:
        delay_s += circuits.ready_in_s(fall.kit.session.state, fall.kit.clock.now())
    fall.take(Rung.RETRY, f"{fall.error.kind}: again in {delay_s:.1f} s, {most - tried - 1} left")
    if delay_s:
        await fall.kit.clock.sleep(delay_s)
    return ""


async def _other_model(fall: _Fall) -> str:
    """Let a brain try that did not fail at the task yet."""
    if fall.task.kind not in (TaskKind.AGENT, TaskKind.LLM):
        return "no model carried it out"
    failed = fall.status.model
    if not failed or failed in fall.status.avoided:
        return "no brain answered for it"
    avoided = dict.fromkeys((*fall.status.avoided, failed), "it failed at this task")
    try:
        other = await fall.kit.brains.choose(fall.task.model or fall.task.kind.value, avoided)
    except NoProvider:
        return "there is no other brain"
    fall.take(Rung.OTHER_MODEL, f"{failed} failed; {other.name} tries", avoided=failed)
    return ""


async def _simplify(fall: _Fall) -> str:
    """Let the planner put simpler tasks in its place; what is finished is kept."""
    if fall.declared:
        return "the plan is the operator's own"
    if Rung.SIMPLIFY in fall.status.ladder:
        return "tried already"
    try:
        said = await replan.simplify(fall.kit, fall.task, fall.place, str(fall.error))
    except EditRefused as refused:
        return f"the simpler plan was refused: {refused.message}"
    return said


async def _ask(fall: _Fall) -> str:
    """Ask the operator, where one is there: allow tries once more, deny gives the task up."""
    if not fall.kit.attended:
        return "nobody is there"
    if fall.hopeless:
        return f"{fall.error.kind} would come again"
    approval = ApprovalId(f"recover-{fall.task.id}-{fall.place.attempt}"[-60:])
    calls = fall.kit.session.state.calls
    given = calls.given.get(approval)
    if given is None:
        if approval not in calls.asked:
            fall.kit.session.emit(_question(fall, approval), fall.place)
        raise ApprovalPending(f"Task {fall.task.id} failed: {fall.error}", hint=f"hermes approvals allow {approval}")
    if given.decision is Decision.DENY:
        return "the operator gave it up"
    fall.take(Rung.ASK, "the operator wants another try")
    return ""


def _question(fall: _Fall, approval: ApprovalId) -> ApprovalAsked:
    return ApprovalAsked(
        approval_id=approval,
        call_id=CallId(f"{fall.task.id}-r{fall.place.attempt}"[-40:]),
        tool=RECOVER,
        what=f"Task {fall.task.id} failed: {str(fall.error).rstrip('.')}. Try it once more?",
        why="Every other way to mend it is used up.",
        reach=Reach.NONE,
        undo="",
        digest=approval,
    )


_LADDER: Final[Mapping[Rung, Climb]] = {
    Rung.REPAIR: _repair,
    Rung.RETRY: _retry,
    Rung.OTHER_MODEL: _other_model,
    Rung.SIMPLIFY: _simplify,
    Rung.ASK: _ask,
}

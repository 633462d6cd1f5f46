"""An agent's window: what of its conversation the next request carries, and why; it never overflows."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import takewhile
from typing import TYPE_CHECKING, Final

from hermes_tui.domain.errors import NoProvider
from hermes_tui.domain.events import OutputsPruned, Portion
from hermes_tui.domain.ids import CallId
from hermes_tui.domain.late import late
from hermes_tui.domain.messages import Message, Role, Source, Text, ToolResult
from hermes_tui.domain.parts import ModelRequest
from hermes_tui.domain.ports import Brain
from hermes_tui.domain.records import Place
from hermes_tui.domain.state import SessionState
from hermes_tui.domain.state.standing import standing
from hermes_tui.domain.state.window import Window
from hermes_tui.domain.values import frozen, replace
from hermes_tui.kernel import budget, context, excerpt
from hermes_tui.kernel.context import Filled
from hermes_tui.kernel.kit import Kit

if TYPE_CHECKING:
    from hermes_tui.kernel import compaction
else:
    compaction = late("hermes_tui.kernel.compaction")

RECENT: Final = 6
"""The latest messages, whose outputs stay whole as long as they fit."""
DIGEST_OVER: Final = 800
HEAD, TAIL, TROUBLE = 240, 120, 240
OUTPUT_SHARE: Final = 4
"""The part of a window, one in so many, that is kept free for the reply."""
MEMORY_MARK: Final = "# Memory ("
SHARES: Final = {"system": 0.30, "tools": 0.30, "memory": 0.10, "plan": 0.10}
"""What a section may take of the input; history may take whatever the others leave."""


class WindowTooSmall(NoProvider):
    """What every request must carry does not fit into the model's window."""


@frozen(kw_only=False)
class Carried:
    """Messages of a request; `where` says in words what became of those that are not carried as they were said."""

    messages: tuple[Message, ...]
    where: tuple[str, ...]


async def fill(kit: Kit, brain: Brain, place: Place) -> Filled:
    """Return the next request of the agent at `place`, within the brain's window.

    Old outputs become digests every so many steps, and where the window would overflow; then older messages become a
    verified summary. Both are records, so that what is carried can be asked for and taken back.

    Raises:
        WindowTooSmall: rules, tools and the latest messages alone do not fit.
    """
    steps = kit.session.state.talk.of(place.agent).steps
    if steps and steps % kit.prune_steps == 0:
        prune(kit, brain, place, RECENT, f"every {kit.prune_steps} steps")
    if kit.session.state.windows.of(place.agent).asked:
        await _condense_said(kit, brain, place)
    request = _request(kit, brain, place)
    size = context.size_bytes(request)
    for relieve in _RELIEFS:
        if not _over(kit, brain, size):
            break
        await relieve(kit, brain, place)
        request = _request(kit, brain, place)
        size = context.size_bytes(request)
    used = budget.input_bound(kit.session.state, brain, size)
    if brain.window_known and used + budget.LEAST_OUTPUT_TOKENS > brain.window_tokens:
        raise _too_small(brain, used)
    portions = _portions(kit, brain, place, request, size)
    return Filled(request, portions, carried(kit.session.state, place).where, size)


def input_cap(kit: Kit, brain: Brain) -> int:
    """Return the tokens that a request may take of the window, so that there is room for a reply."""
    wanted = brain.max_tokens or kit.max_output_tokens
    return brain.window_tokens - max(budget.LEAST_OUTPUT_TOKENS, min(wanted, brain.window_tokens // OUTPUT_SHARE))


def room_tokens(kit: Kit, brain: Brain, place: Place) -> int:
    """Return what system text, tools and plan leave to the conversation."""
    bare = context.request_of(kit, brain, _card(kit.session.state, place))
    return input_cap(kit, brain) - budget.input_bound(kit.session.state, brain, context.size_bytes(bare))


def _over(kit: Kit, brain: Brain, size_bytes: int) -> bool:
    return budget.input_bound(kit.session.state, brain, size_bytes) > input_cap(kit, brain)


async def _prune_old(kit: Kit, brain: Brain, place: Place) -> None:
    prune(kit, brain, place, RECENT, "the window was full")


async def _condense(kit: Kit, brain: Brain, place: Place) -> None:
    await compaction.compact(kit, brain, place, room_tokens(kit, brain, place))


async def _condense_said(kit: Kit, brain: Brain, place: Place) -> None:
    """Condense as if the window were no larger than what was said."""
    size = sum(map(context.message_bytes, carried(kit.session.state, place).messages))
    said_tokens = budget.input_bound(kit.session.state, brain, size)
    await compaction.compact(kit, brain, place, min(said_tokens, room_tokens(kit, brain, place)))


async def _prune_all(kit: Kit, brain: Brain, place: Place) -> None:
    prune(kit, brain, place, 0, "the window was full of recent outputs")


async def _shorten(kit: Kit, brain: Brain, place: Place) -> None:
    shorten(kit, brain, place)


async def _condense_hard(kit: Kit, brain: Brain, place: Place) -> None:
    compaction.compact_hard(kit, place, room_tokens(kit, brain, place), brain)


_RELIEFS: Final = (_prune_old, _condense, _prune_all, _shorten, _condense_hard)
"""What makes room, from what costs the agent least to what costs it most."""


def _request(kit: Kit, brain: Brain, place: Place) -> ModelRequest:
    state = kit.session.state
    return context.request_of(kit, brain, said(state, place))


def said(state: SessionState, place: Place) -> tuple[Message, ...]:
    """Return every message that the next request of the agent at `place` carries; pure."""
    return (*carried(state, place).messages, *_card(state, place))


def carried(state: SessionState, place: Place) -> Carried:
    """Return what the window carries of the conversation of the agent at `place`; pure."""
    messages, window = state.talk.of(place.agent).messages, state.windows.of(place.agent)
    done = window.compaction
    if done is None:
        whole = [_digested(at, message, window.pruned) for at, message in enumerate(messages)]
        return Carried(tuple(whole), tuple(_whereabouts(messages, window)))
    fixed = [_digested(at, messages[at], window.pruned) for at in compaction.fixed(messages, window, done)]
    first, rest = fixed[:1], fixed[1:]
    late = [_digested(at, message, window.pruned) for at, message in enumerate(messages[done.upto :], done.upto)]
    return Carried((*first, compaction.as_message(done), *rest, *late), tuple(_whereabouts(messages, window)))


def _digested(at: int, message: Message, pruned: Mapping[CallId, str]) -> Message:
    """Return message number `at` with digests in the place of what was pruned of it."""
    if not pruned:
        return message
    if (short := pruned.get(_text_key(at))) is not None:
        source = next((part.source for part in message.content if isinstance(part, Text)), Source.OPERATOR)
        return replace(message, content=(Text(text=short, source=source),))
    if message.role is not Role.TOOL:
        return message
    content = tuple(
        replace(part, output=pruned[part.call_id]) if isinstance(part, ToolResult) and part.call_id in pruned else part
        for part in message.content
    )
    return replace(message, content=content)


def _whereabouts(messages: Sequence[Message], window: Window) -> Iterator[str]:
    done = window.compaction
    if done is not None:
        kept = compaction.fixed(messages, window, done)
        names = ", ".join(str(at) for at in kept)
        yield f"messages 0 to {done.upto - 1} are carried as a summary by {done.by}; {names} also as they were said"
    if window.pruned:
        yield f"the outputs of {len(window.pruned)} calls are carried as digests with the file that holds them"


def prune(kit: Kit, brain: Brain, place: Place, recent: int, why: str) -> None:
    """Let digests stand for long outputs, but for those of the `recent` latest messages."""
    state = kit.session.state
    messages, window = state.talk.of(place.agent).messages, state.windows.of(place.agent)
    begin = window.compaction.upto if window.compaction is not None else 0
    last = max(begin, len(messages) - recent)
    names = {call.call_id: call.name for message in messages[begin:last] for call in message.calls}
    results = [part for message in messages[begin:last] for part in message.content if isinstance(part, ToolResult)]
    long = [one for one in results if len(one.output) > DIGEST_OVER and one.call_id not in window.pruned]
    if not long:
        return
    before = context.size_bytes(_request(kit, brain, place))
    digests = tuple((one.call_id, digest(kit, one, names.get(one.call_id, "tool"))) for one in long)
    after = before - sum(len(one.output) - len(text) for one, (_, text) in zip(long, digests, strict=True))
    tokens = [budget.input_bound(state, brain, size) for size in (before, after)]
    kit.session.emit(OutputsPruned(digests=digests, before_tokens=tokens[0], after_tokens=tokens[1], why=why), place)


def _text_key(at: int) -> CallId:
    """Return what a message's own text is known by among the pruned."""
    return CallId(f"message-{at}")


def shorten(kit: Kit, brain: Brain, place: Place) -> None:
    """Let a beginning and an end stand for words said to the agent that alone would take a quarter of the room."""
    state = kit.session.state
    messages, window = state.talk.of(place.agent).messages, state.windows.of(place.agent)
    limit = max(HEAD + TAIL, compaction.characters(state, brain, room_tokens(kit, brain, place)) // 4)
    long = [
        (at, message.text)
        for at, message in enumerate(messages)
        if message.role in (Role.OPERATOR, Role.KERNEL)
        and len(message.text.encode()) > limit
        and _text_key(at) not in window.pruned
    ]
    if not long:
        return
    before = context.size_bytes(_request(kit, brain, place))
    digests = tuple((_text_key(at), _shortened(kit, place, at, text, limit)) for at, text in long)
    kit.session.emit(
        OutputsPruned(
            digests=digests,
            before_tokens=budget.input_bound(state, brain, before),
            after_tokens=budget.input_bound(
                state,
                brain,
                before - sum(len(text.encode()) for _, text in long) + sum(len(text.encode()) for _, text in digests),
            ),
            why="the window was full of a long message",
        ),
        place,
    )


def _shortened(kit: Kit, place: Place, at: int, text: str, limit: int) -> str:
    path = kit.artifacts.keep(f"{place.agent}-message-{at}.txt", text.encode())
    head = text.encode()[: limit // 2].decode(errors="ignore")
    tail = text.encode()[-(limit // 4) :].decode(errors="ignore")
    return f"{head}\n[… {len(text):,} characters in all; all of it: read {path} …]\n{tail}"


def digest(kit: Kit, result: ToolResult, tool: str) -> str:
    """Keep an output as a file; return what stands for it: where it is, its hash, both ends, and lines of trouble."""
    path = kit.artifacts.keep(f"{result.call_id}.txt", result.output.encode())
    sha = hashlib.sha256(result.output.encode()).hexdigest()[:12]
    head, tail = result.output[:HEAD].rstrip(), result.output[-TAIL:].lstrip()
    lines = excerpt.trouble(result.output[HEAD:-TAIL], TROUBLE, before=head.count("\n"))
    between = f"…\n{lines}\n…" if lines else "…"
    said = f"{len(result.output):,} characters, sha256 {sha}; all of it: read {path}"
    return f"[{tool}: {said}]\n{head}\n{between}\n{tail}"


def _card(state: SessionState, place: Place) -> tuple[Message, ...]:
    """Return what the agent decided and saw fail since something last changed, and must not buy again.

    Once its own memory has been condensed, also where the plan is: what is done must not be done again.
    """
    lines = [*_plan_lines(state, place), *_failed_lines(state, place)]
    return (Message(role=Role.KERNEL, content=(Text(text="\n".join(lines), source=Source.KERNEL),)),) if lines else ()


def _plan_lines(state: SessionState, place: Place) -> Iterator[str]:
    if state.windows.of(place.agent).compaction is None or len(state.graph.tasks) < 2:
        return
    where = standing(state.graph)
    left = (*where.left, *(one.task for one in where.blocked))
    done = ", ".join(where.done[-40:]) or "nothing"
    yield f"[the plan: done {done}; left {', '.join(left[:40]) or 'nothing'}]"


def _failed_lines(state: SessionState, place: Place) -> Iterator[str]:
    """Yield what failed before the latest step, whose results the agent reads anyway."""
    failures = state.guard.of(place.agent).failures
    before = failures[: max(0, len(failures) - _just_failed(state, place))]
    failed = Counter(f"{one.tool} ({one.kind})" for one in before)
    if failed:
        said = ", ".join(f"{what} {'once' if times == 1 else f'{times} times'}" for what, times in failed.items())
        yield f"[decided before, and it failed this way: {said}]"


def _just_failed(state: SessionState, place: Place) -> int:
    """Return how many results of failed calls stand at the end of the conversation."""
    newest = takewhile(lambda message: message.role is Role.TOOL, reversed(state.talk.of(place.agent).messages))
    return sum(isinstance(part, ToolResult) and not part.ok for message in newest for part in message.content)


def _portions(kit: Kit, brain: Brain, place: Place, request: ModelRequest, size_bytes: int) -> tuple[Portion, ...]:
    state, cap = kit.session.state, input_cap(kit, brain)
    system, mark, memory = request.system.partition(MEMORY_MARK)
    card = _card(state, place)
    sizes = {
        "system": len(system.encode()),
        "tools": context.tools_bytes(request),
        "memory": len((mark + memory).encode()),
        "plan": sum(map(context.message_bytes, card)),
    }
    history = size_bytes - sum(sizes.values())
    used = {name: budget.input_bound(state, brain, size) - 1 for name, size in {**sizes, "history": history}.items()}
    done = state.windows.of(place.agent).compaction
    latest = f"messages {done.upto} to the last" if done is not None else "every message"
    why = {
        "system": "who the agent is, and the project's instructions: in every request, first, so that it is cached",
        "tools": f"the {len(request.tools)} tools that it may call, in a stable order",
        "memory": "the index of notes, as it was when the session began",
        "plan": "where it is: what is done, left and failed" if card else "its goal is its first message",
        "history": f"{latest}{', the summary before it, and what is pinned' if done is not None else ''}",
    }
    others = sum(used[name] for name in SHARES)
    caps = {**{name: int(cap * share) for name, share in SHARES.items()}, "history": max(0, cap - others)}
    return tuple(Portion(section=name, tokens=used[name], cap_tokens=caps[name], why=why[name]) for name in why)


def _too_small(brain: Brain, used: int) -> WindowTooSmall:
    return WindowTooSmall(
        f"{brain.name} has a window of {brain.window_tokens:,} tokens; rules, tools and the latest message alone take "
        f"up to {used:,}.",
        hint="Choose a model with a larger window, or give the agent fewer tools.",
    )

"""`remember`, `recall` and `search_sessions`: what agents may do with memory."""

# ruff: noqa: D417 - the kernel gives `context`; the model never reads of it

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Literal

from hermes_tui.capabilities.tools._schema import Bounds
from hermes_tui.capabilities.tools._tool import one_line, tool
from hermes_tui.domain.approval import ResolvedCall
from hermes_tui.domain.errors import ToolError
from hermes_tui.domain.memory import Memory, NoteAuthor, NoteDraft, NoteKind, Origin, Recalled, recalled_text
from hermes_tui.domain.ports import ToolContext, ToolOutcome
from hermes_tui.domain.tasks import Effect, Reach

Kind = Literal["fact", "preference", "procedure", "person", "episode", "style"]
Query = Annotated[str, Bounds(min_length=1, max_length=2000)]
Most = Annotated[int, Bounds(ge=1, le=30)]


def _resolve_remember(text: str, kind: str, context: ToolContext, **_: object) -> ResolvedCall:  # noqa: ARG001 - the tool's signature
    return ResolvedCall(
        tool="remember",
        effect=Effect.WRITE,
        reach=Reach.MEMORY,
        summary=f"remember {one_line(text)}",
        argv=(kind,),
        undo="hermes memory forget, or revert",
    )


@tool(effect=Effect.WRITE, reach=Reach.MEMORY, resolve=_resolve_remember)
async def remember(
    text: Annotated[str, Bounds(min_length=1, max_length=8000)],
    context: ToolContext,
    kind: Kind = "fact",
    about: Annotated[str, Bounds(max_length=120)] = "",
    replaces: Annotated[str, Bounds(max_length=64)] = "",
    workspace: bool = False,  # noqa: FBT001, FBT002 - the model passes arguments by name
) -> ToolOutcome:
    """Keep one durable fact for later sessions. Never secrets, never what was recalled.

    Args:
        text: One or two plain sentences that make sense alone.
        kind: What it is.
        about: Subject and property of which only one note may hold, such as "deploy day".
        replaces: Id of the note it takes the place of; "none" if it holds beside the one it resembles.
        workspace: True if it matters in this workspace only.
    """
    beside = replaces == "none"
    draft = NoteDraft(
        text=text,
        kind=NoteKind(kind),
        about=about,
        replaces="" if beside else replaces,
        beside=beside,
        workspace=workspace,
    )
    origin = Origin(
        author=NoteAuthor.AGENT,
        session=context.session,
        run=context.run,
        key=context.key,
        provenance=" ".join(context.unvouched),
    )
    kept = await _memory(context).remember(draft, origin)
    data = {"landing": kept.landing.value, "id": kept.note_id, "path": kept.path}
    return ToolOutcome(output=kept.message, data=json.dumps(data))


@tool(effect=Effect.READ, reach=Reach.MEMORY)
async def recall(query: Query, context: ToolContext, most: Most = 6) -> ToolOutcome:
    """Search notes and ingested documents of earlier sessions.

    Args:
        query: What you want to know, in words.
        most: Most hits of each kind.
    """
    return _told(await _memory(context).recall(query, most, context.key), query)


@tool(effect=Effect.READ, reach=Reach.MEMORY)
async def search_sessions(query: Query, context: ToolContext, most: Most = 6) -> ToolOutcome:
    """Search what was said and done in earlier sessions, with what stands around it.

    Args:
        query: What you look for; names and dates help.
        most: Most hits.
    """
    return _told(await _memory(context).search_sessions(query, most, context.key), query)


def _memory(context: ToolContext) -> Memory:
    if context.memory is None:
        raise ToolError("There is no memory in this run.", kind="no_memory")
    return context.memory


def _told(found: Sequence[Recalled], query: str) -> ToolOutcome:
    data = json.dumps({"query": query, "hits": [asdict(hit) for hit in found]}, ensure_ascii=False)
    return ToolOutcome(output=recalled_text(found) or "Nothing found.", data=data)

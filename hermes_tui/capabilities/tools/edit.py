"""`edit` and `write`: the only tools that change text files, and never one that was not read first."""

# ruff: noqa: D417 - the kernel gives `context`; the model never reads of it

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from hermes_tui.capabilities.tools._paths import judged, shown, writable
from hermes_tui.capabilities.tools._replace import Present, look, replace_file
from hermes_tui.capabilities.tools._text import Text, decode, diff
from hermes_tui.capabilities.tools._tool import tool
from hermes_tui.domain.approval import ResolvedCall
from hermes_tui.domain.errors import FileChanged, ToolError
from hermes_tui.domain.events.tool import FileChange
from hermes_tui.domain.ports import ToolContext, ToolOutcome
from hermes_tui.domain.tasks import Effect, Reach
from hermes_tui.domain.values import frozen


def _resolve(path: str, context: ToolContext, **others: object) -> ResolvedCall:
    name = "edit" if "old" in others else "write"
    real, reach = writable(path, context)
    return ResolvedCall(
        tool=name,
        effect=Effect.WRITE,
        reach=reach,
        summary=shown(real, context),
        targets=(str(real),),
        undo="restores the file",
    )


@tool(effect=Effect.WRITE, reach=Reach.SCOPE, resolve=_resolve)
async def edit(
    path: str,
    old: str,
    new: str,
    context: ToolContext,
    replace_all: bool = False,  # noqa: FBT001, FBT002 - the model names each
) -> ToolOutcome:
    """Replace exact text in a file that was read. Line ends and encoding are kept.

    Args:
        path: File to change.
        old: Text to find, with its indentation; must occur once.
        new: Text in its place.
        replace_all: Replace each occurrence.
    """
    change = _Edit(old, new, replace_all)
    return await asyncio.to_thread(_edit, judged(path, context), change, context)


@tool(effect=Effect.WRITE, reach=Reach.SCOPE, resolve=_resolve)
async def write(path: str, content: str, context: ToolContext) -> ToolOutcome:
    """Create a file, or overwrite one that was read; prefer edit for changes.

    Args:
        path: File; missing folders are made.
        content: All of the new text.
    """
    return await asyncio.to_thread(_write, judged(path, context), content, context)


@frozen(kw_only=False)
class _Edit:
    """One replacement, matched with LF or the file's own CRLF."""

    old: str
    new: str
    everywhere: bool

    def apply(self, text: Text) -> str:
        if not self.old or self.old == self.new:
            raise ToolError("old must be some text, and not equal to new.", kind="no_change")
        old, new = self.old, self.new
        if text.newline == "\r\n" or (old not in text.text and _crlf(old) in text.text):
            old, new = _crlf(old), _crlf(new)
        count = text.text.count(old)
        if count == 0:
            raise ToolError("old does not occur.", hint="Read the file again; copy it exactly.", kind="no_match")
        if count > 1 and not self.everywhere:
            raise ToolError(f"old occurs {count} times.", hint="Add lines around it, or replace_all.", kind="ambiguous")
        return text.text.replace(old, new)


def _edit(real: Path, change: _Edit, context: ToolContext) -> ToolOutcome:
    before = look(real)
    if before is None:
        raise ToolError(f"{shown(real, context)} does not exist.", hint="Use write to create it.", kind="missing")
    _was_read(real, before, context)
    text = decode(before.content)
    return _put(real, before, text, change.apply(text), context)


def _write(real: Path, content: str, context: ToolContext) -> ToolOutcome:
    before = look(real)
    if before is None:
        return _put(real, None, Text(text=""), content, context)
    _was_read(real, before, context)
    text = decode(before.content)
    return _put(real, before, text, _crlf(content) if text.newline == "\r\n" else content, context)


def _put(real: Path, before: Present | None, text: Text, after: str, context: ToolContext) -> ToolOutcome:
    content = text.encode(after)
    name = shown(real, context)
    digest = replace_file(real, content, before)
    context.seen[str(real)] = digest
    head = diff(text.text, after, name)
    data = {"path": name, "sha256": digest, "bytes": len(content)}
    if before is not None and before.digest == digest:
        return ToolOutcome(output=f"{name} already holds this.", data=json.dumps(data))
    change = FileChange(path=name, change="modified" if before else "created")
    return ToolOutcome(output=f"{change.change} {name}\n{head}", data=json.dumps(data), changed=(change,))


def _was_read(real: Path, before: Present, context: ToolContext) -> None:
    known = context.seen.get(str(real)) or context.known.get(str(real))
    if known is None:
        raise FileChanged(f"{shown(real, context)} was not read yet.", hint="Read it first.")
    if known != before.digest:
        raise FileChanged(f"{shown(real, context)} changed since it was read.", hint="Read it again.")


def _crlf(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\n", "\r\n")

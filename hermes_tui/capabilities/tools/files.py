"""`read` and `list`: the files of the workspace as text."""

# ruff: noqa: D417 - the kernel gives `context`; the model never reads of it

from __future__ import annotations

import asyncio
import hashlib
import json
from itertools import islice
from json.encoder import encode_basestring
from pathlib import Path
from typing import Annotated

from hermes_tui.capabilities.tools._paths import foreseen, found, read_at_once, read_bytes, readable, shown
from hermes_tui.capabilities.tools._schema import Bounds
from hermes_tui.capabilities.tools._text import decode
from hermes_tui.capabilities.tools._tool import tool
from hermes_tui.capabilities.tools._walk import Found, walk
from hermes_tui.domain.approval import ResolvedCall
from hermes_tui.domain.errors import ToolError
from hermes_tui.domain.ports import ToolContext, ToolOutcome
from hermes_tui.domain.tasks import Effect, Reach

FILE_LIMIT_BYTES = 20_000_000
LINE_LIMIT = 2_000
OUTPUT_LIMIT = 30_000
LIST_LIMIT = 500
_to_json = json.JSONEncoder(ensure_ascii=False).encode


def _resolve(path: str, context: ToolContext, **others: object) -> ResolvedCall:
    name, find = ("list", readable) if "depth" in others else ("read", foreseen)
    real = find(path, context)
    return ResolvedCall(tool=name, effect=Effect.READ, reach=Reach.WORKSPACE, summary=shown(real, context))


@tool(resolve=_resolve, output_limit=OUTPUT_LIMIT)
async def read(
    path: str,
    context: ToolContext,
    offset: Annotated[int, Bounds(ge=1)] = 1,
    limit: Annotated[int, Bounds(ge=1, le=5000)] = 1000,
) -> ToolOutcome:
    """Read a text file with line numbers. Needed before edit, or write over a file.

    Args:
        path: File in the workspace.
        offset: First line.
        limit: Most lines.
    """
    real = found(path, context)
    content = read_at_once(real)
    if content is None:
        return await asyncio.to_thread(_read, real, (offset, limit), context)
    return _given(real, content, (offset, limit), context)


@tool(name="list", resolve=_resolve, output_limit=OUTPUT_LIMIT)
async def list_(context: ToolContext, path: str = ".", depth: Annotated[int, Bounds(ge=1, le=10)] = 2) -> ToolOutcome:
    """List a folder as a tree, without what .gitignore names.

    Args:
        path: Folder in the workspace.
        depth: Levels below it.
    """
    return await asyncio.to_thread(_list, readable(path, context), depth)


def _read(real: Path, part: tuple[int, int], context: ToolContext) -> ToolOutcome:
    return _given(real, read_bytes(real, FILE_LIMIT_BYTES)[0], part, context)


def _given(real: Path, content: bytes, part: tuple[int, int], context: ToolContext) -> ToolOutcome:
    """Return some lines of a file, by its first line and how many, and note that it was seen."""
    offset, limit = part
    digest = hashlib.sha256(content).hexdigest()
    decoded = decode(content)
    lines = decoded.text.split("\n")
    if lines[-1] == "":
        lines.pop()
    context.seen[str(real)] = digest
    wanted = lines[offset - 1 : offset - 1 + limit]
    if "\r" in decoded.text:
        wanted = [line.rstrip("\r") for line in wanted]
    numbered = _numbered(wanted, offset, len(decoded.text))
    last = offset - 1 + len(numbered)
    notes = [f"[{decoded.note}]"] if decoded.note else []
    if not numbered:
        notes.append(f"[{len(lines)} lines; none from line {offset}]")
    more = (
        [f"[{len(lines) - last} more lines; read on with offset={last + 1}]"] if numbered and last < len(lines) else []
    )
    name, text = encode_basestring(shown(real, context)), encode_basestring("\n".join(wanted[: len(numbered)]))
    data = f'{{"path": {name}, "text": {text}, "lines": {len(lines)}, "sha256": "{digest}"}}'
    return ToolOutcome(output="\n".join(notes + numbered + more), data=data)


def _numbered(lines: list[str], offset: int, size: int) -> list[str]:
    """Return as many lines with their numbers as fit; no line is cut of a file of few characters, its `size`."""
    if size <= LINE_LIMIT:
        return [f"{number:>5}\t{line}" for number, line in enumerate(lines, offset)]
    numbered: list[str] = []
    left = OUTPUT_LIMIT - 200
    for number, line in enumerate(lines, offset):
        cut = line if len(line) <= LINE_LIMIT else f"{line[:LINE_LIMIT]}… [{len(line)} characters]"
        text = f"{number:>5}\t{cut}"
        left -= len(text) + 1
        if left < 0:
            break
        numbered.append(text)
    return numbered


def _list(real: Path, depth: int) -> ToolOutcome:
    if not real.is_dir():
        raise ToolError(f"{real.name} is no folder.", hint="Use read.", kind="not_a_folder")
    found = list(islice(walk(real, depth), LIST_LIMIT + 1))
    rows = [_row(each) for each in found[:LIST_LIMIT]]
    if len(found) > LIST_LIMIT:
        rows.append(f"[more than {LIST_LIMIT}; list a folder below]")
    data = _to_json({"entries": [each.name for each in found[:LIST_LIMIT]]})
    return ToolOutcome(output="\n".join(rows) or "[empty]", data=data)


def _row(found: Found) -> str:
    mark = (
        "/"
        if found.is_folder
        else "@"
        if found.is_link
        else f"  {found.size_bytes}"
        if found.size_bytes >= 0
        else "  ?"
    )
    return f"{'  ' * (found.depth - 1)}{found.path.name}{mark}"

"""`search`: lines of the workspace's files that match a regular expression; `_regex` says by which engine."""

# ruff: noqa: D417 - the kernel gives `context`; the model never reads of it

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

from hermes_tui.capabilities import registry
from hermes_tui.capabilities.tools._paths import read_bytes, readable, shown
from hermes_tui.capabilities.tools._schema import Bounds
from hermes_tui.capabilities.tools._text import decode
from hermes_tui.capabilities.tools._tool import tool
from hermes_tui.capabilities.tools._walk import Found, walk
from hermes_tui.domain.approval import ResolvedCall
from hermes_tui.domain.errors import ToolError
from hermes_tui.domain.ports import ToolContext, ToolOutcome
from hermes_tui.domain.tasks import Effect, Reach

if TYPE_CHECKING:
    from hermes_tui.capabilities.tools._regex import Expression

FILE_LIMIT_BYTES = 2_000_000
LINE_LIMIT = 2_000
SHOWN_LINE_LIMIT = 300
BLOCK = 32_768
DEPTH_LIMIT = 64
FILES_LIMIT = 50_000
TIME_LIMIT_S = 20.0


def _resolve(pattern: str, path: str, context: ToolContext, **_others: object) -> ResolvedCall:
    _compile(pattern)
    real = readable(path, context)
    summary = f"{pattern} in {shown(real, context)}"
    return ResolvedCall(tool="search", effect=Effect.READ, reach=Reach.WORKSPACE, summary=summary)


@tool(resolve=_resolve)
async def search(
    pattern: Annotated[str, Bounds(min_length=1, max_length=500)],
    context: ToolContext,
    path: str = ".",
    glob: str = "*",
    max_matches: Annotated[int, Bounds(ge=1, le=1000)] = 100,
) -> ToolOutcome:
    """Find lines in files by a regular expression (no lookaround, no backreferences; (?i) ignores case).

    Args:
        pattern: The expression.
        path: Folder or file.
        glob: Only files of this name, such as *.py.
        max_matches: Most lines.
    """
    find = _Search(pattern, glob, max_matches, min(context.timeout_s, TIME_LIMIT_S))
    return await asyncio.to_thread(find.run, readable(path, context), context)


class _Search:
    """One search, bounded by matches, files and time; runs on a thread."""

    def __init__(self, pattern: str, glob: str, most: int, limit_s: float) -> None:
        self._lines = _compile(pattern)
        self._anchored = "\\A" in pattern or "\\z" in pattern
        self._blocks = _compile(f"(?m){pattern}")
        self._glob = glob.removeprefix("**/")
        self._most = most
        self._until = time.monotonic() + limit_s
        self._stopped = ""

    def run(self, start: Path, context: ToolContext) -> ToolOutcome:
        if not start.exists():
            raise ToolError(f"{shown(start, context)} does not exist.", hint="Use list.", kind="missing")
        rows: list[str] = []
        hits: list[dict[str, object]] = []
        for file in self._files(start):
            name = shown(file, context)
            for number, line in self._in_file(file):
                rows.append(f"{name}:{number}: {line.strip()[:SHOWN_LINE_LIMIT]}")
                hits.append({"path": name, "line": number, "text": line[:SHOWN_LINE_LIMIT]})
                if len(rows) >= self._most:
                    self._stopped = f"[stopped at {self._most} matches; narrow the search]"
                    break
            if self._stopped:
                break
        rows.extend([self._stopped] if self._stopped else [] if rows else ["[no match]"])
        data = json.dumps({"matches": hits, "complete": not self._stopped}, ensure_ascii=False)
        return ToolOutcome(output="\n".join(rows), data=data)

    def _files(self, start: Path) -> Iterator[Path]:
        if start.is_file():
            yield start
            return
        for count, found in enumerate(walk(start, DEPTH_LIMIT)):
            if count >= FILES_LIMIT or self._is_late():
                self._stopped = self._stopped or f"[stopped after {count} files; narrow the path]"
                return
            if self._wants(found):
                yield found.path

    def _wants(self, found: Found) -> bool:
        if found.is_folder or found.is_link or not 0 <= found.size_bytes <= FILE_LIMIT_BYTES:
            return False
        return fnmatchcase(found.name if "/" in self._glob else found.path.name, self._glob)

    def _in_file(self, file: Path) -> Iterator[tuple[int, str]]:
        try:
            text = decode(read_bytes(file, FILE_LIMIT_BYTES)[0]).text.replace("\r\n", "\n")
        except ToolError:
            return
        number = 1
        for block in _blocks(text):
            if self._is_late():
                return
            if self._anchored or self._blocks.occurs_in(block[: BLOCK + LINE_LIMIT]):
                yield from self._in_block(block, number)
            number += block.count("\n") + 1

    def _in_block(self, block: str, first: int) -> Iterator[tuple[int, str]]:
        for number, line in enumerate(block.split("\n"), first):
            if self._lines.occurs_in(line[:LINE_LIMIT]):
                yield number, line

    def _is_late(self) -> bool:
        late = time.monotonic() > self._until
        if late:
            self._stopped = "[stopped at the time limit; narrow the path or glob]"
        return late


def _blocks(text: str) -> Iterator[str]:
    """Yield whole lines, about `BLOCK` characters at a time; each block is without its last newline."""
    start = 0
    text = text.removesuffix("\n")
    while start <= len(text):
        end = len(text) if len(text) - start <= BLOCK else text.rfind("\n", start, start + BLOCK)
        if end < 0:
            end = text.find("\n", start)
        end = len(text) if end < 0 else end
        yield text[start:end]
        start = end + 1


def _compile(pattern: str) -> Expression:
    """Return a pattern to look for; the engine takes as long to load as ten searches, and few runs search."""
    return cast("Expression", registry.load_private("tools", "_regex").Expression(pattern))

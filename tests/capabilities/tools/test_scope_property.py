"""No sequence of tool calls touches a path outside of its scope, whatever links a command left behind in between."""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final, cast

from hypothesis import given, settings
from hypothesis import strategies as st

from hermes_tui.capabilities.tools.edit import edit, write
from hermes_tui.capabilities.tools.files import read
from hermes_tui.domain.errors import ToolError
from hermes_tui.domain.ports import Sandbox, Tool, ToolContext, Workspace
from hermes_tui.domain.tasks import Reach

SECRET: Final = "outside-secret"
PARTS: Final = st.sampled_from(
    ["src", "a", "b", "..", ".", "link", "docs", ".git", "~", "", "@outside@", "//", "a\u202e"]
)
PATHS: Final = st.lists(PARTS, min_size=1, max_size=5).map("/".join)
STEPS: Final = st.lists(
    st.one_of(
        st.tuples(st.just("write"), PATHS, st.just("")),
        st.tuples(st.just("edit"), PATHS, st.just("")),
        st.tuples(st.just("read"), PATHS, st.just("")),
        st.tuples(st.just("link"), PATHS, PATHS),
        st.tuples(st.just("folder"), PATHS, st.just("")),
    ),
    max_size=12,
)
Step = tuple[str, str, str]


@settings(max_examples=150, deadline=None)
@given(steps=STEPS)
def test_whatever_is_called_only_the_scope_changes_and_nothing_outside_is_read(steps: list[Step]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        work, outside = root / "ws", root / "outside"
        for place in (work / "src", work / "docs", work / ".git", outside):
            place.mkdir(parents=True)
            (place / "a").write_text(SECRET if place == outside else "inside")
        before = _tree(root)

        said = asyncio.run(_carry_out(steps, work, outside))

        after = _tree(root)
        changed = [path for path in {*before, *after} if before.get(path) != after.get(path)]
        assert [path for path in changed if not path.is_relative_to(work / "src")] == []
        assert SECRET not in said


async def _carry_out(steps: list[Step], work: Path, outside: Path) -> str:
    """Make the calls that would run unasked, and links and folders as a sandboxed command could make them."""
    context = ToolContext(
        workspace=Workspace(root=work, write=(work / "src",)),
        sandbox=cast("Sandbox", None),
        key="k",
        timeout_s=5.0,
        seen={},
    )
    said: list[str] = []
    for what, path, other in steps:
        named, aim = path.replace("@outside@", str(outside)), other.replace("@outside@", str(outside))
        if what in ("link", "folder"):
            _as_a_command(what, work, named, aim)
            continue
        with suppress(ToolError, OSError):
            said.append(await _called({"write": write, "edit": edit, "read": read}[what], named, context))
    return "".join(said)


async def _called(tool: Tool, path: str, context: ToolContext) -> str:
    arguments: dict[str, object] = {"path": path}
    if tool is write:
        arguments["content"] = "written"
    if tool is edit:
        arguments |= {"old": "inside", "new": "edited"}
    text = json.dumps(arguments)
    resolved = tool.resolve(text, context)
    if resolved.reach is Reach.HOST:
        return ""
    return (await tool.run(text, context)).output


def _as_a_command(what: str, work: Path, path: str, aim: str) -> None:
    """Make a link or a folder where the sandbox would let a command: really inside of the write scope."""
    scope = work / "src"
    place = scope / path.lstrip("/")
    if not Path(os.path.realpath(place.parent)).is_relative_to(scope):
        return
    with suppress(OSError, ValueError):
        if what == "link":
            place.symlink_to(aim)
        else:
            Path(os.path.realpath(place.parent), place.name).mkdir()


def _tree(root: Path) -> dict[Path, str]:
    """Return what is there, without following links."""
    found: dict[Path, str] = {}
    for folder, folders, files in os.walk(root):
        for name in (*folders, *files):
            path = Path(folder, name)
            is_file = path.is_file() and not path.is_symlink()
            found[path] = path.read_text() if is_file else str(path.readlink()) if path.is_symlink() else "folder"
    return found

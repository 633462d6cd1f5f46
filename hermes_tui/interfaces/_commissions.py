"""Goals that a command stands for: the first AGENTS.md, a map, a commit of the changes, a plan that was approved."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from hermes_tui.domain.commands import Command, SetMode, Submit
from hermes_tui.domain.errors import ToolError, UsageInvalid
from hermes_tui.domain.skills import Skills
from hermes_tui.domain.state import SessionState
from hermes_tui.domain.tasks import Mode

GUIDE: Final = "AGENTS.md"
INIT: Final = f"""Write {GUIDE} at the root of this workspace: what an agent must know to work here.
Look first: the file list, the README, build and test configuration, a few central source files. Then write one
file of at most 60 lines of Markdown: what the project is, its layout, the exact commands that build, test and lint it,
and the conventions that the code really follows. State only what you have seen in a file. Change nothing else."""
MAP: Final = "docs/examples/repo-map.md"
COMMIT: Final = """Commit what this session changed, with the git tool only.
Read `git status` and `git diff` first. Stage exactly these files, nothing else: {files}
Draft one message: a subject of at most 72 characters that says what is different now, then, if it helps, a short body
with the reason. Commit with `git commit -m`. Change no file, and do not push."""
GO: Final = "I approve the plan. Carry it out as it stands, and say at once where it turns out to be wrong."


def init(workspace: Path) -> Submit:
    """Return the goal that writes the first guide; one that is there is never written over.

    Raises:
        UsageInvalid: there is one.
    """
    if (workspace / GUIDE).exists():
        raise UsageInvalid(f"{GUIDE} is there already and stays as it is.", hint="Say in words what to change in it.")
    return Submit(text=INIT)


def repo_map(built_in: Path) -> Submit:
    """Return the goal that maps the workspace by tools alone: the example that Hermes brings along."""
    return Submit(text=MAP, path=str(built_in / MAP))


def commit(state: SessionState) -> Submit:
    """Return the goal that commits the session's changes.

    Raises:
        UsageInvalid: nothing was changed.
    """
    if not state.calls.changed:
        raise UsageInvalid("Nothing was changed in this session.", hint="/diff shows every change.")
    return Submit(text=COMMIT.format(files=" ".join(sorted(state.calls.changed))))


def by_skill(skills: Skills, wanted: str) -> Submit:
    """Return the goal of working by a skill: its steps, then what the operator says besides.

    Raises:
        UsageInvalid: there is no such skill.
    """
    name, _, text = wanted.partition(" ")
    try:
        steps = skills.text(name)
    except ToolError as error:
        raise UsageInvalid(error.message, hint=error.hint) from error
    return Submit(text="\n\n".join(filter(None, (f"Work by the skill {name}:", steps, text.strip()))))


def approve(state: SessionState, mode: Mode, wanted: str) -> Iterator[Command]:
    """Yield what carries a plan out that was made in mode plan: another mode, then the word to go.

    Raises:
        UsageInvalid: the mode is not plan, no plan was made yet, or `wanted` is no mode to work in.
    """
    if mode is not Mode.PLAN or state.run.run is None:
        raise UsageInvalid("There is no plan to approve.", hint="/mode plan, then say what to plan.")
    modes = {one.value: one for one in Mode if one is not Mode.PLAN}
    if wanted and wanted not in modes:
        raise UsageInvalid(f"{wanted!r} is no mode to work in.", hint=f"Modes: {', '.join(modes)}.")
    yield SetMode(mode=modes[wanted or Mode.ASK.value])
    yield Submit(text=GO)

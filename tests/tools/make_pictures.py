"""Draws `docs/images/`: the workstation as it really is, over the fake provider."""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

import pytest

from hermes_tui.domain.events import ApprovalAsked, RunEnded, ToolFinished
from tests.fakes import Call, Reply, Scenario
from tests.fakes.scenario import Rule
from tests.interfaces.tui.stand import Stand, Table, workstation

TARGET: Final = Path(__file__).resolve().parents[2] / "docs" / "images"
CLOCK: Final = '''"""Time as an operator writes it."""


def minutes(seconds: float) -> int:
    """Return whole minutes, rounded."""
    return round(seconds / 60)
'''
TEST: Final = """from ledger.clock import minutes


def test_half_a_minute_rounds_to_even() -> None:
    assert minutes(30.5 * 60) == 30
    assert minutes(31.5 * 60) == 32
"""
GOAL: Final = """---
mode: ask
budget: {usd: 1.00}
---
Cover clock.py with tests and make the suite green.

```plan
schema: hermes.plan/1
tasks:
  - {id: map, kind: tool, title: map the repository, use: list, args: {path: "."}}
  - {id: read, kind: tool, title: read clock.py, use: read, args: {path: ledger/clock.py}}
  - {id: choose, kind: agent, title: choose what to test, needs: [map, read], args: {goal: "Choose what to test."}}
  - {id: clock, kind: agent, title: tests for clock.py, needs: [choose], args: {goal: "Write tests for clock.py."}}
  - {id: money, kind: agent, title: tests for money.py, needs: [choose], args: {goal: "Write tests for money.py."}}
  - {id: suite, kind: tool, title: run the whole suite, needs: [clock, money], use: shell, args: {command: "true"}}
  - {id: report, kind: llm, title: report with evidence, needs: [suite], args: {prompt: "Report."}}
```
"""


def scenario() -> Scenario:
    """Return what the model says in the pictures."""
    write = Call("write", {"path": "tests/test_clock.py", "content": TEST})
    said = (
        "30.5 rounds to the even number in Python, so the test should pin the rule:\n\n"
        "```python\ndef test_half_a_minute_rounds_to_even() -> None:\n"
        "    assert minutes(30.5 * 60) == 30\n    assert minutes(31.5 * 60) == 32  # banker's rounding\n```\n"
    )
    think = "The operator wants the rounding rule covered, so I look at clock.py first."
    return Scenario(
        replies=[
            Reply(
                "I look at the module first; **clock.py** has no test.",
                thinking=think,
                tool_calls=[Call("list", {"path": "."}), Call("read", {"path": "ledger/clock.py"})],
            ),
            Reply(said, tool_calls=[write]),
            Reply("Done: one test pins the rounding rule, and it stands in `tests/test_clock.py`."),
        ]
    )


def parallel() -> Scenario:
    """Return what the models say to a plan whose tasks run side by side."""
    write = Call("write", {"path": "tests/test_clock.py", "content": TEST})
    look = [Call("read", {"path": "ledger/clock.py"})]
    said = (
        "30.5 rounds to the even number in Python, so the test should pin the rule:\n\n"
        "```python\ndef test_half_a_minute_rounds_to_even() -> None:\n"
        "    assert minutes(30.5 * 60) == 30\n    assert minutes(31.5 * 60) == 32  # banker's rounding\n```\n"
    )
    chosen = "Two modules have no test: **clock.py** and **money.py**. Both are covered side by side."
    think = "The operator wants the suite green, so I look for what has no test yet."
    money = "Amounts are `Decimal` with two places, so each test compares texts, never floats. " * 40
    return Scenario(
        rules=[
            Rule(contains="Choose what to test", replies=[Reply(chosen, thinking=think)]),
            Rule(contains="tests for clock.py", replies=[Reply("I read the module first.", tool_calls=look)]),
            Rule(contains="def minutes", replies=[Reply(said, tool_calls=[write])]),
            Rule(contains="tests for money.py", replies=[Reply(money, first_token_s=1.0, token_s=0.2)]),
        ]
    )


async def _main(app: Stand) -> None:
    (app.workspace_file("goal.md")).write_text(GOAL, encoding="utf-8")
    await app.enter("/run goal.md")
    await app.until(lambda: app.workspace.dock.display)
    rows = app.workspace.console_pane.view.window.rows
    await app.until(lambda: any("two places" in row.copy() for row in rows))
    await app.type("also cover the leap second case")
    await app.pilot.pause(1.2)


async def _tasks(app: Stand) -> None:
    await _main(app)
    await app.pilot.press("f2", "f2", "right_square_bracket")
    await app.pilot.pause()


async def _asked(app: Stand) -> None:
    await app.enter("Write a test that pins how clock.minutes rounds.")
    await app.until_event(ApprovalAsked)
    await app.until(lambda: app.workspace.dock.display)
    await app.type("also cover the leap second case")


async def _inbox(app: Stand) -> None:
    await _asked(app)
    await app.pilot.press("f7", "f7")
    await app.pilot.pause()


async def _first(app: Stand) -> None:
    await app.pilot.pause()


async def _commands(app: Stand) -> None:
    await app.type("/")


async def _mind(app: Stand) -> None:
    await _asked(app)
    await app.pilot.press("f4", "f4", "end", "enter")
    await app.pilot.pause()


async def _help(app: Stand) -> None:
    await app.pilot.press("f1")
    await app.pilot.pause()


async def _palette(app: Stand) -> None:
    await app.pilot.press("ctrl+p")
    await app.pilot.pause()


async def _brains(app: Stand) -> None:
    await app.pilot.press("f3")
    await app.pilot.pause(0.3)


async def _patchbay(app: Stand) -> None:
    await app.enter("/patchbay")
    await app.until(lambda: "hippocampus.embedding" in app.text)
    for key, value in (("b", "0.80"), ("c", "10 20 60 600")):
        await app.pilot.press(key)
        await app.enter(value)
        await app.pilot.pause(0.3)


async def _done(app: Stand) -> None:
    await _asked(app)
    await app.pilot.pause(0.4)
    await app.pilot.press("f7")
    await app.pilot.pause(0.4)
    while app.workspace.live:  # each press first shows what was not on screen yet
        await app.pilot.press("y")
        await app.pilot.pause(0.4)
    await app.until_event(RunEnded)
    await app.pilot.press("escape")
    app.action_last_call()
    await app.pilot.pause()


async def _memory(app: Stand) -> None:
    await app.enter("#Amounts are Decimal with two places, never float")
    await app.until(lambda: app.said.startswith("Kept in memory/"))
    await app.enter("#Tests of time never read the wall clock")
    await app.until(lambda: "tests-of-time" in app.said)
    await app.pilot.press("f5")
    await app.pilot.pause(0.3)
    await app.pilot.press("down", "down")
    await app.until(lambda: app.workspace.memory_pane.path.startswith("memory/"))
    await app.pilot.pause(0.3)


async def _budget(app: Stand) -> None:
    await _done(app)
    await app.pilot.press("f6", "f6")
    await app.pilot.pause()


async def _travel(app: Stand) -> None:
    await _done(app)
    app.clerk.obey("travel", "")
    await app.until(lambda: app.workspace.travelling)
    await app.pilot.press("left_square_bracket", "left_square_bracket", "left_square_bracket")
    await app.pilot.pause()


async def _graph(app: Stand) -> None:
    (app.workspace_file("goal.md")).write_text(GOAL, encoding="utf-8")
    await app.enter("/run goal.md")
    await app.until_event(ToolFinished, 2)
    await app.until(lambda: len(app.workspace.graph_pane.shown) == 7)
    await app.pilot.pause(0.5)
    await app.pilot.press("f2", "f2", "down", "down")
    await app.pilot.pause()


SCENES: Final[dict[str, tuple[Callable[[Stand], Awaitable[None]], str]]] = {
    "main": (_main, "parallel"),
    "tasks": (_tasks, "parallel"),
    "first": (_first, "url"),
    "nobrain": (_first, ""),
    "asked": (_asked, "url"),
    "inbox": (_inbox, "url"),
    "commands": (_commands, "url"),
    "palette": (_palette, "url"),
    "mind": (_mind, "url"),
    "help": (_help, "url"),
    "brains": (_brains, "url"),
    "patchbay": (_patchbay, "url"),
    "done": (_done, "url"),
    "memory": (_memory, "url"),
    "budget": (_budget, "url"),
    "graph": (_graph, "url"),
    "travel": (_travel, "url"),
}
KEPT: Final = {
    "workstation": ("main", (120, 36), "night"),
    "approvals": ("inbox", (120, 26), "fjord"),
    "tasks": ("tasks", (120, 20), "ember"),
    "travel": ("travel", (120, 26), "night"),
    "narrow": ("done", (80, 24), "paper"),
    "console": ("done", (120, 36), "night"),
    "mind": ("mind", (120, 24), "fjord"),
    "memory": ("memory", (120, 24), "ember"),
    "budget": ("budget", (120, 36), "clear"),
    "brains": ("brains", (120, 24), "night"),
    "patchbay": ("patchbay", (120, 20), "night"),
    "first-launch": ("nobrain", (80, 24), "night"),
    "commands": ("commands", (100, 24), "contrast"),
}
_FONT: Final = "DejaVu Sans Mono, Menlo, Consolas, monospace"


async def draw(scene: str, size: tuple[int, int], theme: str, folder: Path) -> str:
    """Return a scene as SVG."""
    act, url = SCENES[scene]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(folder))
        table = Table(folder, patch, workspace=folder / "src" / "ledger")
        table.configure(f"ui: {{theme: {theme}}}\nbudgets: {{run: {{usd: 1.00}}}}\n")
        (table.workspace / "ledger").mkdir()
        (table.workspace / "ledger" / "clock.py").write_text(CLOCK, encoding="utf-8")
        if not url:
            for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "OPENROUTER_API_KEY"):
                patch.delenv(name, raising=False)
        script = parallel() if url == "parallel" else scenario()
        async with workstation(table, script, size=size, url=bool(url)) as app:
            await act(app)
            return plain(app.export_screenshot(title="hermes"))


def plain(svg: str) -> str:
    """Return a picture that needs no font from elsewhere."""
    without = re.sub(r"@font-face \{.*?\}\n", "", svg, flags=re.DOTALL)
    lines = without.replace("Fira Code, monospace", _FONT).replace("Fira Code", _FONT).splitlines()
    return "\n".join(line.rstrip() for line in lines) + "\n"


def main(arguments: list[str]) -> None:
    """Draw the pictures of the documentation; with `SCENE WxH THEME FILE`, one other."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        if arguments:
            scene, size, theme, target = arguments
            width, height = (int(number) for number in size.split("x"))
            Path(target).write_text(asyncio.run(draw(scene, (width, height), theme, Path(folder))), encoding="utf-8")
            return
        TARGET.mkdir(exist_ok=True)
        for name, (scene, cells, theme) in KEPT.items():
            place = Path(folder) / name
            place.mkdir()
            (TARGET / f"{name}.svg").write_text(asyncio.run(draw(scene, cells, theme, place)), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])

"""Secrets of eight formats, said in pieces, read, remembered and crashed with: not one is found anywhere afterwards."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

from hermes_tui.domain.ids import RunId, SessionId
from hermes_tui.domain.parts import ModelRequest, Part, Stop, StopReason, TextDelta, ThinkingDelta, ToolCallFinished
from hermes_tui.domain.ports import Brain
from hermes_tui.domain.records import Place
from hermes_tui.domain.tasks import Goal
from hermes_tui.domain.usage import Usage
from hermes_tui.services import wiring
from hermes_tui.services.kits import pursuit_of
from hermes_tui.services.premises import RunOptions
from hermes_tui.services.workstation import Workstation
from tests.injection.victim import PRICE, OneBrain

SECRETS: Final = (
    "sk-ant-api03-" + "a1B2c3D4e5" * 4,
    "sk-or-v1-" + "0a1b2c3d4e" * 4,
    "sk-proj-" + "Z9y8X7w6V5" * 4,
    "ghp_" + "A1b2C3d4E5f6G7h8I9" * 2,
    "AKIA" + "Q3EXAMPLE7WXYZ12",
    "AIza" + "Sy0123456789abcdefghijklmnopqrstuvw"[:35],
    "xoxb-1234567890-abcdefghijkl",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N",
)
PIECE: Final = 7
"""Shorter than any format needs to be known: no piece gives its secret away by itself."""


class Talker:
    """Says every secret in pieces, reads them from a file, remembers them, and writes them through a command."""

    def __init__(self) -> None:
        self.requests: list[ModelRequest] = []

    async def stream(self, request: ModelRequest) -> AsyncIterator[Part]:
        """Yield the next reply."""
        self.requests.append(request)
        said = " and ".join(SECRETS)
        for at in range(0, len(said), PIECE):
            yield TextDelta(said[at : at + PIECE])
            yield ThinkingDelta(said[at : at + PIECE])
        calls: list[tuple[str, dict[str, object]]] = [
            ("read", {"path": "env.txt"}),
            ("shell", {"command": f"cat env.txt; yes x | head -c 90000; cat env.txt; echo '{SECRETS[0]}' >&2"}),
            ("remember", {"text": f"The keys are {said}"}),
            ("remember", {"text": "The keys are in env.txt"}),
            ("write", {"path": "copy.txt", "content": said}),
            ("nothing", {"like": said}),
        ]
        step = len(self.requests) - 1
        if step < len(calls):
            name, arguments = calls[step]
            yield ToolCallFinished(0, name, json.dumps(arguments))
        yield Usage(input_tokens=100, output_tokens=10)
        yield Stop(StopReason.TOOL_CALLS if step < len(calls) else StopReason.END)


def test_no_event_log_prompt_commit_or_crash_report_holds_a_planted_secret(tmp_path: Path) -> None:
    root = tmp_path.resolve()
    (root / "ws").mkdir()
    (root / "ws" / "env.txt").write_text("".join(f"KEY={secret}\n" for secret in SECRETS) + "x" * 60_000)
    options = RunOptions(workspace=root / "ws", home=root / "home", mode="auto")
    talker = Talker()

    asyncio.run(_run(options, talker))
    wiring.report_crash(RuntimeError(f"it broke with {' '.join(SECRETS)}"), options)

    written = {str(path): path.read_bytes() for path in (root / "home").rglob("*") if path.is_file()}
    git = ["git", "-C", str(root / "home"), "log", "-p", "--all"]
    written["commits"] = subprocess.run(git, capture_output=True, check=False).stdout
    # A prompt is what was sent: the reader of a request sees what its provider sees.
    written |= {f"request {number}": repr(request).encode() for number, request in enumerate(talker.requests)}
    images = {path for path in written if "/state/images/" in path}
    found = [(path, secret) for path, data in written.items() for secret in SECRETS if secret.encode() in data]
    assert len(talker.requests) > 5
    assert any("crash-" in path for path in written)
    assert b"The keys are in env.txt" in written["commits"]
    assert all(secret in (root / "ws" / "copy.txt").read_text() for secret in SECRETS), "tools here get real values"
    assert [(path, secret) for path, secret in found if path not in images] == []


async def _run(options: RunOptions, talker: Talker) -> None:
    station = Workstation(options)
    session_id = SessionId("talk")
    place = Place(session=session_id, run=RunId("r1"))
    brain = Brain(name="fake:m", model="m", provider=talker, price=PRICE, window_tokens=200_000, why="a test")
    with station.own(session_id, []) as owned:
        limits = station.limits(goal := Goal(text=f"Use {SECRETS[3]}."), station.config)
        station.begin(owned.session, place, (goal, "d"), (station.config.policy.mode, limits))
        kit = await station.kits.make(owned.session, session_id, station.config, OneBrain(brain))
        await pursuit_of(kit, place).run()
        await station.kits.workers.close()
        await station.memory.catch_up()
    station.memory.close()
    station.log.close()

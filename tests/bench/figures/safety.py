"""What safety costs: a sandboxed command beside raw bubblewrap, a before-image of 1 MB, a decision of the policy."""

from __future__ import annotations

import asyncio
import os
import time
from itertools import count
from pathlib import Path
from typing import Final

from hermes_tui.capabilities.governance.policy import RulePolicy
from hermes_tui.capabilities.sandbox.bounds import bounds_of
from hermes_tui.capabilities.sandbox.bubblewrap import Bubblewrap, find_binary
from hermes_tui.capabilities.state.images import ImageStore
from hermes_tui.domain.approval import Grant, ResolvedCall
from hermes_tui.domain.processes import SandboxCommand
from hermes_tui.domain.tasks import Effect, Mode, Reach
from tests.bench.bench import Bench, Measure
from tests.bench.peers import raw_bwrap
from tests.bench.rows import Bar, Row

CALLS: Final = 10
DECISIONS: Final = 1_000
RULES: Final = 200
MEGABYTE: Final = 1_000_000
FIGURE: Final = "safety"


def measure(bench: Bench) -> list[Row]:
    """Measure each of the three; the sandbox in pairs with its baseline, so that load falls on both."""
    image, decision = bench.alternate(_image(bench), _decision_ms)
    return [
        _sandboxed(bench),
        Row(figure=FIGURE, what="before-image of a 1 MB file", unit=" ms", ours=image, bar=Bar(value=10.0)),
        Row(
            figure=FIGURE,
            what=f"policy decision, {RULES} rules and as many grants",
            unit=" ms",
            ours=decision,
            bar=Bar(value=1.0),
        ),
    ]


def _sandboxed(bench: Bench) -> Row:
    what = "sandboxed `true`"
    binary = find_binary()
    if binary is None:
        return Row(figure=FIGURE, what=what, unit=" ms", note="bubblewrap is not installed")
    workspace = bench.new_folder("sandbox").resolve()
    sandbox = Bubblewrap(binary, bounds_of(workspace))
    command = SandboxCommand(argv=("true",), cwd=workspace, write=(workspace,))
    ours, raw = bench.alternate(
        lambda: asyncio.run(_ours_ms(sandbox, command)),
        lambda: min(raw_bwrap.once_ms(sandbox, command) for _ in range(CALLS)),
    )
    return Row(
        figure=FIGURE,
        what=what,
        unit=" ms",
        ours=ours,
        baseline=raw,
        against=" ms raw bwrap, same arguments and filter",
        bar=Bar(value=1.15, ratio=True),
    )


async def _ours_ms(sandbox: Bubblewrap, command: SandboxCommand) -> float:
    taken: list[float] = []
    for _ in range(CALLS):
        began = time.perf_counter()
        await sandbox.run(command)
        taken.append(time.perf_counter() - began)
    return 1000 * min(taken)


def _image(bench: Bench) -> Measure:
    """Return what takes the image of a file that is another one each time."""
    folder = bench.new_folder("images").resolve()
    workspace = folder / "workspace"
    workspace.mkdir()
    store = ImageStore(folder / "images", workspace)
    numbers = count()

    def image_ms() -> float:
        path = workspace / f"file{next(numbers)}"
        # On disk, as a file of the operator's is: else the copy's sync would wait for the original too.
        with path.open("wb") as file:
            file.write(os.urandom(MEGABYTE))
            os.fsync(file.fileno())
        return asyncio.run(_take_ms(store, path))

    return image_ms


async def _take_ms(store: ImageStore, path: Path) -> float:
    began = time.perf_counter()
    await store.take([path])
    return 1000 * (time.perf_counter() - began)


def _decision_ms() -> float:
    policy = RulePolicy(
        deny=[f"shell(forbidden{number} *)" for number in range(RULES // 2)],
        allow=[f"shell(allowed{number} *)" for number in range(RULES // 2)],
        two_keys=["host", "git(push *)"],
    )
    grants = [Grant(rule=f"shell(granted{number} -x *)", by="operator") for number in range(RULES)]
    argv = ("python", "-m", "pytest", "-q")
    call = ResolvedCall(tool="shell", effect=Effect.WRITE, reach=Reach.SANDBOX, summary="tests", argv=argv)
    began = time.perf_counter()
    for _ in range(DECISIONS):
        policy.decide(call, Mode.ASK, grants)
    return 1000 * (time.perf_counter() - began) / DECISIONS

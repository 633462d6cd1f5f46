"""From the start of the program to the first frame that takes keys, and to a workstation that has taken them."""

from __future__ import annotations

from collections.abc import Callable

from tests.bench.bench import Bench
from tests.bench.peers import claude, codex
from tests.bench.programs import environment, hermes
from tests.bench.rows import Bar, Row, Samples
from tests.bench.windows.window import Window, window

KEYS = "zq"
READY = "F1 help"
"""The status line of the workstation; the first frame has none."""
Start = Callable[[], tuple[float, float]]
"""Returns the seconds until keys typed as soon as any are taken are drawn, and until the whole program has them."""


def measure(bench: Bench, url: str) -> list[Row]:
    """Open ours and each peer that is installed, in turns."""
    starts: dict[str, Start] = {"ours": lambda: _ours(bench)}
    if (binary := codex.find()) is not None:
        starts["codex"] = lambda: _codex(bench, binary, url)
    if (program := claude.find()) is not None:
        starts["claude"] = lambda: _claude(bench, program, url.removesuffix("/v1"))
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in starts}
    _begin(bench)
    for start in starts.values():
        start()
    for turn in range(max(bench.runs, 3)):
        for name in list(starts) if turn % 2 else list(reversed(starts)):
            taken[name].append(starts[name]())
    first = {name: Samples(tuple(one for one, _ in pairs)) for name, pairs in taken.items()}
    drawn = {name: Samples(tuple(one for _, one in pairs)) for name, pairs in taken.items()}
    return [
        Row(
            figure="workstation",
            what="first frame: a key typed as soon as one is taken is drawn",
            unit="s",
            ours=first["ours"],
            baseline=first.get("codex"),
            against="s Codex",
            bar=Bar(value=1.0, ratio=True),
            note="" if "codex" in first else f"Codex {codex.ABSENT}",
        ),
        Row(
            figure="workstation",
            what="usable: keys typed at the first frame stand in the prompt",
            unit="s",
            ours=drawn["ours"],
            baseline=drawn.get("claude"),
            against="s Claude Code",
            bar=Bar(value=0.4, ratio=True),
            note="" if "claude" in drawn else f"Claude Code {claude.ABSENT}",
        ),
    ]


def _begin(bench: Bench) -> None:
    """Start ours once until all is there: what is measured is no first start of an installation or a home."""
    with window(hermes(), ours_env(bench), bench.new_folder("begin")) as opened:
        opened.until_said(READY)
        opened.settle()


def ours_env(bench: Bench, **more: str) -> dict[str, str]:
    """Return an environment with a home that exists already."""
    return environment(HERMES_TUI_HOME=str(bench.folder / "window-home"), **more)


def _ours(bench: Bench) -> tuple[float, float]:
    with window(hermes(), ours_env(bench), bench.new_folder("start")) as opened:
        echoed, at = _echoed(opened), len(opened.raw)
        opened.until_said(READY, after=at)
        return echoed, opened.until_said(KEYS, after=at) - opened.began


def _codex(bench: Bench, binary: str, url: str) -> tuple[float, float]:
    workspace = bench.new_folder("start-codex")
    peer = codex.Codex(binary, bench.folder / "codex-window", workspace)
    peer.prepare(url, "fake-large")
    peer.trust()
    with window([binary], peer.env(), workspace) as opened:
        echoed = _echoed(opened)
        return echoed, echoed


def _claude(bench: Bench, binary: str, url: str) -> tuple[float, float]:
    workspace = bench.folder / "start-claude"
    workspace.mkdir(exist_ok=True)
    peer = claude.Claude(binary, bench.folder / "claude-home", workspace)
    peer.prepare()
    with window([binary], peer.env(url), workspace) as opened:
        echoed = _echoed(opened)
        return echoed, echoed


def _echoed(opened: Window) -> float:
    """Type as soon as a key would reach the program; return when it was drawn."""
    # The terminal's mode may change after what is drawn.
    opened.until(lambda: opened.takes_keys, "a first frame", every_s=0.002)
    opened.type(KEYS)
    return opened.until_said(KEYS) - opened.began

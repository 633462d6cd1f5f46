"""Processor time to answer `--version` and `--help`, and what a headless run loads before it works."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

from tests.bench.bench import Bench
from tests.bench.programs import environment, hermes, run
from tests.bench.rows import Bar, Row, Samples

BARE = (sys.executable, "-c", "pass")
TIMES = 4
LOADED = """
import sys, time
before = time.process_time()
from hermes_tui.interfaces import headless
spent_ms = 1000 * (time.process_time() - before)
import json
print(json.dumps([spent_ms, len(sys.modules), sorted({name.partition(".")[0] for name in sys.modules})]))
"""
SDKS = {"anthropic", "openai", "ollama", "textual", "rich", "prompt_toolkit", "genai_prices"}


def measure(bench: Bench) -> list[Row]:
    """Measure the questions about Hermes itself, and the import of the headless door."""
    version, version_bare = _above(bench, ("--version",))
    help_, help_bare = _above(bench, ("--help",))
    loaded = [_loaded(bench) for _ in range(bench.runs)]
    sdks = sorted(SDKS & set(loaded[-1][2]))
    return [
        Row(
            figure="startup",
            what="`--version`, CPU above the bare interpreter",
            unit="s",
            ours=_difference(version, version_bare),
            baseline=version_bare,
            against="s interpreter",
            bar=Bar(value=0.03),
        ),
        Row(
            figure="startup",
            what="`--help`, CPU above the bare interpreter",
            unit="s",
            ours=_difference(help_, help_bare),
            baseline=help_bare,
            against="s interpreter",
        ),
        Row(
            figure="startup",
            what="import of the headless door, CPU",
            unit="ms",
            ours=Samples(tuple(spent for spent, _, _ in loaded)),
            note=f"{loaded[-1][1]} modules; vendor packages and toolkits among them: {', '.join(sdks) or 'none'}",
        ),
    ]


def _above(bench: Bench, args: Sequence[str]) -> tuple[Samples, Samples]:
    env, cwd = environment(), bench.new_folder("startup")

    def cpu(argv: Sequence[str]) -> float:
        return sum(run(argv, env=env, cwd=cwd).cpu_s for _ in range(TIMES)) / TIMES

    ours, bare = bench.alternate(lambda: cpu(hermes(*args)), lambda: cpu(BARE), runs=max(bench.runs, 7))
    return ours, bare


def _difference(ours: Samples, bare: Samples) -> Samples:
    return Samples(tuple(one - other for one, other in zip(ours.values, bare.values, strict=True)))


def _loaded(bench: Bench) -> tuple[float, int, list[str]]:
    done = run([sys.executable, "-c", LOADED], env=environment(), cwd=bench.new_folder("loaded"))
    spent_ms, modules, names = json.loads(done.stdout)
    return spent_ms, modules, names

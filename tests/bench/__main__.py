"""Choose figures, run them, print one table: `make bench`, or `make bench ARGS="journal kernel"`."""

from __future__ import annotations

import argparse
import gc
import json
import os
import pkgutil
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from tempfile import mkdtemp
from typing import Final

from hermes_tui.cli import COLLECT_AFTER, SWITCH_S
from tests.bench import figures, machine, table
from tests.bench.bench import Bench, say
from tests.bench.programs import ProgramFailed
from tests.bench.rows import Row, Verdict

RUNS: Final = 5
DOCUMENT: Final = Path("build/bench.json")


def names() -> list[str]:
    """Return the figures there are."""
    return [module.name for module in pkgutil.iter_modules(figures.__path__)]


def _parser() -> argparse.ArgumentParser:
    captions = {name: (import_module(f"{figures.__name__}.{name}").__doc__ or "").splitlines()[0] for name in names()}
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench",
        description="Measure Hermes beside its baselines.",
        epilog="figures:\n" + "\n".join(f"  {name:10} {caption}" for name, caption in captions.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("figures", nargs="*", metavar="FIGURE", help="which ones (default: all)")
    parser.add_argument("--runs", type=int, default=RUNS, metavar="N", help=f"runs of each (default: {RUNS})")
    parser.add_argument(
        "--json", type=Path, default=DOCUMENT, metavar="FILE", help=f"rows with all samples (default: {DOCUMENT})"
    )
    parser.add_argument("--folder", type=Path, metavar="DIR", help="where to write (default: a temporary folder)")
    return parser


def _measured(name: str, bench: Bench) -> list[Row]:
    began = time.monotonic()
    say(f"{name} …")
    try:
        rows: list[Row] = import_module(f"{figures.__name__}.{name}").measure(bench)
    except (ProgramFailed, subprocess.SubprocessError, OSError) as error:
        note = str(error).replace("\n", " ")[-400:]
        rows = [Row(figure=name, what="could not be measured", unit="", note=note, broken=True)]
    say(f"{name} took {time.monotonic() - began:.0f} s")
    return rows


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what was asked for; 1 if something could not be measured, and never because a bar was missed."""
    parser = _parser()
    options = parser.parse_args(arguments)
    unknown = sorted(set(options.figures) - set(names()))
    if unknown:
        parser.error(f"no figure {', '.join(unknown)}; there are {', '.join(names())}")
    # What a child of ours costs must not depend on whether this shell forbids bytecode: an installation has it.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    # What runs in this process is collected and switched as in the command.
    gc.set_threshold(*COLLECT_AFTER)
    sys.setswitchinterval(SWITCH_S)
    folder = Path(mkdtemp(prefix="hermes-bench-", dir=options.folder))
    try:
        where = machine.describe(folder)
        bench = Bench(runs=options.runs, folder=folder)
        rows = [row for name in options.figures or names() for row in _measured(name, bench)]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return report(rows, where, options.runs, options.json)


def report(rows: Sequence[Row], where: str, runs: int, document: Path) -> int:
    """Print the table and write every sample; 1 if a figure could not be measured."""
    sys.stdout.write(
        f"{where}\nafter: load {os.getloadavg()[0]:.1f}\n\n{table.render(rows)}\n\n{table.summary(rows)}\n"
    )
    content = {"machine": where, "runs": runs, "rows": [row.to_json() for row in rows]}
    document.parent.mkdir(parents=True, exist_ok=True)
    document.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    sys.stdout.write(f"all samples: {document}\n")
    return int(any(row.verdict is Verdict.BROKEN for row in rows))


if __name__ == "__main__":
    sys.exit(main())

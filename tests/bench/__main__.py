"""Choose figures, run them, print one table: `make bench`, or `make bench ARGS="journal kernel"`."""

from __future__ import annotations

import argparse
import json
import os
import pkgutil
import shutil
import sys
import time
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from tempfile import mkdtemp
from typing import Final

from tests.bench import figures, machine, table
from tests.bench.bench import Bench, say
from tests.bench.programs import ProgramFailed
from tests.bench.rows import Row, Verdict

RUNS: Final = 5


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
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write rows with all samples to FILE")
    parser.add_argument("--folder", type=Path, metavar="DIR", help="where to write (default: a temporary folder)")
    return parser


def _measured(name: str, bench: Bench) -> list[Row]:
    began = time.monotonic()
    say(f"{name} …")
    try:
        rows: list[Row] = import_module(f"{figures.__name__}.{name}").measure(bench)
    except ProgramFailed as error:
        rows = [Row(figure=name, what="could not be measured", unit="", note=str(error).replace("\n", " ")[-400:])]
    say(f"{name} took {time.monotonic() - began:.0f} s")
    return rows


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what was asked for; 1 if a bar was missed."""
    parser = _parser()
    options = parser.parse_args(arguments)
    unknown = sorted(set(options.figures) - set(names()))
    if unknown:
        parser.error(f"no figure {', '.join(unknown)}; there are {', '.join(names())}")
    # What a child of ours costs must not depend on whether this shell forbids bytecode: an installation has it.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    folder = Path(mkdtemp(prefix="hermes-bench-", dir=options.folder))
    try:
        where = machine.describe(folder)
        bench = Bench(runs=options.runs, folder=folder)
        rows = [row for name in options.figures or names() for row in _measured(name, bench)]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    sys.stdout.write(
        f"{where}\nafter: load {os.getloadavg()[0]:.1f}\n\n{table.render(rows)}\n\n{table.summary(rows)}\n"
    )
    if options.json:
        document = {"machine": where, "runs": options.runs, "rows": [row.to_json() for row in rows]}
        options.json.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return int(any(row.verdict is Verdict.MISSED for row in rows))


if __name__ == "__main__":
    sys.exit(main())

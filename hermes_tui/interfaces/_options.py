"""From the command line to the options of a run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hermes_tui.services.premises import RunOptions

if TYPE_CHECKING:
    from argparse import Namespace


def options_of(args: Namespace) -> RunOptions:
    """Return what the command line says."""
    return RunOptions(
        workspace=Path(args.cd),
        home=Path(args.home) if args.home else None,
        model=args.model,
        mode=args.mode,
        budget_usd=args.budget_usd,
        max_steps=args.max_steps,
        time_limit=args.time_limit,
        strategy=args.strategy,
        fresh=args.fresh,
        verbose=args.verbose,
    )

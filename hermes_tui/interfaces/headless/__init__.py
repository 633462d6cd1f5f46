"""`hermes -p GOAL` and `hermes --batch goal.md`: progress on stderr, results on stdout, an exit code."""

from hermes_tui.interfaces.headless.batch import main

__all__ = ["main"]

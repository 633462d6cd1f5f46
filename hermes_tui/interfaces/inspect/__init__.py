"""Commands that look and steer: sessions, approvals, cost, config, doctor and the like."""

from hermes_tui.interfaces.inspect.commands import main

__all__ = ["main"]

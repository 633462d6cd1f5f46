"""`hermes --plain`: the workstation line by line, for SSH, dumb terminals and screen readers."""

from hermes_tui.interfaces.plain.door import main

__all__ = ["main"]

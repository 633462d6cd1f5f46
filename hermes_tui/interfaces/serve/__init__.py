"""`hermes serve`: the workstation in a browser of this machine."""

from hermes_tui.interfaces.serve.door import main

__all__ = ["main"]

"""The first frame: drawn before anything is loaded, it takes keys until the workstation does."""

from hermes_tui.interfaces.early.curtain import Curtain, raise_curtain

__all__ = ["Curtain", "raise_curtain"]

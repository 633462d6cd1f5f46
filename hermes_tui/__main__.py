"""`python -m hermes_tui`."""

from hermes_tui.cli import entry

if __name__ == "__main__":
    entry()

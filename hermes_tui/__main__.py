"""`python -m hermes_tui`."""

import sys

if not sys.flags.safe_path:
    # The current folder, mostly a workspace that agents write, comes first there: no module is to be taken from it.
    del sys.path[0]

from hermes_tui.cli import entry

if __name__ == "__main__":
    entry()

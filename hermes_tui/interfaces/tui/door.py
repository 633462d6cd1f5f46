"""The door to the workstation: from the command line to the app, until the operator leaves."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from hermes_tui.interfaces._opening import Parting, Sitting, sit_down
from hermes_tui.interfaces._swatch import depth_of
from hermes_tui.interfaces.tui.app import HermesApp
from hermes_tui.interfaces.tui.terminal import drive

if TYPE_CHECKING:
    from argparse import Namespace


def main(_: str, args: Namespace) -> int:
    """Open the workstation until the operator leaves; return the exit code."""

    def sit(sitting: Sitting) -> Parting:
        desk = sitting.desk
        app = HermesApp(desk, earlier=desk.earlier, goal=sitting.goal, themes=sitting.themes)
        app.draw_in(depth_of(os.environ))
        app.first_frame = getattr(args, "curtain", None)
        app.bundle = getattr(args, "bundle", None)
        drive(app)
        following = app.run(mouse=desk.outlook.mouse)
        if app.refused is not None:
            raise app.refused
        return Parting(following, app.return_code or 0)

    return sit_down(args, sit)

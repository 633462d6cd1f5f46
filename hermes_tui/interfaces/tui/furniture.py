"""The furniture of the app: the workspace with its panes; loaded while the prompt is written in."""

from __future__ import annotations

import os

from hermes_tui.interfaces._bridge import Bridge
from hermes_tui.interfaces.tui.app import HermesApp
from hermes_tui.interfaces.tui.files import DayReader, PaceReader, PromptKeeper, ThemeKeeper
from hermes_tui.interfaces.tui.layout import sizes_from
from hermes_tui.interfaces.tui.motion import motion_of
from hermes_tui.interfaces.tui.relay import Relay
from hermes_tui.interfaces.tui.screens.workspace import Workspace


def furnish(app: HermesApp) -> None:
    """Give an app its workspace, and what brings it its contents; nothing is on screen yet."""
    config = app.seat.facts.config
    app.theme_files = ThemeKeeper(app, app.theme_folders)
    app.theme_files.read()
    app.motion = motion_of(config.ui.motion, os.environ)
    app.look.step_s = app.motion.step_s
    app.workspace = _workspace(app)
    app.prompts = PromptKeeper(app)
    app.before_leaving = app.prompts.keep_now
    app.day = DayReader(app)
    app.relay = Relay(app, app.day, PaceReader(app))
    app.bridge = Bridge(app.deliver, frame_s=app.motion.frame_s)


def _workspace(app: HermesApp) -> Workspace:
    made = Workspace(app.look, app.seat, app.earlier, app.monotonic)
    made.sizes = sizes_from({**app.seat.facts.config.ui.layout, **app.seat.drawer.layout()})
    made.clock_s = app.motion.clock_s
    made.expect(*app.size)
    return made

"""The premises of a workstation: options, home, config and workspace folder; they are known before anything opens."""

from __future__ import annotations

import os
import threading
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from hermes_tui.domain.ids import SessionId
from hermes_tui.domain.late import late
from hermes_tui.services import outlook
from hermes_tui.services.homes import Home, choose, open_home
from hermes_tui.services.options import RunOptions as RunOptions  # noqa: PLC0414 - whoever asks for premises has some
from hermes_tui.services.options import workspace_of
from hermes_tui.services.outlook import Outlook

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hermes_tui.services import layers
    from hermes_tui.services.config import HermesConfig
    from hermes_tui.services.explain import Layer, Settings
else:
    layers = late("hermes_tui.services.layers")


def home_of(options: RunOptions) -> Home:
    """Return the home that the options and the environment choose."""
    return open_home(choose(os.environ, str(options.home) if options.home else None))


class Premises:
    """Where a workstation stands and what its operator wants of it; everything else is built on them.

    The config is read when it is first asked for. An edit of the home's config moves the settings in force.
    """

    def __init__(self, options: RunOptions) -> None:
        """Find them.

        Raises:
            UsageInvalid: the home or the workspace cannot be used.
        """
        self.options = options
        self.home: Home = home_of(options)
        self.root = workspace_of(options)
        self._reading = threading.RLock()
        self._read: tuple[Sequence[Layer], Settings] | None = None

    @cached_property
    def outlook(self) -> Outlook:
        """How the first screen looks. The config is read for it if it is not that of the last time, which was right.

        Raises:
            UsageInvalid: see `layers`.
        """
        shelf = outlook.Shelf(self.home, self.root, self.options, os.environ)
        found = shelf.outlook()
        if found is None:
            found = outlook.outlook_of(self.config.ui)
            shelf.keep(found)
        return found

    def _known(self) -> tuple[Sequence[Layer], Settings]:
        with self._reading:
            if self._read is None:
                self._read = layers.read_all(self.options, self.home)
            return self._read

    @property
    def layers(self) -> Sequence[Layer]:
        """Every source of config but the goal, as first read.

        Raises:
            UsageInvalid: a layer is wrong; file, line and remedy are named.
        """
        return self._known()[0]

    @property
    def settings(self) -> Settings:
        """The config in force and where each value comes from.

        Raises:
            UsageInvalid: see `layers`.
        """
        return self._known()[1]

    @settings.setter
    def settings(self, settings: Settings) -> None:
        self._read = (self.layers, settings)

    @property
    def config(self) -> HermesConfig:
        """The config in force.

        Raises:
            UsageInvalid: see `layers`.
        """
        return self.settings.config

    def sessions(self) -> Path:
        """Return the folder of session files."""
        folder = self.home.state / "sessions"
        folder.mkdir(parents=True, exist_ok=True)
        return folder


def new_session() -> SessionId:
    """Return the id of a session that no goal file stands for."""
    return SessionId(f"p{os.urandom(4).hex()}")

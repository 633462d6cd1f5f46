"""The premises of a workstation: options, home, config and workspace folder; they are known before anything opens."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from hermes_tui.domain.errors import UsageInvalid
from hermes_tui.domain.ids import SessionId
from hermes_tui.domain.values import frozen
from hermes_tui.services import trust
from hermes_tui.services.config import HermesConfig, LayerName
from hermes_tui.services.config_cache import ParsedFiles
from hermes_tui.services.explain import Layer, command_line_layer, environment_layer, merge, read_layer
from hermes_tui.services.homes import Home, choose, demand_text, open_home


@frozen
class RunOptions:
    """What the command line says; None leaves a thing to the goal and the config."""

    workspace: Path = Path()
    home: Path | None = None
    model: str | None = None
    mode: str | None = None
    budget_usd: float | None = None
    max_steps: int | None = None
    time_limit: str | None = None
    strategy: str | None = None
    fresh: bool = False
    verbose: bool = False


def home_of(options: RunOptions) -> Home:
    """Return the home that the options and the environment choose."""
    return open_home(choose(os.environ, str(options.home) if options.home else None))


def layers_of(options: RunOptions, home: Home) -> list[Layer]:
    """Return every source of config but the goal.

    Raises:
        UsageInvalid: a layer is wrong; file, line and remedy are named.
    """
    layers: list[Layer] = []
    built_in, own = home.built_in / "config.yaml", home.root / "config.yaml"
    # A home starts with a copy of the built-in file. As long as nobody changed it, it says the same and is read alone.
    if not own.is_file() or own.read_bytes() != built_in.read_bytes():
        layers.append(read_layer(LayerName.BUILT_IN, built_in))
    if own.is_file():
        layers.append(read_layer(LayerName.HOME, own, ParsedFiles(home.state / "parsed").parse))
    if project_layer := _project_layer(options, home, layers):
        layers.append(project_layer)
    layers.append(environment_layer(os.environ))
    wanted = {"policy.mode": options.mode, "brains.cortex.model": options.model, "budgets.run.usd": options.budget_usd}
    layers.append(command_line_layer({key: value for key, value in wanted.items() if value is not None}))
    return layers


def project_of(options: RunOptions, home: Home, layers: Sequence[Layer]) -> trust.Project:
    """Return what the workspace's project brings along, and whether it is trusted; `layers` are the operator's own.

    Raises:
        UsageInvalid: there is no such workspace.
    """
    pinned: dict[str, str] = {}
    for layer in layers:
        held = layer.node.value.get("trust") if isinstance(layer.node.value, dict) else None
        if layer.name in (LayerName.BUILT_IN, LayerName.HOME) and isinstance(held, dict):
            pinned |= {root: str(digest) for root, digest in held.items()}
    return trust.project_of(workspace_of(options), home.state, pinned)


def _project_layer(options: RunOptions, home: Home, layers: Sequence[Layer]) -> Layer | None:
    """Return the project's config as a layer, if there is one and it is trusted as it is."""
    project = project_of(options, home, layers)
    if project.standing is not trust.Standing.TRUSTED or trust.CONFIG not in project.files:
        return None
    return read_layer(LayerName.PROJECT, project.root / trust.CONFIG)


def workspace_of(options: RunOptions) -> Path:
    """Return the real workspace folder.

    Raises:
        UsageInvalid: it is no folder, or its path is no text.
    """
    root = Path(os.path.realpath(options.workspace))
    demand_text(str(root), "workspace")
    if not root.is_dir():
        raise UsageInvalid(f"{options.workspace} is not a folder.", hint="Name the workspace with -C DIR.")
    return root


class Premises:
    """Where a workstation stands and what its operator wants of it; everything else is built on them.

    `settings` are those in force: an edit of the home's config moves them.
    """

    def __init__(self, options: RunOptions) -> None:
        """Read them.

        Raises:
            UsageInvalid: the home, the config or the workspace cannot be used.
        """
        self.options = options
        self.home: Home = home_of(options)
        self.layers = layers_of(options, self.home)
        self.settings = merge(self.layers)
        self.root = workspace_of(options)

    @property
    def config(self) -> HermesConfig:
        """The config in force."""
        return self.settings.config

    def sessions(self) -> Path:
        """Return the folder of session files."""
        folder = self.home.state / "sessions"
        folder.mkdir(parents=True, exist_ok=True)
        return folder


def new_session() -> SessionId:
    """Return the id of a session that no goal file stands for."""
    return SessionId(f"p{os.urandom(4).hex()}")

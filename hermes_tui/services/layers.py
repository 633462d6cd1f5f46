"""Every source of config but the goal, read in their order; a project's counts as its operator trusts it."""

from __future__ import annotations

import os
from collections.abc import Sequence

from hermes_tui.services import trust
from hermes_tui.services.config import LayerName
from hermes_tui.services.config_cache import ParsedFiles
from hermes_tui.services.explain import Layer, Settings, command_line_layer, environment_layer, merge, read_layer
from hermes_tui.services.homes import Home
from hermes_tui.services.options import RunOptions, workspace_of


def read_all(options: RunOptions, home: Home) -> tuple[list[Layer], Settings]:
    """Return every source of config but the goal, and what they come to.

    Raises:
        UsageInvalid: a layer is wrong; file, line and remedy are named.
    """
    layers = layers_of(options, home)
    return layers, merge(layers)


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

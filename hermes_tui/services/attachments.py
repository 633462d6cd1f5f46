"""Pictures that go with words: those that a text mentions, if the brain that will read it takes them."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from hermes_tui.capabilities import registry
from hermes_tui.domain.errors import UsageInvalid
from hermes_tui.domain.events import MessageGiven
from hermes_tui.domain.messages import Image
from hermes_tui.domain.records import Place
from hermes_tui.domain.tasks import Goal
from hermes_tui.domain.values import replace
from hermes_tui.kernel.session import Session
from hermes_tui.kernel.strategies.auto import choose
from hermes_tui.services import kits
from hermes_tui.services.brains import ConfiguredBrains
from hermes_tui.services.config import HermesConfig
from hermes_tui.services.offers import can
from hermes_tui.services.provider_config import ProviderConfig

if TYPE_CHECKING:
    from hermes_tui.services.pictures import Picture

ALONE = "react"
"""The strategy by which one agent does everything, so that what it is shown is seen by who acts."""
AGENT = "goal"
"""The task of that agent."""


def sees(brain: str, config: HermesConfig) -> bool:
    """Return whether the brain of a name such as `openai:gpt-6` is known to take pictures."""
    provider, _, model = brain.partition(":")
    return can(config.providers.get(provider, ProviderConfig()), model).see


def require_sight(brain: str, config: HermesConfig) -> None:
    """Return if a brain takes pictures.

    Raises:
        UsageInvalid: it takes none, as far as is known.
    """
    if not sees(brain, config):
        said = f"{brain} takes no pictures, so nothing was sent." if brain else "No brain is connected yet."
        raise UsageInvalid(said, hint="F3, /brain or --model chooses one that does.")


async def attached(goal: Goal, pictures: list[Picture], strategy: str, brains: ConfiguredBrains) -> Goal:
    """Return a goal that is pursued by one agent who sees the pictures.

    Raises:
        UsageInvalid: it is planned otherwise, or the brain that would answer takes no pictures.
        NoProvider: nobody can answer.
    """
    if not pictures:
        return goal
    wanted = replace(goal, strategy=ALONE) if strategy == "auto" else goal
    planned = choose(wanted, wanted.strategy if strategy == "auto" else strategy).strategy.name
    if planned != ALONE:
        said = f"A goal that is planned as {planned} shows {pictures[0].name} to nobody."
        raise UsageInvalid(said, hint=f"Use `strategy: {ALONE}`, or leave the `@` away.")
    require_sight((await brains.choose("cortex", {})).name, brains.config)
    return wanted


async def mentioned(goal: Goal, state: Path, root: Path) -> list[Picture]:
    """Return the pictures of the workspace that a goal mentions; see `Shelf.mentioned`."""
    if "@" not in goal.text:
        return []
    shelf = registry.load_late("services.pictures").shelf_of(state)
    found: list[Picture] = await asyncio.to_thread(shelf.mentioned, goal.text, root)
    return found


def tell(session: Session, place: Place, goal: Goal, images: tuple[Image, ...]) -> None:
    """Put a goal on record as what the operator says to the agent that pursues it, with its pictures."""
    if AGENT in session.state.graph.tasks and goal.plan is None:
        session.emit(MessageGiven(text=goal.text, images=images), replace(place, agent=kits.agent_of(AGENT)))

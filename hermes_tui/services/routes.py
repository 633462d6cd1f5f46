"""From what a call is for to the role that answers it, with the reason."""

from __future__ import annotations

from hermes_tui.domain.ports import Weight
from hermes_tui.domain.values import frozen
from hermes_tui.services.config import KINDS, ROLES, ROUTED, ROUTES, TIERS, HermesConfig

UNKNOWN = "unknown"


@frozen
class Route:
    """Which role answers, and why. `wanted` is a model that was asked for by name, else `auto`."""

    role: str
    task_class: str = ""
    wanted: str = "auto"
    why: str = ""


def route(config: HermesConfig, asked: str) -> Route:
    """Return who is meant by a class of task, a role, a tier or `provider:model`; an unknown class goes to cortex."""
    if asked in config.routes:
        return Route(role=config.routes[asked], task_class=asked, why=f"routes.{asked}")
    if asked in ROLES or asked in config.brains:
        return Route(role=asked, why="asked for by its role")
    if asked in ROUTES:
        return Route(role=ROUTES[asked], task_class=asked, why=f"class {asked}, by default")
    if asked in config.tiers or asked in ("auto", ROUTED):
        return Route(role="cortex", wanted=asked, why=f"asked for by its tier {asked}")
    if asked.partition(":")[0].partition("/")[0] in {*config.providers, *KINDS}:
        return Route(role="cortex", wanted=asked, why="asked for by its name")
    return Route(role="cortex", task_class=asked, why=f"{UNKNOWN} class {asked}: cortex answers")


def tier_of(config: HermesConfig, name: str) -> str:
    """Return `name` if it is a configured tier of the ladder light, standard, premium."""
    return name if name in TIERS and name in config.tiers else ""


def tier_by(config: HermesConfig, weight: Weight | None) -> tuple[str, str]:
    """Return the configured tier for tasks of `weight`, or else the next one above, or the highest; and why.

    Without a weight it is that of ordinary work.
    """
    wanted, why = (weight.tier, weight.why) if weight is not None else ("standard", "nothing is weighed yet")
    ladder = [name for name in TIERS if name in config.tiers]
    enough = [name for name in ladder if TIERS.index(name) >= TIERS.index(wanted)]
    return (enough or ladder[-1:] or [""])[0], f"weighed {wanted}: {why}"


def tier_above(config: HermesConfig, tier: str) -> str:
    """Return the next configured tier above `tier`, empty at the top."""
    above = TIERS[TIERS.index(tier) + 1 :] if tier in TIERS else ()
    return next((name for name in above if name in config.tiers), "")

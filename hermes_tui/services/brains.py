"""Who answers: the brain of each role, from the config, the keys, what is reachable and how each has done."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import aclosing
from dataclasses import field
from pathlib import Path
from typing import Final

from hermes_tui.capabilities.providers import _limits
from hermes_tui.capabilities.state.health import HealthBook, Measure, MemoryShelf
from hermes_tui.capabilities.state.reply_store import ReplyStore
from hermes_tui.domain.errors import FailureReason, NoProvider, UsageInvalid
from hermes_tui.domain.parts import Effort
from hermes_tui.domain.ports import Brain, CallEnd, Weigh
from hermes_tui.domain.values import frozen, mutable, replace
from hermes_tui.kernel.breaker import Health, Standing
from hermes_tui.kernel.confidence import DEFAULT_THRESHOLD
from hermes_tui.kernel.context import TYPICAL_BYTES_PER_TOKEN, fits
from hermes_tui.kernel.retry import CEILING_S, PATIENT_S
from hermes_tui.services.chains import Candidate, chain, named_for
from hermes_tui.services.clock import SystemClock
from hermes_tui.services.config import ROLES, ROUTED, HermesConfig
from hermes_tui.services.missing import Missing
from hermes_tui.services.offers import PROBE_S, Offers
from hermes_tui.services.routes import Route, route, tier_above, tier_by, tier_of
from hermes_tui.services.strict_yaml import closest

__all__ = ["PROBE_S", "ConfiguredBrains", "Looked", "Missing"]

WARM_AFTER_S: Final = {"compression": 0.1}
"""What a run needs much later is looked for so long after it began: the operator waits for its first request."""


@frozen(kw_only=False)
class Looked:
    """What a provider offers, for a person to see: a model, how it did and how fast it was, as of `now`."""

    brain: Brain
    health: Health
    measure: Measure
    now: float

    @property
    def standing(self) -> Standing:
        """Whether it may be asked."""
        return self.health.standing(self.now)

    @property
    def ready_in_s(self) -> float:
        """Seconds until it may be asked."""
        return self.health.ready_in_s(self.now)


@mutable
class _Passed:
    """What a choice has passed by: why, and who could answer later or as a last resort."""

    missing: list[Missing] = field(default_factory=list[Missing])
    resting: list[Brain] = field(default_factory=list[Brain])
    limited: list[Brain] = field(default_factory=list[Brain])
    cramped: list[Brain] = field(default_factory=list[Brain])
    seen: set[str] = field(default_factory=set[str])

    def last_resort(self) -> Brain | None:
        """Return who failed lately rather than nobody, else who has to be waited for the least, else the largest."""
        soon = sorted((one for one in self.limited if one.ready_in_s <= CEILING_S), key=lambda one: one.ready_in_s)
        large = sorted(self.cramped, key=lambda one: -one.window_tokens)
        return next(iter([*self.resting, *soon, *large]), None)

    def explained(self, brain: Brain, tried: Mapping[str, str]) -> Brain:
        """Return the choice with the reason why each model before it was passed by, though it is there."""
        models = [one for one in self.missing if ":" in one.provider and one.provider not in tried]
        said = "; ".join(f"{one.provider}: {one.found}" for one in models)
        return replace(brain, why=f"{brain.why} ({said})") if said else brain


@frozen(kw_only=False)
class _Place:
    """What a chain is for."""

    route: Route
    tier: str
    tier_above: str
    escalate_below: float | None
    effort: Effort | None

    def take(self, offer: Brain | Missing) -> Brain | Missing:
        """Return a brain that knows what it was chosen for."""
        if isinstance(offer, Missing):
            return offer
        return replace(
            offer,
            role=self.route.role,
            task_class=self.route.task_class,
            route=self.route.why,
            effort=self.effort if offer.reasons else None,
            tier=self.tier,
            tier_above=self.tier_above,
            escalate_below=DEFAULT_THRESHOLD if self.escalate_below is None else self.escalate_below,
        )


class ConfiguredBrains:
    """The brains that the config names; `wanted` is what the operator asked for on the spot, else `auto`.

    `efforts` is how much the models of some roles were told on the spot to reason.

    A local server that answered is not asked again what it has; cloud providers count as soon as their key is there.
    `book` knows who failed and who may be tried, `prices` is a folder with tables newer than those of the release,
    `kept` holds replies that may be given again.
    """

    def __init__(
        self,
        config: HermesConfig,
        wanted: str,
        environ: Mapping[str, str],
        book: HealthBook | None = None,
        *,
        prices: Path | None = None,
        kept: ReplyStore | None = None,
    ) -> None:
        """Refuse names that nothing stands behind, before anything runs.

        Raises:
            UsageInvalid: a name is no provider, model, role or tier.
        """
        self.config = config
        self.wanted = wanted
        self.environ = environ
        self.book = HealthBook(MemoryShelf(), SystemClock()) if book is None else book
        self.prices = prices
        self.kept = kept
        self.efforts: dict[str, Effort | None] = {}
        self._room: dict[str, _limits.Headroom] = {}
        self._absent: set[str] = set()
        self._offers = Offers(config, environ, self._hear, time.monotonic, prices, kept)
        _check(config, wanted)

    async def choose(
        self,
        role: str,
        tried: Mapping[str, str],
        *,
        size_bytes: int = 0,
        tier: str = "",
        weigh: Weigh | None = None,
    ) -> Brain:
        """Return the first brain that can answer and was not tried; see `ports.Brains`."""
        if not tried:
            self._offers.forget()
        found = route(self.config, role)
        passed = _Passed()
        async with aclosing(self._in_order(found, tier, weigh)) as offers:
            async for offer in offers:
                if isinstance(offer, Missing):
                    passed.missing.append(offer)
                elif (brain := self._answering(offer, tried, size_bytes, passed)) is not None:
                    return passed.explained(brain, tried)
        last = passed.last_resort()
        if last is None or not self.book.admit(last.target):
            raise _none_left(found.role, passed.missing)
        return last

    def ended(self, brain: Brain, end: CallEnd) -> bool:
        """Learn how a request ended; see `ports.Brains`."""
        if end.reason is None:
            self._offers.answered(brain)
            self._absent.discard(brain.name)
        elif end.reason is FailureReason.MODEL_MISSING:
            self._absent.add(brain.name)
        return self.book.ended(brain.target, end) if brain.target else True

    async def warm_up(self, role: str) -> Brain | None:
        """Let the model that would answer for `role` be loaded, if it is a local one that is not; return it."""
        await asyncio.sleep(WARM_AFTER_S.get(role, 0.0))
        first = next((offer for offer in await self.look(role) if isinstance(offer, Brain)), None)
        if first is None or first.loaded:
            return None
        return first if await self._offers.warm(first) else None

    async def look(self, role: str = "cortex") -> list[Brain | Missing]:
        """Return what each provider of the chain offers, in order, for a person to see."""
        return [offer async for offer in self._in_order(route(self.config, role), "")]

    async def survey(self, role: str = "cortex") -> list[Looked | Missing]:
        """Return what each provider offers with its standing and measured figures."""
        offers = await self.look(role)
        known = self.book.look([offer.target for offer in offers if isinstance(offer, Brain)])
        now = self.book.now()
        return [
            offer if isinstance(offer, Missing) else Looked(offer, *known[offer.target], now=now) for offer in offers
        ]

    def switch(self, wanted: str) -> None:
        """Ask for another model from the next step on.

        Raises:
            UsageInvalid: nothing stands behind the name; the old choice holds.
        """
        chain(self.config, "cortex", wanted)
        self.wanted = wanted

    def reason(self, role: str, effort: Effort | None) -> None:
        """Let the model of a role reason so much from the next step on, whatever its config says.

        Raises:
            UsageInvalid: there is no such role.
        """
        if role not in (*ROLES, *self.config.brains):
            raise UsageInvalid(f"There is no role {role}.", hint=closest(role, [*ROLES, *self.config.brains]))
        self.efforts[role] = effort

    def apply(self, config: HermesConfig, environ: Mapping[str, str] | None = None) -> None:
        """Answer by another config from the next step on; what was asked for on the spot holds until cortex is edited.

        Raises:
            UsageInvalid: it names what nothing stands behind; the old config holds.
        """
        model = config.brain("cortex").model
        wanted = self.wanted if model == self.config.brain("cortex").model else "auto"
        _check(config, wanted)
        for role in [one for one in self.efforts if config.brain(one).effort != self.config.brain(one).effort]:
            del self.efforts[role]
        self.config, self.wanted, self.environ = config, wanted, self.environ if environ is None else environ
        self._offers = Offers(config, self.environ, self._hear, time.monotonic, self.prices, self.kept)

    async def _in_order(self, found: Route, tier: str, weigh: Weigh | None = None) -> AsyncGenerator[Brain | Missing]:
        """Yield what each candidate offers; only a sorted chain has to ask them all first."""
        wanted = tier or self._wanted_for(found)
        own = self.config.brain(found.role)
        named = named_for(self.config, found.role, wanted)
        if named == ROUTED:
            wanted, why = tier_by(self.config, weigh() if weigh is not None else None)
            named, found = wanted, replace(found, why=f"{found.why}; {why}")
        candidates = self._offers.chain(found.role, wanted)
        place = _Place(
            found,
            tier_of(self.config, named),
            tier_above(self.config, named),
            own.escalate_below,
            self.efforts.get(found.role, own.effort),
        )
        if tier:
            place = replace(place, route=replace(found, why=f"escalated to tier {tier}"))
        until = self._offers.deadline()
        for candidate in [one for one in candidates if not one.automatic]:
            yield place.take(await self._offers.of(candidate, found.role, until))
        rest = [one for one in candidates if one.automatic]
        if self.config.routing.sort == "order":
            for candidate in rest:
                yield place.take(await self._offers.of(candidate, found.role, until))
            return
        for offer in await self._sorted(rest, found.role, until):
            yield place.take(offer)

    async def _sorted(self, candidates: Iterable[Candidate], role: str, until: float) -> list[Brain | Missing]:
        """Return the automatic candidates by price or measured figures; unknown ones after, local ones last."""
        offers = [await self._offers.of(candidate, role, until) for candidate in candidates]
        known = self.book.look([offer.target for offer in offers if isinstance(offer, Brain)])
        by = self.config.routing.sort

        def rank(offer: Brain | Missing) -> tuple[bool, bool, float]:
            if isinstance(offer, Missing):
                return True, True, 0.0
            figure = _figure(by, offer, known[offer.target][1])
            return offer.local, figure is None, figure or 0.0

        return [_said(offer, by) for offer in sorted(offers, key=rank)]

    def _wanted_for(self, found: Route) -> str:
        if found.wanted != "auto":
            return found.wanted
        return self.wanted if found.role == "cortex" else "auto"

    def _answering(self, brain: Brain, tried: Mapping[str, str], size_bytes: int, passed: _Passed) -> Brain | None:
        """Return `brain` if it is the one to ask now; else `passed` holds why it is not."""
        if brain.target in passed.seen:
            return None
        passed.seen.add(brain.target)
        tokens = int(size_bytes / TYPICAL_BYTES_PER_TOKEN)
        if brain.name in tried:
            remedy = self._offers.nearest(brain) if brain.name in self._absent else ""
            passed.missing.append(Missing(brain.name, tried[brain.name], remedy))
            return None
        if fits(brain, size_bytes):
            return self._standing_well(brain, tokens, passed)
        why = f"its window of {brain.window_tokens:,} tokens is too small for about {tokens:,}"
        passed.missing.append(Missing(brain.name, why, "Name a model with a larger window."))
        passed.cramped.append(brain)
        return None

    def _standing_well(self, brain: Brain, tokens: int, passed: _Passed) -> Brain | None:
        """Return `brain` if how it did allows to ask it, perhaps after a short wait."""
        ((health, _),) = self.book.look([brain.target]).values()
        now = self.book.now()
        room = self._room.get(brain.target, _limits.Headroom())
        wait_s = max(health.ready_in_s(now), room.wait_s(tokens, now))
        standing = health.standing(now)
        if standing is Standing.OPEN:
            why = f"not asked for {wait_s:.0f} s after it failed {health.failures} times: {health.message}"
            passed.missing.append(Missing(brain.name, why, ""))
        elif wait_s:
            waiting = replace(brain, ready_in_s=wait_s, why="its rate limit is used up")
            if wait_s <= PATIENT_S:
                return waiting
            passed.limited.append(waiting)
            passed.missing.append(Missing(brain.name, f"its rate limit is used up for {wait_s:.0f} s", ""))
        elif standing is Standing.RESTING:
            passed.resting.append(brain)
            passed.missing.append(Missing(brain.name, health.message, ""))
        elif standing is Standing.READY or self.book.admit(brain.target):
            return brain
        else:
            passed.missing.append(Missing(brain.name, "it is being tried again by one other request", ""))
        return None

    def _hear(self, target: str, headers: Mapping[str, str]) -> None:
        """Keep what an answer said of its rate limit; what is used up is told to other processes too."""
        now = self.book.now()
        room = _limits.headroom(headers, now)
        if room is None:
            return
        self._room[target] = room
        if room.requests == 0 and room.requests_reset_at > now:
            self.book.limited(target, room.requests_reset_at - now)


def _check(config: HermesConfig, wanted: str) -> None:
    for role in ("cortex", *config.brains):
        chain(config, role, wanted if role == "cortex" else "auto")


def _figure(by: str, brain: Brain, measure: Measure) -> float | None:
    """Return what a chain is sorted by, the best first; None is unknown."""
    match by:
        case "price":
            price = brain.price
            return None if price is None else (3 * price.input_usd + price.output_usd) / 4
        case "throughput":
            return -measure.tokens_per_s if measure.calls else None
        case _:
            return measure.first_token_s if measure.calls else None


def _said(offer: Brain | Missing, by: str) -> Brain | Missing:
    words = {"price": "the cheapest", "throughput": "the fastest as measured", "latency": "the quickest as measured"}
    return offer if isinstance(offer, Missing) else replace(offer, why=f"{words[by]} that can answer")


def _none_left(role: str, missing: list[Missing]) -> NoProvider:
    """Return the error that names, a line each, what was looked for, what was found, and how to mend it."""
    said = "".join(f"\n  {one.provider}: {one.found.removesuffix('.')}. {one.remedy}".rstrip() for one in missing)
    return NoProvider(f"No brain can answer for {role}.{said}")

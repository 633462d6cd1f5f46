"""Speaking through a vendor's own package: imported off the loop when first used, held to the same promises."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import field
from typing import Generic, Protocol, TypeVar, cast

from hermes_tui.capabilities import registry
from hermes_tui.capabilities.providers._clocks import Watch
from hermes_tui.capabilities.providers._json import Batches, Fields
from hermes_tui.capabilities.providers._reply import Reply, parts_of
from hermes_tui.domain.errors import FailureReason, ProviderError, ProviderRefused
from hermes_tui.domain.parts import ModelRequest, Part
from hermes_tui.domain.ports import Provider
from hermes_tui.domain.values import frozen

Item = TypeVar("Item")
Item_co = TypeVar("Item_co", covariant=True)


class Stream(Protocol[Item_co]):
    """A stream of a vendor's package; the packages agree on this much."""

    def __anext__(self) -> Awaitable[Item_co]: ...


@frozen
class LazyProvider:
    """A provider of the private module `module`, which is imported when it is first asked.

    Args:
        name: The provider, for messages.
        module: The module of this folder that imports the package; importing it takes up to three seconds.
        factory: The function of that module that builds the provider from `given`.
        given: Keyword arguments of the factory.
    """

    name: str
    module: str
    factory: str
    given: Mapping[str, object]
    built: dict[str, Provider] = field(default_factory=dict[str, Provider], init=False, repr=False, compare=False)

    async def stream(self, request: ModelRequest) -> AsyncIterator[Part]:
        """Yield one reply; see `ports.Provider`."""
        try:
            provider = self.built.get(self.factory)
            if provider is None:
                provider = await asyncio.to_thread(self._open)
        except ModuleNotFoundError as error:
            message = f"{self.name} is set to `client: sdk`, but the package {error.name} is not installed."
            hint = "Run `pip install 'hermes-tui[sdk]'`, or set `client: wire`."
            raise ProviderRefused(message, reason=FailureReason.UNSUPPORTED, hint=hint) from error
        async with aclosing(cast("AsyncGenerator[Part]", provider.stream(request))) as parts:
            async for part in parts:
                yield part

    def _open(self) -> Provider:
        # By name and in a thread: the packages are optional, and importing one would hold the loop for seconds.
        module = registry.load_private("providers", self.module)
        factory = cast("Callable[..., Provider]", getattr(module, self.factory))
        return self.built.setdefault(self.factory, factory(**self.given))


@frozen
class Package(Generic[Item]):
    """What is particular to one vendor's package.

    Args:
        plain: Turns an event of the package into what was on the wire.
        translate: Describes an error of the package.
        expected: The errors that `translate` knows.
    """

    plain: Callable[[Item], Fields]
    translate: Callable[[Watch, str, Exception], ProviderError]
    expected: tuple[type[Exception], ...]


@frozen
class PackageProvider(Generic[Item]):
    """A provider at `base_url` that a vendor's package speaks to; the dialect reads its events as if off the wire.

    Args:
        name: The provider, for messages.
        base_url: Where it listens.
        package: How the package is understood.
        send: Sends a request; the package must not try again by itself.
        reply: Reads the answer in the dialect that was sent.
    """

    name: str
    base_url: str
    package: Package[Item]
    send: Callable[[ModelRequest], Awaitable[Stream[Item]]]
    reply: Callable[[ModelRequest], Reply]

    def stream(self, request: ModelRequest) -> AsyncIterator[Part]:
        """Yield one reply; see `ports.Provider`."""
        watch = Watch(self.name, request.clocks)
        return parts_of(self._events(request, watch), self.reply(request), watch)

    async def _events(self, request: ModelRequest, watch: Watch) -> Batches:
        """Yield the package's events under the clocks of `watch`.

        A package that does not notice a cut stream just ends here; the dialect insists on the terminal marker.
        """
        stream: Stream[Item] | None = None
        try:
            stream = await watch.wait(self.send(request))
            while True:
                try:
                    item = await watch.wait(stream.__anext__())
                except StopAsyncIteration:
                    return
                yield (self.package.plain(item),)
        except self.package.expected as error:
            raise self.package.translate(watch, self.base_url, error) from error
        finally:
            await _close(stream)


async def _close(stream: object) -> None:
    close = getattr(stream, "close", None) or getattr(stream, "aclose", None)
    if close is not None:
        await cast("Callable[[], Awaitable[None]]", close)()

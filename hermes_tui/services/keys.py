"""Keys of providers: from the environment, the keyring or the vault; each goes to its own host or nowhere."""

from __future__ import annotations

import time
import weakref
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final, Literal, Protocol, cast

from hermes_tui.capabilities import registry
from hermes_tui.capabilities.keys import shelf
from hermes_tui.capabilities.keys._entry import Entry, origin_of
from hermes_tui.domain.errors import UsageInvalid
from hermes_tui.domain.values import frozen
from hermes_tui.services.config import KINDS, HermesConfig

VARIABLES: Final = {
    "anthropic": "ANTHROPIC_API_KEY",
    "openai": "OPENAI_API_KEY",
    "openrouter": "OPENROUTER_API_KEY",
}
"""The variables of the vendors, known without importing a provider."""
PASSPHRASE: Final = "HERMES_TUI_PASSPHRASE"  # noqa: S105 - the name of a variable
Store = Literal["keyring", "file"]
_MODULES: Final[dict[str, str]] = {"keyring": "keychain", "file": "vault"}
_LOOPBACK: Final = ("localhost", "127.0.0.1", "[::1]")


class KeyStore(Protocol):
    """Where entries lie; see `capabilities/keys`."""

    def get(self, provider: str) -> Entry | None: ...

    def put(self, provider: str, entry: Entry) -> None: ...

    def remove(self, provider: str) -> bool: ...


class Learner(Protocol):
    """Whoever must never let a key through; `SecretRedactor` is one."""

    def register(self, value: str) -> None: ...


class Secrets:
    """The stored keys that this process has read, for every redactor it has or will have."""

    def __init__(self) -> None:
        self._known: list[str] = []
        self._learners: weakref.WeakSet[Learner] = weakref.WeakSet()

    def attach(self, learner: Learner) -> None:
        """Tell a redactor what is known and what will be."""
        self._learners.add(learner)
        for value in self._known:
            learner.register(value)

    def learn(self, value: str) -> None:
        """Tell every redactor of a key, before anything can be done with it."""
        self._known.append(value)
        for learner in self._learners:
            learner.register(value)


SECRETS: Final = Secrets()


@frozen
class KeyLine:
    """What is shown of one provider's key: never the key."""

    provider: str
    variable: str
    source: Literal["environment", "keyring", "file", "none", "not needed"]
    origin: str
    usable: bool
    note: str = ""


def variable_of(config: HermesConfig, provider: str) -> str | None:
    """Return the variable that holds a provider's key, None if it has none."""
    settings = config.providers.get(provider)
    return (settings.key_env if settings else None) or VARIABLES.get(provider)


def base_url_of(config: HermesConfig, provider: str) -> str:
    """Return where a provider listens."""
    settings = config.providers.get(provider)
    kind = (settings.kind if settings else None) or (provider if provider in KINDS else "openai")
    own = settings.base_url if settings else None
    return own or str(registry.load("providers", kind).BASE_URL)


def open_store(store: str, folder: Path, passphrase: str) -> KeyStore:
    """Return a store.

    Raises:
        UsageInvalid: the library it needs is not installed, or the vault has no passphrase.
    """
    try:
        module = registry.load("keys", _MODULES[store])
    except ModuleNotFoundError as error:
        message = f"The {store} store needs the package {error.name}, which is not installed."
        raise UsageInvalid(message, hint="Run `pip install 'hermes-tui[keys]'`.") from error
    return cast("KeyStore", module.open_store(folder, passphrase))


class Keys(Mapping[str, str]):
    """The key variables of a config: as the environment has them, else out of the store that holds them.

    It reads as a mapping from variable to key, so that whoever asks never learns where a key lies. A stored key is
    there only while its provider listens where it did when the key was set.

    Args:
        config: The config in force.
        environ: The process's environment.
        folder: The home's state folder.
        secrets: Learns every stored key that is read.
        opening: Opens a store; for tests.
    """

    def __init__(
        self,
        config: HermesConfig,
        environ: Mapping[str, str],
        folder: Path,
        secrets: Secrets = SECRETS,
        opening: Callable[[str, Path, str], KeyStore] = open_store,
    ) -> None:
        self.config = config
        self.environ = environ
        self.folder = folder
        self.secrets = secrets
        self.opening = opening
        self.refused: dict[str, str] = {}
        """Why a stored key is not used, by its variable."""
        self._found: dict[str, str] = {}

    def __getitem__(self, variable: str) -> str:
        """Return the key in `variable`."""
        own = self.environ.get(variable, "").strip()
        if own:
            return own
        if variable not in self._found:
            self._found[variable] = self._stored(variable)
        return self._found[variable]

    def __iter__(self) -> Iterator[str]:
        return iter({*self.environ, *(place.variable for place in self._places().values())})

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _places(self) -> dict[str, shelf.Place]:
        return shelf.read(self.folder)

    def _stored(self, variable: str) -> str:
        for provider, place in self._places().items():
            if place.variable == variable and variable_of(self.config, provider) == variable:
                return self._read(provider, place)
        raise KeyError(variable)

    def _read(self, provider: str, place: shelf.Place) -> str:
        """Return a stored key, if its host is still the one it was set for.

        Raises:
            KeyError: it is not, or the store does not give it; `refused` says why.
        """
        try:
            self._check(provider, place)
            key = self._entry(provider, place).key
        except UsageInvalid as error:
            self.refused[place.variable] = f"{error.message} {error.hint}".strip()
            raise KeyError(place.variable) from error
        self.secrets.learn(key)
        return key

    def _entry(self, provider: str, place: shelf.Place) -> Entry:
        entry = self.opening(place.store, self.folder, self.environ.get(PASSPHRASE, "")).get(provider)
        if entry is None or entry.origin != place.origin:
            raise UsageInvalid(f"The {place.store} store no longer has the key of {provider}.")
        return entry

    def _check(self, provider: str, place: shelf.Place) -> None:
        origin = origin_of(base_url_of(self.config, provider))
        if origin != place.origin:
            message = f"The key of {provider} is bound to {place.origin}, not to {origin}."
            raise UsageInvalid(message, hint=f"Run `hermes keys set {provider}` to bind one to the new host.")

    def lines(self) -> list[KeyLine]:
        """Return what there is for each provider, without opening any store."""
        places = self._places()
        return [
            self._line(provider, places.get(provider)) for provider in dict.fromkeys((*KINDS, *self.config.providers))
        ]

    def _line(self, provider: str, place: shelf.Place | None) -> KeyLine:
        variable = variable_of(self.config, provider)
        origin = origin_of(base_url_of(self.config, provider))
        if variable is None:
            return KeyLine(provider=provider, variable="", source="not needed", origin=origin, usable=True)
        if self.environ.get(variable, "").strip():
            return KeyLine(provider=provider, variable=variable, source="environment", origin=origin, usable=True)
        if place is None:
            note = f"disabled: no key in ${variable}; `hermes keys set {provider}` stores one"
            return KeyLine(provider=provider, variable=variable, source="none", origin=origin, usable=False, note=note)
        usable = place.origin == origin
        note = "" if usable else f"disabled: bound to {place.origin}; `hermes keys set {provider}` binds a new one"
        source = cast("Store", place.store)
        return KeyLine(provider=provider, variable=variable, source=source, origin=origin, usable=usable, note=note)

    def put(self, provider: str, key: str, store: Store, passphrase: str) -> str:
        """Store a key for the host that the provider has now; return that host.

        Raises:
            UsageInvalid: no such provider, no key, a host that would get it unencrypted, or no such store here.
        """
        variable = self._needed(provider)
        origin = origin_of(base_url_of(self.config, provider))
        if not key or any(not 32 < ord(letter) < 127 for letter in key):
            raise UsageInvalid("That is no key: it is empty, or has spaces or other signs that no key has.")
        if origin.startswith("http:") and not origin.startswith(tuple(f"http://{host}:" for host in _LOOPBACK)):
            raise UsageInvalid(f"{origin} would get the key unencrypted.", hint="Give the provider an https base_url.")
        self.secrets.learn(key)
        self.opening(store, self.folder, passphrase).put(provider, Entry(origin, key))
        place = shelf.Place(store=store, variable=variable, origin=origin, set_at=time.time())
        shelf.write(self.folder, {**self._places(), provider: place})
        self._found.pop(variable, None)
        return origin

    def _needed(self, provider: str) -> str:
        if provider not in (*KINDS, *self.config.providers):
            raise UsageInvalid(f"There is no provider {provider}.", hint="`hermes keys list` names them.")
        variable = variable_of(self.config, provider)
        if variable is None:
            hint = f"If it does, name its variable in the config: providers.{provider}.key_env."
            raise UsageInvalid(f"{provider} needs no key.", hint=hint)
        return variable

    def remove(self, provider: str, passphrase: str) -> bool:
        """Forget a stored key; return whether there was one.

        Raises:
            UsageInvalid: its store cannot be opened.
        """
        places = self._places()
        place = places.pop(provider, None)
        if place is None:
            return False
        self.opening(place.store, self.folder, passphrase).remove(provider)
        shelf.write(self.folder, places)
        self._found.pop(place.variable, None)
        return True

    def store_of(self, provider: str) -> str | None:
        """Return the store that holds a provider's key, None if none does."""
        place = self._places().get(provider)
        return place.store if place else None

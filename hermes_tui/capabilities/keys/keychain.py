"""Keys in the operating system's own keyring; the only file that imports keyring."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final, Protocol, cast

import keyring
from keyring.errors import KeyringError, PasswordDeleteError

from hermes_tui.capabilities.keys._entry import Entry
from hermes_tui.domain.errors import UsageInvalid
from hermes_tui.domain.values import frozen

SERVICE: Final = "hermes-tui"
_HINT: Final = "Use `--store file`, or set the provider's variable."


class Backend(Protocol):
    """What is used of a keyring; `keyring.backend.KeyringBackend` has more."""

    def get_password(self, service: str, username: str) -> str | None: ...

    def set_password(self, service: str, username: str, password: str) -> None: ...

    def delete_password(self, service: str, username: str) -> None: ...


@frozen(kw_only=False)
class Keychain:
    """Entries in the keyring, one per provider."""

    backend: Backend

    def get(self, provider: str) -> Entry | None:
        """Return the entry of a provider, None if there is none.

        Raises:
            UsageInvalid: the keyring is locked or missing, or holds something else.
        """
        try:
            text = self.backend.get_password(SERVICE, provider)
            found = cast("dict[str, str]", json.loads(text)) if text else None
            return Entry(found["origin"], found["key"]) if found else None
        except KeyringError as error:
            raise UsageInvalid(f"The keyring does not answer: {error}.", hint=_HINT) from error
        except (ValueError, KeyError, TypeError) as error:
            raise UsageInvalid(f"The keyring holds no key of ours for {provider}.", hint=_HINT) from error

    def put(self, provider: str, entry: Entry) -> None:
        """Store an entry in place of an older one.

        Raises:
            UsageInvalid: the keyring is locked or missing.
        """
        try:
            self.backend.set_password(SERVICE, provider, json.dumps({"origin": entry.origin, "key": entry.key}))
        except KeyringError as error:
            raise UsageInvalid(f"The keyring takes nothing: {error}.", hint=_HINT) from error

    def remove(self, provider: str) -> bool:
        """Forget an entry; return whether there was one.

        Raises:
            UsageInvalid: the keyring is locked or missing.
        """
        try:
            self.backend.delete_password(SERVICE, provider)
        except PasswordDeleteError:
            return False
        except KeyringError as error:
            raise UsageInvalid(f"The keyring does not answer: {error}.", hint=_HINT) from error
        return True


def open_store(folder: Path, passphrase: str) -> Keychain:  # noqa: ARG001 - every store is opened alike
    """Return the keyring of this machine's operator.

    Raises:
        UsageInvalid: the keyring that is configured keeps its content in plain text.
    """
    backend = keyring.get_keyring()
    if type(backend).__module__.startswith("keyrings.alt"):
        raise UsageInvalid("The configured keyring is a plain file.", hint=_HINT)
    return Keychain(cast("Backend", backend))

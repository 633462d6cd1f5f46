"""The key that seals masked values: in the keyring where the operator keeps keys there, else in a folder of its own."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from hermes_tui.capabilities import registry
from hermes_tui.capabilities.keys import shelf
from hermes_tui.capabilities.keys._entry import Entry
from hermes_tui.capabilities.new_file import new_file
from hermes_tui.domain.errors import UsageInvalid
from hermes_tui.domain.values import frozen
from hermes_tui.kernel.chance import token
from hermes_tui.services.keys import KeyStore, open_store

KEY_BYTES: Final = 32
MARKER: Final = "masks.in-keyring"
_ORIGIN: Final = "masks"


@frozen
class MaskKey:
    """The key of one home, which `state` and its own random `home_key` name.

    A keyring is used only where a provider's key lies in it already: asking a locked one would stop a run that nobody
    watches. Which of the two it is, is settled when the key is made.
    """

    state: Path
    home_key: bytes
    opening: Callable[[str, Path, str], KeyStore] = open_store

    @property
    def name(self) -> str:
        """What the key is called: the same also where the home was moved."""
        return f"masks-{hashlib.blake2b(self.home_key, digest_size=8, person=b'hermes-masks').hexdigest()}"

    @property
    def path(self) -> Path:
        """Where the key lies if it is a file: in the user's config, never in the home and its copies."""
        folder: Path = registry.load_late("services.places").config()
        return folder / "keys" / f"{self.name}.key"

    @property
    def in_keyring(self) -> bool:
        """Whether the keyring has it, or would get it."""
        if self.path.exists():
            return False
        marked = (self.state / MARKER).exists()
        return marked or any(place.store == "keyring" for place in shelf.read(self.state).values())

    def read(self) -> bytes:
        """Return the key, made at first; empty where no place takes it or gives it, so that nothing can be kept."""
        with suppress(OSError, RuntimeError, UsageInvalid, ValueError):
            return self._from_keyring() if self.in_keyring else self._from_file()
        return b""

    def said(self) -> str:
        """Say where the key lies and what that is worth."""
        if self.in_keyring:
            return "sealed; their key is in the keyring"
        return f"sealed; their key is {self.path}, so whoever reads all files of this user reads them too"

    def _from_keyring(self) -> bytes:
        store = self.opening("keyring", self.state, "")
        entry = store.get(self.name)
        if entry is None:
            entry = Entry(_ORIGIN, token(KEY_BYTES))
            store.put(self.name, entry)
            (self.state / MARKER).touch()
        return bytes.fromhex(entry.key)

    def _from_file(self) -> bytes:
        path = self.path
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor, made = new_file(path.parent, ".")
            with os.fdopen(descriptor, "wb") as file:
                file.write(os.urandom(KEY_BYTES))
            # A link is made whole or not at all, also where two processes start at once.
            with suppress(FileExistsError):
                os.link(made, path)
            made.unlink()
        return path.read_bytes()[:KEY_BYTES]

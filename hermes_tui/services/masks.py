"""What placeholders stand for, kept encrypted over restarts, so that a resumed run still gets the real values."""

from __future__ import annotations

import os
import threading
from base64 import b64decode, b64encode
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Final

from hermes_tui.capabilities import registry

NAME: Final = "masks.vault"
_LARGEST_BYTES: Final = 20_000_000
"""Past it nothing more is kept: placeholders are still stable, but forgotten with the process."""


class MaskVault:
    """A file of sealed values by their placeholders; implements what a redactor asks for. Safe for several threads.

    The sealing library is optional and loaded at the first placeholder; without it nothing is kept. `key` gives
    the sealing key, which lies elsewhere than the vault, and is asked for no sooner; empty where there is none.
    """

    def __init__(self, state: Path, key: Callable[[], bytes]) -> None:
        self._path = state / NAME
        self._ask_key = key
        self._key = b""
        self._lock = threading.Lock()
        self._sealed: dict[str, bytes] = {}
        self._read_bytes = 0
        self._crypto: ModuleType | None = None
        self._missing = False

    def keep(self, placeholder: str, value: str) -> None:
        """Keep what a placeholder stands for, if it is not kept yet; a file that cannot be written keeps nothing."""
        with self._lock, suppress(OSError):
            crypto = self._loaded()
            self._read()
            if crypto is None or not self._key or placeholder in self._sealed or self._read_bytes > _LARGEST_BYTES:
                return
            nonce = os.urandom(crypto.NONCE_BYTES)
            sealed = nonce + crypto.seal(self._key, nonce, value.encode("utf-8", "surrogatepass"), placeholder.encode())
            descriptor = os.open(self._path, os.O_APPEND | os.O_CREAT | os.O_WRONLY, 0o600)
            try:
                # One write of a whole line: several processes may keep values at once.
                os.write(descriptor, f"{placeholder} {b64encode(sealed).decode()}\n".encode())
            finally:
                os.close(descriptor)

    def find(self, placeholder: str) -> str | None:
        """Return what a placeholder stands for, None where that is not known or was changed."""
        with self._lock, suppress(OSError):
            crypto = self._loaded()
            if placeholder not in self._sealed:
                self._read()
            sealed = self._sealed.get(placeholder)
            if crypto is None or not self._key or sealed is None:
                return None
            nonce, rest = sealed[: crypto.NONCE_BYTES], sealed[crypto.NONCE_BYTES :]
            with suppress(crypto.SealBroken, ValueError):
                return str(crypto.unseal(self._key, nonce, rest, placeholder.encode()).decode("utf-8", "surrogatepass"))
        return None

    def _read(self) -> None:
        """Take in the lines that came since the last look."""
        with suppress(FileNotFoundError), self._path.open("rb") as file:
            file.seek(self._read_bytes)
            data = file.read(2 * _LARGEST_BYTES)
            whole = data[: data.rfind(b"\n") + 1]
            self._read_bytes += len(whole)
            for line in whole.splitlines():
                placeholder, _, sealed = line.partition(b" ")
                with suppress(ValueError):
                    self._sealed.setdefault(placeholder.decode("ascii"), b64decode(sealed, validate=True))

    def _loaded(self) -> ModuleType | None:
        if self._crypto is None and not self._missing:
            try:
                self._crypto = registry.load_private("keys", "_crypto")
            except ModuleNotFoundError:
                self._missing = True
            else:
                self._key = self._ask_key()
        return self._crypto

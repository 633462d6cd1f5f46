"""Keys of providers in a file under a passphrase, encrypted and authenticated as a whole."""

from __future__ import annotations

import fcntl
import json
import os
import tempfile
from base64 import b64decode, b64encode
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final, cast

from hermes_tui.capabilities.keys import _crypto
from hermes_tui.capabilities.keys._entry import Entry
from hermes_tui.domain.errors import UsageInvalid
from hermes_tui.domain.values import frozen

NAME: Final = "keys.vault"
COST: Final = 2**16
"""Scrypt's N with r = 8: 64 MB and about 0.2 s for each guess."""
_MOST_COST: Final = 2**20
_FORMAT: Final = "hermes.vault/1"


@frozen(kw_only=False)
class Vault:
    """The entries of one encrypted file, read and written as a whole.

    Every write has a new salt and nonce. The header is authenticated with the entries, so nothing of the file can be
    exchanged unseen.
    """

    path: Path
    passphrase: str
    cost: int = COST

    def get(self, provider: str) -> Entry | None:
        """Return the entry of a provider, None if there is none.

        Raises:
            UsageInvalid: wrong passphrase, or the file is damaged.
        """
        return self._read().get(provider)

    def put(self, provider: str, entry: Entry) -> None:
        """Store an entry in place of an older one.

        Raises:
            UsageInvalid: wrong passphrase, or the file is damaged.
        """
        with self._alone():
            self._write({**self._read(), provider: entry})

    def remove(self, provider: str) -> bool:
        """Forget an entry; return whether there was one.

        Raises:
            UsageInvalid: wrong passphrase, or the file is damaged.
        """
        with self._alone():
            entries = self._read()
            known = entries.pop(provider, None) is not None
            if known:
                self._write(entries)
        return known

    @contextmanager
    def _alone(self) -> Generator[None]:
        with self.path.with_suffix(".lock").open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _read(self) -> dict[str, Entry]:
        try:
            sealed = cast("dict[str, object]", json.loads(self.path.read_bytes()))
            head = {key: value for key, value in sealed.items() if key != "sealed"}
            secret = _key(self.passphrase, b64decode(str(head["salt"])), int(str(head["cost"])))
            data = b64decode(str(sealed["sealed"]))
            opened = _crypto.unseal(secret, b64decode(str(head["nonce"])), data, _bound(head))
        except FileNotFoundError:
            return {}
        except _crypto.SealBroken as error:
            raise UsageInvalid(f"{self.path} does not open: wrong passphrase, or the file was changed.") from error
        except (OSError, ValueError, KeyError, AttributeError) as error:
            raise UsageInvalid(
                f"{self.path} is no vault: {error}.", hint="Remove it and set the keys again."
            ) from error
        found = cast("dict[str, dict[str, str]]", json.loads(opened))
        return {name: Entry(entry["origin"], entry["key"]) for name, entry in found.items()}

    def _write(self, entries: Mapping[str, Entry]) -> None:
        salt, nonce = os.urandom(16), os.urandom(_crypto.NONCE_BYTES)
        head: dict[str, object] = {
            "format": _FORMAT,
            "cost": self.cost,
            "salt": b64encode(salt).decode(),
            "nonce": b64encode(nonce).decode(),
        }
        plain = json.dumps({name: {"origin": entry.origin, "key": entry.key} for name, entry in entries.items()})
        sealed = _crypto.seal(_key(self.passphrase, salt, self.cost), nonce, plain.encode(), _bound(head))
        _replace(self.path, json.dumps({**head, "sealed": b64encode(sealed).decode()}).encode())


def _key(passphrase: str, salt: bytes, cost: int) -> bytes:
    if not 2**10 <= cost <= _MOST_COST:
        message = f"its cost {cost} is out of bounds"
        raise ValueError(message)
    return _crypto.stretched(passphrase, salt, cost)


def _bound(head: Mapping[str, object]) -> bytes:
    return json.dumps(head, sort_keys=True).encode()


def _replace(path: Path, data: bytes) -> None:
    """Put a file in place whole, durable, and readable by its owner only (`mkstemp` makes it so)."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def open_store(folder: Path, passphrase: str) -> Vault:
    """Return the vault of a home's state folder.

    Raises:
        UsageInvalid: there is no passphrase to open it with.
    """
    if not passphrase:
        raise UsageInvalid("The vault is locked.", hint="Set HERMES_TUI_PASSPHRASE for runs without a terminal.")
    return Vault(folder / NAME, passphrase)

"""The notary of a home: a key per session that signs intents, and whose countersignature counts."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Final, Protocol

from hermes_tui.capabilities.keys import _crypto, _sshsig
from hermes_tui.capabilities.keys._tree import TooLarge, TreeDigest
from hermes_tui.capabilities.regular import read_real
from hermes_tui.domain.approval import SignedIntent
from hermes_tui.domain.ids import SessionId
from hermes_tui.domain.intents import NAMESPACE
from hermes_tui.domain.values import frozen

_KEY_BYTES: Final = 32
_LARGEST_BYTES: Final = 10_000_000


class Nonces(Protocol):
    """Where used nonces are kept, for every process."""

    def burn(self, nonce: str, session: str) -> bool: ...


@frozen
class HomeNotary:
    """Signs with keys in `folder`, which no sandbox sees; implements `domain.intents.Notary`.

    `operators` are the lines of the public keys that may countersign.
    """

    folder: Path
    operators: Sequence[str]
    life_s: float
    nonces: Nonces
    skip: Sequence[Path] = ()
    """Folders of Hermes itself, which change while it works and which no sandbox sees."""

    def sign(self, session: SessionId, text: str) -> SignedIntent:
        """Return an intent's text signed by the session's key, which is made at first."""
        private = self._key(session)
        signature = _crypto.sign(private, text.encode())
        return SignedIntent(text=text, key=_crypto.public_of(private).hex(), signature=signature.hex())

    def flaw(self, session: SessionId, intent: SignedIntent, signature: str) -> str:
        """Say what is wrong with the two signatures, empty if both hold."""
        own = _crypto.public_of(self._key(session)).hex()
        if intent.key != own or not _crypto.holds(
            bytes.fromhex(own), _from_hex(intent.signature), intent.text.encode()
        ):
            return "The intent is not signed by this session's key, or was changed."
        return countersign_flaw(intent, _from_hex(signature), self.operators)

    def files(self, words: Iterable[str], root: Path) -> Mapping[str, str]:
        """Return the sha256 of each file of the workspace that one of `words` names, by the word."""
        found: dict[str, str] = {}
        for word in words:
            with suppress(OSError, ValueError):
                path = root / word
                if path.is_file() and path.stat().st_size <= _LARGEST_BYTES:
                    found[word] = sha256(read_real(os.path.realpath(path), _LARGEST_BYTES)).hexdigest()
        return found

    async def tree(self, root: Path) -> str:
        """Return one hash over the workspace, empty if there is too much in it."""
        with suppress(TooLarge):
            return await asyncio.to_thread(TreeDigest(self.skip).of, root)
        return ""

    def burn(self, nonce: str, session: SessionId) -> bool:
        """Use a nonce up; return False if it was used before."""
        return self.nonces.burn(nonce, session)

    def _key(self, session: SessionId) -> bytes:
        path = self.folder / f"{session}.key"
        with suppress(FileNotFoundError):
            return path.read_bytes()[:_KEY_BYTES]
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with suppress(FileExistsError):
            descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(os.urandom(_KEY_BYTES))
        return path.read_bytes()[:_KEY_BYTES]


def countersign_flaw(intent: SignedIntent, data: bytes, operators: Sequence[str]) -> str:
    """Say why a countersignature does not count, empty if it does."""
    if not data:
        return "The operator did not sign it; a plain yes is not enough."
    signature = _sshsig.parsed(data)
    if signature is None:
        return "The countersignature cannot be read."
    if signature.blob.endswith(bytes.fromhex(intent.key)):
        return "The agent signed its own intent; only an operator's key counts."
    if signature.blob not in {_sshsig.blob_of(line) for line in operators}:
        return "The countersignature is of a key that policy.two_keys.operators does not name."
    if signature.namespace != NAMESPACE:
        return f"The countersignature was made for {signature.namespace!r}, not for {NAMESPACE!r}."
    if not signature.holds(intent.text.encode()):
        return "The countersignature is not over this intent."
    return ""


def _from_hex(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""

"""SSH signatures of files (OpenSSH, PROTOCOL.sshsig): read, checked, and made by `ssh-keygen` or from a PEM file."""

from __future__ import annotations

import hashlib
import subprocess
import tempfile
from base64 import b64decode
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from hermes_tui.capabilities.keys import _crypto
from hermes_tui.capabilities.programs import program
from hermes_tui.domain.errors import UsageInvalid
from hermes_tui.domain.values import frozen

MAGIC: Final = b"SSHSIG"
_HASHES: Final = {"sha256": hashlib.sha256, "sha512": hashlib.sha512}
_HARDWARE: Final = "sk-ssh-ed25519@openssh.com"
_TOUCHED: Final = 0x01
_MOST_BYTES: Final = 65_536


@frozen(kw_only=False)
class Signature:
    """The parts of a signature; `blob` is the public key as SSH writes it."""

    blob: bytes
    namespace: str
    hash_name: str
    algorithm: str
    value: bytes

    @property
    def kind(self) -> str:
        """The kind of its key, such as `ssh-ed25519`."""
        return _Reader(self.blob).text()

    def holds(self, data: bytes) -> bool:
        """Whether it is a signature over `data`, for the namespace that it names."""
        digest = _HASHES[self.hash_name](data).digest()
        signed = MAGIC + _strings(self.namespace.encode(), b"", self.hash_name.encode(), digest)
        if self.kind == _HARDWARE:
            return self._hardware_holds(signed)
        return _crypto.ssh_holds(self.blob, self.kind, self.algorithm, self.value, signed)

    def _hardware_holds(self, signed: bytes) -> bool:
        """Check a signature of a security key, whose owner touched it: PROTOCOL.u2f."""
        reader = _Reader(self.blob)
        _, public, application = reader.string(), reader.string(), reader.string()
        value, flags, counter = self.value[:-5], self.value[-5:-4], self.value[-4:]
        if self.algorithm != _HARDWARE or not flags or not flags[0] & _TOUCHED:
            return False
        digest = hashlib.sha256(application).digest() + flags + counter + hashlib.sha256(signed).digest()
        return _crypto.holds(public, value, digest)


class _Reader:
    """Reads SSH's strings: a length of four bytes, then as many bytes."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def take(self, count: int) -> bytes:
        found = self._data[self._at : self._at + count]
        if len(found) != count:
            message = "it ends too early"
            raise ValueError(message)
        self._at += count
        return found

    def string(self) -> bytes:
        return self.take(int.from_bytes(self.take(4), "big"))

    def text(self) -> str:
        return self.string().decode("ascii")

    def rest(self) -> bytes:
        return self._data[self._at :]


def parsed(data: bytes) -> Signature | None:
    """Return the parts of a signature in binary or armoured form, None where it is none."""
    if len(data) > _MOST_BYTES:
        return None
    try:
        reader = _Reader(unarmoured(data))
        if reader.take(6) != MAGIC or reader.take(4) != (1).to_bytes(4, "big"):
            return None
        blob, namespace, _, hash_name = reader.string(), reader.text(), reader.string(), reader.text()
        inner = _Reader(reader.string())
        algorithm, value = inner.text(), inner.string() + inner.rest()
        return Signature(blob, namespace, hash_name, algorithm, value) if hash_name in _HASHES else None
    except ValueError:
        return None


def unarmoured(data: bytes) -> bytes:
    """Return the bytes of a signature, out of the lines of text that `ssh-keygen` writes."""
    if not data.lstrip().startswith(b"-----BEGIN SSH SIGNATURE-----"):
        return data
    lines = [line.strip() for line in data.strip().splitlines()]
    return b64decode(b"".join(line for line in lines if not line.startswith(b"-----")), validate=True)


def blob_of(line: str) -> bytes:
    """Return the public key of a line of a `.pub` file, empty where it holds none."""
    words = line.split()
    try:
        return b64decode(words[1], validate=True)
    except (IndexError, ValueError):
        return b""


def sign(text: bytes, namespace: str, key: Path | None, operators: Sequence[str]) -> bytes:
    """Return the operator's signature over `text`.

    `key` is a private key of any kind that `ssh-keygen` reads, a `.pub` file whose key the agent holds, or an Ed25519
    key in PEM. Without one, the agent signs with the first of `operators` that it holds.

    Raises:
        UsageInvalid: nothing could sign.
    """
    if key is not None:
        private = _crypto.private_of_pem(key.read_bytes()) if key.is_file() else None
        return _by_file(text, namespace, private) if private else _by_ssh(text, namespace, key)
    troubles: list[str] = []
    for line in operators:
        with tempfile.NamedTemporaryFile("w", suffix=".pub", encoding="utf-8") as public:
            public.write(f"{line}\n")
            public.flush()
            try:
                return _by_ssh(text, namespace, Path(public.name))
            except UsageInvalid as error:
                troubles.append(error.message)
    why = "; ".join(troubles) or "policy.two_keys.operators names no key"
    raise UsageInvalid(f"Nothing could sign: {why}.", hint="Name your key with --key FILE, or start ssh-agent.")


def _by_file(text: bytes, namespace: str, private: bytes) -> bytes:
    blob = _strings(b"ssh-ed25519", _crypto.public_of(private))
    digest = hashlib.sha512(text).digest()
    value = _crypto.sign(private, MAGIC + _strings(namespace.encode(), b"", b"sha512", digest))
    inner = _strings(b"ssh-ed25519", value)
    return MAGIC + (1).to_bytes(4, "big") + _strings(blob, namespace.encode(), b"", b"sha512", inner)


def _by_ssh(text: bytes, namespace: str, key: Path) -> bytes:
    """Let OpenSSH sign; it asks for a passphrase on the terminal itself."""
    argv = [program("ssh-keygen") or "/usr/bin/ssh-keygen", "-q", "-Y", "sign", "-n", namespace, "-f", str(key)]
    try:
        done = subprocess.run(argv, input=text, capture_output=True, check=False)  # noqa: S603 - no shell, our words
    except OSError as error:
        hint = "Install OpenSSH, or use an Ed25519 key in PEM."
        raise UsageInvalid(f"ssh-keygen cannot be started: {error}.", hint=hint) from error
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise UsageInvalid(f"ssh-keygen did not sign with {key.name}: {said[-1] if said else done.returncode}")
    return unarmoured(done.stdout)


def _strings(*parts: bytes) -> bytes:
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)

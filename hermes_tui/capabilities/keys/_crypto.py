"""The primitives: ChaCha20-Poly1305 (RFC 8439), scrypt (RFC 7914), Ed25519 (RFC 8032) and keys of SSH; all vendor's."""

from __future__ import annotations

from base64 import b64encode

from cryptography.exceptions import InvalidSignature, InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_ssh_public_key,
)

NONCE_BYTES = 12


class SealBroken(Exception):
    """What was sealed does not open: another key, or it was changed."""


def seal(key: bytes, nonce: bytes, plain: bytes, bound: bytes) -> bytes:
    """Encrypt `plain`, so that neither it nor `bound` can be changed unseen."""
    return ChaCha20Poly1305(key).encrypt(nonce, plain, bound)


def unseal(key: bytes, nonce: bytes, sealed: bytes, bound: bytes) -> bytes:
    """Return what was sealed.

    Raises:
        SealBroken: the key is another one, or something was changed.
    """
    try:
        return ChaCha20Poly1305(key).decrypt(nonce, sealed, bound)
    except InvalidTag as error:
        raise SealBroken from error


def stretched(passphrase: str, salt: bytes, cost: int) -> bytes:
    """Return the key of a passphrase; `cost` is scrypt's N, with r = 8."""
    return Scrypt(salt=salt, length=32, n=cost, r=8, p=1).derive(passphrase.encode())


def public_of(private: bytes) -> bytes:
    """Return the public key of 32 bytes of an Ed25519 key."""
    key = ed25519.Ed25519PrivateKey.from_private_bytes(private).public_key()
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)


def sign(private: bytes, data: bytes) -> bytes:
    """Sign with Ed25519."""
    return ed25519.Ed25519PrivateKey.from_private_bytes(private).sign(data)


def holds(public: bytes, signature: bytes, data: bytes) -> bool:
    """Whether an Ed25519 signature is of this key over this data."""
    try:
        ed25519.Ed25519PublicKey.from_public_bytes(public).verify(signature, data)
    except (InvalidSignature, ValueError):
        return False
    return True


def private_of_pem(data: bytes) -> bytes | None:
    """Return the Ed25519 key of an unencrypted PEM file (PKCS 8), None where it holds anything else."""
    try:
        key = load_pem_private_key(data, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None
    return key.private_bytes_raw() if isinstance(key, ed25519.Ed25519PrivateKey) else None


def ssh_holds(blob: bytes, kind: str, algorithm: str, signature: bytes, data: bytes) -> bool:
    """Whether a signature of `algorithm` (RFC 4253, 5656, 8332, 8709) is of the SSH key in `blob` over this data."""
    try:
        key = load_ssh_public_key(kind.encode() + b" " + b64encode(blob))
        if isinstance(key, ed25519.Ed25519PublicKey) and algorithm == "ssh-ed25519":
            key.verify(signature, data)
        elif isinstance(key, rsa.RSAPublicKey) and algorithm in ("rsa-sha2-512", "rsa-sha2-256"):
            digest = hashes.SHA512() if algorithm.endswith("512") else hashes.SHA256()
            key.verify(signature, data, padding.PKCS1v15(), digest)
        elif isinstance(key, ec.EllipticCurvePublicKey) and algorithm == kind == "ecdsa-sha2-nistp256":
            width = int.from_bytes(signature[:4], "big")
            first = int.from_bytes(signature[4 : 4 + width], "big")
            second = int.from_bytes(signature[8 + width :], "big")
            key.verify(utils.encode_dss_signature(first, second), data, ec.ECDSA(hashes.SHA256()))
        else:
            return False
    except (InvalidSignature, ValueError, UnsupportedAlgorithm):
        return False
    return True

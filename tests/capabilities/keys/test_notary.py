"""Countersignatures: those of OpenSSH count, by the operator's own key, for this purpose and these bytes alone."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from hermes_tui.capabilities.keys import _sshsig as sshsig
from hermes_tui.capabilities.keys._notary import HomeNotary, countersign_flaw
from hermes_tui.domain.approval import SignedIntent
from hermes_tui.domain.errors import UsageInvalid
from hermes_tui.domain.ids import SessionId
from hermes_tui.domain.intents import NAMESPACE

SESSION = SessionId("s1")
TEXT = '{"nonce": "1"}\n'


class Burned:
    """Nonces in memory."""

    def __init__(self) -> None:
        self.used: set[str] = set()

    def burn(self, nonce: str, session: str) -> bool:
        assert session
        fresh = nonce not in self.used
        self.used.add(nonce)
        return fresh


def ssh_key(folder: Path, *kind: str) -> tuple[Path, str]:
    """Make a key with OpenSSH; return its file and its public line."""
    key = folder / "_".join(kind)
    argv = ["ssh-keygen", "-q", "-N", "", "-C", "me@desk", "-t", kind[0], *kind[1:], "-f", str(key)]
    subprocess.run(argv, check=True)
    return key, key.with_suffix(".pub").read_text(encoding="utf-8").strip()


def notary(folder: Path, operators: Sequence[str] = ()) -> HomeNotary:
    """Return a notary whose session keys lie in `folder`."""
    return HomeNotary(folder=folder / "agents", operators=operators, life_s=60.0, nonces=Burned())


@pytest.mark.parametrize("kind", [("ed25519",), ("rsa", "-b2048"), ("ecdsa", "-b256")], ids=lambda kind: str(kind[0]))
def test_a_countersignature_of_openssh_counts(tmp_path: Path, kind: tuple[str, ...]) -> None:
    key, public = ssh_key(tmp_path, *kind)
    book = notary(tmp_path, [public])
    intent = book.sign(SESSION, TEXT)

    signature = sshsig.sign(TEXT.encode(), NAMESPACE, key, ())

    assert book.flaw(SESSION, intent, signature.hex()) == ""
    assert "not over this intent" in book.flaw(SESSION, book.sign(SESSION, "{}\n"), signature.hex())


def test_a_key_in_pem_signs_as_openssh_verifies(tmp_path: Path) -> None:
    private = Ed25519PrivateKey.generate()
    pem = tmp_path / "key.pem"
    pem.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public = private.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    signature = sshsig.sign(TEXT.encode(), NAMESPACE, pem, ())
    armoured = subprocess.run(["base64"], input=signature, capture_output=True, check=True).stdout.decode()
    (tmp_path / "sig").write_text(f"-----BEGIN SSH SIGNATURE-----\n{armoured}-----END SSH SIGNATURE-----\n")
    (tmp_path / "signers").write_text(f"me {public}\n")
    names = ["-I", "me", "-f", str(tmp_path / "signers"), "-s", str(tmp_path / "sig")]

    checked = subprocess.run(["ssh-keygen", "-Y", "verify", "-n", NAMESPACE, *names], input=TEXT.encode())

    intent = notary(tmp_path).sign(SESSION, TEXT)
    assert checked.returncode == 0
    assert countersign_flaw(intent, (tmp_path / "sig").read_bytes(), [public]) == ""


def test_what_is_not_the_operators_own_signature_is_named(tmp_path: Path) -> None:
    key, public = ssh_key(tmp_path, "ed25519")
    book = notary(tmp_path, [public])
    intent = book.sign(SESSION, TEXT)
    own = sshsig.sign(TEXT.encode(), NAMESPACE, _pem_of(tmp_path, book), ())
    other_use = sshsig.sign(TEXT.encode(), "git", key, ())
    good = sshsig.sign(TEXT.encode(), NAMESPACE, key, ())

    said = {
        "nothing": countersign_flaw(intent, b"", [public]),
        "garbage": countersign_flaw(intent, b"SSHSIG garbage", [public]),
        "cut": countersign_flaw(intent, good[:-5], [public]),
        "flipped": countersign_flaw(intent, good[:-1] + bytes([good[-1] ^ 1]), [public]),
        "the agent": countersign_flaw(intent, own, [public]),
        "a stranger": countersign_flaw(intent, good, []),
        "for git": countersign_flaw(intent, other_use, [public]),
    }

    assert said == {
        "nothing": "The operator did not sign it; a plain yes is not enough.",
        "garbage": "The countersignature cannot be read.",
        "cut": "The countersignature cannot be read.",
        "flipped": "The countersignature is not over this intent.",
        "the agent": "The agent signed its own intent; only an operator's key counts.",
        "a stranger": "The countersignature is of a key that policy.two_keys.operators does not name.",
        "for git": "The countersignature was made for 'git', not for 'hermes-intent'.",
    }


def test_an_intent_that_was_edited_or_is_of_another_session_does_not_count(tmp_path: Path) -> None:
    key, public = ssh_key(tmp_path, "ed25519")
    book = notary(tmp_path, [public])
    intent = book.sign(SESSION, TEXT)
    edited = replace(intent, text='{"nonce": "2"}\n')
    signature = sshsig.sign(edited.text.encode(), NAMESPACE, key, ()).hex()
    forged = SignedIntent(text=TEXT, key=intent.key, signature="zz")

    flaws = [
        book.flaw(SESSION, edited, signature),
        book.flaw(SESSION, forged, sshsig.sign(TEXT.encode(), NAMESPACE, key, ()).hex()),
        book.flaw(SessionId("s2"), intent, sshsig.sign(TEXT.encode(), NAMESPACE, key, ()).hex()),
    ]

    assert flaws == ["The intent is not signed by this session's key, or was changed."] * 3


def test_the_sessions_key_is_its_owners_alone_and_stays(tmp_path: Path) -> None:
    first = notary(tmp_path).sign(SESSION, TEXT)

    second = notary(tmp_path).sign(SESSION, TEXT)

    assert first == second
    assert [oct(path.stat().st_mode & 0o777) for path in (tmp_path / "agents").iterdir()] == ["0o600"]


def test_without_any_key_at_hand_it_is_said_what_was_tried(tmp_path: Path) -> None:
    _, public = ssh_key(tmp_path, "ed25519")

    with pytest.raises(UsageInvalid, match="Nothing could sign: ssh-keygen did not sign"):
        sshsig.sign(TEXT.encode(), NAMESPACE, None, [public])
    with pytest.raises(UsageInvalid, match="names no key"):
        sshsig.sign(TEXT.encode(), NAMESPACE, None, [])


def _pem_of(folder: Path, book: HomeNotary) -> Path:
    """Write the session's own key where an agent would use it to sign for the operator."""
    private = Ed25519PrivateKey.from_private_bytes((book.folder / f"{SESSION}.key").read_bytes())
    pem = folder / "agent.pem"
    pem.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return pem

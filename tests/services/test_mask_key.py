"""Where the key of masked values lies: in the keyring where keys are kept there, else a file, never in the home."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from hermes_tui.capabilities.keys import shelf
from hermes_tui.capabilities.keys._entry import Entry
from hermes_tui.domain.errors import UsageInvalid
from hermes_tui.services.mask_key import MARKER, MaskKey


@dataclass
class Keyring:
    """A keyring in memory; a locked one answers nothing."""

    locked: bool = False
    kept: dict[str, Entry] = field(default_factory=dict[str, Entry])

    def open(self, store: str, folder: Path, passphrase: str) -> Keyring:
        assert (store, folder.is_dir(), passphrase) == ("keyring", True, "")
        return self

    def get(self, provider: str) -> Entry | None:
        if self.locked:
            raise UsageInvalid("The keyring is locked.")
        return self.kept.get(provider)

    def put(self, provider: str, entry: Entry) -> None:
        self.kept[provider] = entry

    def remove(self, provider: str) -> bool:
        return self.kept.pop(provider, None) is not None


@pytest.fixture
def keyring() -> Keyring:
    return Keyring()


def key_of(state: Path, keyring: Keyring) -> MaskKey:
    """Return the key as a new process finds it."""
    return MaskKey(state=state, home_key=b"h" * 32, opening=keyring.open)


def use_keyring(state: Path) -> None:
    """Keep a provider's key in the keyring, as an operator does."""
    shelf.write(state, {"openai": shelf.Place(store="keyring", variable="V", origin="https://a", set_at=1.0)})


def test_without_a_keyring_it_is_a_file_apart_from_the_home_that_its_owner_alone_reads(
    tmp_path: Path, keyring: Keyring
) -> None:
    key = key_of(tmp_path, keyring)

    made = key.read()

    assert (len(made), key_of(tmp_path, keyring).read()) == (32, made)
    assert (key.path.stat().st_mode & 0o777, key.path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert (key.path.is_relative_to(tmp_path), keyring.kept, list(tmp_path.iterdir())) == (False, {}, [])
    assert str(key.path) in key.said()


def test_where_the_operator_keeps_keys_in_the_keyring_it_is_there_for_good(tmp_path: Path, keyring: Keyring) -> None:
    use_keyring(tmp_path)
    made = key_of(tmp_path, keyring).read()
    shelf.write(tmp_path, {})

    again = key_of(tmp_path, keyring)

    assert (again.read(), again.path.exists(), (tmp_path / MARKER).read_bytes()) == (made, False, b"")
    assert bytes.fromhex(keyring.kept[again.name].key) == made
    assert "in the keyring" in again.said()


def test_a_file_that_is_there_stays_in_use(tmp_path: Path, keyring: Keyring) -> None:
    made = key_of(tmp_path, keyring).read()

    use_keyring(tmp_path)

    assert (key_of(tmp_path, keyring).read(), keyring.kept) == (made, {})


def test_a_locked_keyring_gives_nothing_and_nothing_takes_its_place(tmp_path: Path) -> None:
    locked = Keyring(locked=True)
    use_keyring(tmp_path)

    key = key_of(tmp_path, locked)

    assert (key.read(), key.path.exists(), locked.kept) == (b"", False, {})

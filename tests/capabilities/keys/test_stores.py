"""What every store of keys promises, and what only the vault does."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from keyring.errors import KeyringLocked, PasswordDeleteError

from hermes_tui.capabilities.keys import vault
from hermes_tui.capabilities.keys._entry import Entry, origin_of
from hermes_tui.capabilities.keys.keychain import Keychain
from hermes_tui.capabilities.keys.vault import Vault
from hermes_tui.domain.errors import UsageInvalid
from hermes_tui.services.keys import KeyStore

ENTRY = Entry("https://api.openai.com:443", "sk-a-key-of-nobody")
CHEAP = 2**10
PASSPHRASE = "correct horse"


@dataclass
class FakeBackend:
    """A keyring in memory; `locked` refuses everything."""

    kept: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])
    locked: bool = False

    def get_password(self, service: str, username: str) -> str | None:
        self._check()
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._check()
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        self._check()
        if self.kept.pop((service, username), None) is None:
            raise PasswordDeleteError

    def _check(self) -> None:
        if self.locked:
            message = "locked"
            raise KeyringLocked(message)


def a_vault(folder: Path) -> Vault:
    return Vault(folder / vault.NAME, PASSPHRASE, CHEAP)


def a_keychain(folder: Path) -> Keychain:
    return Keychain(FakeBackend())


each = pytest.mark.parametrize("opened", [a_vault, a_keychain])


@each
def test_what_is_put_is_found_until_it_is_removed(opened: Callable[[Path], KeyStore], tmp_path: Path) -> None:
    store = opened(tmp_path)
    store.put("openai", Entry("https://elsewhere:443", "older"))
    store.put("openai", ENTRY)
    store.put("groq", Entry("https://api.groq.com:443", "another"))

    found = store.get("openai"), store.remove("openai"), store.get("openai"), store.remove("openai")

    assert found == (ENTRY, True, None, False)
    assert store.get("groq") == Entry("https://api.groq.com:443", "another")


def test_a_locked_keyring_is_said_to_be_one() -> None:
    store = Keychain(FakeBackend(locked=True))

    for act in (lambda: store.get("a"), lambda: store.put("a", ENTRY), lambda: store.remove("a")):
        with pytest.raises(UsageInvalid, match="locked") as caught:
            act()
        assert "--store file" in caught.value.hint


def test_what_another_program_put_into_the_keyring_is_no_key() -> None:
    store = Keychain(FakeBackend({("hermes-tui", "openai"): "just text"}))

    with pytest.raises(UsageInvalid, match="no key of ours"):
        store.get("openai")


def test_the_vault_is_private_and_shows_nothing(tmp_path: Path) -> None:
    store = a_vault(tmp_path)
    store.put("openai", ENTRY)

    data = store.path.read_bytes()

    assert stat.S_IMODE(store.path.stat().st_mode) == 0o600
    for word in (ENTRY.key, ENTRY.origin, "openai", PASSPHRASE):
        assert word.encode() not in data


def test_another_passphrase_opens_nothing(tmp_path: Path) -> None:
    store = a_vault(tmp_path)
    store.put("openai", ENTRY)

    with pytest.raises(UsageInvalid, match="wrong passphrase"):
        replace(store, passphrase="correct hors").get("openai")
    with pytest.raises(UsageInvalid, match="wrong passphrase"):
        replace(store, passphrase="correct hors").put("openai", ENTRY)
    assert store.get("openai") == ENTRY


@pytest.mark.parametrize("part", ["format", "cost", "salt", "nonce", "sealed"])
def test_a_vault_that_was_changed_does_not_open(tmp_path: Path, part: str) -> None:
    store, other = a_vault(tmp_path), Vault(tmp_path / "other", PASSPHRASE, CHEAP * 2)
    store.put("openai", ENTRY)
    other.put("openai", Entry(ENTRY.origin, "sk-another-key"))
    mixed = json.loads(store.path.read_bytes())
    mixed[part] = "hermes.vault/2" if part == "format" else json.loads(other.path.read_bytes())[part]
    store.path.write_text(json.dumps(mixed), "utf-8")

    with pytest.raises(UsageInvalid, match="does not open"):
        store.get("openai")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"cost": 1, "salt": "", "nonce": "", "sealed": ""}', "\x00"])
def test_a_file_that_is_no_vault_is_refused(tmp_path: Path, text: str) -> None:
    store = a_vault(tmp_path)
    store.path.write_text(text, "utf-8")

    with pytest.raises(UsageInvalid, match="is no vault"):
        store.get("openai")


def test_equal_content_is_never_written_twice_alike(tmp_path: Path) -> None:
    store = a_vault(tmp_path)

    written = set[bytes]()
    for _ in range(3):
        store.put("openai", ENTRY)
        written.add(store.path.read_bytes())

    assert len(written) == 3


def test_writers_beside_each_other_lose_nothing(tmp_path: Path) -> None:
    names = [f"provider-{number}" for number in range(16)]

    def put(name: str) -> None:
        a_vault(tmp_path).put(name, Entry("https://a:443", name))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(put, names))

    assert [a_vault(tmp_path).get(name) for name in names] == [Entry("https://a:443", name) for name in names]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["keys.lock", vault.NAME]


def test_without_a_passphrase_the_vault_stays_shut(tmp_path: Path) -> None:
    with pytest.raises(UsageInvalid, match="locked") as caught:
        vault.open_store(tmp_path, "")
    assert "HERMES_TUI_PASSPHRASE" in caught.value.hint


def test_an_entry_does_not_show_its_key() -> None:
    assert ENTRY.key not in repr(ENTRY)


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://api.openai.com/v1", "https://api.openai.com:443"),
        ("https://API.openai.com:443/other", "https://api.openai.com:443"),
        ("http://127.0.0.1:1234/v1", "http://127.0.0.1:1234"),
        ("http://[::1]/v1", "http://[::1]:80"),
        ("https://api.openai.com.evil.example/v1", "https://api.openai.com.evil.example:443"),
        ("https://api.openai.com@evil.example/v1", "https://evil.example:443"),
    ],
)
def test_an_origin_is_scheme_host_and_port(url: str, origin: str) -> None:
    assert origin_of(url) == origin

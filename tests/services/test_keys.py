"""Keys reach their own host or nobody: not another host, not a log, not a child, not a file in the clear."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from hermes_tui.capabilities import registry
from hermes_tui.capabilities.governance.redact import SecretRedactor
from hermes_tui.capabilities.keys._entry import Entry
from hermes_tui.domain.errors import NoProvider, UsageInvalid
from hermes_tui.services import keys as service
from hermes_tui.services.brains import ConfiguredBrains
from hermes_tui.services.config import HermesConfig
from hermes_tui.services.keys import VARIABLES, Keys, KeyStore, Secrets, open_store
from hermes_tui.services.sections import built
from tests.capabilities.providers.speakers import ask, listen
from tests.fakes import FakeServer, refused_url, say
from tests.interfaces.processes import Shop, shop

__all__ = ["shop"]

KEY = "plain-key-without-any-known-form"


@dataclass
class Memory:
    """A store in memory that counts how often it is opened."""

    entries: dict[str, Entry] = field(default_factory=dict[str, Entry])
    opened: int = 0

    def open(self, *_: object) -> KeyStore:
        self.opened += 1
        return self

    def get(self, provider: str) -> Entry | None:
        return self.entries.get(provider)

    def put(self, provider: str, entry: Entry) -> None:
        self.entries[provider] = entry

    def remove(self, provider: str) -> bool:
        return self.entries.pop(provider, None) is not None


def config(**base_urls: str) -> HermesConfig:
    return built(HermesConfig, {"providers": {name: {"base_url": url} for name, url in base_urls.items()}})


def keys(folder: Path, memory: Memory, given: HermesConfig | None = None, **environ: str) -> Keys:
    return Keys(given or HermesConfig(), environ, folder, Secrets(), memory.open)


@pytest.mark.parametrize("kind", sorted({*VARIABLES, "ollama", "lmstudio"}))
def test_the_variables_are_those_of_the_providers(kind: str) -> None:
    assert VARIABLES.get(kind) == registry.load("providers", kind).KEY_ENV


async def test_why_a_stored_key_is_not_used_is_said_where_brains_are_listed(tmp_path: Path) -> None:
    memory = Memory()
    local = {"ollama": refused_url(), "lmstudio": refused_url()}
    keys(tmp_path, memory, config(openai="https://one.example/v1")).put("openai", KEY, "keyring", "")
    moved = config(openai="https://two.example/v1", **local)

    brains = ConfiguredBrains(moved, "openai:gpt-5", keys(tmp_path, memory, moved))

    with pytest.raises(NoProvider, match="its stored key is not used: The key of openai is bound to https://one"):
        await brains.choose("cortex", {})


async def test_a_local_server_behind_a_gateway_is_looked_at_with_its_key(tmp_path: Path) -> None:
    async with FakeServer() as server:
        gated = {"base_url": server.ollama_url, "key_env": "GATE_KEY"}
        given = built(HermesConfig, {"providers": {"ollama": gated}, "strategy": "fixed"})

        brain = await ConfiguredBrains(given, "ollama", {"GATE_KEY": "gate-key"}).choose("cortex", {})

        assert brain.local
        assert {exchange.headers.get("authorization") for exchange in server.log} == {"Bearer gate-key"}


def test_the_environment_wins_and_no_store_is_opened_for_it(tmp_path: Path) -> None:
    memory = Memory()
    keys(tmp_path, memory).put("openai", KEY, "keyring", "")

    found = keys(tmp_path, memory, OPENAI_API_KEY="from-the-environment")

    assert found["OPENAI_API_KEY"] == "from-the-environment"
    assert memory.opened == 1  # by `put`


def test_a_stored_key_stands_in_for_its_variable(tmp_path: Path) -> None:
    memory = Memory()
    keys(tmp_path, memory).put("openai", KEY, "keyring", "")

    found = keys(tmp_path, memory)

    assert found.get("OPENAI_API_KEY") == KEY
    assert found.get("ANTHROPIC_API_KEY") is None
    assert found.get("PATH") is None


def test_a_stored_key_does_not_follow_its_provider_to_another_host(tmp_path: Path) -> None:
    memory = Memory()
    keys(tmp_path, memory).put("openai", KEY, "keyring", "")

    moved = keys(tmp_path, memory, config(openai="https://gateway.example/v1"))

    assert moved.get("OPENAI_API_KEY") is None
    assert "bound to https://api.openai.com:443" in moved.refused["OPENAI_API_KEY"]
    assert memory.opened == 1


def test_the_index_alone_cannot_move_a_key_to_another_host(tmp_path: Path) -> None:
    memory = Memory()
    keys(tmp_path, memory).put("openai", KEY, "keyring", "")
    index = tmp_path / "keys.json"
    index.write_text(index.read_text("utf-8").replace("api.openai.com", "gateway.example"), "utf-8")

    moved = keys(tmp_path, memory, config(openai="https://gateway.example/v1"))

    assert moved.get("OPENAI_API_KEY") is None
    assert KEY not in index.read_text("utf-8")


def test_every_redactor_knows_a_stored_key_before_it_is_given_out(tmp_path: Path) -> None:
    memory, secrets = Memory({"openai": Entry("https://api.openai.com:443", KEY)}), Secrets()
    keys(tmp_path, memory).put("openai", KEY, "keyring", "")
    before, after = SecretRedactor(), SecretRedactor()
    secrets.attach(before)

    found = Keys(HermesConfig(), {}, tmp_path, secrets, memory.open)["OPENAI_API_KEY"]
    secrets.attach(after)

    assert KEY not in before.redact(f"key {found}") + after.redact(f"key {found}")


@pytest.mark.parametrize(
    ("provider", "key", "url", "message"),
    [
        ("nobody", KEY, "https://a.example", "no provider nobody"),
        ("ollama", KEY, "https://a.example", "needs no key"),
        ("openai", "", "https://a.example", "no key"),
        ("openai", "two words", "https://a.example", "no key"),
        ("openai", "line\nbreak", "https://a.example", "no key"),
        ("openai", KEY, "http://a.example/v1", "unencrypted"),
        ("openai", KEY, "http://localhost.evil.example/v1", "unencrypted"),
    ],
)
def test_what_cannot_be_a_key_of_a_provider_is_not_stored(
    tmp_path: Path, provider: str, key: str, url: str, message: str
) -> None:
    memory = Memory()

    with pytest.raises(UsageInvalid, match=message):
        keys(tmp_path, memory, config(openai=url)).put(provider, key, "keyring", "")

    assert memory.entries == {}


def test_the_list_says_for_each_provider_why_it_is_disabled(tmp_path: Path) -> None:
    memory = Memory()
    keys(tmp_path, memory).put("openai", KEY, "file", "")
    keys(tmp_path, memory).put("openrouter", KEY, "keyring", "")

    found = keys(tmp_path, memory, config(openai="https://gateway.example"), ANTHROPIC_API_KEY="a")
    lines = {line.provider: line for line in found.lines()}

    assert {name: (line.source, line.usable) for name, line in lines.items()} == {
        "anthropic": ("environment", True),
        "openai": ("file", False),
        "openrouter": ("keyring", True),
        "ollama": ("not needed", True),
        "lmstudio": ("not needed", True),
    }
    assert "bound to https://api.openai.com:443" in lines["openai"].note
    assert KEY not in str(lines)


async def test_a_missing_key_disables_its_provider_with_the_reason(tmp_path: Path) -> None:
    given = config(ollama=refused_url(), lmstudio=refused_url())

    with pytest.raises(NoProvider, match=r"openai: no key in \$OPENAI_API_KEY"):
        await ConfiguredBrains(given, "auto", keys(tmp_path, Memory(), given)).choose("cortex", {})


async def test_the_key_of_one_provider_is_never_used_for_another(tmp_path: Path) -> None:
    async with FakeServer(say("Hi.")) as server:
        given = built(
            HermesConfig, {"strategy": "fixed", "providers": {"openrouter": {"base_url": f"{server.base_url}/api/v1"}}}
        )
        known = keys(tmp_path, Memory(), given, OPENAI_API_KEY="sk-of-openai")

        with pytest.raises(NoProvider, match=r"openrouter: no key in \$OPENROUTER_API_KEY"):
            await ConfiguredBrains(given, "openrouter:m", known).choose("cortex", {})
        assert len(server.log) == 0


async def test_a_stored_key_reaches_its_host(tmp_path: Path) -> None:
    async with FakeServer(say("Hi.")) as server:
        given = config(openai=f"{server.base_url}/v1")
        memory = Memory()
        keys(tmp_path, memory, given).put("openai", KEY, "keyring", "")
        brain = await ConfiguredBrains(given, "openai:m", keys(tmp_path, memory, given)).choose("cortex", {})
        heard = await listen(brain.provider, ask())
        sent = server.log[0].headers["authorization"]

    assert (heard.text, sent) == ("Hi.", f"Bearer {KEY}")


def test_a_store_whose_library_is_missing_says_how_to_get_it() -> None:
    with pytest.raises(KeyError):
        open_store("drawer", Path(), "")
    assert set(service._MODULES.values()) == set(registry.names("keys")) - {"shelf"}


def test_keys_are_set_listed_used_and_removed_from_the_shell(shop: Shop) -> None:
    shop.env["HERMES_TUI_PASSPHRASE"] = "correct horse"

    stored = shop.run("keys", "set", "openai", "--store", "file", stdin=f"{KEY}\n")
    listed = shop.run("keys", "list")
    line = next(line for line in shop.json("keys", "list", "--json") if line["provider"] == "openai")
    removed = shop.run("keys", "remove", "openai")
    again = shop.run("keys", "remove", "openai")

    assert stored.returncode == 0, stored.stderr
    assert "https://api.openai.com:443 only" in stored.stdout
    assert (line["source"], line["usable"]) == ("file", True)
    assert "disabled: no key in $ANTHROPIC_API_KEY" in listed.stdout
    assert (removed.returncode, again.returncode) == (0, 1)
    assert KEY not in "".join(ran.stdout + ran.stderr for ran in (stored, listed, removed, again))
    for path in (path for path in shop.home.rglob("*") if path.is_file()):
        assert KEY.encode() not in path.read_bytes(), path


def test_a_vault_without_its_passphrase_is_a_line_and_not_a_crash(shop: Shop) -> None:
    ran = shop.run("keys", "set", "openai", "--store", "file", stdin=f"{KEY}\n")

    assert ran.returncode == 2
    assert "HERMES_TUI_PASSPHRASE" in ran.stderr


def test_reading_a_key_puts_nothing_into_the_environment_of_children(tmp_path: Path) -> None:
    memory = Memory()
    keys(tmp_path, memory).put("openai", KEY, "keyring", "")
    before = dict(os.environ)

    assert keys(tmp_path, memory)["OPENAI_API_KEY"] == KEY
    assert dict(os.environ) == before

"""The composition root: from options and config to the ports of one run."""

from __future__ import annotations

import hashlib
import os
import time
import traceback
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from hermes_tui.capabilities import registry
from hermes_tui.capabilities.governance.policy import RulePolicy
from hermes_tui.capabilities.governance.redact import SecretRedactor
from hermes_tui.capabilities.new_file import new_file
from hermes_tui.capabilities.skills import FolderSkills, Shelf
from hermes_tui.capabilities.state.health import HealthBook
from hermes_tui.capabilities.state.ledger import Ledger
from hermes_tui.capabilities.state.reply_store import ReplyStore
from hermes_tui.capabilities.tools._tool import tools_of
from hermes_tui.domain.approval import Grant
from hermes_tui.domain.errors import HermesError, UsageInvalid
from hermes_tui.domain.intents import Notary
from hermes_tui.domain.ports import Clock, Tool
from hermes_tui.services import trust
from hermes_tui.services.brains import ConfiguredBrains
from hermes_tui.services.clock import SystemClock
from hermes_tui.services.config import HermesConfig
from hermes_tui.services.homes import Home
from hermes_tui.services.keys import PASSPHRASE, SECRETS, VARIABLES, Keys
from hermes_tui.services.mask_key import MaskKey
from hermes_tui.services.masks import NAME as MASKS
from hermes_tui.services.masks import MaskVault
from hermes_tui.services.memory.home import HomeMemory
from hermes_tui.services.memory.settings import MemorySettings
from hermes_tui.services.premises import RunOptions, home_of
from hermes_tui.version import VERSION

_MASK_KEY_BYTES: Final = 32

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from hermes_tui.services.memory.pipe import Pipe
    from hermes_tui.services.memory.store import OpenMemory
    from hermes_tui.services.memory.upkeep import Upkeep
    from hermes_tui.services.toolservers import ToolServers


def all_tools() -> Mapping[str, Tool]:
    """Return every tool by name, in a stable order."""
    modules = [registry.load("tools", name) for name in registry.names("tools")]
    found = [tool for module in modules for tool in tools_of(module)]
    return {tool.spec.schema.name: tool for tool in sorted(found, key=lambda tool: tool.spec.schema.name)}


def servers_of(config: HermesConfig, home: Home, project: trust.Project, clock: Clock) -> ToolServers | None:
    """Return the tool servers of the config and of a trusted project; without any, nothing of them is loaded.

    Raises:
        UsageInvalid: one of them cannot be used as it is written.
    """
    brings = project.standing is trust.Standing.TRUSTED and trust.SERVERS in project.files
    if not config.mcp and not brings:
        return None
    module = import_module("hermes_tui.services.toolservers")
    found = module.configured(config, project, os.environ)
    redact = redactor_of(config, home.state).redact
    made: ToolServers = module.ToolServers(found, project.root, home.state, clock=clock, redact=redact)
    return made


def skills_of(home: Home, project: trust.Project) -> FolderSkills:
    """Return the skills of the home, of a trusted project as it was trusted, and the built-in ones, in this order."""
    shelves = [Shelf(origin="home", folder=home.root / "skills")]
    if project.standing is trust.Standing.TRUSTED:
        folder, file = f"{trust.FOLDER}/skills", "/SKILL.md"
        pinned = {
            name.removeprefix(f"{folder}/").removesuffix(file): digest
            for name, digest in project.files.items()
            if name.startswith(f"{folder}/") and name.endswith(file)
        }
        shelves.append(Shelf(origin="project", folder=project.root / folder, pinned=pinned))
    if home.built_in != home.root:
        shelves.append(Shelf(origin="built in", folder=home.built_in / "skills"))
    return FolderSkills(shelves)


def redactor_of(config: HermesConfig, state: Path) -> SecretRedactor:
    """Return the redactor of this process, which knows the key formats and the values of the key variables.

    There is one for the same settings, so that what the journal masks can be put back where a tool needs it.
    """
    variables = {provider.key_env for provider in config.providers.values() if provider.key_env}
    variables |= {*VARIABLES.values(), PASSPHRASE}
    variables |= {variable for server in config.mcp.values() for variable in server.variables}
    secrets = tuple(os.environ[name] for name in sorted(variables) if os.environ.get(name))
    redactor = _redactor(secrets, _mask_key(state), state, personal=config.privacy.personal == "mask")
    SECRETS.attach(redactor)
    return redactor


@lru_cache(maxsize=4)
def _redactor(secrets: tuple[str, ...], key: bytes, state: Path, *, personal: bool) -> SecretRedactor:
    vault = MaskVault(state, MaskKey(state=state, home_key=key).read) if key else None
    return SecretRedactor(secrets, key=key, personal=personal, vault=vault)


def mask_key_of(home: Home) -> MaskKey | None:
    """Return the key that seals what this home masked, None where it has masked nothing yet."""
    if not (home.state / MASKS).exists():
        return None
    return MaskKey(state=home.state, home_key=_mask_key(home.state))


def _mask_key(state: Path) -> bytes:
    """Return this home's key of placeholders, made at first; empty where nothing can be kept."""
    path = state / "mask.key"
    try:
        state.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not path.exists():
            descriptor, made = new_file(state, ".mask-")
            with os.fdopen(descriptor, "wb") as file:
                file.write(os.urandom(_MASK_KEY_BYTES))
            # A link is made whole or not at all, also where two processes start at once.
            with suppress(FileExistsError):
                os.link(made, path)
            made.unlink()
        return path.read_bytes()[:_MASK_KEY_BYTES]
    except OSError:
        return b""


def keys_of(config: HermesConfig, home: Home) -> Keys:
    """Return the keys of the config's providers, wherever they lie."""
    return Keys(config, os.environ, home.state)


def policy_of(config: HermesConfig, lasting: Sequence[Grant] = ()) -> RulePolicy:
    """Return the policy of the config's rules and of the operator's lasting grants."""
    deny = [rule.removeprefix("deny").lstrip(": ") for rule in config.policy.rules if rule.startswith("deny")]
    allow = [rule.removeprefix("allow").lstrip(": ") for rule in config.policy.rules if not rule.startswith("deny")]
    granted = [grant.rule for grant in lasting]
    if config.memory.policy != "off":
        granted.append("remember(*)")  # memory's own policy decides what becomes of an agent's note
    kept = [rule for rule in allow if not rule.startswith("ask")]
    return RulePolicy(deny=deny, allow=[*kept, *granted], two_keys=config.policy.two_keys.classes)


def notary_of(config: HermesConfig, home: Home, ledger: Ledger) -> Notary | None:
    """Return who signs calls that take two keys, None where none do.

    Raises:
        UsageInvalid: signing needs an extra that is not installed, or nobody may countersign.
    """
    wanted = config.policy.two_keys
    if not wanted.classes:
        return None
    if not wanted.operators:
        hint = "Add the line of your .pub file to policy.two_keys.operators."
        raise UsageInvalid("policy.two_keys names classes, but no operator's key.", hint=hint)
    made: Notary = signing()[1].HomeNotary(
        folder=home.state / "agents",
        operators=wanted.operators,
        life_s=wanted.life_s,
        nonces=ledger,
        skip=(home.state,),
    )
    return made


def signing() -> tuple[Any, Any]:
    """Return the modules that make and check signatures; they are loaded where two keys are wanted.

    Raises:
        UsageInvalid: the extra that brings cryptography is not installed.
    """
    try:
        return registry.load_private("keys", "_sshsig"), registry.load_private("keys", "_notary")
    except ModuleNotFoundError as error:
        raise UsageInvalid("Signing needs cryptography.", hint="pip install 'hermes-tui[keys]'") from error


def brains_of(
    config: HermesConfig, wanted: str, home: Home | None = None, book: HealthBook | None = None
) -> ConfiguredBrains:
    """Return who answers; `wanted` is a model that was asked for on the spot, else `auto`.

    Keys come from the environment and, with a `home`, from where its operator stored them; so do newer price tables.
    Without a `book`, how each model does is forgotten with the process.

    Raises:
        UsageInvalid: a name is no provider, model, role or tier.
    """
    found = ConfiguredBrains(
        config,
        wanted,
        os.environ if home is None else keys_of(config, home),
        prices=None if home is None else prices_of(home),
        kept=None if home is None else ReplyStore(home.state, redactor_of(config, home.state).redact, SystemClock()),
    )
    if book is not None:
        found.book = book
    return found


def prices_of(home: Home) -> Path:
    """Return the folder of the price tables that are newer than the release's."""
    return home.state / "prices"


def memory_of(home: Home, ledger: Ledger, config: HermesConfig, clock: Clock, settings: MemorySettings) -> HomeMemory:
    """Return a home's memory; its modules are loaded when it is first used."""

    def open_memory() -> OpenMemory:
        store = import_module("hermes_tui.services.memory.store")
        opened: OpenMemory = store.OpenMemory(home, ledger, redactor_of(config, home.state), clock, settings)
        return opened

    return HomeMemory(home.root / "memory", settings, open_memory)


def upkeep_of(memory: HomeMemory) -> Upkeep:
    """Return what an operator does to a home's memory; loaded when it is first wanted."""
    upkeep: Upkeep = import_module("hermes_tui.services.memory.upkeep").Upkeep(memory.store)
    return upkeep


def memory_pipe() -> AbstractContextManager[Pipe]:
    """Return a throw-away memory behind JSON lines."""
    opened: AbstractContextManager[Pipe] = import_module("hermes_tui.services.memory.pipe").open_pipe()
    return opened


def digest_of(text: str) -> str:
    """Return the sha256 by which a goal's text is known."""
    return hashlib.sha256(text.encode()).hexdigest()


def misfit(document: str, schema: str) -> str:
    """Say where a JSON text does not fit a JSON Schema; loaded on demand, as few goals have such a criterion."""
    found: str = import_module("hermes_tui.services.schema_fit").misfit(document, schema)
    return found


def told(error: Exception, options: RunOptions) -> HermesError:
    """Return an error in words for its operator; one that nobody foresaw leaves a report, which is named."""
    if isinstance(error, HermesError):
        return error
    try:
        hint = f"Report: {report_crash(error, options)}"
    except (OSError, HermesError):
        hint = "No report could be written."
    return HermesError(f"Hermes failed: {error}.", hint=hint)


def report_crash(error: BaseException, options: RunOptions) -> Path:
    """Write a crash report without secrets; return where it is."""
    folder = home_of(options).state / "log"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"crash-{int(time.time())}-{os.getpid()}.txt"
    text = "".join(traceback.format_exception(error))
    path.write_text(SecretRedactor().redact(f"hermes {VERSION}\n{text}"), encoding="utf-8")
    return path

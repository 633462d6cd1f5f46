"""What this machine offers, found by trying it, and how to mend what is missing."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Final

from hermes_tui.capabilities.programs import program
from hermes_tui.capabilities.sandbox.probes import Proof, prove
from hermes_tui.capabilities.sandbox.toolchains import own_home, toolchain_roots
from hermes_tui.capabilities.state.database import engine, refuse_network
from hermes_tui.domain.circuit import Flow
from hermes_tui.domain.errors import GuardrailsChanged, HermesError, JournalError, SandboxUnavailable, UsageInvalid
from hermes_tui.domain.guardrails import PINNED
from hermes_tui.domain.ports import Brain
from hermes_tui.domain.values import frozen
from hermes_tui.services import history, premises, wiring
from hermes_tui.services.homes import Home
from hermes_tui.services.missing import Missing
from hermes_tui.services.premises import RunOptions
from hermes_tui.services.workstation import Workstation

LITTLE_BYTES: Final = 1_000_000_000
TOO_LITTLE_BYTES: Final = 50_000_000
_SHOWN: Final = 5


class Health(StrEnum):
    """How a check came out; only `BROKEN` keeps Hermes from working."""

    OK = "ok"
    WEAK = "weak"
    BROKEN = "broken"


@frozen(kw_only=False)
class Check:
    """One thing that was tried: how it came out, what was found, and the remedy."""

    what: str
    health: Health
    found: str
    remedy: str = ""

    @property
    def ok(self) -> bool:
        """Whether there is nothing to mend."""
        return self.health is Health.OK


async def examine(options: RunOptions) -> list[Check]:
    """Return every check; one that fails never keeps the others from being made."""
    checks = [_python(), _sqlite(), _extensions(), _git(), _command(os.environ), _terminal(os.environ)]
    try:
        home = premises.home_of(options)
    except UsageInvalid as error:
        return [*checks, Check("home", Health.BROKEN, error.message, error.hint)]
    checks += [_home(home.root, home.state, home.notice), _disk(home.state)]
    try:
        station = Workstation(options)
    except GuardrailsChanged as error:
        return [*checks, Check("constitution", Health.BROKEN, error.message, error.hint)]
    except UsageInvalid as error:
        return [*checks, Check("config", Health.BROKEN, error.message, error.hint)]
    except JournalError as error:
        return [*checks, Check("ledger", Health.BROKEN, error.message, error.hint)]
    pinned = f"it and the {len(PINNED)} modules that keep it are as released"
    checks += [Check("constitution", Health.OK, pinned), _config(station), _ledger(station), *_sessions(station)]
    checks += [*_masks(home), *await _sandbox(station)]
    return [*checks, *await _providers(station)]


def _python() -> Check:
    health = Health.OK if sys.version_info >= (3, 11) else Health.BROKEN
    found = f"{platform.python_version()} ({sys.executable}) on {platform.system()} {platform.machine()}"
    return Check("python", health, found, "" if health is Health.OK else "Install Python 3.11 or newer.")


def _sqlite() -> Check:
    return Check("sqlite", Health.OK, f"{engine()[0]}; one writer per session file, journal WAL, synchronous FULL")


def _extensions() -> Check:
    why = engine()[1]
    if not why:
        return Check("extensions", Health.OK, "SQLite can load extensions")
    return Check("extensions", Health.OK, f"SQLite loads none: {why}; search scans exactly instead")


def _git() -> Check:
    where = program("git")
    if where is None:
        return Check("git", Health.BROKEN, "not on PATH", "Install git, such as `apt install git`.")
    return Check("git", Health.OK, where)


def _command(environ: Mapping[str, str]) -> Check:
    """Another product installs a `hermes` too: say which one an operator would get."""
    first = shutil.which("hermes", path=environ.get("PATH", os.defpath))
    ours = Path(sys.executable).parent
    if first is None:
        return Check("command", Health.OK, f"`hermes` is not on PATH; `{sys.executable} -P -m hermes_tui` works")
    if Path(first).parent == ours or Path(first).resolve().parent in (ours, ours.resolve()):
        return Check("command", Health.OK, first)
    remedy = f"Use `hermes-tui`, or put {ours} before {Path(first).parent} on PATH."
    return Check("command", Health.WEAK, f"`hermes` is {first}, not ours", remedy)


def _terminal(environ: Mapping[str, str]) -> Check:
    locale = environ.get("LC_ALL") or environ.get("LC_CTYPE") or environ.get("LANG") or "not set"
    encoding = (getattr(sys.stdout, "encoding", None) or "none").lower()
    colours = "24-bit" if environ.get("COLORTERM") in ("truecolor", "24bit") else environ.get("TERM", "no TERM")
    found = f"locale {locale}, output {encoding}, colours {colours}"
    if encoding.replace("-", "") != "utf8":
        return Check("terminal", Health.WEAK, found, "Set LANG=C.UTF-8; signs are shown as escapes until then.")
    return Check("terminal", Health.OK, found)


def _home(root: Path, state: Path, notice: str) -> Check:
    if notice:
        return Check("home", Health.BROKEN, notice, "Make it writable, or choose another with --home.")
    try:
        refuse_network(state / "ledger.db")
    except JournalError as error:
        return Check("home", Health.BROKEN, error.message, error.hint)
    return Check("home", Health.OK, f"{root}, writable, on a local disk")


def _disk(state: Path) -> Check:
    free = shutil.disk_usage(state).free
    found = f"{free / 1e9:.1f} GB free for {state}"
    if free < TOO_LITTLE_BYTES:
        return Check("disk", Health.BROKEN, found, "Free some space: a run stops when its journal cannot be written.")
    if free < LITTLE_BYTES:
        return Check("disk", Health.WEAK, found, "Free some space soon.")
    return Check("disk", Health.OK, found)


def _masks(home: Home) -> list[Check]:
    key = wiring.mask_key_of(home)
    return [] if key is None else [Check("masked values", Health.OK, key.said())]


def _config(station: Workstation) -> Check:
    files = [layer.node.path for layer in station.layers if layer.node.value]
    return Check("config", Health.OK, f"valid: {', '.join(dict.fromkeys(files))}")


def _ledger(station: Workstation) -> Check:
    damage = station.ledger.damage()
    if damage:
        return Check("ledger", Health.BROKEN, f"{station.ledger.path}: {damage}", "Move it away; a new one is made.")
    grants = len(station.ledger.grants())
    return Check("ledger", Health.OK, f"{station.ledger.path} is whole; {grants} lasting grants")


def _sessions(station: Workstation) -> list[Check]:
    rows = history.rows(station.sessions())
    unreadable = [row.session for row in rows if row.status == "unreadable"]
    waiting = [row.session for row in rows if row.waiting]
    live = sum(row.live for row in rows)
    checks = [Check("sessions", Health.OK, f"{len(rows)} in all, {live} live, {len(waiting)} wait for an answer")]
    if unreadable:
        remedy = "Restore them from an export, or move them away."
        checks.append(Check("sessions", Health.WEAK, f"cannot be read: {_some(unreadable)}", remedy))
    if waiting:
        remedy = "`hermes approvals list` shows the questions."
        checks.append(Check("waiting", Health.WEAK, _some(waiting), remedy))
    states = list(history.newest_first(station.sessions()))
    doubts = [name for name, state in states if state.calls.intents]
    dead = [row.session for row in rows if row.session in doubts and not row.live]
    if dead:
        remedy = "Run the goal again: writes are taken back, other effects probed or asked about."
        checks.append(Check("in doubt", Health.WEAK, _some(dead), remedy))
    now = station.clock.now()
    down = [
        f"{what} ({name}, {one.closed_to_all_until - now:.0f} s more): {one.why}"
        for name, state in states
        for what, one in state.circuits.items()
        if one.flow(now) is Flow.OPEN
    ]
    if down:
        remedy = "Nothing calls them meanwhile; then one call tries whether they work again."
        checks.append(Check("circuits", Health.WEAK, _some(down), remedy))
    return checks


def _some(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


async def _sandbox(station: Workstation) -> list[Check]:
    """Say which level is in force, and prove it: what it claims to hold is attempted from inside."""
    config = station.config.sandbox
    try:
        sandbox = await station.kits.sandbox(station.config)
        guarded = (station.root / ".git" / "config", station.home.root / "config.yaml")
        proofs = await prove(sandbox, station.root, guarded)
    except SandboxUnavailable as error:
        return [Check("sandbox", Health.BROKEN, error.message, error.hint)]
    level = sandbox.level
    health = Health.OK if level.confines else Health.WEAK
    remedy = level.remedy or ("" if level.confines else "Until then every command asks.")
    checks = [Check("sandbox", health, f"{level.name}: {level.why}", remedy), _proved(proofs, confines=level.confines)]
    extra = [Path(path) for path in config.toolchains]
    roots = ", ".join(str(root) for root in toolchain_roots(extra, os.environ, own_home()))
    return [*checks, Check("toolchains", Health.OK, roots or "only /usr")] if level.confines else checks


def _proved(proofs: Sequence[Proof], *, confines: bool) -> Check:
    """Say what held; a level that claims to confine and does not is broken, unless it names what it leaves open."""
    held = ", ".join(proof.name for proof in proofs if not proof.open)
    left = "; ".join(f"{proof.name}: {proof.open}" for proof in proofs if proof.open)
    if not left:
        return Check("probes", Health.OK, f"held from inside: {held}")
    remedy = "Report this; until then set sandbox.level to limits." if confines else ""
    return Check("probes", Health.BROKEN if confines else Health.WEAK, f"not held: {left}", remedy)


async def _providers(station: Workstation) -> list[Check]:
    """Say of each provider in the chain whether it can answer, and which would; nothing leaves the machine unasked."""
    try:
        offers = await station.brains().look()
    except HermesError as error:
        return [Check("brain", Health.WEAK, error.message, error.hint)]
    checks = [_offer(offer) for offer in offers]
    first = next((offer for offer in offers if isinstance(offer, Brain)), None)
    if first is None:
        remedy = "Goals with a declared plan run without one; others need a key or a local server (above)."
        return [*checks, Check("brain", Health.WEAK, "no model can answer", remedy)]
    return [*checks, Check("brain", Health.OK, f"{first.name}: {first.why}")]


def _offer(offer: Brain | Missing) -> Check:
    if isinstance(offer, Missing):
        return Check(offer.provider, Health.WEAK, offer.found, offer.remedy)
    return Check(offer.name.partition(":")[0], Health.OK, f"can answer with {offer.model}")

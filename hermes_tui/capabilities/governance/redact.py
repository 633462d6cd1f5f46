"""Secrets out of text: known key formats and registered values become stable placeholders."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Iterable
from functools import partial
from typing import Final, Protocol

from hermes_tui.capabilities.governance.personal import find
from hermes_tui.domain.patterns import later
from hermes_tui.domain.values import frozen

_START: Final = r"(?:(?<![A-Za-z0-9]{word})|(?<=\\[nrtbf]{word}))"
"""A word begins here; in JSON text it may follow the letter of an escape, such as the n of a line break."""
_PLACEHOLDER: Final = later(r"\[(?:SECRET:[a-z]+:[0-9a-f]+|[A-Z]{2,8}_[0-9a-f]+)\]")
_STRING: Final = later(r'"(?:[^"\\]|\\.)*"')
"""A string of JSON text; outside of one stands no personal data, but numbers that must stay numbers."""
_MARK_CHARS: Final = 8
_LEAST_REGISTERED: Final = 6
_REGISTERED: Final = "registered"
"""The family of values that are secret whatever they look like: keys, which their own stores keep."""
_QUOTED: Final = r"""\\*["']?"""


@frozen(kw_only=False)
class Family:
    """Key formats found by `pattern`, tried only where one of `literals` occurs (`folded`: in any case)."""

    name: str
    literals: tuple[str, ...]
    pattern: re.Pattern[str]
    folded: bool = False


def _at_start(literal: str, rest: str) -> re.Pattern[str]:
    return later(f"(?P<secret>{literal}{_START.format(word=literal)}{rest})")


FAMILIES: Final = (
    Family(
        "key",
        ("-----BEGIN ",),
        later(
            r"(?P<secret>-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
            r"(?:(?!-----END)(?:[A-Za-z0-9+/=:,. \r\n\t-]|\\+[nrt]))*(?:-----END [A-Z0-9 ]{0,40}-----)?)"
        ),
    ),
    Family("anthropic", ("sk-",), _at_start("sk-ant-", r"[A-Za-z0-9_-]{16,}")),
    Family("openrouter", ("sk-",), _at_start("sk-or-", r"[A-Za-z0-9_-]{16,}")),
    Family("openai", ("sk-",), _at_start("sk-", r"(?=[A-Za-z_-]{0,100}[0-9])[A-Za-z0-9_-]{20,}")),
    Family("github", ("gh",), later(r"(?P<secret>gh[pousr]_[A-Za-z0-9]{20,})")),
    Family("github", ("github_pat_",), later(r"(?P<secret>github_pat_[A-Za-z0-9_]{20,})")),
    Family("aws", ("AKIA",), _at_start("AKIA", r"[0-9A-Z]{16}(?![0-9A-Za-z])")),
    Family("aws", ("ASIA",), _at_start("ASIA", r"[0-9A-Z]{16}(?![0-9A-Za-z])")),
    Family("google", ("AIza",), later(r"(?P<secret>AIza[0-9A-Za-z_-]{35})")),
    Family("slack", ("xox",), later(r"(?P<secret>xox[abeoprs]-[A-Za-z0-9-]{10,})")),
    Family("stripe", ("k_live_", "k_test_"), later(r"(?P<secret>[sr]k_(?:live|test)_[A-Za-z0-9]{16,})")),
    Family(
        "jwt",
        ("eyJ",),
        _at_start("eyJ", r"[A-Za-z0-9_-]{8,8192}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*"),
    ),
    Family(
        "bearer",
        ("bearer ",),
        later(r"(?i:bearer) +(?P<secret>(?=[A-Za-z._~+/-]{0,100}[0-9])[A-Za-z0-9._~+/-]{16,}=*)"),
        folded=True,
    ),
    Family(
        "url",
        ("://",),
        later(r"""://[^\s:/@"'\\<>]{0,128}:(?!\[SECRET:)(?P<secret>[^\s/@"'\\<>]{3,256})@"""),
    ),
    Family(
        "value",
        (
            *("api_key", "apikey", "api-key", "secret", "passw", "_token", "-token", "authtoken"),
            *("access_key", "private_key"),
        ),
        later(
            r"(?i:api[_-]?key|secret(?:[_-]?(?:access)?[_-]?key)?|passwd|password|(?:access|auth|refresh)[_-]?token"
            r"|access[_-]?key|private[_-]?key|[_-]token)"
            rf"{_QUOTED} {{0,3}}(?:=>|[=:]) {{0,3}}{_QUOTED}"
            r"(?P<secret>(?=[A-Za-z_./+=~!@#$%^&*-]{0,100}[0-9])(?=[0-9_./+=~!@#$%^&*-]{0,100}[A-Za-z])"
            r"[A-Za-z0-9_./+=~!@#$%^&*-]{8,512})"
        ),
        folded=True,
    ),
)


PLAIN: Final = tuple(sorted({text for family in FAMILIES if not family.folded for text in family.literals}))
FOLDED: Final = tuple(sorted({text for family in FAMILIES if family.folded for text in family.literals}))
_DASHED: Final = later(r"-(?:(?<=sk-)|(?<=xox[abeoprs]-)|----BEGIN )")
_BARRED: Final = later(r"_(?:(?<=gh[pousr]_)|(?<=github_)pat_|(?<=[sr]k_)(?:live|test)_)")
_KEYED: Final = later(r"ke(?:y(?:(?<=[ise]_key)|(?<=pi-key)|(?<=pikey))|n(?<=[_h-]token))")
"""What key formats need, from the sign on that is the rarest in them: that sign alone is looked for first."""


class Vault(Protocol):
    """Where it is kept what placeholders stand for."""

    def keep(self, placeholder: str, value: str) -> None: ...

    def find(self, placeholder: str) -> str | None: ...


class SecretRedactor:
    """Replaces secrets by placeholders such as `[SECRET:openai:1]`; the same secret always by the same one.

    With a `key` a placeholder is a keyed hash of what it stands for: the same over restarts, never that of another
    value, and of no use to who has only the placeholder. With `personal`, data such as `[EMAIL_9f86d081]` is replaced
    too. What a placeholder stands for is kept in memory, and in the `vault` if there is one. Safe to use from several
    threads; JSON stays JSON.
    """

    def __init__(
        self,
        secrets: Iterable[str] = (),
        *,
        key: bytes = b"",
        personal: bool = False,
        vault: Vault | None = None,
    ) -> None:
        """Start with values that are secret whatever they look like, such as those of key variables."""
        self._lock = threading.Lock()
        self._key = key
        self._personal = personal
        self._vault = vault
        self._by_secret: dict[str, str] = {}
        self._by_placeholder: dict[str, str] = {}
        self._counts: dict[str, int] = {}
        self._registered: tuple[tuple[str, str], ...] = ()
        for value in secrets:
            self.register(value)

    def register(self, value: str) -> None:
        """Treat `value` as a secret from now on; values shorter than six characters are ignored."""
        if len(value) < _LEAST_REGISTERED:
            return
        placeholder = self._placeholder(_REGISTERED, value)
        once = json.dumps(value, ensure_ascii=False)[1:-1]
        twice = json.dumps(once, ensure_ascii=False)[1:-1]
        with self._lock:
            forms = {*self._registered, (value, placeholder), (once, placeholder), (twice, placeholder)}
            self._registered = tuple(sorted(forms, key=lambda form: (-len(form[0]), form[0])))

    def redact(self, text: str) -> str:
        """Return `text` with each known secret replaced by a stable placeholder; JSON stays JSON."""
        for form, placeholder in self._registered:
            if form in text:
                text = text.replace(form, placeholder)
        if is_suspicious(text):
            text = self._without_keys(text)
        return self._without_personal(text) if self._personal else text

    def restore(self, text: str) -> str:
        """Return plain `text` with every placeholder of this redactor put back; unknown ones stay."""
        return _PLACEHOLDER.sub(lambda found: self._meant(found[0]) or found[0], text)

    def restore_json(self, text: str) -> str:
        """Return JSON text with every placeholder put back as part of its string; unknown ones stay."""
        if "[" not in text:
            return text

        def put_back(found: re.Match[str]) -> str:
            known = self._meant(found[0])
            return found[0] if known is None else json.dumps(known, ensure_ascii=False)[1:-1]

        return _PLACEHOLDER.sub(put_back, text)

    def _meant(self, placeholder: str) -> str | None:
        known = self._by_placeholder.get(placeholder)
        return self._vault.find(placeholder) if known is None and self._vault is not None else known

    def _without_keys(self, text: str) -> str:
        folded = text.lower()
        held = {literal for literal in PLAIN if literal in text} | {literal for literal in FOLDED if literal in folded}
        for family in FAMILIES:
            if not held.isdisjoint(family.literals):
                text = family.pattern.sub(partial(self._replaced, family.name), text)
        return text

    def _without_personal(self, text: str) -> str:
        """Return text without personal data; of JSON, also inside of a string, each string is taken as what it says."""
        if text[:1] in ("{", "["):
            return _STRING.sub(self._without_personal_string, text)
        parts, last = list[str](), 0
        # The mark of a placeholder may look like a number; what is masked already is left alone.
        masked = [found.span() for found in _PLACEHOLDER.finditer(text)] if "[" in text else []
        for found in find(text):
            if any(start < found.end and found.start < end for start, end in masked):
                continue
            parts += [text[last : found.start], self._placeholder(found.kind, text[found.start : found.end])]
            last = found.end
        return "".join((*parts, text[last:])) if parts else text

    def _without_personal_string(self, found: re.Match[str]) -> str:
        try:
            plain = str(json.loads(found[0], strict=False))
        except ValueError:
            return found[0]
        masked = self._without_personal(plain)
        return found[0] if masked == plain else json.dumps(masked, ensure_ascii=False)

    def _replaced(self, name: str, found: re.Match[str]) -> str:
        whole, start = found[0], found.start()
        placeholder = self._placeholder(name, _plain(found["secret"]))
        return whole[: found.start("secret") - start] + placeholder + whole[found.end("secret") - start :]

    def _placeholder(self, name: str, secret: str) -> str:
        with self._lock:
            known = self._by_secret.get(secret)
            if known is not None:
                return known
            self._counts[name] = self._counts.get(name, 0) + 1
            mark = str(self._counts[name])
            if self._key:
                mark = hashlib.blake2b(secret.encode(), key=self._key, digest_size=_MARK_CHARS // 2).hexdigest()
            placeholder = f"[{name}_{mark}]" if name.isupper() else f"[SECRET:{name}:{mark}]"
            self._by_secret[secret] = placeholder
            self._by_placeholder[placeholder] = secret
        if self._vault is not None and name != _REGISTERED:
            self._vault.keep(placeholder, secret)
        return placeholder


def is_suspicious(text: str) -> bool:
    """Return whether a text may hold a secret that is known by its looks; nearly all text is let through here.

    This runs on every record. To look for one letter or sign takes a tenth of what it takes to look for two.
    """
    if "-" in text and _DASHED.search(text):
        return True
    if "_" in text and _BARRED.search(text):
        return True
    if ("I" in text and ("IA" in text or "AIza" in text)) or ("J" in text and "eyJ" in text):
        return True
    if "@" in text and "://" in text:
        return True
    folded = text.lower()
    if "k" in folded and _KEYED.search(folded):
        return True
    return "secret" in folded or ("w" in folded and "passw" in folded) or "bearer " in folded


def _plain(secret: str) -> str:
    """Undo the JSON escapes that a private key has, so that it is the same secret in every form."""
    return re.sub(r"\\+([nrt])", lambda found: {"n": "\n", "r": "\r", "t": "\t"}[found[1]], secret)

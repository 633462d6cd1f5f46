"""What runs, what asks and what never happens: the mode's table, then rules over resolved calls."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import lru_cache

from hermes_tui.domain.approval import Decision, Grant, ResolvedCall, Ruling
from hermes_tui.domain.errors import UsageInvalid
from hermes_tui.domain.patterns import later
from hermes_tui.domain.tasks import Effect, Mode, Reach
from hermes_tui.domain.values import frozen

RULE_LIMIT = 1_000
_FORM = later(r"(?P<tool>[a-z][A-Za-z0-9_.-]*)(?:\((?P<pattern>[^\n\r\0]*)\))?")
_PATTERNED = frozenset("*?[")
_OPERATORS = frozenset(";&|<>$`\n\r")
_REMEDY = "Write tool(words), such as shell(python -m pytest *), git(commit *) or fetch(example.org)."
_REFUSED_IN_PLAN = "Mode plan only reads."
CLASSES = frozenset({"external", "network", "host"})
"""Classes of calls that may take two keys, beside rules."""
EGRESS = "egress"
"""The tool's name in a rule that lets sandboxes out to hosts; it names each host, as patterns let nothing out."""
_EDITS = frozenset({Reach.MEMORY, Reach.SCOPE})
_RUNS: dict[Mode, frozenset[Reach]] = {
    Mode.PLAN: frozenset(),
    Mode.ASK: frozenset(),
    Mode.AUTO_EDIT: _EDITS,
    Mode.AUTO: _EDITS | {Reach.SANDBOX},
}
"""What a writing call may reach in each mode without a question."""
_BY_ITSELF: dict[Mode, Ruling] = {mode: Ruling(decision=Decision.ALLOW, rule=f"mode:{mode}") for mode in Mode}


@frozen(kw_only=False)
class Rule:
    """A parsed rule; `words` are patterns of argv or of a host. `rest` lets any words follow; None words match all."""

    text: str
    tool: str
    words: tuple[str, ...] | None
    rest: bool
    first: str = ""
    """The first word where it is no pattern: most rules are told apart by it."""

    def matches(self, call: ResolvedCall) -> bool:
        """Whether the rule is about `call`."""
        if call.tool != self.tool:
            return False
        if self.tool == "fetch":
            return bool(call.targets) and all(self._covers((host,)) for host in call.targets)
        if call.argv is None or (self.first and call.argv[:1] != (self.first,)):
            return False
        return self._covers(call.argv)

    def _covers(self, argv: tuple[str, ...]) -> bool:
        if self.words is None:
            return True
        if len(argv) < len(self.words) or (len(argv) > len(self.words) and not self.rest):
            return False
        return all(_fits(word, pattern) for word, pattern in zip(argv, self.words, strict=False))


def _fits(word: str, pattern: str) -> bool:
    if word == pattern:
        return True
    return ("*" in pattern or "?" in pattern or "[" in pattern) and fnmatchcase(word, pattern)


@lru_cache(maxsize=4096)
def parse_rule(text: str) -> Rule:
    """Parse `tool(argv pattern)`; a trailing ` *` stands for any further words, also none.

    Raises:
        UsageInvalid: it is no rule.
    """
    found = _FORM.fullmatch(text.strip()) if len(text) <= RULE_LIMIT else None
    if found is None:
        raise UsageInvalid(f"{text[:80]!r} is not a rule.", hint=_REMEDY)
    pattern = found["pattern"]
    if pattern is None:
        raise UsageInvalid(f"{text!r} names no command.", hint=f"{_REMEDY} {found['tool']}(*) means every call.")
    if _OPERATORS & set(pattern):
        raise UsageInvalid(f"{text!r} holds a shell operator; such a command matches no rule.", hint=_REMEDY)
    try:
        words = shlex.split(pattern)
    except ValueError as error:
        raise UsageInvalid(f"{text!r}: {error}.", hint=_REMEDY) from error
    if not words:
        raise UsageInvalid(f"{text!r} is empty.", hint=_REMEDY)
    rest = words[-1] == "*"
    kept = tuple(words[:-1] if rest else words)
    first = kept[0] if kept and not _PATTERNED & set(kept[0]) else ""
    return Rule(text=text, tool=found["tool"], words=kept or None, rest=rest, first=first)


class RulePolicy:
    """The operator's rules over the mode's table; implements `ports.Policy`. Pure.

    Order: a deny rule, mode plan, the classes that take two keys, what the mode runs by itself, an allow rule, a
    question. A class is `external`, `network`, `host`, or a rule.
    """

    def __init__(self, *, deny: Sequence[str] = (), allow: Sequence[str] = (), two_keys: Sequence[str] = ()) -> None:
        self._deny = _by_tool(deny)
        self._allow = tuple(parse_rule(text) for text in allow)
        self._classes = frozenset(two_keys) & CLASSES
        self._high = _by_tool(text for text in two_keys if text not in CLASSES)

    def decide(self, call: ResolvedCall, mode: Mode, grants: Sequence[Grant]) -> Ruling:
        """Return the decision; grants whose text is no rule are passed over."""
        denying = self._deny.get(call.tool, ())
        for rule in denying:
            # A command that cannot be parsed is denied where the rule names the whole tool.
            if rule.words is None or rule.matches(call):
                return Ruling(decision=Decision.DENY, rule=rule.text, why="A rule denies it.")
        if mode is Mode.PLAN and call.effect > Effect.READ:
            return Ruling(decision=Decision.DENY, rule="mode:plan", why=_REFUSED_IN_PLAN)
        if high := self._takes_two_keys(call):
            return Ruling(decision=Decision.ASK, rule=f"two keys: {high}", why=_why(call), two_keys=True)
        hidden = denying and call.argv is None and call.tool != "fetch"
        if not hidden and _runs_by_itself(call, mode):
            return _BY_ITSELF[mode]
        return self._by_rule(call, mode, grants) or Ruling(decision=Decision.ASK, rule=f"mode:{mode}", why=_why(call))

    def _takes_two_keys(self, call: ResolvedCall) -> str:
        """Return the class of high stakes that the call is in, empty if in none; nothing can be hidden from a rule."""
        if not self._classes and not self._high:
            return ""
        if call.reach is Reach.HOST and "host" in self._classes:
            return "host"
        if call.reach is Reach.NETWORK and "network" in self._classes:
            return "network"
        if call.effect is Effect.EXTERNAL and "external" in self._classes:
            return "external"
        unseen = call.argv is None and call.tool != "fetch"
        high = self._high.get(call.tool, ())
        return next((rule.text for rule in high if unseen or rule.matches(call)), "") if high else ""

    def _by_rule(self, call: ResolvedCall, mode: Mode, grants: Sequence[Grant]) -> Ruling | None:
        """Return what an allow rule says; none covers the host, nor a request that acts outside."""
        if call.reach is Reach.HOST or (call.tool == "fetch" and call.effect is Effect.EXTERNAL):
            return None
        given = [(rule, "config") for rule in self._allow]
        given += [(rule, grant.by) for grant in grants if (rule := _rule_of(grant)) is not None]
        for rule, by in given:
            if rule.tool == call.tool and rule.matches(call) and not _too_wide(rule, call):
                return Ruling(decision=Decision.ALLOW, rule=rule.text, why=f"Allowed by {by}.")
        let_out = {host for rule, _ in given if rule.tool == EGRESS for host in rule.words or ()}
        runs = call.effect <= Effect.READ or Reach.SANDBOX in _RUNS[mode]
        if call.reach is Reach.NETWORK and call.hosts and runs and let_out.issuperset(call.hosts):
            return Ruling(
                decision=Decision.ALLOW, rule=f"{EGRESS}({' '.join(call.hosts)})", why="The hosts are granted."
            )
        return None


def _by_tool(texts: Iterable[str]) -> Mapping[str, Sequence[Rule]]:
    """Return rules by the tool that they are about: a call is compared with no others."""
    found: dict[str, list[Rule]] = {}
    for rule in map(parse_rule, texts):
        found.setdefault(rule.tool, []).append(rule)
    return found


def _runs_by_itself(call: ResolvedCall, mode: Mode) -> bool:
    if call.effect is Effect.EXTERNAL or call.reach >= Reach.NETWORK:
        return False
    if call.effect <= Effect.READ and call.reach <= Reach.MEMORY:
        return True
    return call.reach in _RUNS[mode]


def _rule_of(grant: Grant) -> Rule | None:
    try:
        return parse_rule(grant.rule)
    except UsageInvalid:
        return None


def _too_wide(rule: Rule, call: ResolvedCall) -> bool:
    """Whether a rule leaves open what tainted text could have filled in: then it does not answer for the network."""
    if not call.tainted or not (call.reach is Reach.NETWORK or call.effect is Effect.EXTERNAL):
        return False
    return rule.words is None or rule.rest or any(_PATTERNED & set(word) for word in rule.words)


def _why(call: ResolvedCall) -> str:
    if call.tainted and call.reach is Reach.NETWORK:
        return "It uses the network, after the run read text that nobody here vouches for."
    if call.effect is Effect.EXTERNAL:
        return "It acts outside and cannot be taken back."
    if call.reach is Reach.HOST:
        return "It reaches outside the workspace's write scope."
    if call.reach is Reach.NETWORK:
        return "It uses the network."
    return "It changes something."

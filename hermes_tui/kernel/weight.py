"""How much a task weighs, by its class, its words, its size and what is at stake; the tier that answers follows."""

from __future__ import annotations

import re
from typing import Final

from hermes_tui.domain.messages import Role
from hermes_tui.domain.patterns import later
from hermes_tui.domain.ports import Weight
from hermes_tui.domain.records import Place
from hermes_tui.domain.state import SessionState
from hermes_tui.domain.tasks import Mode
from hermes_tui.domain.values import frozen

LIGHT, STANDARD, PREMIUM = "light", "standard", "premium"
SHORT: Final = 240
"""What a light task takes to say at most, in characters."""
LARGE_BYTES: Final = 100_000
"""A request from this size on is no light task, whatever its words: small models lose the thread."""
READ: Final = 2_000
"""How much of what is asked is looked at, in characters."""
LAST: Final = 40
"""How far back the operator's last words are looked for, in messages."""
_JUDGING: Final = frozenset({"critic"})
_THINKING: Final = frozenset({"plan", "reflect"})


def _any(*words: str) -> str:
    """Return the pattern of any of some words, which may themselves be patterns."""
    return rf"(?:{'|'.join(words)})\b"


_STAKES: Final = later(
    r"\b"
    + _any(
        *(r"production", r"prod", r"live (?:server|system|site|data)\w*", r"deploy\w*", r"roll(?:ing)? ?back"),
        *(r"outage", r"incident", r"downtime", r"force[- ]push", r"push --force", r"DNS", r"decommission\w*"),
        *(
            r"(?:publish|release|ship) (?:version|v?\d|it|the (?:package|release))",
            r"(?:shut down|switch off)",
        ),
        *(r"credentials?", r"private keys?", r"secrets?", r"(?:rotate|revoke|leak\w*) \w+", r"encrypt\w*"),
        *(r"authenticat\w*", r"authoriz\w*", r"permissions", r"grant\w*", r"admin rights", r"root access"),
        *(
            r"payments?",
            r"invoices?",
            r"billing",
            r"payroll",
            r"salar\w+",
            r"bank",
            r"checkout",
            r"charg(?:e|ing)\w*",
        ),
        *(r"transfer (?:money|funds)", r"tax\w*", r"contracts?", r"liability", r"legal", r"lawsuit", r"licen[cs]ing"),
        *(r"customer (?:data|records?)", r"personal data", r"GDPR", r"medical", r"diagnos\w+", r"dos(?:e|age)"),
        *(r"(?:send|mail|post|tweet)\b.{0,40}\b(?:all|everyone|subscribers|customers|users)", r"irreversibl\w+"),
        *(r"(?:lose|lost|losing|loses) \w*\s?data", r"data loss", r"without losing", r"corrupt\w*"),
        r"(?:delete|drop|purge|wipe|erase|truncate) (?:all|every|the (?:\w+ )?(?:database|table|bucket|cluster))",
        r"migrat(?:e|es|ing|ion)\w*",
    ),
    re.IGNORECASE,
)
_DEPTH: Final = later(
    r"\b"
    + _any(
        *(r"architect\w*", r"(?:re)?design (?:a|an|the|our|how)", r"restructure", r"from scratch", r"strategy"),
        *(r"race condition", r"races?", r"deadlocks?", r"concurren\w+", r"hangs?", r"crash\w*", r"flak\w+"),
        *(r"intermittent\w*", r"sometimes", r"once a (?:day|week)", r"vanish\w*", r"disappear\w*", r"root cause"),
        *(r"bottom of (?:it|this)", r"work out (?:how|why)", r"decide (?:whether|between|how)", r"trade-?offs?"),
        *(r"prove", r"proof", r"counterexample", r"algorithm", r"protocol", r"compiler", r"schema for"),
        *(r"audit", r"(?:security|safety) (?:hole|flaw|review)s?", r"vulnerabilit\w+", r"exploit\w*", r"attack\w*"),
        *(r"ways? to (?:escape|bypass|break)", r"threat model", r"reverse[- ]engineer\w*", r"OAuth"),
        *(r"optimi[sz]e", r"(?:twice|times) as fast", r"latency", r"throughput", r"p9\d", r"scal(?:e|es|ing)"),
        *(r"bottleneck", r"memory (?:leak|grows?)", r"(?:cut|halve|reduce) .{0,20}(?:bill|costs?)"),
        *(r"distributed", r"replicat\w+", r"consensus", r"consistency", r"end[- ]to[- ]end", r"across (?:all|every)"),
        *(r"rewrite", r"(?:refactor|rework|replace) (?:the |our )?(?:whole|entire|\w+ (?:layer|engine|core|system))"),
    ),
    re.IGNORECASE,
)
_POLITE: Final = r"^\W*(?:(?:please|can you|could you|thanks|thank you|ok|now|just|also|hi|hello|hey)\b\W*)*"
_LOOK: Final = later(
    _POLITE
    + _any(
        *(r"what", r"which", r"where", r"when", r"who", r"how (?:many|much|old|long|big)", r"is (?:there|it|this)"),
        *(r"are (?:there|they)", r"does", r"do we", r"did", r"has", r"have", r"list", r"show", r"print", r"count"),
        *(r"name", r"tell", r"give", r"read", r"open", r"cat", r"head", r"tail", r"grep", r"search", r"look up"),
        *(r"find the (?:file|line)", r"run", r"check (?:whether|if|that)", r"remind me"),
    ),
    re.IGNORECASE,
)
_CHORE: Final = later(
    _POLITE
    + _any(
        *(r"(?:fix|correct) (?:the |a |this )?(?:typo|spelling|grammar|indentation)", r"rename", r"translate"),
        *(r"summari[sz]e", r"classify", r"label", r"extract", r"convert", r"format", r"sort", r"shorten", r"reword"),
        *(r"rephrase", r"say (?:it|that)", r"turn (?:this|it|the (?:list|text|table|output))", r"answer with"),
        *(r"make (?:this|it|the)(?: \w+)? (?:shorter|longer|simpler|bold)", r"put (?:a|the|this)", r"uncomment"),
        *(r"write a (?:title|subject|caption|commit message)", r"change the \w+(?: \w+)? to", r"add \S+ to \S+$"),
        r"(?:add|remove|delete) (?:a|an|the|one|this) (?:\w+ )?(?:line|comma|space|newline|comment|imports?|file|link)",
        *(r"bump", r"set (?!up)\w+", r"move", r"copy", r"commit", r"stage", r"undo", r"close"),
    ),
    re.IGNORECASE,
)
_THOUGHT: Final = later(
    r"\b"
    + _any(
        *(r"compare", r"best", r"suggest", r"improve\w*", r"explain", r"why", r"recommend\w*", r"common"),
        *(r"implement\w*", r"and (?:fix|test|make|document|add|write|build|adapt|update)"),
    ),
    re.IGNORECASE,
)


@frozen
class Asked:
    """What is weighed. `reading` says that nothing may be changed."""

    task_class: str
    text: str
    size_bytes: int
    reading: bool = False


def asked_of(state: SessionState, place: Place, role: str, size_bytes: int) -> Asked:
    """Return what the agent at `place` was asked last, as it is weighed."""
    said = state.talk.of(place.agent).messages
    last = next((one for one in reversed(said[-LAST:]) if one.role is Role.OPERATOR), said[0] if len(said) else None)
    text = last.text if last is not None else ""
    return Asked(task_class=role, text=text, size_bytes=size_bytes, reading=state.run.mode is Mode.PLAN)


def weigh(asked: Asked) -> Weight:
    """Return the tier that a task deserves, and why; pure.

    What is at stake counts before what is hard, and both before what is short. A look at something dear changes
    nothing, so it weighs by its words alone.
    """
    text = asked.text[:READ]
    if asked.task_class in _JUDGING:
        return Weight(tier=PREMIUM, why=f"{asked.task_class} decides about what may hurt")
    looks = len(text) <= SHORT and (not text.strip() or bool(_LOOK.search(text)))
    stakes, depth = _STAKES.search(text), _DEPTH.search(text)
    if stakes is not None and not (looks or asked.reading):
        return Weight(tier=PREMIUM, why=f"{stakes.group(0)!r} is at stake")
    if depth is not None and not looks:
        return Weight(tier=PREMIUM, why=f"{depth.group(0)!r} takes thought")
    why_not = _not_light(asked, text)
    if why_not:
        return Weight(tier=STANDARD, why=why_not)
    return Weight(tier=LIGHT, why="a short look" if looks else "a short chore")


def _not_light(asked: Asked, text: str) -> str:
    """Return what keeps a task from the light tier, empty if nothing does."""
    if asked.task_class in _THINKING:
        return f"{asked.task_class} leads all that follows"
    if asked.size_bytes >= LARGE_BYTES:
        return f"{asked.size_bytes:,} bytes to read"
    if len(text) > SHORT:
        return "it takes more than a line to say"
    if (thought := _THOUGHT.search(text)) is not None:
        return f"{thought.group(0)!r} takes some thought"
    return "" if not text.strip() or _LOOK.search(text) or _CHORE.search(text) else "ordinary work"

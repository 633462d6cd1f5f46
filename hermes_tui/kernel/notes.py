"""What must outlive a compaction: rules, open items, facts and what is done, found in text by code; pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, cast

from hermes_tui.domain.messages import Message, Role
from hermes_tui.domain.patterns import later
from hermes_tui.domain.values import frozen

LONGEST: Final = 300
COVERED: Final = 0.7
SUPPORTED: Final = 0.6

_RULE: Final = later(
    r"\b(always|never|must|do not|don't|from now on|make sure|rule|forbidden|prefer|avoid|only use|instead of|"
    r"immer|nie|niemals|darf nicht|müssen?|muss)\b",
    re.IGNORECASE,
)
_OPEN: Final = later(
    r"\b(to-?do|open item|still (?:to|needs?|missing|open)|not yet|follow[- ]?up|remaining|pending|later on|offen)\b",
    re.IGNORECASE,
)
_DONE: Final = later(
    r"\b(done|finished|fixed|completed|merged|implemented|passes|passed|erledigt|fertig)\b", re.IGNORECASE
)
_STATED: Final = later(
    r"\b(is|are|was|were|has|have|lives?|listens?|runs?|uses?|costs?|means|called|equals|ist|sind|hat)\b|[:=]"
)
_HARD: Final = later(
    r"https?://\S+|[\w.+-]+@[\w.-]+|[\w./-]*\d[\w./:%-]*|\w+(?:[._/-]\w+)+|`[^`]+`|\"[^\"]+\"|[A-Z]{2,}"
)
_WORD: Final = later(r"\w{3,}")
_SENTENCE: Final = later(r"(?<=[.!?;])\s+|\n+")
_COMMON: Final = frozenset(
    {
        *("the", "and", "for", "that", "this", "with", "from", "have", "has", "was", "were"),
        *("are", "you", "your", "not", "but", "its", "will", "can", "our", "they", "then"),
        *("than", "into", "der", "die", "das", "und", "ist", "nicht", "ein", "eine", "mit"),
        *("von"),
    }
)


@frozen(kw_only=False)
class Notes:
    """What a conversation binds an agent to, each item one line; `story` is the rest in words."""

    rules: tuple[str, ...] = ()
    open: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
    done: tuple[str, ...] = ()
    story: str = ""

    def plus(self, other: Notes) -> Notes:
        """Return both, what is said twice only once; the later story wins."""
        return Notes(
            rules=_joined(self.rules, other.rules),
            open=_joined(self.open, other.open),
            facts=_joined(self.facts, other.facts),
            done=_joined(self.done, other.done),
            story=other.story or self.story,
        )


_HEADS: Final = {"rules": "Rules", "open": "Open", "done": "Done, never again", "facts": "Facts"}


def _joined(old: Sequence[str], new: Sequence[str]) -> tuple[str, ...]:
    found = list(old)
    for item in new:
        if not covered(item, found):
            found.append(item)
    return tuple(found)


def words(text: str) -> frozenset[str]:
    """Return the words of a text that say something."""
    return frozenset(word.lower() for word in _WORD.findall(text)) - _COMMON


def hard(text: str) -> frozenset[str]:
    """Return what must not change in a text: numbers, paths, names, quotations."""
    return frozenset(token.strip('"`.,;:!?()').lower() for token in _HARD.findall(text)) - {""}


def covered(item: str, others: Iterable[str]) -> bool:
    """Whether one of `others` says what `item` says, with all its numbers and names."""
    mine, fixed = words(item), hard(item)
    return any(
        fixed <= hard(other) and len(mine & words(other)) >= COVERED * len(mine) for other in others if mine or fixed
    )


def supported(item: str, said: frozenset[str], fixed: frozenset[str]) -> bool:
    """Whether what was said backs `item`: all its numbers and names, and most of its words."""
    mine = words(item)
    return hard(item) <= fixed and len(mine & said) >= SUPPORTED * len(mine)


def extract(messages: Iterable[Message]) -> Notes:
    """Return what code finds in a conversation: the operator's rules and facts, what is open, what is done."""
    rules: list[str] = []
    left: list[str] = []
    facts: list[str] = []
    done: list[str] = []
    for message in messages:
        told = message.role is Role.OPERATOR
        if message.role is Role.TOOL:
            continue
        for line in _lines(message.text):
            if told and _RULE.search(line):
                rules.append(line)
            elif _OPEN.search(line):
                left.append(line)
            elif told and _STATED.search(line) and hard(line):
                facts.append(line)
            elif not told and _DONE.search(line):
                done.append(line)
    return Notes(_joined((), rules), _joined((), left), _joined((), facts), _joined((), done))


def _lines(text: str) -> Iterator[str]:
    for line in _SENTENCE.split(text):
        clean = line.strip().strip("-*• ").strip()
        if len(clean) > 3:
            yield clean if len(clean) <= LONGEST else f"{clean[: LONGEST - 1]}…"


def verified(wanted: Notes, given: Notes, source: str) -> tuple[Notes, tuple[str, ...]]:
    """Return a model's notes after code has checked them, and what it found.

    Whatever `wanted` holds and the model left out is added; whatever nothing in `source` supports is taken out.
    """
    said, fixed = words(source), hard(source)
    checks: list[str] = []
    checked: dict[str, tuple[str, ...]] = {}
    for name in _HEADS:
        theirs = [item for item in getattr(given, name) if supported(item, said, fixed)]
        if invented := len(getattr(given, name)) - len(theirs):
            checks.append(f"{invented} of {name} were supported by nothing and taken out")
        everywhere = [*theirs, *(given.done if name == "open" else ())]
        missing = [item for item in getattr(wanted, name) if not covered(item, everywhere)]
        if missing:
            checks.append(f"{len(missing)} of {name} were missing and added")
        checked[name] = (*theirs, *missing)
    story = given.story if not hard(given.story) - fixed else ""
    if given.story and not story:
        checks.append("the story named what nobody said and was taken out")
    return Notes(**checked, story=story), tuple(checks)


def fitted(notes: Notes, limit: int) -> tuple[str, int]:
    """Return the notes as text of at most `limit` characters, and how many items had to stay out.

    Rules come first, then what is open, what is done and the facts; of each the newest stay. The story gives way first.
    """
    room = limit
    kept: dict[str, list[str]] = {}
    out = 0
    for name in _HEADS:
        kept[name] = []
        for item in reversed(getattr(notes, name)):
            if len(item) + 3 > room - 20:
                out += 1
                continue
            kept[name].insert(0, item)
            room -= len(item) + 3
    blocks = [
        "\n".join([f"{_HEADS[name]}:", *(f"- {item}" for item in items)]) for name, items in kept.items() if items
    ]
    room = limit - sum(len(block) + 1 for block in blocks)
    if notes.story and room > 100:
        blocks.append(f"Story: {notes.story[: room - 10]}")
    return "\n".join(blocks), out


def parse(text: str) -> Notes:
    """Return the notes that `fitted` wrote."""
    found: dict[str, list[str]] = {name: [] for name in _HEADS}
    names = {f"{head}:": name for name, head in _HEADS.items()}
    current, story = "", ""
    for line in text.splitlines():
        if line in names:
            current = names[line]
        elif line.startswith("Story: "):
            story, current = line.removeprefix("Story: "), ""
        elif current and line.startswith("- "):
            found[current].append(line[2:])
    return Notes(**{name: tuple(items) for name, items in found.items()}, story=story)


def from_json(text: str) -> Notes | None:
    """Return the notes that a model wrote as one JSON object, None where it wrote something else."""
    begin, end = text.find("{"), text.rfind("}")
    try:
        found: object = json.loads(text[begin : end + 1]) if 0 <= begin < end else None
    except ValueError:
        return None
    if not isinstance(found, dict):
        return None
    fields = cast("dict[str, Any]", found)
    if not any(name in fields for name in (*_HEADS, "story")):
        return None
    items = {name: _items(fields.get(name)) for name in _HEADS}
    return Notes(**items, story=str(fields.get("story") or ""))


def _items(given: object) -> tuple[str, ...]:
    return tuple(str(item)[:LONGEST] for item in cast("list[object]", given)) if isinstance(given, list) else ()

"""The dialogue set: read from outside the project, since it may not be redistributed."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

FILE: Final = "locomo-dev.json"
_CITED: Final = re.compile(r"D:?(\d+):(\d+)")


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, the ids of the turns that answer it, and its category."""

    text: str
    evidence: frozenset[str]
    category: int


@dataclass(frozen=True, slots=True)
class Dialogue:
    """One long conversation: its turns as the pipe takes them, and what is asked about it at `now`."""

    turns: list[dict[str, Any]]
    asked: list[Asked]
    now: str


def folder() -> Path:
    """Return where the set is looked for: `$HERMES_BENCH_LOCOMO`, else beside the project."""
    named = os.environ.get("HERMES_BENCH_LOCOMO")
    return Path(named) if named else Path(__file__).resolve().parents[2].parent / "shared" / "locomo"


def dialogues(path: Path) -> Iterator[Dialogue]:
    """Yield every conversation of the file at `path`."""
    for sample in json.loads(path.read_text(encoding="utf-8")):
        turns = list(_turns(sample["conversation"]))
        known = {turn["id"] for turn in turns}
        asked = [Asked(qa["question"], _evidence(qa, known), qa["category"]) for qa in sample["qa"]]
        yield Dialogue(turns, [question for question in asked if question.evidence], turns[-1]["ts"])


def _turns(conversation: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    number = 1
    while f"session_{number}_date_time" in conversation:
        session = f"session_{number}"
        at = datetime.strptime(conversation[f"{session}_date_time"], "%I:%M %p on %d %B, %Y").replace(tzinfo=UTC)
        for turn, said in enumerate(conversation.get(session, [])):
            text = " ".join(filter(None, (said["text"], said.get("blip_caption"))))
            yield {
                "id": said["dia_id"],
                "text": text,
                "speaker": said["speaker"],
                "ts": at.replace(tzinfo=None).isoformat(),
                "session": session,
                "turn": turn,
            }
        number += 1


def _evidence(qa: Mapping[str, Any], known: set[str]) -> frozenset[str]:
    """Return the turns that are cited and exist; some citations are misspelt ("D8:6; D9:17", "D:11:26", "D30:05")."""
    cited = (f"D{int(session)}:{int(turn)}" for text in qa["evidence"] for session, turn in _CITED.findall(text))
    return frozenset(turn for turn in cited if turn in known)

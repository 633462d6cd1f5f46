"""A document set of public-domain text: two founding papers of the United States, and what is asked about them.

The questions are ours and avoid the words of the text; each names a phrase that stands in the one answering paragraph.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from tests.bench_memory.dialogues import Asked

TEXTS: Final = Path(__file__).parent / "texts"
LEAST_WORDS: Final = 4


def paragraphs() -> list[dict[str, Any]]:
    """Return every paragraph as the pipe takes a turn, its document being the session."""
    return [item for path in sorted(TEXTS.glob("*.txt")) for item in _of_file(path)]


def asked(items: list[dict[str, Any]]) -> list[Asked]:
    """Return the questions with the paragraphs that answer them.

    Raises:
        ValueError: a phrase stands in no paragraph.
    """
    found: list[Asked] = []
    for line in (TEXTS / "questions.tsv").read_text(encoding="utf-8").splitlines():
        question, phrase = line.split("\t")
        evidence = frozenset(item["id"] for item in items if phrase in item["text"])
        if not evidence:
            raise ValueError(f"{phrase!r} stands in no paragraph")
        found.append(Asked(question, evidence, 0))
    return found


def _of_file(path: Path) -> Iterator[dict[str, Any]]:
    blocks = (" ".join(block.split()) for block in path.read_text(encoding="utf-8").split("\n\n"))
    for number, text in enumerate(block for block in blocks if len(block.split()) >= LEAST_WORDS):
        yield {"id": f"{path.stem}:{number}", "text": text, "session": path.stem, "turn": number}

"""Precision and recall of the detectors on labelled sentences: `python -m ...score_personal FILE` prints the figures.

FILE is a list of `{full_text, spans: [{entity_type, start_position, end_position}]}`, such as presidio-research's
`data/synth_dataset_v2.json` (MIT). Scores are by character.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hermes_tui.capabilities.governance.personal import find

KINDS: Mapping[str, str] = {
    "EMAIL_ADDRESS": "EMAIL",
    "CREDIT_CARD": "CARD",
    "IBAN_CODE": "IBAN",
    "US_SSN": "SSN",
    "IP_ADDRESS": "IP",
    "PHONE_NUMBER": "PHONE",
}
"""The labels of what has a shape, by our names."""


@dataclass(frozen=True, slots=True)
class Score:
    """Characters that were labelled, marked, and both."""

    labelled: int
    marked: int
    both: int

    @property
    def recall(self) -> float:
        """The share of what was labelled that was found."""
        return self.both / self.labelled if self.labelled else 1.0

    @property
    def precision(self) -> float:
        """The share of what was marked that was labelled as any personal data."""
        return self.both / self.marked if self.marked else 1.0


def score(sentences: Sequence[Mapping[str, Any]]) -> dict[str, Score]:
    """Return a score per kind, and `all` for any of them."""
    counts = {kind: [0, 0, 0] for kind in (*KINDS.values(), "all")}
    for sentence in sentences:
        text = str(sentence["full_text"])
        labelled = _labelled(sentence)
        marked = [(found.kind, set(range(found.start, found.end))) for found in find(text)]
        for kind, total in counts.items():
            wanted = {place for name, places in labelled for place in places if kind in (name, "all")}
            got = {place for name, places in marked for place in places if kind in (name, "all")}
            total[0] += len(wanted)
            total[1] += len(got)
            total[2] += len(wanted & got)
    return {kind: Score(*total) for kind, total in counts.items()}


def _labelled(sentence: Mapping[str, Any]) -> list[tuple[str, set[int]]]:
    spans = [span for span in sentence["spans"] if span["entity_type"] in KINDS]
    return [(KINDS[span["entity_type"]], set(range(span["start_position"], span["end_position"]))) for span in spans]


def main(path: Path) -> None:
    """Print the figures."""
    sentences = json.loads(path.read_text(encoding="utf-8"))
    began = time.perf_counter()
    scores = score(sentences)
    seconds = time.perf_counter() - began
    for kind, found in scores.items():
        sys.stdout.write(f"{kind:6} recall {found.recall:.3f}  precision {found.precision:.3f}  of {found.labelled}\n")
    size = sum(len(sentence["full_text"]) for sentence in sentences)
    sys.stdout.write(f"{len(sentences)} sentences, {size / seconds / 1000:,.0f} kB/s\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
